"""Ids that are drawn from records are those that are drawn step by step."""

from __future__ import annotations

import copy

import pytest
import torch
from cosyvox.core.lm import graphs
from cosyvox.core.lm.batch import Batch
from cosyvox.core.lm.graphs import RecordedSteps
from cosyvox.core.lm.speech_lm import LMState, SpeechLM
from cosyvox.core.lm.utterance import Interleaved, Utterance
from cosyvox.core.streams import Lanes, Launch
from recording import Recording, Strict, needs_cuda
from stages import speech_lm
from torch import Tensor

CAPACITY = 120
TIERS = (40, 80)  # of context, and the capacity


@pytest.fixture
def lm(monkeypatch: pytest.MonkeyPatch) -> SpeechLM:
    """A model that ends what it says, or asks for text, every few ids."""
    monkeypatch.setattr(graphs, "_TIERS", TIERS)
    other = SpeechLM(speech_lm("small").config).eval()
    other.load_state_dict(speech_lm("small").state_dict())
    with torch.no_grad():
        other.head.bias[other.config.speech_vocab :] += 3.0
    return other


def utterance(lm: SpeechLM, number: int) -> Utterance:
    """Plain, or interleaved and waiting for its text, of its own length, prompt and seed."""
    prompt = {"prompt_text": range(number % 7), "prompt_speech": range(number % 11), "seed": number}
    if number % 3 == 1:
        return Interleaved(lm.config, **prompt)
    return Utterance(lm.config, [(number * 31 + place) % 150_000 for place in range(1 + number % 5)], **prompt)


def crowd(batch: Batch, count: int) -> list[Utterance]:
    """As many utterances as join when there is room; some get their text late, some leave before they end."""
    said: list[Utterance] = []
    turn = 0
    while len(said) < count or batch.utterances:
        if len(said) < count and batch.free and turn % 4 == 0:
            said.append(utterance(batch.lm, len(said)))
            batch.join(said[-1])
        for other in [u for u in batch.utterances if isinstance(u, Interleaved) and u.waiting]:
            if turn % 5 == 0:
                other.feed([turn, turn + 1, turn + 2])
            if turn % 35 == 0:
                other.end()
        if turn % 50 == 49 and batch.utterances:
            batch.leave(batch.utterances[0])
        batch.step()
        turn += 1
    return said


def record_logits(patch: pytest.MonkeyPatch, lm: SpeechLM) -> dict[tuple[int, int], Tensor]:
    """(seed, number of the id) -> the logits [V] that it is drawn from."""
    logits_of: dict[tuple[int, int], Tensor] = {}
    emit = lm.emit

    def emitting(state: LMState, logits: Tensor, slots: slice) -> Tensor:
        rows = zip(state.seeds[slots].tolist(), state.steps[slots].tolist(), state.active[slots].tolist(), strict=True)
        for row, (seed, step, active) in enumerate(rows):
            if active:
                logits_of[seed, step] = logits[row].clone()
        return emit(state, logits, slots)

    patch.setattr(lm, "emit", emitting)
    return logits_of


@torch.inference_mode()
def test_recorded_equals_step_by_step(lm: SpeechLM, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever joins, waits, leaves, and however far each has come: beyond their rows and positions nothing counts."""
    said, logits = [], []
    record = Recording()
    for recorder in (None, record):
        with monkeypatch.context() as patch:
            logits.append(record_logits(patch, lm))
            said.append(crowd(Batch(lm, 5, CAPACITY, record=recorder), 24))
    assert [(u.drawn, u.ids, u.ending) for u in said[1]] == [(u.drawn, u.ids, u.ending) for u in said[0]]
    assert max(u.position for u in said[0]) > TIERS[0]
    assert logits[0].keys() == logits[1].keys() and len(logits[0]) > 200
    assert max(float((logits[1][at] - logits[0][at]).abs().max()) for at in logits[0]) < 1e-4
    assert sum(record.played) > 100


@torch.inference_mode()
def test_what_is_recorded(lm: SpeechLM, monkeypatch: pytest.MonkeyPatch) -> None:
    """All buckets of a tier, the largest first, when somebody comes to it; none of it changes what is said."""
    done: list[tuple[int, int]] = []
    step = lm.step

    def stepping(state: LMState, slots: slice, context: int, *, padded: bool = False) -> Tensor:
        assert slots.start == 0 and padded
        done.append((slots.stop, context))
        return step(state, slots, context, padded=padded)

    monkeypatch.setattr(lm, "step", stepping)
    recorded: list[tuple[int, int]] = []

    def record(work: Launch) -> Launch:
        recorded.append(done[-1])  # it was tried out just before
        return work

    batch = Batch(lm, 6, CAPACITY, record=record)
    first = Utterance(lm.config, range(30), seed=1)
    batch.join(first)
    while first.position < TIERS[0]:
        batch.step()
    assert recorded == [(bucket, TIERS[0]) for bucket in (6, 4, 2, 1)]
    batch.step()
    assert recorded[4:] == [(bucket, TIERS[1]) for bucket in (6, 4, 2, 1)]
    for number in (2, 3):
        batch.join(Utterance(lm.config, range(30), seed=number))
    done.clear()
    while len(batch.upcoming) < 3:
        batch.step()
    batch.step()
    assert done[-1] == (4, TIERS[1]) and len(recorded) == 8


@torch.inference_mode()
def test_a_slot_that_was_filled_to_its_end(lm: SpeechLM) -> None:
    """Whoever waits in it beside others has no position beyond the cache."""
    full = Utterance(lm.config, range(4), prompt_speech=range(CAPACITY - 7 - 8), seed=5)
    batch = Batch(lm, 3, CAPACITY)
    long = [Utterance(lm.config, range(30), seed=seed) for seed in (6, 7)]
    for one in (long[0], full):
        batch.join(one)
    while full.ending is None:
        batch.step()
    assert full.position == CAPACITY
    batch.join(Interleaved(lm.config, seed=8))
    batch.join(long[1])
    while any(one.ending is None for one in long):
        batch.step()
    assert all(one.ids for one in long)


@torch.inference_mode()
def test_a_step_stays_on_the_device() -> None:
    """No value is asked for and nothing comes from the host, sampling included."""
    record = Strict()
    with torch.device("meta"):
        module = SpeechLM(speech_lm("small").config)
    RecordedSteps(module, module.new_state(4, CAPACITY), record).step(0, 3, 20)
    assert record.operations > 100


@needs_cuda
@torch.inference_mode()
def test_recorded_equals_eager_on_cuda(lm: SpeechLM) -> None:
    lanes = Lanes(torch.device("cuda"))
    said = []
    for record in (None, lanes.lm_record):
        with lanes.lm():
            said.append(crowd(Batch(copy.deepcopy(lm).cuda(), 5, CAPACITY, record=record), 24))
    assert [u.drawn for u in said[1]] == [u.drawn for u in said[0]]
