"""Who speaks with which voice: by name, by the cast that is written, or by the order of what is linked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .. import core
from ..core import dub
from .handle import GraphVoice

_SHOWN = 12  # voices that an error names


@dataclass(frozen=True)
class Role:
    """A speaker's voice and manner. told: how they came to it, for the report."""

    voice: GraphVoice
    style: dub.Style
    told: str


def roles(
    speakers: Mapping[str, str],
    voices: Mapping[str, GraphVoice | None],
    cast: Mapping[str, dub.CastLine],
    rest: GraphVoice | None = None,
) -> dict[str, Role]:
    """A role for every speaker.

    speakers: their names in the order in which they speak, and where they first do, such as "line 3". voices: what is
    linked, by its socket. cast: what is written. A speaker who is not in the cast gets the voice of the same name, a
    linked one before one of the library; else the next linked voice that nobody has; else `rest`. Raises RequestError
    where there is none, naming the voices that there are.
    """
    linked = {socket: voice for socket, voice in voices.items() if voice is not None}
    library = {voice.id.casefold(): voice for voice in core.VoiceStore().list()}
    written = {name.casefold(): line for name, line in cast.items()}
    found: dict[str, Role] = {}
    for speaker in speakers:
        line = written.get(speaker.casefold())
        named = _named(line.voice if line else speaker, linked, library)
        if named is not None:
            found[speaker] = Role(named[0], line.style if line else dub.Style(), named[1])
        elif line is not None:
            raise core.RequestError(f"the cast gives {speaker} the voice {line.voice}: {_known(linked, library)}")
    taken = {id(role.voice) for role in found.values()}
    spare = [(socket, voice) for socket, voice in linked.items() if id(voice) not in taken]
    for speaker, where in speakers.items():
        if speaker in found:
            continue
        if spare:
            socket, voice = spare.pop(0)
            found[speaker] = Role(voice, dub.Style(), _label(socket, voice))
        elif rest is not None:
            found[speaker] = Role(rest, dub.Style(), _label("voice", rest))
        else:
            raise core.RequestError(f"{where}: there is no voice for {speaker}: {_known(linked, library)}")
    return {speaker: found[speaker] for speaker in speakers}


def speakers_of(places: Sequence[tuple[str | None, str]]) -> dict[str, str]:
    """(speaker, where) of all that is said -> each speaker, and where they first speak; Alice is ALICE."""
    found: dict[str, tuple[str, str]] = {}
    for speaker, where in places:
        if speaker is not None:
            found.setdefault(speaker.casefold(), (speaker, where))
    return dict(found.values())


def _named(
    name: str, linked: Mapping[str, GraphVoice], library: Mapping[str, core.StoredVoice]
) -> tuple[GraphVoice, str] | None:
    """The voice that a name means, and what to call it in a report."""
    wanted = name.casefold()
    for socket, voice in linked.items():
        if wanted in {socket.casefold(), voice.name.casefold()}:
            return voice, _label(socket, voice)
    if stored := library.get(wanted):
        return GraphVoice(stored.id, stored), stored.id
    return None


def _label(socket: str, voice: GraphVoice) -> str:
    return f"{socket} ({voice.name})" if voice.name else socket


def _known(linked: Mapping[str, GraphVoice], library: Mapping[str, core.StoredVoice]) -> str:
    known = [*(_label(socket, voice) for socket, voice in linked.items()), *(voice.id for voice in library.values())]
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return f"known are {', '.join(known[:_SHOWN])}{more}; link another one, or name one of these in the cast"
