"""German as it is read aloud: what is written with digits and signs, in words."""

from __future__ import annotations

import re
from collections.abc import Callable

from .german_numbers import (
    german_cardinal,
    german_digits,
    german_number,
    german_ordinal,
    german_year,
    whole_and_fraction,
)
from .german_units import ABBREVIATIONS, AFTER_SLASH, CURRENCIES, FEMININE, MONTHS, UNITS, WEEKDAYS

Match = re.Match[str]
Reader = tuple[str, Callable[[Match], str]]


def _any(words: object) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))  # type: ignore[call-overload]


_NUMBER = r"(?:\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d+(?:[.,]\d+)?)"
_START = r"(?<![\w.,:/])"
_SIGN = r"(?:(?<![\w.,)])[-−–+±]\s?)?"
_DASH = r"\s?[-–—]\s?"
_END = r"(?![\w²³/]|[.,]\d)"
_MONTH = _any([*MONTHS, *(name[:3] + "." for name in MONTHS), "Sept."])
_WEAK = re.compile(r"\b(?:am|im|vom|zum|beim|dem|den|des|zur|seit|ab|bis|nach|vor)\s(?:\w+tag,?\s)?\Z", re.IGNORECASE)
_DATIVE = re.compile(
    r"\b(?:in|auf|mit|von|bei|nach|seit|aus|zu|an|vor|über|unter|hinter|neben)\sder\s\Z", re.IGNORECASE
)
_FIRST_OF_TWO = re.compile(r"\d{1,3}\.\s(?:und|oder|bis)\s\Z")  # "das 1. und 2. Fenster"
_VERB = re.compile(r"\b(?:ist|war|wird)\s\Z")
_ARTICLE = re.compile(r"\b(?:[Dd]er|[Dd]ie|[Dd]as|[Dd]iese[rs]?|[Jj]ede[rs]?)\s(?:\w+tag,?\s)?\Z")
_FEMININE_NOUN = re.compile(
    r"\s\w*(?:[^g]e|ung|heit|keit|schaft|ion|tät|tür|zeit|[Ww]and|[Nn]acht|nachricht|Nachricht|Person|[Mm]ilch)\b"
)
_BEHIND = re.compile(r"\b(?:in|vor|nach|seit|ab|mit|von|bei|zu)\s\Z", re.IGNORECASE)  # what asks for the dative
_CURRENCY = _any(CURRENCIES)
_UNIT = _any([*UNITS, *FEMININE])
_SCALES = {"Mio.": "Million", "Mio": "Million", "Mrd.": "Milliarde", "Mrd": "Milliarde"}
_SCALE = r"(?:\s(?P<scale>Mio\.?|Mrd\.?|Millionen|Million|Milliarden|Milliarde))?"
_FRACTIONS = {"¼": "ein Viertel", "¾": "drei Viertel", "⅓": "ein Drittel", "⅔": "zwei Drittel",
              "⅛": "ein Achtel", "1/4": "ein Viertel", "3/4": "drei Viertel", "1/3": "ein Drittel",
              "2/3": "zwei Drittel", "1/8": "ein Achtel"}  # fmt: skip
_SIGNS = {"&": "und", "=": "gleich", "≈": "ungefähr", "×": "mal", "÷": "geteilt durch", "≤": "höchstens",
          "≥": "mindestens", "±": "plus minus", "≠": "ungleich", "+": "plus", "<": "kleiner als",
          ">": "größer als"}  # fmt: skip


def _signed(text: str, one: str = "eins") -> str:
    sign = {"-": "minus ", "−": "minus ", "–": "minus ", "+": "plus ", "±": "plus minus "}.get(text[:1], "")
    return sign + german_number(text[1:].strip() if sign else text, one)


def _ending(match: Match) -> str:
    """The end of an ordinal, by what stands before it: "am dritten", "der dritte", "dritter"."""
    before = _FIRST_OF_TWO.sub("", match.string[: match.start()])
    if _WEAK.search(before) or _DATIVE.search(before):
        return "en"
    if _ARTICLE.search(before):
        return "e"
    return "e" if _FEMININE_NOUN.match(match.string, match.end()) else "er"


def _month(name: str) -> str:
    return MONTHS[int(name) - 1] if name.isdecimal() else next(month for month in MONTHS if month[:3] == name[:3])


