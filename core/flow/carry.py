"""What a causal stack has to remember of the frames behind it, so that the next ones can be computed alone.

A convolution needs the last frames that it saw, attention the keys and values of all; both are kept by the module that
asks. A stack that is given a `Carry` computes what it would have computed for these frames within the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn

Piece = tuple[Tensor, Tensor]  # keys and values [B, H, T, D]
Self = TypeVar("Self", bound="Carry")


class Remembering(Protocol):
    """What the modules of a stack ask; see `Carry`."""

    def tail(self, site: nn.Module, x: Tensor, count: int) -> Tensor: ...

    def attend(
        self, site: nn.Module, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, bias: Tensor | None = None
    ) -> Tensor: ...


class Carry:
    """One sequence on its way through one stack, in the `rows` of a batch that are its own. Not to be shared."""

    def __init__(self, rows: int = 1) -> None:
        self.rows = rows
        self.frames = 0  # of the stack's input that are done
        self.passing = False  # whether the latest keys and values are not kept
        self._tails: dict[nn.Module, Tensor] = {}
        self._pieces: dict[nn.Module, list[Piece]] = {}

    def fork(self: Self) -> Self:
        """Another future of the same past, which is shared: what is done is never written again."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._tails = dict(self._tails)
        other._pieces = {site: list(pieces) for site, pieces in self._pieces.items()}
        return other

    def tail(self, site: nn.Module, x: Tensor, count: int) -> Tensor:
        """The `count` frames before x [B, T, C], silence where there were none: [B, count, C]. Keeps x's last ones."""
        before = self._tails.get(site)
        if before is None:
            before = x.new_zeros(x.shape[0], count, x.shape[2])
        self._tails[site] = torch.cat((before, x[:, -count:]), 1)[:, -count:] if count else before
        return before

    def attend(
        self, site: nn.Module, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, bias: Tensor | None = None
    ) -> Tensor:
        """Attention of q [B, H, T, D] to all keys and values so far, k and v [B, H, T, D] the latest -> [B, H, T, D].

        mask: as `layers.attention_mask`, of the latest; all before may be attended to. bias: [B, H, T, keys], added
        to the scores. Pieces are never joined: a copy of all keys in every step would cost more than the attention.
        """
        pieces, latest = self._pieces.setdefault(site, []), self._keep(site, k, v)
        if self.passing:
            pieces = list(pieces)
        if mask is None or len(latest) == 1:
            pieces += latest
            return _attend(q, pieces, mask, bias)
        # The latest lie in the mask's own chunks: each attends to itself and all before, and needs no mask.
        parts = []
        for queries, piece in zip(torch.split(q, latest[0][0].shape[2], 2), latest, strict=True):
            pieces.append(piece)
            parts.append(_attend(queries, pieces, None, None))
        return torch.cat(parts, 2)

    def _keep(self, site: nn.Module, k: Tensor, v: Tensor) -> list[Piece]:
        """The latest keys and values where they can stay."""
        return [(k.contiguous(), v.contiguous())]


def _attend(q: Tensor, pieces: Sequence[Piece], mask: Tensor | None, bias: Tensor | None) -> Tensor:
    scores = torch.cat([q @ keys.transpose(2, 3) for keys, _ in pieces], -1).mul_(q.shape[-1] ** -0.5)
    if bias is not None:
        scores += bias
    if mask is not None:
        scores[..., -q.shape[2] :].masked_fill_(~mask, float("-inf"))
    shares = torch.split(scores.softmax(-1), [keys.shape[2] for keys, _ in pieces], -1)
    out = shares[0] @ pieces[0][1]
    for share, (_, values) in zip(shares[1:], pieces[1:], strict=True):
        out += share @ values
    return out


class Together:
    """Several sequences side by side in one batch: each remembers its own rows."""

    def __init__(self, carries: Sequence[Carry]) -> None:
        self._carries = carries
        self._rows = [carry.rows for carry in carries]

    def tail(self, site: nn.Module, x: Tensor, count: int) -> Tensor:
        """As `Carry.tail`."""
        parts = torch.split(x, self._rows)
        return torch.cat([carry.tail(site, part, count) for carry, part in zip(self._carries, parts, strict=True)])

    def attend(
        self, site: nn.Module, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, bias: Tensor | None = None
    ) -> Tensor:
        """As `Carry.attend`."""
        assert bias is None, "rows of different pasts have biases of different lengths"
        parts = zip(self._carries, *(torch.split(part, self._rows) for part in (q, k, v)), strict=True)
        return torch.cat([carry.attend(site, *qkv, mask) for carry, *qkv in parts])
