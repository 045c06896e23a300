"""A Wyoming server in a process of its own, and peers that speak the protocol to it without any library."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RATE = 24_000
LIMIT = 180.0  # seconds without an event, after which nothing is taken to come any more


@dataclass
class Server:
    """A running server. log: its lines so far."""

    process: subprocess.Popen[str]
    port: int = 0
    log: list[str] = field(default_factory=list)

    def resident(self) -> float:
        """MB of memory, Linux only."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii", errors="replace")
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024 / 1e6

    def computed(self) -> float:
        """Seconds of all cores so far, Linux only."""
        return time.clock_gettime(~self.process.pid << 3 | 2)  # clock_getcpuclockid(3)

    def files(self) -> int:
        """Open files and sockets, Linux only."""
        return sum(1 for _ in Path(f"/proc/{self.process.pid}/fd").iterdir())

    def threads(self) -> int:
        """Linux only."""
        return sum(1 for _ in Path(f"/proc/{self.process.pid}/task").iterdir())

    def complaints(self) -> list[str]:
        """Lines of the log that should not be there."""
        return [line for line in self.log if re.search(r"Traceback|unexpected|^\S+ \S+ (error|critical) ", line)]


@contextmanager
def server(*flags: str) -> Iterator[Server]:
    """Serves from when it listens until it is left; the model may still be loading. Raises SystemExit."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-P", "-m", "cosyvox.wyoming_cosyvoice", "--uri", "tcp://127.0.0.1:0"]
        process = subprocess.Popen(
            [*command, "--no-zeroconf", *flags],
            env=os.environ | {"COSYVOX_HOME": home},
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        running, listening = Server(process), threading.Event()

        def read() -> None:
            assert process.stderr
            for line in process.stderr:
                running.log.append(line.rstrip())
                if found := re.search(r"listening at tcp://127\.0\.0\.1:(\d+)", line):
                    running.port = int(found[1])
                    listening.set()
            listening.set()

        reader = threading.Thread(target=read)
        reader.start()
        try:
            listening.wait()
            if not running.port:
                raise SystemExit("\n".join(running.log))
            yield running
        finally:
            process.terminate()
            process.wait()
            reader.join()


class Peer:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, kind: str, **data: Any) -> None:
        self._writer.write(json.dumps({"type": kind, "data": data}).encode() + b"\n")
        await self._writer.drain()

    async def event(self) -> tuple[str, dict[str, Any], int]:
        """Type, data and the payload's size. Raises EOFError, TimeoutError."""
        header = json.loads(await asyncio.wait_for(self._reader.readuntil(b"\n"), LIMIT))
        data = header.get("data") or {}
        if size := header.get("data_length"):
            data |= json.loads(await self._reader.readexactly(size))
        payload = header.get("payload_length") or 0
        if payload:
            await self._reader.readexactly(payload)
        return header["type"], data, payload


@asynccontextmanager
async def peer(port: int) -> AsyncIterator[Peer]:
    """A connection, dropped at the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
    try:
        yield Peer(reader, writer)
    finally:
        writer.transport.abort()


@dataclass
class Heard:
    """An answer. at: when each chunk of audio came, by `time.perf_counter`, and its seconds. error: how it ended."""

    at: list[tuple[float, float]] = field(default_factory=list)
    error: str = ""

    @property
    def seconds(self) -> float:
        return sum(seconds for _, seconds in self.at)


async def listen(connection: Peer, last: str) -> Heard:
    """Everything up to the event `last`. What is no valid answer is an error."""
    heard, kinds = Heard(), []
    while not kinds or kinds[-1] != last:
        kind, data, size = await connection.event()
        kinds.append(kind)
        if kind == "audio-chunk":
            heard.at.append((time.perf_counter(), size / 2 / RATE))
        elif kind == "error":
            heard.error = str(data.get("code"))
    outline = [kind for index, kind in enumerate(kinds) if index == 0 or kind != kinds[index - 1]]
    wanted = ["audio-start", "audio-chunk", "audio-stop", *([last] if last != "audio-stop" else [])]
    if not heard.error and outline != wanted:
        heard.error = " ".join(outline)
    return heard


async def describe(port: int) -> float:
    """Seconds from the connection's beginning to the end of the answer."""
    started = time.perf_counter()
    async with peer(port) as connection:
        await connection.send("describe")
        kind, _, _ = await connection.event()
        assert kind == "info", kind
    return time.perf_counter() - started


async def spoken(port: int, text: str, voice: str | None = None) -> tuple[float, Heard]:
    """Ask for a text at once. Returns when it had been sent, and the answer."""
    async with peer(port) as connection:
        await connection.send("synthesize", text=text, **({"voice": {"name": voice}} if voice else {}))
        sent = time.perf_counter()
        return sent, await listen(connection, "audio-stop")


async def typed(port: int, pieces: list[tuple[float, str]], voice: str | None = None) -> tuple[list[float], Heard]:
    """A stream of text. pieces: seconds to wait before each. Returns when each had been sent, and the answer."""
    async with peer(port) as connection:
        listening = asyncio.create_task(listen(connection, "synthesize-stopped"))
        sent = []
        await connection.send("synthesize-start", **({"voice": {"name": voice}} if voice else {}))
        for wait, piece in pieces:
            await asyncio.sleep(wait)
            await connection.send("synthesize-chunk", text=piece)
            sent.append(time.perf_counter())
        await connection.send("synthesize-stop")
        return sent, await listening
