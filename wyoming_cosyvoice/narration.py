"""One request's speech: text goes in as it comes, PCM comes out as it is made.

Two threads serve a narration, as core's calls block: one brings the text to the engine, one listens. The event loop
is at both ends and never waits for either but in `next`.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import queue
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from ..core import Cancelled, TextError, pcm16
from .errors import Refused
from .protocols import Chair, House, Order, Stream, TextReader

_LOG = logging.getLogger(__name__)

RATE = 24_000  # Hz: of every family but the first, whose speech the engine resamples
SILENCE = bytes(RATE // 10 * 2)  # Home Assistant takes an answer without samples for a failure
_BETWEEN = bytes(RATE // 5 * 2)  # sentences of different styles, which are streams of their own
_SLICE = 500  # characters
_UNREAD = 8  # chunks that are out of the engine and not yet with the peer's socket
_DRY_SECONDS = 0.3  # of speech that a player still has when silence is sent to it


class PlainText:
    """A text without styles."""

    def feed(self, piece: str) -> list[tuple[Hashable, str]]:
        return [(None, piece)]

    def finish(self) -> list[tuple[Hashable, str]]:
        return []


@dataclass(frozen=True)
class Rest:
    """A manner to say nothing in."""

    seconds: float


@dataclass(frozen=True)
class _Seat:
    """A stream, and who speaks it."""

    stream: Stream
    chair: Chair


class Narration:
    """Speech of one request, made for one task of the loop that is running. `feed`, `finish`, `cancel` never block.

    order_of: the order for a manner that `reader` found in the text; without a reader there is only None. It may block.
    keep_alive: whether silence is sent where a player would run dry while the text goes on.
    """

    def __init__(
        self,
        house: House,
        order_of: Callable[[Hashable], Order],
        reader: TextReader | None = None,
        *,
        keep_alive: bool = False,
    ) -> None:
        self._house, self._order_of, self._reader = house, order_of, reader or PlainText()
        self._keep_alive = keep_alive
        self._loop = asyncio.get_running_loop()
        self._text: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._seats: queue.Queue[_Seat | Rest | BaseException | None] = queue.Queue(
            1
        )  # the next stream is made while one is listened to
        self._room = threading.Semaphore(_UNREAD)
        self._made: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue()
        self._lock = threading.Lock()
        self._open: list[Stream] = []
        self._stopped = self._begun = self._finished = self._over = False
        self._half = ""
        self._first_text: float | None = None
        self._first_sent = 0.0
        self.seconds = 0.0  # of speech that was handed out
        self.first_audio: float | None = None  # seconds from the first text to the first samples

    def feed(self, piece: str) -> None:
        """More of the text, cut anywhere, also between the two halves of a character."""
        piece, self._half = _characters(self._half + piece)
        if piece and not self._finished:
            self._first_text = self._first_text or monotonic()
            for start in range(0, len(piece), _SLICE):  # between two of them it can be cancelled
                self._text.put(piece[start : start + _SLICE])

    def finish(self) -> None:
        """The text is complete."""
        self._finished = True
        self._text.put(None)

    def cancel(self, error: BaseException | None = None) -> None:
        """Stop the work, down to the device. Who waits in `next` gets Cancelled, or `error`."""
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
            streams = list(self._open)
        if streams:  # who feeds one may hold it
            threading.Thread(target=_cancel, args=(streams,), name="cosyvox cancel", daemon=True).start()
        self._text.put(None)
        self._room.release()
        self._made.put_nowait(error or Cancelled("stopped on request"))

    async def next(self) -> bytes | None:
        """The next samples, s16le mono at RATE; None at the end. At least 100 ms come. Raises CosyVoxError."""
        if not self._begun:
            self._begin()
        if self._over:
            return None
        made = await self._wait()
        if isinstance(made, BaseException):
            self._over = True
            self.cancel()
            if isinstance(made, OSError):  # not the peer's
                raise Refused(f"a file could not be used: {made}", "failed") from made
            raise made
        if made is None:
            self._over = True
            return SILENCE if self.first_audio is None else None
        if self.first_audio is None:
            self._first_sent = monotonic()
            self.first_audio = self._first_sent - (self._first_text or self._first_sent)
        self.seconds += len(made) / 2 / RATE
        return made

    async def _wait(self) -> bytes | BaseException | None:
        """What the listener tells next; silence where the player has nothing left while the text goes on."""
        if not self._keep_alive or self.first_audio is None or self._finished:
            made = await self._made.get()
        else:
            left = self._first_sent + self.seconds - _DRY_SECONDS - monotonic()
            try:
                made = await asyncio.wait_for(self._made.get(), max(left, 0.1))
            except asyncio.TimeoutError:
                return SILENCE
        self._room.release()
        return made

    def _begin(self) -> None:
        self._begun = True
        for work, name in ((self._write, "text"), (self._listen, "listener")):
            context = contextvars.copy_context()
            threading.Thread(target=context.run, args=(work,), name=f"cosyvox {name}", daemon=True).start()

    def _write(self) -> None:
        """Bring the text to the engine, a stream for every manner. What fails is told behind what was said before."""
        order: Order | None = None
        seat: _Seat | None = None
        failed: BaseException | None = None
        try:
            for manner, text in self._parts():
                wanted = None if isinstance(manner, Rest) else self._order_of(manner)
                if seat is not None and wanted != order:
                    seat.stream.finish()
                    seat = None
                if isinstance(manner, Rest):
                    self._seats.put(manner)
                elif seat is None and text.strip():
                    order, seat = wanted, self._take_seat(wanted)
                    self._seats.put(seat)
                if seat is not None:
                    seat.stream.feed(text)
        except BaseException as error:
            failed = error
        if seat is not None and not self._stopped:
            try:
                seat.stream.finish()
            except BaseException as error:
                failed = failed or error
        self._seats.put(failed)

    def _parts(self) -> Iterator[tuple[Hashable, str]]:
        """The text as it comes."""
        while not self._stopped and (piece := self._text.get()) is not None:
            yield from self._reader.feed(piece)
        if not self._stopped:
            yield from self._reader.finish()

    def _take_seat(self, order: Order | None) -> _Seat:
        """A stream for what is said in one manner. Raises CosyVoxError."""
        chair = self._house.open(order)
        try:
            fields = {"voice": chair.voice, **chair.fields, "sample_rate": RATE}
            stream = chair.engine.stream(None, **fields)
        except BaseException:
            chair.release()
            raise
        with self._lock:
            self._open.append(stream)
            if self._stopped:
                stream.cancel()
        return _Seat(stream, chair)

    def _listen(self) -> None:
        """Tell the loop what the streams make, one behind the other, and how it ended."""
        failed: BaseException | None = None
        heard = False
        while isinstance(seat := self._seats.get(), (_Seat, Rest)):
            if isinstance(seat, Rest):
                self._rest(seat)
                heard = False
                continue
            try:
                if failed is None and not self._stopped:
                    heard = self._hear(seat.stream, pause=heard) or heard
            except TextError:
                _LOG.debug("nothing in a part of the text can be spoken")
            except BaseException as error:
                failed = error
                self._text.put(None)  # nobody will listen to more
            finally:
                with self._lock:
                    self._open.remove(seat.stream)
                seat.stream.cancel()
                seat.chair.release()
        failed = failed or seat
        self._tell(None if isinstance(failed, TextError) else failed)

    def _rest(self, rest: Rest) -> None:
        self._room.acquire()
        self._tell(bytes(round(rest.seconds * RATE) * 2))

    def _hear(self, stream: Stream, *, pause: bool) -> bool:
        """Whether there was anything to hear."""
        heard = False
        for chunk in stream:
            if not len(chunk.audio):
                continue
            samples = pcm16(chunk.audio).astype("<i2").tobytes()
            self._room.acquire()
            if self._stopped:
                break
            self._tell(_BETWEEN + samples if pause and not heard else samples)
            heard = True
        return heard

    def _tell(self, made: bytes | BaseException | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is there
            self._loop.call_soon_threadsafe(self._made.put_nowait, made)


def _characters(text: str) -> tuple[str, str]:
    """A text without lone halves of surrogate pairs, and the half that it ends in, as the other may follow."""
    half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
    whole = text[: len(text) - len(half)]
    if not whole.isascii():
        whole = whole.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return whole, half


def _cancel(streams: list[Stream]) -> None:
    for stream in streams:
        stream.cancel()
