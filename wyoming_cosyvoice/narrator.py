"""From what a client wishes to a narration: whose voice, which manner for which part of the text."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

from .. import core
from ..core import dub
from .catalogue import Catalogue
from .errors import Refused
from .narration import Narration, Rest
from .order import SPEEDS, Order, read_order, styled
from .protocols import House
from .request import Wish
from .settings import Settings


class Narrator:
    """Makes narrations. control_tags: of the model that is to speak, which a text may hold."""

    def __init__(
        self, house: House, catalogue: Catalogue, settings: Settings, control_tags: Callable[[], tuple[str, ...]]
    ) -> None:
        self._house, self._catalogue, self._settings, self._control_tags = house, catalogue, settings, control_tags

    def __call__(self, wish: Wish) -> Narration:
        manners = _Manners(self._catalogue, wish)
        styles, tags = self._catalogue.styles, self._control_tags()
        reader = _Document(styles.instruction) if wish.ssml else core.StyledReader(styles.names, tags)
        return Narration(self._house, manners, reader, keep_alive=self._settings.keep_alive)


class _Manners:
    """The order for every manner that one text is said in. May block, so it is asked in a thread."""

    def __init__(self, catalogue: Catalogue, wish: Wish) -> None:
        self._catalogue, self._wish = catalogue, wish
        self._base: Order | None = None
        self._lock = threading.Lock()

    def __call__(self, manner: Hashable) -> Order:
        with self._lock:
            if self._base is None:
                wish = self._wish
                self._base = read_order(
                    self._catalogue,
                    name=wish.name,
                    speaker=wish.speaker,
                    language=wish.language,
                    context=wish.context,
                )
        if isinstance(manner, str):
            return styled(self._catalogue, self._base, manner)
        return _marked(self._base, manner) if isinstance(manner, dub.Style) else self._base


class _Document:
    """A text in SSML, which is read when it is complete. What is no SSML is read as the text it is."""

    def __init__(self, instruction: Callable[[str], str | None]) -> None:
        self._instruction = instruction
        self._text = ""

    def feed(self, piece: str) -> list[tuple[Hashable, str]]:
        self._text += piece
        return []

    def finish(self) -> list[tuple[Hashable, str]]:
        """Raises Refused for SSML that is malformed."""
        if not dub.begins_ssml(self._text):
            return [(None, self._text)]
        try:
            passages = dub.read_ssml(self._text, voice=self._named)
        except core.TextError as error:
            raise Refused(str(error), "ssml") from error
        found: list[tuple[Hashable, str]] = []
        for passage in passages:
            if passage.pause:
                found.append((Rest(passage.pause), ""))
            found.append((passage.style, passage.text))
        return found

    def _named(self, name: str) -> dub.Style | None:
        words = self._instruction(name)
        return dub.Style(instruct=words) if words else None


def _marked(order: Order, style: dub.Style) -> Order:
    """The order as marks in the text change it."""
    changed: dict[str, Any] = {
        "instruction": style.instruct,
        "language": style.language,
        "seed": style.seed,
        "speed": style.speed and min(max(order.speed * style.speed, SPEEDS[0]), SPEEDS[1]),
        "gain_db": None if style.gain is None else order.gain_db + style.gain,
    }
    return replace(order, **{name: value for name, value in changed.items() if value is not None})
