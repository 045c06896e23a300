"""The voices on disk that every surface shares.

A voice is a folder `<id>/` with `voice.json` and `prompt.flac`, or `<id>.wav` (flac, ogg, mp3) with its words in
`<id>.txt`, put there by hand. The folder is looked at anew on every call, so what changes in it is seen at once.
Writers take turns; what they write appears whole or not at all, also when they are killed.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace as changed
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ..audio.files import read_audio
from ..embedded import VOICES
from ..errors import CosyVoxError, StorageError, VoiceError
from ..home import voices_home
from ..request import OnProgress, Progress
from ..storage import locked, write_file
from .exchange import pack, read_voices
from .features import fill, recall
from .ids import check_id
from .prompt import Prompt, prepare_prompt
from .stored import (
    DROPPED_CACHE,
    StoredVoice,
    read_dropped,
    read_voice,
)
from .survey import survey
from .voice import Voice

if TYPE_CHECKING:
    from .frontend import FrontEnd

_LOCK = ".lock"
_DRAFT, _REPLACED, _REMOVED = ".partial", ".replaced", ".removed"


class VoiceStore:
    """The voices in a folder, by default that of `core.home`. Safe from many threads and processes.

    To those of the default folder belong the voices that come with CosyVox, unless one there has the same id.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None, *, presets: bool | None = None) -> None:
        """presets: whether the voices that come with CosyVox belong to these; None: only to the default folder's."""
        self.folder = voices_home() if folder is None else Path(folder)
        self._built_in = VOICES if presets or (presets is None and folder is None) else None

    def list(self) -> Sequence[StoredVoice]:
        """All voices that can be read, by id; for the others see `problems`."""
        own = self._scan()[0]
        taken = {voice.id.casefold() for voice in own}
        others = [voice for voice in self.presets() if voice.id.casefold() not in taken]
        return sorted([*own, *others], key=lambda voice: voice.id)

    def presets(self) -> Sequence[StoredVoice]:
        """Those that come with CosyVox, whatever becomes of the folder."""
        return [self._read(path, id) for id, path in self._presets().items()]

    def problems(self) -> dict[str, str]:
        """What in the folder looks like a voice and cannot be one: its name there, and why."""
        return self._scan()[1]

    def find(self, id: str) -> Path:
        """Where a voice lies, be it damaged or not. Raises VoiceError if there is none of that name."""
        id, places = check_id(id), self._presets() | self._places()
        if id not in places:
            known = ", ".join(sorted(places)[:20])
            raise VoiceError(f"there is no voice {id} in {self.folder}: {f'there are {known}' if known else 'add one'}")
        return places[id]

    def get(self, id: str) -> StoredVoice:
        """One voice. Raises VoiceError if there is none of that name, and VoiceError or AudioError if it is damaged."""
        return self._read(self.find(id), check_id(id))

    def add(
        self,
        id: str,
        source: str | os.PathLike[str] | BinaryIO | Prompt | Voice,
        *,
        transcript: str | None = None,
        model: str | os.PathLike[str] | None = None,
        replace: bool = False,
        on_progress: OnProgress | None = None,
    ) -> StoredVoice:
        """Keep a recording (a file, a binary stream, or what was made of one) as a voice.

        model: the folder or name of a model that is to hear it now, so that its first use is as fast as the next;
        `on_progress` is told before and after, for that takes longest.
        Raises VoiceError for an unsafe id, AudioError if the recording cannot be cloned, StorageError if there is a
        voice of that name already and it may not be replaced, and what opening a model raises.
        """
        self._check_free(check_id(id), replace)  # before the work
        listener = None if model is None else _front_end(model)
        if not isinstance(source, Prompt | Voice):
            source = prepare_prompt(*read_audio(source), transcript)
        self.add_all({id: source}, replace=replace)
        stored = self.get(id)
        if listener is not None:
            tell = on_progress or (lambda _: None)
            tell(Progress("listening", 0, 1))
            recall(stored, listener)
            tell(Progress("listening", 1, 1))
        return stored

    def add_all(self, voices: Mapping[str, Prompt | Voice], *, replace: bool = False) -> None:
        """Keep many; if one may not be kept, none is. Raises VoiceError, StorageError."""
        named = {check_id(id): source for id, source in voices.items()}
        with self._writing():
            for id in named:
                self._check_free(id, replace)
            for id, source in named.items():
                self._put(id, source)

    def remove(self, id: str) -> None:
        """Remove a voice with its recording. Raises VoiceError if there is none of that name."""
        with self._writing():
            self._discard(check_id(id), self._own(id))

    def rename(self, old: str, new: str) -> StoredVoice:
        """Give a voice another id. Raises VoiceError, StorageError if that id is taken."""
        old, new = check_id(old), check_id(new)
        with self._writing():
            path = self._own(old)
            if new.casefold() != old.casefold():
                self._check_free(new, replace=False)
            if path.is_dir():
                path.rename(path.with_name(new))
            else:
                self._rename_dropped(path, new)
        return self.get(new)

    def export(self, id: str, path: str | os.PathLike[str], *, replace: bool = False) -> Path:
        """Write a voice as a zip file, into `path` or, if that is a folder, into `<id>.zip` in it: that file.

        Raises VoiceError, AudioError, StorageError.
        """
        stored, target = self.get(id), Path(path)
        if target.is_dir():
            target = target / f"{stored.id}.zip"
        if target.exists() and not replace:
            raise StorageError(f"{target} exists already: name another file, or replace it")
        write_file(target, pack(stored), replace=replace)
        return target

    def import_(
        self,
        path: str | os.PathLike[str],
        *,
        model: str | os.PathLike[str] | None = None,
        replace: bool = False,
        on_progress: OnProgress | None = None,
    ) -> Sequence[StoredVoice]:
        """Keep all voices of a file or folder from elsewhere; if one may not be kept, none is.

        path: a zip file as `export` writes it, a recording with its words in a `.txt` beside it, a folder of such
        recordings or of voice folders, or an official `spk2info.pt`, whose transcripts can be read if it lies in
        its model's folder, or if that is named as `model`. Nothing in it is ever executed.
        Raises VoiceError, AudioError, StorageError.
        """
        found = read_voices(Path(path), model, on_progress)
        self.add_all(found, replace=replace)
        return [self.get(id) for id in found]

    def _presets(self) -> dict[str, Path]:
        """The voices that come with CosyVox."""
        return {} if self._built_in is None else {path.name: path for path in sorted(self._built_in.glob("[!.]*"))}

    def _own(self, id: str) -> Path:
        """Where a voice lies that may be changed. Raises VoiceError."""
        path = self.find(id)
        if path.parent == self._built_in:
            raise VoiceError(f"the voice {id} comes with CosyVox and stays: add one of that name to use yours instead")
        return path

    def _read(self, path: Path, id: str) -> StoredVoice:
        if not path.is_dir():
            return read_dropped(path, id)
        voice = read_voice(path, id)
        if path.parent != self._built_in:
            return voice
        return changed(voice, built_in=True, cache=self.folder / DROPPED_CACHE / id)

    def _rename_dropped(self, path: Path, new: str) -> None:
        words, target = path.with_suffix(".txt"), self.folder / f"{new}{path.suffix}"
        if words.is_file() and not target.with_suffix(".txt").exists():
            shutil.copyfile(words, target.with_suffix(".txt"))  # first: at no time is the recording without its words
            path.rename(target)
            words.unlink()
        else:
            path.rename(target)

    def _put(self, id: str, source: Prompt | Voice) -> None:
        before = self._places().get(id)
        draft = self._hidden(id, _DRAFT)
        try:
            draft.mkdir()
            fill(draft, source)
            if before is not None and before.is_dir():
                before.rename(self._hidden(id, _REPLACED))
            draft.rename(self.folder / id)
            if before is not None and before.is_file():
                self._discard(id, before)
        finally:
            self._recover()

    def _discard(self, id: str, path: Path) -> None:
        aside = self._hidden(id, _REMOVED)
        if path.is_dir():
            path.rename(aside)
        else:
            aside.mkdir()
            for file in (path, path.with_suffix(".txt")):
                if file.is_file():
                    file.rename(aside / file.name)
        shutil.rmtree(self.folder / DROPPED_CACHE / id, ignore_errors=True)
        self._recover()

    def _hidden(self, id: str, suffix: str) -> Path:
        return self.folder / f".{id}-{uuid.uuid4().hex}{suffix}"

    def _recover(self) -> None:
        """Whatever a writer that was killed left behind: what it replaced is put back, the rest is removed."""
        for path in list(self.folder.glob(".*")):
            if path.suffix == _REPLACED:
                voice = self.folder / path.stem[1:].rpartition("-")[0]
                if not voice.exists():
                    path.rename(voice)
            if path.suffix in (_DRAFT, _REPLACED, _REMOVED):
                shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Alone in the folder, with what a killed writer left behind set right. Raises StorageError."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with locked(self.folder / _LOCK):
                self._recover()
                yield
        except OSError as error:
            raise StorageError(f"{self.folder} could not be changed: {error.strerror or error}") from error

    def _names(self) -> Sequence[Path]:
        """What lies in the folder, folders first. Raises StorageError."""
        try:
            paths = sorted(self.folder.iterdir(), key=lambda path: (path.is_file(), path.name))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StorageError(f"{self.folder} cannot be read: {error.strerror or error}") from error
        return paths

    def _places(self) -> dict[str, Path]:
        """Where each voice lies."""
        return self._survey()[0]

    def _survey(self) -> tuple[dict[str, Path], dict[str, str]]:
        paths = self._names()
        if any(path.suffix == _REPLACED for path in paths):  # somebody is replacing a voice, or was killed doing so
            with suppress(StorageError), self._writing():
                paths = self._names()
        return survey(paths)

    def _scan(self) -> tuple[Sequence[StoredVoice], dict[str, str]]:
        places, problems = self._survey()
        voices = []
        for id, path in sorted(places.items()):
            try:
                voices.append(self._read(path, id))
            except CosyVoxError as error:
                problems[path.name] = str(error)
        return voices, problems

    def _check_free(self, id: str, replace: bool) -> None:
        """Raises StorageError if the id is taken, in whatever case: some file systems know no difference."""
        for taken in self._places():
            if taken == id and not replace:
                raise StorageError(f"there is a voice {taken} already: choose another name, or replace it")
            if taken != id and taken.casefold() == id.casefold():
                raise StorageError(f"there is a voice {taken} already, only its case differs: choose another name")


def _front_end(model: str | os.PathLike[str]) -> FrontEnd:
    from ..checkpoint import open_folder  # needs torch, which keeping voices does not
    from ..hub.found import find_model
    from ..pipeline import front_end

    return front_end(open_folder(find_model(model)), "cpu")
