"""Chunks that are solved from records over a table of pages are those that are solved as they are."""

from __future__ import annotations

import copy

import pytest
import torch
from cosyvox.core.flow.flow import Flow, FlowInput, drain
from cosyvox.core.flow.graphs import RecordedPages, page_pool
from cosyvox.core.flow.pages import PagePool
from cosyvox.core.flow.stream import FlowStream, advance
from cosyvox.core.streams import Lanes
from parity import mel, speaker, tokens
from recording import Recording, Strict, needs_cuda
from stages import flow
from torch import Tensor

CLOSE = {"atol": 1e-5, "rtol": 0.0}
PAGES = 40


def ids(name: str, count: int) -> Tensor:
    return torch.from_numpy(tokens(f"tests/{name}", count, 6561)).long()


def voice(prompt: int, device: str = "cpu") -> FlowInput:
    prompt_mel = torch.from_numpy(mel("tests/prompt", 2 * prompt)) if prompt else torch.zeros(0, 80)
    x_vector = torch.from_numpy(speaker("tests/voice"))
    return FlowInput(ids("prompt", prompt).to(device), prompt_mel.to(device), x_vector.to(device))


def table(record: Recording | None = None) -> RecordedPages:
    """Full of what must not be read: where nobody has written, nothing is a number."""
    module = flow("small")
    pool = RecordedPages(module, PAGES * PagePool(module, 0).page_bytes, record or Recording())
    for memory in (pool.keys_values, *pool.tails.values()):
        memory.fill_(torch.nan)
    return pool


def begin(prompts: list[int], pool: PagePool | None) -> list[FlowStream]:
    """Streams whose prompts are taken in."""
    streams = [FlowStream(flow("small"), voice(prompt), pool) for prompt in prompts]
    for stream in streams:
        stream.feed(ids("none", 0))
    return streams


@pytest.mark.parametrize("prompt", [0, 22, 25, 61, 160])
@torch.inference_mode()
def test_a_stream(prompt: int) -> None:
    """From its prompt, of any length, to its end, which is no whole chunk, in hops of one, two and four chunks."""
    made = []
    for pool in (None, table()):
        stream = FlowStream(flow("small"), voice(prompt), pool)
        said = ids("said", 231)
        parts = [stream.feed(part) for part in said.split((28, 25, 50, 100, 28))]
        made.append(torch.cat([*parts, stream.finish()]))
    torch.testing.assert_close(made[1], made[0], **CLOSE)


@pytest.mark.parametrize("prompts", [[25, 80], [0, 61, 160], [0, 0], [30, 30, 130, 61]])
@pytest.mark.parametrize("count", [25, 50])
@torch.inference_mode()
def test_streams_of_different_pasts(prompts: list[int], count: int) -> None:
    made = []
    for pool in (PagePool(flow("small"), 2**40), table()):
        streams = begin(prompts, pool)
        for index, stream in enumerate(streams):
            stream.add(ids(f"more{index}", count + 3))
        together = drain(advance(streams, count, final=False))
        made.append([torch.cat((part, stream.finish())) for part, stream in zip(together, streams, strict=True)])
    for ours, expected in zip(made[1], made[0], strict=True):
        torch.testing.assert_close(ours, expected, **CLOSE)


@torch.inference_mode()
def test_forks_share_their_past() -> None:
    """What one future writes, convolution tails included, the other does not see; also not when pages come back."""
    pool = table()
    (begun,) = begin([61], pool)
    (plain,) = begin([61], None)
    expected = [plain.fork().feed(ids(name, 60)) for name in ("a", "b")]
    for _ in range(3):
        futures = [begun.fork(), begun.fork()]
        for future, name, wanted in zip(futures, ("a", "b"), expected, strict=True):
            torch.testing.assert_close(future.feed(ids(name, 60)), wanted, **CLOSE)
    assert pool.made <= PAGES


@torch.inference_mode()
def test_a_row_is_given_up() -> None:
    pool = table()
    streams = begin([0, 22, 61], pool)
    expected = [stream.feed(ids(f"x{index}", 28)) for index, stream in enumerate(begin([0, 22, 61], None))]
    held = [stream.pages for stream in streams]
    for index, stream in enumerate(streams):
        stream.add(ids(f"x{index}", 28))
    steps = advance(streams, 25, final=False)
    next(steps)
    with pytest.raises(StopIteration) as done:
        steps.send([0, 2])
    for ours, wanted in zip(done.value.value, (expected[0], expected[2]), strict=True):
        torch.testing.assert_close(ours[-len(wanted) :], wanted, **CLOSE)
    assert [stream.pages for stream in streams] == [held[0] + 1, held[1], held[2] + 1]


@torch.inference_mode()
def test_what_is_recorded() -> None:
    """One step of a shape, when the shape comes for the second time; prompts of any length are no shapes."""
    record = Recording()
    pool = table(record)
    steps = flow("small").config.steps
    begin([160], pool)
    begin([160], pool)
    assert record.played == [], "six chunks at once: a prompt"
    stream = begin([55], pool)[0]
    seen = []
    for past in (2, 3, 4, 5, 6, 7):
        assert stream.pages == past
        stream.feed(ids(f"past{past}", 23 if past == 2 else 25))
        seen.append([count // steps for count in record.played])
    assert seen == [[], [], [1], [1], [1, 1], [1, 2]], "tiers of up to two, four and eight pages"


@torch.inference_mode()
def test_a_step_stays_on_the_device() -> None:
    """No value is asked for and nothing comes from the host."""
    record = Strict()
    with torch.device("meta"):
        module = Flow(flow("small").config)
        mu, speakers = torch.zeros(2, 50, 80), torch.zeros(2, 80)
        pool = RecordedPages(module, PAGES * PagePool(module, 0).page_bytes, record)
        pages = [pool.take(count) for count in (3, 1)]
        for _ in range(2):
            drain(pool.solving(module, mu, speakers, mu, [], [held or [] for held in pages]))
    assert record.operations > 100


@needs_cuda
@torch.inference_mode()
def test_recorded_equals_eager_on_cuda() -> None:
    lanes = Lanes(torch.device("cuda"))
    module: Flow = copy.deepcopy(flow("small")).cuda()
    made = []
    for record in (None, lanes.flow_record):
        with lanes.flow():
            pool = page_pool(module, 2**30, record=record)
            parts = []
            for _ in range(3):  # as it is, recorded, played
                streams = [FlowStream(module, voice(prompt, "cuda"), pool) for prompt in (0, 61)]
                for stream in streams:
                    stream.feed(ids("none", 0))
                    stream.add(ids("said", 103))
                parts += drain(advance(streams, 50, final=False))
                parts += [stream.finish() for stream in streams]
            mark = lanes.mark()
        mark.wait()
        made.append([part.cpu() for part in parts])
    for ours, expected in zip(made[1], made[0], strict=True):
        torch.testing.assert_close(ours, expected, atol=1e-4, rtol=0.0)
