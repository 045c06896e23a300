"""The node that performs a script with several speakers."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from . import sockets
from .sockets import CATEGORY

_EXAMPLE = "[Emma] Did you hear that?\n[James] I did. [pause:0.4] Let us go home."


class CosyVoxScript(io.ComfyNode):
    """A script -> its performance, mixed and by speaker."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CosyVoxScript",
            display_name="CosyVox Script",
            category=CATEGORY,
            description="Performs a dialogue: [Alice] … [Bob] …, each with a voice of their own.",
            search_aliases=["dialogue", "podcast", "multi speaker", "conversation", "audiobook"],
            inputs=[
                sockets.model(),
                io.String.Input(
                    "script",
                    default=_EXAMPLE,
                    multiline=True,
                    dynamic_prompts=False,
                    tooltip='[Name] begins a turn. Inside: [pause:0.6], {speed=0.9 seed=4 instruct="…"}.',
                ),
                sockets.voices(),
                sockets.cast(),
                sockets.language(),
                sockets.speed(),
                sockets.seed(),
                io.Float.Input(
                    "gap",
                    default=0.3,
                    min=0.0,
                    max=10.0,
                    step=0.05,
                    optional=True,
                    tooltip="Seconds of silence between two turns.",
                ),
            ],
            outputs=[
                io.Audio.Output("audio", tooltip="All speakers."),
                io.Audio.Output("stems", tooltip="Each speaker alone, as long as the whole.", is_output_list=True),
                io.String.Output("stem_names", tooltip="Whose each stem is.", is_output_list=True),
                io.String.Output("srt", tooltip="What was said when and by whom, as subtitles."),
                io.String.Output("report", tooltip="Who spoke with which voice, and what to know."),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, model: Any, script: str, **options: Any) -> io.NodeOutput:
        raise NotImplementedError
