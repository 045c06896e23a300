"""Dates, years and times of the day."""

from __future__ import annotations

import re

from ..numerals import cardinal, digits, number, ordinal, plural, year
from .parts import COUNTS_NOTHING, DASH, START, Match, Reader, ends_sentence, many

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_MONTH = "|".join(f"{name}|{name[:3]}\\.?" for name in _MONTHS) + r"|Sept\.?"
_YEAR = r"(?:1[1-9]|20)\d\d"
_ORDINAL = r"(?:st|nd|rd|th)?"
_ERA = r"\s?(?:A\.?D\b|B\.?C\b|B\.?C\.?E\b|C\.?E\b)"
_PREPOSITION = r"[Ii]n|[Ss]ince|[Uu]ntil|[Ff]rom|[Bb]y|[Yy]ear|[Bb]efore|[Aa]fter|[Cc]irca"
_NOON = r"[AaPp](?:\.\s?[Mm]\.|[Mm]\b)"

# "In 14:36" is a runner's time, "John 3:16" a verse, "00:45 left" a timer; none of them has an afternoon.
_BOOKS = (
    "Genesis|Exodus|Leviticus|Deuteronomy|Joshua|Judges|Samuel|Kings|Job|Psalms?|Proverbs|Isaiah|Jeremiah|Ezekiel|"
    "Daniel|Matthew|Mark|Luke|John|Acts|Romans|Corinthians|Galatians|Ephesians|Hebrews|James|Peter|Revelation|Surah"
)
_VERSE = rf"(?:\b(?:{_BOOKS})\s)"
_DURATION = re.compile(
    rf"(?:{_VERSE}|\b(?:in|took|takes|ran|lasted|lasts|time of|[Tt]imer(?: for)?|score(?: was)?|ratio(?: of)?):?\s)$"
)
_TIMER = re.compile(r"\s(left|remaining|elapsed|long|hours|hrs|minutes|mins?)\b")
_AFTERNOON = re.compile(r"(?<![\d.:])(?:00|1[3-9]|2[0-4]):[0-5]\d(?!\d)")


def _month(name: str) -> str:
    return next(month for month in _MONTHS if month.startswith(name[:3].capitalize()))


def _date(month: str, day: str, years: str | None) -> str:
    return f"{month} {ordinal(int(day))}" + (f", {year(int(years))}" if years else "")


def _calendar(years: str, month: str, day: str) -> str | None:
    """The date in words, unless there is no such day."""
    possible = 1 <= int(month) <= 12 and 1 <= int(day) <= 31
    return _date(_MONTHS[int(month) - 1], day, years) if possible else None


def _iso_date(match: Match) -> str:
    return _calendar(match["y"], match["m"], match["d"]) or match[0]


def _slash_date(match: Match) -> str:
    """American unless only European is possible: 12/05/2024 is December fifth, 25/12/2024 is Christmas."""
    years = match["y"] if len(match["y"]) == 4 else f"{'20' if match['y'] < '50' else '19'}{match['y']}"
    month, day = match["a"], match["b"]
    return _calendar(years, month, day) or _calendar(years, day, month) or match[0]


def _month_day(match: Match) -> str:
    last = f" to {ordinal(int(match['last']))}" if match["last"] else ""
    return _date(_month(match["m"]), match["d"], None) + last + (f", {year(int(match['y']))}" if match["y"] else "")


def _day_month(match: Match) -> str:
    said = f"the {ordinal(int(match['d']))} of {_month(match['m'])}"
    return said + (f" {year(int(match['y']))}" if match["y"] else "")


def _decade(match: Match) -> str:
    century = f"{cardinal(int(match['c']))} " if match["c"] else ""
    tens = int(match["t"] or match["t2"])
    if not tens:
        return "two thousands" if match["c"] == "20" else f"{century}hundreds"
    return century + plural(cardinal(tens))


