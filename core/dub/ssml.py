"""SSML, the few elements of it that speech assistants send, as passages.

A subset of https://www.w3.org/TR/speech-synthesis11/ : `speak`, `p`, `s`, `break`, `say-as`, `sub`, `emphasis`,
`prosody` (rate, volume), `lang`, `voice`. Of other elements the words are read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from xml.parsers import expat

from ..errors import TextError
from ..text.language import LANGUAGES
from .inline import Pause, Token, Words
from .passages import PLAIN, Passage, assembled
from .style import GAINS, SPEEDS, Style

MOST_CHARACTERS = 1 << 20
_DEEPEST = 100
_UNREAD = frozenset(("metadata", "meta", "lexicon", "desc", "style", "script"))
_BREAKS = {"none": 0.0, "x-weak": 0.1, "weak": 0.25, "medium": 0.5, "strong": 0.8, "x-strong": 1.2}  # seconds
_RATES = {"x-slow": 0.6, "slow": 0.8, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.6}
_VOLUMES = {"silent": GAINS[0], "x-soft": -12.0, "soft": -6.0, "medium": 0.0, "default": 0.0, "loud": 4.0,
            "x-loud": 6.0}  # fmt: skip
_TIME = re.compile(r"\s*\+?(\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})\s*(ms|s)\s*")
_PERCENT = re.compile(r"\s*([+-]?)(\d{1,4}(?:\.\d{0,3})?)\s*(%?)\s*")
_DECIBEL = re.compile(r"\s*([+-]?\d{1,3}(?:\.\d{0,3})?)\s*dB\s*", re.IGNORECASE)
_SPELLED = frozenset(("characters", "spell-out", "digits", "verbatim"))

_PARTS = {"speak": "\n", "s": "\n", "sentence": "\n", "p": "\n\n", "paragraph": "\n\n"}  # and what ends them
_NAMING = {"voice": "name", "express-as": "style"}
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")

Named = Callable[[str], Style | None]


def begins_ssml(text: str) -> bool:
    """Whether a text looks as if it were SSML."""
    return bool(re.match(r"\s*(?:<\?xml[^>]*>\s*)?<speak[\s>/]", text))


def read_ssml(text: str, base: Style = PLAIN, *, voice: Named | None = None) -> list[Passage]:
    """The passages of an SSML document, in order; none if there is nothing to say or to wait for.

    base: what holds besides. voice: the style of `<voice name="…">` and of `<express-as style="…">`; None where nobody
    knows the name, which is then passed over. Emphasis becomes `<strong>`, which a model without it is never shown.
    Entities are never expanded and a document type is refused. Raises TextError naming line and column.
    """
    if len(text) > MOST_CHARACTERS:
        raise TextError(f"the SSML has more than {MOST_CHARACTERS} characters: send it in parts")
    return assembled(_Document(base, voice).tokens(text), base)


@dataclass(frozen=True)
class _Element:
    """What holds inside an element. closing: what is read where it ends."""

    style: Style
    closing: str = ""
    unread: bool = False
    spelled: bool = False


class _Document:
    def __init__(self, base: Style, voice: Named | None) -> None:
        self._voice = voice
        self._found: list[Token] = []
        self._open = [_Element(base)]
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._words
        self._parser.StartDoctypeDeclHandler = self._doctype

    def tokens(self, text: str) -> list[Token]:
        text = _DECLARATION.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)  # it may name another encoding
        try:
            self._parser.Parse(text.encode(), True)
        except expat.ExpatError as error:
            raise self._wrong(expat.ErrorString(error.code)) from None
        except UnicodeEncodeError:
            raise TextError("the SSML is not valid Unicode: a surrogate stands alone; send it in UTF-8") from None
        return self._found

    def _wrong(self, what: str) -> TextError:
        parser = self._parser
        place = f"line {parser.CurrentLineNumber}, column {parser.CurrentColumnNumber + 1}"
        return TextError(f"SSML, {place}: {what}: correct it, or send it as plain text")

    def _doctype(self, *_: object) -> None:
        raise self._wrong("a document type is not read")

    def _start(self, tag: str, written: dict[str, str]) -> None:
        name, attributes = _local(tag), {_local(key): value for key, value in written.items()}
        if len(self._open) == 1 and name != "speak":
            raise self._wrong(f"the first element is <{name[:40]}>, not <speak>")
        if len(self._open) > _DEEPEST:
            raise self._wrong(f"more than {_DEEPEST} elements inside each other")
        around = self._open[-1]
        style = self._manner(name, attributes, around.style)
        element = replace(around, style=style, closing="")
        interpreted = attributes.get("interpret-as") if name == "say-as" else None
        if name in _UNREAD or interpreted == "expletive":
            element = replace(element, unread=True)
        elif name in _PARTS:
            self._say("\n")
            element = replace(element, closing=_PARTS[name])
        elif name == "break" and not around.unread:
            self._found.append(Pause(self._seconds(attributes), self._parser.CurrentLineNumber))
        elif name == "sub" and "alias" in attributes:
            self._say(attributes["alias"])
            element = replace(element, unread=True)
        elif name == "emphasis" and attributes.get("level") not in ("none", "reduced"):
            self._say("<strong>")
            element = replace(element, closing="</strong>")
        elif interpreted in _SPELLED:
            element = replace(element, spelled=True)
        self._open.append(element)
        if style != around.style:
            self._found.append(style)

    def _end(self, tag: str) -> None:
        element, around = self._open.pop(), self._open[-1]
        if not around.unread:
            self._add(element.closing)
        if element.style != around.style:
            self._found.append(around.style)

    def _manner(self, name: str, attributes: dict[str, str], style: Style) -> Style:
        """How the words of an element are said."""
        if language := _language(attributes.get("lang", "")):
            style = replace(style, language=language)
        if name == "prosody":
            speed = _speed(attributes.get("rate", ""), style.speed or 1.0)
            gain = _gain(attributes.get("volume", ""), style.gain or 0.0)
            style = replace(style, speed=speed or style.speed, gain=style.gain if gain is None else gain)
        asked = attributes.get(_NAMING.get(name, ""))
        named = self._voice(asked) if self._voice and asked else None
        given = {key: value for key, value in vars(named).items() if value is not None} if named else {}
        return replace(style, **given)

    def _words(self, text: str) -> None:
        text = re.sub(r"\s+", " ", text)
        self._say(", ".join(text.replace(" ", "").upper()) if self._open[-1].spelled else text)

    def _say(self, text: str) -> None:
        if not self._open[-1].unread:
            self._add(text)

    def _add(self, text: str) -> None:
        if text:
            self._found.append(Words(text, self._parser.CurrentLineNumber))

    def _seconds(self, attributes: dict[str, str]) -> float:
        if "time" not in attributes:
            return _BREAKS.get(attributes.get("strength", "medium"), _BREAKS["medium"])
        time = _TIME.fullmatch(attributes["time"])
        if not time:
            raise self._wrong(f"{attributes['time'][:40]!r} is no time: write 500ms or 1.5s")
        return float(time[1]) / (1000 if time[2] == "ms" else 1)


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()


def _language(tag: str) -> str | None:
    language = re.split(r"[-_]", tag.lower())[0]
    return language if language in LANGUAGES else None


def _speed(rate: str, around: float) -> float | None:
    """None where nothing is asked for that can be understood."""
    speed = _RATES.get(rate.strip())
    if speed is None:
        number = _PERCENT.fullmatch(rate)
        if not number:
            return None
        value = float(number[2]) / (100 if number[3] else 1)
        speed = around * (1 - value if number[1] == "-" else 1 + value) if number[1] else around * value
    return min(max(speed, SPEEDS[0]), SPEEDS[1])


def _gain(volume: str, around: float) -> float | None:
    gain = _VOLUMES.get(volume.strip())
    if gain is None:
        number = _DECIBEL.fullmatch(volume)
        if not number:
            return None
        gain = around + float(number[1])
    return min(max(gain, GAINS[0]), GAINS[1])
