"""The node that reads subtitles."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from . import sockets
from .sockets import CATEGORY

TEXT_BELOW = "(text below)"


class CosyVoxSubtitles(io.ComfyNode):
    """A file or text -> subtitles."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CosyVoxSubtitles",
            display_name="CosyVox Subtitles",
            category=CATEGORY,
            description="Reads SRT, VTT or ASS subtitles, shifts and scales their times, and shows them.",
            search_aliases=["srt", "vtt", "ass", "load subtitles", "captions"],
            inputs=[
                io.Combo.Input(
                    "file",
                    options=[TEXT_BELOW],
                    default=TEXT_BELOW,
                    tooltip="A file in ComfyUI's input folder (.srt, .vtt, .ass), or the text below.",
                ),
                io.String.Input(
                    "text",
                    default="",
                    multiline=True,
                    dynamic_prompts=False,
                    optional=True,
                    tooltip="The text of a subtitle file, used where no file is chosen.",
                ),
                io.Float.Input(
                    "shift",
                    default=0.0,
                    min=-86400.0,
                    max=86400.0,
                    step=0.01,
                    optional=True,
                    tooltip="Seconds added to all times, after scaling.",
                ),
                io.Float.Input(
                    "scale",
                    default=1.0,
                    min=0.1,
                    max=10.0,
                    step=0.0001,
                    round=0.000001,
                    optional=True,
                    tooltip="All times are multiplied by it: 0.95904 brings 23.976 frames a second to 25.",
                ),
            ],
            outputs=[
                sockets.Subtitles.Output("subtitles"),
                io.String.Output("srt", tooltip="As the text of an SRT file."),
                io.String.Output("report", tooltip="How many cues, who speaks, and what to know."),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, file: str, **options: Any) -> io.NodeOutput:
        raise NotImplementedError
