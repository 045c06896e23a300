"""Where the server listens: TCP on both families, a unix socket, or standard input and output."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import stat
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .errors import ServerError

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
_BACKLOG = 256
_LOOPBACK = ("127.0.0.1", "::1")
_NO_SUCH_FAMILY = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


@dataclass(frozen=True)
class Place:
    """A `--uri`, read. host "" is every address, port 0 a free one."""

    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""


def read_uri(uri: str) -> Place:
    """Raises ServerError."""
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme == "stdio":
        return Place("stdio")
    if parts.scheme == "unix" and parts.path:
        return Place("unix", path=parts.netloc + parts.path)
    if parts.scheme == "tcp" and port is not None and not parts.path.strip("/"):
        host = parts.hostname or ""
        return Place("tcp", "" if host in ("::", "*") else host, port)
    raise ServerError(f"{uri} is no place to listen at: give tcp://HOST:PORT, unix:///PATH or stdio://")


async def listen(place: Place, serve: Serve, limit: int) -> list[asyncio.Server]:
    """Accept connections, on every address of a host. limit: of one line, bytes. Raises ServerError."""
    sockets = [_unix_socket(Path(place.path))] if place.scheme == "unix" else _tcp_sockets(place)
    start = asyncio.start_unix_server if place.scheme == "unix" else asyncio.start_server
    return [await start(serve, sock=each, limit=limit, backlog=_BACKLOG) for each in sockets]


async def standard_streams(limit: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Standard input and output; whatever else is printed goes to standard error. Raises ServerError."""
    loop = asyncio.get_running_loop()
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    reader = asyncio.StreamReader(limit)
    sink = asyncio.StreamReaderProtocol(asyncio.StreamReader())
    try:
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        transport, _ = await loop.connect_write_pipe(lambda: sink, out)
    except ValueError as error:
        raise ServerError("standard input and output must be pipes: `cat FILE | cosyvox serve … | cat`") from error
    return reader, asyncio.StreamWriter(transport, sink, None, loop)


def _tcp_sockets(place: Place) -> list[socket.socket]:
    # Not every machine's list of names has ::1, which clients try first all the same.
    hosts = _LOOPBACK if place.host == "localhost" else (place.host or None,)
    try:
        found = [
            entry
            for host in hosts
            for entry in socket.getaddrinfo(host, place.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        ]
    except (OSError, UnicodeError) as error:
        raise ServerError(f"there is no address {place.host}: name another in --uri ({error})") from error
    port = place.port
    sockets: list[socket.socket] = []
    failure: OSError | None = None
    for family, _, _, _, address in dict.fromkeys(found):
        try:
            sockets.append(_tcp_socket(family, (address[0], port, *address[2:])))
            port = sockets[0].getsockname()[1]
        except OSError as error:
            if error.errno not in _NO_SUCH_FAMILY:  # a container without IPv6 names ::1 all the same
                for each in sockets:
                    each.close()
                raise ServerError(_why_not(error, place)) from error
            failure = error
    if failure is not None and not sockets:
        raise ServerError(_why_not(failure, place)) from failure
    return sockets


def _tcp_socket(family: int, address: tuple[object, ...]) -> socket.socket:
    """Bound. A port whose last owner has just gone is taken over, one in use is not."""
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(address)
        made.listen(_BACKLOG)
        made.setblocking(False)
    except BaseException:
        made.close()
        raise
    return made


def _unix_socket(path: Path) -> socket.socket:
    """Bound, in place of one that nobody listens to any more."""
    if not hasattr(socket, "AF_UNIX"):
        raise ServerError("this system has no unix sockets: listen at tcp://localhost:10200")
    with suppress(OSError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            _check_abandoned(path)
            path.unlink()
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.bind(str(path))
        made.setblocking(False)
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            raise ServerError(f"{path} exists and is no socket: name another path in --uri") from error
        raise ServerError(f"{path} cannot be listened at ({error.strerror or error}): name another in --uri") from error
    return made


def _check_abandoned(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            return
    raise ServerError(f"another server listens at {path}: stop it, or name another path in --uri")


def _why_not(error: OSError, place: Place) -> str:
    where = f"{place.host or 'this machine'}, port {place.port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is in use: stop the other server, or name another port in --uri"
    if error.errno == errno.EACCES:
        return f"{where} may not be used by this user: name a port above 1023 in --uri"
    return f"{where} cannot be listened at ({error.strerror or error}): name another address in --uri"