def _date(match: Match) -> str:
    day, month, year = int(match["d"]), match["m"], match["y"]
    if not 1 <= day <= 31 or (month.isdecimal() and not 1 <= int(month) <= 12):
        return match[0]
    if year and len(year) == 2:
        year = "20" + year
    if _VERB.search(match.string[: match.start()]):
        return f"der {german_ordinal(day)}e {_month(month)}" + (f" {german_year(int(year))}" if year else "")
    ending = _ending(match)
    ending = "er" if ending == "e" and not _ARTICLE.search(match.string[: match.start()]) else ending
    return f"{german_ordinal(day)}{ending} {_month(month)}" + (f" {german_year(int(year))}" if year else "")


def _ordinal(match: Match) -> str:
    return german_ordinal(int(match["n"])) + _ending(match)


def _clock(hour: str, minute: str) -> str:
    said = f"{german_cardinal(int(hour), 'ein')} Uhr"
    return said if not int(minute) else f"{said} {german_cardinal(int(minute))}"


def _time(match: Match) -> str:
    if int(match["h"]) > 24:
        return match[0]
    said = _clock(match["h"], match["m"])
    if match["s"] and int(match["s"]):
        said += f" und {_count(match['s'], FEMININE['s'])}"
    return said


def _opening_hours(match: Match) -> str:
    """ "8:00-17:30 Uhr" -> "acht bis siebzehn Uhr dreißig"."""
    first = german_cardinal(int(match["h"]))
    if match["m"] and int(match["m"]):
        first = _clock(match["h"], match["m"])
    return f"{first} bis {_clock(match['h2'], match['m2'] or '0')}"


def _duration(match: Match) -> str:
    parts = [(match["h"], FEMININE["h"]), (match["m"], FEMININE["min"]), (match["s"], FEMININE["s"])]
    return " ".join(_count(count, names) for count, names in parts if int(count or "0"))


def _count(text: str, names: tuple[str, str]) -> str:
    return f"{german_cardinal(int(text), 'eine')} {names[int(text) != 1]}"


def _one(match: Match, *, feminine: bool) -> str:
    """The article that a one before a noun is: "eine Lampe", "in einem Monat"."""
    if _BEHIND.search(match.string[: match.start()]):
        return "einer" if feminine else "einem"
    return "eine" if feminine else "ein"


def _measure(match: Match) -> str:
    low = f"{_signed(match['low'])} bis " if match["low"] else ""
    number, unit, per = match["n"], match["unit"], match["per"]
    feminine = unit in FEMININE
    name = FEMININE[unit][number.lstrip("-−+ ") != "1"] if feminine else UNITS[unit]
    said = f"{_signed(number, _one(match, feminine=feminine))} {name}"
    return f"{low}{said}" + (f" pro {AFTER_SLASH[per]}" if per else "")


def _money(match: Match) -> str:
    name, hundredth = CURRENCIES[match["c"]]
    minus = "minus " if (match["sign"] or "") in ("-", "−") and match["sign"] else ""
    per = f" pro {AFTER_SLASH[match['per']]}" if match["per"] else ""
    if match["scale"]:
        return f"{minus}{_scaled(match)} {name}{per}"
    whole, fraction = whole_and_fraction(match["n"])
    if len(fraction) > 2 or (fraction and not hundredth):
        return f"{minus}{german_number(match['n'])} {name}{per}"
    cents = int(fraction.ljust(2, "0")) if fraction else 0
    if not whole and cents:
        return f"{minus}{german_cardinal(cents, 'ein')} {hundredth}{per}"
    if cents and per:  # nobody says "32 Euro 5 pro Stunde"
        return f"{minus}{german_cardinal(whole, 'ein')} {name} {german_cardinal(cents)}{per}"
    return f"{minus}{german_cardinal(whole, 'ein')} {name}" + (f" {german_cardinal(cents)}" if cents else "") + per


def _scaled(match: Match) -> str:
    name = _SCALES.get(match["scale"], match["scale"])
    name = name.removesuffix("en").removesuffix("n") if name.endswith("n") and name != "Million" else name
    if match["n"] == "1":
        return f"eine {name}"
    return f"{german_number(match['n'])} {name}{'n' if name.endswith('e') else 'en'}"


def _noun(match: Match) -> str:
    """ "1" before what it counts: "eine Lampe", "ein Licht"."""
    return _one(match, feminine=bool(_FEMININE_NOUN.match(match.string, match.end())))


def _half(match: Match) -> str:
    if match[1]:
        return german_cardinal(int(match[1]), "ein") + "einhalb"
    feminine = _FEMININE_NOUN.match(match.string, match.end())
    return (
        ("eine halbe" if feminine else "ein halber")
        if re.match(r"\s[A-ZÄÖÜ]", match.string[match.end() :])
        else "einhalb"
    )


