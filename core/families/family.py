"""What there is to know about a published family of models, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..flow.config import FlowConfig
from ..lm.config import SpeechLMConfig
from ..text.tokenizer import TextTokenizer, Tokenizer
from ..vocoder.config import HiFTConfig

if TYPE_CHECKING:
    from ..checkpoint import StageClass


@dataclass(frozen=True)
class MelConfig:
    """Settings of the mel spectrogram that the flow was trained on. `fmax` None is half the sample rate."""

    sample_rate: int
    n_fft: int
    hop: int
    window: int
    bins: int
    fmin: float
    fmax: float | None


@dataclass(frozen=True)
class ModelConfig:
    """Everything needed to build one model's modules, read from its folder."""

    sample_rate: int
    token_rate: int  # speech tokens per second
    mel: MelConfig
    lm: SpeechLMConfig
    flow: FlowConfig
    vocoder: HiFTConfig


@dataclass(frozen=True)
class Family:
    """One published family. A family is this record and nothing else: its own file holds it whole.

    files: role -> name in the published folder. Roles: config, lm, flow, vocoder, speech_tokenizer,
        speaker_encoder, tokenizer (a folder), lm_config.
    parse: the official configuration as plain data (see `official_yaml`), and that of the language
        model's backbone -> ModelConfig. Raises ConfigError.
    stages: role -> the module class that computes it; called only when weights are loaded, so that
        describing a family needs no torch.
    markers: strings, one of which the official configuration of this family always has as a "class".
    capabilities: of "zero_shot", "cross_lingual", "instruct", "convert", "interleave".
    languages: those it speaks, as `text.language` names them; None for all.
    tokenizer: its folder and the control tokens -> the text tokenizer.
    control_tokens: what the tokenizer adds to its own vocabulary, in order of their ids.
    """

    name: str
    summary: str
    repos: Mapping[str, str]  # hub -> repository id
    files: Mapping[str, str]
    parse: Callable[[Mapping[str, Any], Mapping[str, Any]], ModelConfig]
    stages: Callable[[], Mapping[str, StageClass]]
    markers: frozenset[str]
    capabilities: frozenset[str]
    control_tokens: tuple[str, ...]
    end_of_prompt: str
    aliases: tuple[str, ...] = ()
    languages: frozenset[str] | None = None
    tokenizer: Callable[[Path, Sequence[str]], TextTokenizer] = Tokenizer

    def path(self, folder: Path, role: str) -> Path:
        """Where a role's file lies in a model folder."""
        return folder / self.files[role]

    def open_tokenizer(self, folder: Path) -> TextTokenizer:
        """The text tokenizer of a model folder. Raises ModelNotFound or CheckpointError."""
        return self.tokenizer(self.path(folder, "tokenizer"), self.control_tokens)
