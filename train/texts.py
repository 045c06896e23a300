"""What the embedded voice learns to read, and the hundred sentences it is examined with and never sees before."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from random import Random

from .grammar import Grammar
from .prose import prose
from .recognise import normalised
from .words import word_list

# How much of the text is what homes say, everyday English, any word in a frame, and documentation.
HOMES, EVERYDAY, CARRIERS, PROSE = 0.45, 0.25, 0.20, 0.10
LONGEST = 25  # words
_SPEAKABLE = re.compile(r"[A-Za-z,.?!' -]+")
_TEST = Path(__file__).with_name("test_sentences.txt")


def sentences(seed: int, words: Sequence[str] | None = None) -> Iterator[str]:
    """Endless sentences as they are spoken, without digits or signs; equal for equal seeds and Pythons.

    words: to make heard instead of the CMU dictionary's. Raises RecogniserMissing without pocketsphinx or `words`.
    """
    random = Random(seed)
    homes = Grammar("homes.txt", "things.txt", words="vocabulary.txt")
    everyday = Grammar("everyday.txt", words="vocabulary.txt")
    carriers = Grammar("carriers.txt", word=word_list() if words is None else (words, [1] * len(words)))
    documentation = prose()
    sources: list[Callable[[], str]] = [
        lambda: homes.sentence("home", random),
        lambda: everyday.sentence("everyday", random),
        lambda: carriers.sentence("carrier", random),
        lambda: random.choice(documentation),
    ]
    examined = {tuple(normalised(sentence)) for sentence in test_sentences()}
    while True:
        (source,) = random.choices(sources, (HOMES, EVERYDAY, CARRIERS, PROSE))
        text = source()
        if len(text.split()) <= LONGEST and _SPEAKABLE.fullmatch(text) and not _holds(text, examined):
            yield text


@lru_cache(maxsize=1)
def test_sentences() -> tuple[str, ...]:
    """A hundred sentences, by hand, of words that pocketsphinx knows."""
    return tuple(_TEST.read_text("utf-8").splitlines())


def _holds(text: str, examined: set[tuple[str, ...]]) -> bool:
    """Whether all of the text, or a sentence in it, is one of the examination."""
    return any(tuple(normalised(part)) in examined for part in (text, *re.split(r"[.?!]", text)))
