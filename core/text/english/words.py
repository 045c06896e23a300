"""Abbreviations and Roman numerals."""

from __future__ import annotations

import re

from ..numerals import cardinal, ordinal
from .parts import Match, Reader, ends_sentence

_ANYWHERE = {
    "e.g.": "for example", "i.e.": "that is", "vs.": "versus", "vs": "versus", "approx.": "approximately",
    "etc.": "et cetera", "etc": "et cetera", "a.k.a.": "also known as", "w/o": "without", "w/out": "without",
    "w/": "with", "cf.": "compare", "dept.": "department", "Ltd.": "Limited", "Jr.": "Junior", "Sr.": "Senior",
    "Ave.": "Avenue", "Blvd.": "Boulevard",
}  # fmt: skip
_END_SENTENCES = ("etc.", "Ave.", "Blvd.")  # behind the others a capital is no new sentence: "e.g. Anna"
_TITLES = {
    "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Dr": "Doctor", "Prof": "Professor", "Gen": "General",
    "Capt": "Captain", "Sgt": "Sergeant", "Lt": "Lieutenant", "Col": "Colonel", "Gov": "Governor", "Sen": "Senator",
    "Rev": "Reverend", "Mt": "Mount",
}  # fmt: skip
_BRITISH = "Mr|Mrs|Ms|Dr"  # without a stop
_ROADS = {"St": "Street", "Dr": "Drive", "Rd": "Road", "Ln": "Lane"}
_BEFORE_NUMBER = {
    "p": "page", "pp": "pages", "fig": "figure", "figs": "figures", "vol": "volume", "ch": "chapter", "sec": "section",
    "eq": "equation",
}  # fmt: skip

_NUMBERED = (
    "Chapter|Part|Volume|Act|Scene|Book|Section|Article|Phase|Type|Class|Level|Stage|War|Title|Appendix|Figure|"
    "Table|Episode|Tier|Division|Group|Mark|Bowl|Factor|Vatican"
)
_RULERS = (
    "Henry|Louis|Charles|George|Edward|Elizabeth|James|William|Richard|Philip|Francis|Frederick|Catherine|Peter|"
    "Nicholas|Alexander|Napoleon|Wilhelm|Paul|Pius|Benedict|John|Gregory|Leo|Innocent|Urban|Clement|Ramses|Mary|Ivan|"
    "Felipe|Friedrich|Ferdinand|Carlos|Ptolemy|Xerxes|Darius|Harald|Christian|Gustav|Otto|Albert|Leopold|Emmanuel|"
    "Constantine|Theodosius|Edmund|Margaret|Alfonso|Pedro|Haakon|Olav|Sixtus|Julius"
)
_ROMAN = r"(?:X{0,3}(?:IX|IV|V?I{1,3}|V)|X{1,3})"
# Alone these may be letters (an IV, the editor VI), or a pronoun.
_PLAIN_ROMAN = r"(?:VII|VIII|III?|XI{2,3}|XI?V|XVI{1,3}|XI?X)"
# "Part I of it" and "Elizabeth I", but "the part I like".
_NOT_A_PRONOUN = r"(?![\w'’])(?!(?<=\sI)\s(?!(?:of|in|and|or|by|from|is|has|who|to|on|at|was|were)\b))"
_OPENS = re.compile(r"(?:\A|[.!?]\s|\b(?:King|Queen|Pope|Emperor|Empress|Tsar)\s)$")  # not "With Peter I was"
_VALUES = {"I": 1, "V": 5, "X": 10}


def roman(numeral: str) -> int:
    """ "XIV" -> 14."""
    values = [_VALUES[letter] for letter in numeral]
    return sum(-value if value < max(values[place:]) else value for place, value in enumerate(values))


def _as(word: str, like: str) -> str:
    return word[0].upper() + word[1:] if like[0].isupper() else word


def _abbreviation(match: Match) -> str:
    short = match[0]
    word = _ANYWHERE.get(short) or _as(_ANYWHERE[short.lower()], short)
    last = not match.string[match.end() :].strip()
    return word + ("." if ends_sentence(match) and (last or short in _END_SENTENCES) else "")


def _road_or_title(match: Match) -> str:
    """ "St. Paul" and "Dr. Jones", but "12 Main St." and "Oak Dr. today"."""
    before, after = match.string[: match.start()], match.string[match.end() :]
    named = re.match(r"\s[A-Z]", after)
    numbered = re.search(r"\d\w*\s(?:[A-Z]\w+\s)*$", before)
    if match[1] in _ROADS and (numbered or (not named and re.search(r"\b[A-Z]\w+\s$", before))):
        return _ROADS[match[1]] + ("." if ends_sentence(match) else "")
    return {**_TITLES, "St": "Saint"}.get(match[1], match[0]) if named else match[0]


def _any_of(words: dict[str, str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


def _regnal(match: Match) -> str:
    before = match.string[: match.start()]
    if match[2] == "I" and match.string.startswith(" was", match.end()) and not _OPENS.search(before):
        return match[0]
    return f"{match[1]} the {ordinal(roman(match[2]))}"


def _numbered(match: Match) -> str:
    return f"{match[1]} {cardinal(roman(match[2]))}"


ABBREVIATIONS: list[Reader] = [
    (rf"(?<![\w.])(?:{_any_of(_ANYWHERE)}|E\.g\.|I\.e\.|Approx\.)(?!\w)", _abbreviation),
    (r"\b(St|Dr|Rd|Ln)\.", _road_or_title),
    (rf"\b(?:(?:({_any_of(_TITLES)})\.|({_BRITISH}))(?=\s[A-Z])|(Mrs?|Ms)\.)", lambda m: _TITLES[m[1] or m[2] or m[3]]),
    (
        rf"\b((?i:{_any_of(_BEFORE_NUMBER)}))\.\s?(?=\d|[IVX]+\b)",
        lambda m: _as(_BEFORE_NUMBER[m[1].lower()], m[1]) + " ",
    ),
    (r"\b(?:World War |WW)(II?|[12])\b", lambda m: f"World War {'one' if m[1] in ('I', '1') else 'two'}"),
    (rf"\b({_ROMAN})(?=(?:st|nd|rd|th)?\s[Cc]entur)(?:st|nd|rd|th)?", lambda m: ordinal(roman(m[1]))),
    (rf"\b({_RULERS})\s({_ROMAN}){_NOT_A_PRONOUN}", _regnal),
    (rf"\b({_NUMBERED})\s({_ROMAN}){_NOT_A_PRONOUN}", _numbered),
    (rf"\b({_NUMBERED.lower()})\s(?!I\b)({_ROMAN})(?![\w'’])", _numbered),
    (rf"\b([A-Z][a-z]+)\s({_PLAIN_ROMAN})(?![\w'’])", _numbered),
]
INITIALS: list[Reader] = [
    (r"\b(?:[A-Z]\.){2,}(?=(\s+[A-Z]|\s*$)?)", lambda m: m[0].replace(".", "") + ("." if m[1] is not None else "")),
]
