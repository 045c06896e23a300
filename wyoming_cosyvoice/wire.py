"""Events of the Wyoming protocol on a connection whose other end may be slow, mistaken or malicious.

The format (github.com/OHF-Voice/wyoming): one line of JSON with `type` and perhaps `data`, `data_length` and
`payload_length`; then so many bytes of JSON that belong to `data`, and so many bytes of payload.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterable
from typing import Any

from wyoming.event import Event
from wyoming.version import __version__

from .errors import PeerError
from .settings import Settings

_LINGER_SECONDS = 2.0
_LINGER_BYTES = 32 << 20
_BLOCK = 1 << 16


def encode(event: Event) -> bytes:
    """An event as it is sent. What is no character, a lone half of a pair, is sent as a question mark."""
    header: dict[str, Any] = {"type": event.type, "version": __version__}
    data = json.dumps(event.data, ensure_ascii=False).encode(errors="replace") if event.data else b""
    if data:
        header["data_length"] = len(data)
    if event.payload:
        header["payload_length"] = len(event.payload)
    return b"".join((json.dumps(header).encode(), b"\n", data, event.payload or b""))


class EventReader:
    """Events as they come; none is larger, and none takes longer, than the settings allow."""

    def __init__(self, reader: asyncio.StreamReader, settings: Settings) -> None:
        """reader: its limit must be `settings.max_header`."""
        self._reader, self._settings = reader, settings

    async def read(self) -> Event | None:
        """The next event, however long it takes to begin; None when the peer has closed. Raises PeerError, OSError."""
        try:
            first = await self._reader.readexactly(1)
        except asyncio.IncompleteReadError:
            return None
        seconds = self._settings.event_seconds
        try:
            return await asyncio.wait_for(self._event(first), seconds)
        except asyncio.TimeoutError as error:
            raise PeerError(f"an event was not complete after {seconds:g} s", "too-slow") from error
        except asyncio.IncompleteReadError as error:
            raise PeerError("the connection ended within an event", "protocol") from error

    async def drain(self) -> None:
        """Read what still comes and forget it: a peer that is still writing gets to read what it was sent."""

        async def forget() -> None:
            left = _LINGER_BYTES
            while left > 0 and (block := await self._reader.read(_BLOCK)):
                left -= len(block)

        with contextlib.suppress(asyncio.TimeoutError, OSError, PeerError):
            await asyncio.wait_for(forget(), _LINGER_SECONDS)

    async def _event(self, first: bytes) -> Event:
        try:
            line = first if first == b"\n" else first + await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            raise PeerError(
                f"an event's first line is longer than {self._settings.max_header} bytes", "too-large"
            ) from error
        header = _object(line, "first line")
        kind = header.get("type")
        if not isinstance(kind, str):
            raise PeerError("an event has no type", "protocol")
        data = {} if header.get("data") is None else header["data"]
        if not isinstance(data, dict):
            raise PeerError("an event's data is no JSON object", "protocol")
        size = _length(header, "data_length", self._settings.max_data)
        payload_size = _length(header, "payload_length", self._settings.max_payload)
        if size:
            data |= _object(await self._reader.readexactly(size), "data")
        payload = await self._reader.readexactly(payload_size) if payload_size else None
        return Event(kind, data, payload)


class EventWriter:
    """Sends events whole, one behind the other, from any task of the loop. Raises OSError where the peer has gone."""

    def __init__(self, writer: asyncio.StreamWriter, settings: Settings) -> None:
        self._writer, self._seconds = writer, settings.write_seconds
        self._turn = asyncio.Lock()

    async def write(self, *events: Event) -> None:
        """Returns when the peer has room for more. Raises TimeoutError where it reads nothing."""
        await self.write_bytes(map(encode, events))

    async def write_bytes(self, encoded: Iterable[bytes]) -> None:
        if self._writer.is_closing():
            raise ConnectionResetError("the peer has gone")
        self._writer.writelines(encoded)
        async with self._turn:  # until Python 3.11 only one task may wait for a drain
            try:
                await asyncio.wait_for(self._writer.drain(), self._seconds)
            except asyncio.TimeoutError as error:
                self._writer.transport.abort()
                raise TimeoutError(f"the peer has read nothing for {self._seconds:g} s") from error

    def end(self) -> None:
        """Nothing more will be sent; the peer may still be writing."""
        with contextlib.suppress(OSError, RuntimeError):
            if self._writer.can_write_eof() and not self._writer.is_closing():
                self._writer.write_eof()

    async def close(self) -> None:
        """Send what is left, if the peer takes it within a moment, and close."""
        self._writer.close()
        with contextlib.suppress(asyncio.TimeoutError, OSError):
            await asyncio.wait_for(self._writer.wait_closed(), _LINGER_SECONDS)
        self._writer.transport.abort()


def _object(text: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PeerError(f"an event's {what} is no JSON", "protocol") from error
    if not isinstance(value, dict):
        raise PeerError(f"an event's {what} is no JSON object", "protocol")
    return value


def _length(header: dict[str, Any], name: str, most: int) -> int:
    length = header.get(name) or 0
    if type(length) is not int or length < 0:
        raise PeerError(f"an event's {name} is no length", "protocol")
    if length > most:
        raise PeerError(f"an event's {name} is {length}: at most {most} bytes are taken", "too-large")
    return length
