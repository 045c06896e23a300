"""What in a folder is a voice, going by the names alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import VoiceError
from .ids import check_id
from .stored import AUDIO_SUFFIXES


def survey(paths: Sequence[Path]) -> tuple[dict[str, Path], dict[str, str]]:
    """Where each voice lies, by its id, and what looks like one and cannot be: its name, and why."""
    places: dict[str, Path] = {}
    problems: dict[str, str] = {}
    seen: dict[str, str] = {}
    for path in paths:
        if path.name.startswith(".") or not (path.is_dir() or path.suffix.lower() in AUDIO_SUFFIXES):
            continue
        name = path.name if path.is_dir() else path.stem
        try:
            id = check_id(name)
        except VoiceError as error:
            problems[path.name] = str(error)
            continue
        if id.casefold() in seen:
            problems[path.name] = f"{seen[id.casefold()]} has the same name: rename or remove one of them"
            continue
        seen[id.casefold()] = path.name
        places[id] = path
    return places, problems
