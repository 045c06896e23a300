"""The text tokenizer of the embedded voice: an id for every phone, every stop and every gap between words.

A model this small has no room to learn English spelling beside how English sounds, so it reads phones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from .numerals import digits, number
from .spelling import Spelling
from .tokenizer import check_unicode, split_controls

SPELLING = "spelling.txt.gz"
GAP = " "
STOPS = (",", ".", "?", "!")
PHONES = (
    *("aa", "ae", "ah", "ao", "aw", "ax", "ay", "b", "ch", "d", "dh", "eh", "er", "ey", "f", "g", "hh"),
    *("ih", "iy", "jh", "k", "l", "m", "n", "ng", "ow", "oy", "p", "r", "s", "sh", "t", "th", "uh", "uw", "v"),
    *("w", "y", "z", "zh"),
)
PIECES = (GAP, *STOPS, *PHONES)
_IDS = {piece: index for index, piece in enumerate(PIECES)}
_WORD = re.compile(r"(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)*)|(?P<number>\d+)|(?P<stop>[,.?!;:…])")
_READ_AS = {";": ",", ":": ",", "…": "."}
_LONG = 12  # digits: more are an identifier, not an amount


class PhoneTokenizer:
    """Ids for English text. Safe to use from many threads. Control tokens as `tokenizer.Tokenizer` has them."""

    def __init__(self, folder: Path, control_tokens: Sequence[str] = ()) -> None:
        """Reads `spelling.txt.gz` in `folder`. Raises ModelNotFound if it is missing, CheckpointError if damaged."""
        self._spelling = Spelling(folder / SPELLING, PHONES)
        self.control_ids = {token: len(PIECES) + index for index, token in enumerate(control_tokens)}
        self.vocab_size = len(PIECES) + len(self.control_ids)

    def encode(self, text: str, *, allowed: Iterable[str] = ()) -> list[int]:
        """The ids of `text`; of the control tokens only those in `allowed` are seen. Raises TextError."""
        check_unicode(text)
        seen = self.control_ids.keys() & allowed
        ids: list[int] = []
        for part in split_controls(text, seen):
            ids.extend([self.control_ids[part]] if part in seen else [_IDS[piece] for piece in self.pieces(part)])
        return ids

    def pieces(self, text: str) -> list[str]:
        """Phones, stops and gaps: "I see." -> "ay", " ", "s", "iy", "."."""
        found: list[str] = []
        for match in _WORD.finditer(text):
            if match["stop"]:
                stop = _READ_AS.get(match[0], match[0])
                if found and found[-1] not in STOPS:
                    found.append(stop)
                continue
            for word in [match[0]] if match["word"] else _read_number(match[0]).split():
                if found and found[-1] not in STOPS:
                    found.append(GAP)
                found.extend(self._spelling.phones(word))
        return found


def _read_number(text: str) -> str:
    """A transcript may hold digits, which no earlier stage has read."""
    return (digits(text) if len(text) > _LONG else number(text)).replace("-", " ")
