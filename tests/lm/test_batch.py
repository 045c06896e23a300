"""Utterances spoken together say what each says alone, whoever joins, leaves or waits beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from cosyvox.core.lm.batch import Batch
from cosyvox.core.lm.speech_lm import LMState, SpeechLM
from cosyvox.core.lm.utterance import Interleaved, Utterance
from stages import speech_lm
from torch import Tensor
from utterances import interleaved, plain, run

CAPACITY = 192


@pytest.fixture
def lm() -> SpeechLM:
    return speech_lm("small")


@pytest.fixture
def ending(lm: SpeechLM) -> SpeechLM:
    """A model that ends what it says or asks for text every few ids."""
    other = SpeechLM(lm.config).eval()
    other.load_state_dict(lm.state_dict())
    with torch.no_grad():
        other.head.bias[lm.config.speech_vocab :] += 3.0
    return other


def record(patch: pytest.MonkeyPatch, lm: SpeechLM) -> dict[tuple[int, int], Tensor]:
    """(seed, step) -> logits [V] of every id drawn from now on."""
    logits_of: dict[tuple[int, int], Tensor] = {}
    emit = lm.emit

    def emitting(state: LMState, logits: Tensor, slots: slice) -> Tensor:
        for row, (seed, step, active) in enumerate(
            zip(state.seeds[slots].tolist(), state.steps[slots].tolist(), state.active[slots].tolist(), strict=True)
        ):
            if active:
                logits_of[seed, step] = logits[row].clone()
        return emit(state, logits, slots)

    patch.setattr(lm, "emit", emitting)
    return logits_of


def crowd(lm: SpeechLM, batch: Batch, first: int, last: int) -> list[Utterance]:
    """Plain and interleaved utterances that join when there is room, some fed late, some leaving early."""
    random = np.random.default_rng(first)
    waiting = list(range(first, last))
    said: list[Utterance] = []
    texts: dict[Utterance, list[int]] = {}
    while waiting or batch.utterances:
        if waiting and batch.free and random.random() < 0.3:
            number = waiting.pop(0)
            utterance = plain(lm, number)
            if number % 2:
                utterance, text = interleaved(lm, number)
                texts[utterance] = text
            batch.join(utterance)
            if number % 5 == 4:
                texts.pop(utterance, None)
            else:
                said.append(utterance)
        for utterance in [u for u in batch.utterances if u not in said]:
            if random.random() < 0.1:
                batch.leave(utterance)
        for utterance in list(texts):
            if random.random() < 0.2:
                assert isinstance(utterance, Interleaved)
                text = texts[utterance]
                count = int(random.integers(1, 4))
                utterance.feed(text[:count])
                del text[:count]
                if not text:
                    utterance.end()
                    del texts[utterance]
        batch.step()
    return said


def alone(lm: SpeechLM, number: int, *, slots: int = 1) -> Utterance:
    batch = Batch(lm, slots, CAPACITY)
    if number % 2:
        utterance, text = interleaved(lm, number)
        batch.join(utterance)
        utterance.feed(text)
        utterance.end()
        run(batch)
        return utterance
    plain_one = plain(lm, number)
    batch.join(plain_one)
    run(batch)
    return plain_one


@pytest.mark.parametrize("together", [True, False])
@torch.inference_mode()
def test_together_as_alone(ending: SpeechLM, together: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        beside = record(patch, ending)
        said = crowd(ending, Batch(ending, 5, CAPACITY, together=together), 0, 40)
    with monkeypatch.context() as patch:
        by_itself = record(patch, ending)
        expected = {number: alone(ending, number) for number in range(40)}
    assert len(said) == 32
    assert {utterance.ending for utterance in said} >= {"stop"}
    for utterance in said:
        other = expected[utterance.seed]
        assert (utterance.drawn, utterance.ids, utterance.ending) == (other.drawn, other.ids, other.ending)
    compared = beside.keys() & by_itself.keys()
    assert len(compared) > 500
    difference = max(float((beside[at] - by_itself[at]).abs().max()) for at in compared)
    assert difference < 1e-4 if together else difference == 0.0


@torch.inference_mode()
def test_the_batch_is_used(lm: SpeechLM, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids of utterances that are spoken together come from the same forward pass, if that is wanted."""
    rows: dict[bool, list[int]] = {True: [], False: []}
    step = lm.step
    for together, counts in rows.items():

        def stepping(state: LMState, slots: slice, context: int, counts: list[int] = counts) -> Tensor:
            counts.append(slots.stop - slots.start)
            return step(state, slots, context)

        monkeypatch.setattr(lm, "step", stepping)
        batch = Batch(lm, 3, CAPACITY, together=together)
        for number in (2, 4):
            batch.join(plain(lm, number))
        run(batch)
    assert rows[True][:30] == [2] * 30
    assert set(rows[False]) == {1}


