"""Takes of lines: spoken at a speed that should fit, and again where it did not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from ..audio.level import gain
from ..mastering import pause
from ..request import OnProgress, Progress, ShouldStop, Speech, SpeechRequest
from ..voice.transcript import speaking_seconds
from ..voice.voice import Voice
from .fit import FitOptions, misfit
from .lines import Line
from .parts import AFTER, BEFORE, joined, trimmed
from .performance import request
from .render import Renderer
from .tempo import Length, alone, native_speeds

_ROUNDS = 3
# A line is spoken again if it is slower than it should be by more than the first, or faster by more than the second.
_TOO_SLOW, _TOO_FAST = 0.01, 0.1
_SPEEDS = (0.5, 2.0)  # that an engine can speak at
_PACES = (0.6, 1.7)  # of a voice, about the usual one


@dataclass(frozen=True)
class Take:
    """A line as it was spoken once. audio: [S] without silent ends.

    number: from 0; the first one has the request's own seed.
    """

    audio: NDArray[np.float32]
    seconds: float
    length: Length
    speed: float
    seed: int
    number: int
    warnings: tuple[str, ...]


def best_takes(
    renderer: Renderer,
    lines: Sequence[Line],
    base: SpeechRequest,
    options: FitOptions,
    seconds: float | None = None,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> list[Take]:
    """One take of every line, at the native speed that fits best. seconds: of the clip, None if it has no end.

    Of those that do not fit at any, as many are made as the options say, by other seeds; the best one is kept. The
    same seed at another speed is the same utterance, so what was said once tells how fast it must be.
    """

    def spoken(round: int, wanted: Sequence[tuple[int, int, float]]) -> list[Take]:
        tell = on_progress and (lambda now: on_progress(replace(now, segment=round, segments=_ROUNDS)))
        plans = [_Plan(lines[index], number, speed, base) for index, number, speed in wanted]
        return _spoken(renderer, plans, tell, should_stop)

    def unfit(index: int, take: Take) -> float:
        line, fixed = lines[index], take.length.fixed
        return misfit(take.length.natural - fixed, line.seconds - fixed, line.room - fixed, options)

    chosen = spoken(1, [(index, 0, alone(line, _predicted(line, base), options)) for index, line in enumerate(lines)])
    more = [
        (index, number, alone(lines[index], take.length, options))
        for index, take in enumerate(chosen)
        if unfit(index, take) > 0
        for number in range(1, options.best_of)
    ]
    for (index, _, _), other in zip(more, spoken(2, more), strict=True):
        if unfit(index, other) < unfit(index, chosen[index]):
            chosen[index] = other
    speeds = native_speeds(lines, [take.length for take in chosen], options, seconds)
    again = [
        (index, take.number, speed)
        for index, (take, speed) in enumerate(zip(chosen, speeds, strict=True))
        if not -_TOO_SLOW <= take.speed - speed <= _TOO_FAST
    ]
    for (index, _, _), take in zip(again, spoken(3, again), strict=True):
        chosen[index] = take
    if on_progress is not None:
        on_progress(Progress("speak", 1, 1, _ROUNDS, _ROUNDS))
    return chosen


def take_seed(seed: int, number: int) -> int:
    """The seed of a take: the first one has that of the request."""
    if not number:
        return seed
    return int(sha256(f"{seed} take {number}".encode()).hexdigest()[:12], 16)


def pace(voice: Voice) -> float:
    """How long a voice takes for its words, about what is usual: by its recording, if its words are known."""
    usual = speaking_seconds(voice.transcript or "")
    if not usual or not len(voice.recording):
        return 1.0
    return float(np.clip(len(voice.recording) / voice.sample_rate / usual, *_PACES))


class _Plan:
    """A line, said once: the requests of its passages."""

    def __init__(self, line: Line, number: int, speed: float, base: SpeechRequest) -> None:
        self.line, self.number, self.speed = line, number, speed
        self.requests = list(self._requests(base))
        own = line.member.style.seed
        self.seed = take_seed(base.seed if own is None else own, number)

    def _requests(self, base: SpeechRequest) -> Iterator[SpeechRequest]:
        for part in self.line.passages:
            asked = request(part.text, self.line.member, part.style, base)
            slowest, fastest = (
                min(_SPEEDS[0], asked.speed),
                max(_SPEEDS[1], asked.speed),
            )  # it may be asked for too much
            speed = min(max(asked.speed * self.speed, slowest), fastest)
            yield replace(asked, seed=take_seed(asked.seed, self.number), speed=speed)

    def take(self, speeches: Sequence[Speech]) -> Take:
        """What became of it: its passages one behind the other, pauses that were not asked for as fast as speech."""
        rate = speeches[0].sample_rate
        passages = self.line.passages
        parts = [
            trimmed(speech.audio, rate)[0] * np.float32(gain(part.style.gain or 0.0))
            for part, speech in zip(passages, speeches, strict=True)
        ]
        own = [0.0, *((pause(part.text) + BEFORE + AFTER) / self.speed for part in passages[:-1])]
        silences = [part.pause or silence for part, silence in zip(passages, own, strict=True)]
        audio, _ = joined(parts, [*silences, 0.0], rate)
        seconds, fixed = len(audio) / rate, _fixed(self.line)
        length = Length(fixed + (seconds - fixed) * self.speed, fixed)
        warnings = tuple(dict.fromkeys(warning for speech in speeches for warning in speech.warnings))
        return Take(audio, seconds, length, self.speed, self.seed, self.number, warnings)


def _predicted(line: Line, base: SpeechRequest) -> Length:
    """How long a line takes, by its text and its voice."""
    usual, fixed = pace(line.member.voice), _fixed(line)
    speech = sum(
        speaking_seconds(part.text) * usual / _speed(request(part.text, line.member, part.style, base))
        for part in line.passages
    )
    return Length(fixed + speech, fixed)


def _fixed(line: Line) -> float:
    """Seconds of silence that are asked for, and that stay at the ends."""
    return BEFORE + AFTER + sum(part.pause for part in line.passages)


def _speed(request: SpeechRequest) -> float:
    """What cannot be is refused by the engine, not by a division."""
    return max(0.01, request.speed)


def _spoken(
    renderer: Renderer, plans: Sequence[_Plan], on_progress: OnProgress | None, should_stop: ShouldStop | None
) -> list[Take]:
    speeches = iter(
        renderer.render(
            [one for plan in plans for one in plan.requests],
            labels=[plan.line.label for plan in plans for _ in plan.requests],
            on_progress=on_progress,
            should_stop=should_stop,
        )
    )
    return [plan.take([next(speeches) for _ in plan.requests]) for plan in plans]
