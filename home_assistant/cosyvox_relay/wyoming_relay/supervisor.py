"""Tells Home Assistant's Supervisor where the relay is, so that nobody has to type it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import urllib.request

from .upstream import Upstreams

ADDRESS = "http://supervisor/discovery"
SECONDS = 10.0
MOST_TRIES = 10

_LOG = logging.getLogger(__name__)


async def announce(upstreams: Upstreams, port: int, *, address: str = ADDRESS, wait: float = 15.0) -> bool:
    """Once a server behind it has answered; whether the Supervisor took it. Nothing where there is no Supervisor."""
    token = os.environ.get("SUPERVISOR_TOKEN")
    if not token:
        return False
    while await upstreams.info() is None:
        await asyncio.sleep(wait)
    uri = f"tcp://{socket.gethostname()}:{port}"
    for _ in range(MOST_TRIES):
        try:
            await asyncio.to_thread(_post, address, token, {"service": "wyoming", "config": {"uri": uri}})
        except (OSError, ValueError) as error:
            _LOG.warning("the Supervisor was not told: %s", error)
            await asyncio.sleep(wait)
        else:
            _LOG.info("the Supervisor was told of %s", uri)
            return True
    return False


def _post(address: str, token: str, message: object) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(address, json.dumps(message).encode(), headers)
    with urllib.request.urlopen(request, timeout=SECONDS):
        pass
