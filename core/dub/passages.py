"""A text with inline tags as passages: parts that are each said in one manner, and alone if one of them is changed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..errors import TextError
from ..text.front import speakable
from ..text.markup import FENCE
from ..text.tags import Spans
from .inline import LONGEST_PAUSE, Pause, Token, Words, control_tags, tokens
from .style import Style

__all__ = ["Passage", "Style", "assembled", "read_passages"]

PLAIN = Style()

_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’」』）)\]*_~`》】]*(?:\s*(?:\[[\w-]+\]|</\w+>))*\s*\Z")
# What closes the passage before, though a tag stands between: "Hello {speed=0.9}friend{}, come in."
_CLOSING = re.compile(r"(?:[,.;:!?)\]\"'”’]+(?=\s|\Z)|[…，。；：！？、」』）》】]+)+")


@dataclass(frozen=True)
class Passage:
    """What is said in one manner. pause: seconds of silence in front of it. text "": silence alone, at the end."""

    text: str
    style: Style
    pause: float = 0.0


def read_passages(text: str, base: Style = PLAIN, *, line: int = 1) -> list[Passage]:
    """The passages of a text, in order; none if there is nothing to say or to wait for.

    A pause, a style, a blank line and a line that ends a sentence begin a new one. `{…}` holds until the next one,
    `{}` ends it. base: what holds besides. line: the number of the first line. Raises TextError naming the line.
    """
    return assembled(tokens(text, line), base)


def assembled(found: Iterable[Token], base: Style = PLAIN) -> list[Passage]:
    """The passages of tokens. Raises TextError for silence without end."""
    assembly = _Assembly(base)
    for token in found:
        if isinstance(token, Words):
            assembly.text.append(token.text)
        elif isinstance(token, Pause):
            assembly.wait(token)
        else:
            assembly.change(token)
    return assembly.finished()


class _Assembly:
    def __init__(self, base: Style) -> None:
        self.text: list[str] = []  # since the last tag
        self._base = self._style = base
        self._pause = 0.0
        self._spans = Spans(control_tags())
        self._passages: list[Passage] = []

    def wait(self, pause: Pause) -> None:
        self._flush()
        self._pause += pause.seconds
        if self._pause > LONGEST_PAUSE:
            raise TextError(
                f"line {pause.line}: pauses that follow each other are longer than 60 seconds: shorten them"
            )

    def change(self, style: Style) -> None:
        self._flush()
        asked = {name: value for name, value in vars(style).items() if value is not None}
        self._style = replace(self._base, **asked)

    def finished(self) -> list[Passage]:
        self._flush()
        if self._pause:
            self._passages.append(Passage("", self._style, self._pause))
        return self._passages

    def _flush(self) -> None:
        text = "".join(self.text)
        self.text.clear()
        if closing := _CLOSING.match(text):
            self._close(closing[0])
            text = text[closing.end() :]
        parts = _parts(text)
        for index, part in enumerate(parts):
            self._add(part)
            if index < len(parts) - 1 or text.endswith("\n"):
                self._spans.close()

    def _close(self, marks: str) -> None:
        if self._passages and not _CLOSING.match(self._passages[-1].text[-1]):
            last = self._passages[-1]
            self._passages[-1] = replace(last, text=last.text + marks)

    def _add(self, part: str) -> None:
        part = self._spans.whole(part.strip())
        if speakable(self._spans.words(part)):
            self._passages.append(Passage(part, self._style, self._pause))
            self._pause = 0.0


def _parts(text: str) -> list[str]:
    """`text` cut behind blank lines and lines that end a sentence; a block of code stays whole."""
    parts: list[str] = []
    lines: list[str] = []
    fenced = False
    for line in text.split("\n"):
        lines.append(line)
        fenced ^= bool(FENCE.match(line))
        if not fenced and (not line.strip() or _SENTENCE_END.search(line)):
            parts.append("\n".join(lines))
            lines.clear()
    return [part for part in (*parts, "\n".join(lines)) if part.strip()]
