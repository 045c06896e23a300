"""What the verbs that speak have in common: a model, a voice, and audio on its way out."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import core
from .console import Console
from .output import Output
from .parser import MODEL_VARIABLE, engine_options

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..core import Engine, Speech, SpeechStream, Voice
    from ..core.request import OnProgress


@dataclass(frozen=True)
class Session:
    """A loaded model, and how long that took."""

    engine: Engine
    load_seconds: float
    on_progress: OnProgress | None


@dataclass(frozen=True)
class Delivered:
    """Speech that was written. seconds: of audio. first: seconds from the request to the first audio; None if whole."""

    speech: Speech
    path: Path | None
    seconds: float
    first: float | None = None


def named_model(args: argparse.Namespace) -> str:
    """Folder or name. Raises ModelNotFound."""
    return args.model or os.environ.get(MODEL_VARIABLE) or str(core.default_model())


def check_voice(args: argparse.Namespace) -> None:
    """Before a model is loaded for nothing. Raises VoiceError, AudioError."""
    if args.prompt:
        check_recording(args.prompt)
    else:
        core.VoiceStore().get(args.voice or core.DEFAULT_VOICE)


def check_recording(path: str) -> None:
    """Raises AudioError."""
    try:
        Path(path).stat()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise core.AudioError(f"there is no recording {path}: check the path ({reason})") from error


@contextmanager
def loaded(args: argparse.Namespace, model: str, console: Console) -> Iterator[Session]:
    """The model that `model_options` mean. Raises CosyVoxError."""
    started = time.perf_counter()
    with (
        console.progress() as on_progress,
        core.load(
            model, device=args.device, dtype=args.dtype, options=engine_options(args), on_progress=on_progress
        ) as engine,
    ):
        yield Session(engine, time.perf_counter() - started, on_progress)


def chosen_voice(engine: Engine, args: argparse.Namespace, transcript: str | None = None) -> Voice:
    """The voice that `voice_options` mean: as it is now, not before the model was loaded. Raises CosyVoxError."""
    if args.prompt:
        return engine.clone(args.prompt, transcript=transcript)
    return engine.load_voice(core.VoiceStore().get(args.voice or core.DEFAULT_VOICE))


def write(speech: Speech, output: Output) -> Delivered:
    """Raises StorageError, BrokenPipeError."""
    return Delivered(speech, output.write(speech.audio, speech.sample_rate), speech.seconds)


def play(stream: SpeechStream, output: Output) -> Delivered:
    """Write what a stream makes, as it makes it. Raises CosyVoxError, BrokenPipeError."""
    started = time.perf_counter()
    first: float | None = None
    samples = 0

    def pieces() -> Iterator[NDArray[np.float32]]:
        nonlocal first, samples
        for chunk in stream:
            if first is None:
                first = time.perf_counter() - started
            samples += len(chunk.audio)
            yield chunk.audio

    with stream:
        path = output.stream(pieces(), stream.sample_rate)
        return Delivered(stream.summary(), path, samples / stream.sample_rate, first)


def report(done: Delivered, session: Session, voice: Voice, args: argparse.Namespace, console: Console) -> None:
    """Tell what was written, and how it went."""
    speech, engine = done.speech, session.engine
    fields: dict[str, Any] = {
        "file": str(done.path or "-"),
        "model": engine.family.name,
        "voice": voice.name,
        "device": str(engine.device),
        "seed": args.seed,
        "load_seconds": session.load_seconds,
        "first_audio_seconds": done.first,
        "rtf": speech.timings["total"].rtf,
        "seconds": done.seconds,
        "sample_rate": speech.sample_rate,
        "segments": [
            {
                "text": segment.text,
                "start": segment.start,
                "stop": segment.stop,
                "speech_tokens": len(segment.speech_tokens),
            }
            for segment in speech.segments
        ],
        "timings": {stage: {"seconds": timing.seconds, "rtf": timing.rtf} for stage, timing in speech.timings.items()},
        "warnings": list(speech.warnings),
    }
    for warning in speech.warnings:
        console.warn(warning)
    first = "" if done.first is None else f"first audio after {done.first:.2f} s, "
    console.note(
        f"{done.path or 'standard output'}: {done.seconds:.2f} s, spoken by {engine.family.name} as {voice.name}, "
        f"{first}RTF {fields['rtf']:.2f}, model loaded in {session.load_seconds:.1f} s"
    )
    console.result(fields)
