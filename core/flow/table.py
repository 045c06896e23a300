"""Pages that are rows of one tensor, for work that finds its past through indices instead of through objects.

What is recorded once and done again reads and writes where it did. So where a stream's past lies is data there: which
rows of the table, and how many of them count.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .flow import Flow
from .layers import CausalConv
from .pages import PagePool


class PageTable(PagePool):
    """All pages that there may be, taken at once. A page also holds the convolution tails behind its chunk, so that a
    stream's last page is all that the estimator needs beside the keys and values.

    keys_values: [sites, 2, rows * heads, steps * pages, frames, head_dim]; row `step * most + index` is page `index`
    of an Euler step. tails: per convolution [steps * pages, rows, kernel - 1, channels].
    """

    resumes = False  # what streams remember lies in the table alone, where only records look

    def __init__(self, flow: Flow, budget: int, *, shares: int = 1) -> None:
        """budget: bytes, of which no more than half of what a CUDA device has left are taken."""
        like = flow.speaker.weight
        if like.is_cuda:
            budget = min(budget, torch.cuda.mem_get_info(like.device)[0] // 2)
        super().__init__(flow, budget, shares=shares)
        self.steps, sites, _, self.rows, heads, frames, size = self._shape
        places = self.steps * self.most
        self.keys_values = like.new_empty(sites, 2, self.rows * heads, places, frames, size)
        self.tails: dict[nn.Module, Tensor] = {
            module: like.new_empty(places, self.rows, module.kernel - 1, module.weight.shape[1] // module.kernel)
            for module in flow.estimator.modules()
            if isinstance(module, CausalConv)
        }

    def _memory(self, index: int) -> Tensor:
        sites, _, _, _, frames, size = self.keys_values.shape
        by_page = self.keys_values.view(sites, 2, self.rows, -1, self.steps, self.most, frames, size)
        return by_page[..., index, :, :].movedim(4, 0)


class IndexedCarry:
    """What `Together` is, for pages that are named by tensors: nothing about it is fixed but their shapes.

    Chunks are whole; what is beyond an utterance's end is computed, and neither heard nor attended to.
    """

    def __init__(self, table: PageTable, step: Tensor, pages: Tensor, before: Tensor, frames: Tensor, fresh: int):
        """step: [1], of all B rows. pages: [B, P + fresh], those that are read, then those that are filled now; of the
        first P, `before` [B] count, the others may be any whose content is finite. frames: [B], that count of the
        latest. All int64."""
        self._table, self._batch = table, len(pages)
        places = step * table.most + pages
        self._all, self._fresh = places.flatten(), places[:, -fresh:].flatten()
        self._last, self._next = places.gather(1, (before - 1).clamp(min=0)[:, None])[:, 0], places[:, -1]
        self._silent = (before == 0)[:, None, None, None]
        key = torch.arange(pages.shape[1] * table.frames, device=pages.device)
        latest = key - key.numel() + fresh * table.frames
        counts = (key < before[:, None] * table.frames) | ((latest >= 0) & (latest < frames[:, None]))
        query = latest[-fresh * table.frames :]
        causal = (latest // table.frames)[None, :] <= (query // table.frames)[:, None]
        self._mask = (counts[:, None] & causal)[None]  # [1, B, T, keys]

    def tail(self, site: nn.Module, x: Tensor, count: int) -> Tensor:
        """As `Carry.tail`."""
        memory = self._table.tails[site]
        before = memory.index_select(0, self._last).masked_fill(self._silent, 0.0)
        memory.index_copy_(0, self._next, x[:, x.shape[1] - count :].reshape(self._batch, -1, *before.shape[2:]))
        return before.flatten(0, 1)

    def attend(
        self, site: nn.Module, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, bias: Tensor | None = None
    ) -> Tensor:
        """As `Carry.attend`, but for mask, which is its own, and bias, which it does not take."""
        assert bias is None
        memory = self._table.keys_values[self._table.sites[site]]
        read = []
        for part, latest in zip(memory, (k, v), strict=True):
            written = self._by_head(latest).reshape(len(part), -1, *part.shape[2:])
            part.index_copy_(1, self._fresh, written)
            read.append(part.index_select(1, self._all).view(len(part), self._batch, -1, part.shape[3]))
        out = F.scaled_dot_product_attention(self._by_head(q), read[0], read[1], attn_mask=self._mask)
        return out.reshape(self._table.rows, -1, *out.shape[1:]).permute(2, 0, 1, 3, 4).flatten(0, 1)

    def _by_head(self, x: Tensor) -> Tensor:
        """[B * rows, H, T, D] -> [rows * H, B, T, D]: as the table has it, so that what is read need not be moved."""
        return x.reshape(self._batch, -1, *x.shape[1:]).permute(1, 2, 0, 3, 4).flatten(0, 1)
