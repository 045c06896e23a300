"""What the server writes about itself, and what it must not write."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime, timezone

import pytest
from cosyvox.wyoming_cosyvoice import logs

OURS = "cosyvox.wyoming_cosyvoice.connection"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What `configure` writes to, and logging afterwards as it was before."""
    root, ours = logging.getLogger(), logging.getLogger("cosyvox")
    before = (list(root.handlers), root.level, ours.level)
    yield io.StringIO()
    root.handlers[:], root.level, ours.level = before
    logging.getLogger().manager._clear_cache()  # type: ignore[attr-defined]


def test_lines_for_people(written: io.StringIO) -> None:
    logs.configure(style="text", level="info", stream=written)
    logging.getLogger(OURS).info("ready at %s", "tcp://:10200")
    with logs.request() as name:
        logging.getLogger(OURS).warning("no voice is called %s", "x")
    first, second = written.getvalue().splitlines()
    assert first.split(" ", 2)[2] == "info ready at tcp://:10200"
    assert second.split(" ", 2)[2] == f"warning {name} no voice is called x"


def test_lines_for_machines(written: io.StringIO) -> None:
    logs.configure(style="json", level="info", stream=written)
    with logs.request() as name:
        logging.getLogger(OURS).info("said “%s”", "a\nb\ud800")
    logging.getLogger(OURS).info("idle")
    first, second = (json.loads(line) for line in written.getvalue().splitlines())
    assert abs((datetime.now(timezone.utc) - datetime.fromisoformat(first.pop("time"))).total_seconds()) < 3600
    assert first == {"level": "info", "logger": OURS, "message": "said “a\nb\ud800”", "request": name}
    assert "request" not in second


@pytest.mark.parametrize("style", ["text", "json"])
def test_an_error_is_told_with_where(style: str, written: io.StringIO) -> None:
    logs.configure(style=style, level="info", stream=written)  # type: ignore[arg-type]
    try:
        raise RuntimeError("no more")
    except RuntimeError:
        logging.getLogger(OURS).exception("a request failed")
    line = written.getvalue()
    shown = json.loads(line)["error"] if style == "json" else line
    assert "RuntimeError: no more" in shown and "test_an_error_is_told_with_where" in shown


def test_a_name_cannot_write_a_line_of_its_own(written: io.StringIO) -> None:
    logs.configure(style="text", level="info", stream=written)
    logging.getLogger(OURS).info("no voice is called %s", "x\n2026-01-01 00:00:00 info all is well\r\x1b[2J\u2028")
    assert len(written.getvalue().splitlines()) == 1 and "\x1b" not in written.getvalue()
    assert r"x\n2026" in written.getvalue()


def test_every_request_has_its_own_id_wherever_it_goes() -> None:
    async def one() -> tuple[str, str, str]:
        with logs.request() as name:
            await asyncio.sleep(0)
            return name, logs.request_id(), await asyncio.to_thread(logs.request_id)

    async def many() -> list[tuple[str, str, str]]:
        return await asyncio.gather(*(one() for _ in range(20)))

    found = asyncio.run(many())
    assert all(len(set(names)) == 1 for names in found)
    assert len({names[0] for names in found}) == 20
    assert logs.request_id() == ""


def test_libraries_are_quiet_and_their_debug_is_never_told(written: io.StringIO) -> None:
    logs.configure(style="text", level="debug", stream=written)
    for name in ("wyoming.server", "asyncio", "zeroconf"):
        logging.getLogger(name).debug("Event(type='synthesize', data={'text': 'a secret'})")
        logging.getLogger(name).info("a secret")
        logging.getLogger(name).warning("something is wrong with %s", name)
    logging.getLogger(OURS).debug("ours")
    assert "secret" not in written.getvalue() and "ours" in written.getvalue()
    assert written.getvalue().count("something is wrong") == 3


@pytest.mark.parametrize(("text", "told"), [("", "0 characters"), ("a", "1 character"), ("a secret", "8 characters")])
def test_a_text_is_told_by_its_length(text: str, told: str) -> None:
    assert logs.hidden(text) == told
