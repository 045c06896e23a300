"""Control tags in a text: where they are, and pairs of them over the pieces that a text is spoken in."""

from __future__ import annotations

import re
from collections.abc import Collection


def split_tags(text: str, tags: Collection[str]) -> list[str]:
    """`text` cut around its control tags: text, tag, text, tag, … text."""
    if not tags:
        return [text]
    return re.split(f"({'|'.join(map(re.escape, sorted(tags, key=len, reverse=True)))})", text)


class Spans:
    """What stands between "<strong>" and "</strong>", and other tags that come in pairs, piece after piece.

    A closing tag without an opening one is left out, an opening one inside its own span too; spans that
    cross are nested. Not to be shared between threads.
    """

    def __init__(self, tags: Collection[str]) -> None:
        """tags: all control tags; a pair is one of the form "<x>" for which there is "</x>"."""
        self._opening = {f"</{tag[1:]}": tag for tag in tags if tag.startswith("<") and f"</{tag[1:]}" in tags}
        self._closing = {opening: closing for closing, opening in self._opening.items()}
        self._open: list[str] = []

    @property
    def open(self) -> bool:
        """Whether a span goes on."""
        return bool(self._open)

    def read(self, text: str) -> str:
        """`text`, the next piece, without tags that have no meaning."""
        return "".join(self._balanced(part) for part in split_tags(text, self._opening.keys() | self._closing.keys()))

    def close(self) -> str:
        """The tags that end what is open."""
        closing = "".join(self._closing[tag] for tag in reversed(self._open))
        self._open.clear()
        return closing

    def whole(self, text: str) -> str:
        """`text`, the next piece, balanced: a span that began before it or goes on behind it is whole in it."""
        before = "".join(self._open)
        text = before + self.read(text)
        going_on = list(self._open)
        text += self.close()
        self._open = going_on
        return self._without_empty(text).strip()

    def words(self, text: str) -> str:
        """`text` without the tags that come in pairs."""
        return "".join(split_tags(text, self._opening.keys() | self._closing.keys())[::2])

    def _balanced(self, part: str) -> str:
        if part in self._closing:
            if part in self._open:
                return ""
            self._open.append(part)
        elif part in self._opening:
            opening = self._opening[part]
            if opening not in self._open:
                return ""
            place = self._open.index(opening)
            inner = self._open[place + 1 :]
            del self._open[place]
            return "".join(map(self._closing.__getitem__, reversed(inner))) + part + "".join(inner)
        return part

    def _without_empty(self, text: str) -> str:
        if not self._closing:
            return text
        pairs = "|".join(
            f"{re.escape(opening)}(\\s*){re.escape(closing)}" for opening, closing in self._closing.items()
        )
        before = None
        while text != before:
            before, text = text, re.sub(pairs, lambda match: match[match.lastindex or 0], text)
        return text
