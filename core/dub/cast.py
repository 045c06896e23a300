"""Who speaks with which voice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import RequestError
from ..voice.voice import Voice
from .passages import Style


@dataclass(frozen=True)
class Member:
    """A speaker's voice, and how that speaker talks where the text does not say otherwise.

    style.speed is multiplied with the speed of the whole, style.gain is added to its loudness.
    """

    voice: Voice
    style: Style = field(default_factory=Style)


@dataclass(frozen=True)
class Cast:
    """The members by the names that a text calls them, in any case; `default` speaks what nobody is named for."""

    members: Mapping[str, Member]
    default: Member | None = None

    def member(self, speaker: str | None, where: str) -> Member:
        """Who a name means; where: as an error calls the place, such as "line 3". Raises RequestError."""
        if speaker is None:
            if self.default is not None:
                return self.default
            raise RequestError(f"{where}: nobody is named, and there is no voice for that: give one, or name a speaker")
        wanted = speaker.strip().casefold()
        for name, member in self.members.items():
            if name.strip().casefold() == wanted:
                return member
        known = ", ".join(self.members) or "none"
        raise RequestError(f"{where}: there is no voice for {speaker}; known are: {known}")
