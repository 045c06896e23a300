"""Wyoming's events as they lie on the wire (github.com/OHF-Voice/wyoming): a JSON line, then data, then payload."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

MOST_HEADER = 64 << 10
MOST_PAYLOAD = 1 << 20
VERSION = "1.0.0"
CONNECT_SECONDS = 3.0
CLOSE_SECONDS = 5.0
WRITE_SECONDS = 60.0  # that a peer may take to read what was sent


class WireError(Exception):
    """What came is no Wyoming, or more of it than anybody needs."""


@dataclass(frozen=True)
class Event:
    type: str
    data: dict[str, Any] = field(default_factory=dict)
    payload: bytes = b""

    @property
    def size(self) -> int:
        return len(self.payload) + len(json.dumps(self.data))


class Line:
    """One connection, either end of it. most_data: bytes of one event's data that are read."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most_data: int = 1 << 20) -> None:
        self._reader, self._writer, self._most_data = reader, writer, most_data
        self._turn = asyncio.Lock()  # an event is written whole, whoever writes the next one

    async def read(self) -> Event | None:
        """The next event, None at the end. Raises WireError, OSError."""
        try:
            line = await self._reader.readline()
            if not line:
                return None
            header = json.loads(line)
            data = header.get("data") or {}
            if length := limited(header, "data_length", self._most_data):
                data = {**data, **json.loads(await self._reader.readexactly(length))}
            payload = await self._reader.readexactly(limited(header, "payload_length", MOST_PAYLOAD))
            if not isinstance(data, dict) or not isinstance(header.get("type"), str):
                raise WireError("an event without a type or with data that is none")
            return Event(header["type"], data, payload)
        except (ValueError, AttributeError, TypeError, RecursionError) as error:
            raise WireError(f"not Wyoming: {error}") from error
        except asyncio.IncompleteReadError as error:
            raise WireError("it ended within an event") from error

    async def write(self, event: Event) -> None:
        """Raises OSError, also where the other side does not read."""
        header: dict[str, Any] = {"type": event.type, "version": VERSION}
        data = json.dumps(event.data).encode() if event.data else b""
        if data:
            header["data_length"] = len(data)
        if event.payload:
            header["payload_length"] = len(event.payload)
        async with self._turn:
            self._writer.write(json.dumps(header).encode() + b"\n" + data + event.payload)
            try:
                await asyncio.wait_for(self._writer.drain(), WRITE_SECONDS)
            except asyncio.TimeoutError:
                raise OSError(f"it read nothing for {WRITE_SECONDS:g} s") from None

    def close(self) -> None:
        """What was written still goes out, if the other side reads it soon."""
        self._writer.close()
        asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._writer.transport.abort)


async def connect(host: str, port: int, most_data: int) -> Line:
    """Raises OSError, also where nobody answers in time."""
    try:
        opening = asyncio.open_connection(host, port, limit=MOST_HEADER)
        return Line(*await asyncio.wait_for(opening, CONNECT_SECONDS), most_data)
    except asyncio.TimeoutError:
        raise OSError(f"no connection within {CONNECT_SECONDS:g} s") from None


async def end(*tasks: asyncio.Task[None]) -> None:
    """Cancel tasks until they have ended: before Python 3.12 `wait_for` can lose a cancellation."""
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=0.2)


def limited(header: dict[str, Any], key: str, most: int) -> int:
    length = header.get(key) or 0
    if not isinstance(length, int) or not 0 <= length <= most:
        raise WireError(f"{key} is {length!r}, at most {most}")
    return length
