"""English read by wetext beside the table of expected readings: `python benchmarks/wetext_english.py [-v]`.

Both read what the cleaner leaves of a text, so markup is not held against wetext. A reading is right if its words are
the expected ones, whatever its case, punctuation, hyphens and "and", or if its text is among ALSO_RIGHT: judged by ear
with wetext 0.1.7. A word is lost if text and expected reading hold it and wetext's does not. -v shows other readings.
"""

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter

from cosyvox.core.text.cleaner import Cleaner
from cosyvox.core.text.language import guess
from cosyvox.core.text.normalize import normalize
from wetext import Normalizer

TABLE = Path(__file__).resolve().parent.parent / "tests" / "data" / "text" / "spoken.json"
SAME = {"o": "oh", "zero": "oh", "negative": "minus", "misses": "missus"}
ALSO_RIGHT = (  # what these texts begin with
    *("Leave at", "It was 10 USD", "On 2024", "On 12 May", "Due 12", "Born Jan", "From 2020", "Visit https", "See www"),
    *("snake_case", "<https://a.com", "e.g. Mr.", "The meeting is at 14", "Lunch is", "The night bus", "Rome fell"),
    *("Bring fruit", "The ¥ rose", "Dr. Jones Jr.", "He/she said", "Run `pip", "[https://a.com"),
)


def words(text: str) -> list[str]:
    """The words of `text` that are compared, in order."""
    found = re.findall(r"[^\W_]+(?:['’][^\W_]+)*", text.casefold())
    return [SAME.get(word, word) for word in found if word != "and"]


wetext = Normalizer(lang="en", operator="tn")
wetext.normalize("Its grammars are read on first use: 1.")
cleaner, seconds = Cleaner(), {"ours": [0.0][:0], "wetext": [0.0][:0]}
count = right = raised = lost = 0
for text, expected in json.loads(TABLE.read_text(encoding="utf-8")):
    plain = (cleaner.feed(text) + cleaner.finish()).strip().splitlines()
    if guess(text) != "en" or re.search(r"[<\[]|[^\0-\u2fff]", expected):  # control tags, Chinese punctuation
        continue
    start = perf_counter()
    said = " ".join(normalize(line, "en") for line in plain)
    seconds["ours"].append(perf_counter() - start)
    count, start = count + 1, perf_counter()
    try:
        said = " ".join(wetext.normalize(line) for line in plain)
        seconds["wetext"].append(perf_counter() - start)
        lost += bool(set(words(" ".join(plain))) & set(words(expected)) - set(words(said)))
    except Exception as error:
        said, raised = repr(error), raised + 1
    same = words(said) == words(expected)
    right += same or text.startswith(ALSO_RIGHT)
    if "-v" in sys.argv and not same:
        print(text, expected, said, sep="\n    ")
print(f"wetext {version('wetext')}, {count} texts: right {right}, raises on {raised}, loses a word in {lost}")
print("ms per text (median):", {name: round(1e3 * median(taken), 2) for name, taken in seconds.items()})
