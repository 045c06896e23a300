"""The flow of an utterance whose tokens are still arriving, in whole chunks, each computed once.

With the chunk mask and causal convolutions nothing depends on later chunks: a chunk costs what it costs alone, and the
reading of the keys before it. The result is that of `Flow` with `chunked=True` on the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..streams import upload
from .carry import Carry
from .flow import Flow, FlowInput, Steps, drain
from .pages import Page, PagedCarry, PagePool


class FlowStream:
    """One utterance. Tokens are added as they come; `advance` turns whole chunks of them into mel.

    Where the pool has no page left for it, it keeps what it has, and from then on computes for every chunk what came
    behind that anew: the same mel, at a cost that grows, in memory that does not. Not to be shared between threads.
    """

    def __init__(self, flow: Flow, prompt: FlowInput, pool: PagePool | None = None) -> None:
        """prompt: the tokens, mel and x-vector of the voice. Nothing is computed yet. pool: None is one of its own."""
        self.flow = flow
        self._prompt = prompt.prompt_mel
        self._speaker = flow.speaker_features(prompt.x_vector[None])
        self._tokens = prompt.tokens
        self._done = 0  # tokens whose mel is made
        self._pool = pool or PagePool(flow, 2**62)
        self._past = _Past(flow, self._pool)
        self._kept = 0  # tokens that the past holds: those that are done, unless there was no room for more
        self._full = False

    def fork(self) -> FlowStream:
        """Another utterance that begins as this one did: what was made so far is neither computed nor kept twice."""
        other = object.__new__(FlowStream)
        other.__dict__.update(self.__dict__)
        other._past = self._past.fork()
        return other

    def add(self, tokens: Sequence[int] | Tensor) -> None:
        """Tokens [N] that follow."""
        self._tokens = torch.cat((self._tokens, upload(tokens, self._tokens.device)))

    @property
    def chunks(self) -> int:
        """How many whole chunks can be made now."""
        config = self.flow.config.encoder
        return max(0, self.pending - config.lookahead) // config.chunk

    @property
    def pending(self) -> int:
        """Tokens that are there, and whose mel is not made yet."""
        return len(self._tokens) - self._done

    @property
    def missing(self) -> int:
        """Tokens that must still arrive before the next chunk can be made; 0 if none."""
        config = self.flow.config.encoder
        return max(0, config.chunk + config.lookahead - self.pending)

    @property
    def recomputes(self) -> bool:
        """Whether there was no room to keep all of its past."""
        return self._full

    @property
    def anew(self) -> int:
        """Chunks that are computed again together with the next one."""
        return (self._done - self._kept) // self.flow.config.encoder.chunk

    @property
    def silent(self) -> int:
        """Whole chunks of the prompt that are not made yet, of which nothing is heard."""
        prompt = len(self._prompt) // self.flow.config.token_mel_ratio
        return max(0, prompt - self._done) // self.flow.config.encoder.chunk

    def forget(self) -> None:
        """Keep no past from now on; what it held is free for others."""
        self._past, self._kept, self._full = _Past(self.flow, self._pool), 0, True

    @property
    def pages(self) -> int:
        """Pages that are held, those shared with forks included."""
        return len(self._past.pages)

    def pages_for(self, count: int) -> int:
        """Pages that the next `count` tokens fill."""
        return -(-count * self.flow.config.token_mel_ratio // self._pool.frames)

    def feed(self, tokens: Sequence[int] | Tensor, *, on_step: Callable[[int], None] | None = None) -> Tensor:
        """Add tokens -> the mel [T, bins] float32 of all chunks that are whole now, prompt frames left out.

        on_step as in `drain`; where it raises, nothing was made.
        """
        self.add(tokens)
        return self._alone(self.chunks * self.flow.config.encoder.chunk, final=False, on_step=on_step)

    def finish(self, *, on_step: Callable[[int], None] | None = None) -> Tensor:
        """The mel of the rest, which is no whole chunk; nothing may be added afterwards."""
        return self._alone(self.pending, final=True, on_step=on_step)

    def _alone(self, count: int, *, final: bool, on_step: Callable[[int], None] | None) -> Tensor:
        if not count:
            return self._prompt.new_zeros(0, self.flow.config.mel_bins)
        return drain(advance([self], count, final=final), on_step)[0]

    def _seen(self, count: int, final: bool) -> Tensor:
        """Tokens [1, N] that follow what is kept, up to the next `count`, and those that they look ahead to."""
        stop = self._done + count + (0 if final else self.flow.config.encoder.lookahead)
        return self._tokens[None, self._kept : stop]

    def _given(self, first: int, frames: int) -> Tensor:
        """The prompt's mel in these frames: [at most `frames`, bins]."""
        return self._prompt[first : first + frames]

    def _fill_up(self) -> None:
        """Keep no more than now."""
        if not self._full and not self._pool.resumes:
            self.forget()
        self._full = True

    def _go_on(self, past: _Past, count: int) -> None:
        """The mel of the next `count` tokens is made, and `past` knows of it."""
        self._done += count
        if not self._full:
            self._past, self._kept = past, self._done


