"""Ours equals the official speech language model on the same weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from cosyvox.core.lm.speech_lm import LMState, SpeechLM
from parity import golden, tokens_of
from stages import speech_lm
from torch import Tensor

CASES = ("zero_shot", "cross_lingual", "instruct2")
SCALES = ("small", "full")
LOGITS = 1e-4


def ids(spec: dict[str, Any]) -> Tensor:
    return torch.from_numpy(tokens_of(spec)).long()


def begin(lm: SpeechLM, case: dict[str, Any]) -> tuple[LMState, Tensor]:
    state = lm.new_state(1, 256)
    prefix = lm.prefix(torch.cat((ids(case["prompt_text"]), ids(case["text"]))), ids(case["prompt_speech"]))
    return state, lm.prefill(state, prefix, slot=0, seed=0, min_steps=0)


def feed(lm: SpeechLM, state: LMState, token: int) -> Tensor:
    state.last[0] = token
    return lm.step(state, 1, int(state.positions[0]) + 1)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", CASES)
@torch.inference_mode()
def test_teacher_forced_logits(scale: str, name: str) -> None:
    arrays, meta = golden("v2_0.5b", scale, "llm")
    lm, case = speech_lm(scale), meta["cases"][name]
    state, first = begin(lm, case)
    logits = torch.cat([first, *(feed(lm, state, token) for token in ids(case["forced"]).tolist())])
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
