"""English as it is read aloud: what is written with digits and signs, in words.

English does not go through wetext, which raises on signs that people write ("5¢", "±5", "#1") and leaves others unread.
"""

from __future__ import annotations

import re
import unicodedata

from ..numerals import digits, number, year
from .amounts import MEASURES, MONEY
from .codes import CODES, PHONES, VERSIONS
from .fractions import FRACTIONS
from .signs import MATHS, NUMBERS, RANGES, SIGNS
from .times import DATES, TIMES, YEARS
from .words import ABBREVIATIONS, INITIALS, roman

_ORDER = (
    *(ABBREVIATIONS, DATES, TIMES, PHONES, CODES, MONEY, MEASURES, FRACTIONS),
    *(MATHS, VERSIONS, RANGES, YEARS, NUMBERS, INITIALS, SIGNS),
)
_READERS = [(re.compile(pattern), say) for readers in _ORDER for pattern, say in readers]

_ONE_SIGN = {"℃": "°C", "℉": "°F", "′": "'", "″": '"', "⁄": "/"}
_SIGNS = str.maketrans({**_ONE_SIGN, **dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))})
_VULGAR = re.compile(r"(\d?)([¼-¾⅐-⅞])")
_ENCLOSED = re.compile(r"\s?([①-⒛⓪-⓿❶-➓㉑-㉟㊱-㊿])")
_ROMAN_SIGNS = re.compile(r"[Ⅰ-Ⅻⅰ-ⅻ]+")
# "1.000,50", "1.000.000", "5,00 €"
_EUROPEAN = re.compile(
    r"(?<![\w.,])(?:(\d{1,3}(?:\.\d{3})+),(\d{1,2})|(\d{1,3}(?:\.\d{3}){2,})|(\d+),(\d\d)(?=\s?€))(?!\d|[.,]\d)"
    r"|(?<=€)(\d+),(\d\d)(?!\d|[.,]\d)"
)

_PIXELS = re.compile(r"\b(\d{3,4})p\b")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[.,/](?=\d)")
_LETTERS_AND_DIGITS = re.compile(r"[^\W_]*\d[^\W_]*")
_DIGITS = re.compile(r"\d+")


def read_english(text: str) -> str:
    """`text` with numbers, dates, times, money, measures, abbreviations and signs in words."""
    text = _plain(text)
    for pattern, say in _READERS:
        text = pattern.sub(say, text)
    text = _PIXELS.sub(lambda found: f"{year(int(found[1]))} p", text)
    text = _BETWEEN_DIGITS.sub(lambda found: {".": " point ", ",": ", ", "/": " slash "}[found[0]], text)
    text = _LETTERS_AND_DIGITS.sub(lambda word: _mixed(word[0]), text)
    return re.sub(r" {2,}", " ", re.sub(r" +(?=[,.;:!?)](?:\s|$))", "", text)).strip()


def _plain(text: str) -> str:
    """`text` with characters that hold a whole number or fraction as digits: "½" -> "1/2", "①" -> "1"."""
    text = _VULGAR.sub(lambda m: f"{m[1]} {_of_character(m[2])}" if m[1] else _of_character(m[2]), text)
    text = _ENCLOSED.sub(lambda m: f" {int(unicodedata.numeric(m[1]))} ", text)
    text = _ROMAN_SIGNS.sub(lambda m: str(roman(unicodedata.normalize("NFKC", m[0]).upper())), text)
    text = _EUROPEAN.sub(_english, text.translate(_SIGNS))
    return text


def _english(match: re.Match[str]) -> str:
    """A European number with commas for full stops and a full stop for the comma."""
    return match[0].translate(str.maketrans(".,", ",."))


def _of_character(character: str) -> str:
    return unicodedata.normalize("NFKC", character).replace("⁄", "/")


def _mixed(word: str) -> str:
    """A word of letters and digits: "MP3" -> "MP three", "x86" -> "x eighty six"."""
    return _DIGITS.sub(lambda run: f" {number(run[0]) if len(run[0]) < 4 else digits(run[0])} ", word).strip()
