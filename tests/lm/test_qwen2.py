"""Our decoder equals transformers' Qwen2 on the same weights, however it is fed."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from cosyvox.core.lm.config import Qwen2Config
from cosyvox.core.lm.qwen2 import KVCache, Qwen2Decoder
from cosyvox.core.seeded.weights import fill
from torch import Tensor

CONFIG = Qwen2Config(
    vocab_size=64,
    hidden_size=96,
    num_hidden_layers=3,
    num_attention_heads=6,
    num_key_value_heads=2,
    intermediate_size=160,
)
LENGTH = 40
CLOSE = {"atol": 2e-5, "rtol": 0.0}


@pytest.fixture(scope="module")
def decoder() -> Qwen2Decoder:
    decoder = Qwen2Decoder(CONFIG).eval()
    weights = fill({key: tuple(tensor.shape) for key, tensor in decoder.state_dict().items()}, "test.")
    decoder.load_state_dict(weights)
    return decoder


@pytest.fixture(scope="module")
def inputs() -> Tensor:
    return torch.randn(2, LENGTH, CONFIG.hidden_size, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def expected(decoder: Qwen2Decoder, inputs: Tensor) -> Tensor:
    """transformers' last hidden states."""
    transformers = pytest.importorskip("transformers")
    official = transformers.Qwen2Model(
        transformers.Qwen2Config(
            **{name: getattr(CONFIG, name) for name in CONFIG.__dataclass_fields__ if name != "rope_theta"},
            rope_theta=CONFIG.rope_theta,
            max_position_embeddings=LENGTH,
        )
    ).eval()
    official.load_state_dict(as_transformers(decoder), strict=False)
    with torch.inference_mode():
        return official(inputs_embeds=inputs).last_hidden_state


def as_transformers(decoder: Qwen2Decoder) -> dict[str, Tensor]:
    """Our state dict, its fused matrices taken apart, under transformers' names."""
    rows = [n * CONFIG.head_dim for n in (CONFIG.num_attention_heads, *[CONFIG.num_key_value_heads] * 2)]
    state = decoder.state_dict()
    weights = {"norm.weight": state["norm.weight"]}
    for index in range(CONFIG.num_hidden_layers):
        ours, theirs = f"layers.{index}.", f"layers.{index}."
        for kind in ("weight", "bias"):
            parts = state[f"{ours}attention.qkv.{kind}"].split(rows)
            weights |= {f"{theirs}self_attn.{p}_proj.{kind}": part for p, part in zip("qkv", parts, strict=True)}
        gate, up = state[f"{ours}gate_up.weight"].chunk(2)
        weights |= {
            f"{theirs}self_attn.o_proj.weight": state[f"{ours}attention.out.weight"],
            f"{theirs}mlp.gate_proj.weight": gate,
            f"{theirs}mlp.up_proj.weight": up,
            f"{theirs}mlp.down_proj.weight": state[f"{ours}down.weight"],
            f"{theirs}input_layernorm.weight": state[f"{ours}attention_norm.weight"],
            f"{theirs}post_attention_layernorm.weight": state[f"{ours}mlp_norm.weight"],
        }
    return weights


def cache(slots: int, capacity: int = LENGTH + 8) -> KVCache:
    return KVCache(CONFIG, slots, capacity, device=torch.device("cpu"), dtype=torch.float32)


def test_whole_sequences(decoder: Qwen2Decoder, inputs: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(decoder(inputs).detach(), expected, **CLOSE)


@torch.inference_mode()
def test_prefill(decoder: Qwen2Decoder, inputs: Tensor, expected: Tensor) -> None:
    kept = cache(2)
    for slot in range(2):
        hidden = decoder.prefill(inputs[slot : slot + 1], kept, slot=slot)
        torch.testing.assert_close(hidden, expected[slot : slot + 1], **CLOSE)


@torch.inference_mode()
def test_prefill_in_pieces(decoder: Qwen2Decoder, inputs: Tensor, expected: Tensor) -> None:
    kept, cuts = cache(1), (0, 7, 8, 25, LENGTH)
    pieces = [decoder.prefill(inputs[:1, start:stop], kept, start=start) for start, stop in pairwise(cuts)]
    torch.testing.assert_close(torch.cat(pieces, dim=1), expected[:1], **CLOSE)


@torch.inference_mode()
def test_step_by_step(decoder: Qwen2Decoder, inputs: Tensor, expected: Tensor) -> None:
    kept = cache(1)
    decoder.prefill(inputs[:1, :10], kept)
    for position in range(10, LENGTH):
        hidden = decoder.step(
            inputs[:1, position : position + 1], kept, slice(0, 1), torch.tensor([position]), position + 1
        )
        torch.testing.assert_close(hidden, expected[:1, position : position + 1], **CLOSE)


@torch.inference_mode()
def test_slots_at_different_positions(decoder: Qwen2Decoder, inputs: Tensor, expected: Tensor) -> None:
    """Two requests of different age in one batch; the cache is read further than either has written."""
    kept = cache(2)
    starts = torch.tensor([9, 21])
    for slot, start in enumerate(starts.tolist()):
        decoder.prefill(inputs[slot : slot + 1, :start], kept, slot=slot)
    for offset in range(LENGTH - int(starts.max())):
        positions = starts + offset
        x = torch.stack([inputs[slot, int(position)][None] for slot, position in enumerate(positions)])
        hidden = decoder.step(x, kept, slice(0, 2), positions, context=LENGTH + 5)
        wanted = torch.stack([expected[slot, int(position)][None] for slot, position in enumerate(positions)])
        torch.testing.assert_close(hidden, wanted, **CLOSE)
