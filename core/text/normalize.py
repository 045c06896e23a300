"""A sentence as it is said: numbers, dates, units, addresses and signs in words of its own language."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection
from functools import cache
from typing import Any

from .addresses import say_addresses
from .chinese import read_chinese
from .english import read_english
from .foreign import read_foreign
from .german import read_german
from .japanese import read_japanese
from .markup import spaced
from .numerals import han_number
from .tags import split_tags

_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_HAS_DIGIT = re.compile(r"\d")
_BLANK_BESIDE_HAN = re.compile(r"(?<=[^\x00-\x7f]) +| +(?=[^\x00-\x7f])")
_FULL_STOP = re.compile(r"(?<!\.)\.(?=\s|[^\x00-\x7f]|\Z)")
# The rest of a number that a pause has cut: "It is 21." and "5 °C".
_POINT_FIRST = re.compile(r"[.,](?=\d)")
_POINTS = {"zh": "点", "ja": "点", "ko": "점 ", "de": "Komma ", "fr": "virgule ", "es": "coma ", "it": "virgola "}

# wetext's grammars are shared by the process; whether they may be used by two threads at once is not promised.
_lock = threading.Lock()


def normalize(text: str, language: str, tags: Collection[str] = ()) -> str:
    """`text`, one sentence, in words. Control tags among `tags` are passed through as they are."""
    pieces = split_tags(text, tags)
    said = [piece if index % 2 else _framed(piece, language) for index, piece in enumerate(pieces)]
    return spaced("".join(said)).strip()


def _framed(text: str, language: str) -> str:
    """`_said`, with the blanks at both ends that part it from a tag."""
    core = text.strip()
    if not core:
        return text
    start = text.index(core)
    return text[:start] + _said(core, language) + text[start + len(core) :]


def _said(text: str, language: str) -> str:
    text = say_addresses(text, language)
    if language in _POINTS and _POINT_FIRST.match(text):
        return _POINTS[language] + _said(text[1:], language)
    if language == "zh":
        return _chinese(text)
    if language == "en":
        return read_english(text)
    if language == "de":
        return read_german(text)
    if language == "ja":
        return read_japanese(text)
    return read_foreign(text, language)


def _chinese(text: str) -> str:
    text = read_chinese(text)
    if _HAS_DIGIT.search(text):
        text = _wetext(text)
        text = _DIGITS.sub(lambda found: han_number(found[0]), text)
    text = text.replace(" - ", "，")
    text = re.sub(r"[（）【】]", "", text)
    text = re.sub(r"(?<=[\u3400-\u9fff]), ?(?=[\u3400-\u9fff])", "，", text)
    return _FULL_STOP.sub("。", _BLANK_BESIDE_HAN.sub("", text)).replace("——", " ")


def _wetext(text: str) -> str:
    """What wetext's Chinese grammar makes of `text`; `text` itself where it fails."""
    normalizer = _normalizer()
    try:
        with _lock:
            said: str = normalizer.normalize(text)
    except (AssertionError, RuntimeError, ValueError, IndexError, KeyError):
        return text
    return said


@cache
def _normalizer() -> Any:
    from wetext import Normalizer

    # Interjections and erhua are words: 嗯 and 玩儿 stay.
    return Normalizer(lang="zh", operator="tn", remove_interjections=False, remove_erhua=False)
