"""One question to a server that may be slow, busy, lying or not the one that was asked."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from ..errors import Cancelled

if TYPE_CHECKING:
    from ..request import ShouldStop

BLOCK = 1 << 20
LONGEST_LIST = 8 << 20  # bytes
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})

T = TypeVar("T")


class HubError(Exception):
    """Why a hub could not give what was asked for; another one may."""


class Passing(Exception):
    """A failure that may be over with the next try; `wait`: seconds that the server asked for."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


@dataclass(frozen=True)
class Patience:
    """How long to bear with a server.

    stall: seconds without a byte, or with fewer than `slowest` bytes a second. tries: failures in a row that bring
    less than that. first_wait: seconds, doubled with every failure. longest_wait: seconds; a server that asks for
    more is given up.
    """

    stall: float = 20.0
    slowest: float = 1000.0
    tries: int = 5
    first_wait: float = 1.0
    longest_wait: float = 60.0


def get_json(url: str, patience: Patience) -> Any:
    """The JSON at `url`. A server that is not there is not asked twice. Raises HubError."""

    def ask() -> bytes:
        try:
            with get(url, {"Accept": "application/json"}, patience) as response:
                return b"".join(stream(response, LONGEST_LIST, patience))
        except (OSError, http.client.HTTPException) as error:
            raise HubError(_reason(error)) from error

    content = patiently(ask, patience)
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise HubError(f"{url} does not answer with JSON") from error


def get(url: str, headers: Mapping[str, str], patience: Patience) -> http.client.HTTPResponse:
    """The answer to a GET. Raises HubError for what will not change; Passing, OSError, HTTPException for what may."""
    request = urllib.request.Request(url, headers={"User-Agent": "cosyvox", "Accept-Encoding": "identity", **headers})
    try:
        response = _opener().open(request, timeout=patience.stall)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416:  # our part is longer than the server's file
                raise HubError(f"{url} is shorter than the list of files says") from error
            answer = f"{url} answers {error.code} {_plain(error.reason)}"
            if error.code not in _RETRIED:
                raise HubError(answer) from error
            raise Passing(answer, _retry_after(error.headers.get("Retry-After"))) from error
    flaw = _flaw(response)
    if flaw is not None:
        response.close()
        raise HubError(f"{url} answers {flaw}")
    return response


def stream(response: http.client.HTTPResponse, most: int, patience: Patience) -> Iterator[bytes]:
    """What is sent, block by block. Raises HubError for more than `most` bytes, Passing for a trickle."""
    since, lately, left = time.monotonic(), 0, most
    while block := response.read1(BLOCK):
        left -= len(block)
        if left < 0:
            raise HubError(f"{response.url} does not end after {most} bytes")
        yield block
        lately += len(block)
        if (elapsed := time.monotonic() - since) > patience.stall:
            if lately < patience.slowest * elapsed:
                raise Passing(f"fewer than {patience.slowest:.0f} bytes arrive in a second")
            since, lately = time.monotonic(), 0


def patiently(
    attempt: Callable[[], T],
    patience: Patience,
    should_stop: ShouldStop | None = None,
    arrived: Callable[[], int] = lambda: 0,
) -> T:
    """What `attempt` returns, tried again when it fails in a way that may pass.

    arrived: bytes so far; a failure after a good many more than before is the first one again. Raises HubError,
    Cancelled, and whatever else `attempt` does.
    """
    failures = 0
    while True:
        before = arrived()
        try:
            return attempt()
        except (Passing, OSError, http.client.HTTPException) as error:
            failures = 1 if arrived() - before > patience.slowest * patience.stall else failures + 1
            if failures >= patience.tries:
                raise HubError(f"{_reason(error)}, {failures} times in a row") from error
            _sleep(error, failures, patience, should_stop)


def check_stop(should_stop: ShouldStop | None) -> None:
    """Raises Cancelled if the caller asks to stop."""
    if should_stop is not None and should_stop():
        raise Cancelled("stopped on request: what has arrived is kept, the same command goes on from there")


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Other hosts are where hubs keep their files; another protocol, or giving up encryption, is nobody's intention."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme not in {"https", req.type}:
            raise HubError(f"{req.full_url} sends us on to {newurl}: not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """One that knows the proxies of this moment's environment."""
    return urllib.request.build_opener(_SafeRedirects)


def _flaw(response: http.client.HTTPResponse) -> str | None:
    """Why this cannot be what was asked for."""
    if response.headers.get_content_type() == "text/html":
        return "with a web page: a proxy or a login page stands in between"
    encoding = response.headers.get("Content-Encoding", "identity")
    return None if encoding == "identity" else f"in the encoding {encoding!r}, which was not asked for"


def _retry_after(value: str | None) -> float:
    """Seconds, from a number or a date; 0 if the server says nothing that can be understood."""
    if value is None:
        return 0.0
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(timezone.utc)).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def _sleep(error: Exception, failures: int, patience: Patience, should_stop: ShouldStop | None) -> None:
    asked = error.wait if isinstance(error, Passing) else 0.0
    if asked > patience.longest_wait:
        raise HubError(f"{error}, and asks to wait for {asked:.0f} s") from error
    until = time.monotonic() + max(asked, min(patience.first_wait * 2 ** (failures - 1), patience.longest_wait))
    while (left := until - time.monotonic()) > 0:
        check_stop(should_stop)
        time.sleep(min(left, 0.2))


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError):
        return "no answer in time"
    if type(error) is http.client.BadStatusLine:
        return "what answers there does not speak HTTP"
    cause = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error) or type(error).__name__
    return _plain(getattr(cause, "strerror", None) or cause)


def _plain(text: object) -> str:
    """One line without control characters, which a terminal would obey."""
    return " ".join("".join(char if char.isprintable() else " " for char in str(text)).split())
