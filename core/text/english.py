"""English as it is read aloud: what is written with digits and signs, in words.

The readers run in order, each on what the ones before left; none leaves digits in what it has read.
English does not go through wetext: depending on its release it puts blanks before every comma and stop,
drops the "one" of "$1,299", reads "3-5 days" as "daltons" and "x²" as "xzero", or fails on "#1".
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .numerals import cardinal, digits, number, ordinal, plural, year
from .units import AFTER_SLASH, CURRENCIES, NO_PLURAL, POWERS, SCALES, UNITS

Match = re.Match[str]

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_START = r"(?<![\w.,])"  # a number's first digit is not inside a word or another number
_SIGN = r"(?:(?<![\w)])[-−–+±])?"
_DASH = r"\s?[-–—~〜]\s?"
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_MONTH = "|".join(f"{name}|{name[:3]}\\.?" for name in _MONTHS) + r"|Sept\.?"

_CURRENCY = "|".join(map(re.escape, sorted(CURRENCIES, key=len, reverse=True)))
_UNIT = "|".join(map(re.escape, sorted(UNITS, key=len, reverse=True)))
_PER = "|".join(map(re.escape, sorted(AFTER_SLASH, key=len, reverse=True)))
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_VULGAR = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8"}
_TITLES = {"Dr": "doctor", "Prof": "professor"}


def _signed(text: str) -> str:
    sign = {"-": "minus ", "−": "minus ", "–": "minus ", "+": "plus ", "±": "plus or minus "}.get(text[:1], "")
    return sign + number(text[1:] if sign else text)


def _many(word: str, count: str) -> str:
    """The plural of a unit where the number asks for it: "kilometer per hour" -> "kilometers per hour"."""
    if count.lstrip("-−–+±") == "1":
        return word
    first, per, rest = word.partition(" per ")
    if first == "foot":
        return "feet" + per + rest
    if first in NO_PLURAL:
        return word
    return (first + "es" if first.endswith("ch") else first + "s") + per + rest


def _month(name: str) -> str:
    return next(month for month in _MONTHS if month.startswith(name[:3].capitalize()))


def _date(month: str, day: str, years: str | None) -> str:
    return f"{month} {ordinal(int(day))}" + (f", {year(int(years))}" if years else "")


def _iso_date(match: Match) -> str:
    years, month, day = match["y"], int(match["m"]), int(match["d"])
    return _date(_MONTHS[month - 1], str(day), years) if 1 <= month <= 12 and 1 <= day <= 31 else match[0]


def _slash_date(match: Match) -> str:
    """American unless only European is possible: 12/05/2024 is December fifth, 25/12/2024 is Christmas."""
    month, day = int(match["a"]), int(match["b"])
    if month > 12:
        month, day = day, month
    return _date(_MONTHS[month - 1], str(day), match["y"]) if 1 <= month <= 12 and 1 <= day <= 31 else match[0]


def _day_month(match: Match) -> str:
    said = f"the {ordinal(int(match['d']))} of {_month(match['m'])}"
    return said + (f" {year(int(match['y']))}" if match["y"] else "")


def _time(match: Match) -> str:
    hour, minute = match["h"], match["m"]
    noon = (match["noon"] or "").replace(".", "").upper()
    if minute and (int(minute) > 59 or int(hour) > 24):
        return f"{cardinal(int(hour))} {cardinal(int(minute))}"  # no clock: minutes and seconds of a race
    said = cardinal(int(hour))
    if minute == "00":
        said += "" if noon else " o'clock" if int(hour) <= 12 else " hundred"
    elif minute:
        said += f" {digits(minute) if minute < '10' else cardinal(int(minute))}"
    if match["s"]:
        said += f" and {_count(match['s'], 'second')}"
    # In "p.m." the last full stop may also end the sentence.
    stop = "." if match[0].endswith(".") and re.match(r"\s*$|\s+[A-Z]", match.string[match.end() :]) else ""
    return said + (f" {noon}" if noon else "") + stop


def _count(count: str, unit: str) -> str:
    return f"{cardinal(int(count))} {_many(unit, str(int(count)))}"


def _money(amount: str, currency: str, scale: str | None) -> str:
    major, minor = CURRENCIES[currency]
    negative = amount[0] in "-−–"
    amount = amount.lstrip("-−–+±")
    whole, _, fraction = amount.replace(",", "").partition(".")
    if scale:
        said = f"{number(amount)} {SCALES.get(scale, scale)} {_many(major, '2')}"
    elif len(fraction) == 2 and minor:
        parts = [f"{number(whole)} {_many(major, whole)}"] if int(whole) else []
        if int(fraction):
            parts.append(f"{cardinal(int(fraction))} {_many(minor, str(int(fraction)))}")
        said = " and ".join(parts) or f"zero {_many(major, '0')}"
    else:
        said = f"{number(amount)} {_many(major, amount)}"
    return f"minus {said}" if negative else said


def _phone(match: Match) -> str:
    country = f"plus {cardinal(int(match['country']))}, " if match["country"] else ""
    groups = re.findall(r"\d+", match["rest"])
    return country + ", ".join(
        f"{cardinal(int(group))}" if group in ("800", "900") else digits(group, "zero") for group in groups
    )


def _temperature(match: Match) -> str:
    scale = {"C": " Celsius", "F": " Fahrenheit"}.get(match["scale"] or "", "")
    low = f"{_signed(match['low'])} to " if match["low"] else ""
    return f"{low}{_signed(match['n'])} {_many('degree', '2' if low else match['n'])}{scale}"


def _unit(match: Match) -> str:
    low = f"{_signed(match['low'])} to " if match["low"] else ""
    word = UNITS[match["unit"]]
    if match["power"]:
        word = f"{POWERS[match['power']]} {word}"
    if match["per"]:
        word = f"{word} per {AFTER_SLASH[match['per']]}"
    return f"{low}{_signed(match['n'])} {_many(word, '2' if low else match['n'])}"


def _fraction(match: Match) -> str:
    above, below = int(match["a"]), int(match["b"])
    if (above, below) == (24, 7):
        return "twenty four seven"
    if not below or below > 100 or above >= below * 10:
        return f"{cardinal(above)} slash {cardinal(below)}"
    part = {2: "half", 4: "quarter"}.get(below) or ordinal(below)
    said = f"{cardinal(above)} {part}"
    if above != 1:
        said = f"{cardinal(above)} {'halves' if part == 'half' else plural(part)}"
    if not match["whole"]:
        return said
    article = "an" if part[0] in "aeiou" else "a"
    return f"{cardinal(int(match['whole']))} and {f'{article} {part}' if above == 1 else said}"


def _range(match: Match) -> str:
    def end(text: str) -> str:
        years = len(match["a"]) == len(match["b"]) == 4 and 1500 <= int(text) <= 2100 if text.isdecimal() else False
        return year(int(text)) if years else number(text)

    return f"{end(match['a'])} to {end(match['b'])}"


def _power(match: Match) -> str:
    exponent = match["e"].translate(_SUPERSCRIPTS).lstrip("^")
    base = number(match["base"]) if match["base"][0].isdecimal() else match["base"]
    if exponent in ("2", "3"):
        return f"{base} {'squared' if exponent == '2' else 'cubed'}"
    return f"{base} to the power of {_signed(exponent)}"


def _scientific(match: Match) -> str:
    return f"{number(match['n'])} times ten to the {_signed(match['e'].lstrip('+'))}"


def _version(match: Match) -> str:
    groups = match["n"].split(".")
    name = "version " if match["v"] else ""
    if len(groups) == 4 and all(int(group) < 256 for group in groups):  # an internet address
        return name + " dot ".join(digits(group, "zero") for group in groups)
    return name + " point ".join("oh" if group == "0" else cardinal(int(group)) for group in groups)


def _decade(match: Match) -> str:
    century = f"{cardinal(int(match['c']))} " if match["c"] else ""
    tens = int(match["t"] or match["t2"])
    if not tens:
        return "two thousands" if match["c"] == "20" else f"{century}hundreds"
    return century + plural(cardinal(tens))


def _titled(match: Match) -> str:
    return _TITLES[match[1]]


_YEAR = r"(?:1[1-9]|20)\d\d"
_LOW = rf"(?:(?P<low>{_SIGN}{_NUMBER}){_DASH})?"
_SCALED = r"(?:\s?(?P<s>bn|mn|tn|[kKMBT])(?![\w])|\s(?P<w>thousand|million|billion|trillion)\b)?"
_ORDINAL = r"(?:st|nd|rd|th)?"

Reader = tuple[str, Callable[[Match], str]]

_DATES: list[Reader] = [
    (r"(?<!\w)['’]?(?P<c>1[1-9]|20)(?P<t>\d0)['’]?s\b|(?:(?<!\w)['’]|(?<=[Ii]n the ))(?P<t2>[2-9]0)['’]?s\b", _decade),
    (_START + r"(?P<y>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})(?![\d-])", _iso_date),
    (_START + rf"(?P<a>\d{{1,2}})/(?P<b>\d{{1,2}})/(?P<y>{_YEAR})(?!\d)", _slash_date),
    (
        rf"\b(?P<m>{_MONTH})\s(?P<d>\d{{1,2}}){_ORDINAL}(?:,?\s(?P<y>{_YEAR})\b)?(?!\w|[:.,]\d|\s?%)",
        lambda m: _date(_month(m["m"]), m["d"], m["y"]),
    ),
    (rf"(?:\bthe\s)?\b(?P<d>\d{{1,2}}){_ORDINAL}\s(?:of\s)?(?P<m>{_MONTH})(?!\w)(?:,?\s(?P<y>{_YEAR})\b)?", _day_month),
    (rf"\b(?P<m>{_MONTH})\s(?P<y>{_YEAR})\b", lambda m: f"{_month(m['m'])} {year(int(m['y']))}"),
]
_TIMES: list[Reader] = [
    (rf"(?<=\d:\d\d){_DASH}(?=\d{{1,2}}:\d\d)", lambda m: " to "),
    (
        _START + r"(?P<h>\d{1,2})(?::(?P<m>\d\d)(?::(?P<s>\d\d))?)?\s?(?P<noon>[AaPp](?:\.\s?[Mm]\.|[Mm]\b))",
        _time,
    ),
    (_START + r"(?P<h>\d{1,2}):(?P<m>\d\d)(?::(?P<s>\d\d))?(?![\d:])(?P<noon>)", _time),
    (_START + r"(\d+):(\d+)(?![\d:])", lambda m: f"{cardinal(int(m[1]))} to {cardinal(int(m[2]))}"),
]
_PHONES: list[Reader] = [
    (
        r"(?<![\w.])(?:\+(?P<country>\d{1,3})[ .-]?)?"
        r"(?P<rest>\(\d{2,4}\)[ .-]?\d{3,4}[ .-]?\d{3,4}|\d{3}[ .-]\d{3}[ .-]\d{4})(?![\w-])",
        _phone,
    ),
    (r"(?<![\w.])\+(?P<country>\d{1,3})[ .-](?P<rest>\d{2,5}(?:[ .-]\d{2,5}){1,4})(?!\w)", _phone),
    (r"(?<![\w.,-])(?P<country>)(?P<rest>\d{3}-\d{4})(?![\w-])", _phone),
]
_MONEY: list[Reader] = [
    (
        rf"(?P<sign>(?<!\w)[-−–])?(?<![A-Za-z])(?P<c>{_CURRENCY})\s?(?P<n>{_NUMBER}){_SCALED}",
        lambda m: _money((m["sign"] or "") + m["n"], m["c"], m["s"] or m["w"]),
    ),
    (
        rf"{_START}(?P<n>{_NUMBER}){_SCALED}\s?(?P<c>{_CURRENCY})(?![A-Za-z\d])",
        lambda m: _money(m["n"], m["c"], m["s"] or m["w"]),
    ),
    (r"\b(\d+)\s?¢", lambda m: _count(m[1], "cent")),
]
_MEASURES: list[Reader] = [
    (rf"{_START}(?P<low>{_SIGN}{_NUMBER})(?=\s?°[CF]?{_DASH}\d)\s?°[CF]?", lambda m: m["low"]),
    (rf"{_START}{_LOW}(?P<n>{_SIGN}{_NUMBER})\s?°\s?(?:(?P<scale>[CF])(?![A-Za-z]))?", _temperature),
    (
        rf"{_START}(?:(?P<low>{_SIGN}{_NUMBER})\s?%?{_DASH})?(?P<n>{_SIGN}{_NUMBER})\s?(?P<p>[%‰])",
        lambda m: (
            (f"{_signed(m['low'])} to " if m["low"] else "")
            + f"{_signed(m['n'])} {'percent' if m['p'] == '%' else 'per mille'}"
        ),
    ),
    (rf"{_START}({_NUMBER})\s?[x×*]\s?(?=\d)", lambda m: f"{number(m[1])} {'times' if ' ' in m[0] else 'by'} "),
    (rf"{_START}({_NUMBER})[x×](?!\w)", lambda m: f"{number(m[1])} times"),
    (
        rf"{_START}{_LOW}(?P<n>{_SIGN}{_NUMBER})[ -]?"
        rf"(?P<unit>{_UNIT})(?P<power>[²³])?(?:/(?P<per>{_PER}))?(?![\w/²³°])",
        _unit,
    ),
    (r"(?<![\w.])(\d+)'\s?(\d+)(?:\"|”|'')", lambda m: f"{_count(m[1], 'foot')} {_count(m[2], 'inch')}"),
]
_MATHS: list[Reader] = [
    (_START + r"(?:(?P<whole>\d+)\s)?(?P<a>\d{1,3})/(?P<b>\d{1,3})(?![\d/])", _fraction),
    (rf"(?P<base>{_START}{_NUMBER}|(?<![^\W\d])[A-Za-z])(?P<e>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+|\^-?\d+)", _power),
    (rf"{_START}(?P<n>{_NUMBER})[eE](?P<e>[-+]?\d+)(?!\w)", _scientific),
    (r"(?<![\w.])(?P<v>[vV])?(?P<n>\d+(?:\.\d+){2,})(?![\w])", _version),
    (r"\b(?P<v>[vV])(?P<n>\d+(?:\.\d+)*)(?![\w])", _version),
    (rf"{_START}(?P<a>{_NUMBER})\s?[–—~〜-]\s?(?P<b>{_NUMBER})(?![\w]|[-.]\d)", _range),
]
_WORDS: list[Reader] = [
    (r"(?<!\w)(?:#|№\s?|[Nn]os?\.\s?)(\d+)\b", lambda m: f"number {cardinal(int(m[1]))}"),
    (_START + r"(\d+)(?:st|nd|rd|th)\b", lambda m: ordinal(int(m[1]))),
    (rf"\b([Ii]n|[Ss]ince|[Uu]ntil|[Ff]rom|[Bb]y|[Yy]ear|[Bb]efore|[Aa]fter|[Cc]irca) ({_YEAR})\b(?![.,]\d)",
     lambda m: f"{m[1]} {year(int(m[2]))}"),
    (_START + r"((?:19|20)\d\d)(?!\w|[.,]\d)", lambda m: year(int(m[1]))),
    (rf"{_START}((?:(?<!\S)|(?<=[(\"“]))[-−–+±]{_NUMBER})(?![\w])", lambda m: _signed(m[1])),
    (rf"(?<!\S)~\s?(?={_NUMBER})", lambda m: "about "),
    (rf"{_START}({_NUMBER})(?![\w]|[.,]\d)", lambda m: number(m[1])),
    (r"\b(Dr|Prof)\.(?=\s[A-Z])", _titled),
    (r"\b(?:[A-Z]\.){2,}(?=(\s+[A-Z]|\s*$)?)", lambda m: m[0].replace(".", "") + ("." if m[1] is not None else "")),
]  # fmt: skip
_MATH_SIGNS = {
    "≈": "is about", "≤": "at most", "≥": "at least", "≠": "is not", "=": "equals", "×": "times",
    "÷": "divided by", "±": "plus or minus", "∞": "infinity", "√": "root of",
}  # fmt: skip
_SIGNS: list[Reader] = [
    (r"\s?&\s?", lambda m: " and "),
    (r"\s?(≈|≤|≥|≠|=|×|÷|±|∞|√)\s?", lambda m: f" {_MATH_SIGNS[m[1]]} "),
    (r"(?<=\w)\s\+\s(?=\w)", lambda m: " plus "),
    (r"(?<=[A-Za-z])\+\+", lambda m: " plus plus"),
    (r"\b([CF])#", lambda m: f"{m[1]} sharp"),
    (r"(?<=\w)_+(?=\w)", lambda m: " "),
    (r"(?<!\S)@(?=\w)", lambda m: "at "),
    (r"(?<!\S)[<>](?=\s)", lambda m: {"<": "less than", ">": "greater than"}[m[0]]),
]

_LETTERS_AND_DIGITS = re.compile(r"[^\W_]*\d[^\W_]*")
_DIGITS = re.compile(r"\d+")

_READERS = [
    (re.compile(pattern), say)
    for pattern, say in (*_DATES, *_TIMES, *_PHONES, *_MONEY, *_MEASURES, *_MATHS, *_WORDS, *_SIGNS)
]


def read_english(text: str) -> str:
    """`text` with numbers, dates, times, money, measures and signs in words. Words with digits inside are left."""
    text = text.replace("℃", "°C").replace("℉", "°F").translate(_SUBSCRIPTS)
    text = re.sub(r"(\d?)([½⅓⅔¼¾⅛⅜⅝⅞])", lambda m: f"{m[1]} {_VULGAR[m[2]]}" if m[1] else _VULGAR[m[2]], text)
    for pattern, say in _READERS:
        text = pattern.sub(say, text)
    text = _LETTERS_AND_DIGITS.sub(lambda word: _mixed(word[0]), text)
    return re.sub(r" {2,}", " ", text).strip()


def _mixed(word: str) -> str:
    """A word of letters and digits: "MP3" -> "MP three", "x86" -> "x eighty six"."""
    return _DIGITS.sub(lambda run: f" {number(run[0]) if len(run[0]) < 4 else digits(run[0])} ", word).strip()
