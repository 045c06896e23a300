"""What is written in a cue for the eye, taken out: tags of HTML and WebVTT, overrides of ASS, entities."""

from __future__ import annotations

import html
import re

from ..inline import control_tags
from ..style import begins_style, read_style

_NAMES = "b|br|c|div|em|font|i|lang|p|rp|rt|ruby|s|span|strike|sub|sup|tt|u|v"
# Where "<" need not be escaped, only what is known is a tag; at the end of a line its ">" may be missing.
SRT_TAG = re.compile(
    rf"<(?P<end>/?)(?P<name>{_NAMES})(?P<rest>(?:[\s./=][^<>]*)?)>|<[ \t]?/[ \t]?(?P<closing>{_NAMES})[ \t]?(?:>|$)"
    r"|<\d{1,3}:[\d:.]{1,20}>",
    re.IGNORECASE | re.MULTILINE,
)
_VTT_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][\w-]*|\d|)(?P<rest>[^<>\w\s][^<>]*|\s[^<>]*|[\d:.]*)>")
_VOICE = re.compile(r"[^\s]*\s+(.*)", re.DOTALL)
_ENTITY = re.compile(r"&#?\w{1,31};")
_INVISIBLE = re.compile(r"[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
# Those that stray into SRT from ASS and from MicroDVD: {\an8}, {y:i}, {c:$0000ff}.
_STRAY = re.compile(r"\{(?:\s*\\[^{}]*|[YyCcFfSsPp]:[^{}]{0,30}|/?[ibu])\}")
_DRAWING = re.compile(r"\\p(\d+)")
_NOT_SAID = frozenset({"rt", "rp"})  # how a word is read, beside the word

Part = tuple[str | None, str]  # speaker, words with their line breaks


def plain(text: str, form: str) -> list[Part]:
    """Who says what in a cue, without markup; our own tags stay, and those of models.

    form: "srt", "vtt" or "ass". Raises TextError for a style that says what cannot be done.
    """
    text = _without_overrides(_INVISIBLE.sub("", text), ass=form == "ass")
    text = text.replace("\\N", "\n").replace("\\h", " ")
    if form == "ass":
        text = text.replace("\\n", "\n")
    return _Voices().read(text, _VTT_TAG if form == "vtt" else SRT_TAG)


def without_tags(line: str) -> str:
    """A line of WebVTT without what is in angle brackets, on one line."""
    return " ".join(_VTT_TAG.sub("", line).split())


class _Voices:
    """Words between tags, and whose they are."""

    def __init__(self) -> None:
        self._parts: list[tuple[str | None, list[str]]] = [(None, [])]
        self._silent = False

    def read(self, text: str, tags: re.Pattern[str]) -> list[Part]:
        start = 0
        for tag in tags.finditer(text):
            self._say(text[start : tag.start()])
            start = tag.end()
            if tag[0] in control_tags():
                self._parts[-1][1].append(tag[0])
            else:
                self._mark(tag)
        self._say(text[start:])
        return [(speaker, "".join(words)) for speaker, words in self._parts]

    def _say(self, words: str) -> None:
        if not self._silent:
            self._parts[-1][1].append(_unescaped(words))

    def _mark(self, tag: re.Match[str]) -> None:
        name = (tag["name"] or tag.groupdict().get("closing") or "").lower()
        begins = bool(tag["name"]) and not tag["end"]
        if name in _NOT_SAID or name == "ruby":
            self._silent = begins and name in _NOT_SAID
        elif name == "br":
            self._parts[-1][1].append("\n")
        elif name == "v" and (begins or self._parts[-1][0]):
            voice = _VOICE.fullmatch(tag["rest"]) if begins else None
            self._parts.append((_unescaped(voice[1]) if voice else None, []))


def _unescaped(text: str) -> str:
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)


def _without_overrides(text: str, *, ass: bool) -> str:
    kept: list[str] = []
    start = 0  # of what was not looked at
    drawing = False
    while (brace := text.find("{", start)) >= 0:
        if not drawing:
            kept.append(text[start:brace])
        if begins_style(text, brace, sure=ass):
            _, start = read_style(text, brace, 1)
            kept.append(text[brace:start])
            continue
        stray = None if ass else _STRAY.match(text, brace)
        end = text.find("}", brace) + 1 if ass else stray.end() if stray else 0
        if ass and not end:  # never closed: they are words
            start = brace
            break
        if ass and (modes := _DRAWING.findall(text, brace, end)):
            drawing = int(modes[-1]) > 0
        start = end or brace + 1
        if not end:
            kept.append("{")
    if not drawing:
        kept.append(text[start:])
    return "".join(kept)
