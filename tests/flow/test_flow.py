"""Batches and limits of the flow."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from cosyvox.core.errors import RequestError
from cosyvox.core.flow.flow import Flow, FlowInput, cosine_schedule, drain
from cosyvox.core.flow.layers import attend
from parity import mel, speaker, tokens
from stages import flow

CLOSE = {"atol": 1e-5, "rtol": 0.0}


def item(name: str, prompt: int, count: int) -> FlowInput:
    ids = torch.from_numpy(tokens(f"tests/{name}", prompt + count, 6561)).long()
    prompt_mel = torch.from_numpy(mel(f"tests/{name}", 2 * prompt))
    return FlowInput(ids, prompt_mel, torch.from_numpy(speaker(f"tests/{name}")))


@pytest.mark.parametrize("chunked", [False, True])
@torch.inference_mode()
def test_batched_equals_single(chunked: bool) -> None:
    """Utterances and prompts of different lengths in one batch."""
    items = [item("a", 20, 61), item("b", 0, 13), item("c", 31, 50)]
    together = flow("small")(items, chunked=chunked)
    for mine, alone in zip(together, (flow("small")([one], chunked=chunked)[0] for one in items), strict=True):
        torch.testing.assert_close(mine, alone, **CLOSE)


@torch.inference_mode()
def test_equal_lengths_in_a_batch() -> None:
    items = [item("a", 20, 30), item("b", 10, 40)]
    together = flow("small")(items)
    for mine, one in zip(together, items, strict=True):
        torch.testing.assert_close(mine, flow("small")([one])[0], **CLOSE)


@torch.inference_mode()
def test_a_ragged_batch_must_be_final() -> None:
    with pytest.raises(ValueError, match="ragged"):
        flow("small")([item("a", 0, 30), item("b", 0, 20)], final=False)


@torch.inference_mode()
def test_too_long_an_utterance_is_refused() -> None:
    with pytest.raises(RequestError, match="shorten"):
        drain(flow("small").solving(torch.zeros(1, 15_001, 80), torch.zeros(1, 80), torch.zeros(1, 15_001, 80)))


@torch.inference_mode()
def test_every_step_is_announced_and_may_give_up() -> None:
    steps: list[int] = []
    flow("small")([item("a", 5, 10)], on_step=steps.append)
    assert steps == list(range(10))

    def stop(step: int) -> None:
        if step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        flow("small")([item("a", 5, 10)], on_step=stop)


@torch.inference_mode()
def test_bfloat16_is_near() -> None:
    """Opt-in, not exact: the mean error stays below a twentieth of what a mel varies by."""
    exact = flow("small")([item("a", 20, 60)])[0]
    half = Flow(flow("small").config)
    half.load_state_dict(flow("small").state_dict())
    rounded = half.to(torch.bfloat16)([item("a", 20, 60)])[0]
    assert rounded.dtype == torch.float32
    assert 0 < (rounded - exact).abs().mean() < 0.05 * exact.std()


@pytest.mark.parametrize("frames", [7, 1500])
def test_attention_in_bfloat16(frames: int) -> None:
    """Also where the heads do not fit into one block."""
    q, k, v = torch.randn(3, 2, 3, frames, 16, generator=torch.Generator().manual_seed(0)).bfloat16()
    wanted = torch.nn.functional.scaled_dot_product_attention(q.float(), k.float(), v.float())
    torch.testing.assert_close(attend(q, k, v, None).float(), wanted, atol=0.02, rtol=0.02)


def test_schedule() -> None:
    times, sizes = cosine_schedule(10)
    assert times[0] == 0.0
    assert sum(sizes) == pytest.approx(1.0, abs=1e-6)
    assert all(later > earlier for earlier, later in pairwise(sizes))
