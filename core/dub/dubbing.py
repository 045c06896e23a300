"""Subtitles as a sound track of exactly a clip's length, in which no word is cut."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..audio.stretch import time_stretch
from ..errors import Cancelled, RequestError
from ..request import OnProgress, ShouldStop, SpeechRequest
from ..voice.voice import Voice
from .cast import Cast
from .cue import Cue
from .fit import FitOptions, Placement, place
from .lines import LONGEST, Line, spoken_lines
from .mix import onsets
from .parts import bounded, levelled
from .reference import cue_prompts
from .render import Renderer
from .report import LineReport
from .takes import Take, best_takes
from .track import Original, Track, with_original

REFERENCES = ("voice", "cue")
_MOST_BYTES = 6e9  # of the waveforms that are held at once


@dataclass(frozen=True)
class Dub:
    """audio: [C, S] float32 in ±1, as long as the clip. cues: what is heard when. lines: how each cue was made to fit.

    stems: each speaker alone, [S]. speech: all of them, [S], without the original sound.
    """

    audio: NDArray[np.float32]
    sample_rate: int
    cues: tuple[Cue, ...]
    lines: tuple[LineReport, ...]
    stems: Mapping[str, NDArray[np.float32]]
    speech: NDArray[np.float32]
    warnings: tuple[str, ...] = ()


def dub(
    renderer: Renderer,
    cues: Sequence[Cue],
    cast: Cast,
    *,
    length: float | None = None,
    source: tuple[NDArray[np.float32], int] | None = None,
    original: Original | None = None,
    reference: str = "voice",
    fit: FitOptions | None = None,
    base: SpeechRequest | None = None,
    narrator: str = "narrator",
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> Dub:
    """Speech for cues, in the order of their starts, each as near to its time as `fit` allows.

    length: of the clip in seconds; else that of `source`, else until all cues and all speech are over. source: the
    clip's own sound, [C, S] in ±1, and its rate, which then is the track's; original: what is heard of it under the
    speech.
    reference: "voice" speaks with the cast's voices, "cue" with the one that is heard in the source at each cue.
    base, narrator: as in `perform`. Raises TextError if there is nothing to say; RequestError for unknown speakers,
    what cannot fit where the policy says so, and a clip that all the speech is too long for.
    """
    fit = fit or FitOptions()
    if reference not in REFERENCES:
        raise RequestError(f"no reference {reference!r}: choose one of {', '.join(REFERENCES)}")
    if reference == "cue" and source is None:
        raise RequestError("voices can be taken from the original sound only if it is given: give it, or use voice")
    rate = (base.sample_rate if base else None) or (source[1] if source else renderer.engine.sample_rate)
    samples = _samples(length, source, rate)
    seconds = None if samples is None else samples / rate
    lines = spoken_lines(cues, cast, narrator, seconds, fit.gap)
    _check_size(lines, seconds, rate, 1 if source is None else len(source[0]))
    warnings = [f"cues without words, left out: {dropped}"] if (dropped := len(cues) - len(lines)) else []
    if reference == "cue" and source is not None:
        lines, more = _heard(renderer, lines, source, should_stop)
        warnings += more
    base = replace(base or SpeechRequest("", lines[0].member.voice), sample_rate=rate)
    takes = best_takes(renderer, lines, base, fit, seconds, on_progress, should_stop)
    placements = place([line.slot for line in lines], [take.seconds for take in takes], fit, length=seconds)
    track = _track(lines, takes, placements, base.gain_db, samples, rate)
    reports = tuple(
        LineReport(
            line.cue, start / rate, (start + len(part)) / rate, take.length.natural, take.speed, one.stretch, take.seed,
            one.steps, one.overflow,
        )
        for line, take, one, start, part in zip(lines, takes, placements, track.starts, track.parts, strict=True)
    )  # fmt: skip
    speech = track.speech()
    return Dub(
        audio=with_original(track, speech, source, original or Original()),
        sample_rate=rate,
        cues=tuple(
            replace(line.cue, start=report.start, end=report.end, text=line.words)
            for line, report in zip(lines, reports, strict=True)
        ),
        lines=reports,
        stems=track.stems(),
        speech=speech,
        warnings=(*warnings, *dict.fromkeys(_warnings(lines, takes))),
    )


def _track(
    lines: Sequence[Line],
    takes: Sequence[Take],
    placements: Sequence[Placement],
    gain_db: float,
    samples: int | None,
    rate: int,
) -> Track:
    """Takes where they belong, as long and as loud as they are to be. samples: of the track; None is what it takes."""
    speakers = [line.speaker for line in lines]
    gains = [gain_db + (line.member.style.gain or 0.0) for line in lines]
    stretched = [
        take.audio if one.stretch == 1.0 else time_stretch(take.audio, rate, one.stretch)
        for take, one in zip(takes, placements, strict=True)
    ]
    most = math.ceil(max(one.start + one.seconds for one in placements) * rate) + len(lines)
    sizes = [len(part) for part in stretched]
    starts = onsets(placements, sizes, rate, most if samples is None else samples)
    if samples is None:
        spoken = max(start + size for start, size in zip(starts, sizes, strict=True))
        samples = max(spoken, *(round(line.cue.end * rate) for line in lines))
    return Track(starts, bounded(starts, levelled(stretched, speakers, gains, rate), rate), speakers, samples, rate)


def _warnings(lines: Sequence[Line], takes: Sequence[Take]) -> Iterator[str]:
    """What concerns a line says so; what concerns a voice is said once."""
    for line, take in zip(lines, takes, strict=True):
        for warning in take.warnings:
            yield warning if warning in line.member.voice.warnings else f"{line.label}: {warning}"


def _samples(length: float | None, source: tuple[NDArray[np.float32], int] | None, rate: int) -> int | None:
    """How long the track is; None if nobody says. Raises RequestError."""
    if length is not None:
        if not 0 < length <= LONGEST:
            raise RequestError(f"the clip's length is {length:g} s: choose more than 0, and at most {LONGEST:g} s")
        return round(length * rate)
    if source is not None:
        return round(source[0].shape[-1] * rate / source[1])
    return None


def _check_size(lines: Sequence[Line], seconds: float | None, rate: int, channels: int) -> None:
    """Raises RequestError for a track that would fill the memory."""
    length = seconds if seconds is not None else max(line.cue.end for line in lines)
    needed = length * rate * (2 + 3 * channels) * np.dtype(np.float32).itemsize
    if needed > _MOST_BYTES:
        raise RequestError(
            f"a track of {length / 3600:.1f} h takes {needed / 1e9:.0f} GB of memory, and at most "
            f"{_MOST_BYTES / 1e9:.0f} GB may be used: cut the clip into parts, or choose a lower sample rate"
        )


def _heard(
    renderer: Renderer,
    lines: Sequence[Line],
    source: tuple[NDArray[np.float32], int],
    should_stop: ShouldStop | None,
) -> tuple[list[Line], list[str]]:
    """The lines, with the voices that the source has there, and warnings. Raises Cancelled."""
    voices: dict[str, Voice] = {}
    heard, warnings, doubts = [], [], []
    for line, prompt in zip(lines, cue_prompts([line.cue for line in lines], *source), strict=True):
        if should_stop is not None and should_stop():
            raise Cancelled("stopped on request")
        if prompt is None:
            warnings.append(f"{line.label}: nobody is heard in the original sound there, so the cast's voice is used")
            heard.append(line)
            continue
        if prompt.digest not in voices:
            voices[prompt.digest] = renderer.engine.clone(replace(prompt, warnings=()), name=line.label)
        doubts += [f"{line.label}: {warning}" for warning in prompt.warnings]
        heard.append(replace(line, member=replace(line.member, voice=voices[prompt.digest])))
    if doubts:
        more = f" ({len(doubts) - 1} more like this)" if len(doubts) > 1 else ""
        warnings.append(f"voices from the original sound may be poor: {doubts[0]}{more}")
    return heard, warnings
