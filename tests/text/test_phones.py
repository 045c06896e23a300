"""The text tokenizer that reads phones."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from cosyvox.core.errors import CheckpointError, ModelNotFound, TextError
from cosyvox.core.text.phones import PHONES, PIECES, SPELLING, PhoneTokenizer
from cosyvox.core.text.spelling import CONTEXTS, Spelling, context, lookup

ROWS = {
    **{"A": "ae", "C": "k", "D": "d", "E": "", "I": "ih", "N": "n", "O": "aa", "S": "s", "T": "t", "W": "w", "Z": "z"},
    **{"#A#": "ax", "#I#": "ay", "Ee": "iy", "#W#": "d ah b ax l y uw"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "".join(f"{key} {phones}".strip() + "\n" for key, phones in ROWS.items()))
    return tmp_path


def write(folder: Path, rows: str) -> None:
    (folder / SPELLING).write_bytes(gzip.compress(rows.encode()))


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("cat", "k ae t"),
        ("CAT", "k ae t"),
        ("a", "ax"),  # the whole word is the longest context
        ("see", "s iy"),
        ("Zoë", "z aa"),  # signs on letters do not matter
        ("W", "d ah b ax l y uw"),
        ("猫", ""),
        ("", ""),
    ],
)
def test_the_longest_context_counts(folder: Path, word: str, phones: str) -> None:
    assert " ".join(Spelling(folder / SPELLING, PHONES).phones(word)) == phones


def test_contexts() -> None:
    sizes = ((0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (16, 16))
    assert [context("cat", 1, *size) for size in sizes] == ["A", "At", "cAt", "cAt#", "#cAt#", "#cAt#"]
    assert CONTEXTS[-1] == (0, 0) and list(CONTEXTS) == sorted(CONTEXTS, key=sum, reverse=True)
    assert lookup({"A": ("ae",)}, "cat", 0, CONTEXTS) == ()


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("I see a cat.", "ay _ s iy _ ax _ k ae t ."),
        ("Cat, cat!", "k ae t , k ae t !"),
        ("see?!", "s iy ?"),
        ("see…  a; cat: ", "s iy . ax , k ae t ,"),
        ("...", ""),
        ("cat-cat", "k ae t _ k ae t"),
        ("2", "t w aa"),
        ("one two\nten", "aa n _ t w aa _ t n"),
    ],
)
def test_pieces(folder: Path, text: str, pieces: str) -> None:
    assert " ".join(piece.replace(" ", "_") for piece in PhoneTokenizer(folder).pieces(text)) == pieces


def test_ids_and_control_tokens(folder: Path) -> None:
    tokenizer = PhoneTokenizer(folder, ("<|end|>", "[breath]"))
    assert tokenizer.vocab_size == len(PIECES) + 2
    assert tokenizer.control_ids == {"<|end|>": len(PIECES), "[breath]": len(PIECES) + 1}
    cat = [PIECES.index(piece) for piece in ("k", "ae", "t")]
    assert tokenizer.encode("cat<|end|>cat", allowed={"<|end|>"}) == [*cat, len(PIECES), *cat]
    assert len(PIECES) not in tokenizer.encode("cat<|end|>cat"), "nobody can slip one in"
    assert tokenizer.encode("") == []
    with pytest.raises(TextError, match="not valid Unicode"):
        tokenizer.encode("\ud800")


def test_digits_of_a_transcript_are_read(folder: Path) -> None:
    tokenizer = PhoneTokenizer(folder)
    assert tokenizer.pieces("21") == tokenizer.pieces("twenty one") != []
    assert tokenizer.pieces("9" * 5000) == tokenizer.pieces(" ".join(["nine"] * 5000))


def test_damaged_tables(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="no spelling"):
        PhoneTokenizer(tmp_path)
    whole = gzip.compress(b"A ae\nB b\nC k\n")
    flipped = whole[:12] + bytes([whole[12] ^ 255]) + whole[13:]
    for content in (b"no gzip", whole[: len(whole) // 2], flipped, gzip.compress(b"A \xff")):
        (tmp_path / SPELLING).write_bytes(content)
        with pytest.raises(CheckpointError, match="damaged"):
            PhoneTokenizer(tmp_path)
    write(tmp_path, "A qq\n")
    with pytest.raises(CheckpointError, match="qq"):
        PhoneTokenizer(tmp_path)
    write(tmp_path, "A ae\n" * (4 * 2**20))
    with pytest.raises(CheckpointError, match="larger"):
        PhoneTokenizer(tmp_path)
