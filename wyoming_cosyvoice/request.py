"""What a client asks for in one `synthesize` or one stream of text, as it was said on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import PeerError
from .narration import Narration

MOST_NAME = 1_000  # characters of a voice's name, a speaker or a language


@dataclass(frozen=True)
class Wish:
    """Everything but the text. speaker may be free text: how to say it."""

    name: str | None = None
    speaker: str | None = None
    language: str | None = None
    context: Mapping[str, Any] | None = None
    ssml: bool = False


def read_wish(data: Mapping[str, Any]) -> Wish:
    """The data of `synthesize` or `synthesize-start`. What has the wrong type was not said."""
    voice = data.get("voice")
    voice = voice if isinstance(voice, dict) else {}
    context = data.get("context")
    return Wish(
        name=_text(voice.get("name")),
        speaker=_text(voice.get("speaker")),
        language=_text(voice.get("language")),
        context=context if isinstance(context, dict) else None,
        ssml=data.get("text_format") == "ssml",
    )


def read_text(data: Mapping[str, Any]) -> str:
    """The text of an event. Raises PeerError where there is none."""
    text = data.get("text")
    if not isinstance(text, str):
        raise PeerError("the event has no text", "protocol")
    return text


def _text(value: Any) -> str | None:
    return value[:MOST_NAME] if isinstance(value, str) and value else None


@dataclass
class Asked:
    """A request on its way. since: by `time.monotonic`. characters: of its text so far."""

    narration: Narration
    streaming: bool
    since: float
    characters: int = 0
