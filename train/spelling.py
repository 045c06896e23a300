"""The table of `core.text.spelling`, learnt from flite's own pronunciation of every word of the CMU dictionary.

Letters and phones are aligned by expectation maximisation; then, from no context to the whole word, a context gets a
row where the shorter ones get it wrong (in the manner of Daelemans and van den Bosch, 1997, "Language-independent
data-oriented grapheme-to-phoneme conversion").
"""

from __future__ import annotations

import gzip
import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import log
from pathlib import Path

from ..core.storage import write_file
from ..core.text.spelling import ALPHABET, CONTEXTS, context, lookup
from .flite import program
from .recognise import dictionary

Phones = tuple[str, ...]
_WORD = re.compile(r"[a-z]{1,14}(?:'[a-z]{1,2})?")
_AT_ONCE = 100  # words in one call of flite
_MOST = 3  # phones of one letter
_ROUNDS = 4
_LEARNT_FROM = 20_000  # words; more do not change how letters and phones pair
_UNHEARD = log(1e-6)
_IN_A_SENTENCE: dict[str, Phones] = {"a": ("ax",)}


def make_spelling(path: Path, words: Iterable[str] | None = None) -> None:
    """Write the table to `path`, in a folder that is made, if there is none. words: instead of the dictionary's.

    Raises FliteMissing, and RecogniserMissing without `words`.
    """
    if path.exists():
        return
    spoken = pronounced(sorted(set(dictionary_words() if words is None else words))) | _IN_A_SENTENCE
    rows = (" ".join((key, *phones)) for key, phones in sorted(table(aligned(spoken)).items()))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, gzip.compress("\n".join(rows).encode("ascii"), mtime=0))


def dictionary_words() -> list[str]:
    """The words of the CMU dictionary that are spelt with letters. Raises RecogniserMissing."""
    words = (line.partition(" ")[0] for line in dictionary().read_text("utf-8").splitlines())
    return [word for word in words if _WORD.fullmatch(word)]


def pronounced(words: Sequence[str]) -> dict[str, Phones]:
    """What flite says for each word; those that it reads in another way than as one word are left out."""
    groups = [words[first : first + _AT_ONCE] for first in range(0, len(words), _AT_ONCE)]
    with ThreadPoolExecutor(2) as pool:
        return {word: phones for said in pool.map(_say, groups) for word, phones in said.items()}


def _say(words: Sequence[str]) -> dict[str, Phones]:
    """Words by the pauses between them; where their number is wrong, half of them at a time."""
    command = [program(), "-voice", "kal16", "-ps", "-o", "/dev/null", "-t", "".join(f"{word}, " for word in words)]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()
    said = [tuple(part.split()) for part in re.split(r"\bpau\b", told) if part.strip()]
    if len(said) == len(words):
        return dict(zip(words, said, strict=True))
    if len(words) == 1:
        return {}
    middle = len(words) // 2
    return _say(words[:middle]) | _say(words[middle:])


def aligned(spoken: Mapping[str, Phones]) -> dict[str, list[Phones]]:
    """The phones of every letter of every word."""
    chances: dict[tuple[str, Phones], float] = {}
    sample = list(spoken.items())[:: max(1, len(spoken) // _LEARNT_FROM)]
    for _ in range(_ROUNDS):
        pairs: Counter[tuple[str, Phones]] = Counter()
        for word, phones in sample:
            pairs.update(zip(word, _align(word, phones, chances) or (), strict=False))
        totals: Counter[str] = Counter()
        for (letter, _), count in pairs.items():
            totals[letter] += count
        chances = {pair: log(count / totals[pair[0]]) for pair, count in pairs.items()}
    # An abbreviation ("w", "st") has more phones than letters can hold: the first one holds them all.
    return {word: _align(word, phones, chances) or [phones, *[()] * (len(word) - 1)] for word, phones in spoken.items()}


def _align(word: str, phones: Phones, chances: Mapping[tuple[str, Phones], float]) -> list[Phones] | None:
    """The likeliest share of `phones` for each letter; before anything is known, one each as far as possible."""
    best: dict[int, tuple[float, list[Phones]]] = {0: (0.0, [])}
    for position, letter in enumerate(word):
        longer: dict[int, tuple[float, list[Phones]]] = {}
        left = len(word) - position - 1
        for done, (score, letters) in best.items():
            for stop in range(done, min(done + _MOST, len(phones)) + 1):
                if len(phones) - stop > left * _MOST:
                    continue
                part = phones[done:stop]
                chance = chances.get((letter, part), _UNHEARD) if chances else -abs(len(part) - 1.0)
                chance -= 3.0 * (len(part) > 1 and not chances)
                if stop not in longer or score + chance > longer[stop][0]:
                    longer[stop] = (score + chance, [*letters, part])
        best = longer
    return best[len(phones)][1] if len(phones) in best else None


def table(words: Mapping[str, Sequence[Phones]]) -> dict[str, Phones]:
    """Context -> phones of its letter, for every context where what the shorter ones say is mostly wrong."""
    rows: dict[str, Phones] = {letter.upper(): () for letter in ALPHABET}
    for level in range(len(CONTEXTS) - 1, -1, -1):
        heard: defaultdict[str, Counter[Phones]] = defaultdict(Counter)
        before: dict[str, Phones] = {}
        for word, letters in words.items():
            for index, phones in enumerate(letters):
                key = context(word, index, *CONTEXTS[level])
                heard[key][phones] += 1
                if key not in before:
                    before[key] = lookup(rows, word, index, CONTEXTS[level + 1 :])
        for key, counts in heard.items():
            (phones, count), *_ = counts.most_common(1)
            if phones != before[key] and (count > 1 or level == 0):
                rows[key] = phones
    return rows
