"""The status port: two pages, and whatever else is sent to it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import prometheus
import pytest
from cosyvox.core import ConfigError
from cosyvox.wyoming_cosyvoice.http import MOST_BYTES, MOST_CONNECTIONS, StatusServer
from cosyvox.wyoming_cosyvoice.metrics import CONTENT_TYPE, Metrics

Answer = tuple[int, dict[str, str], bytes]


def served(
    test: Callable[[StatusServer], Awaitable[None]],
    *,
    health: Callable[[], tuple[bool, Mapping[str, Any]]] = lambda: (True, {"model": "embedded"}),
    seconds: float = 5.0,
) -> None:
    """Runs a test against a server on a free port."""

    async def run() -> None:
        server = StatusServer("127.0.0.1", 0, metrics=Metrics(), health=health, seconds=seconds)
        await server.start()
        try:
            await asyncio.wait_for(test(server), 30)
        finally:
            await server.stop()

    asyncio.run(run())


async def send(server: StatusServer, request: bytes, *, close: bool = False) -> bytes:
    """Everything that comes back until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request)
    if close:
        writer.write_eof()
    try:
        return await reader.read()
    except ConnectionResetError:  # it was closed before all of the request was read
        return b""
    finally:
        writer.close()


async def ask(server: StatusServer, request: str, headers: str = "Host: x\r\n") -> Answer:
    head, _, body = (await send(server, f"{request}\r\n{headers}\r\n".encode("latin-1"))).partition(b"\r\n\r\n")
    status, *lines = head.decode("ascii").split("\r\n")
    assert status.startswith("HTTP/1.1 ")
    fields = dict(line.split(": ", 1) for line in lines)
    if not request.startswith("HEAD "):
        assert int(fields["Content-Length"]) == len(body)
    return int(status.split(" ")[1]), fields, body


def test_metrics_are_what_prometheus_reads() -> None:
    async def test(server: StatusServer) -> None:
        status, fields, body = await ask(server, "GET /metrics HTTP/1.1")
        assert (status, fields["Content-Type"]) == (200, CONTENT_TYPE)
        assert "cosyvox_first_audio_seconds" in prometheus.parse(body.decode())
        assert (await ask(server, "GET /metrics?name[]=x HTTP/1.0"))[0] == 200

    served(test)


@pytest.mark.parametrize(("well", "status"), [(True, 200), (False, 503)])
def test_health_says_what_there_is(well: bool, status: int) -> None:
    async def test(server: StatusServer) -> None:
        found, fields, body = await ask(server, "GET /healthz HTTP/1.1")
        assert found == status and fields["Content-Type"].startswith("application/json")
        assert json.loads(body) == {"ok": well, "model": "模型"}

    served(test, health=lambda: (well, {"model": "模型"}))


def test_a_head_has_no_body() -> None:
    async def test(server: StatusServer) -> None:
        status, fields, body = await ask(server, "HEAD /healthz HTTP/1.1")
        assert (status, body) == (200, b"") and int(fields["Content-Length"]) > 0

    served(test)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("GET / HTTP/1.1", 404),
        ("GET /metrics/ HTTP/1.1", 404),
        ("GET /metrics/../healthz HTTP/1.1", 404),
        ("GET /../../etc/passwd HTTP/1.1", 404),
        ("GET /%6detrics HTTP/1.1", 404),
        ("POST /metrics HTTP/1.1", 405),
        ("get /metrics HTTP/1.1", 405),
        ("GET http://elsewhere/metrics HTTP/1.1", 400),
        ("CONNECT elsewhere:443 HTTP/1.1", 400),
        ("GET /metrics", 400),
        ("GET  /metrics HTTP/1.1", 400),
        ("GET /metrics HTTP/2", 400),
        ("\x00\xff\xfe", 400),
        ("", 400),
    ],
)
def test_everything_else_is_refused(request_: str, status: int) -> None:
    async def test(server: StatusServer) -> None:
        found, fields, _ = await ask(server, request_)
        assert found == status
        assert ("Allow" in fields) == (status == 405)
        assert (await ask(server, "GET /healthz HTTP/1.1"))[0] == 200

    served(test)


def test_a_request_without_end_is_refused() -> None:
    async def test(server: StatusServer) -> None:
        endless = await send(server, b"GET /metrics HTTP/1.1\r\nX: " + b"a" * MOST_BYTES)
        assert endless.startswith(b"HTTP/1.1 431 ")
        assert (await ask(server, "GET /healthz HTTP/1.1", f"X: {'a' * MOST_BYTES}\r\n"))[0] == 431

    served(test)


def test_a_slow_request_is_given_up() -> None:
    async def test(server: StatusServer) -> None:
        assert (await send(server, b"GET /metrics HTT")).startswith(b"HTTP/1.1 408 ")

    served(test, seconds=0.05)


def test_half_a_request_is_refused() -> None:
    async def test(server: StatusServer) -> None:
        assert (await send(server, b"GET /metrics HTT", close=True)).startswith(b"HTTP/1.1 400 ")

    served(test)


def test_a_crowd_is_refused_and_then_forgotten() -> None:
    async def test(server: StatusServer) -> None:
        idle = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(MOST_CONNECTIONS)]
        await asyncio.sleep(0)
        while (await ask(server, "GET /healthz HTTP/1.1"))[0] != 503:
            await asyncio.sleep(0.01)
        for _, writer in idle:
            writer.close()
        while (await ask(server, "GET /healthz HTTP/1.1"))[0] != 200:
            await asyncio.sleep(0.01)

    served(test)


def test_what_breaks_while_asked_is_an_answer_too(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> tuple[bool, Mapping[str, Any]]:
        raise RuntimeError("the driver is gone")

    async def test(server: StatusServer) -> None:
        status, _, body = await ask(server, "GET /healthz HTTP/1.1")
        assert status == 500 and b"driver" not in body
        assert (await ask(server, "GET /metrics HTTP/1.1"))[0] == 200

    served(test, health=broken)
    assert "the driver is gone" in caplog.text


def test_a_port_in_use_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = StatusServer("127.0.0.1", taken.getsockname()[1], metrics=Metrics(), health=lambda: (True, {}))
        with pytest.raises(ConfigError, match="--http-port"):
            asyncio.run(server.start())


def test_stop_lets_go_of_whoever_is_connected() -> None:
    async def test(server: StatusServer) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /met")
        await writer.drain()
        await asyncio.sleep(0.05)
        await server.stop()
        assert b"HTTP/1.1 200" not in await reader.read()
        writer.close()

    served(test)
