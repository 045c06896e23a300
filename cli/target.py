"""A file that the caller named: one that exists is only replaced on demand, and it appears whole or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from .. import core


class Target:
    """Where something is to be written. suffixes: what its name may end in; kind: what that holds."""

    def __init__(self, path: Path, suffixes: tuple[str, ...], kind: str, *, force: bool) -> None:
        self.path = path
        self._suffixes, self._kind, self._force = suffixes, kind, force

    @property
    def is_device(self) -> bool:
        """A device or a pipe, such as `>(aplay)`: nothing in it can be lost."""
        return self.path.exists() and not self.path.is_file()

    def check(self) -> None:
        """Complain before the work what could not be written after it. Raises StorageError."""
        if self.path.is_dir():
            raise core.StorageError(f"{self.path} is a folder: name a file in it")
        if self.is_device:
            return
        if self.path.suffix.lower() not in self._suffixes:
            endings = " or ".join(self._suffixes)
            raise core.StorageError(f"{self.path} would hold {self._kind}: give it a name that ends in {endings}")
        if not self.path.parent.is_dir():
            raise core.StorageError(f"there is no folder {self.path.parent}: make it first")
        if self.path.exists() and not self._force:
            raise self._exists()
        check_folder(self.path.parent)

    def write(self, write: Callable[[Path], None]) -> Path:
        """Let `write` make the file. Raises StorageError."""
        if self._force or self.is_device:
            write(self.path)
        elif not write_new(self.path, write):
            raise self._exists()
        return self.path

    def write_bytes(self, data: bytes) -> Path:
        """Raises StorageError."""
        return self.write(lambda path: core.write_file(path, data, replace=True))

    def _exists(self) -> core.StorageError:
        return core.StorageError(f"{self.path} exists already: name another file, or replace it with --force")


def check_folder(folder: Path) -> None:
    """Raises StorageError where no file can be made; one that nobody sees is."""
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        place = folder.resolve()
        raise core.StorageError(f"{place} cannot be written to ({error.strerror}): choose another -o FILE") from error


def write_new(path: Path, write: Callable[[Path], None]) -> bool:
    """Let `write` make `path` unless it exists, also if somebody else makes it at this very moment.

    Raises StorageError.
    """
    try:
        path.open("xb").close()
    except FileExistsError:
        return False
    except OSError as error:
        raise core.StorageError(f"{path} could not be written: {error.strerror}") from error
    try:
        write(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return True
