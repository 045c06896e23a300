"""The nodes that give voices: cloned from a recording, or out of the library."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from .. import core
from . import sockets
from .audio import audio_out, samples_in
from .handle import GraphVoice
from .sockets import CATEGORY
from .speaking import library_voice, shown, written

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
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, audio: Any, transcript: str = "", name: str = "", replace: bool = False) -> io.NodeOutput:
        batch, rate = samples_in(audio, "the recording")
        prompt = core.prepare_prompt(batch[0], rate, transcript)
        kept = f"kept as {name.strip()}" if name.strip() else ""
        voice = _kept(name, prompt, replace) if kept else GraphVoice("", prompt)
        used = audio_out([prompt.audio], prompt.rate)
        report = [line for line in (_length(batch, rate, prompt), kept, *prompt.warnings) if line]
        return io.NodeOutput(voice, used, "\n".join(report), ui=shown(cls, used, report))


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
                    options=_names(),
                    default=core.DEFAULT_VOICE,
                    tooltip="Voices that were saved, imported or dropped into CosyVox's voices folder, and presets.",
                ),
            ],
            outputs=[sockets.Voice.Output("voice")],
        )

    @classmethod
    def fingerprint_inputs(cls, voice: str) -> Any:
        try:
            return library_voice(voice).key
        except core.CosyVoxError as error:  # which the node says when it runs
            return str(error)

    @classmethod
    def execute(cls, voice: str) -> io.NodeOutput:
        return io.NodeOutput(library_voice(voice))


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
                sockets.Voice.Input("voice", tooltip="From CosyVox Clone Prompt, to be kept, or a voice to be copied."),
                io.String.Input("name", default="", tooltip=_NAME),
                io.Boolean.Input("replace", default=False, optional=True, tooltip=_REPLACE),
            ],
            outputs=[sockets.Voice.Output("voice", tooltip="The voice as it was kept.")],
            is_output_node=True,
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, voice: GraphVoice, name: str, replace: bool = False) -> io.NodeOutput:
        source = voice.source
        kept = _kept(name, source if isinstance(source, core.Prompt) else source.prompt(), replace)
        return io.NodeOutput(kept, ui=written(cls, [f"kept as {kept.name} in {core.VoiceStore().folder}"]))


def _names() -> list[str]:
    """Of the library's voices."""
    try:
        return [voice.id for voice in core.VoiceStore().list()]
    except core.CosyVoxError:  # which the node says when it runs; a list must not keep the pack from loading
        return [core.DEFAULT_VOICE]


def _kept(name: str, prompt: core.Prompt, replace: bool) -> GraphVoice:
    """A prompt in the library. The same one of that name is left as it is, as nothing would change.

    Raises VoiceError, StorageError.
    """
    store, name = core.VoiceStore(), name.strip()
    there = {voice.id: voice for voice in store.list()}.get(name)
    if there is None or there.built_in or (there.digest, there.transcript) != (prompt.digest, prompt.transcript):
        there = store.add(name, prompt, replace=replace)
    return GraphVoice(there.id, there)


def _length(batch: list[Any], rate: int, prompt: core.Prompt) -> str:
    heard, used = batch[0].shape[-1] / rate, len(prompt.audio) / prompt.rate
    more = f", the first of {len(batch)}" if len(batch) > 1 else ""
    return f"{used:.1f} s of {heard:.1f} s are used{more}"
