from __future__ import annotations

import errno
import io
import os
import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from cosyvox.core.audio.files import pcm16, read_audio, wav_header, write_wav
from cosyvox.core.errors import AudioError, StorageError
from numpy.typing import NDArray

# extension, subtype, largest error of a sample (None: a lossy codec, compared by its level)
FORMATS: list[tuple[str, str, float | None]] = [
    ("wav", "PCM_U8", 2.0**-7),
    ("wav", "PCM_16", 2.0**-15),
    ("wav", "PCM_24", 2.0**-23),
    ("wav", "PCM_32", 2.0**-23),
    ("wav", "FLOAT", 0.0),
    ("flac", "PCM_16", 2.0**-15),
    ("ogg", "VORBIS", None),
    ("mp3", "MPEG_LAYER_III", None),
]


def stereo(seconds: float, rate: int) -> NDArray[np.float32]:
    """[2, S]: two tones, the right one softer."""
    time = np.arange(round(seconds * rate)) / rate
    return np.stack([0.4 * np.sin(2 * np.pi * 440 * time), 0.1 * np.sin(2 * np.pi * 660 * time)]).astype(np.float32)


def rms(audio: NDArray[np.float32]) -> Any:
    return np.sqrt(np.mean(np.square(audio, dtype=np.float64), axis=-1))


@pytest.mark.parametrize(("extension", "subtype", "error"), FORMATS)
@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_reads(extension: str, subtype: str, error: float | None, rate: int, channels: int, tmp_path: Path) -> None:
    audio = stereo(1.0, rate)[:channels]
    path = tmp_path / f"提示 one.{extension}"
    soundfile.write(path, audio.T, rate, subtype=subtype)
    samples, read_rate = read_audio(path)
    assert read_rate == rate
    assert samples.dtype == np.float32
    assert samples.flags.c_contiguous
    assert samples.shape[0] == channels
    if error is None:
        assert abs(samples.shape[1] - rate) < 0.15 * rate
        np.testing.assert_allclose(rms(samples), rms(audio), rtol=0.1)
    else:
        assert samples.shape == audio.shape
        assert np.abs(samples - audio).max() <= error


def test_reads_a_stream(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, stereo(0.1, 16_000).T, 16_000, format="FLAC")
    buffer.seek(0)
    samples, rate = read_audio(buffer)
    assert (samples.shape, rate) == ((2, 1600), 16_000)


def flac_claiming(frames: int) -> bytes:
    """A short recording whose header says that it has that many frames."""
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(16_000, np.float32), 16_000, format="FLAC")
    data = bytearray(buffer.getvalue())
    # STREAMINFO follows the 4-byte mark and its own 4-byte header; 36 bits from bit 108 on are the frame count.
    fields = int.from_bytes(data[18:26], "big") >> 36 << 36 | frames
    data[18:26] = fields.to_bytes(8, "big")
    return bytes(data)


def test_ten_hours_are_refused_by_the_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object, **__: object) -> None:
        raise AssertionError("samples were read")

    monkeypatch.setattr(soundfile.SoundFile, "read", read)
    path = tmp_path / "long.flac"
    path.write_bytes(flac_claiming(10 * 3600 * 16_000))
    with pytest.raises(AudioError, match=r"long\.flac lasts 600 minutes, more than the 280"):
        read_audio(path)


