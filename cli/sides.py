"""What is written beside the sound: subtitles, a report, a picture, and every speaker alone."""

from __future__ import annotations

import argparse
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from .. import core
from ..core import dub
from .target import Target, check_folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LONGEST_NAME = 60  # characters
_KINDS = {
    "srt": ((".srt", ".vtt"), "subtitles"),
    "report": ((".txt", ".json"), "a table or JSON"),
    "picture": ((".png",), "a picture"),
}


def side_options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    group = parser.add_argument_group("written besides", "None replaces what exists without --force.")
    group.add_argument("--srt", metavar="FILE", help="what is said when: .srt or .vtt")
    group.add_argument("--report", metavar="FILE", help="how each cue was made to fit: .txt or .json")
    group.add_argument("--picture", metavar="FILE", help="the same as a picture: .png")
    group.add_argument("--stems", metavar="DIR", help="every speaker alone, as long as the whole: DIR/NAME.wav")
    return parser


@dataclass(frozen=True)
class Sides:
    """The files that `side_options` mean, by their option; stems by their speaker."""

    files: Mapping[str, Target]
    stems: Mapping[str, Target]

    def write_subtitles(self, cues: Iterable[dub.Cue]) -> None:
        """Raises StorageError."""
        if target := self.files.get("srt"):
            write = dub.write_vtt if target.path.suffix.lower() == ".vtt" else dub.write_srt
            target.write_bytes(write(cues).encode())

    def write_report(self, table: str, as_json: str) -> None:
        """Raises StorageError."""
        if target := self.files.get("report"):
            text = as_json if target.path.suffix.lower() == ".json" else table
            target.write_bytes(f"{text}\n".encode())

    def write_picture(self, draw: Callable[[], NDArray[np.uint8]]) -> None:
        """draw: makes it, [H, W, 3], if it is wanted. Raises StorageError."""
        if target := self.files.get("picture"):
            from PIL import Image

            data = io.BytesIO()
            Image.fromarray(draw()).save(data, "PNG")
            target.write_bytes(data.getvalue())

    def write_stems(self, stems: Mapping[str, NDArray[np.float32]], rate: int) -> None:
        """Raises StorageError."""
        for speaker, target in self.stems.items():
            target.path.parent.mkdir(exist_ok=True)
            target.write(partial(core.write_wav, audio=stems[speaker], rate=rate))

    def paths(self) -> dict[str, str | list[str]]:
        """For the result, by option."""
        stems = {"stems": [str(target.path) for target in self.stems.values()]} if self.stems else {}
        return {option: str(target.path) for option, target in self.files.items()} | stems


def choose_sides(args: argparse.Namespace, speakers: Iterable[str]) -> Sides:
    """The files, checked; speakers: whose stems there will be. Raises StorageError."""
    files = {
        option: Target(Path(name), suffixes, kind, force=args.force)
        for option, (suffixes, kind) in _KINDS.items()
        if (name := getattr(args, option)) is not None
    }
    for target in files.values():
        target.check()
    return Sides(files, {} if args.stems is None else _stems(Path(args.stems), speakers, force=args.force))


def _stems(folder: Path, speakers: Iterable[str], *, force: bool) -> dict[str, Target]:
    """Raises StorageError."""
    if not folder.is_dir():
        if folder.exists():
            raise core.StorageError(f"{folder} is no folder: name another one for --stems")
        if not folder.parent.is_dir():
            raise core.StorageError(f"there is no folder {folder.parent}: make it first")
        check_folder(folder.parent)
    targets: dict[str, Target] = {}
    taken: set[str] = set()
    for speaker in speakers:
        first = _file_name(speaker)
        name = next(
            name for name in chain([first], map(f"{first}-{{}}".format, count(2))) if name.casefold() not in taken
        )
        taken.add(name.casefold())
        targets[speaker] = Target(folder / f"{name}.wav", (".wav",), "a WAV", force=force)
    if folder.is_dir():
        for target in targets.values():
            target.check()
    return targets


def _file_name(speaker: str) -> str:
    """A name that every file system takes."""
    name = re.sub(r"[^\w&'()+,-]+", " ", speaker).strip(" -")[:_LONGEST_NAME].strip()
    return name or "speaker"
