"""Speed for a mel that is still arriving: the same pitch, fewer or more frames."""

from __future__ import annotations

from math import ceil

import torch
from torch import Tensor


class Stretch:
    """Linear interpolation of frames at a fixed scale; the same frames in however many pieces the mel comes.

    Frame i of the result lies at (i + 0.5) * speed - 0.5 of the mel; of T frames come max(1, int(T / speed)). Where
    the whole is known (`Pipeline.waveform`), the scale is such that the last frames fit to the end, as the official
    code has it: there a frame lies up to `speed` frames elsewhere, the further the later, and nowhere if T / speed
    is whole.
    """

    def __init__(self, speed: float) -> None:
        """speed: 0.5 to 2, more than 1 is faster."""
        self._speed = speed
        self._kept: Tensor | None = None  # frames that are still to be looked at
        self._begin = self._made = 0  # frames in front of what is kept; frames of the result so far

    def feed(self, mel: Tensor) -> Tensor:
        """mel [T, bins] -> the frames [N, bins] that nothing to come can change."""
        self._kept = mel if self._kept is None else torch.cat((self._kept, mel))
        total = self._begin + len(self._kept)
        stop = int(total / self._speed)
        while stop > self._made and ceil(self._place(stop - 1)) >= total:
            stop -= 1
        return self._advance(stop)

    def finish(self) -> Tensor:
        """The rest; nothing may be fed afterwards. Raises ValueError where nothing ever was: no bins are known."""
        if self._kept is None:
            raise ValueError("finish before any mel was fed")
        total = self._begin + len(self._kept)
        return self._advance(max(1, int(total / self._speed)) if total else 0)

    def _place(self, frame: int) -> float:
        return (frame + 0.5) * self._speed - 0.5

    def _advance(self, stop: int) -> Tensor:
        """The frames up to `stop`."""
        assert self._kept is not None
        last = self._begin + len(self._kept) - 1
        # In float64 and on the CPU: not every device has it, and a place must not depend on the piece it is in.
        places = torch.arange(self._made, stop, dtype=torch.float64).add_(0.5).mul_(self._speed).sub_(0.5)
        places = places.clamp_(0, max(last, 0))
        left = places.long()
        right = (left + 1).clamp_(max=max(last, 0))
        near, far = (self._kept[(index - self._begin).to(self._kept.device)] for index in (left, right))
        share = (places - left).to(self._kept)[:, None]
        self._made = max(self._made, stop)
        gone = min(max(int(self._place(self._made)), 0) - self._begin, len(self._kept))
        self._kept, self._begin = self._kept[gone:], self._begin + gone
        return near * (1 - share) + far * share
