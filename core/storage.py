"""Writing so that a file or folder appears whole or not at all, and nothing of the user's is lost."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import StorageError


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to write into that becomes `folder` when all went well, and otherwise disappears.

    Raises StorageError if `folder` holds something already, or if the block could not write.
    """
    folder = folder.resolve()
    draft = folder.with_name(f".{folder.name}-{uuid.uuid4().hex}.partial")
    made = [parent for parent in folder.parents if not parent.exists()]  # the innermost first
    try:
        if folder.exists() and not (folder.is_dir() and next(folder.iterdir(), None) is None):
            raise StorageError(f"{folder} exists already: name another folder, or remove it first")
        draft.mkdir(parents=True)
        yield draft
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)
    except OSError as error:
        raise StorageError(f"{folder} could not be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        if not folder.exists():
            for parent in made:
                with suppress(OSError):
                    parent.rmdir()


def check_room(folder: Path, needed: int) -> None:
    """Raises StorageError if the disk of `folder` has less than `needed` bytes left."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageError(
            f"{needed} bytes are needed and the disk of {folder} has {free} left: make room, or use another disk"
        )
