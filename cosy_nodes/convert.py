"""The node that gives what is said another voice."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from .. import core
from . import comfy, sockets
from .audio import audio_out, samples_in
from .handle import ModelHandle
from .sockets import CATEGORY
from .speaking import given_voice


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
                sockets.voice("Who is to say it: a voice, or a recording of a speaker.", optional=False),
                sockets.speed(),
                sockets.seed(),
            ],
            outputs=[io.Audio.Output("audio")],
        )

    @classmethod
    def execute(cls, model: ModelHandle, audio: Any, voice: Any, speed: float = 1.0, seed: int = 0) -> io.NodeOutput:
        batch, rate = samples_in(audio, "the audio")
        target = given_voice(voice)
        if target is None:
            raise core.VoiceError("there is no voice: link one, or a recording of a speaker that has sound")
        with comfy.watched() as watch:
            engine = model.engine(watch)
            heard = model.voice(target, engine)
            made = [
                engine.convert(
                    samples,
                    heard,
                    rate=rate,
                    seed=seed,
                    speed=speed,
                    on_progress=watch.part(index, len(batch)),
                    should_stop=watch.should_stop,
                )
                for index, samples in enumerate(batch)
            ]
        return io.NodeOutput(audio_out([speech.audio for speech in made], made[0].sample_rate))