def _integer(match: Match) -> str:
    text = match["n"]
    return (
        german_digits(text) if text.isdecimal() and len(text) > 6 and len(text.rstrip("0")) > 4 else german_number(text)
    )


_YEAR = r"(?:1[1-9]|20)\d\d"
_READERS: list[Reader] = [
    (rf"(?<!\w)({_any(ABBREVIATIONS)})(?=(\s+\S|[,;:)])?)",
     lambda m: ABBREVIATIONS[m[1]] + ("" if m[2] else ".")),
    (r"\b(Mo|Di|Mi|Do|Fr|Sa|So)\.?(?=,?\s\d{1,2}\.)", lambda m: WEEKDAYS[m[1]]),
    (r"(?<=\w)str\.(?=\s|,|\Z)", lambda m: "straße"),
    (r"\bStr\.(?=\s|,|\Z)", lambda m: "Straße"),
    (_START + rf"(?P<y>{_YEAR})-(?P<m>\d\d)-(?P<d>\d\d)(?!\w|-\d)", _date),
    (_START + r"(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4}|\d\d(?=\W|\Z))(?!\d|[.,]\d)", _date),
    (_START + rf"(?P<d>\d{{1,2}})\.\s?(?P<m>{_MONTH})(?!\w)(?:\s(?P<y>{_YEAR}))?", _date),
    (rf"(?<!\d\.){_START}(?P<d>\d{{1,2}})\.(?P<m>0?[1-9]|1[0-2])\.(?P<y>)(?!\d)", _date),
    (_START + r"(?P<h>\d{1,2}):(?P<m>\d\d):(?P<s>\d\d)\s?(?:Std\.?|h|Stunden)(?!\w)", _duration),
    (_START + r"(?P<h>\d{1,3}):(?P<m>[0-5]\d)(?P<s>)\s?(?:Std\.?|h|Stunden)(?!\w)", _duration),
    (_START + r"(?P<h>\d{1,2}):(?P<m>[0-5]\d)" + _DASH + r"(?P<h2>\d{1,2}):(?P<m2>[0-5]\d)(?:\sUhr\b)?(?![\d:])",
     _opening_hours),
    (_START + r"(?P<h>\d{1,2})(?:[:.](?P<m>[0-5]\d))?(?:\sUhr)?(?:" + _DASH + r"|\sbis\s)"
     r"(?P<h2>\d{1,2})(?:[:.](?P<m2>[0-5]\d))?\sUhr\b", _opening_hours),
    (_START + r"(?P<h>\d{1,2}):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?(?:\s?Uhr\b)?(?![\d:])", _time),
    (_START + r"(?P<h>\d{1,2})\.(?P<m>[0-5]\d)(?P<s>)\sUhr\b", _time),
    (_START + r"(\d{1,2})\sUhr\b(?:\s(\d{1,2})\b(?![.,:]\d))?", lambda m: _clock(m[1], m[2] or "0")),
    (_START + r"(\d+):(\d+)(?![\d:])", lambda m: f"{german_cardinal(int(m[1]))} zu {german_cardinal(int(m[2]))}"),
    (r"(?<![\w.,])(\+|00)(\d{2})[ /-]?\(?(\d{2,5})\)?[ /-]?(\d{3,}(?:[ -]\d+)*)(?!\w)",
     lambda m: f"plus {german_digits(m[2])}, {german_digits(m[3])}, {german_digits(m[4])}"),
    (_START + r"(0\d{2,5})[ /-](\d{3,}(?:[ -]\d+)*)(?!\w|[.,]\d)",
     lambda m: f"{german_digits(m[1])}, {german_digits(m[2])}"),
    (_START + r"v?(\d+(?:\.\d+){2,})(?!\w|[.,]\d|\.\d)",
     lambda m: m[0] if _thousands(m[1]) else " Punkt ".join(map(_part, m[1].split(".")))),
    (rf"(?P<sign>(?<![\w.,)])[-−]\s?)?(?<![A-Za-z])(?P<c>{_CURRENCY})\s?(?P<n>{_NUMBER}){_SCALE}(?P<per>)", _money),
    (rf"(?P<sign>(?<![\w.,)])[-−]\s?)?{_START}(?P<n>{_NUMBER})(?:,[-–—]+)?{_SCALE}\s?(?P<c>{_CURRENCY})"
     rf"(?:/(?P<per>{_any(AFTER_SLASH)}))?(?![\w/])", _money),
    (rf"{_START}(?P<n>{_NUMBER})\s(?P<scale>Mio\.?|Mrd\.?|Million|Milliarde)(?!\w)", _scaled),
    (rf"{_START}(?:(?P<low>{_SIGN}{_NUMBER})\s?(?:°C?|%)?(?:{_DASH}|\sbis\s))?(?P<n>{_SIGN}{_NUMBER})\s?"
     rf"(?P<unit>{_UNIT})(?:/(?P<per>{_any(AFTER_SLASH)}))?(?![\w²³/])", _measure),
    (_START + r"(\d+)?\s?½", _half),
    (_START + r"()1/2(?![\d/])", _half),
    (rf"{_START}({_any(_FRACTIONS)})(?![\d/])", lambda m: _FRACTIONS[m[1]]),
    (rf"{_START}(?P<n>\d{{1,3}})\.(?=\s[A-ZÄÖÜa-zäöüß])(?<!\A\d\.)(?<!\A\d\d\.)", _ordinal),
    (r"\b([Jj]ahre?s?|[Ss]eit|[Ii]m [Jj]ahr|[Aa]nno|[Uu]m|" + "|".join(MONTHS) + rf")\s({_YEAR}){_END}",
     lambda m: f"{m[1]} {german_year(int(m[2]))}"),
    (rf"{_START}((?:19|20)\d\d)(?=er\b|[.!?,;:)]*(?:\s+[^\dA-ZÄÖÜ]|\s*\Z))", lambda m: german_year(int(m[1]))),
    (rf"{_START}(?P<a>{_NUMBER}){_DASH}(?P<b>{_NUMBER}){_END}",
     lambda m: f"{german_number(m['a'])} bis {german_number(m['b'])}"),
    (rf"{_START}({_NUMBER})\s?[x×*]\s?(?=\d)", lambda m: f"{german_number(m[1])} mal "),
    (rf"{_START}(\d+)[x×](?!\w)", lambda m: f"{german_cardinal(int(m[1]), 'ein')}mal"),
    (r"(?:#|№)\s?(?=\d)", lambda m: "Nummer "),
    (r"§§?\s?(?=\d)", lambda m: "Paragraf "),
    (r"(?<!\S)~\s?(?=\d)", lambda m: "ungefähr "),
    (rf"{_START}1(?=\s[A-ZÄÖÜ][\wäöüß]+)", _noun),
    (rf"(?<![\w.,)])[-−]\s?(?P<n>{_NUMBER}){_END}", lambda m: f"minus {german_number(m['n'])}"),
    (rf"{_START}(?P<n>{_NUMBER})(?=[-–][A-Za-zÄÖÜäöü])", _integer),
    (rf"{_START}(?P<n>{_NUMBER}){_END}", _integer),
    (rf"\s?([{re.escape(''.join(_SIGNS))}])\s?(?=\S)", lambda m: f" {_SIGNS[m[1]]} "),
    (r"(?<=\w)/(?=\w)", lambda m: " "),
    (r"\s?%", lambda m: " Prozent"),
    (r"\s?°C", lambda m: " Grad Celsius"),
    (r"\s?°", lambda m: " Grad"),
    (r"(?<=\w)_+(?=\w)", lambda m: " "),
    (r"[^\W_]*\d[^\W_]*", lambda m: re.sub(r"\d+", lambda n: f" {_part(n[0])} ", m[0]).strip()),
]  # fmt: skip


def _thousands(text: str) -> bool:
    return bool(re.fullmatch(r"\d{1,3}(?:\.\d{3})+", text))


def _part(text: str) -> str:
    """A part of a version or of a name: "GPT4", "A380"."""
    if re.fullmatch(r"(?:19|20)\d\d", text):
        return german_year(int(text))
    return german_digits(text) if (len(text) > 1 and text[0] == "0") or len(text) > 3 else german_cardinal(int(text))


_COMPILED = [(re.compile(pattern), say) for pattern, say in _READERS]
_ONE_SIGN = str.maketrans(
    {"℃": "°C", "℉": "°F", "％": "%", "⁄": "/", **dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))}
)


def read_german(text: str) -> str:
    """`text` with numbers, dates, times, money, measures, abbreviations and signs in words."""
    text = text.translate(_ONE_SIGN)
    for pattern, say in _COMPILED:
        text = pattern.sub(say, text)
    return re.sub(r" {2,}", " ", re.sub(r" +(?=[,.;:!?)](?:\s|$))", "", text)).strip()
