"""The speech language model of CosyVoice 2: text and speech ids in, speech ids out.

The sequence is: start, text, turn, speech. Only the speech head is ever computed; the text head
that the checkpoint carries is the embedding again and is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..weights import WeightReader
from .config import Qwen2Config, SpeechLMConfig
from .qwen2 import KVCache, Linear, Qwen2Decoder
from .sampling import sample
from .utterance import Piece, Utterance


@dataclass
class LMState:
    """Everything about the utterances in the slots of one batch; updated in place on the device.

    positions: [slots] int64, filled length of the cache. steps: [slots] int64, ids drawn so far.
    last: [slots] int64, the id to feed next. history: [slots, window] int64, newest last, -1 where
    none. min_steps: [slots] int64, before which only sounds are drawn. seeds: [slots] int64.
    barred: [slots, others] bool, which of the ids that are no sounds are never drawn.
    active: [slots] bool; the others are computed beside them and stay as they are.
    """

    cache: KVCache
    positions: Tensor
    steps: Tensor
    last: Tensor
    history: Tensor
    min_steps: Tensor
    seeds: Tensor
    barred: Tensor
    active: Tensor

    def place(self, slot: int, utterance: Utterance) -> None:
        """Write down where an utterance stands, from what its host knows."""
        window = self.history.shape[1]
        recent = utterance.drawn[-window:]
        self.history[slot] = torch.tensor([-1] * (window - len(recent)) + recent)
        self.barred[slot] = torch.tensor(utterance.barred)
        self.positions[slot] = utterance.position
        self.steps[slot] = len(utterance.drawn)
        self.min_steps[slot] = utterance.min_steps
        self.seeds[slot] = utterance.seed

    def move(self, source: int, target: int, length: int) -> None:
        """A slot, whose cache is filled up to `length`, becomes another's."""
        self.cache.move(source, target, length)
        rows = (self.positions, self.steps, self.last, self.history, self.min_steps, self.seeds, self.barred)
        for tensor in rows:
            tensor[target] = tensor[source]


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
        return self.text_embedding.weight.device

    def new_state(self, slots: int, capacity: int) -> LMState:
        """Room for `slots` sequences of up to `capacity` positions."""
        config = self.config

        def ids(*shape: int, fill: int = 0) -> Tensor:
            return torch.full(shape, fill, dtype=torch.int64, device=self.device)

        return LMState(
            cache=KVCache(config.decoder, slots, capacity, device=self.device, dtype=self.text_embedding.weight.dtype),
            positions=ids(slots),
            steps=ids(slots),
            last=ids(slots),
            history=ids(slots, config.sampling.window, fill=-1),
            min_steps=ids(slots),
            seeds=ids(slots),
            barred=ids(slots, config.head_size - config.speech_vocab).bool(),
            active=ids(slots).bool(),
        )

    def embed(self, pieces: Sequence[Piece]) -> Tensor:
        """Embeddings [1, T, C] of all their ids."""
        tables = {"task": self.task_embedding, "text": self.text_embedding, "speech": self.speech_embedding}
        ids = [(kind, torch.tensor(some, dtype=torch.int64, device=self.device)) for kind, some in pieces]
        return torch.cat([tables[kind](some) for kind, some in ids]).unsqueeze(0)

    def prefill(self, state: LMState, x: Tensor, *, slot: int, start: int = 0) -> Tensor:
        """Feed x [1, T, C] to a slot that is filled up to `start`; logits [1, V] behind it."""
        hidden = self.decoder.prefill(x, state.cache, slot=slot, start=start)
        state.positions[slot] = start + x.shape[1]
        return self.head(hidden[:, -1])

    def step(self, state: LMState, slots: slice, context: int, *, padded: bool = False) -> Tensor:
        """Feed their last ids to `slots`; logits [B, V]. context, padded: see `Qwen2Decoder.step`."""
        x = self.speech_embedding(state.last[slots]).unsqueeze(1)
        hidden = self.decoder.step(x, state.cache, slots, state.positions[slots], context, padded=padded)
        state.positions[slots] += state.active[slots]
        return self.head(hidden[:, 0])

    def emit(self, state: LMState, logits: Tensor, slots: slice) -> Tensor:
        """Draw the next ids of `slots` from logits [B, V] and remember the active ones'; [B] int64, on the device."""
        early = state.steps[slots] < state.min_steps[slots]
        logits = logits.float()
        # Every id that is not a sound would end the utterance, not the stop id alone.
        logits[:, self.config.speech_vocab :].masked_fill_(early[:, None] | state.barred[slots], float("-inf"))
        drawn = sample(logits, state.history[slots], state.seeds[slots], state.steps[slots], self.config.sampling)
        active, history = state.active[slots], state.history[slots]
        moved = torch.cat((history[:, 1:], drawn[:, None]), dim=1)
        state.history[slots] = torch.where(active[:, None], moved, history)
        state.last[slots] = torch.where(active, drawn, state.last[slots])
        state.steps[slots] += active
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
