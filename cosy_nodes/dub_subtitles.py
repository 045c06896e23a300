"""The node that speaks subtitles in time."""

from __future__ import annotations

from typing import Any

import torch
from comfy_api.latest import io

from .. import core
from ..core import dub
from . import comfy, sockets
from .audio import audio_out, samples_in
from .casting import roles, speakers_of
from .handle import GraphVoice, ModelHandle
from .sockets import AUTO, CATEGORY
from .speaking import base_request, cast_of, default_voice, first_voice, given_voice, renderer, shown
from .video import seconds_of, sound_of, with_sound

_EXAMPLE = "1\n00:00:00,500 --> 00:00:02,500\nGood morning.\n\n2\n00:00:03,000 --> 00:00:05,500\nHow did you sleep?\n"
_NO_VIDEO = "there is no clip to dub: link one to “video”, or take the audio"


class CosyVoxDubSubtitles(io.ComfyNode):
    """Subtitles -> a track of exactly the clip's length."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CosyVoxDubSubtitles",
            display_name="CosyVox Dub Subtitles",
            category=CATEGORY,
            description="Speaks subtitles at their times, on a track as long as the clip, and never cuts a word.",
            search_aliases=["dub", "dubbing", "srt", "subtitles to speech", "voice over", "translate video"],
            inputs=[
                sockets.model(),
                io.String.Input(
                    "subtitles",
                    default=_EXAMPLE,
                    multiline=True,
                    dynamic_prompts=False,
                    tooltip="The text of an SRT, VTT or ASS file. What is linked below goes before it.",
                ),
                sockets.Subtitles.Input("subtitles_file", optional=True, tooltip="From CosyVox Subtitles."),
                sockets.voice(
                    "Who says what no other voice is meant for, or a recording of a speaker. "
                    f"Without either: {core.DEFAULT_VOICE}."
                ),
                sockets.voices(),
                sockets.cast(),
                io.Audio.Input(
                    "source_audio",
                    optional=True,
                    tooltip="The clip's own sound: gives the length, the voices of reference “cue”, and what is kept.",
                ),
                io.Video.Input(
                    "video",
                    optional=True,
                    tooltip="The clip: gives the length and, if none is linked above, its sound. Comes out dubbed.",
                ),
                io.Float.Input(
                    "length",
                    default=0.0,
                    min=0.0,
                    max=86400.0,
                    step=0.001,
                    optional=True,
                    tooltip="Seconds of the track. 0: that of the video, of the source audio, or of the subtitles.",
                ),
                sockets.language(),
                sockets.seed(),
                *_fitting(),
                *_sound(),
            ],
            outputs=[
                io.Audio.Output("audio", tooltip="The track, exactly as long as the clip."),
                io.Video.Output("video", tooltip="The clip with the track as its sound; none without a clip."),
                io.String.Output("srt", tooltip="Subtitles at the times when they are spoken."),
                io.String.Output("report", tooltip="What was done to each cue to make it fit."),
                io.Image.Output("picture", tooltip="The report as a picture."),
                io.Audio.Output("stems", tooltip="Each speaker alone, as long as the track.", is_output_list=True),
                io.String.Output("stem_names", tooltip="Whose each stem is.", is_output_list=True),
            ],
            is_output_node=True,
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(
        cls,
        model: ModelHandle,
        subtitles: str,
        subtitles_file: dub.Subtitles | None = None,
        voice: Any = None,
        voices: dict[str, Any] | None = None,
        cast: str = "",
        source_audio: Any = None,
        video: Any = None,
        length: float = 0.0,
        language: str = AUTO,
        seed: int = 0,
        reference: str = "voice",
        original: str = "none",
        original_db: float = 0.0,
        duck_db: float = -12.0,
        **fitting: Any,
    ) -> io.NodeOutput:
        fit = dub.FitOptions(**fitting)
        voice = given_voice(voice)
        kept = dub.Original(original, level_db=original_db, duck_db=duck_db)
        linked: dict[str, GraphVoice | None] = voices or {}
        written = dub.read_cast(cast)
        names = [*written, *(one.name for one in linked.values() if one and one.name)]
        read = subtitles_file.named(names) if subtitles_file else dub.parse_subtitles(subtitles, speakers=names)
        warnings = list(read.warnings)
        # One voice for everybody is what is meant where nobody is given another one.
        anyone = voice or (None if reference == "voice" and (written or any(linked.values())) else default_voice())
        parts = roles(speakers_of([(cue.speaker, _place(cue)) for cue in read.cues]), linked, written, anyone)
        unnamed = None
        if any(cue.speaker is None for cue in read.cues):
            unnamed = voice or first_voice(linked) or default_voice()
        source = _source(source_audio, video)
        if source is None and original != "none":
            warnings.append("there is no original sound to keep: link source_audio, or a video that has one")
        with comfy.watched() as watch:
            engine = model.engine(watch)
            members = cast_of(parts, unnamed, model, engine)
            made = dub.dub(
                renderer(engine),
                read.cues,
                members,
                length=length or (None if video is None else seconds_of(video)),
                source=source,
                original=kept,
                reference=reference,
                fit=fit,
                base=base_request(members, language=language, seed=seed),
                on_progress=watch.on_progress,
                should_stop=watch.should_stop,
            )
        who = [f"{speaker}: {role.told}" for speaker, role in parts.items()]
        return _result(cls, made, video, who, [*warnings, *made.warnings])


def _result(cls: Any, made: dub.Dub, video: Any, who: list[str], warnings: list[str]) -> io.NodeOutput:
    rate, length = made.sample_rate, made.audio.shape[-1]
    audio = audio_out([made.audio], rate)
    return io.NodeOutput(
        audio,
        comfy.no_output(_NO_VIDEO) if video is None else with_sound(video, made.audio, rate),
        dub.write_srt(made.cues),
        "\n".join([*who, dub.table(made.lines, warnings)]),
        torch.tensor(dub.timeline(made.lines, length / rate)).float()[None] / 255.0,
        [audio_out([stem], rate) for stem in made.stems.values()],
        list(made.stems),
        ui=shown(cls, audio, [_summary(made), *who, *warnings]),
    )


def _place(cue: dub.Cue) -> str:
    return f"line {cue.line}" if cue.line else f"the cue at {cue.start:.2f} s"


def _source(audio: Any, video: Any) -> Any:
    """The clip's own sound [C, S] and its rate; None if there is none."""
    if audio is not None:
        batch, rate = samples_in(audio, "source_audio")
        return batch[0], rate
    return None if video is None else sound_of(video)


