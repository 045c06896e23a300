"""The engine: one object that owns a device and a model, and turns requests into speech."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Any

import torch

from .apart import apart, apart_telling
from .audio.files import Source, samples_of
from .channel import Channel
from .checkpoint import ModelFolder, open_folder
from .checks import check_conversion, check_request
from .collect import collect
from .dtypes import choose_device
from .errors import RequestError, TextError, VoiceError
from .families import Family
from .hub.found import find_model
from .live_master import LiveMaster
from .movable import Weights
from .options import EngineOptions
from .pipeline import front_end, nobody
from .reception import Reception
from .request import OnProgress, ShouldStop, Speech, SpeechRequest
from .returned import give_back
from .runtime import Models
from .scheduler import Scheduler
from .speech_stream import SpeechStream, TextInlet
from .voice.features import recall
from .voice.prompt import Prompt, prepare_prompt
from .voice.source import source_parts
from .voice.stored import StoredVoice
from .voice.voice import Voice


def load(
    model: str | os.PathLike[str] | Weights,
    *,
    device: str = "auto",
    dtype: str = "auto",
    options: EngineOptions | None = None,
    on_progress: OnProgress | None = None,
) -> Engine:
    """An engine for a model: its folder, a name that `find_model` knows, or weights that somebody else holds.

    device: "auto" (a CUDA device if there is one), "cpu", "cuda", "cuda:1", "mps". dtype: "float32",
    "bfloat16" (half the memory, faster, not bit-equal to the published code), or "auto": float32 on a
    CPU, bfloat16 for the language model on CUDA. Weights have both already, and neither is looked at. Raises
    ModelNotFound, ConfigError, CheckpointError, RequestError, OutOfMemory.
    """
    if isinstance(model, Weights):
        return Engine(model.opened, model.device, "auto", options, on_progress=on_progress, weights=model)
    folder = open_folder(find_model(model))
    return Engine(folder, choose_device(device), dtype, options, on_progress=on_progress)


class Engine:
    """Speaks, clones and converts. Safe to use from many threads: requests are served side by side.

    A context manager; `close` frees the model.
    """

    def __init__(
        self,
        folder: ModelFolder,
        device: torch.device,
        dtype: str = "auto",
        options: EngineOptions | None = None,
        *,
        on_progress: OnProgress | None = None,
        weights: Weights | None = None,
    ) -> None:
        self.device = device
        self._folder = folder
        self._front_end = front_end(folder, device)
        self._models = Models(folder, device, dtype, options or EngineOptions(), weights)
        self._scheduler = Scheduler(device, self._models.options)
        weakref.finalize(self, self._scheduler.close, 0.0)  # for who forgets to
        try:
            self._reception = Reception(folder, self._models, self._scheduler)
            apart_telling(lambda tell: self._models.get(on_progress=tell), on_progress)
        except BaseException:
            self._scheduler.close(0.0)
            raise

    @property
    def family(self) -> Family:
        return self._folder.family

    @property
    def sample_rate(self) -> int:
        """Hz, of what the model makes."""
        return self._folder.config.sample_rate

    @property
    def slots(self) -> int:
        """How many requests are spoken side by side."""
        return self._models.options.slots_on(self.device.type)

    def fingerprint(self, dtype: str | None = None) -> str:
        """Tells engines apart whose audio may differ for the same request."""
        return self._models.fingerprint(dtype)

    def clone(
        self,
        source: Source | Prompt,
        *,
        rate: int | None = None,
        transcript: str | None = None,
        name: str = "",
    ) -> Voice:
        """The voice of a recording: a file, a binary stream, or samples [S] or [C, S] in ±1 at `rate` Hz.

        transcript: its words, exactly; without them only the timbre is taken, of the best 12 s of a long
        recording. What `prepare_prompt` made of one holds both. Raises AudioError.
        """
        if isinstance(source, Prompt):
            return apart(lambda: self._front_end.voice(source, name))
        samples, rate, stem = samples_of(source, rate)
        prompt = prepare_prompt(samples, rate, transcript)
        return apart(lambda: self._front_end.voice(prompt, name or stem))

    def load_voice(self, stored: StoredVoice) -> Voice:
        """A voice of a `VoiceStore`, for this model; what the model hears in it is kept beside it.

        Raises VoiceError, AudioError, CheckpointError, RequestError.
        """
        voice = apart(lambda: recall(stored, self._front_end))
        config = self._folder.config
        if (
            voice.mel.shape != (len(voice.speech_tokens) * config.flow.token_mel_ratio, config.mel.bins)
            or voice.x_vector.shape != (config.flow.speaker_size,)
            or voice.speech_tokens.max(initial=0) >= config.flow.vocab
        ):
            raise VoiceError(f"the voice {stored.id} is not one of {self.family.name}: add it again")
        return voice

    def speak(
        self,
        request: SpeechRequest | str,
        *,
        on_progress: OnProgress | None = None,
        should_stop: ShouldStop | None = None,
        **fields: Any,
    ) -> Speech:
        """Speak a request, or a text with the fields of one: speak("Hello.", voice=voice, seed=1).

        on_progress: told after every speech token and every solver step. should_stop: asked as often, and five times
        a second; True ends the work with Cancelled. Raises TextError, RequestError, Busy, OutOfMemory, Cancelled.
        """
        request = _request(request, fields)
        channel = self._say(request, on_progress, live=False)
        return collect(request, channel, self.sample_rate, on_progress=on_progress, should_stop=should_stop)

    def stream(
        self,
        text: SpeechRequest | str | Iterable[str] | None = None,
        *,
        on_progress: OnProgress | None = None,
        should_stop: ShouldStop | None = None,
        **fields: Any,
    ) -> SpeechStream:
        """Speak, and be heard from the first chunk on. Fields as in `speak`.

        text: all of it, or an iterable of pieces, cut anywhere, which is read in a thread of its own; None is fed by
        the caller through the stream. Raises TextError, RequestError, Busy here; the rest where chunks are read.
        """
        if isinstance(text, (str, SpeechRequest)):
            request = _request(text, fields)
            return self._stream(request, self._say(request, on_progress, live=True), None, on_progress, should_stop)
        request = _request("", fields)
        channel, inlet = self._reception.begin_fed(request, tells=on_progress is not None)
        if text is None:
            return self._stream(request, channel, inlet, on_progress, should_stop)
        threading.Thread(target=inlet.follow, args=(text,), name="cosyvox text", daemon=True).start()
        return self._stream(request, channel, None, on_progress, should_stop)

    def convert(
        self,
        source: Source,
        voice: Voice,
        *,
        rate: int | None = None,
        on_progress: OnProgress | None = None,
        should_stop: ShouldStop | None = None,
        **fields: Any,
    ) -> Speech:
        """What is said in a recording, said by another voice at the same times. source, rate: as in `clone`.

        fields: those of SpeechRequest that make sense here: seed, speed, gain_db, sample_rate, dtype. Raises
        AudioError, RequestError, Busy, OutOfMemory, Cancelled.
        """
        request = self._conversion(voice, fields)
        channel = self._resay(request, source, rate, on_progress, live=False)
        return collect(
            request, channel, self.sample_rate, on_progress=on_progress, should_stop=should_stop, spoken=False
        )

    def stream_conversion(
        self,
        source: Source,
        voice: Voice,
        *,
        rate: int | None = None,
        on_progress: OnProgress | None = None,
        should_stop: ShouldStop | None = None,
        **fields: Any,
    ) -> SpeechStream:
        """`convert`, heard from the first chunk on."""
        request = self._conversion(voice, fields)
        channel = self._resay(request, source, rate, on_progress, live=True)
        return self._stream(request, channel, None, on_progress, should_stop, spoken=False)

    def warm_up(self, voice: Voice | None = None, *, dtype: str | None = None) -> None:
        """Say a word that nobody hears, so that the first request is as fast as the next; and take in a voice."""
        with suppress(TextError):
            for _ in self.stream("One.", voice=voice or nobody(self._folder), dtype=dtype, mode="cross_lingual"):
                pass

    def close(self, wait: float = 60.0) -> None:
        """Free the model. What is running may end within `wait` seconds; afterwards every request is an error."""
        self._scheduler.close(wait)
        self._models.clear()
        give_back(self.device)

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(60.0 if error is None else 0.0)

    def _say(self, request: SpeechRequest, on_progress: OnProgress | None, *, live: bool) -> Channel:
        """Hand over a request whose text is all there."""
        reception = self._reception
        plan = reception.plan(request)
        return reception.begin(request, plan, reception.read(request), live=live, tells=on_progress is not None)

    def _resay(
        self, request: SpeechRequest, source: Source, rate: int | None, on_progress: OnProgress | None, *, live: bool
    ) -> Channel:
        """Hand over a conversion."""
        samples, rate, _ = samples_of(source, rate)
        hear = self._front_end.speech_tokens
        heard = apart(lambda: [hear(part) for part in source_parts(samples, rate)])
        return self._reception.begin_heard(request, heard, live=live, tells=on_progress is not None)

    def _conversion(self, voice: Voice, fields: dict[str, Any]) -> SpeechRequest:
        check_conversion(self.family)
        if unknown := fields.keys() - {"seed", "speed", "gain_db", "sample_rate", "dtype"}:
            raise RequestError(f"a conversion takes no {', '.join(sorted(unknown))}: leave it out")
        request = _request("", {"voice": voice, **fields})
        check_request(request, self.family)
        return request

    def _stream(
        self,
        request: SpeechRequest,
        channel: Channel,
        inlet: TextInlet | None,
        on_progress: OnProgress | None,
        should_stop: ShouldStop | None,
        *,
        spoken: bool = True,
    ) -> SpeechStream:
        rate = request.sample_rate or self.sample_rate
        return SpeechStream(
            channel,
            LiveMaster(self.sample_rate, gain_db=request.gain_db, sample_rate=rate),
            rate,
            inlet,
            on_progress=on_progress,
            should_stop=should_stop,
            warnings=request.voice.warnings,
            spoken=spoken,
        )


def _request(text: str | SpeechRequest, fields: dict[str, Any]) -> SpeechRequest:
    if isinstance(text, SpeechRequest):
        return replace(text, **fields)
    if not isinstance(fields.get("voice"), Voice):
        raise RequestError("no voice: clone one first, and give it as voice=engine.clone(recording)")
    return SpeechRequest(text, **fields)
