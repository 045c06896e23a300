"""A script as sound: turns of several voices, one behind the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..audio.level import gain, limit_peak
from ..errors import TextError
from ..mastering import pause
from ..request import OnProgress, ShouldStop, Speech, SpeechRequest
from ..text.front import speakable
from .cast import Cast, Member, speaker_names
from .cue import Cue
from .parts import AFTER, BEFORE, joined, levelled, trimmed
from .passages import Passage, Style
from .render import Renderer
from .script import Turn


@dataclass(frozen=True)
class Performance:
    """audio: [S] float32 in ±1. cues: what was said when. stems: each speaker alone, [S]; their sum is the audio."""

    audio: NDArray[np.float32]
    sample_rate: int
    cues: tuple[Cue, ...]
    stems: Mapping[str, NDArray[np.float32]]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Item:
    """A passage, who says it, and the silence in front of it."""

    passage: Passage
    speaker: str
    member: Member
    line: int
    silence: float


def perform(
    renderer: Renderer,
    turns: Sequence[Turn],
    cast: Cast,
    *,
    gap: float = 0.3,
    base: SpeechRequest | None = None,
    narrator: str = "narrator",
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> Performance:
    """Turns one behind the other, `gap` seconds between two of them.

    base: a request whose seed, speed, language, instruction, lexicon, gain_db, sample_rate and dtype hold where
    neither a member's style nor the text says otherwise; its text and voice are not looked at. narrator: what the
    stem is called of what nobody is named for. Raises TextError if there is nothing to say, RequestError for unknown
    speakers, and what `Renderer.render` does.
    """
    items, ending = _items(turns, cast, gap, narrator)
    if not items:
        raise TextError("the text has no letters or digits: there is nothing to say")
    requests = [request(item.passage.text, item.member, item.passage.style, base) for item in items]
    spoken = renderer.render(
        requests,
        labels=[f"line {item.line}" for item in items] if len(turns) > 1 else None,
        on_progress=on_progress,
        should_stop=should_stop,
    )
    rate = spoken[0].sample_rate
    cut = [trimmed(speech.audio, rate) for speech in spoken]
    audio, starts = _laid(items, [part for part, _ in cut], base.gain_db if base else 0.0, ending, rate)
    stems = {item.speaker: np.zeros(len(audio), np.float32) for item in items}
    cues: list[Cue] = []
    for item, speech, start, (part, first) in zip(items, spoken, starts, cut, strict=True):
        stop = start + len(part)
        stems[item.speaker][start:stop] = audio[start:stop]
        cues += _cues(item, speech, start - first, (start, stop), rate, named=len(stems) > 1)
    warnings = dict.fromkeys(
        warning if len(turns) == 1 or warning in item.member.voice.warnings else f"line {item.line}: {warning}"
        for item, speech in zip(items, spoken, strict=True)
        for warning in speech.warnings
    )
    return Performance(audio, rate, tuple(cues), stems, tuple(warnings))


def request(text: str, member: Member, style: Style, base: SpeechRequest | None = None) -> SpeechRequest:
    """What is asked of the engine for a text: its own style before the member's, before that of the whole.

    Loudness is left to whoever puts utterances together.
    """
    base = base or SpeechRequest("", member.voice)
    own = member.style
    seed = next((seed for seed in (style.seed, own.seed) if seed is not None), base.seed)
    return replace(
        base,
        text=text,
        voice=member.voice,
        seed=seed,
        speed=base.speed * (own.speed or 1.0) * (style.speed or 1.0),
        instruction=style.instruct or own.instruct or base.instruction,
        language=style.language or own.language or base.language,
        gain_db=0.0,
    )


def _items(turns: Sequence[Turn], cast: Cast, gap: float, narrator: str) -> tuple[list[_Item], float]:
    """What is spoken, and the silence behind it. Raises RequestError."""
    items: list[_Item] = []
    silence = 0.0
    speakers = speaker_names([turn.speaker for turn in turns], narrator)
    for number, (turn, speaker) in enumerate(zip(turns, speakers, strict=True)):
        member = cast.member(turn.speaker, f"line {turn.line}")
        first = True
        for passage in turn.passages:
            silence += passage.pause
            if not speakable(passage.text):
                continue
            if not silence and items:
                silence = gap if first and number else pause(items[-1].passage.text) + BEFORE + AFTER
            items.append(_Item(passage, speaker, member, turn.line, silence))
            first, silence = False, 0.0
    return items, silence


def _laid(
    items: Sequence[_Item], parts: Sequence[NDArray[np.float32]], gain_db: float, ending: float, rate: int
) -> tuple[NDArray[np.float32], list[int]]:
    """The whole track, and where each part of it begins. Between two parts, the silence that is heard is as asked."""
    speakers = [item.speaker for item in items]
    gains = [gain_db + (item.member.style.gain or 0.0) + (item.passage.style.gain or 0.0) for item in items]
    # One voice alone was levelled by the engine already.
    loud = (
        levelled(parts, speakers, gains, rate)
        if len(set(speakers)) > 1
        else [part * np.float32(gain(db)) for part, db in zip(parts, gains, strict=True)]
    )
    audio, starts = joined(loud, [*(item.silence for item in items), ending], rate)
    return limit_peak(audio), starts


def _cues(item: _Item, speech: Speech, origin: int, span: tuple[int, int], rate: int, *, named: bool) -> Iterator[Cue]:
    """One cue for a passage, or one for each of its segments if it is long.

    origin: where the utterance would begin if it had not been trimmed to the span; all in samples.
    """
    speaker = item.speaker if named else None
    segments = speech.segments
    if len(segments) < 2:
        yield Cue(span[0] / rate, span[1] / rate, item.passage.text.strip(), speaker)
        return
    for segment in segments:
        start, stop = (min(max(origin + place, span[0]), span[1]) for place in (segment.start, segment.stop))
        yield Cue(start / rate, stop / rate, segment.text, speaker)
