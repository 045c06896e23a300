"""GET /healthz and /metrics, and nothing else: HTTP/1.1 with one answer per connection, over asyncio alone.

Bound to loopback unless somebody says otherwise: neither page asks who is looking.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

from ..core import ConfigError
from .metrics import CONTENT_TYPE, Metrics

MOST_BYTES = 8 << 10  # of a request's line and headers; a scraper sends a few hundred
MOST_CONNECTIONS = 16
REQUEST_SECONDS = 5.0
ANSWER_SECONDS = 5.0

_LOG = logging.getLogger(__name__)

# What /healthz says: whether it can speak, and fields for people.
Health = tuple[bool, Mapping[str, Any]]


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class StatusServer:
    """The status port. `health` and what the metrics look at may block: they are asked in a thread."""

    def __init__(
        self, host: str, port: int, *, metrics: Metrics, health: Callable[[], Health], seconds: float = REQUEST_SECONDS
    ) -> None:
        """seconds: that a peer may take to send its request."""
        self._host, self._port = host, port
        self._metrics, self._health, self._seconds = metrics, health, seconds
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        # Of its own: where all other threads are busy or stuck, this is the page that says so.
        self._threads = ThreadPoolExecutor(2, "status")

    @property
    def port(self) -> int:
        """Where it listens, once started; another than was asked for only if that was 0."""
        return self._server.sockets[0].getsockname()[1] if self._server else self._port

    async def start(self) -> None:
        """Listen. Raises ConfigError where that is not possible."""
        try:
            self._server = await asyncio.start_server(self._serve, self._host, self._port, limit=MOST_BYTES)
        except OSError as error:
            why = f"no status page at {self._host}:{self._port}: {error.strerror or error}"
            raise ConfigError(f"{why}; choose another --http-port or --http-host") from error

    async def stop(self) -> None:
        """Close the port and what is open on it."""
        if self._server is None:
            return
        self._server.close()
        for writer in list(self._open):
            writer.close()
        await self._server.wait_closed()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            await asyncio.wait_for(self._answer(reader, writer), self._seconds + ANSWER_SECONDS)
        except (OSError, asyncio.TimeoutError):
            pass  # left, or does not read: nobody is there to be told
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        only_head = False
        try:
            if len(self._open) > MOST_CONNECTIONS:
                raise Refused(HTTPStatus.SERVICE_UNAVAILABLE)
            method, path = await self._request(reader)
            only_head = method == "HEAD"
            status, kind, body = await self._page(method, path)
        except Refused as error:
            status, kind, body = error.status, "text/plain; charset=utf-8", f"{error}\n".encode()
        head = [f"HTTP/1.1 {status.value} {status.phrase}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
        head += ["Connection: close", "Cache-Control: no-store", "X-Content-Type-Options: nosniff"]
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            head.append("Allow: GET, HEAD")
        writer.write("\r\n".join([*head, "", ""]).encode("ascii") + (b"" if only_head else body))
        await writer.drain()

    async def _request(self, reader: asyncio.StreamReader) -> tuple[str, str]:
        """Method and path. The headers are read, up to a limit, and say nothing that matters here."""
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), self._seconds)
        except asyncio.LimitOverrunError:
            raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from None
        except asyncio.IncompleteReadError:
            raise Refused(HTTPStatus.BAD_REQUEST) from None
        except asyncio.TimeoutError:
            raise Refused(HTTPStatus.REQUEST_TIMEOUT) from None
        line = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        if len(line) != 3 or not line[2].startswith("HTTP/1.") or not line[1].startswith("/"):
            raise Refused(HTTPStatus.BAD_REQUEST)
        return line[0], line[1].partition("?")[0]

    async def _page(self, method: str, path: str) -> tuple[HTTPStatus, str, bytes]:
        if path not in ("/healthz", "/metrics"):
            raise Refused(HTTPStatus.NOT_FOUND)
        if method not in ("GET", "HEAD"):
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED)
        if path == "/metrics":
            return HTTPStatus.OK, CONTENT_TYPE, (await self._ask(self._metrics.text)).encode()
        well, fields = await self._ask(self._health)
        body = json.dumps({"ok": well, **fields}, ensure_ascii=False, default=str) + "\n"
        status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
        return status, "application/json; charset=utf-8", body.encode(errors="replace")

    async def _ask(self, question: Callable[[], Any]) -> Any:
        try:
            asked = asyncio.get_running_loop().run_in_executor(self._threads, question)
            return await asyncio.wait_for(asked, ANSWER_SECONDS)
        except asyncio.TimeoutError:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE) from None
        except Exception:
            _LOG.exception("a status page could not be made")
            raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR) from None
