"""Which model the settings mean, and how it is loaded."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .. import core
from .settings import Settings

if TYPE_CHECKING:
    from ..core.families import Family


class Models:
    """The main model and the embedded one.

    name: of the main one, as people call it. family: of the main one, as far as it is known. downloading: just now.
    closed: nobody needs either.
    """

    def __init__(self, settings: Settings, *, log: logging.Logger) -> None:
        self._settings, self._log = settings, log
        self.closed = self.downloading = False
        folder = self._known_folder()
        self.family = _family(folder, settings.model)
        self.name = settings.model or self.family.name
        self.embedded = folder is not None and folder == _embedded_folder()

    def load(self) -> core.Engine:
        """The main model. Raises CosyVoxError."""
        self._go_on()
        settings, folder = self._settings, self._find()
        self.family = _family(folder, settings.model)
        options = core.EngineOptions(
            slots=settings.slots,
            queue=settings.queue,
            pause_seconds=settings.pause_seconds,
            flow_steps=settings.flow_steps,
            guidance=settings.guidance,
            int8=settings.int8,
        )
        return core.load(folder, device=settings.device, dtype=settings.dtype, options=options, on_progress=self._go_on)

    def load_embedded(self) -> core.Engine:
        """The embedded one, on the CPU, so that it speaks when a device is full. Raises CosyVoxError."""
        self._go_on()
        settings = self._settings
        options = core.EngineOptions(queue=settings.queue, pause_seconds=settings.pause_seconds)
        return core.load(core.EMBEDDED.name, device="cpu", options=options, on_progress=self._go_on)

    def close(self) -> None:
        """Give up what is being downloaded or loaded."""
        self.closed = True

    def _go_on(self, _: object = None) -> None:
        """Raises Cancelled."""
        if self.closed:
            raise core.Cancelled("the server ends")

    def _find(self) -> Path:
        """The main model's folder. Raises ModelNotFound, DownloadError, StorageError, Cancelled."""
        named = self._settings.model
        if named is None:
            return core.default_model()
        try:
            return core.find_model(named)
        except core.ModelNotFound:
            if not self._settings.download:
                raise
        self._log.info("%s is not here: it is downloaded", named)
        self.downloading = True
        try:
            return core.download_model(named, should_stop=lambda: self.closed).path
        finally:
            self.downloading = False

    def _known_folder(self) -> Path | None:
        named = self._settings.model
        try:
            return core.find_model(named) if named else core.default_model()
        except core.ModelNotFound:
            return None  # the attempt to load it says so


def exhausted(error: BaseException) -> bool:
    """Whether a device cannot go on with a model as it is."""
    return isinstance(error, core.OutOfMemory) or (isinstance(error, RuntimeError) and "CUDA" in str(error))


def memory(engine: core.Engine | None) -> int:
    """Bytes that torch holds on the engine's device; 0 for a CPU."""
    torch = sys.modules.get("torch")
    if engine is None or torch is None or engine.device.type != "cuda":
        return 0
    return int(torch.cuda.memory_reserved(engine.device))


def _family(folder: Path | None, named: str | None) -> Family:
    """By its folder, else by its name, else the embedded one, which promises least."""
    found = core.inspect_model(folder) if folder else None
    name = (found.family if found else named or "").casefold()
    for family in core.FAMILIES:
        if name in {known.casefold() for known in (family.name, *family.aliases, *family.repos.values())}:
            return family
    return core.EMBEDDED


def _embedded_folder() -> Path | None:
    try:
        return core.find_model(core.EMBEDDED.name)
    except core.ModelNotFound:
        return None
