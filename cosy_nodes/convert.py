"""The node that gives what is said another voice."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from . import sockets
from .sockets import CATEGORY


class CosyVoxConvertVoice(io.ComfyNode):
    """Speech -> the same speech by another voice."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CosyVoxConvertVoice",
            display_name="CosyVox Convert Voice",
            category=CATEGORY,
            description="What is said in a recording of any length, said by another voice at the same times.",
            search_aliases=["voice conversion", "voice changer", "vc", "speech to speech"],
            inputs=[
                sockets.model(),
                io.Audio.Input("audio", tooltip="What is said, by anyone, however long."),
                sockets.Voice.Input("voice", tooltip="Who is to say it."),
                sockets.speed(),
                sockets.seed(),
            ],
            outputs=[io.Audio.Output("audio")],
        )

    @classmethod
    def execute(cls, model: Any, audio: Any, voice: Any, **options: Any) -> io.NodeOutput:
        raise NotImplementedError
