"""Numbers in words, English and Chinese."""

from __future__ import annotations

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_ONES = _SMALL.split()
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ("", "thousand", "million", "billion", "trillion", "quadrillion")
_IRREGULAR = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
_MOST_DIGITS = 18  # beyond, a number is read digit by digit

_HAN = "零一二三四五六七八九"
_PLACES = ("千", "百", "十", "")
_GROUPS = ("", "万", "亿", "万亿", "亿亿")


def cardinal(number: int) -> str:
    """1299 -> "one thousand two hundred and ninety nine"."""
    if len(str(number)) > _MOST_DIGITS:
        return digits(str(number))
    if number < 1000:
        return _below_thousand(number)
    words: list[str] = []
    for scale, name in enumerate(_SCALES):
        number, part = divmod(number, 1000)
        if part:
            bridge = "and " if scale == 0 and number and part < 100 else ""
            words.insert(0, f"{bridge}{_below_thousand(part)} {name}".strip())
    return " ".join(words)


def ordinal(number: int) -> str:
    """22 -> "twenty second"."""
    head, _, last = cardinal(number).rpartition(" ")
    regular = last[:-1] + "ieth" if last.endswith("y") else last + "th"
    return f"{head} {_IRREGULAR.get(last, regular)}".strip()


def digits(text: str, zero: str = "oh") -> str:
    """One by one: "007" -> "oh oh seven". A whole number of nothing but zeros says "zero"."""
    said = zero if text.strip("0") else "zero"
    return " ".join(_ONES[int(digit)] if digit != "0" else said for digit in text if digit.isdecimal())


def number(text: str) -> str:
    """What is written with digits, perhaps commas and a point: "1,299.5"."""
    whole, point, fraction = text.replace(",", "").partition(".")
    spelled = digits(whole) if len(whole) > 1 and whole.startswith("0") else cardinal(int(whole)) if whole else ""
    return f"{spelled} point {digits(fraction, 'zero')}".strip() if point and fraction else spelled


def year(number: int) -> str:
    """1984 -> "nineteen eighty four"; 2005 -> "two thousand and five"; 1905 -> "nineteen oh five"; 79 as any number."""
    century, rest = divmod(number, 100)
    if not century or (century % 10 == 0 and rest < 10):
        return cardinal(number)
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def plural(word: str) -> str:
    """ "eighty" -> "eighties", "sixth" -> "sixths"."""
    return word[:-1] + "ies" if word.endswith("y") else word + "s"


def han_cardinal(number: int) -> str:
    """1299 -> "一千两百九十九"; 15 -> "十五"."""
    if number == 0:
        return "零"
    if len(str(number)) > _MOST_DIGITS:
        return han_digits(str(number))
    groups: list[str] = []
    gap = False
    for name in _GROUPS:
        number, part = divmod(number, 10_000)
        if part:
            group = "两" if part == 2 and name else _han_group(part)
            groups.insert(0, group + name + ("零" if gap and groups else ""))
            gap = part < 1000
        elif groups:
            gap = True
        if not number:
            break
    spelled = "".join(groups)
    return spelled[1:] if spelled.startswith("一十") else spelled


def han_digits(text: str, one: str = "一") -> str:
    """One by one: "302" -> "三零二". In telephone numbers one is 幺."""
    return "".join(one if digit == "1" else _HAN[int(digit)] for digit in text if digit.isdecimal())


def han_number(text: str) -> str:
    """What is written with digits, perhaps commas and a point: "1,299.5" -> "一千两百九十九点五"."""
    whole, point, fraction = text.replace(",", "").partition(".")
    spelled = han_digits(whole) if len(whole) > 1 and whole.startswith("0") else han_cardinal(int(whole or "0"))
    return f"{spelled}点{han_digits(fraction)}" if point and fraction else spelled


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    words = [f"{_ONES[hundreds]} hundred"] if hundreds else []
    if rest or not hundreds:
        tens, ones = divmod(rest, 10)
        words.append(_ONES[rest] if rest < 20 else _TENS[tens] + (f" {_ONES[ones]}" if ones else ""))
    return " and ".join(words)


def _han_group(number: int) -> str:
    spelled = ""
    for digit, place in zip(f"{number:04d}", _PLACES, strict=True):
        if digit != "0":
            spelled += ("两" if digit == "2" and place in ("千", "百") else _HAN[int(digit)]) + place
        elif spelled and not spelled.endswith("零"):
            spelled += "零"
    return spelled.rstrip("零")
