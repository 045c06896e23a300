"""Writing so that a file or folder appears whole or not at all, and nothing of the user's is lost."""

from __future__ import annotations

import re
import shutil
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .errors import StorageError

_DRAFT = re.compile(r"\.cosyvox-[0-9a-f]{32}\.partial")
_LOCK = ".lock"


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to write into that becomes `folder` when all went well, and otherwise disappears.

    Raises StorageError if `folder` holds something already, or if the block could not write.
    """
    folder = folder.resolve()
    made = [parent for parent in folder.parents if not asked(parent.exists)]  # the innermost first
    try:
        if folder.exists() and not (folder.is_dir() and next(folder.iterdir(), None) is None):
            raise StorageError(f"{folder} exists already: name another folder, or remove it first")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _draft(folder.parent) as draft:
            draft.mkdir()
            yield draft
            if folder.exists():
                folder.rmdir()
            draft.rename(folder)
    except OSError as error:
        raise StorageError(f"{folder} could not be written: {error.strerror or error}") from error
    finally:
        if not asked(folder.exists):
            for parent in made:
                with suppress(OSError):
                    parent.rmdir()


def remove_folder(folder: Path) -> None:
    """Remove a folder and all in it; nobody sees half of it, also if this process is killed. Raises StorageError."""
    try:
        with _draft(folder.parent) as aside:
            folder.rename(aside)
            shutil.rmtree(aside)
    except OSError as error:
        raise StorageError(f"{folder} could not be removed: {error.strerror or error}") from error


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` when the block ends well, and vanishes when it does not. Raises OSError."""
    if path.exists() and not path.is_file():  # a device or a pipe must be written to, not replaced
        with path.open("wb") as stream:
            yield stream
        return
    with _draft(path.parent) as draft:
        with draft.open("xb") as stream:
            yield stream
        draft.replace(path)


def sweep(folder: Path) -> None:
    """Remove what was being written in `folder` by processes that were killed, and nothing else."""
    for lock in folder.glob(f".cosyvox-*{_LOCK}"):
        draft = lock.with_suffix("")
        if not _DRAFT.fullmatch(draft.name):
            continue
        # Asked before the lock is: a writer locks first, so what it makes meanwhile is never taken for a dead one's.
        left = draft.exists()
        with suppress(OSError):
            with lock.open("r+b") as stream:
                dead = try_lock(stream)
                if dead and left:
                    _discard(draft)
            if dead and not draft.exists():
                lock.unlink()


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """A free hidden name in `folder`, for what nobody is to see yet; what bears it when the block ends is removed.

    A lock beside it says that its writer lives: after a kill, whoever writes into the folder next removes both.
    Raises OSError.
    """
    sweep(folder)
    stream = _claim(folder)
    lock = Path(stream.name)
    draft = lock.with_suffix("")
    try:
        yield draft
    finally:
        _discard(draft)
        stream.close()
        if not draft.exists():
            with suppress(OSError):
                lock.unlink()


def _claim(folder: Path) -> BinaryIO:
    """A new lock file, locked. Raises OSError."""
    while True:
        lock = folder / f".cosyvox-{uuid.uuid4().hex}.partial{_LOCK}"
        stream = lock.open("xb")
        deadline = time.monotonic() + 1.0
        while not try_lock(stream) and time.monotonic() < deadline:  # at the end: a file system without locks
            time.sleep(0.01)
        if lock.exists():
            return stream
        stream.close()  # somebody swept it away before it was locked


def _discard(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def write_file(path: Path, content: bytes, *, replace: bool = False) -> None:
    """A file that appears whole or not at all. Raises StorageError, also if it exists and may not be replaced."""
    try:
        if path.exists() and not replace:
            raise StorageError(f"{path} exists already: name another file, or remove it first")
        with replacing(path) as stream:
            stream.write(content)
    except OSError as error:
        raise StorageError(f"{path} could not be written: {error.strerror or error}") from error


@contextmanager
def locked(path: Path, *, patience: float = 30.0) -> Iterator[None]:
    """Alone among all threads and processes that lock the file `path`; a process that dies lets go of it.

    Raises StorageError after `patience` seconds, or where nothing can be written.
    """
    try:
        stream = path.open("ab")
    except OSError as error:
        raise StorageError(f"{path.parent} cannot be written to: {error.strerror or error}") from error
    with stream:
        deadline = time.monotonic() + patience
        while not try_lock(stream):
            if time.monotonic() > deadline:
                raise StorageError(f"{path.parent} is being changed by another program: wait for it, and try again")
            time.sleep(0.02)
        try:
            yield
        finally:
            _unlock(stream)


if sys.platform == "win32":
    import msvcrt

    def try_lock(stream: BinaryIO) -> bool:
        stream.seek(0)
        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(stream: BinaryIO) -> None:
        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def try_lock(stream: BinaryIO) -> bool:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # held by another, or a file system without locks: either way not ours
            return False
        return True

    def _unlock(stream: BinaryIO) -> None:
        fcntl.flock(stream, fcntl.LOCK_UN)


def asked(question: Callable[[], bool]) -> bool:
    """What `path.exists`, `is_dir` or `is_file` answers; no, where nobody may look, or the name is too long for one."""
    try:
        return question()
    except OSError:
        return False


def check_room(folder: Path, needed: int) -> None:
    """Raises StorageError if the disk of `folder` has less than `needed` bytes left."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageError(
            f"{needed} bytes are needed and the disk of {folder} has {free} left: make room, or use another disk"
        )
