"""The nodes that speak a text with one voice."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from .. import core
from . import sockets
from .sockets import CATEGORY, NONE

_HELLO = "Hello, I am speaking with CosyVox."
_SUNG = (
    'What is said, as long as you like. [pause:0.6] is a silence; {speed=0.9 seed=4 instruct="…"} holds for what '
    "follows, {} ends it."
)


def _text() -> io.Input:
    return io.String.Input("text", default=_HELLO, multiline=True, dynamic_prompts=False, tooltip=_SUNG)


def _voice() -> io.Input:
    return sockets.Voice.Input("voice", optional=True, tooltip=f"Without one, {core.DEFAULT_VOICE} speaks.")


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
        )

    @classmethod
    def execute(cls, model: Any, text: str, **options: Any) -> io.NodeOutput:
        raise NotImplementedError


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
        )

    @classmethod
    def execute(cls, model: Any, text: str, **options: Any) -> io.NodeOutput:
        raise NotImplementedError


def _preset(group: str) -> io.Input:
    return io.Combo.Input(group, options=[NONE, *core.PRESETS[group]], default=NONE, optional=True)
