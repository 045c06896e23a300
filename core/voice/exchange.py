"""Voices that come from elsewhere and go elsewhere: zip files, folders, pairs of recording and words, `spk2info.pt`.

What comes is read with suspicion: nothing in it is executed, no name in it leads out of its place, and no size that
it claims is believed.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path, PurePosixPath

from ..errors import StorageError, VoiceError
from ..request import OnProgress, Progress
from .features import read_features
from .ids import check_id
from .prompt import Prompt
from .spk2info import read_spk2info
from .stored import AUDIO_SUFFIXES, DESCRIPTION, FEATURES, RECORDING, StoredVoice, read_dropped, read_voice, write_voice
from .voice import Voice

MAX_ENTRIES = 1000
MAX_BYTES = 512 << 20  # of everything in a zip file, unpacked
_BLOCK = 1 << 20


def pack(stored: StoredVoice) -> bytes:
    """A zip file that holds one voice, as `<id>/voice.json` and what that needs. Raises VoiceError, AudioError."""
    with tempfile.TemporaryDirectory(prefix="cosyvox-") as name:
        folder = Path(name)
        if stored.recording is None:
            for file in (DESCRIPTION, FEATURES):
                (folder / file).write_bytes((stored.path / file).read_bytes())
        else:
            write_voice(folder, stored.prompt())
        content = BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for file_path in sorted(folder.iterdir()):
                archive.writestr(f"{stored.id}/{file_path.name}", file_path.read_bytes())
    return content.getvalue()


def read_voices(
    path: Path, model: str | os.PathLike[str] | None = None, on_progress: OnProgress | None = None
) -> dict[str, Prompt | Voice]:
    """The voices in a file or folder, by id; see `VoiceStore.import_`. Raises VoiceError, AudioError, StorageError."""
    if path.is_dir():
        return _from_folder(path, on_progress)
    if not path.is_file():
        raise VoiceError(f"there is no file or folder {path}: check the path")
    if path.suffix.lower() in AUDIO_SUFFIXES:
        id = check_id(path.stem)
        return {id: read_dropped(path, id).prompt()}
    if zipfile.is_zipfile(path) and path.suffix.lower() != ".pt":  # torch's own files are zip files, too
        return _from_zip(path, on_progress)
    if path.suffix.lower() == ".pt":
        return dict(read_spk2info(path, model))
    raise VoiceError(
        f"{path} is no voice: give a .zip made by `voices export`, a recording ({', '.join(sorted(AUDIO_SUFFIXES))}), "
        "a folder of them, or a spk2info.pt"
    )


def _from_folder(folder: Path, on_progress: OnProgress | None) -> dict[str, Prompt | Voice]:
    """A voice folder, or a folder of voice folders and recordings."""
    if (folder / DESCRIPTION).is_file():
        return dict([_read_folder(folder)])
    voices: dict[str, Prompt | Voice] = {}
    paths = sorted(folder.iterdir())
    for number, path in enumerate(paths):
        if on_progress is not None:
            on_progress(Progress("voices", number, len(paths)))
        if path.is_dir() and (path / DESCRIPTION).is_file():
            id, voice = _read_folder(path)
        elif path.is_file() and path.suffix.lower() in AUDIO_SUFFIXES and not path.name.startswith("."):
            id = check_id(path.stem)
            voice = read_dropped(path, id).prompt()
        else:
            continue
        if id in voices:
            raise VoiceError(f"{folder} holds two voices {id}: rename or remove one of them")
        voices[id] = voice
    if not voices:
        raise VoiceError(f"{folder} holds no voice: no folder with {DESCRIPTION}, and no recording")
    return voices


def _read_folder(folder: Path) -> tuple[str, Prompt | Voice]:
    id = check_id(folder.resolve().name)
    stored = read_voice(folder, id)
    if stored.recording is not None:
        return id, stored.prompt()
    features = read_features(stored.path / FEATURES)
    return id, replace(
        features, name=id, family=str(stored.family), transcript=stored.transcript, warnings=stored.warnings
    )


def _from_zip(path: Path, on_progress: OnProgress | None) -> dict[str, Prompt | Voice]:
    try:
        with tempfile.TemporaryDirectory(prefix="cosyvox-") as name, zipfile.ZipFile(path) as archive:
            _unpack(archive, Path(name))
            return _from_folder(Path(name), on_progress)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeError) as error:
        raise VoiceError(f"{path} is damaged ({error}): export the voice again") from error
    except OSError as error:
        raise StorageError(f"{path} could not be unpacked: {error.strerror or error}") from error


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    """Write what may belong to voices, `<id>/<file>` or `<file>`, and nothing else. Raises VoiceError."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MAX_ENTRIES:
        raise VoiceError(f"{archive.filename} holds {len(entries)} files, voices have two each: it is something else")
    room = MAX_BYTES
    for entry in entries:
        parts = _safe_parts(entry.filename, str(archive.filename))
        if not _is_voices(parts):
            continue
        target = folder.joinpath(*parts)
        target.parent.mkdir(exist_ok=True)
        with archive.open(entry) as source, target.open("xb") as out:
            while block := source.read(_BLOCK):
                room -= len(block)
                if room < 0:
                    raise VoiceError(
                        f"{archive.filename} unpacks to more than {MAX_BYTES >> 20} MB: no voices are that large"
                    )
                out.write(block)


def _safe_parts(name: str, archive: str) -> tuple[str, ...]:
    parts = PurePosixPath(name).parts
    if not parts or "\\" in name or ":" in name or "\0" in name or name.startswith("/") or ".." in parts:
        raise VoiceError(f"{archive} holds a file {name[:80]!r} that would be written elsewhere: nothing was imported")
    return parts


def _is_voices(parts: tuple[str, ...]) -> bool:
    if len(parts) > 2 or any(part.startswith(".") for part in parts):
        return False
    for part in parts[:-1]:
        check_id(part)
    suffix = PurePosixPath(parts[-1]).suffix.lower()
    if len(parts) == 2:
        return parts[-1] in (DESCRIPTION, RECORDING, FEATURES)
    check_id(PurePosixPath(parts[-1]).stem)
    return suffix in AUDIO_SUFFIXES or suffix == ".txt"
