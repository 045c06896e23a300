"""How a decoding step is done: as it is, or recorded once for every shape and done again from the record.

A record's shapes are fixed: rows up to a bucket's size, a context up to a tier's. What is beyond the rows that draw
is computed beside them and changes nothing; what is beyond a row's position is masked. The code is the same.
"""

from __future__ import annotations

from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from ..streams import Launch, Mark, Record
from .speech_lm import LMState, SpeechLM

_TIERS = (512, 1024, 2048)


class Steps(Protocol):
    """What a batch draws its ids with."""

    def step(self, first: int, stop: int, context: int) -> Tensor:
        """The next ids [stop - first] of the slots first … stop, on the device. context: as in `SpeechLM.step`."""

    def read(self, drawn: Tensor) -> list[int]:
        """Wait for ids."""


class EagerSteps:
    """Every step as it is."""

    def __init__(self, lm: SpeechLM, state: LMState) -> None:
        self._lm, self._state = lm, state

    def step(self, first: int, stop: int, context: int) -> Tensor:
        slots = slice(first, stop)
        return self._lm.emit(self._state, self._lm.step(self._state, slots, context), slots)

    def read(self, drawn: Tensor) -> list[int]:
        ids: list[int] = drawn.tolist()
        return ids


class RecordedSteps:
    """Steps with one record per bucket of slots and tier of context.

    A tier is recorded when the first utterance comes to it, the largest bucket first: the smaller ones find their
    memory in the pool that it has filled. Nobody needs to look at the ids between two steps; but they are read after
    every one, as the host must see an utterance's end before its next id. While it waits it sleeps, and flow and
    vocoder do what was launched on their streams. Launching one step ahead would hide the host's turn; what it overshot
    would be undone by the next `LMState.place`, as every utterance that goes on after a pause is placed anew.
    """

    def __init__(self, lm: SpeechLM, state: LMState, record: Record) -> None:
        self._lm, self._state, self._record = lm, state, record
        slots, capacity = len(state.last), state.cache.capacity
        self._buckets = [1 << bits for bits in range((slots - 1).bit_length())] + [slots]
        self._tiers = [tier for tier in _TIERS if tier < capacity] + [capacity]
        self._launches: dict[tuple[int, int], Launch] = {}
        self._drawn = torch.zeros_like(state.last)
        self._read = torch.zeros(slots, dtype=torch.int64, pin_memory=state.last.is_cuda)

    def step(self, first: int, stop: int, context: int) -> Tensor:
        bucket = next(bucket for bucket in self._buckets if bucket >= stop)
        tier = next(tier for tier in self._tiers if tier >= context)
        if (tier, bucket) not in self._launches:
            self._prepare(tier)
        self._launches[tier, bucket]()
        return self._drawn[first:stop]

    def read(self, drawn: Tensor) -> list[int]:
        arrived = self._read[: len(drawn)]
        arrived.copy_(drawn, non_blocking=True)
        Mark(drawn.device).wait()
        ids: list[int] = arrived.tolist()
        return ids

    def _prepare(self, tier: int) -> None:
        """Record all buckets. Nobody is active meanwhile: what is tried out writes where the next step will."""
        active = self._state.active.clone()
        self._state.active.zero_()
        try:
            for bucket in reversed(self._buckets):
                work = partial(self._work, bucket, tier)
                work()
                self._launches[tier, bucket] = self._record(work)
        finally:
            self._state.active.copy_(active)

    def _work(self, bucket: int, tier: int) -> None:
        slots = slice(0, bucket)
        logits = self._lm.step(self._state, slots, tier, padded=True)
        self._drawn[slots] = self._lm.emit(self._state, logits, slots)