@torch.inference_mode()
def test_one_unit_of_work_at_a_time(lm: SpeechLM) -> None:
    batch = Batch(lm, 3, CAPACITY)
    first, second, third = (plain(lm, number) for number in (2, 4, 6))
    assert not batch.ready
    assert batch.step() == []
    batch.join(first)
    assert batch.step() == [first]
    batch.join(second)
    batch.join(third)
    assert batch.free == 0
    assert [batch.step() for _ in range(3)] == [[second], [third], [first, second, third]]
    assert [len(u.ids) for u in batch.utterances] == [2, 2, 2]
    batch.leave(first)
    assert batch.free == 1
    assert {u.seed for u in batch.utterances} == {4, 6}
    assert set(batch.step()) == {second, third}


@torch.inference_mode()
def test_those_that_end_leave_by_themselves(ending: SpeechLM) -> None:
    batch = Batch(ending, 2, CAPACITY)
    utterance = plain(ending, 2)
    batch.join(utterance)
    while batch.utterances:
        told = batch.step()
    assert told == [utterance]
    assert utterance.ending == "stop"
    assert batch.free == 2
    assert not batch.ready


@torch.inference_mode()
def test_one_that_waits_for_text_waits(lm: SpeechLM) -> None:
    batch = Batch(lm, 2, CAPACITY)
    utterance, _ = interleaved(lm, 0)
    batch.join(utterance)
    run(batch)
    assert utterance.waiting
    assert not batch.ready
    assert batch.step() == []
    utterance.feed([1, 2, 3])
    assert utterance.waiting
    utterance.feed([4, 5])
    assert not utterance.waiting
    run(batch)
    assert len(utterance.ids) == 15
    assert utterance.waiting
    utterance.end()
    run(batch)
    assert utterance.ending == "limit"
    assert len(utterance.ids) == 5 * 20
    assert not batch.utterances


@pytest.mark.parametrize("pieces", [[1] * 23, [23], [2, 0, 9, 4, 8], [5, 5, 5, 5, 3], [4, 19]])
@torch.inference_mode()
def test_ids_do_not_depend_on_the_pieces(ending: SpeechLM, pieces: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor do the logits, to the bit; whether the model has caught up with the text or not."""
    logits = []
    for fed in ([23], pieces):
        with monkeypatch.context() as patch:
            seen = record(patch, ending)
            batch = Batch(ending, 1, 256)
            utterance = Interleaved(ending.config, prompt_text=range(12), prompt_speech=range(32), seed=3)
            batch.join(utterance)
            text = list(range(100, 123))
            for count in fed:
                utterance.feed(text[:count])
                del text[:count]
                for _ in range(count * 3):
                    batch.step()
            utterance.end()
            run(batch)
            logits.append(seen)
    assert logits[0].keys() == logits[1].keys()
    assert len(logits[0]) > 30
    assert all(torch.equal(logits[0][at], logits[1][at]) for at in logits[0])


@torch.inference_mode()
def test_any_capacity_and_slot_gives_the_same_bits(lm: SpeechLM, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[Any] = []
    for slots, capacity in ((1, 100), (4, 160)):
        with monkeypatch.context() as patch:
            seen = record(patch, lm)
            batch = Batch(lm, slots, capacity, together=False)
            for number in range(slots - 1):
                batch.join(plain(lm, 100 + number))
            batch.join(plain(lm, 2))
            run(batch)
            runs.append({step: logits for (seed, step), logits in seen.items() if seed == 2})
    assert runs[0].keys() <= runs[1].keys()
    assert all(torch.equal(runs[0][step], runs[1][step]) for step in runs[0])


@torch.inference_mode()
def test_soak(ending: SpeechLM) -> None:
    """Hundreds that come and go in a few slots: nobody gets lost, nobody stays."""
    batch = Batch(ending, 4, CAPACITY)
    said = crowd(ending, batch, 1000, 1300)
    assert len(said) == 240
    assert all(utterance.ending in ("stop", "limit") for utterance in said)
    assert batch.free == 4
