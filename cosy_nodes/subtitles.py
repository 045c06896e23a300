"""The node that reads subtitles."""

from __future__ import annotations

from hashlib import sha256

from comfy_api.latest import io

from ..core import dub
from . import comfy, sockets
from .sockets import CATEGORY
from .speaking import written

_SUFFIXES = (".srt", ".vtt", ".ass", ".ssa")
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
                    options=[TEXT_BELOW, *comfy.input_files(_SUFFIXES)],
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
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def fingerprint_inputs(cls, file: str, **others: object) -> object:
        if file == TEXT_BELOW:
            return None
        try:
            return sha256(comfy.input_path(file).read_bytes()).hexdigest()
        except OSError as error:  # which the node says when it runs
            return str(error)

    @classmethod
    def execute(cls, file: str, text: str = "", shift: float = 0.0, scale: float = 1.0) -> io.NodeOutput:
        read = dub.parse_subtitles(text) if file == TEXT_BELOW else dub.read_subtitles(comfy.input_path(file))
        if scale != 1.0:
            read = read.scaled(scale)
        if shift:
            read = read.shifted(shift)
        report = [_summary(read), *read.warnings]
        return io.NodeOutput(read, dub.write_srt(read.cues), "\n".join(report), ui=written(cls, report))


def _summary(read: dub.Subtitles) -> str:
    speakers = dict.fromkeys(cue.speaker for cue in read.cues if cue.speaker)
    who = f", spoken by {', '.join(speakers)}" if speakers else ""
    end = max((cue.end for cue in read.cues), default=0.0)
    cues = f"{len(read.cues)} cue{'s' * (len(read.cues) != 1)}"
    return f"{cues} until {end:.1f} s, read as {read.format.upper()}{who}"