def _minutes(minute: str) -> str:
    return f" {digits(minute) if minute < '10' else cardinal(int(minute))}"


def _seconds(seconds: str | None) -> str:
    if not seconds or not float(seconds):
        return ""
    said = number(seconds.lstrip("0") if "." not in seconds else seconds)
    return f" and {said} {many('second', seconds.lstrip('0'))}"


def _day_clock(hour: int, minute: str, *, morning: bool = True) -> str:
    """A time of the 24 hour clock on a clock of twelve. morning: say AM."""
    if minute == "00" and hour % 12 == 0:
        return "noon" if hour == 12 else "midnight"
    said = cardinal(hour % 12 or 12) + ("" if minute == "00" else _minutes(minute))
    return f"{said} PM" if 12 <= hour < 24 else f"{said} AM" if morning else said


def _lasting(count: int, unit: str) -> str:
    return f"{cardinal(count)} {many(unit, str(count))}"


def _clock(match: Match) -> str:
    """ "14:30" -> "two thirty PM". What may be a time of either half of the day is read without it: "8:05"."""
    hour, minute, after = int(match["h"]), match["m"], match.string[match.end() :]
    seconds = _seconds(match["s"])
    if minute > "59" or hour > 24:  # minutes and seconds of a race
        return f"{cardinal(hour)} {cardinal(int(minute))}{seconds}"
    if minute == "00" and re.match(r"\s(?:hours|hrs)\b", after):
        return f"{cardinal(hour)} hundred{seconds}"
    lasts = _DURATION.search(match.string[: match.start()]) or _TIMER.match(after)
    if lasts and match["s"]:
        return f"{_lasting(hour, 'hour')} {_lasting(int(minute), 'minute')}{seconds}"
    if minute == "00" and (timer := _TIMER.match(after)):
        return cardinal(hour) + ("" if timer[1].startswith("min") else " minutes") + seconds
    if minute != "00" and lasts:
        return cardinal(hour) + _minutes(minute) + seconds
    if match["h"] != "0" and _AFTERNOON.search(match.string):
        return _day_clock(hour, minute) + seconds
    return cardinal(hour) + (" o'clock" if minute == "00" else _minutes(minute)) + seconds


def _noon_clock(match: Match) -> str:
    hour = int(match["h"])
    if hour > 24:
        return match[0]
    said = cardinal(hour if 0 < hour <= 12 else hour % 12 or 12)
    said += _minutes(match["m"]) if match["m"] and match["m"] != "00" else ""
    noon = match["noon"][0].upper() + "M"
    return f"{said}{_seconds(match['s'])} {noon}" + ("." if ends_sentence(match) else "")


def _timestamp(match: Match) -> str:
    date = _calendar(match["y"], match["mo"], match["d"])
    if not date or match["m"] > "59" or int(match["h"]) > 24:
        return match[0]
    zone = match["zone"] or ""
    if zone and zone != "Z":
        sign = "minus" if zone[0] in "-−" else "plus"
        hours, minutes = int(zone[1:3]), zone[-2:]
        zone = f"Z {sign} {cardinal(hours)}{'' if minutes == '00' else _minutes(minutes)}"
    said = _day_clock(int(match["h"]), match["m"]) + _seconds(match["s"])
    return f"{date}, {said}" + (f" UTC{zone[1:]}" if zone else "")


def _short_years(match: Match) -> str:
    """ "1914-18" -> "nineteen fourteen to eighteen"."""
    return f"{year(int(match[1]))} to {cardinal(int(match[2]))}" if match[2] > match[1][2:] else match[0]


def _years(match: Match) -> str:
    return re.sub(r"\d{4}", lambda found: year(int(found[0])), match[0])


