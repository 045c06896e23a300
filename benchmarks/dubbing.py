"""Subtitles with time, with little and with far too little of it, spoken by the embedded voice: what becomes of them.

    python benchmarks/dubbing.py [FILE …] [--pictures FOLDER] [--json]

FILE: subtitles with the speakers Ann and Ben; without any, those of the tests. All of a track is listened to, cut in
the middle of its silences, and beside it the same utterances as they were spoken at first: at their own pace, with as
much silence around them. Words are counted by a recogniser, which is wrong about one in four of them anyway.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import numpy as np
from cosyvox import core
from cosyvox.core import dub
from cosyvox.core.audio.level import match_level, speech_level, speech_span
from cosyvox.core.dub.parts import trimmed
from cosyvox.train.pitch import f0
from cosyvox.train.recognise import Recogniser, word_errors
from numpy.typing import NDArray

FILES = Path(__file__).parents[1] / "tests" / "data" / "dub"
VOICES = {"Ann": "emma", "Ben": "james"}
NAMES = ("easy.srt", "tight.vtt", "impossible.ass")
ENDING = 5.4321  # seconds of the clip behind the last cue
FRAME = 0.005  # seconds, of measured onsets
QUIET_DB = -35.0  # below the speech: no sound

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Speaker:
    """pitch, spread: median f0 in Hz of the cues' medians, and their mean distance in semitones; level, unevenness: the
    same in dB."""

    pitch: float
    spread: float
    level: float
    unevenness: float


@dataclass(frozen=True)
class Result:
    """errors, untimed_errors: words that were not heard as they are written. likeness: how like its first utterance the
    least like line is, a correlation of spectra with the tempo evened out: cut or doubled words lower it. missing:
    samples by which the track is too short or too long. onset: seconds, the largest distance between a sound's
    beginning and the reported one.
    overlaps: samples in which two speakers, and cues that in the report are spoken at once. steps: cues by what was
    done to them. slowest, fastest: native speed."""

    file: str
    cues: int
    seconds: float
    spoken: float
    words: int
    errors: int
    untimed_errors: int
    likeness: float
    missing: int
    onset: float
    overlaps: int
    steps: dict[str, int]
    too_long: float
    slowest: float
    fastest: float
    speakers: dict[str, Speaker]
    untimed_speakers: dict[str, Speaker]
    took: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path, default=[FILES / name for name in NAMES])
    parser.add_argument("--pictures", metavar="FOLDER", type=Path, help="draw the timelines, and write the tracks")
    parser.add_argument("--cues", metavar="N", type=int, help="only the first N of each file")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with core.load("embedded") as engine:
        store = core.VoiceStore()
        cast = dub.Cast({name: dub.Member(engine.load_voice(store.get(voice))) for name, voice in VOICES.items()})
        results = [measured(path, engine, cast, options.cues, options.pictures) for path in options.files]
    print(json.dumps([asdict(result) for result in results]) if options.json else table(results))


def measured(path: Path, engine: core.Engine, cast: dub.Cast, count: int | None, pictures: Path | None) -> Result:
    cues = dub.read_subtitles(path).cues[:count]
    length = max(cue.end for cue in cues) + ENDING
    renderer = dub.Renderer(engine)
    started = perf_counter()
    made = dub.dub(renderer, cues, cast, length=length)
    took = perf_counter() - started
    rate, lines = made.sample_rate, made.lines
    if pictures:
        draw(made, length, pictures / path.stem)
    texts, names = [line.cue.text for line in lines], [line.cue.speaker or "" for line in lines]
    first = renderer.render(
        [
            core.SpeechRequest(text, cast.member(name, "").voice, seed=line.seed)
            for text, name, line in zip(texts, names, lines, strict=True)
        ]
    )
    untimed = [spoken(speech.audio, rate) for speech in first]
    timed = [spoken(made.speech[span(line, rate)], rate) for line in lines]
    parts = cut(made.speech, lines, rate)
    alike = [likeness(one, other, rate) for one, other in zip(timed, untimed, strict=True)]
    errors, words = heard_wrong(texts, parts, rate)
    beside = [framed(speech.audio, part, rate) for speech, part in zip(first, parts, strict=True)]
    return Result(
        file=path.name,
        cues=len(lines),
        seconds=length,
        spoken=sum(line.end - line.start for line in lines),
        words=words,
        errors=errors,
        untimed_errors=heard_wrong(texts, beside, rate)[0],
        likeness=min(alike),
        missing=made.audio.shape[1] - round(length * rate),
        onset=max(abs(onset - line.start) for onset, line in zip(onsets(made, rate), lines, strict=True)),
        overlaps=overlaps(made),
        steps=dict(steps(lines)),
        too_long=sum(line.overflow for line in lines),
        slowest=min(line.speed for line in lines),
        fastest=max(line.speed for line in lines),
        speakers=speakers(timed, names, rate),
        untimed_speakers=speakers(untimed, names, rate),
        took=took,
    )


def spoken(audio: Samples, rate: int) -> Samples:
    """Without silence at the ends."""
    start, stop = speech_span(audio, rate)
    return audio[start:stop]


def framed(audio: Samples, part: Samples, rate: int) -> Samples:
    """An utterance as a line of a track: as loud as in a part of it, with as much silence on both sides."""
    alone, _ = trimmed(audio, rate)
    (sound,) = np.nonzero(part)
    level = speech_level(part, rate)
    assert level is not None
    return np.pad(match_level(alone, rate, level), (sound[0], len(part) - 1 - sound[-1]))


def likeness(one: Samples, other: Samples, rate: int) -> float:
    """Correlation of log spectra, the second one's time bent evenly to the first one's."""
    first, second = spectrum(one, rate), spectrum(other, rate)
    places = np.linspace(0, len(second) - 1, len(first))
    low = np.floor(places).astype(int).clip(max=len(second) - 2)
    bent = second[low] + (places - low)[:, None] * (second[low + 1] - second[low])
    return float(np.corrcoef(first.ravel(), bent.ravel())[0, 1])


def spectrum(audio: Samples, rate: int) -> NDArray[np.float64]:
    """[frames, bands] in dB: 25 ms every 10, in thirds of an octave; nothing is softer than QUIET_DB."""
    size, hop = round(0.025 * rate), round(0.01 * rate)
    frames = np.lib.stride_tricks.sliding_window_view(audio, size)[::hop] * np.hanning(size)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    edges = np.round(100 * 2 ** (np.arange(20) / 3) * size / rate).astype(int)
    bands = np.add.reduceat(power, edges[edges < power.shape[1]], axis=1)
    decibels = 10 * np.log10(bands + 1e-12)
    return np.maximum(decibels, decibels.max() + 2 * QUIET_DB)


def span(line: dub.LineReport, rate: int) -> slice:
    return slice(round(line.start * rate), round(line.end * rate))


def cut(track: Samples, lines: Sequence[dub.LineReport], rate: int) -> list[Samples]:
    """The whole track in as many parts as there are lines."""
    middles = [round((line.end + after.start) / 2 * rate) for line, after in pairwise(lines)]
    return np.split(track, middles)


def heard_wrong(texts: Sequence[str], sounds: Sequence[Samples], rate: int) -> tuple[int, int]:
    """Words that were not heard as they are written, of how many."""
    recogniser = Recogniser()
    counts = [word_errors(text, recogniser.hear(sound, rate)) for text, sound in zip(texts, sounds, strict=True)]
    return sum(wrong for wrong, _ in counts), sum(words for _, words in counts)


def onsets(made: dub.Dub, rate: int) -> list[float]:
    """Seconds at which each line is first heard behind the one before."""
    size = round(FRAME * rate)
    track = made.speech
    power = np.square(track[: len(track) // size * size].reshape(-1, size), dtype=np.float64).mean(axis=1)
    level = speech_level(track, rate)
    assert level is not None
    loud = power > 10 ** ((level + QUIET_DB) / 10)
    begin = 0.0
    found = []
    for line in made.lines:
        first = round(begin / FRAME)
        found.append((first + int(np.argmax(loud[first:]))) * FRAME)
        begin = line.end
    return found


def overlaps(made: dub.Dub) -> int:
    together = sum((stem != 0).astype(np.int8) for stem in made.stems.values())
    return int((together > 1).sum()) + sum(
        after.start < line.end - 0.5 / made.sample_rate for line, after in pairwise(made.lines)
    )


def steps(lines: Sequence[dub.LineReport]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for line in lines:
        counts["untouched"] += not line.steps and abs(line.speed - 1) < 0.05
        counts["slower"] += line.speed < 0.95
        counts["faster"] += line.speed > 1.05
        counts["too long"] += line.overflow > 0
        counts.update(line.steps)
    return counts


def speakers(sounds: Sequence[Samples], names: Sequence[str], rate: int) -> dict[str, Speaker]:
    return {
        name: speaker([sound for sound, whose in zip(sounds, names, strict=True) if whose == name], rate)
        for name in sorted(set(names))
    }


def speaker(sounds: Sequence[Samples], rate: int) -> Speaker:
    pitches = np.array([median_pitch(sound, rate) for sound in sounds])
    levels = np.array([speech_level(sound, rate) for sound in sounds])
    pitch, level = float(np.median(pitches)), float(np.median(levels))
    spread = np.abs(12 * np.log2(pitches / pitch)).mean()
    return Speaker(pitch, float(spread), level, float(np.abs(levels - level).mean()))


def median_pitch(audio: Samples, rate: int) -> float:
    pitch = f0(audio, rate, rate // 50)
    return float(np.median(pitch[pitch > 0]))


def draw(made: dub.Dub, length: float, stem: Path) -> None:
    from PIL import Image

    stem.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(dub.timeline(made.lines, length)).save(stem.with_suffix(".png"))
    core.write_wav(stem.with_suffix(".wav"), made.audio, made.sample_rate)
    stem.with_suffix(".txt").write_text(dub.table(made.lines, made.warnings) + "\n", encoding="utf-8")


def table(results: Sequence[Result]) -> str:
    rows = [["", *(result.file for result in results)]]

    def row(name: str, *values: str) -> None:
        rows.append([name, *values])

    row("cues, words", *(f"{result.cues}, {result.words}" for result in results))
    row("speech, of a clip of", *(f"{result.spoken:.1f} s, {result.seconds:.1f} s" for result in results))
    row("words wrong: dubbed", *(share(result.errors, result.words) for result in results))
    row("  spoken without times", *(share(result.untimed_errors, result.words) for result in results))
    row("likeness of the least like", *(f"{result.likeness:.2f}" for result in results))
    row("samples missing or too many", *(str(result.missing) for result in results))
    row("onset off by at most", *(f"{1000 * result.onset:.0f} ms" for result in results))
    row("overlaps", *(str(result.overlaps) for result in results))
    for step in dict.fromkeys(step for result in results for step in result.steps):
        row(f"cues {step}", *(str(result.steps.get(step, 0)) for result in results))
    row("native speed", *(f"{result.slowest:.2f} to {result.fastest:.2f}" for result in results))
    row("too long in all", *(f"{result.too_long:.2f} s" for result in results))
    for name in VOICES:
        for kind, who in (("dubbed", "speakers"), ("without times", "untimed_speakers")):
            voices = [getattr(result, who)[name] for result in results]
            row(f"{name}, {kind}: f0", *(f"{one.pitch:.0f} Hz, {one.spread:.2f} semitones" for one in voices))
            row("  level", *(f"{one.level:.1f} dB, {one.unevenness:.2f} dB" for one in voices))
    row("took", *(f"{result.took:.1f} s" for result in results))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows)


def share(part: int, whole: int) -> str:
    return f"{part} ({100 * part / whole:.1f} %)"


if __name__ == "__main__":
    main()
