"""Who speaks one request, whatever becomes of the models meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import core
from .order import Order
from .relay import Help, Relay
from .resident import Resident

if TYPE_CHECKING:
    from .house import House


@dataclass(frozen=True)
class Seat:
    """A place at one model. fields: of a request, besides text and voice. key: tells the voice's loudness apart."""

    resident: Resident[core.Engine]
    engine: core.Engine
    voice: core.Voice
    fields: Mapping[str, Any]
    key: Hashable


class Chair:
    """Speaks one text, see `House.open`. It is its own engine: what speaks may change before anything was heard."""

    def __init__(self, house: House, order: Order, seat: Seat) -> None:
        self._house, self._order, self._seat = house, order, seat
        self._taken: Seat | None = seat
        self._moved = False
        self._more: dict[str, Any] = {}
        self._lock = threading.Lock()

    @property
    def engine(self) -> Chair:
        return self

    @property
    def sample_rate(self) -> int:
        """Hz, of what the model makes."""
        return self._seat.engine.sample_rate

    @property
    def voice(self) -> core.Voice:
        return self._seat.voice

    @property
    def fields(self) -> Mapping[str, Any]:
        return self._seat.fields

    def stream(self, text: str | None = None, **fields: Any) -> Relay:
        """As core.Engine.stream. fields: `voice` and those of this chair, and others, which stay whoever speaks.

        Raises CosyVoxError.
        """
        seat = self._seat
        self._more = {name: value for name, value in fields.items() if name != "voice" and name not in seat.fields}
        relay = Relay(seat.engine.stream(None, **{"voice": seat.voice, **fields}), self)
        if text is not None:
            relay.feed(text)
            relay.finish()
        return relay

    def release(self) -> None:
        """Nobody listens any more."""
        with self._lock:
            seat, self._taken = self._taken, None
        if seat is not None:
            seat.resident.give()

    def help(self, error: BaseException, *, heard: bool) -> Help | None:
        """For `Relay`."""
        house, seat = self._house, self._seat
        house.fault(seat, error)
        try:
            if not heard and not self._moved and self._move(house.other(seat, error, self._order)):
                seat = self._seat
                return Help(seat.engine.stream(None, voice=seat.voice, **{**seat.fields, **self._more}), again=True)
            if house.beyond(seat, error):
                fields = {**seat.fields, **self._more, "language": "en"}
                return Help(seat.engine.stream(house.excuse(), voice=seat.voice, **fields), again=False)
        except core.CosyVoxError:
            return None  # the first error tells more
        return None

    def hear(self, audio: NDArray[np.float32], rate: int) -> None:
        """For `Relay`."""
        self._house.hear(self._seat, audio, rate)

    def _move(self, seat: Seat | None) -> bool:
        """Give one place back for another one, once."""
        if seat is None:
            return False
        with self._lock:
            left, self._taken = self._taken, seat if self._taken else None
            self._moved = True
        if left is None:  # released meanwhile
            seat.resident.give()
            return False
        self._seat = seat
        left.resident.give()
        return True
