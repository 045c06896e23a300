"""Other packs' nodes for the same models, and what takes their place in a graph where those packs are not installed.

Their references are recordings, which our inputs for voices take as well; their seeds may be -1, and ours may not.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from comfy_api import latest

Inputs = dict[str, str]  # ours -> theirs

_SPEAK: Inputs = {"text": "text", "speed": "speed"}
_TTS: Inputs = {"text": "tts_text", "speed": "speed"}
_MODEL: Inputs = {"model": "model"}


@dataclass(frozen=True)
class Replacement:
    """theirs, ours: node ids. widgets: theirs, in the order in which their graphs keep the values; values: what ours is
    set to. Of their outputs the first is ours."""

    theirs: str
    ours: str
    inputs: Inputs
    widgets: tuple[str, ...]
    values: tuple[tuple[str, Any], ...] = ()


def _clones(theirs: str, audio: str, inputs: Inputs, *widgets: str, ours: str = "CosyVoxSynthesize") -> Replacement:
    """A node that speaks with the voice of a recording."""
    return Replacement(theirs, ours, {**inputs, "voice": audio}, widgets)


def _converts(theirs: str, *widgets: str) -> Replacement:
    inputs = {**_MODEL, "audio": "source_audio", "voice": "target_audio", "speed": "speed"}
    return Replacement(theirs, "CosyVoxConvertVoice", inputs, widgets)


def _loads(theirs: str, *widgets: str) -> Replacement:
    return Replacement(theirs, "CosyVoxLoadModel", {"model": "model_version"}, ("model_version", *widgets))


REPLACEMENTS = (
    # filliptm/ComfyUI_FL-CosyVoice3
    _loads("FL_CosyVoice3_ModelLoader", "download_source", "device", "force_redownload", "force_reload"),
    _clones("FL_CosyVoice3_ZeroShot", "reference_audio", _MODEL | _SPEAK, "text", "reference_text", "speed", "seed"),
    _clones(
        "FL_CosyVoice3_CrossLingual", "reference_audio", _MODEL | _SPEAK, "text", "speed", "target_language", "seed"
    ),
    _converts("FL_CosyVoice3_VoiceConversion", "speed", "seed"),
    # AlexYez/comfyui-ts-cosyvoice
    _loads("TS_CosyVoice3_ModelLoader", "download_source", "device", "fp16"),
    _clones(
        "TS_CosyVoice3_CrossLingual", "reference_audio", _MODEL | _SPEAK, "text", "speed", "target_language", "seed"
    ),
    _clones(
        "TS_CosyVoice3_Instruct2",
        "reference_audio",
        {**_MODEL, **_SPEAK, "instruction": "instruct_text"},
        *("text", "instruct_text", "speed", "seed"),
        ours="CosyVoxInstruct",
    ),
    _converts("TS_CosyVoice3_VoiceConversion", "speed", "pitch_shift_semitones", "seed"),
    # muxueChen/ComfyUI_NTCosyVoice: no loaders from here on, so that a model has to be linked.
    _clones("NTCosyVoiceZeroShotSampler", "audio", _SPEAK, "speed", "text", "prompt_text"),
    _clones("NTCosyVoiceCrossLingualSampler", "audio", _SPEAK, "speed", "text"),
    _clones(
        "NTCosyVoiceInstruct2Sampler",
        "audio",
        {**_SPEAK, "instruction": "instruct"},
        *("speed", "text", "instruct"),
        ours="CosyVoxInstruct",
    ),
    # SpenserCai/ComfyUI-FunAudioLLM
    _clones("CosyVoiceZeroShotNode", "prompt_wav", _TTS, "tts_text", "speed", "seed"),
    _clones("CosyVoiceCrossLingualNode", "prompt_wav", _TTS, "tts_text", "speed", "seed"),
    Replacement("CosyVoiceSFTNode", "CosyVoxSynthesize", _TTS, ("tts_text", "speaker_name", "speed", "seed")),
    # AIFSH/CosyVoice-ComfyUI and those that were made of it
    _clones("CosyVoiceNode", "prompt_wav", _TTS, "speed", "inference_mode", "sft_dropdown", "seed"),
    Replacement(
        "CosyVoiceDubbingNode",
        "CosyVoxDubSubtitles",
        {"source_audio": "prompt_wav"},
        ("language", "if_single", "seed"),
        (("reference", "cue"),),
    ),
)


async def register() -> None:
    """Tell ComfyUI, where it can be told (0.13 and later). It is a convenience: whatever goes wrong, the nodes load."""
    try:
        for one in REPLACEMENTS:
            replacement = latest.io.NodeReplace(
                new_node_id=one.ours,
                old_node_id=one.theirs,
                old_widget_ids=list(one.widgets),
                input_mapping=list(_mapping(one)),
                output_mapping=[{"new_idx": 0, "old_idx": 0}],
            )
            await latest.ComfyAPI().node_replacement.register(replacement)
    except Exception as error:
        logging.getLogger(__name__).info("other packs' nodes are not replaced by ours: %s", error)


def _mapping(one: Replacement) -> Iterator[dict[str, Any]]:
    yield from ({"new_id": ours, "old_id": theirs} for ours, theirs in one.inputs.items())
    yield from ({"new_id": ours, "set_value": value} for ours, value in one.values)
