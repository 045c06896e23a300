"""`cosyvox say`: a text, spoken with the voice of a recording."""

from __future__ import annotations

import argparse
import codecs
import sys
from collections.abc import Iterator
from io import RawIOBase

from .. import core
from . import speaking
from .console import Console
from .interrupt import Interrupt
from .output import choose, output_options
from .parser import UsageError, common_options, model_options, sound_fields, sound_options, voice_options

_NO_UTF8 = "the text is not UTF-8: convert it first"
_EMPTY = "the text is empty: there is nothing to say"
_READ = 1 << 16  # bytes at most at once


def add_parser(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser(
        "say",
        parents=[common_options(), model_options(), voice_options(), sound_options(), output_options()],
        help="speak a text",
        description="Speak a text with the voice of a recording.",
    )
    parser.add_argument(
        "text", metavar="TEXT", help="what to say; - reads it from standard input, with --stream as it arrives"
    )
    parser.add_argument("--transcript", metavar="TEXT", help="words of the recording; without, only its timbre is used")
    parser.add_argument("--instruct", metavar="TEXT", help='how to say it, for instance "in Sichuan dialect"')
    parser.add_argument("--lexicon", metavar="FILE", help="pronunciations: lines of `word = spoken form`")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """Speak, write the WAV, tell how it went. Raises UsageError, CosyVoxError, BrokenPipeError."""
    if args.voice and (args.prompt or args.transcript):
        raise UsageError("--voice ID has a recording and its words: leave --prompt and --transcript out")
    if args.transcript and not args.prompt:
        raise UsageError("--transcript needs a recording: name it with --prompt FILE")
    output = choose(args)
    model = speaking.named_model(args)
    speaking.check_voice(args)
    arriving = args.stream and args.text == "-"
    text = "" if arriving else _read_text(args.text)
    lexicon = core.read_lexicon(args.lexicon) if args.lexicon else None

    with speaking.loaded(args, model, console) as session:
        engine = session.engine
        voice = speaking.chosen_voice(engine, args, args.transcript)
        fields = {"voice": voice, "instruction": args.instruct, "lexicon": lexicon, **sound_fields(args)}
        if args.stream:
            # A signal may end this at any moment: nothing of the core runs in this thread.
            done = speaking.play(engine.stream(_arriving() if arriving else text, **fields), output)
        else:
            with interrupt.deferred() as should_stop:
                speech = engine.speak(text, on_progress=session.on_progress, should_stop=should_stop, **fields)
                done = speaking.write(speech, output)
        speaking.report(done, session, voice, args, console)


def _read_text(argument: str) -> str:
    """The text of the command line, or all of standard input for "-". Raises TextError."""
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig") if argument == "-" else argument
        text.encode()  # an argument that is not UTF-8 reaches Python as lone surrogates
    except UnicodeError as error:
        raise core.TextError(_NO_UTF8) from error
    if not text.strip():
        raise core.TextError(_EMPTY)
    return text


def _arriving() -> Iterator[str]:
    """Standard input as it is written, whatever its bytes are cut into. Raises TextError."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    # Not by way of the buffer: a thread that waits there keeps Python from ending.
    source: RawIOBase = sys.stdin.buffer.raw  # type: ignore[attr-defined, union-attr, unused-ignore]
    empty = True
    while True:
        data = source.read(_READ) or b""
        try:
            piece = decoder.decode(data, final=not data)
        except UnicodeError as error:
            raise core.TextError(_NO_UTF8) from error
        empty = empty and not piece.strip()
        yield piece
        if not data:
            break
    if empty:
        raise core.TextError(_EMPTY)