class _Past:
    """What the stacks remember of one stream, and the pages that hold it."""

    def __init__(self, flow: Flow, pool: PagePool) -> None:
        self.encoder = Carry()
        self.steps = [PagedCarry(pool, step, flow.rows) for step in range(flow.config.steps)]
        self.pages: list[Page] = []

    def fork(self) -> _Past:
        other = object.__new__(_Past)
        other.encoder = self.encoder.fork()
        other.steps = [carry.fork() for carry in self.steps]
        other.pages = list(self.pages)
        return other

    def with_room(self, pages: Sequence[Page] | None) -> _Past:
        """A fork that goes on in `pages`; None: one that keeps nothing of what follows."""
        other = self.fork()
        other.pages += pages or ()
        for carry in other.steps:
            carry.enter(pages)
        return other


def advance(streams: Sequence[FlowStream], count: int, *, final: bool) -> Steps:
    """The mel of the next `count` tokens of every stream, computed together; steps as in `Flow.steps`.

    All of one flow. count: whole chunks, or with `final` all that is left. Nothing changes in a stream before its mel
    is made, so that whoever gives up, or fails, loses nothing. A stream without room for its past is computed alone.
    """
    pasts: list[_Past] = []
    for stream in streams:
        pages = stream._pool.take(stream.pages_for(count)) if may_have(stream, count) else None
        if pages is None:
            if len(streams) > 1:
                raise ValueError("a stream without room for its past must be alone: see `fits`")
            stream._fill_up()
        pasts.append(stream._past.with_room(pages))
    return _advance(streams, pasts, count, final=final)


def fits(stream: FlowStream, count: int) -> bool:
    """Whether there are pages for the next `count` tokens of this stream."""
    return may_have(stream, count) and stream._pool.room >= stream.pages_for(count)


def may_have(stream: FlowStream, count: int) -> bool:
    """Whether the stream may ever have pages for its next `count` tokens, were all others gone."""
    return not stream.recomputes and stream.pages + stream.pages_for(count) <= stream._pool.share


def _advance(streams: Sequence[FlowStream], pasts: list[_Past], count: int, *, final: bool) -> Steps:
    flow, pool = streams[0].flow, streams[0]._pool
    ratio = flow.config.token_mel_ratio
    firsts = [stream._kept * ratio for stream in streams]
    mu = torch.cat(
        [
            flow.encode(stream._seen(count, final), chunked=True, final=final, carry=past.encoder)
            for stream, past in zip(streams, pasts, strict=True)
        ]
    )
    given = [stream._given(first, mu.shape[1]) for stream, first in zip(streams, firsts, strict=True)]
    prompt = mu.new_zeros(mu.shape)
    for row, part in zip(prompt, given, strict=True):
        row[: len(part)] = part
    speakers = torch.cat([stream._speaker for stream in streams])
    left = list(range(len(streams)))  # rows that were not given up
    steps, pages = [past.steps for past in pasts], [past.pages for past in pasts]
    if streams[0].recomputes:
        solving = flow.solving(mu, speakers, prompt, chunked=True, carries=steps)
    else:
        solving = pool.solving(flow, mu, speakers, prompt, steps, pages)
    keep: list[int] | None = None
    while True:
        try:
            step = solving.send(keep) if keep else next(solving)
        except StopIteration as done:
            mel: Tensor = done.value
            break
        keep = yield step
        if keep is not None:
            left = [left[row] for row in keep]
            pasts = [pasts[row] for row in keep]
    made = []
    for row, index in enumerate(left):
        stream = streams[index]
        known = (stream._done - stream._kept) * ratio
        stream._go_on(pasts[row], count)
        made.append(mel[row, max(known, len(given[index])) :])
    return made
