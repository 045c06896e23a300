"""How English words are pronounced: every letter is read as it was in the longest context that is known.

One table is rules and exceptions at once: "t" alone is "t", "tH" after it says nothing more, and "meringuE#" has a last
letter of its own. What nobody has ever written is read by the rules that it shares with other words.
"""

from __future__ import annotations

import gzip
import unicodedata
import zlib
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

from ..errors import CheckpointError, ModelNotFound

# How many letters before and behind, from the widest context to none.
CONTEXTS = ((16, 16), (8, 8), (5, 5), (4, 4), (3, 4), (3, 3), (2, 3), (2, 2), (1, 2), (1, 1), (0, 1), (0, 0))
EDGE = "#"
ALPHABET = "abcdefghijklmnopqrstuvwxyz'"
_LARGEST = 16 * 2**20  # bytes of a table that is unpacked


class Spelling:
    """Words to phones. Safe to use from many threads."""

    def __init__(self, path: Path, phones: Collection[str]) -> None:
        """Reads rows such as "cAt# ae": a context, its letter in capitals, a space, the phones of that letter.

        phones: those that exist. Raises ModelNotFound if the file is missing, CheckpointError if it is damaged.
        """
        self._table = _read(path, frozenset(phones))
        self.phones = lru_cache(maxsize=20_000)(self._phones)

    def _phones(self, word: str) -> tuple[str, ...]:
        """The phones of a word; letters with signs are read without them, what is no letter is not read."""
        letters = plain(word)
        return tuple(phone for index in range(len(letters)) for phone in lookup(self._table, letters, index, CONTEXTS))


def plain(word: str) -> str:
    """`word` in the letters of `ALPHABET`."""
    split = unicodedata.normalize("NFKD", word.lower().replace("’", "'"))
    return "".join(character for character in split if character in ALPHABET)


def context(letters: str, index: int, before: int, behind: int) -> str:
    """The key of a letter in its context: "cAt#"."""
    padded = EDGE + letters + EDGE
    index += 1
    return padded[max(0, index - before) : index] + padded[index].upper() + padded[index + 1 : index + 1 + behind]


def lookup(
    table: dict[str, tuple[str, ...]], letters: str, index: int, contexts: tuple[tuple[int, int], ...]
) -> tuple[str, ...]:
    """The phones of one letter, by the first of `contexts` that the table knows; none if it knows none."""
    for before, behind in contexts:
        found = table.get(context(letters, index, before, behind))
        if found is not None:
            return found
    return ()


def _read(path: Path, phones: frozenset[str]) -> dict[str, tuple[str, ...]]:
    if not path.is_file():
        raise ModelNotFound(f"{path.parent} has no {path.name}: it is not a tokenizer folder; download the model again")
    try:
        with gzip.open(path) as stream:
            content = stream.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise ValueError("it is larger than any such table")
        rows = [row.split(" ") for row in content.decode("ascii").splitlines()]
        if unknown := {phone for _, *letter in rows for phone in letter} - phones:
            raise ValueError(f"there is no phone {min(unknown)!r}")
        return {key: tuple(letter) for key, *letter in rows}
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise CheckpointError(f"{path} is damaged: {error}; download the model again") from error
