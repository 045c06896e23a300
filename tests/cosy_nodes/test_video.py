"""Clips: their length and sound, and the same pictures with another sound."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from comfy_api.latest import InputImpl, Types
from cosyvox.core import AudioError
from cosyvox.cosy_nodes.video import seconds_of, sound_of, with_sound

pytest.importorskip("av", reason="PyAV comes with ComfyUI")
from clips import FPS, make_clip, pictures_of, sound_in


def tone(seconds: float, rate: int, frequency: float = 1000.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate), dtype=np.float32) / rate)[None]


def loudest(wave: np.ndarray, rate: int) -> float:
    """Hz"""
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return float(spectrum.argmax() * rate / len(wave))


@pytest.mark.parametrize("sound", [1.5, 3.0, None])
def test_a_clip_is_as_long_as_its_pictures(tmp_path: Path, sound: float | None) -> None:
    clip = InputImpl.VideoFromFile(str(make_clip(tmp_path / "a.mp4", seconds=2.0, sound=sound)))
    assert seconds_of(clip) == pytest.approx(2.0, abs=1e-3)


def test_a_part_of_a_clip(tmp_path: Path) -> None:
    path = str(make_clip(tmp_path / "a.mp4", seconds=2.0))
    part = InputImpl.VideoFromFile(path, start_time=0.5, duration=1.0)
    assert seconds_of(part) == pytest.approx(1.0, abs=1e-3)
    assert seconds_of(InputImpl.VideoFromFile(path, start_time=0.5)) == pytest.approx(1.5, abs=1e-3)
    heard = sound_of(part)
    assert heard is not None
    samples, rate = heard
    assert rate == 44_100 and samples.shape == (2, 44_100)
    assert loudest(samples[0], rate) == pytest.approx(440, abs=2)


def test_sound_that_begins_late_stays_late(tmp_path: Path) -> None:
    """Matroska keeps the time of the first packet as it is."""
    path = make_clip(tmp_path / "a.mkv", sound=1.0, begins=0.5)
    heard = sound_of(InputImpl.VideoFromFile(str(path)))
    assert heard is not None
    samples, rate = heard
    assert np.abs(samples[:, : round(0.45 * rate)]).max() == 0
    assert np.abs(samples[:, round(0.55 * rate) : rate]).max() > 0.2


def test_a_clip_without_sound(tmp_path: Path) -> None:
    assert sound_of(InputImpl.VideoFromFile(str(make_clip(tmp_path / "a.mp4", sound=None)))) is None
    images = torch.zeros(5, 8, 8, 3)
    assert sound_of(InputImpl.VideoFromComponents(Types.VideoComponents(images, Fraction(5)))) is None


@pytest.mark.parametrize(
    ("name", "codec", "sound_codec", "out"),
    [
        ("a.mp4", "mpeg4", "aac", ".mp4"),
        ("a.mov", "mpeg4", "aac", ".mp4"),
        ("a.mkv", "mpeg4", "aac", ".mkv"),
        ("a.webm", "libvpx", "libopus", ".mkv"),
    ],
)
def test_the_pictures_are_copied_and_the_sound_is_replaced(
    comfyui: Path, name: str, codec: str, sound_codec: str, out: str
) -> None:
    path = make_clip(comfyui / "input" / name, codec=codec, sound_codec=sound_codec, rate=48_000)
    before = path.read_bytes()
    made = with_sound(InputImpl.VideoFromFile(str(path)), tone(2.0, 24_000), 24_000)
    file = Path(made.get_stream_source())
    assert file.parent == comfyui / "temp" and file.suffix == out
    old, new = pictures_of(path), pictures_of(file)
    assert [packet for _, packet in new] == [packet for _, packet in old], "not encoded anew"
    np.testing.assert_allclose([time for time, _ in new], [time for time, _ in old], atol=2e-3)
    samples, rate = sound_in(file)
    assert samples.shape[0] == 1 and samples.shape[1] / rate == pytest.approx(2.0, abs=0.1)
    assert loudest(samples[0, rate // 4 : rate], rate) == pytest.approx(1000, abs=4)
    assert path.read_bytes() == before


def test_speech_is_heard_when_it_should_be(comfyui: Path) -> None:
    """Against the pictures, to a hundredth of a second."""
    path = make_clip(comfyui / "input" / "a.mp4", seconds=4.0)
    wave = np.concatenate([np.zeros((1, 48_000), np.float32), tone(1.0, 24_000)], axis=1)
    samples, rate = sound_in(Path(with_sound(InputImpl.VideoFromFile(str(path)), wave, 24_000).get_stream_source()))
    first = np.flatnonzero(np.abs(samples[0]) > 0.1)[0] / rate
    assert first == pytest.approx(2.0, abs=0.01)


def test_a_part_of_a_clip_is_given_its_sound_where_it_begins(comfyui: Path) -> None:
    path = make_clip(comfyui / "input" / "a.mkv", seconds=4.0, sound=None)
    part = InputImpl.VideoFromFile(str(path), start_time=1.0, duration=2.0)
    made = with_sound(part, tone(2.0, 24_000), 24_000)
    assert made.get_active_trim_window() == (1.0, 2.0)
    heard = sound_of(made)
    assert heard is not None
    assert loudest(heard[0][0], heard[1]) == pytest.approx(1000, abs=2)
    assert heard[0].shape[1] == pytest.approx(48_000, abs=1100)
    assert np.abs(heard[0][0, 2000:40_000]).reshape(-1, 1000).max(axis=1).min() > 0.3


@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000, 23_000])
def test_any_rate_and_two_channels(comfyui: Path, rate: int) -> None:
    path = make_clip(comfyui / "input" / "a.mp4")
    wave = np.concatenate([tone(2.0, rate, 500.0), tone(2.0, rate, 800.0)])
    samples, out = sound_in(Path(with_sound(InputImpl.VideoFromFile(str(path)), wave, rate).get_stream_source()))
    quarter = slice(out // 2, out)
    assert [loudest(channel[quarter], out) for channel in samples] == pytest.approx([500, 800], abs=8)


def test_a_clip_of_images_stays_one(comfyui: Path) -> None:
    images = torch.rand(2 * FPS, 8, 8, 3)
    clip = InputImpl.VideoFromComponents(Types.VideoComponents(images, Fraction(FPS), metadata={"a": 1}), bit_depth=10)
    assert seconds_of(clip) == 2.0
    made = with_sound(clip, tone(2.0, 24_000), 24_000)
    components = made.get_components()
    assert components.images is images and components.metadata == {"a": 1} and made.get_bit_depth() == 10
    assert components.audio["waveform"].shape == (1, 1, 48_000)
    heard = sound_of(made)
    assert heard is not None and heard[1] == 24_000
    assert clip.get_components().audio is None, "the clip that was given is as it was"


def test_a_sound_file_is_no_clip(comfyui: Path, prompt_wav: Path) -> None:
    clip = InputImpl.VideoFromFile(str(prompt_wav))
    with pytest.raises(AudioError, match="no pictures"):
        seconds_of(clip)
    with pytest.raises(AudioError, match="no pictures"):
        with_sound(clip, tone(1.0, 24_000), 24_000)
    assert list((comfyui / "temp").iterdir()) == []
