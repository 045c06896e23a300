"""One request: what the client said so far, who is asked, and an end that every client understands."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace

from .upstream import Upstream, Upstreams
from .wire import Event, Line, WireError, end

FIRST_SECONDS = 30.0  # for the first answer
NEXT_SECONDS = 60.0  # for every other one
MOST_BYTES = 4 << 20  # of one request
SPEAKING = {"synthesize", "synthesize-start", "synthesize-chunk", "synthesize-stop"}

_LOG = logging.getLogger(__name__)


class Request:
    """Passes one request on. What was said is kept until somebody answers: then another can be asked from the start."""

    def __init__(self, upstreams: Upstreams, client: Line, first: Event) -> None:
        self._upstreams, self._client = upstreams, client
        self._said = [first]
        self._size = first.size
        self._more = asyncio.Event()
        self._answered = False
        self._streamed = first.type == "synthesize-start"

    def say(self, event: Event) -> None:
        """Another event of it. Raises WireError where it is too long."""
        self._size += event.size
        if self._size > MOST_BYTES:
            raise WireError(f"a request of more than {MOST_BYTES >> 20} MiB")
        self._said.append(event)
        self._more.set()

    async def run(self) -> None:
        """Until it was answered, or the client was told why not. Raises OSError where the client is gone."""
        reason = ""
        for upstream in self._upstreams.in_order():
            try:
                return await self._ask(upstream)
            except Lost as error:
                reason = f"{upstream}: {error}"
                if not isinstance(error, Declined):
                    upstream.failed(str(error))
                if self._answered:
                    break
        await self._end_badly(reason)

    async def _ask(self, upstream: Upstream) -> None:
        try:
            line = await upstream.open()
        except OSError as error:
            raise Lost(str(error)) from error
        sending = asyncio.create_task(self._pass_on(upstream, line))
        try:
            await self._answer(upstream, line)
        finally:
            line.close()
            await end(sending)

    async def _pass_on(self, upstream: Upstream, line: Line) -> None:
        """What the client says, from its beginning; an upstream that does not take it is noticed by who reads it."""
        sent = 0
        while True:
            while sent < len(self._said):
                event = self._suited(self._said[sent], upstream)
                sent += 1
                if event:
                    with suppress(OSError):
                        await line.write(event)
            self._more.clear()
            await self._more.wait()

    def _suited(self, event: Event, upstream: Upstream) -> Event | None:
        """An event as this upstream understands it, None if it does not."""
        if self._streamed and upstream.info and not upstream.streams() and event.type != "synthesize":
            return None
        voice = event.data.get("voice")
        if not isinstance(voice, dict) or self._upstreams.preferred(upstream) or upstream.has_voice(voice.get("name")):
            return event
        return replace(event, data={key: value for key, value in event.data.items() if key != "voice"})

    async def _answer(self, upstream: Upstream, line: Line) -> None:
        streams = not upstream.info or upstream.streams()
        while True:
            event = await self._hear(line)
            if event.type == "error" and not self._answered:
                raise Declined(str(event.data.get("text") or "it answered with an error"))
            self._answered = True
            await self._client.write(event)
            if event.type == "audio-stop" and self._streamed and not streams:
                await self._client.write(Event("synthesize-stopped"))
            if event.type == ("synthesize-stopped" if self._streamed and streams else "audio-stop"):
                return

    async def _hear(self, line: Line) -> Event:
        try:
            event = await asyncio.wait_for(line.read(), NEXT_SECONDS if self._answered else FIRST_SECONDS)
        except asyncio.TimeoutError:
            raise Lost("no answer in time") from None
        except (OSError, WireError) as error:
            raise Lost(str(error) or type(error).__name__) from error
        if event is None:
            raise Lost("it closed in the middle")
        return event

    async def _end_badly(self, reason: str) -> None:
        """As old versions of Home Assistant need it too: they hang at an error that nothing follows."""
        _LOG.error("a request failed: %s", reason)
        data = {"text": f"no server speaks: {reason}", "code": "upstream"}
        await self._client.write(Event("error", data))
        await self._client.write(Event("audio-stop"))
        if self._streamed:
            await self._client.write(Event("synthesize-stopped"))


class Lost(Exception):
    """An upstream did not answer as it should."""


class Declined(Lost):
    """An upstream is well, but does not say this."""
