"""A table that tells every word it was learnt from, and reads words that it was not."""

from __future__ import annotations

from pathlib import Path

import pytest
from cosyvox.core.text.phones import PHONES, SPELLING
from cosyvox.core.text.spelling import CONTEXTS, Spelling, lookup
from cosyvox.train.spelling import aligned, make_spelling, pronounced, table

WORDS = {
    "cat": "k ae t",
    "cats": "k ae t s",
    "city": "s ih t iy",
    "cite": "s ay t",
    "bat": "b ae t",
    "bite": "b ay t",
    "box": "b aa k s",
    "tax": "t ae k s",
    "queue": "k y uw",
    "bbc": "b iy b iy s iy",
    "w": "d ah b ax l y uw",
    "tab": "t ae b",
    "ice": "ay s",
    "sit": "s ih t",
    "bit": "b ih t",
}
SPOKEN = {word: tuple(phones.split()) for word, phones in WORDS.items()}


def read(rows: dict[str, tuple[str, ...]], word: str) -> str:
    return " ".join(phone for index in range(len(word)) for phone in lookup(rows, word, index, CONTEXTS))


def test_every_word_is_read_as_it_was_heard() -> None:
    letters = aligned(SPOKEN)
    assert {word: sum(parts, ()) for word, parts in letters.items()} == SPOKEN
    assert all(len(parts) == len(word) for word, parts in letters.items())
    assert letters["cat"] == [("k",), ("ae",), ("t",)]
    rows = table(letters)
    assert {word: read(rows, word) for word in WORDS} == WORDS
    assert len(rows) < sum(map(len, WORDS))


def test_words_that_it_never_met() -> None:
    rows = table(aligned({word: phones for word, phones in SPOKEN.items() if word not in ("w", "bbc", "queue")}))
    assert read(rows, "bats") == "b ae t s"
    assert read(rows, "cab") == "k ae b"


def test_what_flite_says(flite: str, tmp_path: Path) -> None:
    heard = pronounced(["kitchen", "sun", "don't", "the"])
    assert heard["kitchen"] == ("k", "ih", "ch", "ax", "n")
    assert heard["sun"] == ("s", "ah", "n")
    assert heard["don't"] == ("d", "ow", "n", "t")
    path = tmp_path / "tokenizer" / SPELLING
    make_spelling(path, ["kitchen", "sun", "a"])
    spelling = Spelling(path, PHONES)
    assert [spelling.phones(word) for word in ("kitchen", "a")] == [heard["kitchen"], ("ax",)]
    content = path.read_bytes()
    make_spelling(path, ["moon"])
    assert path.read_bytes() == content, "what is there is not made anew"


def test_words_that_flite_does_not_read_as_one_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the pauses do not tell the words apart, words are tried alone, and what still does not fit is left out."""
    said = {"a": ["ey"], "b": ["b", "iy", "pau", "b", "iy"], "c": ["s", "iy"]}

    class Told:
        def __init__(self, stdout: str) -> None:
            self.stdout = stdout

    def run(command: list[str], **_: object) -> Told:
        words = command[-1].replace(",", "").split()
        return Told("pau " + " pau ".join(" ".join(said[word]) for word in words) + " pau\n")

    monkeypatch.setattr("cosyvox.train.spelling.program", lambda: "flite")
    monkeypatch.setattr("cosyvox.train.spelling.subprocess.run", run)
    assert pronounced(["a", "b", "c"]) == {"a": ("ey",), "c": ("s", "iy")}
