"""What is measured of an utterance, and the pictures beside it."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from cosyvox.train.flite import RATE
from cosyvox.train.judge import clipped, median_f0
from cosyvox.train.spectrogram import png, write_spectrograms
from numpy.typing import NDArray


def voice(f0: float, seconds: float = 1.0) -> NDArray[np.float32]:
    phase = 2 * np.pi * f0 * np.arange(round(seconds * RATE)) / RATE
    return (0.2 * sum(np.sin(k * phase) / k for k in range(1, 9))).astype(np.float32)


@pytest.mark.parametrize("f0", [90.0, 171.0, 260.0])
def test_median_f0(f0: float) -> None:
    silence = np.zeros(RATE, np.float32)
    assert median_f0(np.concatenate([silence, voice(f0)])) == pytest.approx(f0, rel=0.01)
    assert median_f0(silence) == 0


def test_clipped() -> None:
    sound = voice(100.0)
    assert clipped(sound) == 0
    assert clipped(sound * np.float32(0.995 / np.abs(sound).max())) > 0
    flattened = np.clip(sound, -0.3, 0.3)
    assert clipped(flattened) == pytest.approx(np.mean(np.abs(sound) >= 0.3), rel=0.1)
    assert clipped(flattened * np.float32(0.5)) == clipped(flattened), "setting the level hides nothing"


def test_png() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    data = png(pixels)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, position = {}, 8
    while position < len(data):
        (size,) = struct.unpack_from(">I", data, position)
        name, body = data[position + 4 : position + 8], data[position + 8 : position + 8 + size]
        assert struct.unpack_from(">I", data, position + 8 + size) == (zlib.crc32(name + body),)
        chunks[name], position = body, position + 12 + size
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    assert struct.unpack(">II", chunks[b"IHDR"][:8]) == (7, 5)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(5, 1 + 7 * 3)
    assert (rows[:, 0] == 0).all() and (rows[:, 1:].reshape(5, 7, 3) == pixels).all()


def test_spectrograms_are_one_picture(tmp_path: Path) -> None:
    write_spectrograms(tmp_path / "two.png", [voice(100.0), voice(200.0, seconds=1.5)])
    width, height = struct.unpack_from(">II", (tmp_path / "two.png").read_bytes(), 16)
    assert (width, height) == (3 * 75, 2 * 3 * 80 + 6)
