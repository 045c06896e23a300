"""Money, temperatures, percentages and measures."""

from __future__ import annotations

import re

from ..numerals import cardinal, number, year
from ..units import AFTER_SLASH, CURRENCIES, POWERS, SCALES, UNITS
from .fractions import mixed_number
from .parts import DASH, LOW, NUMBER, SIGN, START, Match, Reader, describes, low_end, many, signed

_CURRENCY = "|".join(map(re.escape, sorted(CURRENCIES, key=len, reverse=True)))
_UNIT = "|".join(map(re.escape, sorted(UNITS, key=len, reverse=True)))
_PER = "|".join(map(re.escape, sorted(AFTER_SLASH, key=len, reverse=True)))
_SCALED = r"(?:\s?(?P<s>bn|mn|tn|[kKMBT])(?![\w])|\s(?P<w>thousand|million|billion|trillion)\b)?"
_PRICE_OF = rf"(?:/(?P<per>{_PER})(?![\w/]))?"


def _count(count: str, unit: str) -> str:
    return f"{cardinal(int(count))} {many(unit, str(int(count)))}"


def _money(match: Match) -> str:
    major, minor = CURRENCIES[match["c"]]
    amount, scale = match["n"].lstrip("-−–"), match["s"] or match["w"]
    whole, _, fraction = amount.replace(",", "").partition(".")
    singular = describes(match)
    if scale and singular:  # "the $5 million went" has a verb behind it
        singular = re.search(r"\ban?\s$", match.string[: match.start()], re.IGNORECASE) is not None
    low = f"{number(match['low'])} to " if match["low"] else ""
    if scale:
        said = f"{number(amount)} {SCALES.get(scale, scale)} {many(major, '1' if singular else '2')}"
    elif len(fraction) == 2 and minor and not low:
        parts = [f"{number(whole)} {many(major, whole)}"] if int(whole or "0") else []
        if int(fraction):
            parts.append(f"{cardinal(int(fraction))} {many(minor, str(int(fraction)))}")
        said = " and ".join(parts) or f"zero {many(major, '0')}"
    else:
        said = f"{number(amount)} {many(major, '1' if singular else '2' if low else amount)}"
    per = f" per {AFTER_SLASH[match['per']]}" if match["per"] else ""
    return ("minus " if match["sign"] or match["n"][0] in "-−–" else "") + low + said + per


def _temperature(match: Match) -> str:
    scale = {"C": " Celsius", "F": " Fahrenheit"}.get(match["scale"] or "", "")
    count = "1" if describes(match) else "2" if match["low"] else match["n"]
    return f"{low_end(match)}{signed(match['n'])} {many('degree', count)}{scale}"


def _named(match: Match) -> str:
    """The unit of a match: "m", "²" -> "square meter"."""
    word = UNITS[match["unit"]]
    if match["power"]:
        word = f"{POWERS[match['power']]} {word}"
    return f"{word} per {AFTER_SLASH[match['per']]}" if match["per"] else word


def _unit(match: Match) -> str:
    count = "1" if match["hyphen"] or describes(match) else "2" if match["low"] else match["n"]
    return f"{low_end(match)}{signed(match['n'])} {many(_named(match), count)}"


def _part_of_unit(match: Match) -> str:
    """ "2 1/4 l" -> "two and a quarter liters"; "3/4 mi" -> "three quarters of a mile"."""
    unit = _named(match)
    said = mixed_number(match["whole"], int(match["a"]), int(match["b"]))
    if match["whole"]:
        return f"{said} {unit if describes(match) else many(unit, '2')}"
    article = "an" if unit.startswith(("inch", "hour", "ounce", "ohm")) else "a"
    return f"{said} {unit}" if match["a"] == "1" else f"{said} of {article} {unit}"


def _percent(match: Match) -> str:
    return f"{low_end(match)}{signed(match['n'])} {'percent' if match['p'] == '%' else 'per mille'}"


def _degrees(match: Match) -> str:
    said = f"{signed(match['d'])} degrees {_count(match['m'], 'minute')}"
    return said + (f" {_count(match['s'], 'second')}" if match["s"] else "") + " "


def _compound(**counts: str | None) -> str:
    """ "5 ft 11 in" -> "five feet eleven inches"."""
    return " ".join(_count(count, unit) for unit, count in counts.items() if count)


def _length(match: Match) -> str:
    return _count(match[1], "foot" if match[2] == "'" else "inch")


