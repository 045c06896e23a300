"""The answer to Describe: made in a thread, kept, and given at once whatever the machine is doing."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from wyoming.info import Info

from .protocols import Catalogue
from .wire import encode

_LOG = logging.getLogger(__name__)
_FRESH_SECONDS = 1.0
_WAIT_SECONDS = 0.02  # for a newer answer than there is


class Information:
    """What the catalogue says, as it is sent."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._thread = ThreadPoolExecutor(1, "cosyvox info")
        self._making: asyncio.Future[None] | None = None
        self._answer = b""
        self._made_at = 0.0

    async def answer(self) -> bytes:
        """The event, encoded. The first call waits for it; later ones take what is there, and have it made anew."""
        if self._answer and monotonic() - self._made_at < _FRESH_SECONDS:
            return self._answer
        if self._making is None or self._making.done():
            self._making = asyncio.get_running_loop().run_in_executor(self._thread, self._make)
        await asyncio.wait({self._making}, timeout=_WAIT_SECONDS if self._answer else None)
        return self._answer

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _make(self) -> None:
        try:
            info = self._catalogue.info()
        except Exception as error:
            _LOG.warning("the voices could not be listed: %s", error)
            info = Info()
            if self._answer:
                return
        self._answer = encode(info.event())
        self._made_at = monotonic()
