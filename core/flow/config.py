"""Hyper-parameters of conditional flow matching: speech tokens to mel."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EncoderConfig:
    """Upsampling conformer: `blocks` at the token rate, `up_blocks` at the mel rate."""

    size: int
    heads: int
    ff_size: int
    blocks: int
    up_blocks: int
    up_ratio: int
    lookahead: int  # tokens of future that the first convolution sees
    chunk: int  # tokens per chunk of the streaming mask


@dataclass(frozen=True)
class UNetConfig:
    """Causal one-dimensional UNet with a single resolution: down block, middle blocks, up block."""

    channels: int
    mid_blocks: int
    transformers: int  # per block
    heads: int
    head_dim: int
    ff_mult: int
    chunk: int  # mel frames per chunk of the streaming mask


@dataclass(frozen=True)
class FlowConfig:
    """temperature: how loud the noise is that an utterance starts from; the released models use 1."""

    vocab: int
    mel_bins: int
    speaker_size: int
    token_mel_ratio: int
    encoder: EncoderConfig
    estimator: UNetConfig
    steps: int = 10
    guidance: float = 0.7
    noise_frames: int = 15_000
    temperature: float = 1.0
