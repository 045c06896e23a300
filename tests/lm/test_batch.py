"""Utterances spoken together say what each says alone, whoever joins, leaves or waits beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from cosyvox.core.errors import RequestError
from cosyvox.core.lm.batch import Batch, generate
from cosyvox.core.lm.speech_lm import LMState, SpeechLM
from cosyvox.core.lm.utterance import Interleaved, Utterance
from stages import speech_lm
from torch import Tensor

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


def plain(lm: SpeechLM, number: int) -> Utterance:
    """Of its own length, prompt and seed."""
    text = [(number * 31 + place * 7) % 150_000 for place in range(1 + number % 5)]
    return Utterance(
        lm.config,
        text,
        prompt_text=range(number % 7),
        prompt_speech=range(number % 11),
        seed=number,
    )


def interleaved(lm: SpeechLM, number: int) -> tuple[Interleaved, list[int]]:
    """And the text that it is to be fed."""
    utterance = Interleaved(
        lm.config,
        prompt_text=range(number % 9),
        prompt_speech=range(number % 40),
        seed=number,
    )
    return utterance, [(number * 17 + place) % 150_000 for place in range(1 + number % 13)]


def run(batch: Batch) -> None:
    while batch.ready:
        batch.step()


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
            utterance: Utterance
            if number % 2:
                utterance, texts[utterance] = interleaved(lm, number)  # type: ignore[index]
            else:
                utterance = plain(lm, number)
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
