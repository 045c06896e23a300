"""The solver of chunks, recorded once for every shape and done again from the record.

A record is one Euler step; which one it is, is data. So a chunk is as many launches as there are steps, and what a user
waits for once per shape is the recording of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..streams import Launch, Record, upload
from .carry import Carry
from .flow import Flow, Stepwise
from .pages import Page, PagePool
from .table import IndexedCarry, PageTable

_MOST_CHUNKS = 5  # longer ones are prompts, one of a kind: never recorded


class RecordedPages(PageTable):
    """Pages whose streams are solved from records: per shape tier of rows, chunks and pages of past one.

    The first time a shape comes it is computed as it is, which also sets up whatever must not be set up while it is
    recorded; the second time it is recorded.
    """

    def __init__(self, flow: Flow, budget: int, record: Record, *, shares: int = 1) -> None:
        super().__init__(flow, budget, shares=shares)
        self._record = record
        self._tiers: dict[tuple[int, int, int], _Tier] = {}

    def solving(
        self,
        flow: Flow,
        mu: Tensor,
        speakers: Tensor,
        prompt: Tensor,
        carries: Sequence[Sequence[Carry]],
        pages: Sequence[Sequence[Page]],
    ) -> Stepwise[Tensor]:
        """As `PagePool.solving`, with one pause: what all steps work on is lent to one batch of chunks at a time."""
        frames = mu.shape[1]
        chunks = [
            _Chunk(mu[row], speakers[row], prompt[row], [page.index for page in held]) for row, held in enumerate(pages)
        ]
        keep = yield 0
        if keep is not None:
            chunks = [chunks[row] for row in keep]
        fresh = -(-frames // self.frames)
        past = max(len(chunk.pages) for chunk in chunks) - fresh
        return self._tier(flow, _up(len(chunks)), fresh, _up(max(2, past)) if past else 0).solve(chunks, frames)

    def _tier(self, flow: Flow, batch: int, fresh: int, past: int) -> _Tier:
        if fresh > _MOST_CHUNKS:
            return _Tier(flow, self, None, batch, fresh, past)
        shape = batch, fresh, past
        if shape not in self._tiers:
            self._tiers[shape] = _Tier(flow, self, self._record, *shape)
        return self._tiers[shape]


@dataclass
class _Chunk:
    """What is solved for one stream: mu and prompt [T, bins], speaker [bins]; pages: of its past, and to be filled."""

    mu: Tensor
    speaker: Tensor
    prompt: Tensor
    pages: list[int]


class _Tier:
    """One shape: the tensors that its record works on, and the record."""

    def __init__(self, flow: Flow, table: PageTable, record: Record | None, batch: int, fresh: int, past: int) -> None:
        """batch: rows; fresh: pages that are filled; past: pages that are read before them."""
        self._flow, self._table, self._record = flow, table, record
        self._fresh, self._past = fresh, past
        like, bins, frames = flow.speaker.weight, flow.config.mel_bins, fresh * table.frames
        self._x = like.new_zeros(batch, frames, bins, dtype=torch.float32)
        self._inputs = like.new_zeros(batch, flow.rows, frames, 4 * bins)
        # Of every row the pages, how many of the past ones count, and how many frames of the latest.
        self._layout = like.new_zeros(batch, past + fresh + 2, dtype=torch.int64)
        self._step = like.new_zeros(1, dtype=torch.int64)
        self._shifts, sizes = flow.schedule(like.device)
        self._sizes = torch.tensor(sizes, device=like.device)
        self._launch: Launch = self._work
        self._tried = self._recorded = False

    def solve(self, chunks: Sequence[_Chunk], frames: int) -> Tensor:
        """Mel [B, frames, bins] of as many chunks as there are rows, or fewer."""
        self._fill([*chunks, *[chunks[0]] * (len(self._x) - len(chunks))], frames)
        if self._tried and not self._recorded and self._record is not None:
            self._launch, self._recorded = self._record(self._work), True
        for _ in range(self._table.steps):
            self._launch()
        self._tried = True
        return self._x[: len(chunks), :frames].clone()

    def _fill(self, chunks: Sequence[_Chunk], frames: int) -> None:
        layout = []
        self._x.zero_()
        for x, chunk in zip(self._x, chunks, strict=True):
            past, fresh = chunk.pages[: -self._fresh], chunk.pages[-self._fresh :]
            begin = len(past) * self._table.frames
            x[:frames] = self._flow.noise(begin, begin + frames, x.device)
            # Pages that do not count are read all the same: those that are being filled hold nothing but numbers.
            layout.append([*past, *fresh[:1] * (self._past - len(past)), *fresh, len(past), frames])
        self._layout.copy_(upload(torch.tensor(layout), self._layout.device))
        parts = zip(*((chunk.mu, chunk.speaker, chunk.prompt) for chunk in chunks), strict=True)
        self._inputs.zero_()
        self._inputs[:, :, :frames] = self._flow.inputs(*map(torch.stack, parts))
        self._step.zero_()

    def _work(self) -> None:
        """One step, and on to the next."""
        pages, before, frames = self._layout[:, :-2], self._layout[:, -2], self._layout[:, -1]
        carry = IndexedCarry(self._table, self._step, pages, before, frames, self._fresh)
        size, shift = (part.index_select(0, self._step) for part in (self._sizes, self._shifts))
        self._x.copy_(self._flow.euler(self._x, self._inputs, size, shift[0], None, carry))
        self._step += 1


def _up(count: int) -> int:
    """The next power of two."""
    return 1 << (count - 1).bit_length()


def page_pool(flow: Flow, budget: int, *, shares: int = 1, record: Record | None = None) -> PagePool:
    """Pages as the device wants them: with `record` in one table. Arguments as in `PagePool`."""
    if record is None:
        return PagePool(flow, budget, shares=shares)
    return RecordedPages(flow, budget, record, shares=shares)
