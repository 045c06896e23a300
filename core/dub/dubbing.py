"""Subtitles as a sound track of exactly a clip's length, in which no word is cut."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..audio.stretch import time_stretch
from ..errors import RequestError, TextError
from ..request import OnProgress, ShouldStop, SpeechRequest
from ..text.front import speakable
from ..voice.voice import Voice
from .cast import Cast, Member
from .cue import Cue
from .fit import FitOptions, Slot, place
from .mix import onsets
from .parts import levelled
from .reference import cue_prompts
from .render import Renderer
from .report import LineReport
from .takes import Line, best_takes
from .track import Original, Track, with_original

REFERENCES = ("voice", "cue")
_LONGEST = 48 * 3600.0  # seconds of a track
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

    length: of the clip in seconds; else that of `source`, else as long as it takes. source: the clip's own sound,
    [C, S] in ±1, and its rate, which then is the track's; original: what is heard of it under the speech.
    reference: "voice" speaks with the cast's voices, "cue" with the one that is heard in the source at each cue.
    base, narrator: as in `perform`. Raises TextError if there is nothing to say; RequestError for unknown speakers,
    what cannot fit where the policy says so, and a clip that all the speech is too long for.
    """
    fit = fit or FitOptions()
    said = sorted((cue for cue in cues if speakable(cue.text)), key=lambda cue: cue.start)
    if not said:
        raise TextError("the subtitles have no cue with words: there is nothing to say")
    if reference not in REFERENCES:
        raise RequestError(f"no reference {reference!r}: choose one of {', '.join(REFERENCES)}")
    if reference == "cue" and source is None:
        raise RequestError("voices can be taken from the original sound only if it is given: give it, or use voice")
    rate = (base.sample_rate if base else None) or (source[1] if source else renderer.engine.sample_rate)
    samples = _samples(length, source, rate)
    seconds = None if samples is None else samples / rate
    _check_times(said, seconds)
    _check_size(said, seconds, rate, 1 if source is None else len(source[0]))
    labels = [_label(number, cue) for number, cue in enumerate(said, 1)]
    members = [cast.member(cue.speaker, label) for cue, label in zip(said, labels, strict=True)]
    warnings: list[str] = []
    if dropped := len(cues) - len(said):
        warnings.append(f"{dropped} cues have no words and were left out")
    if reference == "cue" and source is not None:
        members = _heard(renderer, said, members, labels, source, warnings)
    base = replace(base or SpeechRequest("", members[0].voice), sample_rate=rate)
    slots = [Slot(cue.start, cue.end) for cue in said]
    lines = [
        Line(label, cue.text, member, base, slot, room)
        for label, cue, member, slot, room in zip(
            labels, said, members, slots, _rooms(slots, seconds, fit), strict=True
        )
    ]
    chosen = best_takes(renderer, lines, fit, on_progress, should_stop)
    placements = place(slots, [take.seconds for take in chosen], fit, length=seconds)
    parts = [
        take.audio if one.stretch == 1.0 else time_stretch(take.audio, rate, one.stretch)
        for take, one in zip(chosen, placements, strict=True)
    ]
    speakers = [cue.speaker or narrator for cue in said]
    gains = [base.gain_db + (member.style.gain or 0.0) for member in members]
    if samples is None:
        samples = max(math.ceil((one.start + one.seconds) * rate) for one in placements) + len(parts)
    starts = onsets(placements, [len(part) for part in parts], rate, samples)
    track = Track(starts, levelled(parts, speakers, gains, rate), speakers, samples, rate)
    speech = track.speech()
    reports = tuple(
        LineReport(
            cue, start / rate, (start + len(part)) / rate, take.natural, take.speed, one.stretch, take.seed, one.steps,
            one.overflow,
        )
        for cue, start, part, take, one in zip(said, starts, parts, chosen, placements, strict=True)
    )  # fmt: skip
    return Dub(
        audio=with_original(track, speech, source, original or Original()),
        sample_rate=rate,
        cues=tuple(replace(line.cue, start=line.start, end=line.end) for line in reports),
        lines=reports,
        stems=track.stems(),
        speech=speech,
        warnings=(*warnings, *dict.fromkeys(warning for take in chosen for warning in take.warnings)),
    )


def _samples(length: float | None, source: tuple[NDArray[np.float32], int] | None, rate: int) -> int | None:
    """How long the track is; None if nobody says. Raises RequestError."""
    if length is not None:
        if not 0 < length <= _LONGEST:
            raise RequestError(f"the clip's length is {length:g} s: choose more than 0, and at most {_LONGEST:g} s")
        return round(length * rate)
    if source is not None:
        return round(source[0].shape[-1] * rate / source[1])
    return None


def _check_times(cues: Sequence[Cue], seconds: float | None) -> None:
    """Raises RequestError for cues that begin where the clip is over."""
    late = [cue for cue in cues if cue.start >= (_LONGEST if seconds is None else seconds)]
    if late and seconds is not None:
        raise RequestError(
            f"the clip ends at {seconds:.2f} s, and {len(late)} cues begin behind that, the first at "
            f"{late[0].start:.2f} s: give the clip that the subtitles are for, or shift them"
        )
    if late:
        raise RequestError(f"a cue begins at {late[0].start:.0f} s: tracks of more than {_LONGEST:g} s are not made")


def _check_size(cues: Sequence[Cue], seconds: float | None, rate: int, channels: int) -> None:
    """Raises RequestError for a track that would fill the memory: each speaker has one of the whole length, too."""
    length = seconds if seconds is not None else max(cue.end for cue in cues)
    waveforms = len({cue.speaker for cue in cues}) + 1 + 2 * channels
    needed = length * rate * waveforms * np.dtype(np.float32).itemsize
    if needed > _MOST_BYTES:
        raise RequestError(
            f"a track of {length / 3600:.1f} h with its stems takes {needed / 1e9:.0f} GB of memory, and at most "
            f"{_MOST_BYTES / 1e9:.0f} GB may be used: cut the clip into parts, or choose a lower sample rate"
        )


def _label(number: int, cue: Cue) -> str:
    return f"cue {number}" + (f" (line {cue.line})" if cue.line else "")


def _rooms(slots: Sequence[Slot], seconds: float | None, fit: FitOptions) -> list[float]:
    """Seconds from each slot's start until somebody else speaks."""
    ends = [slot.start - fit.gap for slot in slots[1:]] + [seconds if seconds is not None else math.inf]
    return [max(0.0, end - slot.start) for slot, end in zip(slots, ends, strict=True)]


def _heard(
    renderer: Renderer,
    cues: Sequence[Cue],
    members: Sequence[Member],
    labels: Sequence[str],
    source: tuple[NDArray[np.float32], int],
    warnings: list[str],
) -> list[Member]:
    """The members, with the voices that the source has at their cues."""
    voices: dict[str, Voice] = {}
    heard = []
    for label, member, prompt in zip(labels, members, cue_prompts(cues, *source), strict=True):
        if prompt is None:
            warnings.append(f"{label}: nobody is heard in the original sound there, so the voice of the cast is used")
            heard.append(member)
            continue
        if prompt.digest not in voices:
            voices[prompt.digest] = renderer.engine.clone(prompt, name=label)
        heard.append(replace(member, voice=voices[prompt.digest]))
    return heard