def write_bytes(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def write_samples(path: Path, samples: list[float], rate: int = 16_000) -> Path:
    soundfile.write(path, np.array(samples, np.float32), rate, subtype="FLOAT")
    return path


def test_what_is_no_recording(tmp_path: Path) -> None:
    text = write_bytes(tmp_path / "notes.wav", b"This is not a recording at all. " * 100)
    cut = write_bytes(tmp_path / "cut.wav", b"RIFF\x00\x00")
    cases: list[tuple[Path, str]] = [
        (tmp_path / "none.wav", r"there is no file .*none\.wav"),
        (tmp_path, "is a folder"),
        (text, r"notes\.wav cannot be read as audio"),
        (cut, r"cut\.wav cannot be read as audio"),
        (write_bytes(tmp_path / "zero.wav", b""), r"zero\.wav cannot be read as audio"),
        (write_bytes(tmp_path / "samples.raw", bytes(100)), r"samples\.raw cannot be read as audio"),
        (write_samples(tmp_path / "empty.wav", []), r"empty\.wav holds no sound"),
        (write_samples(tmp_path / "nan.wav", [0.0, float("nan"), 0.0]), r"nan\.wav holds samples that are not numbers"),
        (write_samples(tmp_path / "inf.wav", [0.0, float("inf"), 0.0]), r"inf\.wav holds samples that are not numbers"),
        (write_samples(tmp_path / "slow.wav", [0.0] * 10, rate=100), "sample rate of 100 Hz"),
    ]
    for path, message in cases:
        with pytest.raises(AudioError, match=message) as caught:
            read_audio(path)
        assert "\n" not in str(caught.value)
    with pytest.raises(AudioError, match="the audio stream cannot be read"):
        read_audio(io.BytesIO(b"nothing"))


def test_soundfile_is_needed_only_when_a_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(AudioError, match="pip install soundfile"):
        read_audio(tmp_path / "any.wav")


def test_writes_16_bit_wav(tmp_path: Path) -> None:
    audio = stereo(0.1, 24_000)
    path = tmp_path / "你好 out.wav"
    write_wav(path, audio, 24_000)
    with wave.open(str(path)) as file:
        assert file.getparams()[:4] == (2, 2, 24_000, 2400)
    samples, rate = read_audio(path)
    assert rate == 24_000
    assert np.abs(samples - audio).max() < 2.0**-15
    assert list(tmp_path.iterdir()) == [path]


def test_full_scale_does_not_wrap(tmp_path: Path) -> None:
    write_wav(tmp_path / "loud.wav", np.array([1.0, -1.0, 1.5, -7.0, 0.0], np.float32), 24_000)
    samples, _ = read_audio(tmp_path / "loud.wav")
    np.testing.assert_allclose(samples, [[1, -1, 1, -1, 0]], rtol=0, atol=2.0**-14)


class Pipe(io.RawIOBase):
    """A stream that can only be written to."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.data += bytes(data)
        return len(data)


def test_writes_to_a_pipe_what_it_writes_to_a_file(tmp_path: Path) -> None:
    pipe = Pipe()
    write_wav(pipe, stereo(0.1, 24_000)[0], 24_000)
    write_wav(tmp_path / "out.wav", stereo(0.1, 24_000)[0], 24_000)
    assert bytes(pipe.data) == (tmp_path / "out.wav").read_bytes()
    assert not pipe.closed


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_nothing_behind(
    failure: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.wav"
    path.write_bytes(b"what was there before")
    write_whole = wave.Wave_write.writeframesraw

    def write_half(file: wave.Wave_write, data: bytes) -> None:
        write_whole(file, data[: len(data) // 2])
        raise failure

    monkeypatch.setattr(wave.Wave_write, "writeframesraw", write_half)
    with pytest.raises((StorageError, KeyboardInterrupt)) as caught:
        write_wav(path, stereo(1.0, 24_000), 24_000)
    if isinstance(failure, OSError):
        assert caught.type is StorageError
        assert "No space left on device" in str(caught.value)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"what was there before"


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    audio = stereo(0.01, 24_000)
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "none" / "out.wav", tmp_path / "file" / "out.wav", tmp_path):
        with pytest.raises(StorageError, match="cannot write"):
            write_wav(path, audio, 24_000)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_device_is_written_to_and_not_replaced() -> None:
    with pytest.raises(StorageError, match="cannot write /dev/full"):
        write_wav("/dev/full", stereo(1.0, 24_000), 24_000)
    write_wav(os.devnull, stereo(0.01, 24_000), 24_000)
    assert not Path("/dev/full").is_file()
    assert not Path(os.devnull).is_file()


def test_what_is_not_finite_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="NaN"):
        write_wav(tmp_path / "out.wav", np.array([0.0, np.nan], np.float32), 24_000)
    assert not list(tmp_path.iterdir())


def test_a_wav_of_unknown_length_is_read_to_its_end(tmp_path: Path) -> None:
    audio = stereo(0.37, 22_050)[0]
    pieces = [pcm16(piece).astype("<i2").tobytes() for piece in np.split(audio, [1, 2_000, 2_001])]
    path = tmp_path / "stream.wav"
    path.write_bytes(b"".join([wav_header(22_050), *pieces]))
    write_wav(tmp_path / "whole.wav", audio, 22_050)
    expected = soundfile.read(tmp_path / "whole.wav")[0]
    for source in (path, io.BytesIO(path.read_bytes())):
        read, rate = soundfile.read(source)
        assert rate == 22_050
        assert np.array_equal(read, expected)
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22_050)
        assert file.readframes(file.getnframes()) == b"".join(pieces)


def test_pcm_of_what_is_no_number() -> None:
    with pytest.raises(AudioError, match="NaN"):
        pcm16(np.array([0.0, np.inf], np.float32))
