"""Utterances that are spoken together: they join and leave between any two ids."""

from __future__ import annotations

from collections.abc import Callable

import torch

from ..errors import RequestError
from ..streams import Record
from .graphs import EagerSteps, RecordedSteps, Steps
from .speech_lm import SpeechLM
from .utterance import Utterance, length


class Batch:
    """Continuous batching over the static slots of one `LMState`.

    utterances: the one in slot 0 first; the occupied slots are the first ones. Not safe from several threads, the
    utterances in it included. together: compute all rows in one batch, where a row's last bits depend on how many
    there are; otherwise one after the other, and every bit is as if it were alone.
    """

    def __init__(
        self, lm: SpeechLM, slots: int, capacity: int, *, together: bool = True, record: Record | None = None
    ) -> None:
        """capacity: positions of a slot: prefix and sounds. record: see `RecordedSteps`; of use only `together`."""
        self.lm, self.slots, self.capacity, self.together = lm, slots, capacity, together
        self.utterances: list[Utterance] = []
        self._state = lm.new_state(slots, capacity)
        self._steps: Steps = EagerSteps(lm, self._state)
        if together and record is not None:
            self._steps = RecordedSteps(lm, self._state, record)
        self._active: list[bool] = []

    @property
    def free(self) -> int:
        """How many more can join."""
        return self.slots - len(self.utterances)

    @property
    def ready(self) -> bool:
        """Whether `step` would do anything: not if all wait for text."""
        return any(not utterance.waiting for utterance in self.utterances)

    @property
    def upcoming(self) -> list[Utterance]:
        """Whom the next step works on: one whose prefill is due, else all that draw an id."""
        living = [utterance for utterance in self.utterances if utterance.ending is None]
        reading = [utterance for utterance in living if utterance.due]
        return reading[:1] or [utterance for utterance in living if utterance.drawing]

    def join(self, utterance: Utterance) -> None:
        """Give a new utterance a slot; it may end sooner than its text asks for, where the slot is full.

        Raises RequestError if its text or prompt is too long for a slot.
        """
        if not self.free:
            raise ValueError("no slot is free: look at `free` first")
        needed = utterance.prefix + utterance.least
        if needed > self.capacity:
            raise RequestError(
                f"the text and the voice's prompt need {needed} positions of the language model's {self.capacity}: "
                "use shorter sentences or a shorter prompt"
            )
        utterance.capacity = self.capacity
        self.utterances.append(utterance)

    @torch.inference_mode()
    def leave(self, utterance: Utterance) -> None:
        """Free the slot of an utterance at once, whatever it is doing."""
        slot, last = self.utterances.index(utterance), self.utterances.pop()
        if last is not utterance:
            self._state.move(len(self.utterances), slot, last.position)
            self.utterances[slot] = last
        # Who computes beside others without a past of its own has one position, wherever the last one in it ended.
        self._state.positions[len(self.utterances)] = 0
        self._active = []

    @torch.inference_mode()
    def step(self) -> list[Utterance]:
        """One unit of work: one prefill, else one id for each that draws. Those that got an id or ended.

        Those that ended have left. If it raises, `upcoming` are those that it did not serve.
        """
        told = [utterance for utterance in self.utterances if utterance.ending is not None]
        if not told and (upcoming := self.upcoming):
            told = self._read(upcoming[0]) if upcoming[0].due else self._draw(upcoming)
        for utterance in told:
            if utterance.ending is not None:
                self.leave(utterance)
        return told

    def _read(self, utterance: Utterance) -> list[Utterance]:
        """Feed what is due, and draw the first id behind it."""
        slot, pieces = self.utterances.index(utterance), utterance.due[0]
        logits = self.lm.prefill(self._state, self.lm.embed(pieces), slot=slot, start=utterance.position)
        utterance.due.popleft()
        utterance.position += length(pieces)
        if not utterance.drawing:
            return []
        self._state.place(slot, utterance)
        self._activate([utterance])
        utterance.take(int(self.lm.emit(self._state, logits, slice(slot, slot + 1))))
        return [utterance]

    def _draw(self, utterances: list[Utterance]) -> list[Utterance]:
        """Feed everybody's last id, and draw the next."""
        self._activate(utterances)
        slots = [slot for slot, utterance in enumerate(self.utterances) if utterance.drawing]
        # Rows that wait between others ride along; one alone takes the short way of a single row.
        runs = [(slots[0], slots[-1] + 1)] if self.together else [(slot, slot + 1) for slot in slots]
        drawn = self._steps.read(torch.cat([self._next(first, stop) for first, stop in runs]))
        first = slots[0] if self.together else 0
        for index, (slot, utterance) in enumerate(zip(slots, utterances, strict=True)):
            utterance.position += 1
            utterance.take(drawn[slot - first if self.together else index])
        return utterances

    def _next(self, first: int, stop: int) -> torch.Tensor:
        context = 1 + max(utterance.position for utterance in self.utterances[first:stop])
        return self._steps.step(first, stop, context)

    def _activate(self, utterances: list[Utterance]) -> None:
        active = [utterance in utterances for utterance in self.utterances] + [False] * self.free
        if active != self._active:
            self._state.active.copy_(torch.tensor(active))
            self._active = active


def generate(lm: SpeechLM, utterance: Utterance, *, on_ids: Callable[[int, int], None] | None = None) -> Utterance:
    """Speak an utterance by itself, to its end.

    on_ids: called with how many ids there are and at most will be; may raise to give up.
    """
    batch = Batch(lm, 1, utterance.prefix + utterance.most)
    batch.join(utterance)
    while batch.utterances:
        if batch.step() and on_ids is not None:
            on_ids(len(utterance.ids), utterance.most)
    return utterance
