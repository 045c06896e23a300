"""Which language a sentence is in, guessed from its script and a few small words."""

from __future__ import annotations

import re
import unicodedata

_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u31f0-\u31ff\uff66-\uff9d]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_HANGUL = re.compile(r"[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:['’][A-Za-z]+)?")
_CHINESE_MARKS = re.compile(r"[。，、；：！？]")
_OTHER_SCRIPT = re.compile(r"[\u0370-\u052f\u0590-\u0e7f\u1200-\u139f\u1780-\u17ff]")

# Words that are frequent in one language and rare in English; a script alone does not tell these apart.
_CUES = {
    "de": "der die das und ist nicht ein eine einen ich sie wir mit für auf den dem zu im von es sind um uhr heute "
    "noch bitte nach oder wird wurde jetzt morgen prozent grad beträgt kein keine wieder",
    "fr": "le la les des est une dans pour vous nous je que qui avec il elle sur et pas du ce au aux",
    "es": "el los las una es en por para que con está hoy del se muy",
    "it": "il lo gli una è per con che non di sono oggi della",
}
_CUE_SETS = {language: frozenset(words.split()) for language, words in _CUES.items()}
_ENGLISH_WORDS = (
    "the a an is are was were of and to in it that this for on with as at by he she you i we they not be have has "
    "had do does did will would can could if or but from so what there their our your my me his her its"
)
_SHARED = {"de": frozenset(("in", "so", "was", "will", "an"))}  # that count as English elsewhere
_FEW = {"de": 100}  # words of a sentence in which one is enough to tell
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_WORDS_ELSEWHERE_TOO = "a an as at but do he i if in me on or so to was will"
_ONLY_ENGLISH = _ENGLISH - frozenset(_WORDS_ELSEWHERE_TOO.split())
_OWN_SCRIPT = frozenset({"zh", "ja", "ko", "other"})
LANGUAGES = ("en", "zh", "ja", "ko", *_CUES)
# Letters that English does not have and words borrowed into English seldom do.
_MARKS = {"de": "äöüß", "es": "ñ¿¡", "fr": "êîôûœ", "it": "ìò"}


def guess(text: str, default: str = "en") -> str:
    """ "zh", "ja", "ko", "en", "de", "fr", "es", "it" or "other"; `default` where there are no letters."""
    if _KANA.search(text):
        return "ja"
    han, hangul = len(_HAN.findall(text)), len(_HANGUL.findall(text))
    if han or hangul:
        return "ko" if hangul > han else "zh"
    words = [word.casefold() for word in _LATIN.findall(text)]
    if len(_OTHER_SCRIPT.findall(text)) > sum(map(len, words)):
        return "other"
    if default != "ja" and _CHINESE_MARKS.search(text) and all(len(word) == 1 for word in words):
        return "zh"  # a formula, a number: nothing but its marks tells
    return _latin(words, text, default) if words else default


def tells_english(text: str) -> bool:
    """Whether the beginning of a sentence holds a word that is English and frequent in no other language."""
    return any(word.casefold() in _ONLY_ENGLISH for word in _LATIN.findall(text))


def settled(text: str, language: str) -> str:
    """The language of a sentence in a text that is said to be in `language`; a script that it lacks tells otherwise."""
    guessed = guess(text, default=language)
    if guessed in _OWN_SCRIPT and (guessed, language) != ("zh", "ja"):
        return guessed
    return language


def all_latin(text: str) -> bool:
    """Whether every letter is a Latin one, with or without a mark: what an alphabet of English can spell."""
    letters = (character for character in unicodedata.normalize("NFKD", text) if character.isalpha())
    return all(unicodedata.name(letter, "").startswith("LATIN") for letter in letters)


def _latin(words: list[str], text: str, default: str) -> str:
    english = sum(word in _ENGLISH for word in words)
    lowered = text.casefold()
    votes = {
        language: sum(word in cues for word in words) + 2 * sum(map(lowered.count, _MARKS.get(language, "")))
        for language, cues in _CUE_SETS.items()
    }
    best = max(votes, key=lambda language: votes[language])
    english -= sum(word in _SHARED.get(best, ()) for word in words)
    # A name such as Müller or a café does not make an English sentence German or French.
    if votes[best] > max(1, 2 * english) or (votes[best] and not english and len(words) < _FEW.get(best, 4)):
        return best
    # Nothing tells: it goes on as it began.
    return default if default in votes and not english and votes[default] == votes[best] else "en"
