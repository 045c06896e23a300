"""The node that performs a script with several speakers."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from ..core import dub
from . import comfy, sockets
from .audio import audio_out
from .casting import roles, speakers_of
from .handle import GraphVoice, ModelHandle
from .sockets import AUTO, CATEGORY
from .speaking import base_request, cast_of, default_voice, first_voice, renderer, shown

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
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(
        cls,
        model: ModelHandle,
        script: str,
        voices: dict[str, Any] | None = None,
        cast: str = "",
        language: str = AUTO,
        speed: float = 1.0,
        seed: int = 0,
        gap: float = 0.3,
    ) -> io.NodeOutput:
        turns = dub.read_script(script)
        linked: dict[str, GraphVoice | None] = voices or {}
        parts = roles(speakers_of([(turn.speaker, f"line {turn.line}") for turn in turns]), linked, dub.read_cast(cast))
        unnamed = None
        if any(turn.speaker is None for turn in turns):
            unnamed = first_voice(linked) or default_voice()
        with comfy.watched() as watch:
            engine = model.engine(watch)
            members = cast_of(parts, unnamed, model, engine)
            made = dub.perform(
                renderer(engine),
                turns,
                members,
                gap=gap,
                base=base_request(members, language=language, speed=speed, seed=seed),
                on_progress=watch.on_progress,
                should_stop=watch.should_stop,
            )
        audio = audio_out([made.audio], made.sample_rate)
        stems = [audio_out([stem], made.sample_rate) for stem in made.stems.values()]
        report = [*(f"{speaker}: {role.told}" for speaker, role in parts.items()), *made.warnings]
        return io.NodeOutput(
            audio,
            stems,
            list(made.stems),
            dub.write_srt(made.cues),
            "\n".join(report),
            ui=shown(cls, audio, report),
        )
