"""One connection: a reader that goes on while speech is made, and a speaker that answers requests in their order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import monotonic

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe
from wyoming.ping import Ping, Pong
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeStopped

from ..core import Busy, CosyVoxError
from . import logs
from .errors import PeerError, Refused, code_of
from .info import Information
from .narration import RATE, Narration
from .protocols import Metrics, Outcome
from .request import Asked, Wish, read_text, read_wish
from .settings import Settings
from .wire import EventReader, EventWriter

_LOG = logging.getLogger(__name__)

MOST_WAITING = 16  # requests of one connection that wait for the one that is spoken
_BYTES = RATE // 5 * 2  # of one audio-chunk: 0.2 s

Narrate = Callable[[Wish], Narration]


class Connection:
    """Serves one peer until it leaves, fails or is failed. `run` raises only when it is cancelled."""

    def __init__(
        self,
        reader: EventReader,
        writer: EventWriter,
        *,
        narrate: Narrate,
        information: Information,
        metrics: Metrics,
        settings: Settings,
        last_words: bool = False,
    ) -> None:
        """last_words: whether a peer that has closed its end still listens, as on standard input."""
        self._reader, self._writer = reader, writer
        self._narrate, self._information, self._metrics, self._settings = narrate, information, metrics, settings
        self._last_words = last_words
        self._waiting: asyncio.Queue[Asked | None] = asyncio.Queue()
        self._current: Asked | None = None  # is being spoken
        self._stream: Asked | None = None  # its text is still coming
        self._streaming = False  # whether who asked last expects `synthesize-stopped`
        self._event_at = self._text_at = monotonic()
        self._timer: asyncio.TimerHandle | None = None
        self._asked = self._ending = False

    async def run(self) -> None:
        reading, speaking = asyncio.create_task(self._read()), asyncio.create_task(self._speak())
        self._watch()
        try:
            await asyncio.wait({reading, speaking}, return_when=asyncio.FIRST_COMPLETED)
            if self._last_words and reading.done() and reading.exception() is None:
                await asyncio.wait({speaking})
            over = [task for task in (speaking, reading) if task.done()]
            await _stop(reading, speaking)
            await self._part([error for task in over if (error := task.exception())], said=speaking in over)
        finally:
            if self._timer:
                self._timer.cancel()
            await _stop(reading, speaking)
            self._drop()
            await self._writer.close()

    def stop(self) -> None:
        """Take no new requests, and leave when what was asked for has been said."""
        self._ending = True
        self._waiting.put_nowait(None)

    def give_up(self, error: BaseException) -> None:
        """What is being said ends now, with an error."""
        if self._current:
            self._current.narration.cancel(error)

    async def _part(self, errors: list[BaseException], *, said: bool) -> None:
        """Tell the peer why the connection ends, and let it read that. said: it ends because all was said."""
        error = errors[0] if errors else None
        if isinstance(error, OSError) or (error is None and not said):
            _LOG.debug("the peer has left: %s", error or "closed")
            return
        try:
            if error is not None:
                await self._fail(error)
            self._drop()
            if error is not None or self._asked:
                self._writer.end()
                await self._reader.drain()
        except OSError as gone:
            _LOG.debug("the peer has left: %s", gone)

    async def _fail(self, error: BaseException) -> None:
        """The end of an answer that Home Assistant understands in every version: older ones know no `error`."""
        code = code_of(error)
        if isinstance(error, CosyVoxError):
            _LOG.log(logging.INFO if isinstance(error, PeerError) else logging.WARNING, "%s (%s)", error, code)
            text = str(error)
        else:
            _LOG.error("unexpected %s: %s", type(error).__name__, error)
            _LOG.debug("where", exc_info=error)
            text = "something went wrong in the server: its log says what"
        streaming = self._current.streaming if self._current else self._streaming
        events = [Error(text, code).event(), AudioStop().event()]
        await self._writer.write(*events, *([SynthesizeStopped().event()] if streaming else []))

    def _drop(self) -> None:
        """What was asked for is no longer wanted."""
        while not self._waiting.empty():
            if asked := self._waiting.get_nowait():
                asked.narration.cancel()
                self._metrics.ended("cancelled", audio_seconds=0.0, seconds=monotonic() - asked.since)

    async def _read(self) -> None:
        """Raises Refused, Busy, OSError."""
        try:
            while (event := await self._reader.read()) is not None:
                self._event_at = monotonic()
                await self._take(event)
        except CosyVoxError as error:
            self._metrics.refused(code_of(error))
            raise
        if self._last_words:
            self._finish_stream()
            self.stop()

    async def _take(self, event: Event) -> None:
        kind = event.type
        if SynthesizeChunk.is_type(kind):
            if self._stream is not None:
                self._feed(self._stream, read_text(event.data))
            else:
                _LOG.debug("text before synthesize-start is ignored")
        elif SynthesizeStart.is_type(kind):
            self._finish_stream()
            self._streaming = True
            self._stream = self._ask(read_wish(event.data), streaming=True)
            self._text_at = monotonic()
            self._watch()
        elif SynthesizeStop.is_type(kind):
            self._streaming = True
            if self._stream is None:
                raise Refused("synthesize-stop without synthesize-start: send that first", "protocol")
            self._finish_stream()
        elif Synthesize.is_type(kind):
            if self._stream is None:  # within a stream it repeats the whole text, for servers that do not stream
                self._streaming = False
                text = read_text(event.data)
                self._check_length(len(text))
                asked = self._ask(read_wish(event.data), streaming=False)
                self._feed(asked, text)
                asked.narration.finish()
        elif Describe.is_type(kind):
            await self._writer.write_bytes([await self._information.answer()])
        elif Ping.is_type(kind):
            echo = event.data.get("text")
            await self._writer.write(Pong(echo if isinstance(echo, str) else None).event())
        else:
            _LOG.debug("an event of type %.40r is ignored", kind)

    def _ask(self, wish: Wish, *, streaming: bool) -> Asked:
        if self._ending:
            raise Refused("the server is being stopped: try again in a moment", "stopping")
        if self._waiting.qsize() >= MOST_WAITING:
            raise Busy(f"{MOST_WAITING} requests of this connection are waiting, no more may: read their answers first")
        self._asked = True
        asked = Asked(self._narrate(wish), streaming, monotonic())
        self._metrics.began()
        self._waiting.put_nowait(asked)
        return asked

    def _feed(self, asked: Asked, text: str) -> None:
        self._text_at = monotonic()
        asked.characters += len(text)
        self._check_length(asked.characters)
        _LOG.debug("text: %r", text)
        asked.narration.feed(text)

    def _check_length(self, characters: int) -> None:
        most = self._settings.max_text
        if characters > most:
            raise Refused(f"the text is longer than {most} characters: ask for it in parts", "too-long")

    def _finish_stream(self) -> None:
        if self._stream is not None:
            self._stream.narration.finish()
            self._stream = None

    async def _speak(self) -> None:
        """Raises what the narration of a request raises, and OSError."""
        while (asked := await self._waiting.get()) is not None:
            self._current = asked
            with logs.request():
                await self._say(asked)
            self._current = None
            self._event_at = monotonic()

    async def _say(self, asked: Asked) -> None:
        outcome: Outcome = "cancelled"
        narration, code = asked.narration, ""
        try:
            await self._send(narration, asked)
            outcome = "silent" if narration.first_audio is None else "said"
        except Exception as error:
            if not isinstance(error, OSError):
                code = code_of(error)
                outcome = "busy" if code == "busy" else "error"
            raise
        finally:
            narration.cancel()
            spent = monotonic() - asked.since
            self._metrics.ended(outcome, audio_seconds=narration.seconds, seconds=spent, code=code)
            _LOG.info(
                "%s: %d characters, %.2f s of speech, first after %.2f s, all after %.2f s",
                outcome,
                asked.characters,
                narration.seconds,
                narration.first_audio or 0.0,
                spent,
            )

    async def _send(self, narration: Narration, asked: Asked) -> None:
        begun = False
        while (samples := await narration.next()) is not None:
            events = [] if begun else [AudioStart(RATE, 2, 1).event()]
            for start in range(0, len(samples), _BYTES):
                events.append(AudioChunk(RATE, 2, 1, samples[start : start + _BYTES]).event())
            if not begun and narration.first_audio is not None:
                self._metrics.first_audio(narration.first_audio)
            begun = True
            await self._writer.write(*events)
        await self._writer.write(AudioStop().event(), *([SynthesizeStopped().event()] if asked.streaming else []))

    def _watch(self) -> None:
        """Look whether text or events have stopped coming, and again when they may have."""
        settings, now = self._settings, monotonic()
        if self._timer:
            self._timer.cancel()
        if self._stream is not None:
            left = self._text_at + settings.text_idle_seconds - now
            if left <= 0:
                _LOG.info("no text for %g s: the stream is taken to be over", settings.text_idle_seconds)
                self._finish_stream()
                self.stop()  # what comes later would belong to nothing
        elif self._current is not None or not self._waiting.empty():
            left = settings.idle_seconds
        else:
            left = self._event_at + settings.idle_seconds - now
            if left <= 0:
                _LOG.debug("nothing was asked for %g s", settings.idle_seconds)
                self.stop()
        self._timer = asyncio.get_running_loop().call_later(max(left, 0.1), self._watch)


async def _stop(*tasks: asyncio.Task[None]) -> None:
    """Until Python 3.12 `wait_for` may swallow a cancellation: it is repeated until it is heard."""
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=0.05)
    await asyncio.gather(*tasks, return_exceptions=True)