_MEASURE = rf"(?P<unit>{_UNIT})(?P<power>[²³])?(?:/(?P<per>{_PER}))?(?![\w/²³°])"

MONEY: list[Reader] = [
    (
        rf"(?P<sign>(?<!\w)[-−–])?(?<![A-Za-z\d])(?P<c>{_CURRENCY})\s?(?:(?P<low>{NUMBER}){DASH}(?P=c)?)?"
        rf"(?P<n>[-−]?{NUMBER}){_SCALED}{_PRICE_OF}",
        _money,
    ),
    (rf"{START}(?P<sign>){LOW}(?P<n>{NUMBER}){_SCALED}\s?(?P<c>{_CURRENCY})(?![A-Za-z\d]){_PRICE_OF}", _money),
    (r"\b(\d+)\s?¢", lambda m: _count(m[1], "cent")),
    (r"(?<!\S)(US\$|[$€£¥₹₿])(?=[\s.,;:!?]|$)", lambda m: CURRENCIES[m[1]][0]),
]
MEASURES: list[Reader] = [
    (rf"{START}(?P<d>{SIGN}{NUMBER})\s?°\s?(?P<m>\d+)['’]\s?(?:(?P<s>\d+)(?:[\"”]|'')\s?)?", _degrees),
    (rf"{START}(?P<low>{SIGN}{NUMBER})(?=\s?°[CF]?{DASH}\d)\s?°[CF]?", lambda m: m["low"]),
    (rf"{START}{LOW}(?P<n>{SIGN}{NUMBER})\s?°(?:\s?(?P<scale>[CF])(?![A-Za-z]))?", _temperature),
    (r"°\s?([CF])(?![A-Za-z])", lambda m: f"degrees {'Celsius' if m[1] == 'C' else 'Fahrenheit'}"),
    (rf"{START}(?:(?P<low>{SIGN}{NUMBER})\s?%?{DASH})?(?P<n>{SIGN}{NUMBER})\s?(?P<p>[%‰])", _percent),
    (rf"{START}(\d{{3,4}})[x×](\d{{3,4}})(?!\w)", lambda m: f"{year(int(m[1]))} by {year(int(m[2]))}"),
    (rf"{START}(?!0x)({NUMBER})\s?[x×*]\s?(?=\d)", lambda m: f"{number(m[1])} {'times' if ' ' in m[0] else 'by'} "),
    (rf"{START}({NUMBER})[x×](?!\w|\s?[-+=²³^])", lambda m: f"{number(m[1])} times"),
    (rf"{START}(\d+) ?ft\.? ?(\d+) ?in(?:\b\.(?=\s[a-z])|\b)", lambda m: _compound(foot=m[1], inch=m[2])),
    (rf"{START}(\d+)h ?(\d+)m(?:in)?(?: ?(\d+)s)?(?!\w)", lambda m: _compound(hour=m[1], minute=m[2], second=m[3])),
    (rf"{START}(\d+)m(?:in)? ?(\d+)s(?!\w)", lambda m: _compound(minute=m[1], second=m[2])),
    (rf"{START}(?<!/)(?:(?P<whole>\d+)\s)?(?P<a>\d{{1,3}})/(?P<b>[2-9]|\d{{2,3}})[ -]?{_MEASURE}", _part_of_unit),
    (rf"{START}(?<!\d/){LOW}(?P<n>{SIGN}{NUMBER})(?:(?P<hyphen>-)| )?{_MEASURE}", _unit),
    (
        r"(?<![\w/])(?P<unit>km|m|[KkMG]B|[mµ]?g|kg)(?P<power>)/(?P<per>h|s|l|L|kg|m³)(?!\w)",
        lambda m: many(_named(m), "2"),
    ),
    (r"(?<![\w.])(\d+)['’]\s?(\d+)(?:\"|”|'')?(?!\w)", lambda m: _compound(foot=m[1], inch=m[2])),
    (r"(?<![\w.])(\d+)(['\"])(?=\s(?:tall|long|high|wide|deep)\b)", _length),
    (rf"{START}({NUMBER})M(?=\s[a-z])", lambda m: f"{number(m[1])} million"),
    (rf"{START}(\d+\.\d+)(bn|mn|[kKMB])(?!\w)", lambda m: f"{number(m[1])} {SCALES[m[2]]}"),
]  # fmt: skip
