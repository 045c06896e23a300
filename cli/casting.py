"""Who speaks with which voice: what `--voice`, `--prompt`, `--cast` and `--cast-file` mean for a text with speakers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .. import core
from ..core import dub
from .parser import UsageError
from .speaking import check_recording

if TYPE_CHECKING:
    from ..core import Engine, StoredVoice, Voice


def cast_options() -> argparse.ArgumentParser:
    """One voice for all, or one for each."""
    parser = argparse.ArgumentParser(add_help=False)
    group = parser.add_argument_group("voices", "Who is not in the cast speaks with the voice of that name.")
    group.add_argument("--voice", metavar="ID", help=f"of all others (default: {core.DEFAULT_VOICE}, without a cast)")
    group.add_argument("--prompt", metavar="FILE", help="recording of the voice of all others")
    group.add_argument("--transcript", metavar="TEXT", help="words of that recording")
    group.add_argument(
        "--cast",
        metavar="TEXT",
        help='voices by speaker, with settings: "Alice=emma, Bob=james speed=0.95 gain=-2"; '
        "seed, language and instruct are others",
    )
    group.add_argument("--cast-file", metavar="FILE", help="a text file of the same, a line for each speaker")
    return parser


@dataclass(frozen=True)
class Role:
    """voice: None is the recording that `--prompt` names."""

    voice: StoredVoice | None
    style: dub.Style

    @property
    def name(self) -> str:
        """No voice may be called as a recording is here."""
        return self.voice.id if self.voice else "--prompt"


@dataclass(frozen=True)
class Roles:
    """One for each speaker who has one, and that of all others."""

    by_speaker: Mapping[str, Role]
    others: Role

    def cast(self, engine: Engine, args: argparse.Namespace) -> tuple[dub.Cast, Voice]:
        """As this model hears the voices, each once, and that of all others.

        Raises VoiceError, AudioError, CheckpointError.
        """
        heard: dict[str, Voice] = {}
        for role in (*self.by_speaker.values(), self.others):
            if role.name not in heard:
                heard[role.name] = (
                    engine.load_voice(role.voice)
                    if role.voice
                    else engine.clone(args.prompt, transcript=args.transcript)
                )
        members = {speaker: dub.Member(heard[role.name], role.style) for speaker, role in self.by_speaker.items()}
        others = heard[self.others.name]
        return dub.Cast(members, dub.Member(others, self.others.style)), others

    def names(self, narrator: str) -> dict[str, str]:
        """The voice of each speaker; narrator: what who is not named is called."""
        return {narrator: self.others.name} | {speaker: role.name for speaker, role in self.by_speaker.items()}


def read_lines(args: argparse.Namespace) -> dict[str, dub.CastLine]:
    """What `--cast` or `--cast-file` says. Raises UsageError, TextError."""
    if args.cast is not None and args.cast_file is not None:
        raise UsageError("--cast and --cast-file say the same: give one of them")
    if args.cast_file is None:
        return dub.read_cast(args.cast or "")
    return dub.read_cast(read_text(args.cast_file))


def read_text(file: str) -> str:
    """A file, or all of standard input for "-". Raises TextError."""
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise core.TextError(f"{file} cannot be read: {error.strerror or error}; check the path") from error
    except UnicodeError as error:
        raise core.TextError(f"{file} is not UTF-8: save it as UTF-8") from error


def assign(
    speakers: Iterable[tuple[str | None, str]], lines: Mapping[str, dub.CastLine], args: argparse.Namespace
) -> Roles:
    """Roles for speakers, each with a place where they speak, such as "line 3". Before a model is loaded for nothing.

    Raises UsageError, VoiceError, AudioError; RequestError for a speaker without a voice, naming those who have one.
    """
    store = core.VoiceStore()
    library = {voice.id.casefold(): voice for voice in store.list()}
    written = {name.casefold(): line for name, line in lines.items()}
    others = _others(store, args)
    found: dict[str, Role] = {}
    missing: dict[str, str] = {}
    for speaker, where in speakers:
        if speaker is None or speaker in found or speaker in missing:
            continue
        if line := written.get(speaker.casefold()):
            found[speaker] = Role(library.get(line.voice.casefold()) or store.get(line.voice), line.style)
        elif stored := library.get(speaker.casefold()):
            found[speaker] = Role(stored, dub.Style())
        else:
            missing[speaker] = where
    if others is None and missing and (found or lines):
        speaker, where = next(iter(missing.items()))
        known = ", ".join([*lines, *(voice.id for voice in library.values())])
        raise core.RequestError(
            f'{where}: there is no voice for {speaker}, known are {known}: add "{speaker}=VOICE" to the cast, or say '
            "with --voice ID who speaks for all others"
        )
    others = others or Role(store.get(core.DEFAULT_VOICE), dub.Style())
    return Roles(found | dict.fromkeys(missing, others), others)


def _others(store: core.VoiceStore, args: argparse.Namespace) -> Role | None:
    """The role that `--voice` or `--prompt` means."""
    if args.voice and (args.prompt or args.transcript):
        raise UsageError("--voice ID has a recording and its words: leave --prompt and --transcript out")
    if args.transcript and not args.prompt:
        raise UsageError("--transcript needs a recording: name it with --prompt FILE")
    if args.prompt:
        check_recording(args.prompt)
        return Role(None, dub.Style())
    return Role(store.get(args.voice), dub.Style()) if args.voice else None
