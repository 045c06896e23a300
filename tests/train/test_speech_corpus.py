"""The language model's corpus grows by whole rows, whatever happened before."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from cosyvox.train import speech_corpus
from cosyvox.train.corpus import Line
from cosyvox.train.flite import RATE, Phone, Speaker, Utterance
from cosyvox.train.speech_tokenizer import SpeechTokenizer

HOURS = 12 / 3600


def todo() -> Iterator[Line]:
    for number in range(1000):
        yield Line(f"text {number}", Speaker("slt"), 1.0)


def speak(text: str, speaker: Speaker, tempo: float) -> Utterance:
    number = int(text.split()[1])
    if number % 5 == 2:
        raise subprocess.CalledProcessError(1, "flite")
    length = RATE // 50 if number % 5 == 3 else RATE // 2 + 960 * number  # some are too short to learn from
    return Utterance(
        np.random.default_rng(number).normal(0, 0.1, length).astype(np.float32), (Phone("aa", 0.1), Phone("pau", 0.5))
    )


def test_cut_off_anywhere_it_ends_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech_corpus, "speak", speak)
    torch.manual_seed(1)
    tokenizer = SpeechTokenizer().eval()
    path = tmp_path / "a folder" / "speech.jsonl"
    whole = speech_corpus.speech_corpus(path, todo(), HOURS, tokenizer)
    content = path.read_bytes()
    rows = content.splitlines(keepends=True)
    assert sum(len(item.tokens) for item in whole) >= 12 * 25
    assert [item.text for item in whole[:4]] == ["text 0", "text 1", "text 4", "text 5"]
    assert whole[0].phones == [("aa", 5), ("pau", 25)]
    for cut in (len(rows[0]) // 2, len(b"".join(rows[:4])), len(b"".join(rows[:7])) + 20, len(content) - 1):
        path.write_bytes(content[:cut])
        again = speech_corpus.speech_corpus(path, todo(), HOURS, tokenizer)
        assert again == whole
        assert path.read_bytes() == content
    assert speech_corpus.speech_corpus(path, iter(()), HOURS, tokenizer) == whole, "what is there is not made anew"
