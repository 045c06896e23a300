"""The sizes of the embedded voice: CosyVoice 2, everything smaller."""

from __future__ import annotations

from ..core.families.family import MelConfig, ModelConfig
from ..core.flow.config import EncoderConfig, FlowConfig, UNetConfig
from ..core.lm.config import Qwen2Config, SamplingConfig, SpeechLMConfig
from ..core.vocoder.config import EnvelopeConfig, HiFTConfig

DIGITS = 6  # of a speech token, in base 3
VOCABULARY = 3**DIGITS
CHUNK = 25  # tokens

MEL = MelConfig(sample_rate=24_000, n_fft=1920, hop=480, window=1920, bins=80, fmin=0, fmax=8000)

VOCODER = HiFTConfig(
    mel_bins=80,
    channels=128,
    harmonics=40,  # up to 4 kHz for the lowest voice: so small a filter cannot make up harmonics that it is not given
    sample_rate=24_000,
    source_amplitude=0.1,
    source_noise=0.003,
    voiced_threshold=10.0,
    upsample_rates=(8, 5, 3),
    upsample_kernels=(16, 11, 7),
    n_fft=16,
    hop=4,
    resblock_kernels=(3, 7),
    resblock_dilations=((1, 3, 5), (1, 3, 5)),
    source_kernels=(7, 7, 11),
    source_dilations=((1, 3, 5), (1, 3, 5), (1, 3, 5)),
    lrelu_slope=0.1,
    audio_limit=4.0,  # harmonics that all begin together have high peaks: the finished waveform is levelled, not cut
    f0_channels=128,
    envelope=EnvelopeConfig(MEL.n_fft, MEL.fmin, 8000),
)

FLOW = FlowConfig(
    vocab=VOCABULARY,
    mel_bins=80,
    speaker_size=192,
    token_mel_ratio=2,
    encoder=EncoderConfig(size=192, heads=4, ff_size=512, blocks=2, up_blocks=2, up_ratio=2, lookahead=3, chunk=CHUNK),
    estimator=UNetConfig(channels=128, mid_blocks=4, transformers=1, heads=4, head_dim=32, ff_mult=4, chunk=2 * CHUNK),
    guidance=1.2,
    temperature=0.3,  # so small an estimator leaves noise in: it starts from less, in training too
)


def language_model(text_vocabulary: int) -> SpeechLMConfig:
    """Six layers. A piece of text is a phone, a third of a published one, so ratios of text to speech differ too."""
    return SpeechLMConfig(
        decoder=Qwen2Config(
            vocab_size=text_vocabulary,
            hidden_size=256,
            num_hidden_layers=6,
            num_attention_heads=4,
            num_key_value_heads=2,
            intermediate_size=704,
            rope_theta=10_000.0,
        ),
        speech_vocab=VOCABULARY,
        head_size=VOCABULARY + 3,
        head_bias=True,
        stop_ids=(VOCABULARY, VOCABULARY + 1, VOCABULARY + 2),
        fill_id=VOCABULARY + 2,
        # Tokens that name phones repeat as long as a vowel lasts: twice in ten is no loop yet.
        sampling=SamplingConfig(top_p=0.5, tau=0.6),
        mix_ratio=(15, 15),  # fifteen phones last longer than fifteen speech tokens: speech never runs ahead
        min_token_text_ratio=0.5,
        max_token_text_ratio=10.0,
    )


def model(text_vocabulary: int) -> ModelConfig:
    return ModelConfig(
        sample_rate=24_000,
        token_rate=25,
        mel=MEL,
        lm=language_model(text_vocabulary),
        flow=FLOW,
        vocoder=VOCODER,
    )
