"""Memory for the keys and values of streams: pages of one chunk each, from a pool that is bounded and used again.

At the published size a page is 229 MB in float32: ten Euler steps, 56 attentions, both guidance twins. Fresh memory of
that size costs a tenth of a second before anything is written to it, and freeing it in pieces would scatter it.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from .carry import Carry, Piece
from .flow import Flow, Stepwise
from .unet import TransformerBlock


class Page:
    """Room for one chunk: memory [steps, sites, 2, rows, heads, frames, head_dim]; returns when nobody holds it.

    index: its number in the pool.
    """

    def __init__(self, index: int, memory: Tensor) -> None:
        self.index, self.memory = index, memory


class PagePool:
    """Pages of one flow. At most `budget` bytes are ever taken; what was given back is given out first.

    resumes: whether a stream that finds no more of them can go on from those that it has. Pages come back by
    themselves when the last stream or fork that holds them is gone. Safe to use from one thread.
    """

    resumes = True

    def __init__(self, flow: Flow, budget: int, *, shares: int = 1) -> None:
        """budget: bytes. shares: no stream gets more than one of so many equal parts of it."""
        config, unet = flow.config, flow.config.estimator
        self.sites: Mapping[nn.Module, int] = {
            module: index
            for index, module in enumerate(m for m in flow.estimator.modules() if isinstance(m, TransformerBlock))
        }
        self.frames = unet.chunk
        self._shape = (config.steps, len(self.sites), 2, flow.rows, unet.heads, unet.chunk, unet.head_dim)
        self._like = flow.speaker.weight
        self._memories: list[Tensor] = []
        self._free: list[int] = []
        self.page_bytes = torch.Size(self._shape).numel() * self._like.element_size()
        self.most = budget // self.page_bytes
        self.share = self.most // shares

    @property
    def made(self) -> int:
        """Pages that there are, in use or not."""
        return len(self._memories)

    @property
    def bytes(self) -> int:
        """Memory that the pool has taken from the device, whether it is in use or not."""
        return self.made * self.page_bytes

    @property
    def room(self) -> int:
        """How many pages could be taken now."""
        return len(self._free) + self.most - self.made

    def take(self, count: int) -> list[Page] | None:
        """`count` pages; None if there is no room for all of them."""
        if count > self.room:
            return None
        return [self._page() for _ in range(count)]

    def solving(
        self,
        flow: Flow,
        mu: Tensor,
        speakers: Tensor,
        prompt: Tensor,
        carries: Sequence[Sequence[Carry]],
        pages: Sequence[Sequence[Page]],
    ) -> Stepwise[Tensor]:
        """`Flow.solving` of chunks that follow those that streams remember.

        carries: per stream, of its steps. pages: that it holds, the last ones those that the chunks are to fill.
        """
        return flow.solving(mu, speakers, prompt, chunked=True, carries=carries)

    def _page(self) -> Page:
        if not self._free:
            self._free.append(self.made)
            self._memories.append(self._memory(self.made))
        index = self._free.pop()
        page = Page(index, self._memories[index])
        weakref.finalize(page, self._free.append, index).atexit = False
        return page

    def _memory(self, index: int) -> Tensor:
        return torch.empty(self._shape, dtype=self._like.dtype, device=self._like.device)


class PagedCarry(Carry):
    """A carry of one Euler step of the estimator, whose keys and values lie in pages."""

    def __init__(self, pool: PagePool, step: int, rows: int) -> None:
        super().__init__(rows)
        self._pool, self._step = pool, step
        self._room: Sequence[Tensor] = ()

    def enter(self, pages: Sequence[Page] | None) -> None:
        """The next keys and values go to these pages, a chunk to each; None: they are not kept."""
        self._room = [page.memory[self._step] for page in pages or ()]
        self.passing = pages is None

    def _keep(self, site: nn.Module, k: Tensor, v: Tensor) -> list[Piece]:
        index, size = self._pool.sites[site], self._pool.frames
        if self.passing:
            return list(zip(torch.split(k, size, 2), torch.split(v, size, 2), strict=True))
        kept = []
        for page, keys, values in zip(self._room, torch.split(k, size, 2), torch.split(v, size, 2), strict=True):
            count = keys.shape[2]
            piece = page[index, 0, :, :, :count], page[index, 1, :, :, :count]
            piece[0].copy_(keys)
            piece[1].copy_(values)
            kept.append(piece)
        return kept
