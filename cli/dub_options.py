"""The options of `cosyvox dub`, and what they mean to the core."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .. import core
from ..core import dub
from .parser import UsageError

_FIT: tuple[tuple[str, type, str, str], ...] = (
    ("best_of", int, "N", "takes of a line that is too long; the best one is kept"),
    ("slowest", float, "X", "least native speed"),
    ("fastest", float, "X", "most native speed"),
    ("shift", float, "S", "seconds that speech may start earlier or later"),
    ("stretch", float, "X", "times that it may be made faster after it was spoken"),
)
_SCRIPT_GAP = 0.3  # seconds between two turns
_DUCK_DB = -12.0


def dub_options() -> argparse.ArgumentParser:
    """What is spoken, and how it may be made to fit."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("file", metavar="FILE", help="subtitles (SRT, WebVTT, ASS), or a script; - is standard input")
    parser.add_argument("--script", action="store_true", help="FILE is a script: [Name] begins what somebody says")
    parser.add_argument("--language", choices=core.LANGUAGES, help="of the text (default: told from the text)")
    parser.add_argument("--instruct", metavar="TEXT", help="how to say it, where cast and text do not say")
    parser.add_argument("--lexicon", metavar="FILE", help="pronunciations: lines of `word = spoken form`")
    parser.add_argument("--no-cache", action="store_true", help="neither keep speech nor use what was kept")
    _add_clip(parser.add_argument_group("the clip"))
    _add_fit(parser.add_argument_group("fitting"))
    return parser


def _add_clip(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--source", metavar="FILE", help="the clip's own sound: gives length and sample rate")
    group.add_argument("--length", type=float, metavar="S", help="of the clip in seconds (default: the source's)")
    group.add_argument(
        "--original",
        choices=["none", "duck", "keep"],
        default="none",
        help="what is heard of the source: softer while somebody speaks, or all (default: none)",
    )
    group.add_argument("--original-db", type=float, default=0.0, metavar="DB", help="its loudness (default: 0)")
    group.add_argument(
        "--duck-db",
        type=float,
        default=_DUCK_DB,
        metavar="DB",
        help=f"what duck adds to that during speech (default: {_DUCK_DB:g})",
    )
    group.add_argument(
        "--reference",
        choices=["voice", "cue"],
        default="voice",
        help="cue: each line in the voice that the source has there (default: voice)",
    )


def _add_fit(group: argparse._ArgumentGroup) -> None:
    usual = dub.FitOptions()
    for name, kind, unit, text in _FIT:
        group.add_argument(
            f"--{name.replace('_', '-')}",
            type=kind,
            default=getattr(usual, name),
            metavar=unit,
            help=f"{text} (default: {getattr(usual, name):g})",
        )
    group.add_argument("--no-borrow", action="store_true", help="do not run on into the silence before the next cue")
    group.add_argument(
        "--gap",
        type=float,
        metavar="S",
        help=f"silence before the next cue (default: {usual.gap:g}), or in a script between turns ({_SCRIPT_GAP:g})",
    )
    group.add_argument(
        "--policy",
        choices=list(dub.POLICIES),
        default=usual.policy,
        help="for what still does not fit: spill, what follows waits; overlap, it lies on what follows; error, nothing "
        f"is written (default: {usual.policy})",
    )


def check_usage(args: argparse.Namespace) -> None:
    """Raises UsageError for options that need others, or that mean nothing for a script."""
    if args.script:
        named = {name: getattr(args, name) for name in ("source", "length", "report", "picture")}
        if given := next((name for name, value in named.items() if value is not None), None):
            raise UsageError(f"--{given} is for subtitles: leave it out, or --script")
    if args.source is None and (args.original != "none" or args.reference == "cue"):
        option = f"--original {args.original}" if args.original != "none" else "--reference cue"
        raise UsageError(f"{option} needs the clip's own sound: name it with --source FILE")


def clip_fields(args: argparse.Namespace) -> tuple[dict[str, Any], int | None]:
    """What `dub` takes for the clip and the fitting, and the rate of the source. Raises RequestError, AudioError."""
    fields = {
        "length": args.length,
        "original": dub.Original(args.original, level_db=args.original_db, duck_db=args.duck_db),
        "reference": args.reference,
        "fit": _fit(args),
    }
    if args.source is None:
        return fields, None
    if args.original == "none" and args.reference == "voice":  # nobody listens to it: it need not fit into the memory
        seconds, rate = core.audio_length(args.source)
        return {**fields, "length": seconds if args.length is None else args.length}, rate
    source = core.read_audio(args.source)
    return {**fields, "source": source}, source[1]


def script_fields(args: argparse.Namespace) -> dict[str, Any]:
    """What `perform` takes. Raises RequestError."""
    return {"gap": _SCRIPT_GAP if args.gap is None else args.gap}


def _fit(args: argparse.Namespace) -> dub.FitOptions:
    fields: dict[str, Any] = {name: getattr(args, name) for name, *_ in _FIT}
    if args.gap is not None:
        fields["gap"] = args.gap
    return dub.FitOptions(**fields, borrow=not args.no_borrow, policy=args.policy)


def default_output(file: str) -> str:
    """The name of the track where none is given."""
    return "dub.wav" if file == "-" else f"{Path(file).stem}-dub.wav"
