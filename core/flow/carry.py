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


_ROOM = 250  # frames: what every piece but the first has room for at least


class _Past:
    """Keys and values of one attention, in pieces: all but the last are full or shared, and never written again."""

    def __init__(self) -> None:
        self._done: list[tuple[Tensor, Tensor]] = []
        self._last: tuple[Tensor, Tensor] | None = None
        self._length = 0  # of what the last piece has room for

    def fork(self) -> _Past:
        """Both go on from here with pieces of their own."""
        self._close()
        other = _Past()
        other._done = list(self._done)
        return other

    def append(self, k: Tensor, v: Tensor) -> None:
        batch, heads, frames, size = k.shape
        if self._last is None or self._length + frames > self._last[0].shape[2]:
            self._close()
            # The first is often all that is ever kept of a prompt, so without room for more.
            room = (batch, heads, max(frames, _ROOM if self._done else 0), size)
            self._last = k.new_empty(room), v.new_empty(room)
        stop = self._length + frames
        for kept, new in zip(self._last, (k, v), strict=True):
            kept[:, :, self._length : stop] = new
        self._length = stop

    def pieces(self) -> list[tuple[Tensor, Tensor]]:
        return self._done if self._last is None else [*self._done, self._filled(self._last)]

    @property
    def bytes(self) -> int:
        return sum(part.untyped_storage().nbytes() for pair in self.pieces() for part in pair)

    def _close(self) -> None:
        if self._last is not None:
            self._done.append(self._filled(self._last))
        self._last, self._length = None, 0

    def _filled(self, pair: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        return pair[0][:, :, : self._length], pair[1][:, :, : self._length]
