"""Speech to learn from, made by flite: audio, pitch and phones side by side, in frames of 20 ms.

A corpus is a folder of flat arrays that are mapped, not read; an utterance is a stretch of frames.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from math import exp, log
from pathlib import Path
from random import Random
from subprocess import SubprocessError

import numpy as np
from numpy.typing import NDArray

from ..core.storage import write_file
from ..core.text.phones import PHONES as SPOKEN
from .flite import BASES, RATE, SILENCE, Speaker, Utterance, speak
from .pitch import f0

_logger = logging.getLogger(__name__)

HOP = 480  # samples per frame
TOKEN = 2 * HOP  # samples per speech token
PHONES = (SILENCE, *SPOKEN)
_PHONE_IDS = {name: index for index, name in enumerate(PHONES)}

# Speakers to learn from. awb and the formants in between are kept for the examination.
LEARNT = ("slt", "slt", "rms", "kal16")
FORMANTS = (0.86, 1.18)
HELD_OUT_FORMANTS = (1.03, 1.07)
F0 = (78.0, 270.0)  # Hz
TEMPO = (0.9, 1.15)


@dataclass(frozen=True)
class Line:
    """One utterance to be made."""

    text: str
    speaker: Speaker
    tempo: float


def random_speaker(random: Random) -> Speaker:
    """One of those that may be learnt from."""
    base = random.choice(LEARNT)
    while True:
        formants = random.uniform(*FORMANTS)
        if not HELD_OUT_FORMANTS[0] <= formants <= HELD_OUT_FORMANTS[1]:
            break
    if base == "rms":  # takes no shift of its own: its pitch goes with its formants
        return Speaker(base, formants, formants)
    lowest, highest = log(F0[0]), log(F0[1])
    middle = log(BASES[base])
    spread = min(0.35, highest - middle, middle - lowest)
    return Speaker(base, exp(random.uniform(-spread, 0.35 if base == "slt" else 0.6)), formants)


def lines(texts: Iterator[str], seed: int) -> Iterator[Line]:
    """Texts given to speakers by chance."""
    random = Random(seed)
    for text in texts:
        yield Line(text, random_speaker(random), random.uniform(*TEMPO))


class Corpus:
    """audio [S] int16; f0 [S / HOP] float32, 0 unvoiced; phones [S / HOP] uint8; starts [U + 1] in frames."""

    def __init__(self, folder: Path) -> None:
        self.audio: NDArray[np.int16] = np.memmap(folder / "audio.i16", np.int16, "r")
        self.f0: NDArray[np.float32] = np.memmap(folder / "f0.f32", np.float32, "r")
        self.phones: NDArray[np.uint8] = np.memmap(folder / "phones.u8", np.uint8, "r")
        rows = [json.loads(row) for row in (folder / "lines.jsonl").read_text(encoding="utf-8").splitlines()]
        self.texts: list[str] = [row["text"] for row in rows]
        self.speakers = [Speaker(**row["speaker"]) for row in rows]
        self.starts = np.cumsum([0, *(row["frames"] for row in rows)])

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def hours(self) -> float:
        return len(self.f0) * HOP / RATE / 3600

    def crop(self, random: np.random.Generator, tokens: int) -> tuple[int, int]:
        """A stretch by chance, as the utterance it is of and the frame where it begins, which is a token's."""
        while True:
            index = int(random.integers(len(self)))
            first, stop = self.starts[index : index + 2] // 2
            if stop - first >= tokens:
                return index, 2 * int(first + random.integers(0, stop - first - tokens + 1))

    def frames(self, first: int, stop: int) -> NDArray[np.float32]:
        """The audio of some frames, in ±1."""
        return self.audio[first * HOP : stop * HOP].astype(np.float32) * np.float32(2**-15)


def make_corpus(folder: Path, todo: Iterator[Line], hours: float, workers: int = 2) -> Corpus:
    """`hours` of `todo` in the empty or absent `folder`; an existing corpus is returned as it is.

    Raises FliteMissing.
    """
    if (folder / "lines.jsonl").exists():
        return Corpus(folder)
    folder.mkdir(parents=True, exist_ok=True)
    wanted, done, failed = hours * 3600 * RATE / HOP, 0, 0
    at_once = min(256, 1 + round(hours * 1200))  # an utterance lasts three seconds
    rows: list[str] = []
    with (
        (folder / "audio.i16").open("wb") as audio_file,
        (folder / "f0.f32").open("wb") as f0_file,
        (folder / "phones.u8").open("wb") as phone_file,
        ThreadPoolExecutor(workers) as pool,
    ):
        while done < wanted:
            for line, made in zip(batch := list(islice(todo, at_once)), pool.map(_make, batch), strict=True):
                if made is None:
                    failed += 1
                    continue
                audio, pitch, phones = made
                audio_file.write((audio * 32767).round().astype(np.int16).tobytes())
                f0_file.write(pitch.tobytes())
                phone_file.write(phones.tobytes())
                rows.append(json.dumps({**asdict(line), "frames": len(pitch)}))
                done += len(pitch)
            _logger.info("corpus: %.2f of %.2f hours", done * HOP / RATE / 3600, hours)
    if failed:
        _logger.warning("corpus: flite failed on %d texts, which were left out", failed)
    # Last, and at once: with this file the corpus is complete.
    write_file(folder / "lines.jsonl", "\n".join(rows).encode())
    return Corpus(folder)


def _make(line: Line) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.uint8]] | None:
    try:
        spoken = speak(line.text, line.speaker, line.tempo)
    except SubprocessError:
        return None
    audio = whole_tokens(spoken.audio)
    if len(audio) < 6 * TOKEN:
        return None
    return audio, f0(audio, RATE, HOP), phone_frames(spoken, len(audio) // HOP)


def whole_tokens(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """audio [S] cut to speech tokens, within ±0.9."""
    audio = audio[: len(audio) // TOKEN * TOKEN]
    return audio * np.float32(min(1.0, 0.9 / max(float(np.abs(audio).max(initial=0)), 1e-6)))


def phone_frames(spoken: Utterance, frames: int) -> NDArray[np.uint8]:
    """The phone in the middle of every frame: [frames]."""
    ends = np.array([phone.end for phone in spoken.phones])
    ids = np.array([_PHONE_IDS.get(phone.name, 0) for phone in spoken.phones], np.uint8)
    centres = (np.arange(frames) + 0.5) * HOP / RATE
    return ids[np.searchsorted(ends, centres).clip(0, len(ids) - 1)]
