"""A speech language model that is watched: what it is fed, which logits that gives; and who chooses its ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from cosyvox.core.lm.speech_lm import LMState, SpeechLM
from cosyvox.core.lm.utterance import Piece
from torch import Tensor

Choose = Callable[[Tensor], int]  # an id from logits [V]


@dataclass
class Watched:
    """fed: per row of every emission, what was fed since the row's last one. logits: [V] each. drawn: the ids.

    Only sensible for a batch of one slot.
    """

    fed: list[list[Piece]] = field(default_factory=list)
    logits: list[Tensor] = field(default_factory=list)
    drawn: list[int] = field(default_factory=list)


def watch(patch: pytest.MonkeyPatch, lm: SpeechLM, choose: Choose | None = None) -> Watched:
    """Watch `lm` until the patch is undone; with `choose`, ids are chosen by it and not by chance."""
    seen, fed = Watched(), list[Piece]()
    embed, step, emit = lm.embed, lm.step, lm.emit

    def embedding(pieces: Sequence[Piece]) -> Tensor:
        fed.extend(pieces)
        return embed(pieces)

    def stepping(state: LMState, slots: slice, context: int) -> Tensor:
        fed.append(("speech", state.last[slots].tolist()))
        return step(state, slots, context)

    def emitting(state: LMState, logits: Tensor, slots: slice) -> Tensor:
        seen.fed.append(fed.copy())
        fed.clear()
        seen.logits.append(logits[0].clone())
        drawn = emit(state, logits, slots)
        if choose is not None:
            drawn[0] = state.last[slots] = choose(seen.logits[-1])
        seen.drawn.append(int(drawn[0]))
        return drawn

    replaced: dict[str, Any] = {"embed": embedding, "step": stepping, "emit": emitting}
    for name, method in replaced.items():
        patch.setattr(lm, name, method)
    return seen
