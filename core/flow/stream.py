"""The flow of an utterance whose tokens are still arriving, in whole chunks, each computed once.

With the chunk mask and causal convolutions nothing depends on later chunks: a chunk costs what it costs alone, and the
reading of the keys before it. The result is that of `Flow` with `chunked=True` on the whole.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from .carry import Carry
from .flow import Flow, FlowInput


class FlowStream:
    """One utterance: `feed` tokens as they come, `finish` at the end. Not to be shared between threads."""

    def __init__(self, flow: Flow, prompt: FlowInput) -> None:
        """prompt: the tokens, mel and x-vector of the voice. Nothing is computed yet."""
        self._flow = flow
        self._prompt = prompt.prompt_mel
        self._speaker = flow.speaker_features(prompt.x_vector[None])
        self._pending = prompt.tokens
        self._encoder = Carry()
        self._steps = [Carry() for _ in range(flow.config.steps)]

    def fork(self) -> FlowStream:
        """Another utterance that begins as this one did: what was fed so far is neither computed nor kept twice."""
        other = object.__new__(FlowStream)
        other.__dict__.update(self.__dict__)
        other._encoder = self._encoder.fork()
        other._steps = [carry.fork() for carry in self._steps]
        return other

    @property
    def missing(self) -> int:
        """Tokens that must still arrive before `feed` has something to return; 0 if none."""
        config = self._flow.config.encoder
        return max(0, config.chunk + config.lookahead - len(self._pending))

    @property
    def bytes(self) -> int:
        """Memory that is held, what is shared with forks included."""
        return self._encoder.bytes + sum(carry.bytes for carry in self._steps)

    def feed(self, tokens: Tensor, *, on_step: Callable[[int], None] | None = None) -> Tensor:
        """tokens [N] int64 -> the mel [T, bins] float32 of all chunks that are whole now, prompt frames left out.

        on_step as in `Flow.solve`; where it raises, the stream is of no use any more.
        """
        config = self._flow.config.encoder
        self._pending = torch.cat((self._pending, tokens.to(self._pending.device)))
        ready = max(0, len(self._pending) - config.lookahead) // config.chunk * config.chunk
        if not ready:
            return self._prompt.new_zeros(0, self._flow.config.mel_bins)
        seen, self._pending = self._pending[: ready + config.lookahead], self._pending[ready:]
        return self._advance(seen, final=False, on_step=on_step)

    def finish(self, *, on_step: Callable[[int], None] | None = None) -> Tensor:
        """The mel of the rest, which is no whole chunk; nothing may be fed afterwards."""
        if not len(self._pending):
            return self._prompt.new_zeros(0, self._flow.config.mel_bins)
        seen, self._pending = self._pending, self._pending[:0]
        return self._advance(seen, final=True, on_step=on_step)

    def _advance(self, tokens: Tensor, *, final: bool, on_step: Callable[[int], None] | None) -> Tensor:
        first = self._steps[0].frames
        mu = self._flow.encode(tokens[None], chunked=True, final=final, carry=self._encoder)
        prompt = mu.new_zeros(mu.shape)
        given = self._prompt[first : first + mu.shape[1]]
        prompt[0, : len(given)] = given
        mel = self._flow.solve(mu, self._speaker, prompt, chunked=True, carries=self._steps, on_step=on_step)
        return mel[0, len(given) :]
