"""The relay between Home Assistant and servers that answer, stop answering, or were never there."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from wyoming_relay import __main__ as program
from wyoming_relay import request, supervisor
from wyoming_relay.server import Relay
from wyoming_relay.upstream import OptionError, Upstreams, read_address
from wyoming_relay.wire import Event, Line, WireError, connect

Script = Callable[["Fake", Line, Event], Awaitable[None]]
SAID = ["audio-start", "audio-chunk", "audio-stop"]
WORDS = [Event("synthesize-start", {"voice": {"name": "alice"}}), Event("synthesize-chunk", {"text": "Hello "})]
REST = [Event("synthesize", {"text": "Hello you."}), Event("synthesize-stop")]


async def speak(fake: Fake, line: Line, event: Event) -> None:
    """As a server does: streamed or not, one start, one stop."""
    if event.type == "synthesize-stop" or (event.type == "synthesize" and not fake.streaming):
        for kind in SAID:
            await line.write(Event(kind, {"rate": 24000}, b"\1\2" if kind == "audio-chunk" else b""))
        if event.type == "synthesize-stop":
            await line.write(Event("synthesize-stopped"))


class Fake:
    """A Wyoming server. script: what it does at an event of a request; heard: what it was told."""

    def __init__(self, script: Script = speak, *, streaming: bool = True, voice: str = "alice") -> None:
        self.script, self.streaming, self.voice = script, streaming, voice
        self.heard: list[Event] = []
        self.left = asyncio.Event()
        self.server: asyncio.Server | None = None
        self.port = 0

    async def __aenter__(self) -> Fake:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.server:
            self.server.close()
            self.server = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(reader, writer)
        try:
            while event := await line.read():
                if event.type == "describe":
                    voices = [{"name": self.voice, "languages": ["en"], "installed": True}]
                    kind = {"supports_synthesize_streaming": self.streaming}
                    await line.write(Event("info", {"tts": [{"installed": True, "voices": voices, **kind}]}))
                else:
                    self.heard.append(event)
                    await self.script(self, line, event)
        except (OSError, WireError):
            pass
        finally:
            if self.heard:
                self.left.set()
            line.close()


def relayed(test: Callable[[Line, Upstreams], Awaitable[None]], *fakes: Fake | str, look: bool = True) -> None:
    """Runs a test as a client of a relay before these servers."""

    async def run() -> None:
        async with AsyncExitStack() as stack:
            addresses = []
            for fake in fakes:
                if isinstance(fake, Fake):
                    await stack.enter_async_context(fake)
                addresses.append(fake if isinstance(fake, str) else f"127.0.0.1:{fake.port}")
            upstreams = Upstreams(addresses)
            relay = Relay(upstreams, "127.0.0.1", 0)
            await relay.start()
            if look:
                await upstreams.look()
            client = await connect("127.0.0.1", relay.port, 1 << 20)
            try:
                await asyncio.wait_for(test(client, upstreams), 20)
            finally:
                client.close()
                await relay.stop()

    asyncio.run(run())


async def said(client: Line, *events: Event, until: str) -> list[Event]:
    for event in events:
        await client.write(event)
    answers: list[Event] = []
    while not answers or answers[-1].type != until:
        event = await client.read()
        assert event, f"closed after {answers}"
        answers.append(event)
    return answers


def kinds(events: list[Event]) -> list[str]:
    return [event.type for event in events]


NOBODY = "127.0.0.1:1"


def test_what_is_offered_and_pings_are_answered() -> None:
    async def test(client: Line, _: Upstreams) -> None:
        (info,) = await said(client, Event("describe"), until="info")
        assert info.data["tts"][0]["voices"][0]["name"] == "alice"
        (pong,) = await said(client, Event("something new"), Event("ping", {"text": "x"}), until="pong")
        assert pong.data == {"text": "x"}

    relayed(test, Fake())


@pytest.mark.parametrize("streamed", [False, True])
def test_a_request_passes_through_untouched(streamed: bool) -> None:
    fake = Fake(streaming=streamed)
    events = (
        [*WORDS, *REST] if streamed else [Event("synthesize", {"text": "你好", "voice": {"name": "alice@zh|seed=7"}})]
    )

    async def test(client: Line, _: Upstreams) -> None:
        for _ in range(2):  # one behind the other on the same connection
            answers = await said(client, *events, until="synthesize-stopped" if streamed else "audio-stop")
            assert kinds(answers) == [*SAID, *["synthesize-stopped"] * streamed]
            assert answers[1].payload == b"\1\2" and answers[0].data == {"rate": 24000}
        assert fake.heard == events * 2

    relayed(test, fake)


def test_text_is_passed_on_while_it_arrives() -> None:
    async def at_once(fake: Fake, line: Line, event: Event) -> None:
        if event.type == "synthesize-chunk":
            await line.write(Event("audio-chunk", {}, event.data["text"].encode()))
        elif event.type == "synthesize-stop":
            await line.write(Event("synthesize-stopped"))

    async def test(client: Line, _: Upstreams) -> None:
        await client.write(WORDS[0])
        for word in ("one ", "two "):
            (heard,) = await said(client, Event("synthesize-chunk", {"text": word}), until="audio-chunk")
            assert heard.payload == word.encode()
        assert kinds(await said(client, Event("synthesize-stop"), until="synthesize-stopped")) == ["synthesize-stopped"]

    relayed(test, Fake(at_once))


@pytest.mark.parametrize("look", [False, True])
def test_where_the_first_is_gone_the_second_speaks(look: bool) -> None:
    second = Fake(voice="bob")

    async def test(client: Line, _: Upstreams) -> None:
        answers = await said(client, *WORDS, *REST, until="synthesize-stopped")
        assert kinds(answers) == [*SAID, "synthesize-stopped"]
        assert "voice" not in second.heard[0].data or not look  # it knows no alice
        assert kinds(second.heard) == kinds([*WORDS, *REST])

    relayed(test, NOBODY, second, look=look)


def test_the_voices_of_the_first_stay_while_it_is_gone_and_it_is_asked_again_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("wyoming_relay.upstream.FRESH_SECONDS", 0.0)
    caplog.set_level(logging.INFO)
    first, second = Fake(), Fake(voice="bob")

    async def test(client: Line, upstreams: Upstreams) -> None:
        await first.__aexit__()
        for _ in range(2):
            (info,) = await said(client, Event("describe"), until="info")
            assert info.data["tts"][0]["voices"][0]["name"] == "alice"
        await said(client, *WORDS, *REST, until="synthesize-stopped")
        assert second.heard and not first.heard
        await first.__aenter__()
        await upstreams.look()
        await said(client, *WORDS, *REST, until="synthesize-stopped")
        assert kinds(first.heard) == kinds([*WORDS, *REST])

    relayed(test, first, second)
    assert [record.levelname for record in caplog.records if "answer" in record.message] == ["WARNING", "INFO"]


async def close(fake: Fake, line: Line, event: Event) -> None:
    line.close()


async def refuse(fake: Fake, line: Line, event: Event) -> None:
    await line.write(Event("error", {"text": "busy", "code": "busy"}))
    line.close()


async def nonsense(fake: Fake, line: Line, event: Event) -> None:
    line._writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def nothing(fake: Fake, line: Line, event: Event) -> None:
    pass


@pytest.mark.parametrize("script", [close, refuse, nonsense, nothing])
def test_what_was_said_is_said_again_to_the_second(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "FIRST_SECONDS", 0.2)
    second = Fake()

    async def test(client: Line, upstreams: Upstreams) -> None:
        await said(client, *WORDS[:1], *WORDS[1:] * 3, *REST, until="synthesize-stopped")
        assert second.heard == [*WORDS[:1], *WORDS[1:] * 3, *REST]
        assert upstreams.all[0].well is (script is refuse)

    relayed(test, Fake(script), second)


@pytest.mark.parametrize("streamed", [False, True])
def test_one_that_dies_in_the_middle_is_an_error_that_nobody_hangs_at(streamed: bool) -> None:
    async def die(fake: Fake, line: Line, event: Event) -> None:
        await line.write(Event("audio-start", {"rate": 24000}))
        await line.write(Event("audio-chunk", {}, b"\1\2"))
        line.close()

    second = Fake()

    async def test(client: Line, _: Upstreams) -> None:
        last = "synthesize-stopped" if streamed else "audio-stop"
        answers = await said(client, *(WORDS if streamed else REST[:1]), until=last)
        assert kinds(answers) == [
            "audio-start",
            "audio-chunk",
            "error",
            "audio-stop",
            *["synthesize-stopped"] * streamed,
        ]
        assert second.heard == []  # half of it was heard: saying it again would be worse

    relayed(test, Fake(die), second)


def test_where_nobody_speaks_the_client_is_told() -> None:
    async def test(client: Line, _: Upstreams) -> None:
        answers = await said(client, *WORDS, *REST, until="synthesize-stopped")
        assert kinds(answers) == ["error", "audio-stop", "synthesize-stopped"]
        assert answers[0].data["code"] == "upstream" and "127.0.0.1:1" in answers[0].data["text"]

    relayed(test, NOBODY, NOBODY)


def test_a_second_that_takes_no_stream_of_text_is_given_all_of_it() -> None:
    plain = Fake(streaming=False)

    async def test(client: Line, _: Upstreams) -> None:
        answers = await said(client, *WORDS, *REST, until="synthesize-stopped")
        assert kinds(answers) == [*SAID, "synthesize-stopped"]
        assert plain.heard == [REST[0]]

    relayed(test, NOBODY, plain)


def test_a_client_that_leaves_is_not_spoken_to() -> None:
    async def endless(fake: Fake, line: Line, event: Event) -> None:
        if event.type == "synthesize":
            while True:
                await line.write(Event("audio-chunk", {}, bytes(4096)))
                await asyncio.sleep(0.001)

    fake = Fake(endless)

    async def test(client: Line, _: Upstreams) -> None:
        await said(client, REST[0], until="audio-chunk")
        client.close()
        await asyncio.wait_for(fake.left.wait(), 5)

    relayed(test, fake)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\xff\n",
        b"[]\n",
        b"{}\n",
        b'{"type": 1}\n',
        b'{"type": "synthesize", "data": 7}\n',
        b'{"type": "x", "data_length": -1}\n',
        b'{"type": "x", "data_length": 999999999}\n',
        b'{"type": "x", "payload_length": "7"}\n',
        b'{"type": "x", "data_length": 3}\n[1]',
        b"[" * 60_000 + b"\n",
        b"x" * 200_000,
        b'{"type": "synthesize-stop"}\n{"type": "synthesize-chunk"}\nx\n',
    ],
)
def test_nonsense_is_sent_away_and_the_next_is_served(sent: bytes) -> None:
    async def test(client: Line, upstreams: Upstreams) -> None:
        client._writer.write(sent)
        with suppress(OSError):
            assert await client.read() is None
        relay = Relay(upstreams, "127.0.0.1", 0)
        await relay.start()
        again = await connect("127.0.0.1", relay.port, 1 << 20)
        assert kinds(await said(again, *WORDS, *REST, until="synthesize-stopped"))[-1] == "synthesize-stopped"
        again.close()
        await relay.stop()

    relayed(test, Fake())


def test_a_request_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "MOST_BYTES", 10_000)

    async def test(client: Line, _: Upstreams) -> None:
        with pytest.raises(OSError):
            for _ in range(2000):
                await client.write(Event("synthesize-start"))
                await client.write(Event("synthesize-chunk", {"text": "x" * 100}))
                await asyncio.sleep(0)

    relayed(test, Fake(nothing))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("gpu-host:10200", ("gpu-host", 10200)),
        (" tcp://192.168.1.20:10200/ ", ("192.168.1.20", 10200)),
        ("[fd00::7]:10200", ("fd00::7", 10200)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert read_address(text) == address


@pytest.mark.parametrize(
    "text", ["", "gpu-host", "gpu-host:0", "gpu-host:99999", "http://x:1", "a b:1", "fd00::7:10200"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(OptionError):
        read_address(text)


@pytest.mark.parametrize("options", ["{}", '{"server": ""}', '{"server": "nonsense"}', "[]", "{"])
def test_options_that_cannot_be_are_said(options: str, tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "options.json"
    path.write_text(options)
    assert program.main([str(path)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_supervisor_is_told_when_a_server_has_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append((self.headers["Authorization"], body["service"], body["config"]["uri"].rpartition(":")[2]))
            self.send_response(500 if len(seen) == 1 else 200)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    monkeypatch.setenv("SUPERVISOR_TOKEN", "secret")
    web = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    async def test(_: Line, upstreams: Upstreams) -> None:
        address = f"http://127.0.0.1:{web.server_address[1]}"
        assert await supervisor.announce(upstreams, 10200, address=address, wait=0.01)

    try:
        relayed(test, Fake())
    finally:
        web.shutdown()
        thread.join()
        web.server_close()
    assert seen == [("Bearer secret", "wyoming", "10200")] * 2
