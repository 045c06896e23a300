"""Arithmetic, and signs that stand for a word."""

from __future__ import annotations

import unicodedata

from ..numerals import number, ordinal, year
from .parts import DASH, NUMBER, START, Match, Reader, signed

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
# Behind a word these need a verb: "x ≥ 5", but "≥5 items".
_COMPARISONS = {
    "≈": "about", "≤": "at most", "<=": "at most", "≥": "at least", ">=": "at least", "≠": "not", "!=": "not",
    "<": "less than", ">": "greater than",
}  # fmt: skip
_OPERATORS = {"×": "times", "*": "times", "÷": "divided by", "±": "plus or minus", "∞": "infinity", "√": "root of"}
_NAMES = {"©": "copyright", "¶": "paragraph", "%": "percent", "°": "degrees", "#": "number"}


def _range(match: Match) -> str:
    years = len(match["a"]) == len(match["b"]) == 4 and all(
        end.isdecimal() and 1000 <= int(end) <= 2100 for end in (match["a"], match["b"])
    )
    first, last = (year(int(match[end])) if years else number(match[end]) for end in "ab")
    return f"{first} {'minus' if match['sep'] == ' - ' and '=' in match.string else 'to'} {last}"


def _power(match: Match) -> str:
    exponent = match["e"].translate(_SUPERSCRIPTS).lstrip("^")
    base = match["base"] if match["base"].isalpha() else number(match["base"])
    if exponent in ("2", "3"):
        return f"{base} {'squared' if exponent == '2' else 'cubed'}"
    return f"{base} to the power of {signed(exponent)}" if exponent.strip("-") else match[0]


def _scientific(match: Match) -> str:
    return f"{number(match['n'])} times ten to the {signed(match['e'].lstrip('+'))}"


def _comparison(match: Match) -> str:
    verb = "is " if match.string[: match.start()].strip()[-1:].isalnum() else ""
    return f" {verb}{_COMPARISONS[match[1]]} "


def _path(match: Match) -> str:
    start = {"~": "tilde", ".": "dot", "..": "dot dot"}.get(match[1] or "", "")
    return start + match[2].replace("/", " slash ")


def _greek(match: Match) -> str:
    return unicodedata.name(match[0]).rsplit(" ", 1)[1].lower().replace("lamda", "lambda")


MATHS: list[Reader] = [
    (r"(?<=\d)(?:−|\s−\s)(?=\d)", lambda m: " minus "),
    (r"(?<=\w)([<>])(?=-?\d)", _comparison),
    (
        rf"(?P<base>{START}{NUMBER}|(?<![^\W\d])[A-Za-z]|\bmc)(?P<e>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+|\^-?\d+)",
        _power,
    ),
    (rf"{START}(?P<n>{NUMBER})[eE](?P<e>[-+]?\d+)(?!\w)", _scientific),
    (r"(?<=[Α-ω])/(?=\d)", lambda m: " over "),
]
RANGES: list[Reader] = [
    (rf"{START}(?P<a>{NUMBER})(?P<sep>{DASH})(?P<b>{NUMBER})(?![\w]|[-.]\d)", _range),
]
NUMBERS: list[Reader] = [
    (r"§§\s?", lambda m: "sections "),
    (r"§\s?", lambda m: "section "),
    (r"(?<!\w)(?:#\s?|№\s?|[Nn]o(s?)\.\s?)(\d+)\b", lambda m: f"number{m[1] or ''} {number(m[2])}"),
    (START + r"(\d{1,3}(?:,\d{3})+|\d+)(?:st|nd|rd|th)\b", lambda m: ordinal(int(m[1].replace(",", "")))),
    (rf"{START}((?:(?<!\S)|(?<=[(\[\"“=<>≤≥≈*:/]))[-−–+±]{NUMBER})(?![\w])", lambda m: signed(m[1])),
    (rf"(?<!\S)~\s?(?={NUMBER})", lambda m: "about "),
    (rf"{START}({NUMBER})(?![\w]|[.,]\d)", lambda m: number(m[1])),
]
SIGNS: list[Reader] = [
    (r"(?<!\S)#(?=[^\W\d])", lambda m: "hashtag "),
    (r"\b([CF])#", lambda m: f"{m[1]} sharp"),
    (r"\s?&\s?", lambda m: " and "),
    (r"\s?(<=|>=|!=|≈|≤|≥|≠)\s?", _comparison),
    (r"(?:(?<=\s)|\A)([<>])\s?(?=\w|-)", _comparison),
    (r"\s?={1,3}\s?", lambda m: " equals "),
    (r"\s?(×|÷|±|∞|√)\s?|(?<=\w)\s(\*)\s(?=\w)", lambda m: f" {_OPERATORS[m[1] or m[2]]} "),
    (r"(?<=[A-Za-z])\+\+", lambda m: " plus plus"),
    (r"(?<=\w)\s?\+(?:\s?(?=\w)|(?!\w))", lambda m: " plus "),
    (r"(?<=\w)\^(?=\w)", lambda m: " to the power of "),
    (r"\b([Hh](?:e|is|im)(?=/(?:she|hers?)\b)|[Ss]he(?=/he\b)|[Hh]er(?=/hi[sm]\b))/", lambda m: f"{m[1]} or "),
    (r"(?<!\S)(~|\.{1,2})?((?:/[\w.-]+)+)", _path),
    (r"(?<=[^\W\d_])/(?=[^\W\d_])", lambda m: " "),
    (r"(?<=[\w:])\\(?=\w)", lambda m: " backslash "),
    (r"(?<=\w)_+(?=\w)", lambda m: " "),
    (r"(?<=\w)@(?=\w)", lambda m: " at "),
    (r"(?<!\S)@(?=\w|\s)", lambda m: "at "),
    (r"\s?([©¶%°])\s?(?=([\w-])?)", lambda m: f" {_NAMES[m[1]]}" + (" " if m[2] else "")),
    (r"(?<!\w)[Α-ΡΣ-Ωα-ω](?!\w)", _greek),
]
