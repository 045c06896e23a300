"""The speech language model of CosyVoice 2: text and speech ids in, speech ids out.

The sequence is: start, text, turn, speech. Only the speech head is ever computed; the text head
that the checkpoint carries is the embedding again and is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..weights import WeightReader
from .config import Qwen2Config, SpeechLMConfig
from .qwen2 import KVCache, Linear, Qwen2Decoder
from .sampling import sample

_START, _TURN = 0, 1


@dataclass
class LMState:
    """Everything about the requests in the slots of one batch; updated in place on the device.

    positions: [slots] int64, filled length of the cache. steps: [slots] int64, ids emitted so far.
    last: [slots] int64, the id to feed next. history: [slots, window] int64, newest last, -1 where
    none. min_steps: [slots] int64, before which no stop id is drawn. seeds: [slots] int64.
    """

    cache: KVCache
    positions: Tensor
    steps: Tensor
    last: Tensor
    history: Tensor
    min_steps: Tensor
    seeds: Tensor


class SpeechLM(nn.Module):
    def __init__(self, config: SpeechLMConfig) -> None:
        super().__init__()
        self.config = config
        size = config.decoder.hidden_size
        self.text_embedding = nn.Embedding(config.decoder.vocab_size, size)
        self.speech_embedding = nn.Embedding(config.head_size, size)
        self.task_embedding = nn.Embedding(2, size)
        self.decoder = Qwen2Decoder(config.decoder)
        self.head = Linear(size, config.head_size, bias=config.head_bias)

    @property
    def device(self) -> torch.device:
        return self.head.weight.device

    def new_state(self, slots: int, capacity: int) -> LMState:
        """Room for `slots` sequences of up to `capacity` positions."""

        def ids(*shape: int, fill: int = 0) -> Tensor:
            return torch.full(shape, fill, dtype=torch.int64, device=self.device)

        cache = KVCache(self.config.decoder, slots, capacity, device=self.device, dtype=self.head.weight.dtype)
        window = self.config.sampling.window
        return LMState(cache, ids(slots), ids(slots), ids(slots), ids(slots, window, fill=-1), ids(slots), ids(slots))

    def prefix(self, text: Tensor, prompt_speech: Tensor) -> Tensor:
        """Embeddings [1, 2 + T + P, C] of text ids [T] (those of the prompt first) and prompt speech ids [P]."""
        start, turn = self.task_embedding.weight[_START], self.task_embedding.weight[_TURN]
        parts = (start[None], self.text_embedding(text), turn[None], self.speech_embedding(prompt_speech))
        return torch.cat(parts).unsqueeze(0)

    def prefill(self, state: LMState, prefix: Tensor, *, slot: int, seed: int, min_steps: int) -> Tensor:
        """Begin a request in a slot; logits [1, V] behind its prefix [1, L, C]."""
        state.positions[slot] = prefix.shape[1]
        state.steps[slot] = 0
        state.history[slot] = -1
        state.min_steps[slot] = min_steps
        state.seeds[slot] = seed
        return self.head(self.decoder.prefill(prefix, state.cache, slot=slot)[:, -1])

    def step(self, state: LMState, rows: int, context: int) -> Tensor:
        """Feed the last id of the first `rows` slots; logits [rows, V]. `context`: see `Qwen2Decoder.step`."""
        x = self.speech_embedding(state.last[:rows]).unsqueeze(1)
        hidden = self.decoder.step(x, state.cache, state.positions[:rows], context)
        state.positions[:rows] += 1
        return self.head(hidden[:, 0])

    def emit(self, state: LMState, logits: Tensor, rows: slice) -> Tensor:
        """Draw the next id of `rows` from logits [rows, V] and remember it; [rows] int64, on the device."""
        early = state.steps[rows] < state.min_steps[rows]
        logits = logits.float()
        # Every id that is not a sound would end the utterance, not the stop id alone.
        logits[:, self.config.speech_vocab :].masked_fill_(early[:, None], float("-inf"))
        drawn = sample(logits, state.history[rows], state.seeds[rows], state.steps[rows], self.config.sampling)
        state.history[rows] = torch.cat((state.history[rows][:, 1:], drawn[:, None]), dim=1)
        state.last[rows] = drawn
        state.steps[rows] += 1
        return drawn

    def official_weights(self, reader: WeightReader) -> dict[str, Tensor]:
        """State dict from the keys of llm.pt; see `weights.OfficialStage`."""
        decoder, size = self.config.decoder, self.config.decoder.hidden_size
        reader.take("llm.model.lm_head.weight", decoder.vocab_size, size)
        weights = {
            "text_embedding.weight": reader.take("llm.model.model.embed_tokens.weight", decoder.vocab_size, size),
            "speech_embedding.weight": reader.take("speech_embedding.weight", self.config.head_size, size),
            "task_embedding.weight": reader.take("llm_embedding.weight", 2, size),
            "head.weight": reader.take("llm_decoder.weight", self.config.head_size, size),
            "decoder.norm.weight": reader.take("llm.model.model.norm.weight", size),
        }
        if self.config.head_bias:
            weights["head.bias"] = reader.take("llm_decoder.bias", self.config.head_size)
        for index in range(decoder.num_hidden_layers):
            layer = _official_layer(reader, f"llm.model.model.layers.{index}.", decoder)
            weights |= {f"decoder.layers.{index}.{name}": tensor for name, tensor in layer.items()}
        return weights


def _official_layer(reader: WeightReader, prefix: str, config: Qwen2Config) -> dict[str, Tensor]:
    size, inner = config.hidden_size, config.intermediate_size
    rows = {
        "q": config.num_attention_heads * config.head_dim,
        "k": config.num_key_value_heads * config.head_dim,
        "v": config.num_key_value_heads * config.head_dim,
    }

    def fused(names: dict[str, int], pattern: str, *columns: int) -> Tensor:
        return torch.cat([reader.take(prefix + pattern.format(name), rows, *columns) for name, rows in names.items()])

    return {
        "attention_norm.weight": reader.take(prefix + "input_layernorm.weight", size),
        "attention.qkv.weight": fused(rows, "self_attn.{}_proj.weight", size),
        "attention.qkv.bias": fused(rows, "self_attn.{}_proj.bias"),
        "attention.out.weight": reader.take(prefix + "self_attn.o_proj.weight", size, rows["q"]),
        "mlp_norm.weight": reader.take(prefix + "post_attention_layernorm.weight", size),
        "gate_up.weight": fused({"gate": inner, "up": inner}, "mlp.{}_proj.weight", size),
        "down.weight": reader.take(prefix + "mlp.down_proj.weight", size, inner),
    }
