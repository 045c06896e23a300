"""Where it listens, whom it lets in, and how it ends."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import random
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cosyvox.wyoming_cosyvoice.errors import ServerError
from cosyvox.wyoming_cosyvoice.listen import Place, read_uri
from cosyvox.wyoming_cosyvoice.wire import encode
from talkers import ToneHouse
from wyoming.client import AsyncTcpClient, AsyncUnixClient
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart
from wyoming_server import Served, Voices, answer, say_stream, serving

unix_only = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no unix sockets")


def run(scene: Any, **settings: Any) -> Any:
    """scene: takes what is served."""

    async def play() -> Any:
        async with serving(**settings) as served:
            return await asyncio.wait_for(scene(served), 60)

    return asyncio.run(play())


async def said(client: Any, text: str = "One.") -> str:
    await client.write_event(Synthesize(text).event())
    return (await answer(client)).text


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("tcp://localhost:10200", Place("tcp", "localhost", 10200)),
        ("tcp://:10200", Place("tcp", "", 10200)),
        ("tcp://[::]:1", Place("tcp", "", 1)),
        ("tcp://[::1]:1/", Place("tcp", "::1", 1)),
        ("tcp://0.0.0.0:1", Place("tcp", "0.0.0.0", 1)),
        ("unix:///run/a.sock", Place("unix", path="/run/a.sock")),
        ("stdio://", Place("stdio")),
    ],
)
def test_places(uri: str, place: Place) -> None:
    assert read_uri(uri) == place


@pytest.mark.parametrize("uri", ["", "tcp://localhost", "tcp://a:b", "tcp://a:99999", "http://a:1", "unix://", "10200",
                                 "tcp://[:1", "tcp://a:1/b"])  # fmt: skip
def test_no_places(uri: str) -> None:
    with pytest.raises(ServerError, match="tcp://HOST:PORT"):
        read_uri(uri)


@pytest.mark.parametrize("host", ["", "localhost"])
def test_both_families(host: str) -> None:
    async def scene(served: Served) -> list[str]:
        heard = []
        for address in ("127.0.0.1", "::1"):
            try:
                async with AsyncTcpClient(address, served.port) as client:
                    heard.append(await said(client))
            except OSError as error:  # a machine without IPv6
                assert address == "::1" and error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
        return heard

    assert set(run(scene, uri=f"tcp://{host}:0")) == {"One"}


@unix_only
def test_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "voice.sock"

    async def scene(_: Served) -> str:
        async with AsyncUnixClient(path) as client:
            return await said(client)

    assert run(scene, uri=f"unix://{path}") == "One"
    assert not path.exists()


@unix_only
def test_a_unix_socket_that_a_killed_server_left(tmp_path: Path) -> None:
    path = tmp_path / "voice.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))

    async def scene(_: Served) -> None:
        async with AsyncUnixClient(path) as client:
            await said(client)

    run(scene, uri=f"unix://{path}")


@unix_only
def test_a_path_that_is_somebody_elses(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(ServerError, match="is no socket"):
        run(None, uri=f"unix://{file}")
    assert file.read_text() == "mine"

    path = tmp_path / "voice.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        with pytest.raises(ServerError, match="another server listens"):
            run(None, uri=f"unix://{path}")
    with pytest.raises(ServerError, match="cannot be listened at"):
        run(None, uri=f"unix://{tmp_path}/no/folder")


def test_a_port_in_use() -> None:
    async def scene(served: Served) -> None:
        with pytest.raises(ServerError, match=f"port {served.port} is in use: stop the other server"):
            async with serving(uri=f"tcp://127.0.0.1:{served.port}"):
                pass

    run(scene)


def test_an_address_that_is_not_ours() -> None:
    with pytest.raises(ServerError, match="--uri"):
        run(None, uri="tcp://192.0.2.1:0")
    with pytest.raises(ServerError, match="there is no address"):
        run(None, uri="tcp://no.such.host.invalid:0")


def test_the_same_port_again_at_once() -> None:
    """Also though a connection of the first server was open when it ended."""

    async def first(served: Served) -> tuple[int, Any]:
        client = served.client()
        await client.connect()
        await said(client)
        return served.port, client

    async def scene() -> str:
        async with serving() as served:
            port, client = await first(served)
        async with serving(uri=f"tcp://127.0.0.1:{port}") as served, served.client() as another:
            heard = await said(another)
        await client.disconnect()
        return heard

    assert asyncio.run(scene()) == "One"


def test_one_connection_too_many_is_told_so() -> None:
    async def scene(served: Served) -> None:
        clients = [served.client() for _ in range(3)]
        for client in clients[:2]:
            await client.connect()
            await said(client)
        await clients[2].connect()
        refused = await answer(clients[2], "closed")
        assert (refused.types, refused.error and refused.error.data["code"]) == (["error", "closed"], "busy")
        await clients[0].disconnect()
        while served.tally.open > 1:
            await asyncio.sleep(0.01)
        async with served.client() as client:
            assert await said(client) == "One"
        await clients[1].disconnect()

    run(scene, max_connections=2)


def test_two_hundred_connections_at_once() -> None:
    async def scene(served: Served) -> list[str]:
        async def one(number: int) -> str:
            async with served.client() as client:
                return await said(client, f"{number}.")

        return await asyncio.gather(*map(one, range(200)))

    assert run(scene) == [str(number) for number in range(200)]


def test_what_is_being_said_is_finished() -> None:
    house = ToneHouse()
    house.engine.may_speak.clear()

    async def scene() -> str:
        async with serving(house, stop_seconds=30) as served, served.client() as client:
            await client.write_event(Synthesize("One.").event())
            while not house.engine.streams:
                await asyncio.sleep(0.01)
            stopping = asyncio.create_task(served.server.stop())
            await asyncio.sleep(0.05)
            assert not stopping.done()
            with pytest.raises(OSError):
                await AsyncTcpClient("127.0.0.1", served.port).connect()
            house.engine.may_speak.set()
            heard = await answer(client, "closed")
            await client.disconnect()
            await stopping
            return heard.text

    assert asyncio.run(scene()) == "One"


def test_what_takes_too_long_ends_with_an_error() -> None:
    house = ToneHouse()
    house.engine.may_speak.clear()

    async def scene() -> list[str]:
        async with serving(house, stop_seconds=0.1) as served, served.client() as client:
            await say_stream(client, "One.")
            while not house.engine.streams:
                await asyncio.sleep(0.01)
            stopping = asyncio.create_task(served.server.stop())
            heard = await answer(client, "closed")
            await client.disconnect()
            await stopping
            house.engine.may_speak.set()
            return heard.types

    assert asyncio.run(scene()) == ["error", "audio-stop", "synthesize-stopped", "closed"]


def test_new_requests_are_refused_while_it_stops() -> None:
    house = ToneHouse()
    house.engine.may_speak.clear()

    async def scene() -> list[str]:
        async with serving(house, stop_seconds=30) as served, served.client() as client:
            await client.write_event(SynthesizeStart().event())
            await client.write_event(SynthesizeChunk("One.").event())
            while not house.engine.streams:
                await asyncio.sleep(0.01)
            stopping = asyncio.create_task(served.server.stop())
            await asyncio.sleep(0.05)
            await client.write_event(SynthesizeStart().event())
            heard = await answer(client, "closed")
            assert heard.error and heard.error.data["code"] == "stopping"
            await client.disconnect()
            await stopping
            house.engine.may_speak.set()
            return heard.types

    assert asyncio.run(scene()) == ["error", "audio-stop", "synthesize-stopped", "closed"]


def test_describe_does_not_wait_for_slow_disks() -> None:
    """The list is made anew in the background: first the old one comes, then the new one."""
    voices, slow = Voices("old"), threading.Event()

    async def named(served: Served) -> str:
        async with served.client() as client:
            await client.write_event(Describe().event())
            event = await client.read_event()
            assert event
            return Info.from_event(event).tts[0].name

    async def scene() -> None:
        async with serving(voices=voices) as served:
            voices.look, voices.name = lambda: (slow.wait(), None)[1], "new"
            await asyncio.sleep(1.1)  # until what is known is looked at again
            assert await named(served) == "old"
            slow.set()
            while await named(served) != "new":
                await asyncio.sleep(0.05)

    asyncio.run(scene())


def test_voices_that_cannot_be_listed_are_no_reason_to_be_silent(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> None:
        raise OSError(errno.EACCES, "Permission denied")

    async def scene() -> str:
        async with serving(voices=Voices(look=broken)) as served, served.client() as client:
            await client.write_event(Describe().event())
            info = await client.read_event()
            assert info and info.type == "info"
            return await said(client)

    assert asyncio.run(scene()) == "One"
    assert "the voices could not be listed" in caplog.text


GOOD = [
    encode(Event("synthesize-start", {"voice": {"name": "alice"}})),
    encode(Event("synthesize-chunk", {"text": "Hello. "})),
    encode(Event("synthesize", {"text": "Hello."})),
    encode(Event("synthesize-stop")),
    encode(Event("describe")),
    encode(Event("ping", {"text": "x"})),
]
BAD = [
    b"\n",
    b"\x00" * 50,
    os.urandom(500),
    b"{" * 5000,
    b'{"type": "synthesize", "data_length": 99999999999}\n',
    b'{"type": "synthesize", "payload_length": 100}\nshort',
    b'{"type": "synthesize", "data": {"text": 7}}\n',
    b'{"type": "synthesize", "data": {"text": "\\ud800\\u0000"}}\n',
    b'{"type": "synthesize-chunk", "data": {}}\n',
    json.dumps({"type": "x" * 70_000}).encode() + b"\n",
    b'{"type": "describe", "data_length": 3}\n{]}',
]


def test_a_thousand_sessions_of_nonsense(caplog: pytest.LogCaptureFixture) -> None:
    """Sent whole, cut off, or left at any moment. Afterwards it speaks as before, and nothing is left behind."""
    chance = random.Random(0)

    async def session(served: Served) -> None:
        reader, writer = await served.raw()
        sent = b"".join(chance.choice(GOOD if chance.random() < 0.6 else BAD) for _ in range(chance.randint(1, 6)))
        writer.write(sent[: chance.randint(1, len(sent))] if chance.random() < 0.3 else sent)
        manner = chance.random()
        if manner < 0.4:
            writer.transport.abort()
        elif manner < 0.7:
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 10)
        elif manner < 0.9:
            await asyncio.sleep(chance.random() * 0.02)
        writer.close()

    async def scene(served: Served) -> None:
        for _ in range(50):
            ended = await asyncio.gather(*(session(served) for _ in range(20)), return_exceptions=True)
            hung = [error for error in ended if isinstance(error, asyncio.TimeoutError)]
            assert not hung  # whatever else happens to a session, it may
        async with served.client() as client:
            assert await said(client, "Still here.") == "Stillhere"
        while served.tally.open or served.house.taken or len(served.tally.ends) < served.tally.begun:
            await asyncio.sleep(0.02)

    before = threading.active_count()
    run(scene)
    for _ in range(100):
        if threading.active_count() <= before + 1:  # the pool of a loop that is gone
            break
        time.sleep(0.05)
    assert threading.active_count() <= before + 1
    assert not [record for record in caplog.records if record.exc_info or record.levelname == "ERROR"]


def test_a_megabyte_of_text_is_refused_and_not_half_read() -> None:
    house = ToneHouse()

    async def scene(served: Served, size: int) -> tuple[list[str], str]:
        async with served.client() as client:
            await client.write_event(Synthesize("a" * size).event())
            got = await answer(client, "closed")
            assert got.error
            return got.types, got.error.data["code"]

    failed = ["error", "audio-stop", "closed"]
    assert run(lambda served: scene(served, 1_000_000), house=house) == (failed, "too-long")
    assert run(lambda served: scene(served, 20_000_000), house=house) == (
        ["error", "audio-stop", "closed"],
        "too-large",
    )
    assert not house.engine.fed


def test_a_header_without_end() -> None:
    async def scene(served: Served) -> bytes:
        reader, writer = await served.raw()
        for _ in range(1600):  # 100 MB, if it is let
            writer.write(b"x" * 65536)
            await writer.drain()
        return await reader.read()

    async def told() -> None:
        async with serving() as served:
            with suppress(ConnectionError):  # it may be cut off while it writes
                assert b'"too-large"' in await asyncio.wait_for(scene(served), 30)
            async with served.client() as client:
                assert await said(client) == "One"

    asyncio.run(told())
