"""What a Wyoming server must survive: clients that leave at any moment, and sessions of nonsense."""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass, field

from wyoming_peer import Server, describe, peer, spoken

STORY = "The old man walked along the shore, and counted the boats that came home before the storm. " * 4
MOMENT = 1.5  # seconds, within which a client leaves
WATCHED = 0.6  # seconds behind that
SLICE = 0.01
BUSY = 0.4  # of one core in a slice: more than a loop with nothing to do ever takes
QUIET = 0.1  # seconds without a busy slice: nothing computes
HUNG = 15.0  # seconds
AT_ONCE = 20

GOOD = (
    b'{"type": "synthesize-start", "data": {"voice": {"name": "emma"}}}\n',
    b'{"type": "synthesize-chunk", "data": {"text": "Hello. "}}\n',
    b'{"type": "synthesize", "data": {"text": "Hello."}}\n',
    b'{"type": "synthesize-stop"}\n',
    b'{"type": "describe"}\n',
    b'{"type": "ping", "data": {"text": "x"}}\n',
)
BAD = (
    b"\n",
    b"\x00" * 50,
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"{" * 5000,
    b"[" * 50_000 + b"\n",
    b'{"type": "synthesize", "data_length": 99999999999}\n',
    b'{"type": "synthesize", "data_length": -1}\n',
    b'{"type": "synthesize", "payload_length": 100}\nshort',
    b'{"type": "synthesize", "data": {"text": 7}}\n',
    b'{"type": "synthesize", "data": {"text": "\\ud800\\u0000"}}\n',
    b'{"type": "synthesize", "data": {"text": "Hi.", "voice": {"name": "../../etc/passwd", "language": "tlh"}}}\n',
    b'{"type": "synthesize", "data": {"text": "<speak><a", "text_format": "ssml"}}\n',
    b'{"type": "synthesize-chunk", "data": {}}\n',
    b'{"type": "describe", "data_length": 3}\n{]}',
    json.dumps({"type": "x" * 70_000}).encode() + b"\n",
)


@dataclass
class Leaving:
    """stops: seconds from a client's leaving until nothing is computed any more. memory: MB, before and at every
    tenth of the way."""

    stops: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


@dataclass
class Nonsense:
    """seconds: that each session took. hung: were not ended by the server. The others: before and after."""

    seconds: list[float] = field(default_factory=list)
    hung: int = 0
    memory: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    served: bool = False


async def leaving(running: Server, clients: int, chance: random.Random) -> Leaving:
    """Clients that ask for a long text and leave, one after the other."""
    result = Leaving(memory=[running.resident()])
    await asyncio.to_thread(until_quiet, running)
    for index in range(clients):
        async with peer(running.port) as connection:
            if chance.random() < 0.5:
                await connection.send("synthesize", text=STORY)
            else:
                await connection.send("synthesize-start")
                await connection.send("synthesize-chunk", text=STORY)
            await asyncio.sleep(MOMENT * chance.random())
        result.stops.append(await asyncio.to_thread(until_quiet, running))
        if index % max(clients // 10, 1) == 0:
            result.memory.append(running.resident())
    return result


def until_quiet(running: Server) -> float:
    """Seconds until nothing computes for a while."""
    started = at = time.perf_counter()
    last, computed = 0.0, running.computed()
    while at - started < max(WATCHED, last + QUIET):
        time.sleep(SLICE)
        now, more = time.perf_counter(), running.computed()
        if more - computed > BUSY * (now - at):
            last = now - started
        at, computed = now, more
    return last


async def nonsense(running: Server, sessions: int, chance: random.Random) -> Nonsense:
    """Events good and bad, sent whole, in pieces or cut off; closed, half closed or dropped at any moment."""
    result = Nonsense()

    def note() -> None:
        result.memory.append(running.resident())
        result.files.append(running.files())
        result.threads.append(running.threads())

    note()
    turn = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with turn:
            started = time.perf_counter()
            try:
                await asyncio.wait_for(session(running.port, chance), HUNG)
            except asyncio.TimeoutError:
                result.hung += 1
            except OSError:
                pass  # closed on us: that is its right
            result.seconds.append(time.perf_counter() - started)

    await asyncio.gather(*(one() for _ in range(sessions)))
    _, heard = await spoken(running.port, "Still here.")
    result.served = not heard.error and heard.seconds > 0.3
    await describe(running.port)
    await asyncio.sleep(5)  # threads that keep themselves ready for more give up
    note()
    return result


async def session(port: int, chance: random.Random) -> None:
    """Raises OSError where the server closes first."""
    events = [chance.choice(GOOD if chance.random() < 0.6 else BAD) for _ in range(chance.randint(1, 6))]
    sent = b"".join(events) + (chance.randbytes(500) if chance.random() < 0.1 else b"")
    if chance.random() < 0.3:
        sent = sent[: chance.randint(1, len(sent))]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for start in range(0, len(sent), size := chance.choice((len(sent), 1000, 100))):
            writer.write(sent[start : start + size])
            await writer.drain()
        manner = chance.random()
        if manner < 0.5:
            writer.write_eof()
            while await reader.read(1 << 16):  # until the server has nothing more to say
                pass
        elif manner < 0.8:
            await asyncio.sleep(0.05 * chance.random())
    finally:
        writer.transport.abort()
