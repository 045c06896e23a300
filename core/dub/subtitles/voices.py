"""Who speaks in a cue, by what is written at the beginning of its lines; lines joined to what is said."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from ...text.front import speakable
from ...text.split import ended
from ...text.tags import split_tags
from ..inline import Words, control_tags, tokens
from ..script import LONGEST_NAME, NAME, speaker_name
from .markup import Part

# "- Hi." is somebody's turn, "-5 degrees" and "--and then" are not.
_DASH = re.compile(r"\s*[-‐‑–—―](?![-\d])")
_BEFORE = re.compile(r"\A(?:[-‐‑–—―](?![-\d])|[:：\s])+")  # what stands before a name or words
_SAYS = re.compile(rf"([^:：\[\]<>{{}}]{{1,{LONGEST_NAME}}})[:：]\s*")
_NOT_IN_NAMES = re.compile(r"[\[\]<>{}\s]+")
_CJK = "\u2e80"  # and what follows: scripts whose full stop is another

_WRAPPED = re.compile(rf"\[[^\[\]]{{1,{LONGEST_NAME}}}\]")

Line = tuple[bool, str]  # whether somebody else goes on, words


def spoken(parts: Iterable[Part], speakers: Collection[str]) -> list[Part]:
    """Parts, each on one line, that have something to say.

    speakers: casefolded names, of which "Name: …" at the beginning of a line is one. Raises TextError for a tag
    that says what cannot be done.
    """
    found: list[tuple[str | None, list[Line]]] = []
    dashed = False
    for speaker, text in parts:
        voice = _name(speaker or "")
        for line in filter(str.strip, _WRAPPED.sub(_on_one_line, text).split("\n")):
            dashed |= bool(_DASH.match(line))
            words = _BEFORE.sub("", line)
            if speaker is None:
                name, words = leading_name(words, speakers)
                voice = name or voice
            words = _BEFORE.sub("", words).strip()
            if not words:
                continue
            if not found or found[-1][0] != voice:
                found.append((voice, []))
            found[-1][1].append((dashed, words))
            dashed = False
    said = [(voice, _joined(lines)) for voice, lines in found]
    return [(voice, text) for voice, text in said if _has_words(text)]


def _on_one_line(bracket: re.Match[str]) -> str:
    return bracket[0].replace("\n", " ")


def _name(text: str) -> str | None:
    return _NOT_IN_NAMES.sub(" ", text).strip()[:LONGEST_NAME].strip() or None


def leading_name(line: str, speakers: Collection[str]) -> tuple[str | None, str]:
    """Whom a line begins with, and the rest of it; speakers: as in `spoken`."""
    bracket = NAME.match(line)
    if bracket and (name := speaker_name(bracket)):
        return _name(name), line[bracket.end() :]
    says = _SAYS.match(line)
    if says and (name := _name(says[1])) and name.casefold() in speakers:
        return name, line[says.end() :]
    return None, line


def _joined(lines: Iterable[Line]) -> str:
    """Lines as one; what somebody else goes on with is a sentence of its own."""
    said: list[str] = []
    for dashed, words in lines:
        if dashed and said:
            said[-1] = ended(said[-1], "zh" if said[-1][-1] >= _CJK else "en")
        said.append(words)
    return " ".join(" ".join(said).split())


def _has_words(text: str) -> bool:
    written = "".join(token.text for token in tokens(text) if isinstance(token, Words))
    tags = control_tags()
    sounds = any(tag.startswith("[") and tag in written for tag in tags)
    return sounds or speakable("".join(split_tags(written, tags)[::2]))
