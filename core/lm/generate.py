"""One utterance's speech ids, drawn until the model stops, repeats itself or has said too much."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .speech_lm import SpeechLM

_LONGEST_CYCLE = 25  # ids: one second
_LOOP_LENGTH = 100  # ids: what goes round for four seconds is no speech
_STRIDE = 8  # ids drawn on an accelerator between two looks at them


@dataclass(frozen=True)
class Generated:
    """ids: the sounds, without the stop id. ending: "stop", "limit" (too long) or "loop" (cut where it began)."""

    ids: list[int]
    ending: str


def generate(
    lm: SpeechLM,
    text: Sequence[int],
    *,
    prompt_text: Sequence[int] = (),
    prompt_speech: Sequence[int] = (),
    seed: int = 0,
    on_ids: Callable[[int, int], None] | None = None,
) -> Generated:
    """Speak the ids `text`, continuing the prompt's.

    seed: int64. on_ids: called with how many ids there are and at most will be; may raise to give up,
    which then happens within one id on a CPU, within a few on an accelerator.
    """
    config, device = lm.config, lm.device
    least = int(len(text) * config.min_token_text_ratio)
    most = int(len(text) * config.max_token_text_ratio)
    prefix = lm.prefix(_tensor([*prompt_text, *text], device), _tensor(prompt_speech, device))
    state = lm.new_state(1, prefix.shape[1] + most)
    row = slice(0, 1)
    logits = lm.prefill(state, prefix, slot=0, seed=seed, min_steps=least)
    stride = 1 if device.type == "cpu" else _STRIDE
    ids: list[int] = []
    drawn: list[Tensor] = []
    for count in range(1, most + 1):
        drawn.append(lm.emit(state, logits, row))
        if len(drawn) == stride or count == most:
            ended = _take(ids, torch.cat(drawn).tolist(), config.speech_vocab)
            drawn.clear()
            if on_ids is not None:
                on_ids(len(ids), most)
            if ended:
                return Generated(ids, "stop")
            kept = without_loop(ids)
            if kept is not None:
                return Generated(ids[:kept], "loop")
        logits = lm.step(state, 1, prefix.shape[1] + count)
    return Generated(ids, "limit")


def without_loop(ids: Sequence[int]) -> int | None:
    """How many ids to keep if the last ones go round in a circle, the first round included; None if they do not."""
    if len(ids) < _LOOP_LENGTH:
        return None
    tail = ids[-_LOOP_LENGTH:]
    for period in range(1, _LONGEST_CYCLE + 1):
        if tail[period:] == tail[:-period]:
            return len(ids) - _LOOP_LENGTH + period
    return None


def _take(ids: list[int], drawn: list[int], sounds: int) -> bool:
    """Move the sounds in `drawn` to `ids` up to the first stop id; whether there was one."""
    for token in drawn:
        if token >= sounds:
            return True
        ids.append(token)
    return False


def _tensor(ids: Sequence[int], device: torch.device) -> Tensor:
    return torch.tensor(list(ids), dtype=torch.int64, device=device)
