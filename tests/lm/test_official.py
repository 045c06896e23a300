"""Ours equals the official speech language model on the same weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from cosyvox.core.lm.speech_lm import LMState, SpeechLM
from cosyvox.core.lm.utterance import Utterance
from parity import golden, tokens_of
from stages import speech_lm
from torch import Tensor

CASES = ("zero_shot", "cross_lingual", "instruct2")
SCALES = ("small", "full")
LOGITS = 1e-4


def ids(spec: dict[str, Any]) -> list[int]:
    return tokens_of(spec).tolist()


def begin(lm: SpeechLM, case: dict[str, Any]) -> tuple[LMState, Tensor]:
    state = lm.new_state(1, 256)
    state.active[0] = True
    utterance = Utterance(
        lm.config, ids(case["text"]), prompt_text=ids(case["prompt_text"]), prompt_speech=ids(case["prompt_speech"])
    )
    (due,) = utterance.due
    return state, lm.prefill(state, lm.embed(due), slot=0)


def feed(lm: SpeechLM, state: LMState, token: int) -> Tensor:
    state.last[0] = token
    return lm.step(state, slice(0, 1), int(state.positions[0]) + 1)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", CASES)
@torch.inference_mode()
def test_teacher_forced_logits(scale: str, name: str) -> None:
    arrays, meta = golden("v2_0.5b", scale, "llm")
    lm, case = speech_lm(scale), meta["cases"][name]
    state, first = begin(lm, case)
    logits = torch.cat([first, *(feed(lm, state, token) for token in ids(case["forced"]))])
    at_top = logits.gather(1, torch.from_numpy(arrays[f"{name}/tf_top_indices"]).long())
    assert np.abs(at_top.numpy() - arrays[f"{name}/tf_top_values"]).max() < LOGITS
    assert np.abs(logits.mean(1).numpy() - arrays[f"{name}/tf_mean"]).max() < LOGITS
    assert np.abs(logits.std(1).numpy() - arrays[f"{name}/tf_std"]).max() < LOGITS
    assert np.abs(logits.logsumexp(1).numpy() - arrays[f"{name}/tf_logsumexp"]).max() < LOGITS


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", CASES)
@torch.inference_mode()
def test_greedy_sequence(scale: str, name: str) -> None:
    arrays, meta = golden("v2_0.5b", scale, "llm")
    lm, case = speech_lm(scale), meta["cases"][name]
    state, logits = begin(lm, case)
    chosen: list[int] = []
    for _ in range(case["greedy"]):
        scores = logits[0, : lm.config.speech_vocab].clone()
        scores[chosen[-meta["no_repeat"] :]] = float("-inf")
        chosen.append(int(scores.argmax()))
        logits = feed(lm, state, chosen[-1])
    assert chosen == arrays[f"{name}/greedy"].tolist()
