from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import parity
import pytest
import soundfile
import torch
from cosyvox.core.audio.files import read_audio
from cosyvox.core.audio.mel import mel_spectrogram
from cosyvox.core.errors import CheckpointError, RequestError
from cosyvox.core.seeded import graphs
from cosyvox.core.voice import frontend, onnx_model
from cosyvox.core.voice.frontend import FrontEnd
from cosyvox.core.voice.prompt import Prompt, prepare_prompt
from numpy.typing import NDArray

MEL = parity.model_config("full").mel


@pytest.fixture(scope="module")
def encoders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("模型 one")
    (folder / "tokenizer.onnx").write_bytes(graphs.speech_tokenizer())
    (folder / "speaker.onnx").write_bytes(graphs.speaker_encoder())
    return folder / "tokenizer.onnx", folder / "speaker.onnx"


def front_end(encoders: tuple[Path, Path]) -> FrontEnd:
    return FrontEnd(*encoders, mel=MEL, token_mel_ratio=2, family="CosyVoice2-0.5B")


def speech(seconds: float, rate: int) -> NDArray[np.float32]:
    """[1, S]"""
    return parity.speech_like("tests/frontend", seconds, rate)[None]


class Encoder:
    """Stands in for an ONNX file: remembers what it is given, says what it is told."""

    given: dict[str, tuple[NDArray[Any], ...]]
    token_count = 40

    def __init__(self, path: Path, cuda: bool = False) -> None:
        self.role = path.stem

    def __call__(self, *inputs: NDArray[Any]) -> NDArray[Any]:
        Encoder.given[self.role] = inputs
        if self.role == "speaker":
            return np.linspace(-1, 1, 192, dtype=np.float64)[None]
        return np.arange(Encoder.token_count, dtype=np.int64)[None]


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> FrontEnd:
    monkeypatch.setattr(frontend, "OnnxModel", Encoder)
    monkeypatch.setattr(Encoder, "given", {}, raising=False)
    return front_end((Path("tokenizer.onnx"), Path("speaker.onnx")))


def test_the_encoders_hear_what_the_official_ones_hear(watched: FrontEnd) -> None:
    arrays, meta = parity.golden("common", "features")
    watched.voice(Prompt(parity.speech_like(**meta["wave"], rate=16_000), 16_000), "golden")
    mel, length = Encoder.given["tokenizer"]
    assert (mel.shape, mel.dtype) == ((1, 128, 160), np.float32)
    assert (length.tolist(), length.dtype) == ([160], np.int32)
    np.testing.assert_allclose(mel[0], arrays["whisper"], rtol=0, atol=1e-4)
    (features,) = Encoder.given["speaker"]
    assert (features.shape, features.dtype) == ((1, 158, 80), np.float32)
    np.testing.assert_allclose(features[0], arrays["fbank"], rtol=0, atol=1e-3)


def test_the_flow_is_given_the_official_mel(watched: FrontEnd) -> None:
    arrays, meta = parity.golden("common", "features")
    voice = watched.voice(Prompt(parity.speech_like(**meta["wave"], rate=24_000), 24_000, "Words."), "golden")
    assert voice.mel.shape == (80, 80)
    assert voice.mel.flags.c_contiguous
    np.testing.assert_allclose(voice.mel, arrays["mel_v2"].T, rtol=0, atol=1e-4)
    assert (voice.name, voice.transcript, voice.family) == ("golden", "Words.", "CosyVoice2-0.5B")


def test_a_recording_of_another_rate_is_resampled(watched: FrontEnd) -> None:
    arrays, meta = parity.golden("common", "features")
    voice = watched.voice(Prompt(parity.speech_like(**meta["wave"], rate=44_100), 44_100), "golden")
    expected = mel_spectrogram(torch.from_numpy(arrays["resampled_24000"])[None], MEL)[0].T.numpy()
    np.testing.assert_allclose(voice.mel, expected, rtol=0, atol=1e-3)
    assert (voice.sample_rate, len(voice.recording)) == (44_100, 70_560)


@pytest.mark.parametrize(("tokens", "kept"), [(30, 30), (40, 40), (41, 40)])
def test_tokens_and_mel_end_together(
    tokens: int, kept: int, watched: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Encoder, "token_count", tokens)
    _, meta = parity.golden("common", "features")
    voice = watched.voice(Prompt(parity.speech_like(**meta["wave"], rate=24_000), 24_000), "golden")
    assert voice.speech_tokens.tolist() == list(range(kept))
    assert voice.speech_tokens.dtype == np.int32
    assert voice.mel.shape == (2 * kept, 80)
    assert (voice.x_vector.shape, voice.x_vector.dtype) == ((192,), np.float32)


