"""Weights of one byte: what they round, what they leave alone."""

from __future__ import annotations

import copy

import pytest
import torch
from cosyvox.core.lm.batch import generate
from cosyvox.core.lm.int8 import Int8Linear, quantize
from cosyvox.core.lm.qwen2 import Linear
from cosyvox.core.lm.speech_lm import SpeechLM
from cosyvox.core.lm.utterance import Utterance
from stages import speech_lm
from torch import Tensor


def drawn(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.fixture(scope="module")
def quantized() -> SpeechLM:
    lm = copy.deepcopy(speech_lm("small"))
    quantize(lm)
    return lm


@pytest.mark.parametrize("rows", [1, 3, 8, 50])
@pytest.mark.parametrize("bias", [True, False])
@torch.inference_mode()
def test_product(rows: int, bias: bool) -> None:
    """As the float product, but for a rounded weight (1/254 of the row's largest) and bfloat16's eight bits."""
    exact = Linear(96, 64, bias=bias)
    exact.weight.copy_(drawn(64, 96))
    x = drawn(rows, 1, 96)
    ours, expected = Int8Linear(exact)(x), exact(x)
    assert (ours.shape, ours.dtype) == (expected.shape, expected.dtype)
    error = (ours - expected).square().mean().sqrt() / expected.square().mean().sqrt()
    assert 1e-4 < error < 0.012


@torch.inference_mode()
def test_weights_that_eight_bits_hold_are_kept() -> None:
    exact = Linear(32, 8, bias=False)
    exact.weight.copy_(torch.arange(-128, 128).clamp(min=-127).view(8, 32) * 2.0**-5)
    exact.weight[:, 0] = 127 * 2.0**-5
    exact.weight[0] = 0.0  # no scale can be had from this row
    x = torch.randint(-1, 2, (3, 32), generator=torch.Generator().manual_seed(1)).float()
    rounded = exact(x).to(torch.bfloat16).float()
    assert torch.equal(Int8Linear(exact)(x), rounded)


@torch.inference_mode()
def test_the_layers_and_they_alone(quantized: SpeechLM) -> None:
    names = {
        name: type(module) for name, module in quantized.named_modules() if isinstance(module, Int8Linear | Linear)
    }
    assert {name for name, kind in names.items() if kind is Linear} == {"head"}
    assert len(names) == 1 + 4 * quantized.config.decoder.num_hidden_layers
    before, after = (
        sum(tensor.nbytes for tensor in (*lm.decoder.parameters(), *lm.decoder.buffers()))
        for lm in (speech_lm("small"), quantized)
    )
    assert after < 0.27 * before


@torch.inference_mode()
def test_what_it_says_is_close(quantized: SpeechLM) -> None:
    exact = speech_lm("small")
    utterance = Utterance(exact.config, range(10), prompt_speech=range(20))
    (pieces,) = utterance.due
    logits = [lm.prefill(lm.new_state(1, 64), lm.embed(pieces), slot=0) for lm in (exact, quantized)]
    error = (logits[1] - logits[0]).abs()
    assert 0.0 < error.mean() < 0.03 * logits[0].std()


@torch.inference_mode()
def test_it_speaks(quantized: SpeechLM) -> None:
    first, again = (generate(quantized, Utterance(quantized.config, range(5), seed=3)) for _ in range(2))
    assert first.ending is not None
    assert first.ids == again.ids
    assert len(first.ids) >= 10


def test_only_on_a_cpu() -> None:
    with torch.device("meta"):
        lm = SpeechLM(speech_lm("small").config)
    with pytest.raises(ValueError, match="CPU"):
        quantize(lm)
