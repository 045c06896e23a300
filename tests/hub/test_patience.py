"""Servers that drop connections, stall, trickle, are busy or never answer: borne with, within limits."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import pytest
from cosyvox.core import Cancelled, DownloadError
from cosyvox.core.hub import web
from cosyvox.core.hub.download import download_model
from cosyvox.core.hub.web import Patience
from hubs import FILES, HASTY, NAME, Hubs, check_whole, reply


def test_dropped_connections_are_resumed(hubs: Hubs, folder: Path) -> None:
    def drop(handler, file, number):
        if file != "llm.pt" or number >= 4:  # more drops in a row than tries: each brings something
            return False
        start = int((handler.headers.get("Range") or "bytes=0-")[6:-1])
        rest = FILES[file][start:]
        whole = f"bytes {start}-{len(FILES[file]) - 1}/{len(FILES[file])}"
        reply(handler, rest[:100_000], status=206 if start else 200, headers={"Content-Range": whole}, length=len(rest))
        return True

    hubs.answer = drop
    download_model(NAME, hub="modelscope", patience=HASTY)
    check_whole(folder)
    ranges = [requested for _, file, requested in hubs.asked if file == "llm.pt"]
    assert ranges == [None, *(f"bytes={n}00000-" for n in (1, 2, 3, 4))]


def test_a_stalled_connection_is_resumed(hubs: Hubs, folder: Path) -> None:
    def stall(handler, file, number):
        if file != "llm.pt" or number:
            return False
        reply(handler, FILES[file][:5000], length=len(FILES[file]), pause=1.0)
        return True

    hubs.answer = stall
    download_model(NAME, hub="huggingface", patience=HASTY)
    check_whole(folder)
    assert ("huggingface", "llm.pt", "bytes=5000-") in hubs.asked


def test_a_server_that_cannot_resume_starts_over(hubs: Hubs, folder: Path) -> None:
    def no_ranges(handler, file, number):
        if file == "llm.pt":
            content = FILES[file]
            reply(handler, content[: 90_000 if number == 0 else None], length=len(content))
        return file == "llm.pt"

    hubs.answer = no_ranges
    download_model(NAME, hub="huggingface", patience=HASTY)
    check_whole(folder)


def trickle(handler, file, number):
    """A byte now and then: never silent for long, and never done."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(10**6 if file == "list" else len(FILES[file])))
    handler.end_headers()
    with suppress(OSError):  # until we are left
        while True:
            handler.wfile.write(b"b")
            time.sleep(0.02)


@pytest.mark.parametrize("what", ["list", "llm.pt"])
def test_a_server_that_trickles_is_given_up(hubs: Hubs, folder: Path, what: str) -> None:
    hubs.answer = lambda handler, file, number: file == what and trickle(handler, file, number)
    with pytest.raises(DownloadError, match="fewer than 1000 bytes arrive in a second, 3 times in a row"):
        download_model(NAME, hub="huggingface", patience=HASTY)
    assert hubs.count(what) == HASTY.tries


def test_stopping_while_no_hub_answers(hubs: Hubs, folder: Path) -> None:
    asked = threading.Event()

    def silent(handler, file, number):
        asked.set()
        reply(handler, b"", length=1, pause=1.0)
        return True

    hubs.answer = silent
    with pytest.raises(Cancelled):
        download_model(NAME, patience=Patience(stall=30), should_stop=asked.is_set)
    assert not folder.exists()


def test_a_server_that_never_sends_anything_is_given_up(hubs: Hubs, folder: Path) -> None:
    def silent(handler, file, number):
        if file == "llm.pt":
            reply(handler, b"", length=len(FILES[file]))
        return file == "llm.pt"

    hubs.answer = silent
    with pytest.raises(DownloadError, match=r"llm\.pt: the connection was closed too early, 3 times in a row"):
        download_model(NAME, hub="huggingface", patience=HASTY)
    assert hubs.count("llm.pt") == HASTY.tries


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_when_it_says(hubs: Hubs, folder: Path, status: int, monkeypatch) -> None:
    pauses = []
    monkeypatch.setattr(web.time, "sleep", pauses.append)
    now = iter(range(0, 1000, 1))
    monkeypatch.setattr(web.time, "monotonic", lambda: next(now) / 100)

    def busy(handler, file, number):
        if file not in ("list", "llm.pt") or number:
            return False
        reply(handler, b"later", status=status, headers={"Retry-After": "0" if file == "list" else "1"})
        return True

    hubs.answer = busy
    patience = Patience(stall=2, tries=3, first_wait=0.01, longest_wait=1.5)
    download_model(NAME, hub="huggingface", patience=patience)
    check_whole(folder)
    assert hubs.count("llm.pt") == 2
    assert len(pauses) > 50  # a second by the clock that ticks hundredths


def test_a_server_that_asks_for_too_much_patience_is_left(hubs: Hubs, folder: Path) -> None:
    tomorrow = format_datetime(datetime.now(timezone.utc) + timedelta(days=1), usegmt=True)

    def busy(handler, file, number):
        if file == "llm.pt":
            reply(handler, b"", status=429, headers={"Retry-After": tomorrow})
        return file == "llm.pt"

    hubs.answer = busy
    with pytest.raises(DownloadError, match=r"429 Too Many Requests, and asks to wait for 86\d{3} s"):
        download_model(NAME, hub="huggingface", patience=HASTY)
    assert hubs.count("llm.pt") == 1
