"""Text in the pieces that are spoken one at a time: sentences, joined while they are short."""

from __future__ import annotations

import re
import unicodedata

from ..errors import TextError

LONGEST = 160  # units, see `_units`; a sentence beyond is cut at a comma or a space
SHORTEST = 12  # a piece below joins its neighbour: very short utterances come out badly

_SENTENCE = re.compile(r"(?<=[。！？；…])(?=[^\s”’」』）。！？…])|(?<=[.!?;…])\s+|(?<=[.!?][\"”’)])\s+|\n+")
_CLAUSE = re.compile(r"(?<=[，、：])|(?<=[,:])\s+")


def split(text: str) -> list[str]:
    """The pieces of `text`, in order, none empty; nothing that can be spoken is lost. Raises TextError."""
    pieces: list[str] = []
    for sentence in _SENTENCE.split(unicodedata.normalize("NFC", text)):
        for piece in _cut(" ".join(sentence.split())):
            if _units(piece) == 0:
                continue
            if pieces and min(_units(pieces[-1]), _units(piece)) < SHORTEST:
                pieces[-1] = _join(pieces[-1], piece)
            else:
                pieces.append(piece)
    if not pieces:
        raise TextError("the text has no letters or digits: there is nothing to say")
    return pieces


def _units(text: str) -> int:
    """About how much there is to say: letters and digits, where one of a script without spaces counts for three."""
    return sum(3 if unicodedata.east_asian_width(c) == "W" else 1 for c in text if c.isalnum())


def _join(first: str, second: str) -> str:
    wide = unicodedata.east_asian_width(first[-1]) in "WF"
    return first + ("" if wide else " ") + second


def _cut(sentence: str) -> list[str]:
    """A sentence in parts of at most LONGEST units, cut at commas, else at spaces, else anywhere."""
    if _units(sentence) <= LONGEST:
        return [sentence] if sentence else []
    for parts in (_CLAUSE.split(sentence), sentence.split(" "), list(sentence)):
        if len(parts) > 1:
            separator = " " if " " in sentence else ""
            return _pack(parts, separator)
    return [sentence]


def _pack(parts: list[str], separator: str) -> list[str]:
    packed: list[str] = []
    for part in parts:
        if packed and _units(packed[-1] + part) <= LONGEST:
            packed[-1] += separator + part
        elif _units(part) > LONGEST:
            packed.extend(_cut(part))
        else:
            packed.append(part)
    return packed
