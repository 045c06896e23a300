"""Voices whose prompt the flow has taken in: once per voice, for all requests that begin with it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

from .pages import PagePool
from .stream import FlowStream, fits, may_have


class Begun:
    """A stream that is fed a prompt and nothing else. busy: somebody is about to compute it."""

    def __init__(self, stream: FlowStream) -> None:
        self.stream = stream
        self.busy = False

    @property
    def count(self) -> int:
        """Tokens of the prompt's whole chunks that are still to be computed; 0: it can be forked."""
        return 0 if self.stream.recomputes else self.stream.chunks * self.stream.flow.config.encoder.chunk


class VoiceCache:
    """Begun streams, the least recently used forgotten first: when they hold too much, or when room is needed."""

    def __init__(self, pool: PagePool, budget: int) -> None:
        """budget: bytes that voices may hold."""
        self._pool = pool
        self._most = budget // pool.page_bytes
        self._begun: OrderedDict[Hashable, Begun] = OrderedDict()

    def begin(self, key: Hashable, make: Callable[[], FlowStream]) -> Begun:
        """The voice called `key`; made, but not computed, where it is not here."""
        begun = self._begun.get(key)
        if begun is None or begun.stream.recomputes:  # there may be room for it now
            begun = self._begun[key] = Begun(make())
        self._begun.move_to_end(key)
        while len(self._begun) > 1 and sum(voice.stream.pages for voice in self._begun.values()) > self._most:
            self._begun.popitem(last=False)
        return begun

    def make_room(self, stream: FlowStream, count: int) -> bool:
        """Forget voices until there are pages for the next `count` tokens of `stream`; whether there are."""
        while not (there := fits(stream, count)) and may_have(stream, count):
            idle = next((key for key, voice in self._begun.items() if voice.stream is not stream), None)
            if idle is None:
                break
            del self._begun[idle]
        return there

    def clear(self) -> None:
        self._begun.clear()
