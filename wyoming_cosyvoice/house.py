"""The house keeps speaking: which model speaks, and what is said while none can.

The main model is loaded in the background; until it is there, and whenever it fails, the embedded one answers.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import core
from .audition import Audition
from .catalogue import Catalogue
from .chair import Chair, Seat
from .hearing import Hearing
from .loudness import Loudness
from .models import Models, exhausted, memory
from .order import CANTONESE, Order
from .resident import END_SECONDS, Resident
from .settings import Settings

if TYPE_CHECKING:
    from ..core.families import Family

SPARE_SECONDS = 60.0  # that a request waits for a model that nothing can stand in for
_GAINS = (-60.0, 40.0)


@dataclass(frozen=True)
class HouseState:
    """model: its name. ready: it speaks. answers: something speaks, if only the embedded model. error: why the model
    is not ready; None also while it is loaded for the first time. memory: bytes on a CUDA device, else 0."""

    model: str
    ready: bool
    answers: bool
    loading: bool
    error: str | None
    device: str
    memory: int


class House:
    """Safe from many threads; `open` blocks, everything else returns at once."""

    def __init__(self, settings: Settings, *, log: logging.Logger, catalogue: Catalogue | None = None) -> None:
        """Raises StorageError where this user has no folder for voices."""
        self._settings, self._log = settings, log
        self._models = Models(settings, log=log)
        self.catalogue = catalogue or Catalogue(settings, lambda: self._models.family, log=log)
        self._loudness = Loudness()
        self._hearing = Hearing(self.catalogue)
        self._audition = Audition(self._hearing, self._loudness, lambda: self._models.closed)
        self._hearers: list[threading.Thread] = []
        self._lexicon = self._read_lexicon()
        small = self._models.embedded
        stands_in = settings.fallback and not small
        self._main: Resident[core.Engine] = Resident(
            f"the model {self._models.name}",
            self._load_main,
            retry_seconds=settings.retry_seconds,
            idle_seconds=60 * settings.idle_unload,
            meanwhile="; the embedded voice answers meanwhile, in English only" if stands_in else "",
            log=log,
        )
        self._spare: Resident[core.Engine] | None = None
        if stands_in:
            self._spare = Resident(
                "the embedded model", self._load_spare, retry_seconds=settings.retry_seconds, log=log
            )
        self._patience = SPARE_SECONDS if small else settings.wait_for_model

    def start(self) -> None:
        """Begin to load; returns at once."""
        for resident in (self._spare, self._main):
            if resident is not None:
                resident.want()

    @property
    def family(self) -> Family:
        """Of the model that is to speak."""
        return self._models.family

    def open(self, order: Order) -> Chair:
        """Who speaks this order, until it is released. Waits as long as the settings say, if nobody is there.

        Raises CosyVoxError.
        """
        seat = self.seat(order, self._main, self._patience) or self.seat(order, self._spare, SPARE_SECONDS)
        if seat is None:
            raise self._absent()
        return Chair(self, order, seat)

    def seat(self, order: Order, resident: Resident[core.Engine] | None, wait: float) -> Seat | None:
        """A place at one model; None if it is not there. Raises CosyVoxError."""
        engine = resident.take(wait) if resident else None
        if engine is None or resident is None:
            return None
        try:
            voice, key = self._hearing.voice(engine, order.voice)
            gain = self._loudness.gain_db(key) if self._settings.equal_loudness else 0.0
            return Seat(resident, engine, voice, self._fields(order, engine.family, gain), key)
        except BaseException:
            resident.give()
            raise

    def other(self, seat: Seat, error: BaseException, order: Order) -> Seat | None:
        """Who else may speak this from its beginning, after an error at this seat. Raises CosyVoxError."""
        if seat.resident is self._main:
            if not exhausted(error):
                return None
            return self.seat(order, self._spare, SPARE_SECONDS)
        return self.seat(order, self._main, 0.0) if self.beyond(seat, error) else None

    def beyond(self, seat: Seat, error: BaseException) -> bool:
        """Whether it is the text that is too much for the model at this seat."""
        return isinstance(error, core.RequestError) and seat.engine.family.languages is not None

    def fault(self, seat: Seat, error: BaseException) -> None:
        """Tell what went wrong at a seat: out of memory, the model leaves if another one can speak meanwhile."""
        if exhausted(error) and seat.resident is self._main and self._spare is not None:
            self._main.fault(error)

    def hear(self, seat: Seat, audio: Any, rate: int) -> None:
        """What was said there, without a style, so that the next time it is as loud as other voices."""
        if "instruction" not in seat.fields and not self._loudness.known(seat.key):
            self._loudness.hear(seat.key, audio, rate, seat.fields["gain_db"])

    def excuse(self) -> str:
        """One short English sentence that names the reason why only English is spoken."""
        if self._spare is None:
            return "I can only speak English. Other languages need a larger voice model."
        if self._models.downloading:
            reason = "The voice model is still being downloaded."
        elif self._main.ready:
            return "The voice model has just been loaded. Please ask again."
        elif isinstance(self._main.error, core.OutOfMemory):
            reason = "The voice model ran out of memory."
        elif self._main.error is not None:
            reason = "The voice model could not be loaded."
        else:
            reason = "The voice model is still loading."
        return f"{reason} I can only speak English right now."

    def state(self) -> HouseState:
        main, engine = self._main, self._main.engine
        ready, error = main.ready, main.error
        return HouseState(
            model=self._models.name,
            ready=ready,
            answers=ready or (self._spare is not None and self._spare.ready),
            loading=main.loading,
            error=str(error) or type(error).__name__ if error else None,
            device=str(engine.device) if engine else self._settings.device,
            memory=memory(engine),
        )

    def close(self, wait: float) -> None:
        """Free everything. What is being said may end within `wait` seconds."""
        self._models.close()
        self._main.close(wait)
        if self._spare is not None:
            self._spare.close(wait)
        for hearer in self._hearers:
            hearer.join(END_SECONDS)

    def _absent(self) -> core.CosyVoxError:
        error = self._main.error
        if isinstance(error, core.CosyVoxError):
            return type(error)(*error.args)  # of its own, as who raises it writes into it
        if error is not None:
            return core.CosyVoxError(f"{self._main.name} cannot speak, the log says why")
        return core.Busy(f"{self._main.name} is still loading: ask again in a moment, or have requests wait for it")

    def _load_main(self) -> core.Engine:
        """Raises CosyVoxError."""
        if self._spare is not None and self._spare.take(SPARE_SECONDS):  # who answers first comes first
            self._spare.give()
        return self._warm(self._models.load(), self._main)

    def _load_spare(self) -> core.Engine:
        """Raises CosyVoxError."""
        assert self._spare is not None
        return self._warm(self._models.load_embedded(), self._spare)

    def _warm(self, engine: core.Engine, resident: Resident[core.Engine]) -> core.Engine:
        """Raises OutOfMemory, Cancelled."""
        try:
            if self._audition.warm(engine, self.catalogue.default) and self._settings.equal_loudness:
                self._begin_audition(resident)
        except BaseException as error:
            given_up = exhausted(error) or isinstance(error, core.Cancelled)
            if isinstance(error, core.CosyVoxError) and not given_up:
                self._log.warning("the first words of a model failed: %s", error)
                return engine
            engine.close(0.0)
            raise
        return engine

    def _begin_audition(self, resident: Resident[core.Engine]) -> None:
        thread = threading.Thread(target=self._hear_all, args=(resident,), name="cosyvox audition", daemon=True)
        self._hearers = [hearer for hearer in self._hearers if hearer.is_alive()] + [thread]
        thread.start()

    def _hear_all(self, resident: Resident[core.Engine]) -> None:
        """Know how loud all voices are before anybody asks for them, while nobody is spoken for."""
        engine = resident.take(SPARE_SECONDS)
        if engine is None:
            return
        try:
            self._audition.hear(engine, self.catalogue.ids(), resident.alone)
        except core.CosyVoxError as error:
            self._log.debug("the audition of voices ended early: %s", error)
        finally:
            resident.give()

    def _fields(self, order: Order, family: Family, gain: float) -> dict[str, Any]:
        """What `engine.stream` is given besides text and voice."""
        instruction, language = order.instruction, order.language
        if language == CANTONESE:  # core knows it as Chinese, and models as a way to speak that
            language = "zh"
            if "instruct" in family.capabilities:
                instruction = core.instruction(dialect="Cantonese", text=instruction or "")
        if instruction and "instruct" not in family.capabilities:
            self.catalogue.warn(f"{family.name} follows no instructions: styles are left out")
            instruction = None
        fields: dict[str, Any] = {
            "speed": order.speed,
            "seed": order.seed,
            "gain_db": max(_GAINS[0], min(_GAINS[1], order.gain_db + gain)),
            "language": language if language in core.LANGUAGES else None,
            "lexicon": self._lexicon,
        }
        return fields | ({"instruction": instruction} if instruction else {})

    def _read_lexicon(self) -> core.Lexicon | None:
        if self._settings.replacements is None:
            return None
        try:
            return core.read_lexicon(Path(self._settings.replacements).expanduser())
        except (core.CosyVoxError, RuntimeError) as error:
            self._log.error("no word is replaced: %s", error)
            return None
