"""Modules filled with seeded weights, through the loader that published checkpoints take."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import torch
from cosyvox.core.flow.flow import Flow
from cosyvox.core.lm.speech_lm import SpeechLM
from cosyvox.core.vocoder.config import EnvelopeConfig
from cosyvox.core.vocoder.hift import HiFT
from cosyvox.core.weights import WeightReader, assign
from parity import model_config, seeded_state

KINDS = {"llm.pt": ("lm", SpeechLM), "flow.pt": ("flow", Flow), "hift.pt": ("vocoder", HiFT)}


@cache
@torch.inference_mode(False)  # one test computes gradients, and the first to ask may be in inference mode
def stage(file: str, scale: str) -> SpeechLM | Flow | HiFT:
    """The module of "llm.pt", "flow.pt" or "hift.pt" at "small" or "full" scale, every key of the file used once."""
    role, kind = KINDS[file]
    with torch.device("meta"):
        module = kind(getattr(model_config(scale), role))
    reader = WeightReader(seeded_state(file, scale), file)
    weights = module.official_weights(reader)
    reader.finish()
    assign(module, weights, file)
    return module.eval()


def speech_lm(scale: str) -> SpeechLM:
    module = stage("llm.pt", scale)
    assert isinstance(module, SpeechLM)
    return module


def flow(scale: str) -> Flow:
    module = stage("flow.pt", scale)
    assert isinstance(module, Flow)
    return module


def hift(scale: str) -> HiFT:
    module = stage("hift.pt", scale)
    assert isinstance(module, HiFT)
    return module


@cache
@torch.inference_mode(False)
def enveloped() -> HiFT:
    """The pitch and the source of "small" before the untrained filter of the embedded voice."""
    neural = hift("small")
    vocoder = HiFT(replace(neural.config, envelope=EnvelopeConfig(n_fft=1920, fmin=0, fmax=8000), audio_limit=4.0))
    vocoder.f0_predictor.load_state_dict(neural.f0_predictor.state_dict())
    vocoder.harmonic_source.load_state_dict(neural.harmonic_source.state_dict())
    return vocoder.eval()
