"""A mel that is made while its tokens arrive is the mel of the whole."""

from __future__ import annotations

import pytest
import torch
from cosyvox.core.flow.flow import Flow, FlowInput, Steps, drain
from cosyvox.core.flow.pages import PagePool
from cosyvox.core.flow.stream import FlowStream, advance, fits
from parity import mel, speaker, tokens
from stages import flow

CLOSE = {"atol": 1e-5, "rtol": 0.0}
CHUNK, AHEAD = 25, 3


def ids(name: str, count: int) -> torch.Tensor:
    return torch.from_numpy(tokens(f"tests/{name}", count, 6561)).long()


def voice(prompt: int) -> FlowInput:
    prompt_mel = torch.from_numpy(mel("tests/prompt", 2 * prompt)) if prompt else torch.zeros(0, 80)
    return FlowInput(ids("prompt", prompt), prompt_mel, torch.from_numpy(speaker("tests/voice")))


def whole(prompt: FlowInput, said: torch.Tensor) -> torch.Tensor:
    item = FlowInput(torch.cat((prompt.tokens, said)), prompt.prompt_mel, prompt.x_vector)
    return flow("small")([item], chunked=True)[0]


@pytest.mark.parametrize("prompt", [0, 7, 22, 25, 26, 61])
@pytest.mark.parametrize("piece", [1, 4, 25, 60, 200])
@torch.inference_mode()
def test_streamed_equals_whole(prompt: int, piece: int) -> None:
    """However the tokens arrive, and wherever the prompt ends in its chunk."""
    said = ids("said", 93)
    stream = FlowStream(flow("small"), voice(prompt))
    parts = [stream.feed(part) for part in said.split(piece)]
    made = torch.cat([*parts, stream.finish()])
    torch.testing.assert_close(made, whole(voice(prompt), said), **CLOSE)


@torch.inference_mode()
def test_a_chunk_comes_as_soon_as_it_can() -> None:
    stream = FlowStream(flow("small"), voice(40))
    assert stream.missing == 0, "the prompt's own first chunk can be made at once"
    assert len(stream.feed(ids("none", 0))) == 0, "but that is not heard"
    needed = 2 * CHUNK + AHEAD - 40
    assert stream.missing == needed
    assert len(stream.feed(ids("said", needed - 1))) == 0
    assert stream.missing == 1
    assert len(stream.feed(ids("more", 1))) == 2 * (2 * CHUNK - 40)


@torch.inference_mode()
def test_two_futures_of_one_prompt() -> None:
    """A prompt is computed once; what one utterance adds, the other does not see."""
    prompt = voice(61)
    begun = FlowStream(flow("small"), prompt)
    begun.feed(ids("none", 0))
    held = begun.pages
    one, other = begun.fork(), begun.fork()
    assert one.pages == held
    a, b = ids("a", 70), ids("b", 45)
    parts = [(one.feed(a[:40]), other.feed(b[:20])), (one.feed(a[40:]), other.feed(b[20:]))]
    ends = one.finish(), other.finish()
    for index, said in enumerate((a, b)):
        made = torch.cat([*(pair[index] for pair in parts), ends[index]])
        torch.testing.assert_close(made, whole(prompt, said), **CLOSE)
    assert begun.pages == held


@torch.inference_mode()
def test_steps_are_announced() -> None:
    steps: list[int] = []
    stream = FlowStream(flow("small"), voice(0))
    stream.feed(ids("said", 30), on_step=steps.append)
    assert steps == list(range(10))
    stream.finish(on_step=steps.append)
    assert steps == list(range(10)) * 2


@torch.inference_mode()
def test_nothing_at_all() -> None:
    stream = FlowStream(flow("small"), voice(0))
    assert stream.finish().shape == (0, 80)


def three(pool: PagePool | None = None) -> list[tuple[FlowStream, torch.Tensor]]:
    """Streams of different pasts, the first chunk of each behind it."""
    streams = []
    for index, prompt in enumerate((0, 22, 61)):
        stream = FlowStream(flow("small"), voice(prompt), pool)
        said = ids(f"said{index}", 103)
        stream.feed(said[:53])
        streams.append((stream, said[53:]))
    return streams


