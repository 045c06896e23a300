"""The engine: one object that owns a device and a model, and turns requests into speech."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray

from .audio.files import read_audio
from .checkpoint import Dtypes, Model, ModelFolder, load_model, open_folder
from .errors import AudioError, CheckpointError, OutOfMemory, RequestError, VoiceError
from .families import FAMILIES, Family
from .hub.found import find_model
from .job import Job, shown
from .modes import MODES, prompting
from .pipeline import Pipeline, front_end
from .request import OnProgress, ShouldStop, Speech, SpeechRequest
from .text.front import Segment as TextSegment
from .text.front import prepare
from .text.language import all_latin, guess
from .voice.features import recall
from .voice.prompt import prepare_prompt
from .voice.stored import StoredVoice
from .voice.voice import Voice

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
_SPEEDS = (0.5, 2.0)
_GAINS = (-60.0, 40.0)
_RATES = (4_000, 192_000)


def load(
    model: str | os.PathLike[str],
    *,
    device: str = "auto",
    dtype: str = "auto",
    on_progress: OnProgress | None = None,
) -> Engine:
    """An engine for a model: its folder, or a name that `find_model` knows.

    device: "auto" (a CUDA device if there is one), "cpu", "cuda", "cuda:1", "mps". dtype: "float32",
    "bfloat16" (half the memory, faster, not bit-equal to the published code), or "auto": float32 on a
    CPU, bfloat16 for the language model on CUDA. Raises ModelNotFound, ConfigError, CheckpointError,
    RequestError, OutOfMemory.
    """
    return Engine(open_folder(find_model(model)), _device(device), dtype, on_progress=on_progress)


class Engine:
    """Speaks and clones. Safe to use from many threads: requests take turns on the device.

    A context manager; `close` frees the model.
    """

    def __init__(
        self, folder: ModelFolder, device: torch.device, dtype: str = "auto", *, on_progress: OnProgress | None = None
    ) -> None:
        self.device = device
        self._folder = folder
        self._dtype = dtype
        self._device_lock = threading.RLock()
        self._pipelines: dict[Dtypes, Pipeline] = {}
        family = folder.family
        self._tokenizer = family.open_tokenizer(folder.path)
        if self._tokenizer.vocab_size > folder.config.lm.decoder.vocab_size:
            raise CheckpointError(
                f"the tokenizer in {folder.path} knows {self._tokenizer.vocab_size} ids, the model only "
                f"{folder.config.lm.decoder.vocab_size}: they are of different models; download the folder again"
            )
        # A text may laugh and breathe, but not end the prompt or begin another turn.
        self._text_tokens = frozenset(token for token in family.control_tokens if not token.startswith("<|"))
        self._front_end = front_end(folder, device)
        self._closed = False
        self._pipeline(None, on_progress)

    @property
    def family(self) -> Family:
        return self._folder.family

    @property
    def sample_rate(self) -> int:
        """Hz, of what the model makes."""
        return self._folder.config.sample_rate

    def clone(
        self,
        source: str | os.PathLike[str] | BinaryIO | NDArray[np.float32],
        *,
        rate: int | None = None,
        transcript: str | None = None,
        name: str = "",
    ) -> Voice:
        """The voice of a recording: a file, a binary stream, or samples [S] or [C, S] in ±1 at `rate` Hz.

        transcript: its words, exactly; without them only the timbre is taken, of the best 12 s of a long
        recording. Raises AudioError.
        """
        if isinstance(source, np.ndarray):
            if rate is None:
                raise RequestError("samples need their rate: clone(samples, rate=24000)")
            samples = np.atleast_2d(np.asarray(source, dtype=np.float32))
        else:
            samples, rate = read_audio(source)
            name = name or Path(getattr(source, "name", source)).stem  # type: ignore[arg-type]
        if samples.ndim != 2:
            raise AudioError(f"samples must be [S] or [C, S], not of shape {samples.shape}")
        return self._front_end.voice(prepare_prompt(samples, rate, transcript), name)

    def load_voice(self, stored: StoredVoice) -> Voice:
        """A voice of a `VoiceStore`, for this model; what the model hears in it is kept beside it.

        Raises VoiceError, AudioError, CheckpointError, RequestError.
        """
        voice = recall(stored, self._front_end)
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

        on_progress: told after every speech token and every solver step. should_stop: asked as often;
        True ends the work with Cancelled. Raises TextError, RequestError, OutOfMemory, Cancelled.
        """
        request = replace(request, **fields) if isinstance(request, SpeechRequest) else _request(request, fields)
        _check(request, self.family)
        segments = prepare(request.text, self._tokenizer, self._text_tokens, request.lexicon)
        _check_languages(segments, self.family)
        texts = [segment.text for segment in segments]
        plan = prompting(request, self.family, self._tokenizer, self._text_tokens)
        with self._working():
            pipeline = self._pipeline(request.dtype, on_progress)
            job = Job(pipeline, request, plan, len(texts), on_progress, should_stop)
            for text in texts:
                job.speak(text, self._tokenizer.encode(text, allowed=self._text_tokens))
        return job.finish()

    def warm_up(self, *, dtype: str | None = None) -> None:
        """Touch every weight once, so that the first request is as fast as the next."""
        with self._working():
            pipeline = self._pipeline(dtype, None)
            tokens = pipeline.speech_tokens([0], prompt_text=[], prompt_speech=[], seed=0).ids or [0]
            config = self._folder.config
            silence = Voice(
                "", self.family.name, np.zeros(0, np.float32), self.sample_rate, np.zeros(0, np.int32),
                np.zeros((0, config.mel.bins), np.float32), np.ones(config.flow.speaker_size, np.float32),
            )  # fmt: skip
            pipeline.waveform(pipeline.mel(tokens, silence), seed=0)

    def close(self) -> None:
        """Free the model. What is running finishes first; afterwards every request is an error."""
        with self._device_lock:
            self._closed = True
            self._pipelines.clear()
            if self.device.type == "cuda":
                torch.cuda.empty_cache()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _working(self) -> Iterator[None]:
        """Alone on the device, without gradients; running out of memory leaves the engine usable."""
        with self._device_lock:
            if self._closed:
                raise RequestError("the engine is closed: load it again")
            try:
                with torch.inference_mode():
                    yield
            except torch.OutOfMemoryError as error:
                if self.device.type == "cuda":
                    torch.cuda.empty_cache()
                raise OutOfMemory(
                    f"{self.device} ran out of memory: speak shorter sentences, use a shorter prompt, or the CPU"
                ) from error

    def _pipeline(self, dtype: str | None, on_progress: OnProgress | None) -> Pipeline:
        """The model in a dtype; loaded at first need, and kept."""
        dtypes = _dtypes(dtype or self._dtype, self.device)
        if dtypes not in self._pipelines:
            model: Model = load_model(self._folder, device=self.device, dtypes=dtypes, on_progress=on_progress)
            self._pipelines[dtypes] = Pipeline(model)
        return self._pipelines[dtypes]


