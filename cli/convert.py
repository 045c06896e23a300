"""`cosyvox convert`: a recording, said again with another voice."""

from __future__ import annotations

import argparse

from . import speaking
from .console import Console
from .interrupt import Interrupt
from .output import choose, output_options
from .parser import UsageError, common_options, model_options, sound_fields, sound_options, voice_options


def add_parser(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser(
        "convert",
        parents=[common_options(), model_options(), voice_options(), sound_options(), output_options()],
        help="say a recording again with another voice",
        description="Say what is said in a recording with another voice, at its pace. "
        "Convert only to voices whose owners agreed.",
    )
    parser.add_argument("source", metavar="SOURCE", help="recording of any length")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """Convert, write the WAV, tell how it went. Raises UsageError, CosyVoxError, BrokenPipeError."""
    if args.voice and args.prompt:
        raise UsageError("--voice ID has a recording: leave --prompt out")
    output = choose(args)
    model = speaking.named_model(args)
    speaking.check_recording(args.source)
    speaking.check_voice(args)
    with speaking.loaded(args, model, console) as session:
        engine, fields = session.engine, sound_fields(args)
        voice = speaking.chosen_voice(engine, args)
        if args.stream:
            done = speaking.play(engine.stream_conversion(args.source, voice, **fields), output)
        else:
            with interrupt.deferred() as should_stop:
                speech = engine.convert(
                    args.source, voice, on_progress=session.on_progress, should_stop=should_stop, **fields
                )
                done = speaking.write(speech, output)
        speaking.report(done, session, voice, args, console)
