"""ComfyUI's VIDEO: how long it is, what is heard in it, and the same pictures with another sound.

PyAV, which reads and writes clips, is part of ComfyUI and imported when there is a clip.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from comfy_api.latest import InputImpl
from numpy.typing import NDArray

from ..core import AudioError
from . import comfy
from .audio import audio_out, samples_in

_BLOCK = 1 << 16  # samples that are encoded at once
_AAC_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000)
_AAC_RATE = 48_000  # where the track has another one
_MP4 = ("mp4", "mov")


def seconds_of(video: Any) -> float:
    """How long its pictures last. Its sound may be longer or shorter."""
    if isinstance(video, InputImpl.VideoFromComponents):
        return float(video.get_duration())
    import av

    start, duration = _window(video)
    with av.open(video.get_stream_source()) as clip:
        picture = _picture(clip)
        if picture.duration is None:
            return float(video.get_duration())
        seconds = float(picture.duration * picture.time_base)
    return min(seconds - start, duration) if duration else seconds - start


def sound_of(video: Any) -> tuple[NDArray[np.float32], int] | None:
    """Its sound [C, S] and rate in Hz, from its first picture on; None if it has none."""
    if isinstance(video, InputImpl.VideoFromComponents):
        audio = video.get_components().audio
        if audio is None:
            return None
        batch, rate = samples_in(audio, "the video's sound")
        return batch[0], rate
    import av

    start, duration = _window(video)
    with av.open(video.get_stream_source()) as clip:
        stream = next((stream for stream in clip.streams.audio if stream.codec_context is not None), None)
        if stream is None:
            return None
        rate, layout = stream.codec_context.sample_rate, stream.codec_context.layout
        resampler = av.AudioResampler(format="fltp", layout=layout, rate=rate)
        parts: list[NDArray[np.float32]] = []
        first: float | None = None
        for frame in clip.decode(stream):
            if duration and frame.time is not None and frame.time >= start + duration:
                break
            if first is None:
                first = frame.time or 0.0
            parts += [part.to_ndarray() for part in resampler.resample(frame)]
    if first is None:
        return None
    samples = np.concatenate(parts, axis=1)
    late = round((first - start) * rate)
    samples = np.pad(samples, ((0, 0), (late, 0))) if late > 0 else samples[:, -late:]
    samples = samples[:, : round(duration * rate)] if duration else samples
    return (np.ascontiguousarray(samples, np.float32), rate) if samples.size else None


def with_sound(video: Any, samples: NDArray[np.float32], rate: int) -> Any:
    """The clip with samples [C, S] at `rate` Hz as its only sound; the pictures of a file are copied, not encoded anew.

    Raises AudioError for a file whose pictures cannot be copied.
    """
    if isinstance(video, InputImpl.VideoFromComponents):
        audio = audio_out([samples], rate)
        components = replace(video.get_components(), audio=audio)
        depth = {"bit_depth": video.get_bit_depth()} if hasattr(video, "get_bit_depth") else {}
        return InputImpl.VideoFromComponents(components, **depth)
    import av

    start, duration = _window(video)
    with av.open(video.get_stream_source()) as clip:
        # A container that holds almost anything, for what MP4 does not hold.
        suffix, form = ("mp4", "mp4") if set(_MP4) & set(clip.format.name.split(",")) else ("mkv", "matroska")
        path = comfy.temp_folder() / f"cosyvox_{uuid.uuid4().hex}.{suffix}"
        try:
            with av.open(str(path), "w", format=form) as out:
                picture = _picture(clip)
                copied = out.add_stream_from_template(picture, opaque=True)
                _copy(clip.demux(picture), copied, _encoded(samples, rate, start, out), out)
        except (av.error.FFmpegError, ValueError) as error:
            path.unlink(missing_ok=True)
            raise AudioError(f"the clip's pictures cannot be copied ({error}): convert it to MP4 first") from error
    # An older ComfyUI knows no parts of a clip.
    return InputImpl.VideoFromFile(
        str(path), **({"start_time": start, "duration": duration} if start or duration else {})
    )


def _window(video: Any) -> tuple[float, float]:
    """From which second on, and for how many; 0 is until the end."""
    asked = getattr(video, "get_active_trim_window", None)
    return asked() if asked else (0.0, 0.0)


def _picture(clip: Any) -> Any:
    if not clip.streams.video:
        raise AudioError("the video has no pictures: link its sound as audio instead")
    return clip.streams.video[0]


def _copy(pictures: Iterable[Any], stream: Any, sound: Iterator[Any], out: Any) -> None:
    """Packets of pictures into a stream of `out`, those of sound between them so that neither is long ahead."""
    waiting = next(sound, None)
    for packet in pictures:
        if packet.dts is None:
            continue
        while waiting is not None and waiting.dts * waiting.time_base <= packet.dts * packet.time_base:
            out.mux(waiting)
            waiting = next(sound, None)
        packet.stream = stream
        out.mux(packet)
    while waiting is not None:
        out.mux(waiting)
        waiting = next(sound, None)


def _encoded(samples: NDArray[np.float32], rate: int, start: float, out: Any) -> Iterator[Any]:
    """Packets of samples, as AAC in a stream of `out`, from `start` seconds on. The stream is added at once."""
    import av

    target = rate if rate in _AAC_RATES else _AAC_RATE
    layout = "stereo" if len(samples) > 1 else "mono"
    stream = out.add_stream("aac", rate=target, layout=layout)
    resampler = av.AudioResampler(format="fltp", layout=layout, rate=target)

    def packets() -> Iterator[Any]:
        offset = round(start * target)
        for begin in range(0, samples.shape[1], _BLOCK):
            block = np.ascontiguousarray(samples[:2, begin : begin + _BLOCK], np.float32)
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, begin, Fraction(1, rate)
            for part in resampler.resample(frame):
                part.pts += offset
                yield from stream.encode(part)
        for part in resampler.resample(None):
            part.pts += offset
            yield from stream.encode(part)
        yield from stream.encode(None)

    return packets()