DATES: list[Reader] = [
    (
        START + r"(?P<y>\d{4})-(?P<mo>\d\d)-(?P<d>\d\d)[T ](?P<h>\d\d):(?P<m>\d\d)(?::(?P<s>\d\d(?:\.\d+)?))?"
        r"(?:\s?(?P<zone>Z|[-−+]\d\d:?\d\d))?(?![\w:])",
        _timestamp,
    ),
    (r"(?<!\w)['’]?(?P<c>1[1-9]|20)(?P<t>\d0)['’]?s\b|(?:(?<!\w)['’]|(?<=[Ii]n the ))(?P<t2>[2-9]0)['’]?s\b", _decade),
    (START + r"(?P<y>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})(?![\d-])", _iso_date),
    (START + rf"({_YEAR})[-–](\d\d)(?!\w|[-–.,:]\d)", _short_years),
    (START + rf"(?P<a>\d{{1,2}})(?P<sep>[/-])(?P<b>\d{{1,2}})(?P=sep)(?P<y>{_YEAR})(?!\d)", _slash_date),
    (START + r"(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y>\d\d)(?![\d/])", _slash_date),
    (START + rf"(?P<b>\d{{1,2}})\.(?P<a>\d{{1,2}})\.(?P<y>{_YEAR})(?!\d)", _slash_date),
    (
        rf"\b(?P<m>{_MONTH})\s(?P<d>\d{{1,2}}){_ORDINAL}(?:{DASH}(?P<last>\d{{1,2}}){_ORDINAL}(?!\w|:))?"
        rf"(?:,?\s(?P<y>{_YEAR})\b)?(?!\w|[:.,]\d|\s?%)",
        _month_day,
    ),
    (rf"(?:\bthe\s)?\b(?P<d>\d{{1,2}}){_ORDINAL}\s(?:of\s)?(?P<m>{_MONTH})(?!\w)(?:,?\s(?P<y>{_YEAR})\b)?", _day_month),
    (rf"\b(?P<m>{_MONTH})\s(?P<y>{_YEAR})\b", lambda m: f"{_month(m['m'])} {year(int(m['y']))}"),
]
TIMES: list[Reader] = [
    (rf"(?<=\d:\d\d){DASH}(?=\d{{1,2}}:\d\d)", lambda m: " to "),
    (rf"(?<=[AaPp][Mm]){DASH}(?=\d)", lambda m: " to "),
    (rf"(?<=\d:\d\d){DASH}(?=\d{{1,2}}\s?{_NOON})", lambda m: " to "),
    (rf"{START}(\d{{1,2}}){DASH}(?=\d{{1,2}}(?::\d\d)?\s?{_NOON})", lambda m: f"{number(m[1])} to "),
    (START + rf"(?P<h>\d{{1,2}})(?::(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?)?\s?(?P<noon>{_NOON})", _noon_clock),
    (START + r"(?P<h>\d{1,2}):(?P<m>\d\d)(?::(?P<s>\d\d))?(?![\d:])", _clock),
    (rf"(?<=\b)({_VERSE})(\d+):(\d+)\b", lambda m: f"{m[1]}{cardinal(int(m[2]))} {cardinal(int(m[3]))}"),
    (START + r"\d+(?::\d+)+(?![\d:])", lambda m: " to ".join(map(number, m[0].split(":")))),
]
YEARS: list[Reader] = [
    (rf"{START}(\d{{1,4}})(?={_ERA})", lambda m: year(int(m[1]))),
    (r"\bAD (\d{1,4})\b(?![.,]\d)", lambda m: f"AD {year(int(m[1]))}"),
    (rf"\b(?:[Ff]rom|[Bb]etween) 1\d{{3}} (?:to|until|till|and) (?:10\d\d|{_YEAR})\b(?![.,]\d)", _years),
    (rf"\b(?:{_PREPOSITION}) {_YEAR}\b(?![.,]\d)", _years),
    (rf"\b(?:{_PREPOSITION}) 10\d\d\b(?![.,]\d){COUNTS_NOTHING}", _years),
    (START + r"((?:19|20)\d\d)(?!\w|[.,]\d)", lambda m: year(int(m[1]))),
]
