"""How a passage is said: what stands in `{speed=0.9 seed=4 instruct="…" lang=en gain=-3}`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import TextError
from ..text.language import LANGUAGES

SPEEDS = (0.5, 2.0)
GAINS = (-60.0, 40.0)  # dB
SEEDS = (0, 2**64 - 1)

_SIGN = r"\s*(?P<sign>[=＝:：])\s*"
_BEGINNING = re.compile(rf"\{{\s*(?:(?P<end>\}})|(?P<key>[A-Za-z]\w+){_SIGN})")
_KEY = re.compile(rf"(?P<key>[A-Za-z]\w*){_SIGN}")
_SEPARATORS = re.compile(r"[\s,;，；、]*")
_BARE = re.compile(r"[^\s,;，；、{}\"“”]*")
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "「": "」"}
_SHOWN = 40  # characters of what was found, in a message


@dataclass(frozen=True)
class Style:
    """What `{…}` asks for; None leaves a setting as it is.

    speed: 0.5 to 2. seed: 0 to 2^64 - 1. instruct: how to say it. language: as in `SpeechRequest`. gain: dB, -60 to 40.
    """

    speed: float | None = None
    seed: int | None = None
    instruct: str | None = None
    language: str | None = None
    gain: float | None = None


def begins_style(text: str, at: int, *, sure: bool = False) -> bool:
    """Whether the brace at `at` begins a style; other braces are somebody's words: "{x=1}", "{note: this}".

    sure: "{sped=2}" is no style that was misspelt.
    """
    found = _BEGINNING.match(text, at)
    if not found or found["end"]:
        return bool(found)
    return found["key"].lower() in _SETTINGS or (not sure and found["sign"] in "=＝")


def read_style(text: str, at: int, line: int) -> tuple[Style, int]:
    """The style whose brace is at `at`, and where it ends. Raises TextError, which names `line`."""
    style, end = _settings(text, at + 1, line, "}")
    return style, end + 1


def read_settings(text: str, line: int) -> Style:
    """The style of settings without braces. Raises TextError, which names `line`."""
    return _settings(text, 0, line, "")[0]


def _settings(text: str, at: int, line: int, closing: str) -> tuple[Style, int]:
    """The settings from `at` on, and where they end: at `closing`, or with the text."""
    values: dict[str, Any] = {}
    expected, example = (f"a setting or {closing}", _INLINE) if closing else ("a setting", _EXAMPLE)
    place = at
    while True:
        place = _end(_SEPARATORS, text, place)
        if text[place : place + 1] == closing:
            return Style(**values), place
        key = _KEY.match(text, place)
        if not key:
            raise _wrong(line, f"found {_shown(text[place:])} where {expected} is expected", example)
        if key["key"].lower() not in _SETTINGS:
            raise _wrong(line, f"there is no setting {_shown(key['key'])}", example)
        value, place = _value(text, key.end(), line)
        name, read, allowed = _SETTINGS[key["key"].lower()]
        try:
            values[name] = read(value)
        except ValueError:
            raise _wrong(line, f"{key['key']} is {_shown(value)}", f"write {allowed}") from None


def _value(text: str, at: int, line: int) -> tuple[str, int]:
    closing = _QUOTES.get(text[at : at + 1])
    if closing is None:
        end = _end(_BARE, text, at)
        return text[at:end], end
    end = text.find(closing, at + 1)
    if end < 0:
        raise _wrong(line, f"the quote {_shown(text[at:])} is not closed", f"end it with {closing}")
    return " ".join(text[at + 1 : end].split()), end + 1


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _shown(text: str) -> str:
    text = text.partition("\n")[0]
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def _wrong(line: int, what: str, advice: str) -> TextError:
    return TextError(f"line {line}: {what}: {advice}")


def _between(value: float, limits: tuple[float, float]) -> float:
    if not limits[0] <= value <= limits[1]:
        raise ValueError
    return value


def _seed(value: str) -> int:
    seed = int(value)
    _between(seed, SEEDS)
    return seed


def _words(value: str) -> str:
    if not value:
        raise ValueError
    return value


def _language(value: str) -> str:
    language = re.split(r"[-_]", value.lower())[0]
    if language not in LANGUAGES:
        raise ValueError
    return language


_Setting = tuple[str, Callable[[str], Any], str]  # field of Style, reader, what may be written
_LANG: _Setting = ("language", _language, f"one of {', '.join(LANGUAGES)}")
_INSTRUCT: _Setting = ("instruct", _words, 'how to say it, such as instruct="whispering"')
_GAIN: _Setting = (
    "gain",
    lambda value: _between(float(re.sub(r"(?i)db\Z", "", value)), GAINS),
    "dB from -60 to 40, such as gain=-3",
)
_SETTINGS: dict[str, _Setting] = {
    "speed": ("speed", lambda value: _between(float(value), SPEEDS), "a number from 0.5 to 2, such as speed=0.9"),
    "seed": ("seed", _seed, "a whole number from 0 to 18446744073709551615"),
    "instruct": _INSTRUCT,
    "instruction": _INSTRUCT,
    "lang": _LANG,
    "language": _LANG,
    "gain": _GAIN,
}
_EXAMPLE = 'write speed=0.9 seed=4 instruct="…" lang=en gain=-3, or any of these'
_INLINE = 'write {speed=0.9 seed=4 instruct="…" lang=en gain=-3}, any of these, or {} to end it'
