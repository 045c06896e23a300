"""What a causal stack has to remember of the frames behind it, so that the next ones can be computed alone.

A convolution needs the last frames that it saw, attention the keys and values of all; both are kept by the module that
asks. A stack that is given a `Carry` computes what it would have computed for these frames within the whole.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Carry:
    """One sequence (or several in step) on its way through one stack. Not to be shared between threads."""

    def __init__(self) -> None:
        self.frames = 0  # of the stack's input that are done
        self._tails: dict[nn.Module, Tensor] = {}
        self._attended: dict[nn.Module, _Past] = {}

    def fork(self) -> Carry:
        """Another future of the same past, which is shared: the copy costs nothing until something is appended."""
        other = Carry()
        other.frames = self.frames
        other._tails = dict(self._tails)
        other._attended = {site: past.fork() for site, past in self._attended.items()}
        return other

    def tail(self, site: nn.Module, x: Tensor, count: int) -> Tensor:
        """The `count` frames before x [B, T, C], silence where there were none: [B, count, C]. Keeps x's last ones."""
        before = self._tails.get(site)
        if before is None:
            before = x.new_zeros(x.shape[0], count, x.shape[2])
        self._tails[site] = torch.cat((before, x[:, -count:]), 1)[:, -count:] if count else before
        return before

    def extend(self, site: nn.Module, k: Tensor, v: Tensor) -> list[tuple[Tensor, Tensor]]:
        """All keys and values so far, k and v [B, H, T, D] the latest: in pieces, none of which was copied for this."""
        past = self._attended.setdefault(site, _Past())
        past.append(k, v)
        return past.pieces()

    @property
    def bytes(self) -> int:
        """Memory that is held, what is shared with others included."""
        tails = sum(tail.nbytes for tail in self._tails.values())
        return tails + sum(past.bytes for past in self._attended.values())


class _Past:
    """Keys and values of one attention: pieces that are shared with others, then one of its own that grows."""

    def __init__(self) -> None:
        self._shared: list[tuple[Tensor, Tensor]] = []
        self._own: tuple[Tensor, Tensor] | None = None  # with room for more
        self._length = 0

    def fork(self) -> _Past:
        """Both go on from here with pieces of their own."""
        if self._own is not None:
            self._shared.append(self._filled(self._own))
            self._own, self._length = None, 0
        other = _Past()
        other._shared = list(self._shared)
        return other

    def append(self, k: Tensor, v: Tensor) -> None:
        stop = self._length + k.shape[2]
        if self._own is None:
            self._own = k.contiguous(), v.contiguous()  # often all that is ever kept of a prompt: no room for more
        else:
            room = self._own[0].shape[2]
            if stop > room:
                self._own = tuple(_grown(part, self._length, max(stop, 2 * room)) for part in self._own)  # type: ignore[assignment]
            assert self._own is not None
            for kept, new in zip(self._own, (k, v), strict=True):
                kept[:, :, self._length : stop] = new
        self._length = stop

    def pieces(self) -> list[tuple[Tensor, Tensor]]:
        return [*self._shared, *([] if self._own is None else [self._filled(self._own)])]

    @property
    def bytes(self) -> int:
        own = [] if self._own is None else [self._own]
        return sum(k.nbytes + v.nbytes for k, v in [*self._shared, *own])

    def _filled(self, pair: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        return pair[0][:, :, : self._length], pair[1][:, :, : self._length]


def _grown(part: Tensor, length: int, room: int) -> Tensor:
    grown = part.new_empty(*part.shape[:2], room, part.shape[3])
    grown[:, :, :length] = part[:, :, :length]
    return grown
