"""The nodes that speak a text with one voice."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from .. import core
from ..core import dub
from . import comfy, sockets
from .audio import audio_out
from .handle import ModelHandle
from .sockets import AUTO, CATEGORY, NONE
from .speaking import base_request, cast_of, default_voice, given_voice, renderer, shown

_HELLO = "Hello, I am speaking with CosyVox."
_SUNG = (
    'What is said, as long as you like. [pause:0.6] is a silence; {speed=0.9 seed=4 instruct="…"} holds for what '
    "follows, {} ends it."
)


def _text() -> io.Input:
    return io.String.Input("text", default=_HELLO, multiline=True, dynamic_prompts=False, tooltip=_SUNG)


def _voice() -> io.Input:
    return sockets.voice(f"Or a recording of a speaker. Without either, {core.DEFAULT_VOICE} speaks.")


def _outputs() -> list[io.Output]:
    return [
        io.Audio.Output("audio"),
        io.String.Output("srt", tooltip="What was said when, as subtitles."),
    ]


class CosyVoxSynthesize(io.ComfyNode):
    """A text -> speech."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CosyVoxSynthesize",
            display_name="CosyVox Synthesize",
            category=CATEGORY,
            description="Speaks a text. Only sentences that changed are computed again.",
            search_aliases=["tts", "text to speech", "speak", "say", "cosyvoice"],
            inputs=[sockets.model(), _text(), _voice(), sockets.language(), sockets.speed(), sockets.seed()],
            outputs=_outputs(),
            is_output_node=True,
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(
        cls,
        model: ModelHandle,
        text: str,
        voice: Any = None,
        language: str = AUTO,
        speed: float = 1.0,
        seed: int = 0,
    ) -> io.NodeOutput:
        return _spoken(cls, model, text, voice, language=language, speed=speed, seed=seed)


class CosyVoxInstruct(io.ComfyNode):
    """A text and how to say it -> speech."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CosyVoxInstruct",
            display_name="CosyVox Instruct",
            category=CATEGORY,
            description="Speaks a text as you say: in an emotion, a dialect, a style. The embedded voice cannot.",
            search_aliases=["emotion", "dialect", "instruct tts", "style"],
            inputs=[
                sockets.model(),
                _text(),
                _voice(),
                sockets.language(),
                sockets.speed(),
                sockets.seed(),
                *(_preset(group) for group in core.PRESETS),
                io.String.Input(
                    "instruction",
                    default="",
                    multiline=True,
                    dynamic_prompts=False,
                    optional=True,
                    tooltip="How to say it, in your own words; joined to what is chosen above, and never spoken.",
                ),
            ],
            outputs=_outputs(),
            is_output_node=True,
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(
        cls,
        model: ModelHandle,
        text: str,
        voice: Any = None,
        language: str = AUTO,
        speed: float = 1.0,
        seed: int = 0,
        emotion: str = NONE,
        dialect: str = NONE,
        style: str = NONE,
        pace: str = NONE,
        instruction: str = "",
    ) -> io.NodeOutput:
        chosen = {"emotion": emotion, "dialect": dialect, "style": style, "pace": pace}
        asked = core.instruction(
            text=instruction, **{group: None if name == NONE else name for group, name in chosen.items()}
        )
        return _spoken(cls, model, text, voice, language=language, speed=speed, seed=seed, instruction=asked)


def _preset(group: str) -> io.Input:
    return io.Combo.Input(group, options=[NONE, *core.PRESETS[group]], default=NONE, optional=True)


def _spoken(cls: Any, model: ModelHandle, text: str, voice: Any, **settings: Any) -> io.NodeOutput:
    turn = dub.Turn(None, tuple(dub.read_passages(text)), 1)
    with comfy.watched() as watch:
        engine = model.engine(watch)
        cast = cast_of({}, given_voice(voice) or default_voice(), model, engine)
        made = dub.perform(
            renderer(engine),
            [turn],
            cast,
            base=base_request(cast, **settings),
            on_progress=watch.on_progress,
            should_stop=watch.should_stop,
        )
    audio = audio_out([made.audio], made.sample_rate)
    return io.NodeOutput(audio, dub.write_srt(made.cues), ui=shown(cls, audio, made.warnings))
