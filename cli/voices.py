"""`cosyvox clone` and `cosyvox voices …`: the voices that every surface shares."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import core
from .console import Console
from .interrupt import Interrupt
from .parser import UsageError, common_options

if TYPE_CHECKING:
    from ..core import StoredVoice

WORDS_SHOWN = 50  # characters of a transcript in a list


def add_parser(verbs: argparse._SubParsersAction) -> None:
    _add_adding(verbs, "clone", "keep the voice of a recording; the same as `voices add`")
    voices = verbs.add_parser("voices", parents=[common_options()], help="list, add, change and share voices")
    actions = voices.add_subparsers(metavar="ACTION", required=True)

    listing = actions.add_parser("list", parents=[common_options()], help="all voices, and what is wrong with others")
    listing.set_defaults(run=list_)

    _add_adding(actions, "add", "keep the voice of a recording")

    show_ = actions.add_parser("show", parents=[common_options()], help="all that is known of a voice")
    show_.add_argument("id", metavar="ID")
    show_.set_defaults(run=show)

    remove_ = actions.add_parser("remove", parents=[common_options()], help="remove a voice with its recording")
    remove_.add_argument("id", metavar="ID")
    remove_.add_argument("--yes", action="store_true", help="do not ask")
    remove_.set_defaults(run=remove)

    rename_ = actions.add_parser("rename", parents=[common_options()], help="give a voice another name")
    rename_.add_argument("old", metavar="OLD")
    rename_.add_argument("new", metavar="NEW")
    rename_.set_defaults(run=rename)

    export_ = actions.add_parser("export", parents=[common_options()], help="write a voice as one zip file")
    export_.add_argument("id", metavar="ID")
    export_.add_argument("file", metavar="FILE", nargs="?", type=Path, help="file or folder (default: ID.zip)")
    export_.add_argument("--force", action="store_true", help="replace FILE if it exists")
    export_.set_defaults(run=export)

    import__ = actions.add_parser(
        "import",
        parents=[common_options()],
        help="keep voices that come from elsewhere",
        description="Keep the voices of a zip file that `export` made, of a recording with its words in a .txt beside "
        "it, of a folder of those, or of an official spk2info.pt.",
    )
    import__.add_argument("path", metavar="PATH", type=Path)
    import__.add_argument("--model", metavar="DIR|NAME", help="model that a spk2info.pt belongs to")
    import__.add_argument("--replace", action="store_true", help="replace voices of the same name")
    import__.set_defaults(run=import_)


def _add_adding(verbs: argparse._SubParsersAction, name: str, summary: str) -> None:
    parser = verbs.add_parser(
        name,
        parents=[common_options()],
        help=summary,
        description="Keep the voice of a recording, for `cosyvox say --voice ID`. "
        "Clone only voices whose owners agreed.",
    )
    parser.add_argument("file", metavar="FILE", help="recording of one speaker, 3 to 12 seconds of clear speech")
    parser.add_argument("--name", metavar="ID", help="name of the voice (default: that of the file)")
    parser.add_argument("--transcript", metavar="TEXT", help="words of the recording; without, only its timbre is used")
    parser.add_argument("--model", metavar="DIR|NAME", help="model that hears it now instead of at its first use")
    parser.add_argument("--replace", action="store_true", help="replace a voice of the same name")
    parser.set_defaults(run=add)


def add(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """Keep a recording as a voice. Raises CosyVoxError."""
    with console.progress() as on_progress:
        stored = core.VoiceStore().add(
            Path(args.file).stem if args.name is None else args.name,
            args.file,
            transcript=args.transcript,
            model=args.model,
            replace=args.replace,
            on_progress=on_progress,
        )
    _tell_kept(stored, console)
    console.result(_describe(stored))


def list_(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """Name all voices. Raises CosyVoxError."""
    store = core.VoiceStore()
    voices, problems = store.list(), store.problems()
    for name, problem in problems.items():
        console.warn(f"{name} is no voice: {problem}")
    if all(voice.built_in for voice in voices):
        console.note(f"no voices of your own in {store.folder}: keep one with `cosyvox clone FILE --name ID`")
    width = max((len(voice.id) for voice in voices), default=0)
    fields = {"folder": str(store.folder), "voices": [_describe(voice) for voice in voices], "problems": problems}
    console.result(fields, "\n".join(f"{voice.id:<{width}}  {_summary(voice)}".rstrip() for voice in voices))


def show(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """Tell all that is known of a voice. Raises CosyVoxError."""
    stored = core.VoiceStore().get(args.id)
    if stored.path == stored.recording:  # dropped into the folder: what is used of it is not known yet
        prompt = stored.prompt()
        stored = replace(stored, seconds=len(prompt.audio) / prompt.rate, warnings=prompt.warnings)
    fields = _describe(stored)
    lines = [f"{name:<12} {value}" for name, value in fields.items() if value not in (None, [])]
    console.result(fields, "\n".join(lines))


def remove(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """Remove a voice, if its owner means it. Raises UsageError, CosyVoxError."""
    store = core.VoiceStore()
    path = store.find(args.id)
    if not args.yes and not _agrees(f"remove the voice {args.id} with its recording, {path}?"):
        console.note("nothing was removed")
        return
    store.remove(args.id)
    console.note(f"removed {args.id}")
    console.result({"removed": args.id})


def rename(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """Give a voice another name. Raises CosyVoxError."""
    stored = core.VoiceStore().rename(args.old, args.new)
    console.note(f"{args.old} is {stored.id} now")
    console.result(_describe(stored))


def export(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """Write a voice as a zip file. Raises CosyVoxError."""
    path = core.VoiceStore().export(args.id, args.file or Path(), replace=args.force)
    console.note(f"{path}: the voice {args.id}, {path.stat().st_size / 1e3:.0f} kB")
    console.result({"id": args.id, "file": str(path), "bytes": path.stat().st_size})


def import_(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """Keep voices from elsewhere. Raises CosyVoxError."""
    with console.progress() as on_progress:
        found = core.VoiceStore().import_(args.path, model=args.model, replace=args.replace, on_progress=on_progress)
    for stored in found:
        _tell_kept(stored, console)
    console.result({"voices": [_describe(stored) for stored in found]})


def _agrees(question: str) -> bool:
    if not sys.stdin.isatty():
        raise UsageError(f"{question} Say so with --yes")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _tell_kept(stored: StoredVoice, console: Console) -> None:
    for warning in stored.warnings:
        console.warn(warning)
    console.note(f"{stored.id}: {_summary(stored)}")


def _summary(stored: StoredVoice) -> str:
    """One line: how long, what it says, and what it is bound to."""
    parts = []
    if stored.seconds is not None:
        parts.append(f"{stored.seconds:4.1f} s")
    if stored.family is not None:
        parts.append(f"only for {stored.family}")
    if stored.built_in:
        parts.append("built in")
    words = stored.transcript or "(no transcript)"
    words = " ".join(words.split())
    parts.append(words if len(words) <= WORDS_SHOWN else words[: WORDS_SHOWN - 1] + "…")
    return "  ".join(parts)


def _describe(stored: StoredVoice) -> dict[str, Any]:
    return {
        "id": stored.id,
        "path": str(stored.path),
        "transcript": stored.transcript,
        "seconds": stored.seconds,
        "sample_rate": stored.sample_rate,
        "family": stored.family,
        "built_in": stored.built_in,
        "warnings": list(stored.warnings),
    }
