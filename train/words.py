"""Tens of thousands of English words: those of the CMU dictionary, as they come with pocketsphinx.

A word that its language model knows weighs by the fourth root of how often it is used, so that what people say comes
first and everything comes; the rest (names, mostly) share a part of their own.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from .recognise import dictionary, language_model

_SPEAKABLE = re.compile(r"[a-z]{2,14}(?:'s)?")
_UNKNOWN = 0.25  # of all words drawn are unknown to the language model
_ROOT = 0.25
_SCALE = 10_000_000  # weights are whole numbers: their sums are exact


@lru_cache(maxsize=1)
def word_list() -> tuple[list[str], list[int]]:
    """Words in small letters and their weights. Raises RecogniserMissing."""
    lines = dictionary().read_text("utf-8").splitlines()
    words = sorted({word for line in lines if _SPEAKABLE.fullmatch(word := line.partition(" ")[0]) and _vowel(word)})
    model = language_model()
    used = [_frequency(model, word) ** _ROOT for word in words]
    known, unknown = sum(used), used.count(0.0)
    share = _UNKNOWN / (1 - _UNKNOWN) * known / max(unknown, 1)
    return words, [max(1, round((weight or share) / known * _SCALE)) for weight in used]


def _vowel(word: str) -> bool:
    return re.search("[aeiouy]", word) is not None


def _frequency(model: Any, word: str) -> float:
    """How often it is used, as a part of all words; 0 if the model does not know."""
    probability = model.prob([word])
    return 1.0001**probability if probability > -1_000_000 else 0.0
