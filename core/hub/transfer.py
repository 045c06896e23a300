"""One file over HTTP: resumed, bounded, checked, and there under its name only when it is whole."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import StorageError
from .web import BLOCK, HubError, Passing, Patience, check_stop, get, patiently, stream

if TYPE_CHECKING:
    from ..request import ShouldStop


@dataclass(frozen=True)
class RemoteFile:
    """A file as its hub lists it. digest: hexadecimal; algorithm: "sha256", or "git" for git's name of a blob."""

    name: str
    url: str
    size: int
    algorithm: str
    digest: str


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

    def go_on() -> None:
        _append(file, part, patience, on_bytes, should_stop)

    try:
        while True:
            resumed = _size(part) > 0
            patiently(go_on, patience, should_stop, arrived=lambda: _size(part))
            on_bytes(file.size)
            if matches(part, file):
                return _keep(part, target)
            _drop(part)
            if not resumed:
                raise HubError(f"this is not what the list of files says ({file.algorithm} {file.digest})")
    except HubError as error:
        raise HubError(f"{file.name}: {error}") from error


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


def _append(
    file: RemoteFile,
    part: Path,
    patience: Patience,
    on_bytes: Callable[[int], None],
    should_stop: ShouldStop | None,
) -> None:
    """One request for what is still to come; Passing if some of it still is."""
    have = _size(part)
    if have == file.size:
        return
    if have > file.size:
        _drop(part)
        have = 0
    with get(file.url, {"Range": f"bytes={have}-"} if have else {}, patience) as response:
        have = _offset(response, file, have)
        length = response.headers.get("Content-Length")
        if length is not None and length != str(file.size - have):
            raise HubError(
                f"it has {file.size} bytes by the list of files, but {length} are sent after the first {have}"
            )
        with _opened(part, have) as out:
            for block in stream(response, file.size - have, patience):
                check_stop(should_stop)
                _write(out, block)
                have += len(block)
                on_bytes(have)
    if have < file.size:
        raise Passing("the connection was closed too early")


def _offset(response: http.client.HTTPResponse, file: RemoteFile, asked: int) -> int:
    """Where in the file the answer begins. Raises HubError if it is about another file."""
    if response.status != 206:
        return 0  # the server does not resume
    content_range = response.headers.get("Content-Range", "")
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", content_range)
    if not match or int(match[1]) != asked or match[2] not in ("*", str(file.size)):
        raise HubError(f"asked for the bytes from {asked} of {file.size}, got {content_range!r}")
    return asked


def _opened(part: Path, start: int) -> FileIO:
    """The file to write from `start` on; unbuffered, so that what has arrived is there when we are killed."""
    try:
        out = FileIO(part, "r+" if start else "w")
        out.seek(start)
        out.truncate()
    except OSError as error:
        raise _unwritable(part, error) from error
    return out


def _write(out: FileIO, block: bytes) -> None:
    view = memoryview(block)
    try:
        while view:
            view = view[out.write(view) :]
    except OSError as error:
        raise _unwritable(out.name, error) from error


def _keep(part: Path, target: Path) -> None:
    """The whole file under its name, also after a power cut."""
    try:
        with part.open("r+b") as file:
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise _unwritable(target, error) from error


def _drop(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{part} could not be removed: {error.strerror}") from error


def _unwritable(path: object, error: OSError) -> StorageError:
    """The disk's error, which no other hub can mend."""
    return StorageError(
        f"{path} could not be written: {error.strerror}; what has arrived is kept: mend that, "
        "and the same command goes on from there"
    )


def _size(part: Path) -> int:
    try:
        return part.stat().st_size
    except OSError:
        return 0
