"""AUDIO from anywhere, and AUDIO for everybody."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from audio_rules import check_audio
from cosyvox.core import AudioError
from cosyvox.cosy_nodes.audio import audio_out, samples_in

TONE = 0.5 * torch.sin(torch.linspace(0, 400, 4000))


@pytest.mark.parametrize(
    ("waveform", "shape"),
    [
        (TONE[None, None], [(1, 4000)]),
        (TONE.expand(1, 2, -1), [(2, 4000)]),
        (TONE.expand(3, 2, -1), [(2, 4000)] * 3),
        (TONE[None], [(1, 4000)]),
        (TONE, [(1, 4000)]),
        (TONE[None, None].double(), [(1, 4000)]),
        (TONE[None, None].half(), [(1, 4000)]),
        ((TONE[None, None] * 32768).to(torch.int16), [(1, 4000)]),
        (TONE[None, None].clone().requires_grad_(), [(1, 4000)]),
        (TONE.view(2000, 2).T[None], [(2, 2000)]),
    ],
    ids=["mono", "stereo", "batch", "no batch", "samples", "float64", "float16", "int16", "gradient", "strided"],
)
def test_whatever_nodes_give_is_taken(waveform: torch.Tensor, shape: list[tuple[int, int]]) -> None:
    batch, rate = samples_in({"waveform": waveform, "sample_rate": 22050}, "it")
    assert [item.shape for item in batch] == shape
    assert all(item.dtype == np.float32 for item in batch) and rate == 22050
    expected = TONE.view(2000, 2).T if shape == [(2, 2000)] else TONE
    np.testing.assert_allclose(batch[0][0], expected if expected.ndim == 1 else expected[0], atol=1e-3)


def test_what_is_taken_is_a_copy() -> None:
    waveform = TONE[None, None].clone()
    batch, _ = samples_in({"waveform": waveform, "sample_rate": 22050}, "it")
    waveform.zero_()
    assert np.abs(batch[0]).max() > 0.4


def test_a_tensor_of_a_node_under_inference_mode() -> None:
    with torch.inference_mode():
        waveform = TONE[None, None] * 1.0
    assert samples_in({"waveform": waveform, "sample_rate": 8000}, "it")[0][0].shape == (1, 4000)


@pytest.mark.parametrize(
    ("audio", "words"),
    [
        (None, "no sound"),
        ({"waveform": TONE[None, None]}, "no audio"),
        ({"waveform": np.zeros((1, 1, 5)), "sample_rate": 8000}, "ndarray"),
        ({"waveform": TONE[None, None, None], "sample_rate": 8000}, "shape"),
        ({"waveform": torch.zeros(1, 1, 0), "sample_rate": 8000}, "no samples"),
        ({"waveform": torch.zeros(0, 1, 9), "sample_rate": 8000}, "no samples"),
        ("audio.wav", "no audio"),
    ],
)
def test_anything_else_is_an_error_that_names_the_input(audio: Any, words: str) -> None:
    with pytest.raises(AudioError, match=rf"^the clip's sound .*{words}"):
        samples_in(audio, "the clip's sound")


def test_what_is_given_keeps_the_rules() -> None:
    loud = np.array([[2.0, -3.0, 0.5]], np.float32)
    made = audio_out([loud, np.zeros(5)], 24000)
    check_audio(made)
    assert made["waveform"].tolist() == [[[1.0, -1.0, 0.5, 0.0, 0.0]], [[0.0] * 5]]
