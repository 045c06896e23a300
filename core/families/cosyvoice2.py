"""CosyVoice2-0.5B (arXiv:2412.10117): Qwen2 speech LM, chunk-aware flow, HiFT at 24 kHz."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from ..flow.config import EncoderConfig, FlowConfig, UNetConfig
from ..lm.config import Qwen2Config, SamplingConfig, SpeechLMConfig
from ..vocoder.config import HiFTConfig
from .family import Family, MelConfig, ModelConfig

if TYPE_CHECKING:
    from ..checkpoint import StageClass

UP_BLOCKS = 4  # the official encoder has this many, whatever its configuration says


def parse(config: Mapping[str, Any], backbone: Mapping[str, Any]) -> ModelConfig:
    """ModelConfig from the official yaml as plain data and the backbone's `config.json`."""
    try:
        return ModelConfig(
            sample_rate=config["sample_rate"],
            token_rate=config["token_frame_rate"],
            mel=_mel(config["feat_extractor"]),
            lm=_lm(config["llm"], backbone),
            flow=_flow(config["flow"]),
            vocoder=_vocoder(config["hift"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"the model's configuration is not that of a {COSYVOICE2.name}: {error!r}; download the folder again"
        ) from error


def _mel(config: Mapping[str, Any]) -> MelConfig:
    return MelConfig(
        sample_rate=config["sampling_rate"],
        n_fft=config["n_fft"],
        hop=config["hop_size"],
        window=config["win_size"],
        bins=config["num_mels"],
        fmin=config["fmin"],
        fmax=config["fmax"],
    )


def _lm(config: Mapping[str, Any], backbone: Mapping[str, Any]) -> SpeechLMConfig:
    vocab = config["speech_token_size"]
    sampling = config["sampling"]
    return SpeechLMConfig(
        decoder=Qwen2Config(
            vocab_size=backbone["vocab_size"],
            hidden_size=backbone["hidden_size"],
            num_hidden_layers=backbone["num_hidden_layers"],
            num_attention_heads=backbone["num_attention_heads"],
            num_key_value_heads=backbone["num_key_value_heads"],
            intermediate_size=backbone["intermediate_size"],
            rope_theta=float(backbone["rope_theta"]),
            rms_norm_eps=float(backbone["rms_norm_eps"]),
        ),
        speech_vocab=vocab,
        head_size=vocab + 3,
        head_bias=True,
        stop_ids=(vocab, vocab + 1, vocab + 2),
        fill_id=vocab + 2,
        mix_ratio=(config["mix_ratio"][0], config["mix_ratio"][1]),
        sampling=SamplingConfig(sampling["top_p"], sampling["top_k"], sampling["win_size"], sampling["tau_r"]),
    )


def _flow(config: Mapping[str, Any]) -> FlowConfig:
    encoder, decoder = config["encoder"], config["decoder"]
    estimator, matching = decoder["estimator"], decoder["cfm_params"]["content"]
    (channels,) = estimator["channels"]  # one resolution: the causal UNet never halves the frame rate
    return FlowConfig(
        vocab=config["vocab_size"],
        mel_bins=config["output_size"],
        speaker_size=config["spk_embed_dim"],
        token_mel_ratio=config["token_mel_ratio"],
        encoder=EncoderConfig(
            size=encoder["output_size"],
            heads=encoder["attention_heads"],
            ff_size=encoder["linear_units"],
            blocks=encoder["num_blocks"],
            up_blocks=UP_BLOCKS,
            up_ratio=config["token_mel_ratio"],
            lookahead=config["pre_lookahead_len"],
            chunk=encoder["static_chunk_size"],
        ),
        estimator=UNetConfig(
            channels=channels,
            mid_blocks=estimator["num_mid_blocks"],
            transformers=estimator["n_blocks"],
            heads=estimator["num_heads"],
            head_dim=estimator["attention_head_dim"],
            ff_mult=4,
            chunk=estimator["static_chunk_size"],
        ),
        guidance=float(matching["inference_cfg_rate"]),
    )


def _vocoder(config: Mapping[str, Any]) -> HiFTConfig:
    return HiFTConfig(
        mel_bins=config["in_channels"],
        channels=config["base_channels"],
        harmonics=config["nb_harmonics"],
        sample_rate=config["sampling_rate"],
        source_amplitude=config["nsf_alpha"],
        source_noise=config["nsf_sigma"],
        voiced_threshold=config["nsf_voiced_threshold"],
        upsample_rates=tuple(config["upsample_rates"]),
        upsample_kernels=tuple(config["upsample_kernel_sizes"]),
        n_fft=config["istft_params"]["n_fft"],
        hop=config["istft_params"]["hop_len"],
        resblock_kernels=tuple(config["resblock_kernel_sizes"]),
        resblock_dilations=tuple(map(tuple, config["resblock_dilation_sizes"])),
        source_kernels=tuple(config["source_resblock_kernel_sizes"]),
        source_dilations=tuple(map(tuple, config["source_resblock_dilation_sizes"])),
        lrelu_slope=config["lrelu_slope"],
        audio_limit=config["audio_limit"],
        f0_channels=config["f0_predictor"]["cond_channels"],
    )


def _stages() -> Mapping[str, StageClass]:
    from ..flow.flow import Flow
    from ..lm.speech_lm import SpeechLM
    from ..vocoder.hift import HiFT

    return {"lm": SpeechLM, "flow": Flow, "vocoder": HiFT}


COSYVOICE2 = Family(
    name="CosyVoice2-0.5B",
    summary="24 kHz; zero-shot, cross-lingual and instructed speech; streams",
    repos={"modelscope": "iic/CosyVoice2-0.5B", "huggingface": "FunAudioLLM/CosyVoice2-0.5B"},
    files={
        "config": "cosyvoice2.yaml",
        "lm": "llm.pt",
        "flow": "flow.pt",
        "vocoder": "hift.pt",
        "speech_tokenizer": "speech_tokenizer_v2.onnx",
        "speaker_encoder": "campplus.onnx",
        "tokenizer": "CosyVoice-BlankEN",
        "lm_config": "CosyVoice-BlankEN/config.json",
    },
    parse=parse,
    stages=_stages,
    markers=frozenset({"Qwen2LM"}),
    capabilities=frozenset({"zero_shot", "cross_lingual", "instruct", "convert", "interleave"}),
    control_tokens=(
        *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|endofprompt|>"),
        *("[breath]", "<strong>", "</strong>", "[noise]", "[laughter]", "[cough]", "[clucking]", "[accent]"),
        *("[quick_breath]", "<laughter>", "</laughter>", "[hissing]", "[sigh]", "[vocalized-noise]"),
        *("[lipsmack]", "[mn]"),
    ),
    end_of_prompt="<|endofprompt|>",
    aliases=("cosyvoice2", "CosyVoice2"),
)
