"""The servers that speak: where they are, what they offer, and whether they answered lately."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Sequence
from typing import Any

from .wire import Event, Line, WireError, connect

DESCRIBE_SECONDS = 3.0
PROBE_SECONDS = 10.0  # between two looks
FRESH_SECONDS = 2.0  # what is known so long needs no look
MOST_DATA = 8 << 20  # catalogues are long
ADDRESS = re.compile(r"(?:tcp://)?(\[[0-9a-fA-F:.%]+\]|[^\s/:@\[\]]+):([0-9]{1,5})/?")

_LOG = logging.getLogger(__name__)


class OptionError(Exception):
    """An option that cannot be meant."""


def read_address(text: str) -> tuple[str, int]:
    """Host and port of "gpu-host:10200" or "tcp://[fd00::7]:10200". Raises OptionError."""
    match = ADDRESS.fullmatch(text.strip())
    if not match or not 0 < int(match[2]) < 65536:
        raise OptionError(f"{text!r} is no address: write host:port, for instance 192.168.1.20:10200")
    return match[1].strip("[]"), int(match[2])


class Upstream:
    """One server. well: whether it answered when it was last asked. info: what it offered then, kept if it goes."""

    def __init__(self, address: str) -> None:
        self.host, self.port = read_address(address)
        self.well = True  # until it is known: it may be asked
        self.info: dict[str, Any] | None = None
        self._known = 0.0
        self._look = asyncio.Lock()

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    async def open(self) -> Line:
        """Raises OSError."""
        return await connect(self.host, self.port, MOST_DATA)

    async def look(self) -> None:
        """Ask what it offers, if that is not just known."""
        async with self._look:
            if time.monotonic() - self._known < FRESH_SECONDS:
                return
            try:
                self.info = await asyncio.wait_for(self._describe(), DESCRIBE_SECONDS)
            except (OSError, WireError, asyncio.TimeoutError) as error:
                self.failed(str(error) or "no answer in time")
            else:
                if not self.well:
                    _LOG.info("%s answers again", self)
                self.well = True
            self._known = time.monotonic()

    async def _describe(self) -> dict[str, Any]:
        line = await self.open()
        try:
            await line.write(Event("describe"))
            while event := await line.read():
                if event.type == "info":
                    return event.data
            raise WireError("it closed without saying what it offers")
        finally:
            line.close()

    def failed(self, reason: str) -> None:
        """It is asked last until it answers a look again."""
        if self.well:
            _LOG.warning("%s does not answer: %s", self, reason)
        self.well = False

    def streams(self) -> bool:
        """Whether it takes text while it arrives."""
        return any(program.get("supports_synthesize_streaming") for program in self._programs())

    def has_voice(self, name: object) -> bool:
        return any(voice.get("name") == name for program in self._programs() for voice in program.get("voices") or ())

    def _programs(self) -> list[dict[str, Any]]:
        programs = (self.info or {}).get("tts") or ()
        return [program for program in programs if isinstance(program, dict) and program.get("installed")]


class Upstreams:
    """All of them, the preferred one first."""

    def __init__(self, addresses: Sequence[str]) -> None:
        if not addresses:
            raise OptionError("there is no server to relay to: set the option `server`")
        self.all = [Upstream(address) for address in addresses]

    def in_order(self) -> list[Upstream]:
        """Whom to ask, one after the other: those that answered lately, then the others, which may be back."""
        return sorted(self.all, key=lambda upstream: not upstream.well)

    def preferred(self, upstream: Upstream) -> bool:
        return upstream is self.all[0]

    async def info(self) -> dict[str, Any] | None:
        """What is offered: by the preferred one even while it is gone, so that voices in pipelines keep their names.

        Known from the last look: older versions of Home Assistant wait for one second only.
        """
        if not any(upstream.info for upstream in self.all):
            await self.look()
        return next((upstream.info for upstream in self.all if upstream.info), None)

    async def look(self) -> None:
        await asyncio.gather(*(upstream.look() for upstream in self.all))

    async def watch(self) -> None:
        """Look at all of them now and then, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(PROBE_SECONDS)
