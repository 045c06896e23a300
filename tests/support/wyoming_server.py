"""A real server on a free port of this machine, and what a client is answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from cosyvox.wyoming_cosyvoice.narration import Narration
from cosyvox.wyoming_cosyvoice.server import Server
from cosyvox.wyoming_cosyvoice.settings import Settings
from talkers import Tally, ToneHouse, spoken
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.info import Attribution, Info, TtsProgram
from wyoming.tts import SynthesizeChunk, SynthesizeStart, SynthesizeStop

SECONDS = 20.0  # after which a test takes an answer for lost


@dataclass
class Voices:
    """A catalogue. seconds: that it takes to look."""

    name: str = "tone"
    look: Callable[[], None] = lambda: None

    def info(self) -> Info:
        self.look()
        by = Attribution(name="tests", url="")
        program = TtsProgram(self.name, by, True, None, None, voices=[], supports_synthesize_streaming=True)
        return Info(tts=[program])


class Client(AsyncTcpClient):
    """The library's, which can also send halves of characters, as other languages' JSON does."""

    async def write_event(self, event: Event) -> None:
        try:
            await super().write_event(event)
        except UnicodeEncodeError:
            assert self._writer is not None
            self._writer.write(json.dumps(event.to_dict()).encode("ascii") + b"\n")
            await self._writer.drain()


@dataclass
class Served:
    server: Server
    house: ToneHouse
    tally: Tally

    @property
    def port(self) -> int:
        return self.server.place.port

    def client(self) -> Client:
        return Client("127.0.0.1", self.port, connect_timeout=SECONDS, read_timeout=SECONDS)

    async def raw(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)


@asynccontextmanager
async def serving(
    house: ToneHouse | None = None, voices: Voices | None = None, reader: Any = None, **settings: Any
) -> AsyncIterator[Served]:
    """reader: makes what cuts a text into styles."""
    house, tally = house or ToneHouse(), Tally()
    told = Settings(**{"uri": "tcp://127.0.0.1:0", "stop_seconds": 0.2, **settings})

    def narrate(wish: Any) -> Narration:
        return Narration(house, lambda style: (wish, style), reader() if reader else None, keep_alive=told.keep_alive)

    server = Server(told, voices or Voices(), tally, narrate)
    await server.start()
    try:
        yield Served(server, house, tally)
    finally:
        await server.stop()


@dataclass
class Answer:
    """What a client got, until the answer or the connection ended."""

    types: list[str] = field(default_factory=list)
    pcm: bytes = b""
    error: Event | None = None
    rates: list[int] = field(default_factory=list)

    @property
    def text(self) -> str:
        return spoken(self.pcm)

    @property
    def outline(self) -> list[str]:
        """The events, those in a row only once."""
        return [kind for kind, before in zip(self.types, ["", *self.types], strict=False) if kind != before]


WHOLE = ["audio-start", "audio-chunk", "audio-stop"]
STREAMED = [*WHOLE, "synthesize-stopped"]


async def answer(client: Client, until: str = "audio-stop") -> Answer:
    """Read to an event of this type, or to the end of the connection, which shows as "closed"."""
    got = Answer()
    while True:
        event = await client.read_event()
        got.types.append("closed" if event is None else event.type)
        if event is None or event.type == until:
            return got
        if event.type == "audio-start":
            got.rates.append(event.data["rate"])
        if event.type == "error":
            got.error = event
        got.pcm += event.payload or b""


async def say_stream(client: Client, *pieces: str, voice: Any = None) -> None:
    await client.write_event(SynthesizeStart(voice=voice).event())
    for piece in pieces:
        await client.write_event(SynthesizeChunk(piece).event())
    await client.write_event(SynthesizeStop().event())
