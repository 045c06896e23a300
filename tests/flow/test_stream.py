"""A mel that is made while its tokens arrive is the mel of the whole."""

from __future__ import annotations

import pytest
import torch
from cosyvox.core.flow.flow import FlowInput
from cosyvox.core.flow.stream import FlowStream
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
    held = begun.bytes
    one, other = begun.fork(), begun.fork()
    assert one.bytes == held
    a, b = ids("a", 70), ids("b", 45)
    parts = [(one.feed(a[:40]), other.feed(b[:20])), (one.feed(a[40:]), other.feed(b[20:]))]
    ends = one.finish(), other.finish()
    for index, said in enumerate((a, b)):
        made = torch.cat([*(pair[index] for pair in parts), ends[index]])
        torch.testing.assert_close(made, whole(prompt, said), **CLOSE)
    assert begun.bytes == held


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