@pytest.mark.parametrize(
    ("extension", "rate", "channels"),
    [
        *(("wav", rate, channels) for rate in (8_000, 16_000, 22_050, 44_100, 48_000) for channels in (1, 2)),
        *((extension, 44_100, 2) for extension in ("flac", "ogg", "mp3")),
    ],
)
def test_any_file_becomes_a_voice(
    extension: str, rate: int, channels: int, encoders: tuple[Path, Path], tmp_path: Path
) -> None:
    path = tmp_path / f"prompt.{extension}"
    soundfile.write(path, np.repeat(speech(3.0, rate), channels, axis=0).T, rate)
    samples, read_rate = read_audio(path)
    voice = front_end(encoders).voice(prepare_prompt(samples, read_rate), path.stem)
    assert 72 <= len(voice.speech_tokens) <= 80
    assert len(set(voice.speech_tokens.tolist())) > 10
    assert voice.mel.shape == (2 * len(voice.speech_tokens), 80)
    assert voice.x_vector.shape == (192,)
    assert np.isfinite(voice.mel).all()
    assert np.isfinite(voice.x_vector).all()
    assert all("8000 Hz" in warning for warning in voice.warnings)
    assert bool(voice.warnings) == (rate == 8_000)


def test_the_same_recording_is_the_same_voice(encoders: tuple[Path, Path]) -> None:
    first, second = (front_end(encoders).voice(Prompt(speech(3.0, 44_100)[0], 44_100), "a") for _ in range(2))
    assert np.array_equal(first.speech_tokens, second.speech_tokens)
    assert np.array_equal(first.mel, second.mel)
    assert np.array_equal(first.x_vector, second.x_vector)


def test_a_missing_encoder_is_named(encoders: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"gone\.onnx is missing"):
        front_end((encoders[0], tmp_path / "gone.onnx")).voice(Prompt(speech(3.0, 16_000)[0], 16_000), "a")


@pytest.mark.parametrize("kept", [0, 100, 0.5, 0.99])
def test_a_damaged_encoder_is_named(kept: float, encoders: tuple[Path, Path], tmp_path: Path) -> None:
    whole = encoders[0].read_bytes()
    (tmp_path / "cut.onnx").write_bytes(whole[: int(kept * len(whole)) if kept < 1 else int(kept)])
    with pytest.raises(CheckpointError, match=r"cut\.onnx") as caught:
        front_end((tmp_path / "cut.onnx", encoders[1])).voice(Prompt(speech(3.0, 16_000)[0], 16_000), "a")
    assert "\n" not in str(caught.value)


def test_encoders_in_each_others_place_are_named(encoders: tuple[Path, Path]) -> None:
    tokenizer, speaker = encoders
    with pytest.raises(CheckpointError, match=r"speaker\.onnx takes 1 inputs, not 2"):
        front_end((speaker, speaker)).voice(Prompt(speech(3.0, 16_000)[0], 16_000), "a")
    with pytest.raises(CheckpointError, match=r"tokenizer\.onnx takes 2 inputs, not 1"):
        front_end((tokenizer, tokenizer)).voice(Prompt(speech(3.0, 16_000)[0], 16_000), "a")


def test_an_encoder_of_another_family_is_named(encoders: tuple[Path, Path]) -> None:
    model = onnx_model.OnnxModel(encoders[1])
    with pytest.raises(CheckpointError, match=r"speaker\.onnx failed") as caught:
        model(np.zeros((1, 100, 24), np.float32))
    assert "\n" not in str(caught.value)


def test_onnxruntime_is_asked_for_when_it_is_missing(
    encoders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(RequestError, match="pip install onnxruntime"):
        front_end(encoders).voice(Prompt(speech(3.0, 16_000)[0], 16_000), "a")


def test_an_encoder_is_opened_once(encoders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    session = onnxruntime.InferenceSession

    def counted(path: str, *arguments: Any, **options: Any) -> Any:
        opened.append((path, options["providers"]))
        return session(path, *arguments, **options)

    monkeypatch.setattr(onnxruntime, "InferenceSession", counted)
    model = onnx_model.OnnxModel(encoders[1], cuda=False)
    assert not opened
    features = np.ones((1, 100, 80), np.float32)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(model, [features] * 8))
    assert all(np.array_equal(result, results[0]) for result in results)
    assert opened == [(str(encoders[1]), ["CPUExecutionProvider"])]


@pytest.mark.parametrize(
    ("wanted", "available", "expected"),
    [
        (True, ["CUDAExecutionProvider", "CPUExecutionProvider"], ["CUDAExecutionProvider", "CPUExecutionProvider"]),
        (True, ["CPUExecutionProvider"], ["CPUExecutionProvider"]),
        (False, ["CUDAExecutionProvider", "CPUExecutionProvider"], ["CPUExecutionProvider"]),
    ],
)
def test_cuda_is_used_where_it_is(
    wanted: bool,
    available: list[str],
    expected: list[str],
    encoders: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class OpenedError(Exception):
        pass

    chosen = []

    def session(path: str, options: Any, providers: list[str]) -> None:
        chosen.extend(providers)
        raise OpenedError

    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: available)
    with pytest.raises(CheckpointError):
        onnx_model.OnnxModel(encoders[1], cuda=wanted)(np.ones((1, 100, 80), np.float32))
    assert chosen == expected


def test_nothing_is_reported_to_onnxruntimes_maker(encoders: tuple[Path, Path], tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from cosyvox.core.voice.onnx_model import OnnxModel;"
        "OnnxModel(Path(sys.argv[1])).open()"
    )
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / ".cache")}
    inherited = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}
    subprocess.run([sys.executable, "-c", code, str(encoders[0])], env=inherited | home, check=True, timeout=120)
    assert not list(tmp_path.rglob("*onnxruntime*"))
