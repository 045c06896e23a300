"""Numbers that count nothing: telephone numbers, cards, internet addresses, versions, colours."""

from __future__ import annotations

import re

from ..numerals import cardinal, digits, number
from .parts import COUNTS_NOTHING, START, Match, Reader


def _spelled(groups: str) -> str:
    return ", ".join(digits(group, "zero") for group in re.findall(r"\d+", groups))


def _phone(match: Match) -> str:
    country = f"plus {cardinal(int(match['country']))}, " if match["country"] else ""
    groups = re.findall(r"\d+", match["rest"])
    return country + ", ".join(
        f"{cardinal(int(group))}" if group in ("800", "900") else digits(group, "zero") for group in groups
    )


def _blank_thousands(match: Match) -> str:
    """ "12 000 000" is a number; "555 123 456" is somebody's telephone."""
    first, *_, last = match[0].split(" ")
    return number(match[0].replace(" ", "")) if last == "000" or len(first) < 3 else _spelled(match[0])


def _address(match: Match) -> str:
    groups = match["n"].split(".")
    if any(int(group) > 255 for group in groups):
        return _version(match)
    name = "version " if match["v"] else ""
    port = f" colon {digits(match['port'], 'zero')}" if match["port"] else ""
    net = f" slash {cardinal(int(match['net']))}" if match["net"] else ""
    said = (digits(group, "zero") if int(group) > 99 else cardinal(int(group)) for group in groups)
    return name + " dot ".join(said) + port + net


def _version(match: Match) -> str:
    groups = match["n"].split(".")
    name = "version " if match["v"] else ""
    return name + " point ".join("oh" if group == "0" else cardinal(int(group)) for group in groups)


def _colour(match: Match) -> str:
    return "hash " + " ".join(digits(sign, "zero") if sign.isdecimal() else sign.upper() for sign in match["rgb"])


PHONES: list[Reader] = [
    (
        r"(?<![\w.])(?:\+(?P<country>\d{1,3})[ .-]?)?"
        r"(?P<rest>\(\d{2,4}\)[ .-]?\d{3,4}[ .-]?\d{3,4}|(?:1[ .-])?\d{3}[ .-]\d{3}[ .-]\d{4})(?![\w-])",
        _phone,
    ),
    (r"(?<![\w.])\+(?P<country>\d{1,3})[ .-](?P<rest>\d{2,5}(?:[ .-]\d{2,5}){1,4})(?!\w)", _phone),
    (r"(?<![\w.,-])(?P<country>)(?P<rest>\d{3}-\d{4})(?![\w-])", _phone),
    (r"(?<![\w.,+-])(?<!\d )(?P<country>)(?P<rest>0\d{2,4}[ -]\d{3,8}(?:[ -]\d{3,4})?)(?![\w-])", _phone),
    (
        r"\b((?:[Cc]all|[Dd]ial)(?:ed|led|ing|ling|s)?|[Rr]ing|[Pp]hone|[Tt]ext) "
        rf"(911|(?:112|999|988|411|311|211|110|119|101|111){COUNTS_NOTHING})(?!\w|[.,]\d)",
        lambda m: f"{m[1]} {digits(m[2])}",
    ),
    (r"\b911(?=\s(?:call|operator|dispatch|emergenc))", lambda m: digits(m[0])),
]
CODES: list[Reader] = [
    (
        r"(?<![\w.,])(?P<v>[vV])?(?P<n>\d{1,3}(?:\.\d{1,3}){3})(?::(?P<port>\d{1,5})|/(?P<net>\d{1,2}))?(?![\w/]|\.\d)",
        _address,
    ),
    (r"(?<=\blocalhost):(\d{2,5})\b", lambda m: f" colon {digits(m[1], 'zero')}"),
    # Letters alone are a tag: "#facade".
    (
        r"(?<!\w)#(?=[\da-fA-F]*[a-fA-F]|0)(?=[\da-fA-F]*\d|[A-F]+\b|([a-f])\1+\b)"
        r"(?P<rgb>[\da-fA-F]{3}|[\da-fA-F]{6}|[\da-fA-F]{8})(?!\w)",
        _colour,
    ),
    (rf"{START}\d{{4}}(?:[ -]\d{{4}}){{2,}}(?![\w-])", lambda m: _spelled(m[0])),
    (rf"{START}\d+(?:-\d+){{2,}}(?![\w-])", lambda m: _spelled(m[0])),
    (rf"{START}(?<!\+)\d{{1,3}}(?:(?: \d{{3}}){{2,}}| 000)(?! ?\d|[\w-]|[.,]\d)", _blank_thousands),
    # Nobody counts so far: the number of a card, an order, a book.
    (rf"{START}(?:(?!\d+000(?!\d))\d{{10,}}|\d{{19,}})(?!\w|[.,]\d)", lambda m: _spelled(m[0])),
]
VERSIONS: list[Reader] = [
    (r"(?<![\w.])(?P<v>[vV])?(?P<n>\d+(?:\.\d+){2,})(?![\w])", _version),
    (r"\b(?P<v>[vV])(?P<n>\d+(?:\.\d+)*)(?![\w])", _version),
]
