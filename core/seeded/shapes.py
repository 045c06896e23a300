"""The keys and shapes of the official weight files, derived from a model's configuration."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from ..families.family import ModelConfig
from ..flow.config import EncoderConfig, FlowConfig, UNetConfig
from ..lm.config import SpeechLMConfig
from ..vocoder.config import HiFTConfig

Shape = tuple[int, ...]
Entries = Iterator[tuple[str, Shape]]

TIME_WIDTH = 4  # the estimator's time embedding, in channels


def official_shapes(config: ModelConfig) -> dict[str, dict[str, Shape]]:
    """File name -> key -> shape of every float32 tensor in the published folder of a version 2 model."""
    return {
        "llm.pt": dict(_speech_lm(config.lm)),
        "flow.pt": dict(_flow(config.flow)),
        "hift.pt": dict(_hift(config.vocoder)),
    }


def _affine(name: str, *shape: int) -> Entries:
    """A linear layer or a convolution with a bias: output channels come first."""
    yield f"{name}.weight", shape
    yield f"{name}.bias", shape[:1]


def _weight_norm(name: str, *shape: int, bias: int | None = None) -> Entries:
    """A weight-normalised convolution; a transposed one has its output channels second."""
    yield f"{name}.bias", (bias or shape[0],)
    yield f"{name}.parametrizations.weight.original0", (shape[0], *[1] * (len(shape) - 1))
    yield f"{name}.parametrizations.weight.original1", shape


def _speech_lm(config: SpeechLMConfig) -> Entries:
    decoder = config.decoder
    size, keys = decoder.hidden_size, decoder.num_key_value_heads * decoder.head_dim
    yield "llm_embedding.weight", (2, size)
    yield "llm.model.model.embed_tokens.weight", (decoder.vocab_size, size)
    for layer in range(decoder.num_hidden_layers):
        name = f"llm.model.model.layers.{layer}"
        yield from _affine(f"{name}.self_attn.q_proj", size, size)
        yield from _affine(f"{name}.self_attn.k_proj", keys, size)
        yield from _affine(f"{name}.self_attn.v_proj", keys, size)
        yield f"{name}.self_attn.o_proj.weight", (size, size)
        yield f"{name}.mlp.gate_proj.weight", (decoder.intermediate_size, size)
        yield f"{name}.mlp.up_proj.weight", (decoder.intermediate_size, size)
        yield f"{name}.mlp.down_proj.weight", (size, decoder.intermediate_size)
        yield f"{name}.input_layernorm.weight", (size,)
        yield f"{name}.post_attention_layernorm.weight", (size,)
    yield "llm.model.model.norm.weight", (size,)
    yield "llm.model.lm_head.weight", (decoder.vocab_size, size)
    yield "llm_decoder.weight", (config.head_size, size)
    if config.head_bias:
        yield "llm_decoder.bias", (config.head_size,)
    yield "speech_embedding.weight", (config.head_size, size)


def _flow(config: FlowConfig) -> Entries:
    yield "input_embedding.weight", (config.vocab, config.encoder.size)
    yield from _affine("spk_embed_affine_layer", config.mel_bins, config.speaker_size)
    yield from _encoder(config.encoder)
    yield from _affine("encoder_proj", config.mel_bins, config.encoder.size)
    yield from _estimator(config.estimator, config.mel_bins)


def _encoder(config: EncoderConfig) -> Entries:
    size = config.size
    for stack, embedding, blocks in (
        ("encoders", "embed", config.blocks),
        ("up_encoders", "up_embed", config.up_blocks),
    ):
        yield from _affine(f"encoder.{embedding}.out.0", size, size)
        yield from _affine(f"encoder.{embedding}.out.1", size)
        for block in range(blocks):
            yield from _conformer_block(f"encoder.{stack}.{block}", config)
    yield from _affine("encoder.pre_lookahead_layer.conv1", size, size, config.lookahead + 1)
    yield from _affine("encoder.pre_lookahead_layer.conv2", size, size, 3)
    yield from _affine("encoder.up_layer.conv", size, size, 2 * config.up_ratio + 1)
    yield from _affine("encoder.after_norm", size)


def _conformer_block(name: str, config: EncoderConfig) -> Entries:
    size = config.size
    for bias in ("pos_bias_u", "pos_bias_v"):
        yield f"{name}.self_attn.{bias}", (config.heads, size // config.heads)
    for projection in ("linear_q", "linear_k", "linear_v", "linear_out"):
        yield from _affine(f"{name}.self_attn.{projection}", size, size)
    yield f"{name}.self_attn.linear_pos.weight", (size, size)
    yield from _affine(f"{name}.feed_forward.w_1", config.ff_size, size)
    yield from _affine(f"{name}.feed_forward.w_2", size, config.ff_size)
    yield from _affine(f"{name}.norm_ff", size)
    yield from _affine(f"{name}.norm_mha", size)


def _estimator(config: UNetConfig, mel_bins: int) -> Entries:
    name, channels = "decoder.estimator", config.channels
    stacked = 4 * mel_bins  # noise, encoder output, speaker and prompt side by side
    yield from _affine(f"{name}.time_mlp.linear_1", TIME_WIDTH * channels, stacked)
    yield from _affine(f"{name}.time_mlp.linear_2", TIME_WIDTH * channels, TIME_WIDTH * channels)
    yield from _unet_block(f"{name}.down_blocks.0", stacked, config)
    yield from _affine(f"{name}.down_blocks.0.2", channels, channels, 3)
    for block in range(config.mid_blocks):
        yield from _unet_block(f"{name}.mid_blocks.{block}", channels, config)
    yield from _unet_block(f"{name}.up_blocks.0", 2 * channels, config)  # with the skip connection
    yield from _affine(f"{name}.up_blocks.0.2", channels, channels, 3)
    yield from _affine(f"{name}.final_block.block.0", channels, channels, 3)
    yield from _affine(f"{name}.final_block.block.2", channels)
    yield from _affine(f"{name}.final_proj", mel_bins, channels, 1)


def _unet_block(name: str, inputs: int, config: UNetConfig) -> Entries:
    """A residual block followed by transformer blocks."""
    channels, inner = config.channels, config.heads * config.head_dim
    yield from _affine(f"{name}.0.mlp.1", channels, TIME_WIDTH * channels)
    for block, width in (("block1", inputs), ("block2", channels)):
        yield from _affine(f"{name}.0.{block}.block.0", channels, width, 3)
        yield from _affine(f"{name}.0.{block}.block.2", channels)
    yield from _affine(f"{name}.0.res_conv", channels, inputs, 1)
    for transformer in range(config.transformers):
        part = f"{name}.1.{transformer}"
        yield from _affine(f"{part}.norm1", channels)
        for projection in ("to_q", "to_k", "to_v"):
            yield f"{part}.attn1.{projection}.weight", (inner, channels)
        yield from _affine(f"{part}.attn1.to_out.0", channels, inner)
        yield from _affine(f"{part}.norm3", channels)
        yield from _affine(f"{part}.ff.net.0.proj", config.ff_mult * channels, channels)
        yield from _affine(f"{part}.ff.net.2", channels, config.ff_mult * channels)


def _hift(config: HiFTConfig) -> Entries:
    spectrum = config.n_fft + 2  # real and imaginary parts of the source, magnitude and phase of the output
    yield from _affine("m_source.l_linear", 1, config.harmonics + 1)
    yield from _weight_norm("conv_pre", config.channels, config.mel_bins, 7)
    for stage, kernel in enumerate(config.upsample_kernels):
        wide, narrow = config.channels >> stage, config.channels >> (stage + 1)
        yield from _weight_norm(f"ups.{stage}", wide, narrow, kernel, bias=narrow)
        # The source runs at the rate of the last stage: it is strided down to that of this one.
        stride = prod(config.upsample_rates[stage + 1 :])
        yield from _affine(f"source_downs.{stage}", narrow, spectrum, 2 * stride if stride > 1 else 1)
        yield from _resblock(
            f"source_resblocks.{stage}", narrow, config.source_kernels[stage], len(config.source_dilations[stage])
        )
        for index, (size, dilations) in enumerate(zip(config.resblock_kernels, config.resblock_dilations, strict=True)):
            block = stage * len(config.resblock_kernels) + index
            yield from _resblock(f"resblocks.{block}", narrow, size, len(dilations))
    yield from _weight_norm("conv_post", spectrum, narrow, 7)
    yield from _pitch_predictor(config)


def _resblock(name: str, channels: int, kernel: int, layers: int) -> Entries:
    for layer in range(layers):
        for half in ("1", "2"):
            yield from _weight_norm(f"{name}.convs{half}.{layer}", channels, channels, kernel)
            yield f"{name}.activations{half}.{layer}.alpha", (channels,)


def _pitch_predictor(config: HiFTConfig) -> Entries:
    inputs = config.mel_bins
    for layer in range(5):
        yield from _weight_norm(f"f0_predictor.condnet.{2 * layer}", config.f0_channels, inputs, 3)
        inputs = config.f0_channels
    yield from _affine("f0_predictor.classifier", 1, config.f0_channels)
