"""Being found: addresses that somebody else can use, and a Supervisor that may be there or not."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cosyvox.wyoming_cosyvoice import discovery, health
from cosyvox.wyoming_cosyvoice.discovery import Announcement, addresses_of, hostname, label, reachable, tell_supervisor
from wyoming.event import async_read_event, async_write_event
from wyoming.info import Attribution, Info, TtsProgram, TtsVoice

ATTRIBUTION = Attribution(name="us", url="https://example.com")


def program(installed: bool = True) -> TtsProgram:
    common: dict[str, Any] = {"attribution": ATTRIBUTION, "installed": installed, "description": None, "version": "1"}
    return TtsProgram(name="test", voices=[TtsVoice(name="v", languages=["en"], **common)], **common)


def wyoming(test: Callable[[str], Awaitable[Any]], info: Info | None = None, *, mute: bool = False) -> Any:
    """Runs a test against a server that answers Describe, says nothing (mute), or closes at once (no info)."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while info and not mute and await async_read_event(reader):
                await async_write_event(info.event(), writer)
            if mute:
                await reader.read()
        finally:
            writer.close()

    async def run() -> Any:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        try:
            return await test(f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        finally:
            server.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("address", "usable"),
    [
        *((address, False) for address in ("0.0.0.0", "::", "127.0.0.1", "127.9.9.9", "::1", "224.0.0.251", "", "x")),
        *((address, True) for address in ("192.168.1.7", "10.0.0.2", "fd00::7", "2a01::1", "fe80::1%eth0")),
    ],
)
def test_only_an_address_that_others_reach(address: str, usable: bool) -> None:
    assert reachable(address) is usable


@pytest.mark.parametrize("host", [None, "", "0.0.0.0", "::"])
def test_everywhere_means_the_addresses_of_this_machine(host: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "own_addresses", lambda: ["192.168.1.7"])
    assert addresses_of(host) == ["192.168.1.7"]


def test_what_this_machine_has_is_reachable() -> None:
    assert all(reachable(address) for address in discovery.own_addresses())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "no such host", "x" * 300, "a..b"])
def test_what_nobody_reaches_has_no_address(host: str) -> None:
    assert addresses_of(host) == []


def test_a_given_address_is_taken_as_it_is() -> None:
    assert addresses_of("192.168.1.7") == ["192.168.1.7"]


class Registry:
    """Stands in for mDNS."""

    def __init__(self) -> None:
        self.services: list[Any] = []
        self.closed = 0
        self.broken = False

    async def async_register_service(self, info: Any, allow_name_change: bool) -> None:
        if self.broken:
            raise OSError("no multicast here")
        self.services.append(info)

    async def async_unregister_all_services(self) -> None:
        self.services.clear()

    async def async_close(self) -> None:
        self.closed += 1


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    pytest.importorskip("zeroconf")
    made = Registry()
    monkeypatch.setattr("zeroconf.asyncio.AsyncZeroconf", lambda: made)
    return made


def test_announced_with_a_real_address_and_taken_back(registry: Registry) -> None:
    async def run() -> None:
        announcement = Announcement(port=10200, host="192.168.1.7", name="Küche.1")
        assert await announcement.start() == ["192.168.1.7"]
        (service,) = registry.services
        assert service.name == "Küche 1._wyoming._tcp.local." and service.port == 10200
        assert service.parsed_addresses() == ["192.168.1.7"]
        assert service.server == "k-che-1-10200.local."
        await announcement.stop()
        await announcement.stop()
        assert registry.services == [] and registry.closed == 1

    asyncio.run(run())


