"""What the readers of English share: the parts of their patterns, and words that depend on a number or on a neighbour.

A reader is a pattern and what is said instead of a match. Readers run in order, each on what the ones before left.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..numerals import number
from ..units import NO_PLURAL

Match = re.Match[str]
Reader = tuple[str, Callable[[Match], str]]

NUMBER = r"(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)"
START = r"(?<![\w.,])"  # a number's first digit is not inside a word or another number
SIGN = r"(?:(?<![\w)])[-−–+±])?"
DASH = r"(?:\s?[–—~〜]\s?|-\s?|\s-\s)"  # "5 -3" is no range
LOW = rf"(?:(?P<low>{SIGN}{NUMBER}){DASH})?"

_SMALL_WORDS = (
    "a|an|the|this|that|these|those|i|you|he|she|it|we|they|his|her|its|our|their|who|which|and|or|but|nor|if|as|so|"
    "than|then|when|while|where|until|till|because|of|to|in|on|at|by|for|from|with|without|into|over|under|about|after|"
    "before|since|per|between|up|down|off|out|away|is|are|was|were|be|has|have|had|do|does|did|will|would|can|could|may|"
    "should|must|not|no|now|there|here|today|immediately|each|more|less|left|ago|only|too|also|both"
)
# What follows a number that counts nothing: "In 1066 they came", not "In 1066 cases".
COUNTS_NOTHING = rf"(?=\s*(?:[.,;:!?()\[\]\"”—–]|$)|\s(?:[A-Z]|(?:{_SMALL_WORDS})\b))"
_DETERMINER = re.compile(r"\b(?:an?|the|this|that|each|every|another|my|your|his|her|its|our|their)\s$", re.IGNORECASE)
_NOUN = re.compile(rf"\s(?!(?:{_SMALL_WORDS})\b)[a-z]+")


def signed(text: str) -> str:
    """A number with its sign: "-3" -> "minus three"."""
    sign = {"-": "minus ", "−": "minus ", "–": "minus ", "+": "plus ", "±": "plus or minus "}.get(text[:1], "")
    return sign + number(text[1:] if sign else text)


def many(word: str, count: str) -> str:
    """The plural of a unit where the number asks for it: "kilometer per hour" -> "kilometers per hour"."""
    first, per, rest = word.partition(" per ")
    if count.lstrip("-−–+±") == "1":
        return {"pence": "penny"}.get(word, word)
    if first in ("foot", "inch"):
        return {"foot": "feet", "inch": "inches"}[first] + per + rest
    return word if first in NO_PLURAL else first + "s" + per + rest


def describes(match: Match) -> bool:
    """Whether a quantity stands like an adjective, which has no plural: "a 10 kg bag", "the $5 bill"."""
    return bool(_DETERMINER.search(match.string[: match.start()]) and _NOUN.match(match.string, match.end()))


def low_end(match: Match) -> str:
    """The first half of "5-10 km", where there is one: "five to "."""
    return f"{signed(match['low'])} to " if match["low"] else ""


def ends_sentence(match: Match) -> bool:
    """Whether the full stop that `match` ends with may also be the sentence's."""
    return match[0].endswith(".") and bool(re.match(r"\s*$|\s+[A-Z]", match.string[match.end() :]))
