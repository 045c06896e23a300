"""What the embedded voice learns to read."""

from __future__ import annotations

import re
from itertools import islice

import pytest
from cosyvox.train import texts
from cosyvox.train.recognise import RecogniserMissing, dictionary, normalised

WORDS = ("anchor", "brother's", "candle", "drought", "eight", "hour", "knee", "usual", "yacht")
EXAMINATION = texts.test_sentences()


def some(count: int, seed: int = 1) -> list[str]:
    return list(islice(texts.sentences(seed, WORDS), count))


@pytest.fixture(scope="module")
def many() -> list[str]:
    return some(20_000)


def test_a_seed_is_a_text() -> None:
    assert some(300) == some(300)
    assert some(300) != some(300, seed=2)


def test_what_is_examined_is_never_learnt(many: list[str]) -> None:
    learnt = {" ".join(normalised(part)) for text in many for part in (text, *re.split(r"[.?!]", text))}
    assert not learnt & {" ".join(normalised(sentence)) for sentence in EXAMINATION}


def test_a_sentence_of_the_examination_is_left_out_even_inside_another(monkeypatch: pytest.MonkeyPatch) -> None:
    often = "Of course."
    assert [text for text in some(3000) if text.startswith(often) and text != often]
    monkeypatch.setattr(texts, "test_sentences", lambda: ("of COURSE!",))
    assert not [text for text in some(3000) if often in text]


def test_everything_can_be_spoken(many: list[str]) -> None:
    for text in many:
        assert re.fullmatch(r"[A-Z][A-Za-z,.?!' -]*[.?!]", text), text
        assert 1 <= len(text.split()) <= 25, text
        assert not re.search(r"  | [.,?!]|[.,?!]{2}|\b[Aa] (?:hour|eight)\b|\b[Aa]n (?:yacht|usual)\b", text), text


def test_there_is_much_to_learn(many: list[str]) -> None:
    lengths = [len(text.split()) for text in many]
    assert 7 < sum(lengths) / len(lengths) < 11
    assert len(set(many)) > 16_000
    assert len({word for text in many for word in normalised(text)}) > 3000
    assert set(WORDS) <= {word for text in many for word in normalised(text)}


def test_with_the_dictionary_there_are_tens_of_thousands_of_words() -> None:
    try:
        dictionary()
    except RecogniserMissing as error:
        pytest.skip(str(error))
    heard = {word for text in islice(texts.sentences(1), 20_000) for word in normalised(text)}
    assert len(heard) > 12_000


def test_the_examination() -> None:
    assert len(EXAMINATION) == len({tuple(normalised(text)) for text in EXAMINATION}) == 100
    assert all(4 <= len(normalised(text)) <= 14 for text in EXAMINATION)
    try:
        known = {line.split()[0] for line in dictionary().read_text("utf-8").splitlines()}
    except RecogniserMissing as error:
        pytest.skip(str(error))
    assert {word for text in EXAMINATION for word in normalised(text)} <= known
