"""The guide shows the way and changes nothing else."""

from __future__ import annotations

import torch
from cosyvox.core.lm.config import Qwen2Config
from cosyvox.core.lm.qwen2 import Qwen2Decoder
from cosyvox.train.alignment import diagonal, guided

# start, six of text, turn, ten of speech, padding; the second row is interleaved
TEXT = torch.zeros(2, 21, dtype=torch.bool)
TEXT[0, 1:7] = True
TEXT[1, [1, 2, 3, 9, 10, 11]] = True
ASKED = torch.zeros(2, 21, dtype=torch.bool)
ASKED[0, 7:18] = True
ASKED[1, 3:9] = True
ASKED[1, 12:18] = True


def test_speech_goes_through_its_text() -> None:
    near, readers = diagonal(TEXT, ASKED)
    assert readers[0].nonzero().flatten().tolist() == list(range(7, 18))
    assert not readers[1].any()
    assert not near[0][:, ~TEXT[0]].any()
    places = near[0, 7:18].argmax(-1).tolist()
    assert places == sorted(places)
    assert (places[0], places[-1]) == (1, 6)


def test_the_hidden_states_are_the_decoders() -> None:
    torch.manual_seed(1)
    config = Qwen2Config(
        vocab_size=8,
        hidden_size=64,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=96,
    )
    decoder, x = Qwen2Decoder(config), torch.randn(2, 21, 64)
    hidden, missed = guided(decoder, x, *diagonal(TEXT, ASKED))
    torch.testing.assert_close(hidden, decoder(x), rtol=0.0, atol=0.0)
    missed.backward()
    touched = {name for name, weight in decoder.named_parameters() if weight.grad is not None and weight.grad.any()}
    assert "layers.3.attention.qkv.weight" in touched
    assert not any(name.startswith("layers.3.gate_up") for name in touched)