@torch.inference_mode()
def test_together_equals_alone() -> None:
    """Whole chunks of several streams, and their ends, computed in one batch."""
    alone = []
    for stream, rest in three():
        stream.add(rest)
        alone.append(torch.cat((drain(advance([stream], 50, final=False))[0], stream.finish())))
    streams = three(PagePool(flow("small"), 2**40))
    for stream, rest in streams:
        stream.add(rest)
    first = drain(advance([stream for stream, _ in streams], 50, final=False))
    for index, (stream, _) in enumerate(streams):
        made = torch.cat((first[index], stream.finish()))
        torch.testing.assert_close(made, alone[index], **CLOSE)


@torch.inference_mode()
def test_a_row_is_given_up_between_two_steps() -> None:
    expected = [stream.feed(rest) for stream, rest in three()]
    streams = three(PagePool(flow("small"), 2**40))
    for stream, rest in streams:
        stream.add(rest)
    steps: Steps = advance([stream for stream, _ in streams], 25, final=False)
    assert [next(steps), next(steps), steps.send([0, 2])] == [0, 1, 2]
    made = drain(steps)
    assert len(made) == 2
    torch.testing.assert_close(made[0], expected[0][:50], **CLOSE)
    torch.testing.assert_close(made[1], expected[2][:50], **CLOSE)
    stream = streams[1][0]
    torch.testing.assert_close(stream.feed([]), expected[1], **CLOSE)


@torch.inference_mode()
def test_giving_up_loses_nothing() -> None:
    said = ids("said", 60)
    stream = FlowStream(flow("small"), voice(30))
    steps = [next(begun := advance([_with(stream, said)], 25, final=False)), next(begun)]
    assert steps == [0, 1]
    begun.close()

    def fail(step: int) -> None:
        if step == 4:
            raise MemoryError

    with pytest.raises(MemoryError):
        stream.feed([], on_step=fail)
    made = torch.cat((stream.feed([]), stream.finish()))
    torch.testing.assert_close(made, whole(voice(30), said), **CLOSE)


def _with(stream: FlowStream, tokens: torch.Tensor) -> FlowStream:
    stream.add(tokens)
    return stream


@pytest.mark.parametrize("resumes", [True, False])
@pytest.mark.parametrize("pages", [0, 1, 3])
@torch.inference_mode()
def test_without_room_the_past_is_computed_anew(pages: int, resumes: bool) -> None:
    """The same mel, whenever the memory ends, behind what was kept or from the beginning."""
    pool = PagePool(flow("small"), 2**40)
    pool = PagePool(flow("small"), pages * pool.page_bytes)
    pool.resumes = resumes
    said = ids("said", 93)
    stream = FlowStream(flow("small"), voice(30), pool)
    made = torch.cat([*(stream.feed(part) for part in said.split(20)), stream.finish()])
    torch.testing.assert_close(made, whole(voice(30), said), **CLOSE)
    assert stream.recomputes
    assert stream.pages == (pages if resumes else 0)
    assert pool.bytes <= pages * pool.page_bytes


@torch.inference_mode()
def test_what_is_computed_anew_begins_where_memory_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    frames: list[int] = []
    solving = Flow.solving

    def counted(self: Flow, mu: torch.Tensor, *rest: object, **named: object) -> object:
        frames.append(mu.shape[1])
        return solving(self, mu, *rest, **named)  # type: ignore[arg-type]

    pool = PagePool(flow("small"), 2**40)
    stream = FlowStream(flow("small"), voice(0), PagePool(flow("small"), 2 * pool.page_bytes))
    monkeypatch.setattr(Flow, "solving", counted)
    stream.add(ids("said", 128))
    for anew in (0, 0, 0, 1, 2):
        assert stream.anew == anew
        drain(advance([stream], 25, final=False))
    assert frames == [50, 50, 50, 100, 150]


@torch.inference_mode()
def test_pages_come_back() -> None:
    pool = PagePool(flow("small"), 2**40)
    begun = FlowStream(flow("small"), voice(53), pool)
    begun.feed([])
    before = pool.room
    for _ in range(3):
        stream = begun.fork()
        stream.feed(ids("said", 60))
        stream.finish()
        assert pool.room < before
        del stream
    assert pool.room == before
    assert pool.made == 2 + 3, "what came back was used again"
    del begun
    assert pool.room == before + 2


@torch.inference_mode()
def test_room_is_foreseen() -> None:
    pool = PagePool(flow("small"), 2**40)
    pool = PagePool(flow("small"), 2 * pool.page_bytes)
    stream = FlowStream(flow("small"), voice(0), pool)
    assert fits(stream, 50) and not fits(stream, 51)