def _summary(made: dub.Dub) -> str:
    moved = sum(bool(line.steps) for line in made.lines)
    long = sum(line.overflow > 0 for line in made.lines)
    more = f", {long} did not fit" if long else ""
    count = "1 cue" if len(made.lines) == 1 else f"{len(made.lines)} cues"
    return f"{count}, {moved} adjusted{more}"


def _fitting() -> list[io.Input]:
    """How far speech may be changed so that it fits its cue, in the order in which it is tried."""
    return [
        io.Int.Input(
            "best_of",
            default=2,
            min=1,
            max=8,
            optional=True,
            tooltip="Takes of a line that is too long: the one that fits best is used.",
        ),
        _number("slowest", 0.85, 0.5, 1.0, 0.01, "How slowly a short line may be spoken."),
        _number("fastest", 1.2, 1.0, 2.0, 0.01, "How fast a long line may be spoken, by the model itself."),
        io.Boolean.Input(
            "borrow",
            default=True,
            optional=True,
            tooltip="Whether a long line may run into the silence before the next cue.",
        ),
        _number("shift", 0.3, 0.0, 10.0, 0.05, "Seconds that a line may begin before or after its cue."),
        _number("stretch", 1.2, 1.0, 2.0, 0.01, "How much a line may be compressed in time at last, pitch kept."),
        _number("gap", 0.08, 0.0, 2.0, 0.01, "Seconds of silence that stay between two lines."),
        io.Combo.Input(
            "policy",
            options=["spill", "overlap", "error"],
            default="spill",
            optional=True,
            tooltip="If a line still does not fit: spill, later lines wait; overlap, two voices sound at once; "
            "error, the lines are named. No word is ever cut.",
        ),
    ]


def _sound() -> list[io.Input]:
    return [
        io.Combo.Input(
            "reference",
            options=["voice", "cue"],
            default="voice",
            optional=True,
            tooltip="cue: every line is spoken with the voice and mood that the source audio has at its time.",
        ),
        io.Combo.Input(
            "original",
            options=["none", "duck", "keep"],
            default="none",
            optional=True,
            tooltip="The clip's own sound under the speech: left out, lowered while somebody speaks, or kept.",
        ),
        _number("original_db", 0.0, -60.0, 12.0, 0.5, "Loudness of the clip's own sound, in dB.", advanced=True),
        _number("duck_db", -12.0, -60.0, 0.0, 0.5, "How much “duck” lowers it, in dB.", advanced=True),
    ]


def _number(
    name: str, default: float, least: float, most: float, step: float, tooltip: str, *, advanced: bool | None = None
) -> io.Input:
    return io.Float.Input(
        name, default=default, min=least, max=most, step=step, optional=True, tooltip=tooltip, advanced=advanced
    )
