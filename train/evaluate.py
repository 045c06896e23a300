"""The examination: python -m cosyvox.train.evaluate --model FOLDER --out DIR [--sentences N]

Sentences that were never learnt, by the four voices that come with it and by voices that were and were not learnt,
beside the source's own audio of the same sentence and speaker. Writes results.md (tables), verdicts.json (every
utterance), spectrograms and a few recordings.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ..core import AudioError, Engine, TextError, Voice, load, write_wav
from .flite import BASES, RATE, Speaker, speak
from .judge import Audio, Judge, Spoken, Vector, Verdict
from .presets import PRESETS
from .spectrogram import write_spectrograms
from .texts import test_sentences

# Formants between 1.03 and 1.07, and awb with all its warps, are never learnt (corpus.py).
UNWARPED = tuple(Speaker(base) for base in BASES)
WARPED = (
    *(Speaker("slt", pitch, formants) for pitch, formants in ((0.8, 1.04), (1.0, 1.06), (1.3, 1.05))),
    *(Speaker("kal16", pitch, formants) for pitch, formants in ((1.05, 1.06), (1.35, 1.04), (1.7, 1.05))),
    Speaker("rms", 1.05, 1.05),
    *(Speaker("awb", pitch, formants) for pitch, formants in ((0.8, 0.88), (1.2, 0.94), (0.9, 1.1), (1.35, 1.05))),
    Speaker("awb", 1.6, 1.18),
)
SPEAKERS = (*UNWARPED, *WARPED)
PROMPT = "I have lived in this old house for many years, and every room in it has a story of its own."
PICTURES = 3
F0_TOLERANCE, LENGTHS = 0.15, (0.7, 1.4)

_Group = Callable[[Speaker], bool]
_ALL: dict[str, _Group] = {"all": lambda speaker: True}
_GROUPS: dict[str, _Group] = {
    "learnt bases, unwarped": lambda speaker: speaker in UNWARPED and speaker.base != "awb",
    "learnt bases, unseen warps": lambda speaker: speaker in WARPED and speaker.base != "awb",
    "awb (never heard), unwarped": lambda speaker: speaker == Speaker("awb"),
    "awb (never heard), warped": lambda speaker: speaker in WARPED and speaker.base == "awb",
    "all unseen": lambda speaker: speaker in WARPED or speaker.base == "awb",
}


def main() -> None:
    options = _parse_arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    texts = test_sentences()[: options.sentences]
    own = {preset.speaker: preset.words for preset in PRESETS.values()}
    with load(options.model, device=options.device) as engine:
        known = examine(engine, texts, own, options.out / "own")
        others = examine(engine, texts, dict.fromkeys(SPEAKERS, PROMPT), options.out / "others")
    rows = [json.dumps(asdict(verdict)) for verdict in (*known, *others)]
    (options.out / "verdicts.json").write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")
    tables = f"The four voices that come with it:\n\n{table(known, _ALL)}\nOthers:\n\n{table(others, _ALL | _GROUPS)}"
    (options.out / "results.md").write_text(tables, encoding="utf-8")
    print(tables, end="")


def examine(engine: Engine, texts: Sequence[str], cast: Mapping[Speaker, str], out: Path) -> list[Verdict]:
    """Every text, each with the next voice in turn; pictures and recordings of the first ones go to `out`.

    cast: speakers, and what they say in their prompts.
    """
    out.mkdir(exist_ok=True)
    speakers = list(cast)
    prompts = [speak(words, speaker).audio for speaker, words in cast.items()]
    voices = [
        engine.clone(prompt, rate=RATE, transcript=words) for prompt, words in zip(prompts, cast.values(), strict=True)
    ]
    judge = Judge(speakers, prompts, [voice.x_vector for voice in voices])
    verdicts = []
    for index, text in enumerate(texts):
        turn = index % len(speakers)
        source = speak(text, speakers[turn]).audio
        clone = _speak(engine, text, voices[turn], seed=index)
        verdicts.append(judge.judge(turn, text, clone, Spoken(source, _x_vector(engine, source))))
        if index < PICTURES:
            write_spectrograms(out / f"sentence{index + 1}.png", (source, clone.audio))
            write_wav(out / f"sentence{index + 1}.wav", clone.audio, RATE)
            write_wav(out / f"sentence{index + 1}_source.wav", source, RATE)
        print(f"{index + 1}/{len(texts)} {verdicts[-1].errors} wrong of {verdicts[-1].words}: {verdicts[-1].heard}")
    return verdicts


def table(verdicts: Sequence[Verdict], groups: Mapping[str, _Group]) -> str:
    """Markdown: a row for every group of voices. A model that fell silent has all words wrong."""
    columns: dict[str, Callable[[Sequence[Verdict]], str]] = {
        "utterances": lambda some: str(len(some)),
        "WER": lambda some: f"{sum(v.errors for v in some) / sum(v.words for v in some):.3f}",
        "WER of the source": lambda some: f"{sum(v.source_errors for v in some) / sum(v.words for v in some):.3f}",
        "nearest to its prompt": lambda some: _percent(v.nearest for v in some),
        "the source is": lambda some: _percent(v.source_nearest for v in some),
        "f0 within 15 %": lambda some: _percent(abs(v.f0 - 1) <= F0_TOLERANCE for v in some),
        "the source's": lambda some: _percent(abs(v.source_f0 - 1) <= F0_TOLERANCE for v in some),
        "length 0.7-1.4": lambda some: _percent(LENGTHS[0] <= v.length <= LENGTHS[1] for v in some),
        "clipped": lambda some: _percent(v.clipped > 0 for v in some),
        "repeats, run-on": lambda some: str(sum(bool(v.warnings) for v in some)),
        "RTF": lambda some: f"{sum(v.spent for v in some) / max(sum(v.seconds for v in some), 1e-9):.2f}",
    }
    lines = ["| voices | " + " | ".join(columns) + " |", "|---|" + "---:|" * len(columns)]
    for group, belongs in groups.items():
        if some := [verdict for verdict in verdicts if belongs(verdict.speaker)]:
            lines.append(f"| {group} | " + " | ".join(measure(some) for measure in columns.values()) + " |")
    return "\n".join(lines) + "\n"


def _percent(holds: Iterable[bool]) -> str:
    answers = list(holds)
    return f"{100 * sum(answers) / len(answers):.0f} %"


def _speak(engine: Engine, text: str, voice: Voice, seed: int) -> Spoken:
    """At 24 kHz; half a second of silence where the model finds nothing to say."""
    try:
        speech = engine.speak(text, voice=voice, seed=seed, sample_rate=RATE)
    except TextError as error:
        return Spoken(np.zeros(RATE // 2, np.float32), None, (str(error),))
    warnings = tuple(warning for warning in speech.warnings if warning not in voice.warnings)
    return Spoken(speech.audio, _x_vector(engine, speech.audio), warnings, speech.timings["total"].seconds)


def _x_vector(engine: Engine, audio: Audio) -> Vector | None:
    """What the model's own speaker encoder hears; None if that is no speech."""
    try:
        return engine.clone(audio, rate=RATE).x_vector
    except AudioError:
        return None


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m cosyvox.train.evaluate", description=(__doc__ or "").split("\n")[2]
    )
    parser.add_argument("--model", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the results go")
    parser.add_argument("--sentences", type=int, metavar="N", help="only the first N of the hundred")
    parser.add_argument("--device", default="cpu", help="cpu (the default), cuda or auto")
    return parser.parse_args()


if __name__ == "__main__":
    main()
