"""Utterances that end sooner than they would, or must not join at all: no room, no text, failure, loops."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from cosyvox.core.errors import RequestError
from cosyvox.core.lm.batch import Batch, generate
from cosyvox.core.lm.speech_lm import SpeechLM
from cosyvox.core.lm.utterance import Interleaved, Utterance
from stages import speech_lm
from torch import Tensor
from utterances import plain, run

CAPACITY = 192


@pytest.fixture
def lm() -> SpeechLM:
    return speech_lm("small")


@torch.inference_mode()
def test_a_text_that_ends_empty(lm: SpeechLM) -> None:
    batch = Batch(lm, 2, CAPACITY)
    utterance = Interleaved(lm.config, prompt_text=range(30), prompt_speech=range(30))
    batch.join(utterance)
    run(batch)
    assert utterance.waiting
    utterance.end()
    assert batch.ready
    assert batch.step() == [utterance]
    assert (utterance.ending, utterance.ids, batch.free) == ("limit", [], 2)


@torch.inference_mode()
def test_a_plain_text_that_is_empty(lm: SpeechLM) -> None:
    assert generate(lm, Utterance(lm.config, [], prompt_speech=[1, 2])).ending == "limit"


@torch.inference_mode()
def test_what_does_not_fit_is_refused(lm: SpeechLM) -> None:
    batch = Batch(lm, 1, 32)
    with pytest.raises(RequestError, match="need 33 positions of the language model's 32: use shorter sentences"):
        batch.join(Utterance(lm.config, range(7), prompt_text=range(4), prompt_speech=range(6)))
    assert batch.free == 1
    batch.join(Utterance(lm.config, range(7), prompt_text=range(4), prompt_speech=range(5)))
    with pytest.raises(ValueError, match="free"):
        batch.join(plain(lm, 1))


@torch.inference_mode()
def test_a_full_slot_limits_the_ids(lm: SpeechLM) -> None:
    """The last id is drawn from a cache that is filled to its end, and is what it is in a larger one."""
    large, small = plain(lm, 4), plain(lm, 4)
    generate(lm, large)
    batch = Batch(lm, 2, 40)
    batch.join(small)
    assert small.most == 40 - small.prefix + 1
    run(batch)
    assert small.ending == "limit"
    assert small.ids == large.ids[: 40 - small.prefix + 1]


@pytest.mark.parametrize("capacity", range(40, 60))
@torch.inference_mode()
def test_a_text_that_outgrows_its_slot(lm: SpeechLM, capacity: int) -> None:
    """Another one beside it goes on; rows that wait ride along, also where the slot is full."""
    batch = Batch(lm, 2, capacity)
    utterance, other = Interleaved(lm.config, prompt_speech=range(15)), Utterance(lm.config, [1], seed=5)
    batch.join(utterance)
    batch.join(other)
    for _ in range(30):
        if utterance.ending is None:
            utterance.feed([1, 2])
        batch.step()
    run(batch)
    assert utterance.ending == "limit"
    assert utterance.position <= capacity
    assert other.ids == generate(lm, Utterance(lm.config, [1], seed=5)).ids


@torch.inference_mode()
def test_a_step_that_fails_names_whom_it_failed(lm: SpeechLM, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others go on as if nothing had been."""
    batch = Batch(lm, 2, CAPACITY)
    first, second = plain(lm, 2), plain(lm, 4)
    batch.join(first)
    batch.step()
    batch.join(second)

    def failing(*args: Any, **named: Any) -> Tensor:
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(lm.decoder, "prefill", failing)
        with pytest.raises(RuntimeError):
            batch.step()
    assert batch.upcoming == [second]
    batch.leave(second)
    run(batch)
    assert first.ids == generate(lm, plain(lm, 2)).ids


def test_loops_end_an_interleaved_utterance(lm: SpeechLM) -> None:
    other = SpeechLM(replace(lm.config, sampling=replace(lm.config.sampling, tau=2.0)))
    other.load_state_dict(lm.state_dict())
    with torch.no_grad():
        other.head.bias[42] += 100.0
    batch = Batch(other, 1, 512)
    utterance = Interleaved(other.config)
    batch.join(utterance)
    utterance.feed(range(50))
    run(batch)
    assert (utterance.ending, utterance.ids) == ("loop", [42])
    assert batch.free == 1
    utterance.feed(range(5))  # its text may still be arriving
    utterance.end()
    assert utterance.ending == "loop"
