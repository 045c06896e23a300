"""`cosyvox say`: a text, spoken with the voice of a recording."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import core
from . import output
from .console import Console
from .interrupt import Interrupt
from .parser import UsageError, common_options

if TYPE_CHECKING:
    from ..core import Speech

MODEL_VARIABLE = "COSYVOX_MODEL"


def add_parser(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser(
        "say",
        parents=[common_options()],
        help="speak a text",
        description="Speak a text with the voice of a recording.",
    )
    parser.add_argument("text", metavar="TEXT", help="what to say; - reads it from standard input")
    parser.add_argument(
        "--model", metavar="DIR|NAME", help=f"model folder or name (default: ${MODEL_VARIABLE}, or the best one here)"
    )
    parser.add_argument("--voice", metavar="ID", help=f"one of `cosyvox voices list` (default: {core.DEFAULT_VOICE})")
    parser.add_argument("--prompt", metavar="FILE", help="recording of the voice")
    parser.add_argument("--transcript", metavar="TEXT", help="words of the recording; without, only its timbre is used")
    parser.add_argument("--instruct", metavar="TEXT", help='how to say it, for instance "in Sichuan dialect"')
    parser.add_argument("--lexicon", metavar="FILE", help="pronunciations: lines of `word = spoken form`")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same audio (default: 0)")
    parser.add_argument("--speed", type=float, default=1.0, metavar="X", help="0.5 to 2 (default: 1)")
    parser.add_argument("--gain", type=float, default=0.0, metavar="DB", help="added loudness (default: 0)")
    parser.add_argument("--sample-rate", type=int, metavar="HZ", help="of the output (default: the model's own)")
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="auto", help="default: by device")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto", help="default: auto")
    parser.add_argument(
        *("-o", "--output"),
        metavar="FILE",
        help=f"WAV to write, - for standard output (default: {output.DEFAULT_NAME} or the next free name)",
    )
    parser.add_argument("--force", action="store_true", help="replace FILE if it exists")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """Speak, write the WAV, tell how it went. Raises UsageError, CosyVoxError, BrokenPipeError."""
    model = _check_usage(args)
    destination = output.choose(args.output, force=args.force)
    destination.check()
    _check_voice(args)
    text = _read_text(args.text)
    lexicon = core.read_lexicon(args.lexicon) if args.lexicon else None

    started = time.perf_counter()
    with (
        console.progress() as on_progress,
        core.load(model, device=args.device, dtype=args.dtype, on_progress=on_progress) as engine,
    ):
        loaded = time.perf_counter()
        voice = (
            engine.clone(args.prompt, transcript=args.transcript)
            if args.prompt
            # as it is now, not before the model was loaded
            else engine.load_voice(core.VoiceStore().get(args.voice or core.DEFAULT_VOICE))
        )
        with interrupt.deferred() as should_stop:
            speech = engine.speak(
                text,
                voice=voice,
                instruction=args.instruct,
                lexicon=lexicon,
                seed=args.seed,
                speed=args.speed,
                gain_db=args.gain,
                sample_rate=args.sample_rate,
                on_progress=on_progress,
                should_stop=should_stop,
            )
            path = destination.write(speech)
        report = {
            "file": str(path or "-"),
            "model": engine.family.name,
            "voice": voice.name,
            "device": str(engine.device),
            "seed": args.seed,
            "load_seconds": loaded - started,
            "rtf": speech.timings["total"].rtf,
            **_describe(speech),
        }
    for warning in speech.warnings:
        console.warn(warning)
    console.note(
        f"{path or 'standard output'}: {speech.seconds:.2f} s, spoken by {engine.family.name} as {voice.name}, "
        f"RTF {report['rtf']:.2f}, model loaded in {report['load_seconds']:.1f} s"
    )
    console.result(report)


def _check_usage(args: argparse.Namespace) -> str:
    """The model folder or name. Raises UsageError, ModelNotFound."""
    if args.voice and (args.prompt or args.transcript):
        raise UsageError("--voice ID has a recording and its words: leave --prompt and --transcript out")
    if args.transcript and not args.prompt:
        raise UsageError("--transcript needs a recording: name it with --prompt FILE")
    if args.json and args.output == "-":
        raise UsageError("--json and `-o -` both want standard output: name a file with -o FILE")
    return args.model or os.environ.get(MODEL_VARIABLE) or str(core.default_model())


def _check_voice(args: argparse.Namespace) -> None:
    """Before a model is loaded for nothing. Raises VoiceError, AudioError."""
    if not args.prompt:
        core.VoiceStore().get(args.voice or core.DEFAULT_VOICE)
        return
    try:
        Path(args.prompt).stat()
    except OSError as error:
        raise core.AudioError(f"there is no recording {args.prompt}: check the path ({error.strerror})") from error


def _read_text(argument: str) -> str:
    """The text of the command line, or all of standard input for "-". Raises TextError."""
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig") if argument == "-" else argument
        text.encode()  # an argument that is not UTF-8 reaches Python as lone surrogates
    except UnicodeError as error:
        raise core.TextError("the text is not UTF-8: convert it first") from error
    if not text.strip():
        raise core.TextError("the text is empty: there is nothing to say")
    return text


def _describe(speech: Speech) -> dict[str, Any]:
    return {
        "seconds": speech.seconds,
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
