"""Random sentences out of rules that are written down in plain text, as in data/homes.txt."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from random import Random

from ..core.text.numerals import cardinal, digits, ordinal, year
from .inflection import inflect

_DATA = Path(__file__).with_name("data")
_INNERMOST = re.compile(r"\[([^][(){}]*)\]|\(([^][(){}]*)\)|\{([^][(){}]*)\}")
_RANGE = re.compile(r"(\d+)\.\.(\d+)(?::(\w+))?")
_WEIGHTED = re.compile(r"(?:(\d+) \* )?(.*)")
_AN = re.compile(r"\b([Aa]) (?=(?!(?:uni|use|usu|one|once|eu)\w*\b)[aeiou]|hour|honest|eight|eleven)")
_HOURS = re.compile(r"\b([Aa])n (?=(?!hour|honest)[^aeiouAEIOU\W])")


class Grammar:
    """Rules by name: a name with a colon and, indented, its alternatives, per line and between bars, or per word."""

    def __init__(self, *sentences: str, words: str = "", **lists: tuple[Sequence[str], Sequence[int]]) -> None:
        """sentences, words: files in data/. lists: more rules, as alternatives and their weights."""
        self._rules = {rule: (list(alternatives), list(weights)) for rule, (alternatives, weights) in lists.items()}
        for file in sentences:
            self._read(file, by_word=False)
        if words:
            self._read(words, by_word=True)
        self._totals = {rule: list(accumulate(weights)) for rule, (_, weights) in self._rules.items()}

    def sentence(self, rule: str, random: Random) -> str:
        """One of the rule's sentences: a capital first, "a" or "an" as the next word wants it."""
        text = " ".join(self._expand(rule, random).split())
        text = _HOURS.sub(r"\1 ", _AN.sub(r"\1n ", text))
        text = re.sub(r"\s+([.,?!])", r"\1", text)
        text = re.sub(r"([.?!])(?:[.?!,])+", r"\1", text)
        return re.sub(r"(?:^|(?<=[.?!]\s))[a-z]", lambda match: match[0].upper(), text)

    def _read(self, file: str, by_word: bool) -> None:
        name = ""
        for line in (_DATA / file).read_text("utf-8").splitlines():
            if not line or line.startswith("#"):
                continue
            if not line.startswith(" "):
                name = line.rstrip(":")
                if name in self._rules:
                    raise ValueError(f"{file}: the rule {name!r} is there twice")
                self._rules[name] = ([], [])
                continue
            for alternative in line.split() if by_word else line.strip().split(" | "):
                weight, text = _WEIGHTED.fullmatch(alternative).groups()  # type: ignore[union-attr]
                self._rules[name][0].append(text)
                self._rules[name][1].append(int(weight or 1))

    def _expand(self, rule: str, random: Random) -> str:
        totals = self._totals[rule]
        text = self._rules[rule][0][bisect(totals, random.randrange(totals[-1]))]
        while match := _INNERMOST.search(text):
            text = text[: match.start()] + self._choose(match, random) + text[match.end() :]
        return text

    def _choose(self, match: re.Match[str], random: Random) -> str:
        perhaps, choices, slot = match.groups()
        if perhaps is not None:
            return random.choice(perhaps.split("|")) if random.random() < 0.5 else ""
        if choices is not None:
            return random.choice(choices.split("|"))
        rule, _, form = slot.partition(".")
        if form.startswith("."):
            return _number(slot, random)
        if slot[0].isdigit():
            return digits("".join(random.choice("0123456789") for _ in range(int(slot.partition(":")[0]))))
        return inflect(self._expand(rule, random), form) if form else self._expand(rule, random)


def _number(slot: str, random: Random) -> str:
    lowest, highest, kind = _RANGE.fullmatch(slot).groups()  # type: ignore[union-attr]
    number = random.randint(int(lowest), int(highest))
    return {"th": ordinal, "year": year, None: cardinal}[kind](number)
