"""The relay itself: connections of Home Assistant, each with one request at a time."""

from __future__ import annotations

import asyncio
import logging

from .request import SPEAKING, Request
from .upstream import Upstreams
from .wire import MOST_HEADER, Event, Line, WireError, end

MOST_CONNECTIONS = 64
MOST_WAITING = 8  # requests of one connection, one behind the other
IDLE_SECONDS = 600.0

_LOG = logging.getLogger(__name__)


class Relay:
    """host None: every address, IPv4 and IPv6."""

    def __init__(self, upstreams: Upstreams, host: str | None = None, port: int = 10200) -> None:
        self.upstreams = upstreams
        self._host, self._port = host, port
        self._server: asyncio.Server | None = None
        self._open = 0

    @property
    def port(self) -> int:
        return self._server.sockets[0].getsockname()[1] if self._server else self._port

    async def start(self) -> None:
        """Raises OSError where the port is taken."""
        self._server = await asyncio.start_server(self._serve, self._host, self._port, limit=MOST_HEADER)

    async def stop(self) -> None:
        if self._server:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = Line(reader, writer)
        self._open += 1
        try:
            if self._open > MOST_CONNECTIONS:
                await client.write(Event("error", {"text": "too many connections", "code": "busy"}))
            else:
                await Connection(self.upstreams, client).run()
        except WireError as error:
            _LOG.warning("a client was sent away: %s", error)
        except (OSError, asyncio.TimeoutError):
            pass  # it left, or nothing came for long
        finally:
            self._open -= 1
            client.close()


class Connection:
    """One client: it is read on while a request is answered, so that its leaving is noticed."""

    def __init__(self, upstreams: Upstreams, client: Line) -> None:
        self._upstreams, self._client = upstreams, client
        self._requests: asyncio.Queue[Request] = asyncio.Queue(MOST_WAITING)
        self._current: Request | None = None  # takes what a stream of text brings

    async def run(self) -> None:
        """Until the client leaves. Raises WireError, OSError, TimeoutError."""
        speaking = asyncio.create_task(self._speak())
        reading = asyncio.create_task(self._read())
        try:
            done, _ = await asyncio.wait({speaking, reading}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end(speaking, reading)
        for task in done:
            task.result()

    async def _read(self) -> None:
        while event := await asyncio.wait_for(self._client.read(), IDLE_SECONDS):
            if event.type == "describe":
                await self._describe()
            elif event.type == "ping":
                await self._client.write(Event("pong", event.data))
            elif event.type in SPEAKING:
                await self._take(event)
            # whatever else there may be one day is not for a server that speaks

    async def _describe(self) -> None:
        info = await self._upstreams.info()
        if info is None:
            raise WireError("it asked what there is before any server had answered")
        await self._client.write(Event("info", info))

    async def _take(self, event: Event) -> None:
        if self._current:
            self._current.say(event)
        elif event.type in ("synthesize", "synthesize-start"):
            request = Request(self._upstreams, self._client, event)
            if event.type == "synthesize-start":
                self._current = request
            await self._requests.put(request)
        if event.type == "synthesize-stop":
            self._current = None

    async def _speak(self) -> None:
        while True:
            await (await self._requests.get()).run()
