"""How Home Assistant finds the server by itself: mDNS on the network, the Supervisor beside an app (add-on).

Nothing in here ever keeps the server from speaking: what fails is said in the log, once.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import os
import socket
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .health import describe

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

SERVICE = "_wyoming._tcp.local."
SUPERVISOR = "http://supervisor"
TOKEN = "SUPERVISOR_TOKEN"
SECONDS = 10.0
MOST_BYTES = 64 << 10  # of the Supervisor's answer
WAITS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 60.0, 60.0, 60.0)  # between attempts
# Never spoken to: a datagram socket that is "connected" there tells which of our addresses it would leave from.
ELSEWHERE = ((socket.AF_INET, "224.0.0.251"), (socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))

_LOG = logging.getLogger(__name__)


def reachable(address: str) -> bool:
    """Whether somebody else could connect to it: Home Assistant ignores 0.0.0.0, and nobody reaches our loopback."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return not (known.is_unspecified or known.is_loopback or known.is_multicast)


def own_addresses() -> list[str]:
    """The addresses that this machine is reached at from its network, the likeliest first; empty without a network."""
    found = []
    for family, target in ELSEWHERE:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((target, 9))
                address = str(probe.getsockname()[0])
            except OSError:
                continue
        if reachable(address) and address not in found:
            found.append(address)
    return found


def addresses_of(host: str | None) -> list[str]:
    """What to announce for a server that listens at `host`: a name, an address, or None or "" for every address.

    Empty where nobody could connect: it listens on loopback, or the name is not known.
    """
    if not host or host in ("0.0.0.0", "::", "*"):
        return own_addresses()
    try:
        known = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    found = dict.fromkeys(str(entry[4][0]) for entry in known)
    return [address for address in found if reachable(address)]


class Announcement:
    """The server's name in the network's mDNS, from `start` to `stop`."""

    def __init__(self, *, port: int, host: str | None, name: str | None = None, asked_for: bool = False) -> None:
        """host: where it listens, or `--zeroconf-host`. asked_for: that nobody can find it is worth a warning."""
        self._port, self._host = port, host
        self._name = name or f"CosyVox on {socket.gethostname().partition('.')[0] or 'this machine'}"
        self._level = logging.WARNING if asked_for else logging.INFO
        self._zeroconf: AsyncZeroconf | None = None
        self._service: AsyncServiceInfo | None = None

    async def start(self) -> list[str]:
        """Announce it; the addresses under which, none if it could not be. Never raises."""
        try:
            return await self._start()
        except ModuleNotFoundError as error:
            _LOG.log(self._level, "not announced: %s is not installed; add the server by host and port", error.name)
        except Exception as error:
            _LOG.warning("not announced by mDNS: %s; add the server by host and port", error or type(error).__name__)
            await self.stop()
        return []

    async def _start(self) -> list[str]:
        from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

        addresses = await asyncio.to_thread(addresses_of, self._host)
        if not addresses:
            _LOG.log(
                self._level,
                "not announced by mDNS: nobody else reaches %s; listen on tcp://:%d or give a --zeroconf-host",
                self._host or "this machine",
                self._port,
            )
            return []
        self._service = AsyncServiceInfo(
            SERVICE,
            f"{label(self._name)}.{SERVICE}",
            port=self._port,
            parsed_addresses=addresses,
            # A name of its own: that of the machine belongs to the machine's mDNS.
            server=f"{hostname(self._name)}-{self._port}.local.",
        )
        self._zeroconf = AsyncZeroconf()
        await self._zeroconf.async_register_service(self._service, allow_name_change=True)
        _LOG.info("announced by mDNS as %s at %s, port %d", self._service.name, ", ".join(addresses), self._port)
        return addresses

    async def stop(self) -> None:
        """Take it back. Never raises, and may be called at any time."""
        zeroconf, self._zeroconf = self._zeroconf, None
        if zeroconf is None:
            return
        try:
            await zeroconf.async_unregister_all_services()
        except Exception as error:
            _LOG.debug("mDNS could not be told that the server ends: %s", error)
        finally:
            await zeroconf.async_close()


def label(name: str) -> str:
    """A name as the first label of a service may be: UTF-8 of at most 63 bytes, without dots or control characters."""
    plain = "".join(char if char.isprintable() and char != "." else " " for char in name).strip() or "CosyVox"
    return plain.encode("utf-8", "ignore")[:63].decode("utf-8", "ignore")


def hostname(name: str) -> str:
    """A name as a host's may be."""
    plain = "".join(char if char.isascii() and char.isalnum() else "-" for char in name.lower())
    return plain.strip("-")[:50].strip("-") or "cosyvox"


async def tell_supervisor(
    uri: str,
    *,
    port: int,
    host: str | None = None,
    environment: Mapping[str, str] | None = None,
    supervisor: str = SUPERVISOR,
    waits: tuple[float, ...] = WAITS,
) -> bool:
    """Tell Home Assistant's Supervisor about the server, once Describe was answered at `uri`; whether it was told.

    Outside of an app (add-on) there is no token in the environment, and nothing to do. Never raises but when cancelled.
    host: by which Home Assistant reaches it, by default this container's own name.
    """
    token = (os.environ if environment is None else environment).get(TOKEN)
    if not token:
        return False
    message = {"service": "wyoming", "config": {"uri": f"tcp://{host or socket.gethostname()}:{port}"}}
    reason = ""
    for wait in (0.0, *waits):
        await asyncio.sleep(wait)
        try:
            await describe(uri)
            await asyncio.to_thread(_post, f"{supervisor}/discovery", token, message)
        except urllib.error.HTTPError as error:
            reason = f"it answered {error.code}"
            if error.code in (400, 401, 403, 404):  # its mind is made up
                break
        except Exception as error:
            reason = str(error) or type(error).__name__
        else:
            _LOG.info("the Supervisor was told of %s", message["config"])
            return True
    _LOG.warning("the Supervisor could not be told: %s; add the Wyoming integration by host and port", reason)
    return False


def _post(address: str, token: str, message: object) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(address, json.dumps(message).encode(), headers, method="POST")
    # Its own opener: what a proxy of the environment serves is not the Supervisor.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=SECONDS) as answer:
        answer.read(MOST_BYTES)
