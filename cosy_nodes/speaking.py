"""What the nodes that speak have in common: a voice where none is linked, core at work, and what the node shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from comfy_api.latest import ui

from .. import core
from ..core import dub
from . import comfy
from .audio import samples_in
from .casting import Role
from .handle import GraphVoice, ModelHandle
from .sockets import AUTO


def library_voice(name: str) -> GraphVoice:
    """Raises VoiceError if there is none of that name."""
    return GraphVoice(name, core.VoiceStore().get(name))


def default_voice() -> GraphVoice:
    """Who speaks where nobody was chosen."""
    return library_voice(core.DEFAULT_VOICE)


def given_voice(voice: Any) -> GraphVoice | None:
    """What is linked as a voice; a recording is cloned without its words. Raises AudioError."""
    if voice is None or isinstance(voice, GraphVoice):
        return voice
    batch, rate = samples_in(voice, "the recording of the voice")
    return GraphVoice("", core.prepare_prompt(batch[0], rate))


def first_voice(linked: Mapping[str, GraphVoice | None]) -> GraphVoice | None:
    """Of voices by their sockets."""
    return next((voice for voice in linked.values() if voice is not None), None)


def renderer(engine: core.Engine) -> dub.Renderer:
    """Keeps what it speaks on disk, so that a graph that changed in one line speaks one line."""
    return dub.Renderer(engine, core.SegmentCache())


def cast_of(parts: Mapping[str, Role], rest: GraphVoice | None, model: ModelHandle, engine: core.Engine) -> dub.Cast:
    """Everybody's voice as this model hears it; rest: who says what nobody is named for."""
    members = {name: dub.Member(model.voice(role.voice, engine), role.style) for name, role in parts.items()}
    return dub.Cast(members, None if rest is None else dub.Member(model.voice(rest, engine)))


def base_request(
    cast: dub.Cast,
    *,
    language: str = AUTO,
    speed: float = 1.0,
    seed: int = 0,
    instruction: str | None = None,
) -> core.SpeechRequest:
    """What holds for all of a node's text where that says nothing else."""
    anybody = cast.default or next(iter(cast.members.values()))
    return core.SpeechRequest(
        "",
        anybody.voice,
        language=None if language == AUTO else language,
        speed=speed,
        seed=seed,
        instruction=instruction,
    )


def shown(cls: Any, audio: dict[str, Any], lines: Sequence[str]) -> dict[str, Any]:
    """What a node shows of itself: a player, and lines to read."""
    return {**ui.PreviewAudio(audio, cls=cls).as_dict(), **written(cls, lines)}


def written(cls: Any, lines: Sequence[str]) -> dict[str, Any]:
    """What a node shows to be read."""
    text = "\n".join(lines)
    comfy.show_text(cls, text)
    return {"text": (text,)} if text else {}
