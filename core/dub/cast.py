"""Who speaks with which voice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import RequestError, TextError
from ..voice.voice import Voice
from .style import Style, begins_style, read_settings

_SIGN = r"[ \t]*[=＝:：][ \t]*"
_QUOTED = r"\"[^\"]*\"|“[^”]*”|「[^」]*」"
_KEPT = rf"{_QUOTED}|[=＝:：]\s*'[^']*'"  # elsewhere it is an apostrophe
_ENTRIES = re.compile(rf"(?:{_KEPT}|[^;；])+")
_PARTS = re.compile(rf"(?:{_KEPT}|[^,，、])+")
_NAME = re.compile(rf"[ \t]*(?P<name>{_QUOTED}|[^=＝:：]+?){_SIGN}")
_VOICE = re.compile(rf"(?P<voice>{_QUOTED}|'[^']*'|.+?)[ \t,，、]*(?=[ \t,，、][A-Za-z]\w*{_SIGN}|\Z)")
_EXAMPLE = (
    'write Alice = emma speed=0.9 seed=4 instruct="…" lang=en gain=-3: a name, a voice, and any of these settings'
)


@dataclass(frozen=True)
class Member:
    """A speaker's voice, and how that speaker talks where the text does not say otherwise.

    style.speed is multiplied with the speed of the whole, style.gain is added to its loudness.
    """

    voice: Voice
    style: Style = field(default_factory=Style)


@dataclass(frozen=True)
class Cast:
    """The members by the names that a text calls them, in any case; `default` speaks what nobody is named for, and
    everything if there are no members.
    """

    members: Mapping[str, Member]
    default: Member | None = None

    def member(self, speaker: str | None, where: str) -> Member:
        """Who a name means; where: as an error calls the place, such as "line 3". Raises RequestError."""
        if self.default is not None and (speaker is None or not self.members):
            return self.default
        if speaker is None:
            raise RequestError(f"{where}: nobody is named, and there is no voice for that: give one, or name a speaker")
        wanted = speaker.strip().casefold()
        for name, member in self.members.items():
            if name.strip().casefold() == wanted:
                return member
        known = ", ".join(self.members) or "none"
        raise RequestError(f"{where}: there is no voice for {speaker}; known are: {known}")


def speaker_names(speakers: Sequence[str | None], narrator: str) -> list[str]:
    """What each is called, as they were first spelled: Alice is ALICE. narrator: who is not named."""
    first: dict[str, str] = {}
    return [first.setdefault(" ".join(name.split()).casefold(), name) for name in (one or narrator for one in speakers)]


@dataclass(frozen=True)
class CastLine:
    """The name of a voice, and how it speaks."""

    voice: str
    style: Style = field(default_factory=Style)


def read_cast(text: str) -> dict[str, CastLine]:
    """Who speaks with which voice, by the speakers' names: `Alice = emma speed=0.9`, parted by line breaks, semicolons
    or commas. What holds such a mark stands in quotes. Raises TextError naming the line.
    """
    found: dict[str, CastLine] = {}
    for number, line in enumerate(text.splitlines(), 1):
        for entry in _entries(line):
            speaker, said = _entry(entry, number)
            if any(speaker.casefold() == other.casefold() for other in found):
                raise TextError(f"line {number}: {speaker} has two voices: leave one out")
            found[speaker] = said
    return found


def _entries(line: str) -> Iterator[str]:
    """A comma parts two speakers, or two settings of one."""
    for text in _ENTRIES.findall(line):
        entry = ""
        for part in filter(str.strip, _PARTS.findall(text)):
            name = _NAME.match(part)
            if entry and (not name or begins_style(f"{{{name['name']}=", 0, sure=True)):
                entry += f", {part.strip()}"
                continue
            if entry:
                yield entry
            entry = part
        if entry:
            yield entry


def _entry(text: str, line: int) -> tuple[str, CastLine]:
    name = _NAME.match(text)
    voice = name and _VOICE.match(text, name.end())
    if not name or not voice:
        raise TextError(f"line {line}: {text.strip()!r} gives nobody a voice: {_EXAMPLE}")
    style = read_settings(text[voice.end() :], line)
    return _unquoted(name["name"]), CastLine(_unquoted(voice["voice"]), style)


def _unquoted(text: str) -> str:
    return text[1:-1].strip() if re.fullmatch(rf"{_QUOTED}|'[^']*'", text) else text.strip()
