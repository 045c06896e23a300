"""Speech and what was heard before as one sound track."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..audio.level import gain
from ..audio.resample import resample
from ..errors import RequestError
from .mix import duck, lay, under

MODES = ("none", "duck", "keep")
_LEAST_DB, _MOST_DB = -60.0, 12.0


@dataclass(frozen=True)
class Original:
    """What is heard of a clip's own sound: nothing ("none"), less while somebody speaks ("duck"), or all ("keep").

    level_db: how much louder it is throughout; duck_db: during speech. Raises RequestError for what cannot be.
    """

    mode: str = "none"
    level_db: float = 0.0
    duck_db: float = -12.0

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise RequestError(f"no way {self.mode!r} to keep the original sound: choose one of {', '.join(MODES)}")
        if not _LEAST_DB <= self.level_db <= _MOST_DB or not _LEAST_DB <= self.duck_db <= 0:
            raise RequestError(
                f"the original sound at {self.level_db:g} dB, ducked by {self.duck_db:g} dB: choose {_LEAST_DB:g} to "
                f"{_MOST_DB:g}, and {_LEAST_DB:g} to 0"
            )


@dataclass(frozen=True)
class Track:
    """Parts [S_i] of speech, the first sample of each, and who says it; length in samples."""

    starts: Sequence[int]
    parts: Sequence[NDArray[np.float32]]
    speakers: Sequence[str]
    length: int
    rate: int

    def speech(self) -> NDArray[np.float32]:
        """All of it, [length]."""
        return lay(list(zip(self.starts, self.parts, strict=True)), self.length, self.rate)

    def stems(self) -> Mapping[str, NDArray[np.float32]]:
        """Each speaker alone, [length]."""
        return _Stems(self)


class _Stems(Mapping[str, NDArray[np.float32]]):
    """Each laid when it is asked for: all of a film's speakers at once would fill the memory."""

    def __init__(self, track: Track) -> None:
        self._track = track

    def __getitem__(self, speaker: str) -> NDArray[np.float32]:
        track = self._track
        if speaker not in track.speakers:
            raise KeyError(speaker)
        said = zip(track.starts, track.parts, track.speakers, strict=True)
        return lay([(start, part) for start, part, whose in said if whose == speaker], track.length, track.rate)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(self._track.speakers))

    def __len__(self) -> int:
        return len(set(self._track.speakers))


def with_original(
    track: Track, speech: NDArray[np.float32], source: tuple[NDArray[np.float32], int] | None, original: Original
) -> NDArray[np.float32]:
    """Speech [S] over what is to be heard of the source [C, S] at a rate of its own: [C, S], or [1, S] without."""
    if source is None or original.mode == "none":
        return speech[None]
    background = _fitted(source, track) * np.float32(gain(original.level_db))
    if original.mode == "duck":
        spans = [
            (start / track.rate, (start + len(part)) / track.rate)
            for start, part in zip(track.starts, track.parts, strict=True)
        ]
        background = duck(background, spans, track.rate, depth_db=original.duck_db)
    return under(speech, background, track.rate)


def _fitted(source: tuple[NDArray[np.float32], int], track: Track) -> NDArray[np.float32]:
    """The source at the track's rate and as long as it: what is missing is silence."""
    samples, rate = source
    if rate != track.rate:
        samples = np.stack([resample(np.ascontiguousarray(channel), rate, track.rate) for channel in samples])
    missing = track.length - samples.shape[-1]
    return np.pad(samples, ((0, 0), (0, max(0, missing))))[:, : track.length]
