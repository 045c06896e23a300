"""One file over HTTP: resumed, bounded, checked, and there under its name only when it is whole."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Cancelled, StorageError

if TYPE_CHECKING:
    from ..request import ShouldStop

BLOCK = 1 << 20
LONGEST_LIST = 8 << 20  # bytes
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})


class HubError(Exception):
    """Why a hub could not give what was asked for; another one may."""


@dataclass(frozen=True)
class Patience:
    """How long to bear with a server.

    stall: seconds without a byte. tries: failures in a row that bring not a single byte. first_wait: seconds,
    doubled with every failure. longest_wait: seconds; a server that asks for more is given up.
    """

    stall: float = 20.0
    tries: int = 5
    first_wait: float = 1.0
    longest_wait: float = 60.0


@dataclass(frozen=True)
class RemoteFile:
    """A file as its hub lists it. digest: hexadecimal; algorithm: "sha256", or "git" for git's name of a blob."""

    name: str
    url: str
    size: int
    algorithm: str
    digest: str


class _Passing(Exception):
    """A failure that may be over with the next try; `wait`: seconds that the server asked for."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


def get_json(url: str, patience: Patience) -> Any:
    """The JSON at `url`. A server that is not there is not asked twice. Raises HubError."""

    for failure in range(patience.tries):
        try:
            with _open(url, {"Accept": "application/json"}, patience) as response:
                _refuse_web_page(response, url)
                content = response.read(LONGEST_LIST + 1)
            break
        except _Passing as error:
            if failure == patience.tries - 1:
                raise HubError(str(error)) from error
            _sleep(error, failure, patience, None)
        except (OSError, http.client.HTTPException) as error:
            raise HubError(_reason(error)) from error
    if len(content) > LONGEST_LIST:
        raise HubError(f"{url} answers with more than {LONGEST_LIST} bytes")
    try:
        return json.loads(content)
    except ValueError as error:
        raise HubError(f"{url} does not answer with JSON") from error


def fetch(
    file: RemoteFile,
    target: Path,
    patience: Patience,
    on_bytes: Callable[[int], None],
    should_stop: ShouldStop | None = None,
) -> None:
    """Bring `file` to `target`; what an earlier run left behind is continued.

    on_bytes: told how many bytes of the file are here. Raises HubError, StorageError, Cancelled; what has
    arrived stays beside the target for the next run.
    """
    part = target.with_name(f"{target.name}.{file.digest[:16]}.part")
    while True:
        resumed = _size(part) > 0
        _complete(file, part, patience, on_bytes, should_stop)
        if matches(part, file):
            return _keep(part, target)
        _drop(part)
        if not resumed:
            raise HubError(f"{file.name} is not what the list of files says ({file.algorithm} {file.digest})")


def matches(path: Path, file: RemoteFile) -> bool:
    """Whether a file on disk has the size and the digest that the hub lists. Raises StorageError."""
    try:
        if path.stat().st_size != file.size:
            return False
        git = file.algorithm == "git"
        digest = hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False) if git else hashlib.sha256()
        with path.open("rb") as content:
            while block := content.read(BLOCK):
                digest.update(block)
    except OSError as error:
        raise StorageError(f"{path} could not be read: {error.strerror}") from error
    return digest.hexdigest() == file.digest


def _complete(
    file: RemoteFile,
    part: Path,
    patience: Patience,
    on_bytes: Callable[[int], None],
    should_stop: ShouldStop | None,
) -> None:
    """Append to `part` until it has the size that the hub lists, however often the connection breaks."""
    failures = 0
    while (before := _size(part)) != file.size:
        try:
            _append(file, part, patience, on_bytes, should_stop)
        except (_Passing, OSError, http.client.HTTPException) as error:
            failures = 1 if _size(part) > before else failures + 1
            if failures >= patience.tries:
                raise HubError(f"{file.name}: {_reason(error)}, {failures} times in a row") from error
            _sleep(error, failures - 1, patience, should_stop)
    on_bytes(file.size)


def _append(
    file: RemoteFile,
    part: Path,
    patience: Patience,
    on_bytes: Callable[[int], None],
    should_stop: ShouldStop | None,
) -> None:
    """One request for what is still to come."""
    have = _size(part)
    if have > file.size:
        _drop(part)
        have = 0
    with _open(file.url, {"Range": f"bytes={have}-"} if have else {}, patience) as response:
        _refuse_web_page(response, file.url)
        have = _offset(response, file, have)
        length = response.headers.get("Content-Length")
        if length is not None and length != str(file.size - have):
            raise HubError(
                f"{file.name} has {file.size} bytes by the list of files, but {length} are sent after the first {have}"
            )
        with _Writer(part, have) as writer:
            while block := response.read1(BLOCK):
                _pause(should_stop)
                have += len(block)
                if have > file.size:
                    raise HubError(f"{file.name} does not end after the {file.size} bytes of the list of files")
                writer.write(block)
                on_bytes(have)
    if have < file.size:
        raise _Passing("the connection was closed too early")


class _Writer:
    """A file that grows from `start`; its errors are the disk's, not the network's."""

    def __init__(self, path: Path, start: int) -> None:
        self._path = path
        try:
            self._file = path.open("r+b" if start else "wb", buffering=0)
            self._file.seek(start)
            self._file.truncate()
        except OSError as error:
            raise self._error(error) from error

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def write(self, block: bytes) -> None:
        view = memoryview(block)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            raise self._error(error) from error

    def _error(self, error: OSError) -> StorageError:
        return StorageError(
            f"{self._path} could not be written: {error.strerror}; what has arrived is kept, "
            "and the same command goes on from there"
        )


def _open(url: str, headers: dict[str, str], patience: Patience) -> http.client.HTTPResponse:
    """The answer to a GET. Raises HubError for what will not change, _Passing for what may."""
    request = urllib.request.Request(url, headers={"User-Agent": "cosyvox", "Accept-Encoding": "identity", **headers})
    try:
        return urllib.request.urlopen(request, timeout=patience.stall)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416:  # our part is longer than the server's file
                raise HubError(f"{url} is shorter than the list of files says") from error
            if error.code not in _RETRIED:
                raise HubError(f"{url} answers {error.code} {error.reason}") from error
            wait = _retry_after(error.headers.get("Retry-After"))
            raise _Passing(f"{url} answers {error.code} {error.reason}", wait) from error


def _offset(response: http.client.HTTPResponse, file: RemoteFile, asked: int) -> int:
    """Where in the file the answer begins. Raises HubError if it is about another file."""
    if response.status != 206:
        return 0  # the server does not resume
    content_range = response.headers.get("Content-Range", "")
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", content_range)
    if not match or int(match[1]) != asked or match[2] not in ("*", str(file.size)):
        raise HubError(f"{file.name}: asked for the bytes from {asked} of {file.size}, got {content_range!r}")
    return asked


def _refuse_web_page(response: http.client.HTTPResponse, url: str) -> None:
    if response.headers.get_content_type() == "text/html":
        raise HubError(f"{url} answers with a web page: a proxy or a login page stands in between")


def _retry_after(value: str | None) -> float:
    """Seconds, from a number or a date; 0 if the server says nothing that can be understood."""
    if value is None:
        return 0.0
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(timezone.utc)).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def _sleep(error: Exception, failures: int, patience: Patience, should_stop: ShouldStop | None) -> None:
    asked = error.wait if isinstance(error, _Passing) else 0.0
    if asked > patience.longest_wait:
        raise HubError(f"{error}, and asks to wait for {asked:.0f} s") from error
    until = time.monotonic() + max(asked, min(patience.first_wait * 2**failures, patience.longest_wait))
    while (left := until - time.monotonic()) > 0:
        _pause(should_stop)
        time.sleep(min(left, 0.2))


def _pause(should_stop: ShouldStop | None) -> None:
    if should_stop is not None and should_stop():
        raise Cancelled("stopped on request: what has arrived is kept, the same command goes on from there")


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError):
        return "no answer in time"
    cause = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(getattr(cause, "strerror", None) or cause)


def _keep(part: Path, target: Path) -> None:
    """The whole file under its name, also after a power cut."""
    try:
        with part.open("r+b") as file:
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise StorageError(f"{target} could not be written: {error.strerror}") from error


def _drop(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{part} could not be removed: {error.strerror}") from error


def _size(part: Path) -> int:
    try:
        return part.stat().st_size
    except OSError:
        return 0
