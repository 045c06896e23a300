"""Small clips: pictures that can be told apart, and a tone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np

FPS = 25


def make_clip(
    path: Path,
    *,
    seconds: float = 2.0,
    sound: float | None = 2.0,
    rate: int = 44_100,
    begins: float = 0.0,
    codec: str = "mpeg4",
    sound_codec: str = "aac",
) -> Path:
    """64 x 48 at FPS, brighter with every picture. sound: seconds of 440 Hz in stereo, `begins` seconds late."""
    with av.open(str(path), "w") as out:
        pictures = out.add_stream(codec, rate=FPS)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        tone = out.add_stream(sound_codec, rate=rate, layout="stereo") if sound else None
        for number in range(round(seconds * FPS)):
            image = np.full((48, 64, 3), number * 4 % 256, np.uint8)
            out.mux(pictures.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(pictures.encode(None))
        if tone is not None and sound is not None:
            wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(round(sound * rate)) / rate)
            frame = av.AudioFrame.from_ndarray(np.stack([wave, wave]).astype(np.float32), "fltp", "stereo")
            frame.sample_rate, frame.pts = rate, round(begins * rate)
            resampler = av.AudioResampler(format=tone.codec_context.format, layout="stereo", rate=rate)
            for part in resampler.resample(frame):
                out.mux(tone.encode(part))
            out.mux(tone.encode(None))
    return path


def pictures_of(path: Path) -> list[tuple[float, bytes]]:
    """Time and content of every packet of pictures."""
    with av.open(str(path)) as clip:
        stream = clip.streams.video[0]
        packets = [packet for packet in clip.demux(stream) if packet.dts is not None]
        return [(float(packet.pts * packet.time_base), bytes(packet)) for packet in packets]


def sound_in(path: Path) -> tuple[np.ndarray[Any, Any], int]:
    """All of its first sound [C, S], from time 0 on, and the rate."""
    with av.open(str(path)) as clip:
        stream = clip.streams.audio[0]
        resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=stream.rate)
        frames = list(clip.decode(stream))
        first = frames[0].time or 0.0
        wave = np.concatenate([part.to_ndarray() for frame in frames for part in resampler.resample(frame)], axis=1)
        return np.pad(wave, ((0, 0), (max(0, round(first * stream.rate)), 0))), stream.rate
