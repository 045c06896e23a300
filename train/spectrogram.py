"""Pictures of speech: log-mel spectrograms, one above the other, as PNG (RFC 2083) without any library."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ..core.audio.mel import mel_spectrogram
from .config import MEL

_SCALE = 3  # pixels per mel bin and frame
_GAP = 6  # white pixels between two spectrograms
_RANGE = 8.0  # nepers below the loudest that are still seen
# From silence to loudest; what is between is mixed.
_COLOURS = np.array([(0, 0, 20), (60, 10, 110), (180, 40, 100), (250, 140, 40), (255, 250, 200)], np.float64)


def write_spectrograms(path: Path, audios: Sequence[NDArray[np.float32]]) -> None:
    """audios [S] at 24 kHz, the first on top; time runs to the right, 50 frames a second, 0-8 kHz upwards."""
    pictures = [_picture(audio) for audio in audios]
    width = max(picture.shape[1] for picture in pictures)
    rows: list[NDArray[np.uint8]] = []
    for picture in pictures:
        padding = ((0, _GAP if picture is not pictures[-1] else 0), (0, width - picture.shape[1]), (0, 0))
        rows.append(np.pad(picture, padding, constant_values=255))
    path.write_bytes(png(np.concatenate(rows)))


def png(pixels: NDArray[np.uint8]) -> bytes:
    """pixels [height, width, 3], red, green, blue -> a PNG file."""
    height, width = pixels.shape[:2]
    unfiltered = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], 1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits, true colour
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(unfiltered.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _picture(audio: NDArray[np.float32]) -> NDArray[np.uint8]:
    mel = mel_spectrogram(torch.from_numpy(audio)[None], MEL)[0].numpy()[::-1]  # low frequencies at the bottom
    heat = np.clip((mel - mel.max()) / _RANGE + 1, 0, 1) * (len(_COLOURS) - 1)
    steps = np.arange(len(_COLOURS))
    colours = np.stack([np.interp(heat, steps, _COLOURS[:, channel]) for channel in range(3)], -1)
    return colours.round().astype(np.uint8).repeat(_SCALE, 0).repeat(_SCALE, 1)
