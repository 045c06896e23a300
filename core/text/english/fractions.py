"""Fractions, and what is only written like one: "24/7", "50/50", "8/10"."""

from __future__ import annotations

from ..numerals import cardinal, ordinal, plural
from .parts import START, Match, Reader

_SAID_AS_NUMBERS = {(24, 7): "twenty four seven", (9, 11): "nine eleven"}


def mixed_number(whole: str | None, above: int, below: int) -> str:
    """ "3/4" -> "three quarters"; "1 1/2" -> "one and a half". `below` is at least two."""
    part = {2: "half", 4: "quarter"}.get(below) or ordinal(below).removeprefix("one ")
    said = f"{cardinal(above)} {part}"
    if above != 1:
        said = f"{cardinal(above)} {'halves' if part == 'half' else plural(part)}"
    if not whole:
        return said
    article = "an" if part[0] in "aeiou" else "a"
    return f"{cardinal(int(whole))} and {f'{article} {part}' if above == 1 else said}"


def _fraction(match: Match) -> str:
    above, below, whole = int(match["a"]), int(match["b"]), match["whole"]
    if not whole and (above, below) in _SAID_AS_NUMBERS:
        return _SAID_AS_NUMBERS[above, below]
    if not whole and above == below >= 10:
        return f"{cardinal(above)} {cardinal(below)}"
    if below < 2 or below > 100 or above >= below * 10:
        said = f"{cardinal(above)} slash {cardinal(below)}"
        return f"{cardinal(int(whole))} {said}" if whole else said
    if not whole and 1 < above < below and below in (10, 100) and not match.string.startswith(" of ", match.end()):
        return f"{cardinal(above)} out of {cardinal(below)}"
    return mixed_number(whole, above, below)


FRACTIONS: list[Reader] = [
    (
        r"\b([Pp]age|[Ss]tep|[Pp]art|[Ss]lide|[Ii]tem|[Ee]pisode|[Ll]esson|[Cc]hapter) (\d+)/(\d+)(?![\d/])",
        lambda m: f"{m[1]} {cardinal(int(m[2]))} of {cardinal(int(m[3]))}",
    ),
    (START + r"(?<!/)(?:(?P<whole>\d+)\s)?(?P<a>\d{1,3})/(?P<b>\d{1,3})(?![\d/])", _fraction),
]
