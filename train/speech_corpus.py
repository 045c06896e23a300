"""What the language model learns from: texts and the speech tokens of somebody saying them. No audio is kept."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from subprocess import SubprocessError

import numpy as np
import torch

from .corpus import HOP, TOKEN, Line, whole_tokens
from .flite import RATE, Speaker, speak
from .speech_tokenizer import SpeechTokenizer, heard

_logger = logging.getLogger(__name__)
_SHORTEST = 4  # tokens


@dataclass(frozen=True)
class Spoken:
    """A text, who said it, the speech tokens of it, and which phone ends at which half token."""

    text: str
    speaker: Speaker
    tokens: list[int]
    phones: list[tuple[str, int]]


def speech_corpus(path: Path, todo: Iterator[Line], hours: float, tokenizer: SpeechTokenizer) -> list[Spoken]:
    """`hours` of `todo`, appended to what `path` already holds: a row for every line. Raises FliteMissing."""
    found = _read(path)
    done = sum(len(item.tokens) for item in found)
    wanted = hours * 3600 * RATE / TOKEN
    todo = islice(todo, len(found), None)
    at_once = min(512, 1 + round(hours * 1200))  # an utterance lasts three seconds
    path.parent.mkdir(parents=True, exist_ok=True)

    def make(line: Line) -> Spoken:
        try:
            said = speak(line.text, line.speaker, line.tempo)
        except SubprocessError:
            return Spoken(line.text, line.speaker, [], [])
        audio = whole_tokens(said.audio)
        if len(audio) < _SHORTEST * TOKEN:
            return Spoken(line.text, line.speaker, [], [])
        with torch.inference_mode():
            ids = tokenizer.tokens(heard(torch.from_numpy(audio))[None])[0]
        phones = [(phone.name, round(phone.end * RATE / HOP)) for phone in said.phones]
        return Spoken(line.text, line.speaker, ids[: len(audio) // TOKEN].tolist(), phones)

    with path.open("a", encoding="utf-8") as file, ThreadPoolExecutor(2) as pool:
        while done < wanted:
            for item in pool.map(make, list(islice(todo, at_once))):
                if done >= wanted:  # here, not behind the batch: where it ends must not depend on where it began
                    break
                found.append(item)
                done += len(item.tokens)
                file.write(json.dumps(asdict(item)) + "\n")
            file.flush()
            _logger.info("speech tokens: %.2f of %.2f hours", done * TOKEN / RATE / 3600, hours)
    return [item for item in found if item.tokens]


def _read(path: Path) -> list[Spoken]:
    """All that was written whole; a row that a kill cut off is removed, so that the next one gets a line of its own."""
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        with path.open("r+b") as file:
            file.truncate(len(whole))
    items = (json.loads(row) for row in whole.splitlines())
    return [
        Spoken(item["text"], Speaker(**item["speaker"]), item["tokens"], [(name, end) for name, end in item["phones"]])
        for item in items
    ]


def entropy(items: list[Spoken], vocabulary: int) -> float:
    """Bits per token, were tokens independent: how much of the vocabulary is used."""
    counts = np.bincount(np.concatenate([item.tokens for item in items]), minlength=vocabulary)
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum())
