"""A text in the pieces that are spoken one at a time, by the published rules, and made to work as text arrives."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_STOPS = {"zh": "。？！；：、.?!;", "en": ".?!;:", "ja": "。？！；.?!;:"}
_COMMAS = "，,"
_QUOTES = '"”'
_ASCII_STOPS = ".?!;:,"
_ENDS = re.compile(r"[.?!;:。？！；：、…][\"'”’」』）)\]]*(?:\s*(?:\[\w+\]|</\w+>))*\Z")
_COMMA_AT_END = re.compile(r"[，,、]+\Z")
_CLOSING_TAGS = re.compile(r"(?:</\w+>)*")
# Where a clause without stops is cut when it is too long for one breath, the best place first; never in a tag.
_BREATHS = (
    re.compile(r"(?<=[，,、—])"),
    re.compile(r"(?<=\s)"),
    re.compile(r"(?<=.)(?=.)(?![a-z_/-]{0,20}[>\]])", re.DOTALL),
)

Length = Callable[[str], int]


@dataclass(frozen=True)
class Rules:
    """How long pieces are: characters of Chinese, text tokens of other languages.

    longest: a piece ends before the clause that would take it beyond, if it has more than `shortest`
    already. merge: a last piece below joins the one before. commas: whether clauses end there too.
    breathless: a clause beyond is cut where it has no stop.
    """

    longest: int = 80
    shortest: int = 60
    merge: int = 20
    commas: bool = False
    breathless: int = 160


def split_paragraph(text: str, length: Length, language: str, rules: Rules | None = None) -> list[str]:
    """Pieces of `text`; "zh" has stops of its own, other languages have those of "en"."""
    rules = rules or Rules()
    packer = Packer(rules)
    pieces: list[Piece] = []
    for clause in clauses(ended(text, language), language, commas=rules.commas):
        pieces += packer.add(clause, language, length)
    return [text for text, _ in pieces + packer.finish()]


def ended(text: str, language: str) -> str:
    """`text` with a full stop where it ends with none; a comma there becomes one."""
    text = _COMMA_AT_END.sub("", text) or text
    if not text or _ENDS.search(text):
        return text
    return text + ("。" if language in ("zh", "ja") else ".")


def clauses(text: str, language: str, *, commas: bool = False) -> list[str]:
    """`text` cut behind its stops and the quotes and tags that close there; "".join gives it back, but for lone stops.

    A full stop inside a number, an address or an abbreviation is none: unlike the published rules, an
    ASCII stop counts only before a blank, a quote, a Chinese character or the end.
    """
    stops = _STOPS.get(language, _STOPS["en"]) + (_COMMAS if commas else "")
    pieces: list[str] = []
    start = 0
    for index, character in enumerate(text):
        if character not in stops or index < start:
            continue
        after = text[index + 1 : index + 2]
        if character in _ASCII_STOPS and after and after.isascii() and (after.isalnum() or after in "/" + _ASCII_STOPS):
            continue
        end = index + 2 if after and after in _QUOTES else index + 1
        if tags := _CLOSING_TAGS.match(text, end):
            end = tags.end()
        if index > start:
            pieces.append(text[start:end])
        elif pieces and end > index + 1:
            pieces[-1] += text[index + 1]
        start = end
    return pieces + ([text[start:]] if text[start:] else [])


Piece = tuple[str, str]  # text, language


class Packer:
    """Clauses in, pieces out, each as soon as nothing that follows can change it. One language at a time."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._ready: Piece | None = None  # complete, but what follows may be too short to stand alone
        self._text, self._language = "", ""
        self._length: Length = len

    def add(self, clause: str, language: str, length: Length) -> list[Piece]:
        """The pieces that are final now. length: how long a text of this language is."""
        rules, out = self._rules, []
        for part in breaths(clause, length, rules):
            if self._text:
                foreign = language != self._language and self._size() >= rules.merge
                full = length(self._text + part) > rules.longest and self._size() > rules.shortest
                if foreign or full:
                    out += self._close()
            if not self._text or length(part) > length(self._text):
                self._language, self._length = language, length
            self._text += part
            if self._ready and self._size() >= rules.merge:
                out.append(self._ready)
                self._ready = None
        return out

    def finish(self) -> list[Piece]:
        """What is left. The packer is as new afterwards."""
        out: list[Piece] = []
        if self._ready and self._text and self._size() < self._rules.merge:
            out.append((self._ready[0] + self._text, self._ready[1]))
        else:
            out += [piece for piece in (self._ready, (self._text, self._language)) if piece and piece[0]]
        self._ready, self._text = None, ""
        return out

    def _size(self) -> int:
        return self._length(self._text)

    def _close(self) -> list[Piece]:
        out = [self._ready] if self._ready else []
        self._ready, self._text = (self._text, self._language), ""
        return out


def breaths(clause: str, length: Length, rules: Rules, level: int = 0) -> list[str]:
    """A clause in parts none of which is breathless; "".join gives it back."""
    if length(clause) <= rules.breathless or level == len(_BREATHS):
        return [clause]
    parts: list[str] = []
    for part in _BREATHS[level].split(clause):
        if parts and length(parts[-1] + part) <= rules.longest:
            parts[-1] += part
        elif part:
            parts += breaths(part, length, rules, level + 1)
    return parts
