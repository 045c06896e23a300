"""The embedded voice: a CosyVoice 2 that fits into this package, trained here (`train/`), in English."""

from __future__ import annotations

from dataclasses import replace

from ..text.phones import PhoneTokenizer
from .cosyvoice2 import COSYVOICE2

EMBEDDED = replace(
    COSYVOICE2,
    name="embedded",
    summary="24 kHz; a small model that comes with CosyVox; English only",
    repos={},
    files={
        "config": "config.json",
        "speech_tokenizer": "speech_tokenizer.onnx",
        "speaker_encoder": "speaker_encoder.onnx",
        "tokenizer": "tokenizer",
    },
    markers=frozenset(),
    capabilities=frozenset({"zero_shot", "cross_lingual", "interleave"}),
    control_tokens=COSYVOICE2.control_tokens[:4],  # it has never heard anybody laugh or breathe
    aliases=(),
    languages=frozenset({"en"}),
    tokenizer=PhoneTokenizer,
)
