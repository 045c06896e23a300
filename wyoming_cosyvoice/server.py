"""The server: accepts connections, no more than it should, and ends without cutting anybody off if it can."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from pathlib import Path
from typing import Any

from wyoming.error import Error

from .connection import Connection, Narrate
from .errors import Refused
from .info import Information
from .listen import Place, listen, read_uri, standard_streams
from .protocols import Catalogue, Metrics
from .settings import Settings
from .wire import EventReader, EventWriter

_LOG = logging.getLogger(__name__)
_LAST_SECONDS = 1.0  # for the error that those get who could not be served to the end


class Server:
    """Listens from `start` to `stop`. narrate: what makes a client's wish a narration."""

    def __init__(self, settings: Settings, catalogue: Catalogue, metrics: Metrics, narrate: Narrate) -> None:
        """Raises ServerError if `settings.uri` is none."""
        self._settings, self._metrics, self._narrate = settings, metrics, narrate
        self.place = read_uri(settings.uri)
        self._information = Information(catalogue)
        self._listening: list[asyncio.Server] = []
        self._connections: dict[asyncio.Task[None], Connection] = {}
        self.ended = asyncio.Event()  # nobody will come any more: standard input has ended

    async def start(self) -> None:
        """Listen. Raises ServerError."""
        asyncio.get_running_loop().set_exception_handler(_tell)
        await self._information.answer()
        limit = self._settings.max_header
        if self.place.scheme == "stdio":
            reader, writer = await standard_streams(limit)
            task = self._admit(reader, writer, last_words=True)
            task.add_done_callback(lambda _: self.ended.set())
            return
        self._listening = await listen(self.place, self._accept, limit)
        if self.place.scheme == "tcp":
            port = self._listening[0].sockets[0].getsockname()[1]
            self.place = Place("tcp", self.place.host, port)
        _LOG.info("listening at %s", self.uri)

    @property
    def uri(self) -> str:
        """Where it listens, with the port that it was given."""
        place = self.place
        if place.scheme == "tcp":
            host = f"[{place.host}]" if ":" in place.host else place.host
            return f"tcp://{host}:{place.port}"
        return f"unix://{place.path}" if place.scheme == "unix" else "stdio://"

    async def stop(self) -> None:
        """Accept nobody, let what is being said end within `stop_seconds`, and close what is left."""
        for each in self._listening:
            each.close()
        if self.place.scheme == "unix":
            with suppress(OSError):
                Path(self.place.path).unlink()
        for connection in self._connections.values():
            connection.stop()
        await self._wait(self._settings.stop_seconds)
        if self._connections:
            _LOG.warning("%d requests could not be finished in time", len(self._connections))
        for connection in self._connections.values():
            connection.give_up(Refused("the server was stopped", "stopping"))
        await self._wait(_LAST_SECONDS)
        for task in self._connections:
            task.cancel()
        await self._wait(_LAST_SECONDS)
        self._information.close()

    async def _wait(self, seconds: float) -> None:
        if self._connections:
            await asyncio.wait(self._connections, timeout=seconds)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= self._settings.max_connections:
            self._metrics.refused("busy")
            _LOG.warning("a connection more than %d was refused", self._settings.max_connections)
            writer.transport.set_write_buffer_limits(high=0)
            with suppress(OSError):
                busy = Error("too many connections are open: try again in a moment", "busy").event()
                await EventWriter(writer, self._settings).write(busy)
            writer.close()
            return
        self._admit(reader, writer)

    def _admit(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, last_words: bool = False
    ) -> asyncio.Task[None]:
        connection = Connection(
            EventReader(reader, self._settings),
            EventWriter(writer, self._settings),
            narrate=self._narrate,
            information=self._information,
            metrics=self._metrics,
            settings=self._settings,
            last_words=last_words,
        )
        task = asyncio.create_task(connection.run())
        self._connections[task] = connection
        self._metrics.connected()
        task.add_done_callback(self._left)
        return task

    def _left(self, task: asyncio.Task[None]) -> None:
        del self._connections[task]
        self._metrics.disconnected()
        if not task.cancelled() and (error := task.exception()):
            _LOG.error("unexpected %s: %s", type(error).__name__, error)
            _LOG.debug("where", exc_info=error)


def _tell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What asyncio has to say of connections is nobody's fault but their peers'."""
    error = context.get("exception")
    known = error is None or isinstance(error, OSError)
    _LOG.log(logging.DEBUG if known else logging.ERROR, "%s: %s", context.get("message"), error)
