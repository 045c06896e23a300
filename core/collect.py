"""The consumer's end of a request: its events as they come, and all of them as one finished waveform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from .apart import apart
from .channel import Channel, Done, SegmentEnd, Sound
from .errors import Cancelled
from .mastering import finish, join
from .request import OnProgress, Progress, Segment, ShouldStop, Speech, SpeechRequest, StageTiming

_LOOK_SECONDS = 0.2  # between two looks at `should_stop`, and at what a keyboard interrupt left


def listen(
    channel: Channel, on_progress: OnProgress | None = None, should_stop: ShouldStop | None = None
) -> Iterator[Sound | SegmentEnd | Done]:
    """The events of a request as they come, progress told. Raises Cancelled if `should_stop` says so."""
    while True:
        event = channel.get(_LOOK_SECONDS)
        if should_stop is not None and should_stop():
            raise Cancelled("stopped on request")
        if isinstance(event, Progress):
            if on_progress is not None:
                on_progress(event)
        elif event is not None:
            yield event


def collect(
    request: SpeechRequest,
    channel: Channel,
    rate: int,
    *,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
    spoken: bool = True,
) -> Speech:
    """All of a request, whose model makes `rate` Hz. Raises what went wrong with it; whoever leaves early cancels it.

    spoken: between segments there are pauses as between sentences, not those of a recording.
    """
    audio: list[NDArray[np.float32]] = []
    ends: list[SegmentEnd] = []
    try:
        for event in listen(channel, on_progress, should_stop):
            if isinstance(event, Sound):
                audio.append(event.audio)
            elif isinstance(event, SegmentEnd):
                ends.append(event)
            elif event.error is not None:
                raise event.error
            else:
                return _finished(request, audio, ends, event.seconds, rate, spoken=spoken)
    except BaseException:
        channel.cancel()
        raise
    raise AssertionError("a request always ends")


def timings(seconds: Mapping[str, float], made: float) -> dict[str, StageTiming]:
    """Seconds of each stage, and of all together, beside the seconds of audio that were made."""
    spent = {**seconds, "total": sum(seconds.values())}
    return {stage: StageTiming(of, of / made if made else 0.0) for stage, of in spent.items()}


def segments(ends: Sequence[SegmentEnd], bounds: Sequence[int]) -> tuple[Segment, ...]:
    """What was said, where bounds are the first samples of each and the end of the last."""
    return tuple(
        Segment(end.text, np.array(end.speech_tokens, np.int32), start, stop)
        for end, (start, stop) in zip(ends, pairwise(bounds), strict=True)
    )


def _finished(
    request: SpeechRequest,
    audio: list[NDArray[np.float32]],
    ends: list[SegmentEnd],
    seconds: Mapping[str, float],
    rate: int,
    *,
    spoken: bool,
) -> Speech:
    started, target = perf_counter(), request.sample_rate or rate
    if spoken:
        joined, starts = join(audio, [end.text for end in ends], rate)
    else:
        joined, starts = np.concatenate(audio), [0, *np.cumsum([len(part) for part in audio])[:-1].tolist()]
    whole = apart(lambda: finish(joined, rate, gain_db=request.gain_db, sample_rate=target))
    bounds = [round(start * target / rate) for start in starts] + [len(whole)]
    spent = {**seconds, "finish": perf_counter() - started}
    warnings = (*request.voice.warnings, *(warning for end in ends for warning in end.warnings))
    return Speech(whole, target, segments(ends, bounds), timings(spent, len(whole) / target), warnings)
