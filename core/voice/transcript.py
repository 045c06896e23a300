"""Can these be the words of that recording? Words that are not heard leak into what the clone says."""

from __future__ import annotations

import unicodedata

# Seconds that a character takes in unhurried speech: about 260 Chinese characters a minute, 150 English
# words, 400 Japanese or Korean syllables (Pellegrino, Coupé & Marsico, "A cross-language perspective on
# speech information rate", Language 87, 2011).
_LETTER, _SYLLABLE, _IDEOGRAPH, _DIGIT = 0.065, 0.15, 0.23, 0.3
# People speak twice as fast as that, or three times as slowly; nobody does more.
FASTEST, SLOWEST = 0.5, 3.0


def speaking_seconds(text: str) -> float:
    """How long it takes to say `text`, roughly: by script, so that it needs no language to be known."""
    return sum(_seconds(character) for character in unicodedata.normalize("NFC", text))


def misfit(transcript: str, seconds: float) -> str | None:
    """What is wrong if `transcript` cannot be what is said in `seconds` of speech."""
    expected = speaking_seconds(transcript)
    if expected * FASTEST <= seconds <= expected * SLOWEST:
        return None
    kind = "too long" if seconds < expected else "too short"
    return (
        f"the transcript is {kind} for {seconds:.1f} s of speech, it does not fit (saying it takes about "
        f"{expected:.1f} s): check that it has exactly the words that are heard, or leave it out"
    )


def _seconds(character: str) -> float:
    category = unicodedata.category(character)
    if category.startswith("N"):
        return _DIGIT
    if not category.startswith("L"):
        return 0.0
    name = unicodedata.name(character, "")
    if name.startswith("CJK"):
        return _IDEOGRAPH
    return _SYLLABLE if name.startswith(("HIRAGANA", "KATAKANA", "HANGUL")) else _LETTER
