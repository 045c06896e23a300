"""Takes of lines: spoken at a speed that should fit, and again where it did not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..mastering import pause
from ..request import OnProgress, Progress, ShouldStop, Speech, SpeechRequest
from ..text.front import speakable
from ..voice.transcript import speaking_seconds
from ..voice.voice import Voice
from .cast import Member
from .fit import FitOptions, Slot, misfit, native_speed
from .parts import AFTER, BEFORE, joined, trimmed
from .passages import Passage, passages
from .performance import request
from .render import Renderer

_ROUNDS = 3
_NEAR_ENOUGH = 0.03  # a speed that is off by less is not worth speaking again
_SPEEDS = (0.5, 2.0)  # that an engine can speak at
_PACES = (0.6, 1.7)  # of a voice, about the usual one


@dataclass(frozen=True)
class Line:
    """What is said in a cue, and by whom. label: what it is called in an error."""

    label: str
    text: str
    member: Member
    base: SpeechRequest
    slot: Slot
    room: float  # seconds until somebody else speaks


@dataclass(frozen=True)
class Take:
    """A line as it was spoken once. audio: [S] without silent ends. natural: seconds that it takes at speed 1."""

    audio: NDArray[np.float32]
    seconds: float
    natural: float
    speed: float
    seed: int
    warnings: tuple[str, ...]


def best_takes(
    renderer: Renderer,
    lines: Sequence[Line],
    options: FitOptions,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> list[Take]:
    """One take of every line, at the native speed that fits best.

    Of those that do not fit at any, as many are made as the options say, by other seeds; the best one is kept. The
    same seed at another speed is the same utterance, so what was said once tells how fast it must be.
    """

    def spoken(round: int, wanted: Sequence[tuple[Line, int, float]]) -> list[Take]:
        tell = on_progress and (lambda now: on_progress(replace(now, segment=round, segments=_ROUNDS)))
        return _spoken(renderer, wanted, tell, should_stop)

    def speed_of(line: Line, natural: float) -> float:
        return native_speed(natural, line.slot.end - line.slot.start, options)

    def unfit(line: Line, take: Take) -> float:
        return misfit(take.natural, line.slot.end - line.slot.start, line.room, options)

    chosen = spoken(1, [(line, 0, speed_of(line, _predicted(line))) for line in lines])
    more = [
        (index, number)
        for index, line in enumerate(lines)
        if unfit(line, chosen[index]) > 0
        for number in range(1, options.best_of)
    ]
    others = spoken(
        2, [(lines[index], number, speed_of(lines[index], chosen[index].natural)) for index, number in more]
    )
    for (index, _), other in zip(more, others, strict=True):
        if unfit(lines[index], other) < unfit(lines[index], chosen[index]):
            chosen[index] = other
    again = {
        index: speed
        for index, (line, take) in enumerate(zip(lines, chosen, strict=True))
        if abs((speed := speed_of(line, take.natural)) - take.speed) > _NEAR_ENOUGH
    }
    repeated = spoken(3, [(_seeded(lines[index], chosen[index]), 0, speed) for index, speed in again.items()])
    for index, take in zip(again, repeated, strict=True):
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


def _predicted(line: Line) -> float:
    """Seconds that a line takes, by its text and its voice."""
    parts = passages(line.text)
    return sum(
        part.pause
        + speaking_seconds(part.text)
        * pace(line.member.voice)
        / _speed(request(part.text, line.member, part.style, line.base))
        for part in parts
    )


def _speed(request: SpeechRequest) -> float:
    return max(request.speed, 0.01)


def _seeded(line: Line, take: Take) -> Line:
    """The line that says a take again."""
    return replace(line, base=replace(line.base, seed=take.seed), member=_unseeded(line.member))


def _unseeded(member: Member) -> Member:
    return replace(member, style=replace(member.style, seed=None))


def _spoken(
    renderer: Renderer,
    wanted: Sequence[tuple[Line, int, float]],
    on_progress: OnProgress | None,
    should_stop: ShouldStop | None,
) -> list[Take]:
    """Takes of lines: which line, which number of take, and how fast."""
    plans = [list(_requests(line, number, speed)) for line, number, speed in wanted]
    labels = [line.label for (line, _, _), plan in zip(wanted, plans, strict=True) for _ in plan]
    speeches = iter(
        renderer.render(
            [one for plan in plans for _, one in plan], labels=labels, on_progress=on_progress, should_stop=should_stop
        )
    )
    return [
        _take(line, number, speed, [(part, next(speeches)) for part, _ in plan])
        for (line, number, speed), plan in zip(wanted, plans, strict=True)
    ]


def _requests(line: Line, number: int, speed: float) -> Iterator[tuple[Passage, SpeechRequest]]:
    for part in passages(line.text):
        if speakable(part.text):
            asked = request(part.text, line.member, part.style, line.base)
            fast = float(np.clip(asked.speed * speed, *_SPEEDS))
            yield part, replace(asked, seed=take_seed(asked.seed, number), speed=fast)


def _take(line: Line, number: int, speed: float, spoken: Sequence[tuple[Passage, Speech]]) -> Take:
    rate = spoken[0][1].sample_rate
    parts = [trimmed(speech.audio, rate) for _, speech in spoken]
    silences = [0.0]
    for (part, _), (following, _) in pairwise(spoken):
        silences.append(following.pause or pause(part.text) + BEFORE + AFTER)
    audio, _ = joined(parts, [*silences, 0.0], rate)
    speech = sum(map(len, parts)) / rate
    seconds = len(audio) / rate
    seed = take_seed(line.member.style.seed if line.member.style.seed is not None else line.base.seed, number)
    warnings = tuple(dict.fromkeys(warning for _, one in spoken for warning in one.warnings))
    return Take(audio, seconds, seconds + speech * (speed - 1.0), speed, seed, warnings)
