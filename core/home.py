"""The one folder that every surface keeps its models and voices in."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .errors import StorageError

VARIABLE = "COSYVOX_HOME"
NAME = "cosyvox"


def home() -> Path:
    """$COSYVOX_HOME, or the platform's folder for a program's data. It need not exist yet.

    Raises StorageError where neither can be told: a container's user may have no folder of its own.
    """
    named = os.environ.get(VARIABLE)
    try:
        return Path(named).expanduser() if named else _data_folder() / NAME
    except RuntimeError as error:
        whose = f"{VARIABLE} is {named}, and that" if named else "this"
        raise StorageError(f"{whose} user has no home folder: name another folder in {VARIABLE}") from error


def expanded(name: str | os.PathLike[str]) -> Path:
    """A path whose `~` stands for the user's folder, or, as in a shell, for itself where there is none."""
    path = Path(name)
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def models_home() -> Path:
    """Where model folders are kept."""
    return home() / "models"


def voices_home() -> Path:
    """Where voices are kept, see `core.voice.store`."""
    return home() / "voices"


def segments_home() -> Path:
    """Where speech that was made is kept for the next time, see `core.segment_cache`."""
    return home() / "cache" / "segments"


def _data_folder() -> Path:
    """%LOCALAPPDATA% on Windows, ~/Library/Application Support on a Mac, elsewhere that of the XDG base directories."""
    if sys.platform == "win32":
        named = os.environ.get("LOCALAPPDATA")
        return Path(named) if named else Path.home() / "AppData" / "Local"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    named = os.environ.get("XDG_DATA_HOME")
    # The specification: a relative path there is to be ignored.
    return Path(named) if named and Path(named).is_absolute() else Path.home() / ".local" / "share"
