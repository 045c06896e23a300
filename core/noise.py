"""Random numbers as a pure function of who asks: (seed, stream, position).

A generator's numbers depend on the order in which it is asked, and so on batch, chunk size and
device. These do not: position `i` of stream `s` of request `seed` has one value, whoever computes
it, beside whomever, in however many pieces. The mixing function is the finaliser of SplitMix64
(Steele, Lea, Flood 2014), on torch's wrapping int64.
"""

from __future__ import annotations

from math import pi

import torch
from torch import Tensor

_GOLDEN = -7046029254386353131  # 0x9E3779B97F4A7C15 as int64
_MIX_1 = -4658895280553007687  # 0xBF58476D1CE4E5B9
_MIX_2 = -7723592293110705685  # 0x94D049BB133111EB
_UNIT = 2.0**-24


def _shift(x: Tensor, bits: int) -> Tensor:
    """Logical right shift; torch's is arithmetic."""
    return (x >> bits).bitwise_and_((1 << (64 - bits)) - 1)


def _mix(x: Tensor) -> Tensor:
    x = (x ^ _shift(x, 30)) * _MIX_1
    x = (x ^ _shift(x, 27)).mul_(_MIX_2)
    return x ^ _shift(x, 31)


def seed(number: int, device: torch.device) -> Tensor:
    """Any integer that a caller may name, as the int64 [] that it overflows to."""
    return torch.tensor(_wrapped(number), device=device)


def derive(number: int, part: int) -> int:
    """A seed of its own for part `part` of a request whose seed is `number`."""
    return int(key(seed(number, torch.device("cpu")), part))


def key(seed: Tensor, *parts: Tensor | int) -> Tensor:
    """[...] int64: one stream's key, from seeds [...] int64 and what else tells it apart."""
    state = _mix(seed + _GOLDEN)
    for part in parts:
        state = _mix(state + (_wrapped((part + 1) * _GOLDEN) if isinstance(part, int) else (part + 1) * _GOLDEN))
    return state


def _wrapped(number: int) -> int:
    """`number` as the int64 that it overflows to."""
    return (number + 2**63) % 2**64 - 2**63


def _hash(keys: Tensor, start: int, count: int) -> Tensor:
    """[..., count] int64: the words at positions start … start + count of every key [...]."""
    positions = torch.arange(start + 1, start + count + 1, device=keys.device) * _GOLDEN
    return _mix(keys.unsqueeze(-1) + positions)


def exponential(keys: Tensor, count: int) -> Tensor:
    """[..., count] float32, standard exponential; finite and above zero."""
    bits = _shift(_hash(keys, 0, count), 40)
    return bits.to(torch.float32).add_(0.5).mul_(_UNIT).log_().neg_()


def normal(keys: Tensor, start: int, count: int) -> Tensor:
    """[..., count] float32, standard normal, of positions start … start + count (both even).

    Box and Muller's transform: each word gives two numbers.
    """
    words = _hash(keys, start // 2, count // 2)
    radius = _shift(words, 40).to(torch.float32).add_(0.5).mul_(_UNIT).log_().mul_(-2.0).sqrt_()
    angle = _shift(words, 16).bitwise_and_((1 << 24) - 1).to(torch.float32).mul_(2 * pi * _UNIT)
    return torch.stack((radius * angle.cos(), radius * angle.sin()), dim=-1).flatten(-2)
