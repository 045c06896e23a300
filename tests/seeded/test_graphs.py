"""The stand-in ONNX files: valid, with the published interface, and following what they hear."""

from __future__ import annotations

from typing import Any

import numpy as np
import parity
import pytest
from cosyvox.core.seeded.graphs import speaker_encoder, speech_tokenizer
from numpy.typing import NDArray

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

GRAPHS = {"speech_tokenizer": speech_tokenizer, "speaker_encoder": speaker_encoder}


def session(content: bytes) -> Any:
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def interface(values: Any) -> list[tuple[str, list[Any], str]]:
    return [(value.name, value.shape, value.type) for value in values]


@pytest.fixture(scope="module")
def features() -> dict[str, NDArray[Any]]:
    return parity.golden("common", "features")[0]


@pytest.mark.parametrize("name", GRAPHS)
def test_the_file_is_valid_and_small(name: str) -> None:
    content = GRAPHS[name]()
    assert len(content) < 1_000_000
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model, full_check=True)
    assert (model.opset_import[0].version, model.ir_version) == (11, 6)  # onnxruntime 1.16 reads up to 19 and 9


def test_the_interfaces_are_the_published_ones() -> None:
    tokenizer, encoder = session(speech_tokenizer()), session(speaker_encoder())
    assert interface(tokenizer.get_inputs()) == [
        ("feats", [1, 128, "T"], "tensor(float)"),
        ("feats_length", [1], "tensor(int32)"),
    ]
    assert interface(tokenizer.get_outputs()) == [("indices", [1, "N"], "tensor(int32)")]
    assert interface(encoder.get_inputs()) == [("input", [1, "T", 80], "tensor(float)")]
    assert interface(encoder.get_outputs()) == [("output", [1, 192], "tensor(float)")]


def tokens(mel: NDArray[np.float32]) -> NDArray[np.int32]:
    length = np.array([mel.shape[1]], np.int32)
    (ids,) = session(speech_tokenizer()).run(None, {"feats": mel[None], "feats_length": length})
    return ids


def x_vector(fbank: NDArray[np.float32]) -> NDArray[np.float32]:
    (vector,) = session(speaker_encoder()).run(None, {"input": fbank[None]})
    return vector


def test_one_token_for_every_40_ms(features: dict[str, NDArray[Any]]) -> None:
    for frames in range(1, 18):
        ids = tokens(features["whisper"][:, :frames])
        assert ids.shape == (1, (frames + 3) // 4)
        assert ids.dtype == np.int32


def test_tokens_follow_the_audio(features: dict[str, NDArray[Any]]) -> None:
    (ids,) = tokens(features["whisper"])
    assert len(set(ids.tolist())) > 10
    assert (ids >= 0).all()
    assert (ids < 6561).all()
    loud = tokens(3 * np.random.default_rng(0).standard_normal((128, 4000)).astype(np.float32))
    assert (loud.min(), loud.max()) == (0, 6560)
    # What is heard later does not change what was heard before, but for the last half frame.
    assert np.array_equal(tokens(features["whisper"][:, :80])[0, :19], ids[:19])


def test_tokens_end_where_the_audio_ends(features: dict[str, NDArray[Any]]) -> None:
    padded = np.pad(features["whisper"], ((0, 0), (0, 9)))
    length = np.array([features["whisper"].shape[1]], np.int32)
    (ids,) = session(speech_tokenizer()).run(None, {"feats": padded[None], "feats_length": length})
    assert np.array_equal(ids, tokens(features["whisper"]))


def test_the_x_vector_follows_the_audio(features: dict[str, NDArray[Any]]) -> None:
    fbank = features["fbank"]
    first, second = x_vector(fbank[:79]), x_vector(fbank[79:])
    assert first.shape == (1, 192)
    assert first.dtype == np.float32
    assert first.std() > 0.1
    assert abs(first - second).max() > 0.01
