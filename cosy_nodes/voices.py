"""The nodes that give voices: cloned from a recording, or out of the library."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from .. import core
from . import sockets
from .sockets import CATEGORY

_NAME = "A name without slashes; it is the voice's folder in the library."
_REPLACE = "Whether a voice of that name in the library may be overwritten."


class CosyVoxClonePrompt(io.ComfyNode):
    """A recording -> a voice, and the part of the recording that is used."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CosyVoxClonePrompt",
            display_name="CosyVox Clone Prompt",
            category=CATEGORY,
            description="Makes a voice of a recording: 3 to 12 seconds of one person, clear and without music.",
            search_aliases=["clone voice", "reference audio", "speaker", "zero shot"],
            inputs=[
                io.Audio.Input("audio", tooltip="3 to 12 s of one speaker. Of a batch, the first is taken."),
                io.String.Input(
                    "transcript",
                    default="",
                    multiline=True,
                    dynamic_prompts=False,
                    optional=True,
                    tooltip="Exactly the words that are heard: closer to the voice. Empty: only its timbre is taken, "
                    "which is also what speaking another language needs.",
                ),
                io.String.Input(
                    "name", default="", optional=True, tooltip=f"Keep it in the library. Empty: not kept. {_NAME}"
                ),
                io.Boolean.Input("replace", default=False, optional=True, tooltip=_REPLACE),
            ],
            outputs=[
                sockets.Voice.Output("voice"),
                io.Audio.Output("audio", tooltip="The part of the recording that is used, as the model hears it."),
                io.String.Output("report", tooltip="What was cut, and what may make the clone worse."),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, audio: Any, **options: Any) -> io.NodeOutput:
        raise NotImplementedError


class CosyVoxVoice(io.ComfyNode):
    """A voice of the library."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CosyVoxVoice",
            display_name="CosyVox Voice",
            category=CATEGORY,
            description="A voice of the library, or one of the four that come with CosyVox.",
            search_aliases=["speaker", "preset voice", "voice library"],
            inputs=[
                io.Combo.Input(
                    "voice",
                    options=[voice.id for voice in core.VoiceStore().list()],
                    default=core.DEFAULT_VOICE,
                    tooltip="Voices that were saved, imported or dropped into CosyVox's voices folder, and presets.",
                ),
            ],
            outputs=[sockets.Voice.Output("voice")],
        )

    @classmethod
    def execute(cls, voice: str) -> io.NodeOutput:
        raise NotImplementedError


class CosyVoxSaveVoice(io.ComfyNode):
    """A voice -> the library."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CosyVoxSaveVoice",
            display_name="CosyVox Save Voice",
            category=CATEGORY,
            description="Keeps a voice in the library, which ComfyUI, the command line and Home Assistant share.",
            search_aliases=["store voice", "voice library", "save speaker"],
            inputs=[
                sockets.Voice.Input("voice"),
                io.String.Input("name", default="", tooltip=_NAME),
                io.Boolean.Input("replace", default=False, optional=True, tooltip=_REPLACE),
            ],
            outputs=[sockets.Voice.Output("voice", tooltip="The voice as it was kept.")],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, voice: Any, name: str, replace: bool = False) -> io.NodeOutput:
        raise NotImplementedError
