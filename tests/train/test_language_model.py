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
    """A letter is a piece, however a text is cut."""

    def pieces(self, text: str) -> list[str]:
        return [letter for letter in text if letter != " "]

    def encode(self, text: str) -> list[int]:
        return [ord(letter) - ord("a") for letter in self.pieces(text)]


def spoken(text: str, speech: list[int]) -> Spoken:
    return Spoken(text, Speaker("slt"), speech, [(letter, 2 * end) for end, letter in enumerate("abcd", 1)])


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
    """Fifteen of text and of speech; after the last, more text is asked for by an id that is never fed."""
    assert (len(text), len(speech)) == (15, 15)
    return [(TEXT, text, [NOTHING] * 14 + speech[:1]), (SPEECH, speech, [*speech[1:], FILL])]


def rows(text: str, speech: list[int], steps: int = 40) -> set[Row]:
    """All different sequences that are made of one utterance, padding removed."""
    batches = Batches(language_model(26), Letters(), [spoken(text, speech)], 600, seed=3)
    found: set[Row] = set()
    for step in range(steps):
        batch = batches(step)
        assert batch.kinds.shape == batch.ids.shape == batch.labels.shape == batch.places.shape
        assert batch.kinds.numel() <= 600
        for one in zip(batch.kinds.tolist(), batch.ids.tolist(), batch.labels.tolist(), strict=True):
            length = one[2].index(STOP) + 1
            assert set(one[0][length:]) <= {TASK} and set(one[2][length:]) <= {NOTHING}
            found.add(tuple(tuple(part[:length]) for part in one))
    return found


@pytest.mark.parametrize("words", ["abcdefg hijklmnopq", "a bcdef ghijklmno"])  # 17 letters; 15, which are a block
def test_layouts(words: str) -> None:
    text, speech = Letters().encode(words), SPEECH_IDS
    two, both = text * 2, speech * 2
    expected = {
        row(start(), *tail(text, speech)),
        row(start(), *tail(two, both)),
        row(start(), *block(text[:15], speech[:15]), *tail(text[15:], speech[15:])),
        row(start(), *block(two[:15], both[:15]), *block(two[15:30], both[15:30]), *tail(two[30:], both[30:])),
    }
    assert rows(words, speech) == expected


def test_speech_that_is_shorter_than_its_text_goes_on_after_the_turn() -> None:
    """Half a block of speech is never cut off by the fill id, and something is left to say after the turn."""
    text, speech = Letters().encode("abcdefghijklmnopq"), SPEECH_IDS[:15]
    assert row(start(), *tail(text, speech)) in rows("abcdefghijklmnopq", speech)
    for kinds, ids, labels in rows("abcdefghijklmnopq", speech):
        assert labels[-1] == STOP and kinds[-1] == SPEECH
        assert FILL not in ids


def test_every_position_knows_where_to_read() -> None:
    """What foretells a token reads where that token will be; a second utterance reads in its own text."""
    speech = SPEECH_IDS[:4]
    batch = Batches(language_model(26), Letters(), [spoken("abcd", speech)], 40, seed=3)
    for step in range(20):
        found = batch(step)
        for kinds, places in zip(found.kinds.tolist(), found.places.tolist(), strict=True):
            text = kinds.count(TEXT)
            begun = 1 + text
            assert places[1:begun] == list(range(text))
            first = [0.0, 1.0, 2.0, 3.0]
            wanted = first if text == 4 else [*first, *(4 + place for place in first)]
            assert places[begun : begun + text + 1] == pytest.approx([*wanted, text - 1.0])


def test_a_step_is_a_batch() -> None:
    corpus = [spoken("ab cd", SPEECH_IDS[:length]) for length in range(10, 40)]
    one, other = (Batches(language_model(26), Letters(), corpus, 400, seed=5) for _ in range(2))

    def same(step: int) -> bool:
        a, b = vars(one(step)), vars(other(step))
        return all(torch.equal(a[name], b[name]) for name in a)

    assert same(7)
    other(3)
    assert same(8), "what came before does not matter"