@pytest.mark.parametrize("asked_for", [False, True])
def test_a_server_that_nobody_reaches_is_not_announced(
    asked_for: bool, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert asyncio.run(Announcement(port=10200, host="127.0.0.1", asked_for=asked_for).start()) == []
    assert registry.services == []
    (record,) = caplog.records
    assert "--zeroconf-host" in record.message and (record.levelno == logging.WARNING) is asked_for


def test_a_network_without_multicast_stops_nobody(registry: Registry, caplog: pytest.LogCaptureFixture) -> None:
    registry.broken = True
    assert asyncio.run(Announcement(port=10200, host="192.168.1.7").start()) == []
    assert "no multicast here" in caplog.text and registry.closed == 1


@pytest.mark.parametrize("name", ["", ".", "\n", "x" * 200, "声" * 60, "a.b.c", "_", "\ud800"])
def test_any_name_makes_a_label(name: str) -> None:
    assert 0 < len(label(name).encode()) <= 63 and "." not in label(name)
    assert 0 < len(hostname(name)) <= 50 and hostname(name).replace("-", "").isalnum()


class Supervisor(ThreadingHTTPServer):
    """As far as /discovery goes. statuses: what it answers, one after the other, then 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses: list[int] = []
        self.seen: list[tuple[str, str, Any]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Supervisor

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.path, self.headers["Authorization"], body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.end_headers()
        self.wfile.write(b'{"result": "ok", "data": {"uuid": "1"}}')

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # which must not be asked
    server = Supervisor()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


TOKEN = {"SUPERVISOR_TOKEN": "secret"}


def test_the_supervisor_is_told_once_describe_was_answered(supervisor: Supervisor) -> None:
    async def test(uri: str) -> bool:
        return await tell_supervisor(uri, port=10200, environment=TOKEN, supervisor=supervisor.address, waits=())

    assert wyoming(test, Info(tts=[program()])) is True
    config = {"uri": f"tcp://{socket.gethostname()}:10200"}
    assert supervisor.seen == [("/discovery", "Bearer secret", {"service": "wyoming", "config": config})]


def test_the_supervisor_hears_nothing_of_a_server_that_does_not_answer(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(uri: str) -> bool:
        return await tell_supervisor(uri, port=1, environment=TOKEN, supervisor=supervisor.address, waits=(0.0, 0.0))

    assert wyoming(test) is False
    assert supervisor.seen == [] and "by host and port" in caplog.text


@pytest.mark.parametrize(("statuses", "told", "asked"), [([500, 502], True, 3), ([403], False, 1), ([400], False, 1)])
def test_a_supervisor_that_starts_is_asked_again(
    statuses: list[int], told: bool, asked: int, supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    supervisor.statuses = list(statuses)

    async def test(uri: str) -> bool:
        waits = (0.0,) * 5
        return await tell_supervisor(uri, port=1, environment=TOKEN, supervisor=supervisor.address, waits=waits)

    assert wyoming(test, Info(tts=[program()])) is told
    assert len(supervisor.seen) == asked
    assert "secret" not in caplog.text


def test_without_a_supervisor_nothing_happens(caplog: pytest.LogCaptureFixture) -> None:
    assert asyncio.run(tell_supervisor("tcp://127.0.0.1:1", port=1, environment={})) is False
    assert caplog.text == ""


def checked(uri: str) -> Awaitable[int]:
    return asyncio.to_thread(health.main, [uri])


def test_a_server_that_speaks_is_well(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    async def configured(uri: str) -> int:
        monkeypatch.setenv("COSYVOX_URI", uri)
        return await asyncio.to_thread(health.main, [])

    assert wyoming(checked, Info(tts=[program()])) == 0
    assert wyoming(configured, Info(tts=[program()])) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("everywhere", ["tcp://:10200", "tcp://0.0.0.0:10200", "tcp://[::]:10200", "tcp://*:10200"])
def test_a_server_at_every_address_is_asked_here(everywhere: str) -> None:
    assert health.near(everywhere) == "tcp://localhost:10200"
    assert health.near("tcp://[::1]:10200") == "tcp://[::1]:10200"


@pytest.mark.parametrize("info", [None, Info(), Info(tts=[program(installed=False)])])
def test_anything_else_is_not(info: Info | None, capsys: pytest.CaptureFixture[str]) -> None:
    assert wyoming(checked, info) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("uri", ["tcp://127.0.0.1:1", "tcp://127.0.0.1", "unix:///no/such/socket", "http://x", "", "["])
def test_nobody_there_is_not_well(uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert health.main([uri]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_server_that_says_nothing_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def test(uri: str) -> None:
        with pytest.raises(asyncio.TimeoutError):
            await health.describe(uri, 0.05)

    wyoming(test, mute=True)
