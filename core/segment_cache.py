"""Speech that was made before, on disk, so that a changed line of a hundred is the only one that is made again.

One safetensors file per utterance, named by a hash of everything that its sound depends on. The folder is bounded: what
was not asked for longest goes first. It holds nothing that cannot be made again, so a damaged file is as none, and
a folder that cannot be written to costs time but nothing else.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import StorageError
from .home import segments_home
from .request import Segment, Speech
from .storage import replacing

_SUFFIX = ".safetensors"
_KEEP = 0.9  # of the bound, so that not every new file has to look for one to remove


class SegmentCache:
    """Finished utterances by key. Safe from many threads and processes."""

    def __init__(self, folder: str | os.PathLike[str] | None = None, *, max_bytes: int = 1 << 30) -> None:
        """folder: by default that of `core.home`. max_bytes: an hour of speech at 24 kHz is 0.35 GB."""
        self.folder = segments_home() if folder is None else Path(folder)
        self.max_bytes = max_bytes

    @property
    def bytes(self) -> int:
        """Of all that is kept."""
        return sum(size for _, size, _ in self._files())

    def get(self, key: str) -> Speech | None:
        """The utterance of a key, if it is kept."""
        path = self._path(key)
        try:
            speech = _unpacked(path.read_bytes())
            os.utime(path)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return speech

    def put(self, key: str, speech: Speech) -> None:
        """Keep an utterance; where that cannot be done, it is not kept."""
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            with replacing(self._path(key)) as stream:
                stream.write(_packed(speech))
            self._shrink()

    def clear(self) -> int:
        """Forget everything; the bytes that are free now. Raises StorageError."""
        freed = 0
        for path, size, _ in self._files():
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise StorageError(
                    f"{path} could not be removed: {error.strerror}; remove the folder by hand"
                ) from error
            freed += size
        return freed

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{_SUFFIX}"

    def _files(self) -> list[tuple[Path, int, float]]:
        """Each with its size and when it was last asked for."""
        found = []
        with suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.endswith(_SUFFIX):
                    with suppress(OSError):
                        stat = entry.stat()
                        found.append((Path(entry.path), stat.st_size, stat.st_mtime))
        return found

    def _shrink(self) -> None:
        files = self._files()
        total = sum(size for _, size, _ in files)
        if total <= self.max_bytes:
            return
        for path, size, _ in sorted(files, key=lambda file: file[2]):
            if total <= _KEEP * self.max_bytes:
                return
            with suppress(OSError):
                path.unlink()
            total -= size


def _packed(speech: Speech) -> bytes:
    from safetensors.numpy import save

    arrays: dict[str, NDArray] = {"audio": np.ascontiguousarray(speech.audio)}
    for index, segment in enumerate(speech.segments):
        arrays[f"tokens.{index}"] = np.ascontiguousarray(segment.speech_tokens)
    about = {
        "sample_rate": speech.sample_rate,
        "segments": [{"text": one.text, "start": one.start, "stop": one.stop} for one in speech.segments],
        "warnings": list(speech.warnings),
    }
    return save(arrays, {"speech": json.dumps(about, ensure_ascii=False)})


def _unpacked(content: bytes) -> Speech:
    """Raises ValueError, KeyError, TypeError for what `_packed` has not made."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(content)
    except SafetensorError as error:
        raise ValueError(f"damaged: {error}") from error
    length = int.from_bytes(content[:8], "little")
    about = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["speech"])
    segments = [
        Segment(one["text"], arrays[f"tokens.{index}"].astype(np.int32), int(one["start"]), int(one["stop"]))
        for index, one in enumerate(about["segments"])
    ]
    audio = arrays["audio"]
    if audio.ndim != 1 or audio.dtype != np.float32 or not np.isfinite(audio).all():
        raise ValueError("no waveform")
    return Speech(audio, int(about["sample_rate"]), tuple(segments), {}, tuple(map(str, about["warnings"])))
