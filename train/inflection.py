"""Forms of English words: cats, goes, stopped, taking. What is irregular stands in data/forms.txt."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

_FORMS = Path(__file__).with_name("data") / "forms.txt"
_SIBILANT = re.compile(r"(s|x|z|ch|sh)$")
_CONSONANT_Y = re.compile(r"[^aeiou]y$")
_DOUBLED = re.compile(r"^[^aeiou]*[aeiou][^aeiouwxy]$")  # stop, plan; of one syllable only


def inflect(phrase: str, form: str) -> str:
    """form: "s" (she does), "past", "pp" (has done), "ing", all of a phrase's first word; "pl" (many), of its last.

    >>> inflect("try to stop", "past"), inflect("fallen leaf", "pl"), inflect("hide it", "ing")
    ('tried to stop', 'fallen leaves', 'hiding it')
    """
    verbs, nouns = _irregular()
    if form == "pl":
        before, blank, noun = phrase.rpartition(" ")
        return before + blank + (nouns.get(noun) or _with_s(noun))
    verb, blank, rest = phrase.partition(" ")
    past, participle = verbs.get(verb) or (_with_ed(verb),) * 2
    forms = {"s": _with_s(verb), "past": past, "pp": participle, "ing": _with_ing(verb)}
    return forms[form] + blank + rest


def _with_s(word: str) -> str:
    if word in ("have", "be"):
        return {"have": "has", "be": "is"}[word]
    if word in ("go", "do") or _SIBILANT.search(word):
        return word + "es"
    return word[:-1] + "ies" if _CONSONANT_Y.search(word) else word + "s"


def _with_ed(word: str) -> str:
    if _CONSONANT_Y.search(word):
        return word[:-1] + "ied"
    return word + "d" if word.endswith("e") else _stem(word) + "ed"


def _with_ing(word: str) -> str:
    if word.endswith("ie"):
        return word[:-2] + "ying"
    return (word[:-1] if re.search(r"[^eo]e$", word) and word != "be" else _stem(word)) + "ing"


def _stem(word: str) -> str:
    """What endings with a vowel are put to: "admit" and its like have the stress at the end."""
    stressed = word in ("admit", "forget", "begin", "prefer", "forbid", "upset", "regret", "occur", "quit")
    return word + word[-1] if stressed or _DOUBLED.search(word) else word


@lru_cache(maxsize=1)
def _irregular() -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """Verbs: base -> past, participle; nouns: singular -> plural."""
    verbs, nouns = (part.split("\n\n")[0] for part in re.split(r"^\w+:\n", _FORMS.read_text("utf-8"), flags=re.M)[1:])
    triples = (line.split() for line in verbs.splitlines())
    pairs = (line.split() for line in nouns.splitlines())
    return {row[0]: (row[1], row[2]) for row in triples}, {row[0]: row[-1] for row in pairs}
