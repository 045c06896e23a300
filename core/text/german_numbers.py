"""Numbers in German words."""

from __future__ import annotations

_SMALL = (
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
    "achtzehn neunzehn"
)
_ONES = _SMALL.split()
_TENS = ("", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig")
_SCALES = (("Million", "Millionen"), ("Milliarde", "Milliarden"), ("Billion", "Billionen"))
_IRREGULAR = {1: "erst", 3: "dritt", 7: "siebt", 8: "acht"}
_MOST_DIGITS = 12  # beyond, a number is read digit by digit


def german_cardinal(number: int, one: str = "eins") -> str:
    """1299 -> "eintausendzweihundertneunundneunzig" without its "ein". one: what a last one is: "ein Haus"."""
    if len(str(number)) > _MOST_DIGITS:
        return german_digits(str(number))
    if number < 1_000_000:
        return _below_million(number, one)
    words: list[str] = []
    millions, rest = divmod(number, 1_000_000)
    if rest:
        words.append(_below_million(rest, one))
    for single, several in _SCALES:
        millions, part = divmod(millions, 1000)
        if part:
            words.insert(0, f"eine {single}" if part == 1 else f"{_below_million(part, 'eine')} {several}")
    return " ".join(words)


def german_ordinal(number: int) -> str:
    """The stem, to which an ending is put: 3 -> "dritt", 21 -> "einundzwanzigst"."""
    rest = number % 100
    if rest in _IRREGULAR:
        return (_below_million(number - rest, "") if number > rest else "") + _IRREGULAR[rest]
    return german_cardinal(number) + ("t" if 0 < rest < 20 else "st")


def german_digits(text: str) -> str:
    """One by one: "007" -> "null null sieben"."""
    return " ".join(_ONES[int(digit)] for digit in text if digit.isdecimal())


def german_year(number: int) -> str:
    """1984 -> "neunzehnhundertvierundachtzig"; 2026 as any number."""
    century, rest = divmod(number, 100)
    if not 11 <= century <= 19:
        return german_cardinal(number)
    return f"{german_cardinal(century)}hundert" + (german_cardinal(rest) if rest else "")


def german_number(text: str, one: str = "eins") -> str:
    """What is written with digits: "1.299,5", "21.5" (a point before three digits parts thousands), "007"."""
    whole, fraction = _parted(text)
    if len(whole) > 1 and whole.startswith("0"):
        said = german_digits(whole)
    else:
        said = german_cardinal(int(whole or "0"), "eins" if fraction else one)
    return f"{said} Komma {german_digits(fraction)}" if fraction else said


def whole_and_fraction(text: str) -> tuple[int, str]:
    """ "1.299,50" -> (1299, "50"); "12.5" -> (12, "5")."""
    whole, fraction = _parted(text)
    return int(whole or "0"), fraction


def _parted(text: str) -> tuple[str, str]:
    if "," in text:
        whole, _, fraction = text.partition(",")
        return whole.replace(".", ""), fraction
    head, point, tail = text.rpartition(".")
    if point and (len(tail) != 3 or head == "0"):
        return head.replace(".", ""), tail
    return text.replace(".", ""), ""


def _below_million(number: int, one: str) -> str:
    thousands, rest = divmod(number, 1000)
    said = (_below_thousand(thousands, "") if thousands > 1 else "") + "tausend" if thousands else ""
    if thousands % 100 == 1 and thousands > 1:
        said = _below_thousand(thousands, "ein") + "tausend"
    return said + (_below_thousand(rest, one) if rest or not thousands else "")


def _below_thousand(number: int, one: str) -> str:
    hundreds, rest = divmod(number, 100)
    said = ((_ONES[hundreds] if hundreds > 1 else "") + "hundert") if hundreds else ""
    if not rest:
        return said or "null"
    if rest == 1:
        return said + one
    if rest < 20:
        return said + _ONES[rest]
    tens, ones = divmod(rest, 10)
    unit = "ein" if ones == 1 else _ONES[ones]
    return said + (f"{unit}und" if ones else "") + _TENS[tens]
