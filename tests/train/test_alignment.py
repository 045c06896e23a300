"""Where in the text every token is, and a guide that shows the way and changes nothing else."""

from __future__ import annotations

import pytest
import torch
from cosyvox.core.lm.config import Qwen2Config
from cosyvox.core.lm.qwen2 import Qwen2Decoder
from cosyvox.train.alignment import guided, near, reading

# start, six of text, turn, ten of speech, padding
TEXT = torch.zeros(1, 21, dtype=torch.bool)
TEXT[0, 1:7] = True
READERS = torch.zeros(1, 21, dtype=torch.bool)
READERS[0, 7:18] = True
PLACES = torch.zeros(1, 21)
PLACES[0, 1:7] = torch.arange(6)
PLACES[0, 7:18] = torch.linspace(0, 5, 11)


def test_every_token_reads_the_phone_that_is_said() -> None:
    phones = [("pau", 4), ("ay", 8), ("s", 12), ("iy", 16), ("pau", 20)]
    places = reading(["ay", " ", "s", "iy", "."], phones, 10)
    assert places == sorted(places)
    assert [round(place) for place in places[2:8]] == [0, 0, 2, 2, 3, 3]
    assert places[0] < 0 and places[-1] > 3.5


@pytest.mark.parametrize("said", [["dh", "iy"], ["dh"], ["dh", "ah", "uh"], []])
def test_where_something_else_is_said_the_place_moves_on_evenly(said: list[str]) -> None:
    around = [("pau", 2), *((name, 4 + 2 * index) for index, name in enumerate(said)), ("eh", 12), ("n", 16)]
    places = reading(["dh", "ax", " ", "eh", "n", "."], around, 9)
    assert places == sorted(places)
    assert (round(places[5]), round(places[6]), round(places[7])) == (3, 4, 4)


def test_nothing_that_fits_is_a_straight_line() -> None:
    places = torch.tensor(reading(["aa", "b"], [("k", 4), ("s", 8)], 4))
    torch.testing.assert_close(places, torch.tensor([-0.25, 0.25, 0.75, 1.25]))


def test_near_is_text_only() -> None:
    found = near(TEXT, PLACES)
    assert not found[0][:, ~TEXT[0]].any()
    assert found[0, 7:18].argmax(-1).tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6]


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
    decoder, x = Qwen2Decoder(config), torch.randn(1, 21, 64)
    hidden, missed = guided(decoder, x, near(TEXT, PLACES), READERS)
    torch.testing.assert_close(hidden, decoder(x), rtol=0.0, atol=0.0)
    missed.backward()
    touched = {name for name, weight in decoder.named_parameters() if weight.grad is not None and weight.grad.any()}
    assert "layers.3.attention.qkv.weight" in touched
    assert not any(name.startswith("layers.3.gate_up") for name in touched)
