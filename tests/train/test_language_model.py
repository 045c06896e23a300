"""Sequences as CosyVoice 2 lays them out, and what each position must foretell."""

from __future__ import annotations

import pytest
import torch
from cosyvox.train.config import language_model
from cosyvox.train.flite import Speaker
from cosyvox.train.language_model import Batches
from cosyvox.train.speech_corpus import Spoken

TASK, TEXT, SPEECH, NOTHING = 0, 1, 2, -100
START, TURN, STOP, FILL = 0, 1, 729, 731
SPEECH_IDS = [(37 * step) % 729 for step in range(40)]

Row = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]


class Letters:
    """A letter is an id, however a text is cut."""

    def encode(self, text: str) -> list[int]:
        return [ord(letter) - ord("a") for letter in text if letter != " "]


def row(*parts: tuple[int, list[int], list[int]]) -> Row:
    """Parts are (kind, ids, labels)."""
    kinds = [kind for kind, ids, _ in parts for _ in ids]
    ids = [index for _, part, _ in parts for index in part]
    labels = [label for _, _, part in parts for label in part]
    assert len(kinds) == len(ids) == len(labels)
    return tuple(kinds), tuple(ids), tuple(labels)


def start() -> tuple[int, list[int], list[int]]:
    return TASK, [START], [NOTHING]


def tail(text: list[int], speech: list[int]) -> list[tuple[int, list[int], list[int]]]:
    """Text, turn, speech, stop."""
    return [
        (TEXT, text, [NOTHING] * len(text)),
        (TASK, [TURN], speech[:1]),
        (SPEECH, speech, [*speech[1:], STOP]),
    ]


def block(text: list[int], speech: list[int]) -> list[tuple[int, list[int], list[int]]]:
    """Five of text, fifteen of speech; after the last, more text is asked for by an id that is never fed."""
    assert (len(text), len(speech)) == (5, 15)
    return [(TEXT, text, [NOTHING] * 4 + speech[:1]), (SPEECH, speech, [*speech[1:], FILL])]


def rows(text: str, speech: list[int], steps: int = 40) -> set[Row]:
    """All different sequences that are made of one utterance, padding removed."""
    batches = Batches(language_model(26), Letters(), [Spoken(text, Speaker("slt"), speech)], 600, seed=3)
    found: set[Row] = set()
    for step in range(steps):
        kinds, ids, labels = batches(step)
        assert kinds.shape == ids.shape == labels.shape and kinds.numel() <= 600
        for one in zip(kinds.tolist(), ids.tolist(), labels.tolist(), strict=True):
            length = one[2].index(STOP) + 1
            assert set(one[0][length:]) <= {TASK} and set(one[2][length:]) <= {NOTHING}
            found.add(tuple(tuple(part[:length]) for part in one))
    return found


@pytest.mark.parametrize("words", ["abcdefg hijkl", "a bcdef ghij"])  # twelve letters; ten, which are two blocks
def test_layouts(words: str) -> None:
    text, speech = Letters().encode(words), SPEECH_IDS
    two, both = text * 2, speech * 2
    expected = {
        row(start(), *tail(text, speech)),
        row(start(), *tail(two, both)),
        row(start(), *block(text[:5], speech[:15]), *block(text[5:10], speech[15:30]), *tail(text[10:], speech[30:])),
        row(
            start(),
            *block(two[:5], both[:15]),
            *block(two[5:10], both[15:30]),
            *block(two[10:15], both[30:45]),
            *block(two[15:20], both[45:60]),
            *tail(two[20:], both[60:]),
        ),
    }
    assert rows(words, speech) == expected


def test_speech_that_is_shorter_than_its_text_goes_on_after_the_turn() -> None:
    """Half a block of speech is never cut off by the fill id, and something is left to say after the turn."""
    text, speech = Letters().encode("abcdefghijkl"), SPEECH_IDS[:15]
    assert row(start(), *tail(text, speech)) in rows("abcdefghijkl", speech)
    for kinds, ids, labels in rows("abcdefghijkl", speech):
        assert labels[-1] == STOP and kinds[-1] == SPEECH
        assert FILL not in ids


def test_a_step_is_a_batch() -> None:
    corpus = [Spoken("ab cd", Speaker("slt"), SPEECH_IDS[:length]) for length in range(10, 40)]
    one, other = (Batches(language_model(26), Letters(), corpus, 400, seed=5) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one(7), other(7), strict=True))
    other(3)
    assert all(torch.equal(a, b) for a, b in zip(one(8), other(8), strict=True)), "what came before does not matter"
