"""Makes a complete model folder in the official format, filled with seeded weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import BinaryIO, cast

import torch
from torch import Tensor

from ..errors import Cancelled
from ..families.cosyvoice2 import COSYVOICE2
from ..families.official_yaml import load
from ..request import OnProgress, Progress, ShouldStop
from ..storage import check_room, new_folder
from ..text.tokenizer import MERGES, VOCABULARY, Tokenizer
from .config import FULL, SMALL, Dimensions, backbone_config, official_yaml
from .graphs import speaker_encoder, speech_tokenizer
from .shapes import official_shapes
from .tokenizer import CONFIGURATION, write_tokenizer
from .weights import fill, filled_bytes

_FAMILY = COSYVOICE2
_HEADROOM = 1_000_000  # bytes: more than the weight files' keys and what is written after the check take
_MEGABYTE = 1_000_000


def make_seeded(
    folder: Path,
    *,
    small: bool = False,
    tokenizer: Path | None = None,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> None:
    """Write a CosyVoice2 model folder whose weights follow from their names: for tests and benchmarks.

    small: the layers of the released model, but fewer and narrower: 0.1 GB instead of 2.6 GB.
    tokenizer: a folder with the published `vocab.json` and `merges.txt`, to be copied; otherwise a small
        tokenizer of our own is written.
    on_progress: told the megabytes of weights that are written. should_stop: asked before each tensor is written.

    Raises StorageError if `folder` holds something already or the disk has no room, Cancelled if `should_stop`
    says so, ModelNotFound or CheckpointError if `tokenizer` cannot be used. Nothing is left behind then.
    """
    with new_folder(folder) as draft:
        _write_configuration(draft, SMALL if small else FULL)
        _write_tokenizer(_FAMILY.path(draft, "tokenizer"), tokenizer)
        _FAMILY.path(draft, "speech_tokenizer").write_bytes(speech_tokenizer())
        _FAMILY.path(draft, "speaker_encoder").write_bytes(speaker_encoder())
        _write_weights(draft, on_progress, should_stop)


def _write_configuration(folder: Path, size: Dimensions) -> None:
    _FAMILY.path(folder, "config").write_text(official_yaml(size), encoding="utf-8")
    backbone = _FAMILY.path(folder, "lm_config")
    backbone.parent.mkdir()
    backbone.write_text(json.dumps(backbone_config(size), indent=2), encoding="utf-8")


def _write_tokenizer(folder: Path, source: Path | None) -> None:
    if source is None:
        write_tokenizer(folder, _FAMILY.control_tokens)
        return
    Tokenizer(source, _FAMILY.control_tokens)  # a folder that cannot be used is not worth copying
    for name in (VOCABULARY, MERGES, CONFIGURATION):
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)


def _write_weights(folder: Path, on_progress: OnProgress | None, should_stop: ShouldStop | None) -> None:
    backbone = json.loads(_FAMILY.path(folder, "lm_config").read_text(encoding="utf-8"))
    config = _FAMILY.parse(load(_FAMILY.path(folder, "config")), backbone)
    shapes = official_shapes(config)
    prefixes = {name: name.removesuffix("pt") for name in shapes}
    needed = sum(filled_bytes(shapes[name], prefixes[name]) for name in shapes)
    check_room(folder.parent, needed + _HEADROOM)
    pace = _Pace(needed, on_progress, should_stop)
    for name in shapes:
        pace.check()
        weights = fill(shapes[name], prefixes[name])
        with (folder / name).open("wb") as file:
            _save(weights, _PacedFile(file, pace))


class _Pace:
    """Tells how far the work is, and ends it when asked to."""

    def __init__(self, total: int, on_progress: OnProgress | None, should_stop: ShouldStop | None) -> None:
        self._total, self._done = total, 0
        self._on_progress, self._should_stop = on_progress, should_stop

    def check(self) -> None:
        if self._should_stop is not None and self._should_stop():
            raise Cancelled("stopped on request: no folder was made")

    def advance(self, written: int) -> None:
        self._done = min(self._done + written, self._total)  # keys and headers are not in the total
        if self._on_progress is not None:
            self._on_progress(Progress("weights", self._done // _MEGABYTE, self._total // _MEGABYTE))


class _PacedFile:
    """A file that is written at a pace, and remembers why that failed."""

    def __init__(self, file: BinaryIO, pace: _Pace) -> None:
        self._file, self._pace = file, pace
        self.failure: BaseException | None = None

    def write(self, content: bytes) -> int:
        try:
            self._pace.check()
            written = self._file.write(content)
            self._pace.advance(written)
        except BaseException as error:
            self.failure = error
            raise
        return written

    def flush(self) -> None:
        self._file.flush()


def _save(weights: dict[str, Tensor], file: _PacedFile) -> None:
    try:
        torch.save(weights, cast(BinaryIO, file))  # torch uses no more than `write` and `flush`
    except RuntimeError as error:
        # It closes its archive also after a failed write, and then complains of the gap instead.
        raise file.failure or error from None
