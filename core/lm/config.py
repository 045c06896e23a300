"""Hyper-parameters of the speech language model."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Qwen2Config:
    """A Qwen2 decoder; names and meaning as in Hugging Face's `config.json`."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    intermediate_size: int
    rope_theta: float = 1_000_000.0
    rms_norm_eps: float = 1e-6

    @property
    def head_dim(self) -> int:
        return self.hidden_size // self.num_attention_heads


@dataclass(frozen=True)
class SamplingConfig:
    """Repetition-aware sampling (VALL-E 2, arXiv:2406.05370)."""

    top_p: float = 0.8
    top_k: int = 25
    window: int = 10
    tau: float = 0.1


@dataclass(frozen=True)
class SpeechLMConfig:
    """Text and speech ids in, speech ids out.

    Ids below `speech_vocab` are sounds; `stop_ids` end an utterance; `fill_id` asks for more text
    when text and speech are interleaved `mix_ratio[0]` : `mix_ratio[1]`.
    """

    decoder: Qwen2Config
    speech_vocab: int
    head_size: int  # rows of the speech head and of the speech embedding
    head_bias: bool
    stop_ids: tuple[int, ...]
    fill_id: int
    mix_ratio: tuple[int, int] = (5, 15)
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    min_token_text_ratio: float = 2.0
    max_token_text_ratio: float = 20.0