def _request(text: str, fields: dict[str, Any]) -> SpeechRequest:
    if not isinstance(fields.get("voice"), Voice):
        raise RequestError("no voice: clone one first, and give it as voice=engine.clone(recording)")
    return SpeechRequest(text, **fields)


def _check(request: SpeechRequest, family: Family) -> None:
    """Raises RequestError for what cannot be done, naming what can."""
    limits = {"speed": _SPEEDS, "gain_db": _GAINS, "sample_rate": _RATES}
    for name, (least, most) in limits.items():
        value = getattr(request, name)
        if value is not None and not least <= value <= most:
            raise RequestError(f"{name} is {value}: choose {least:g} to {most:g}")
    if request.dtype is not None and request.dtype not in _DTYPES:
        raise RequestError(f"no dtype {request.dtype!r}: choose one of {', '.join(_DTYPES)}")
    if request.mode is not None and request.mode not in MODES:
        raise RequestError(f"no mode {request.mode!r}: choose one of {', '.join(MODES)}")
    if request.voice.family != family.name:
        raise RequestError(
            f"the voice was cloned for {request.voice.family}, this model is {family.name}: clone the recording again"
        )


def _check_languages(segments: Sequence[TextSegment], family: Family) -> None:
    """Raises RequestError for what this model would only babble or leave out, naming models that can say it."""
    spoken = family.languages
    if spoken is None:
        return
    for segment in segments:
        # A short sentence of another language may lie in the same segment, a name in another script in a sentence.
        language = guess(segment.text, segment.language)
        if {segment.language, language} <= spoken and all_latin(segment.text):
            continue
        able = [f.name for f in FAMILIES if f is not family and (f.languages is None or language in f.languages)]
        raise RequestError(
            f"the model {family.name} speaks {', '.join(sorted(spoken))} only, and {shown(segment.text)} is another "
            f"language: use {' or '.join(able)} (`cosyvox models download {able[0]}`)"
        )


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise RequestError(f"the device {name!r} cannot be used here: choose cpu or auto") from error
    return device


def _dtypes(name: str, device: torch.device) -> Dtypes:
    if name == "auto":
        return Dtypes(lm=torch.bfloat16) if device.type == "cuda" else Dtypes()
    if name not in _DTYPES:
        raise RequestError(f"no dtype {name!r}: choose auto or one of {', '.join(_DTYPES)}")
    return Dtypes(lm=_DTYPES[name], flow=_DTYPES[name])
