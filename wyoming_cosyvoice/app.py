"""The server's parts put together, from start to the signal that ends it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict
from typing import Any

from . import logs
from .discovery import Announcement, tell_supervisor
from .house import House
from .http import StatusServer
from .listen import read_uri
from .metrics import Metrics
from .narrator import Narrator
from .server import Server
from .settings import Settings

_LOG = logging.getLogger(__name__)

# Python lets a thread compute for 5 ms before another one's turn. The loop answers between those who make speech.
_SWITCH_SECONDS = 0.001
# What libraries read when torch is imported, for a processor and a memory that are shared. GNU's OpenMP lets threads
# that wait for each other turn round for milliseconds: beside another program that computes, too, the first answer
# took six times as long. oneDNN keeps what it made for the last 1024 shapes, and speech is never as long as it was
# before: with 128 the process is as fast, and 80 MB smaller, 240 MB once the model is unloaded.
_FRUGAL = {"GOMP_SPINCOUNT": "3000", "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "128"}


def serve(settings: Settings) -> None:
    """Serve until SIGTERM, SIGINT or the end of standard input.

    Raises ServerError, ConfigError, StorageError; ModuleNotFoundError where torch is missing.
    """
    read_uri(settings.uri)
    logs.configure(style="json" if settings.log_format == "json" else "text", level=settings.log_level)
    sys.setswitchinterval(_SWITCH_SECONDS)
    _prepare()
    asyncio.run(_serve(settings))


def _prepare() -> None:
    """What lets no other thread run for a while is done before anybody is listened to: imports, and looking through
    all that they made for something to free."""
    for name, value in _FRUGAL.items():
        os.environ.setdefault(name, value)
    importlib.import_module("..core.engine", __package__)
    gc.collect()
    gc.freeze()


async def _serve(settings: Settings) -> None:
    house = await asyncio.to_thread(House, settings, log=_LOG)
    metrics = Metrics(lambda: _measures(house))

    def control_tags() -> tuple[str, ...]:
        return tuple(tag for tag in house.family.control_tokens if not tag.startswith("<|"))

    narrator = Narrator(house, house.catalogue, settings, control_tags)
    server = Server(settings, house.catalogue, metrics, narrator)
    with _signals() as told:
        async with _status(settings, metrics, house):
            await server.start()
            try:
                house.start()
                async with _announced(settings, server):
                    await _first(told.wait(), server.ended.wait())
                    _LOG.info("stopping: what is being said may take %g s more", settings.stop_seconds)
            finally:
                await server.stop()
                await asyncio.to_thread(house.close, 0.0)


def _measures(house: House) -> Mapping[str, tuple[str, float]]:
    state = house.state()
    return {
        "model_ready": ("Whether the model speaks, and not the embedded one.", float(state.ready)),
        "device_memory_bytes": ("Memory that is held on the device.", float(state.memory)),
    }


@asynccontextmanager
async def _status(settings: Settings, metrics: Metrics, house: House) -> AsyncIterator[None]:
    """/healthz and /metrics, if they were asked for. Raises ConfigError."""
    if settings.http_port is None:
        yield
        return

    def health() -> tuple[bool, Mapping[str, Any]]:
        state = house.state()
        return state.answers, asdict(state)

    status = StatusServer(settings.http_host, settings.http_port, metrics=metrics, health=health)
    await status.start()
    _LOG.info("health and metrics at http://%s:%d", settings.http_host, status.port)
    try:
        yield
    finally:
        await status.stop()


@asynccontextmanager
async def _announced(settings: Settings, server: Server) -> AsyncIterator[None]:
    """Found by Home Assistant, where that is possible."""
    place = server.place
    if place.scheme != "tcp":
        yield
        return
    announcement = Announcement(
        port=place.port,
        host=settings.zeroconf_host or place.host,
        name=settings.zeroconf_name,
        asked_for=settings.zeroconf_host is not None,
    )
    near = f"tcp://{place.host or 'localhost'}:{place.port}"
    tasks = [asyncio.create_task(tell_supervisor(near, port=place.port))]
    if settings.zeroconf:
        tasks.append(asyncio.create_task(_announce(announcement)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await announcement.stop()


async def _announce(announcement: Announcement) -> bool:
    return bool(await announcement.start())


async def _first(*waiting: Any) -> None:
    """Return with the first of them."""
    tasks = [asyncio.ensure_future(each) for each in waiting]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


@contextmanager
def _signals() -> Iterator[asyncio.Event]:
    """Set by the first SIGTERM or SIGINT; the second does what it does by default."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    before: dict[signal.Signals, Any] = {}

    def tell(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        loop.call_soon_threadsafe(told.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(ValueError):  # not the main thread: somebody else's signals
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, tell)
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
