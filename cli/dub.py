"""`cosyvox dub`: subtitles spoken in time with a clip, or a script with several speakers."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import core
from ..core import dub
from . import speaking
from .casting import assign, cast_options, read_lines, read_text
from .console import Console
from .dub_options import check_usage, clip_fields, default_output, dub_options, script_fields
from .interrupt import Interrupt
from .output import choose, file_options
from .parser import common_options, model_options, sound_fields, sound_options
from .sides import Sides, choose_sides, side_options

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ..core.dub import CastLine, Dub, Performance

_NARRATOR = "narrator"


def add_parser(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser(
        "dub",
        parents=[
            *(common_options(), cast_options(), dub_options(), side_options(), file_options("FILE-dub.wav")),
            *(sound_options(), model_options()),
        ],
        help="speak subtitles in time, or a script with several speakers",
        description="Speak subtitles as a track of exactly the clip's length. Each cue is made to fit by the first of "
        "these that is enough: another take, native speed, the silence before the next cue, an earlier or later start, "
        "time-stretch; for what is still too long, --policy decides. No word is ever cut. With --script, speak a "
        'dialogue instead, "[Alice] … [Bob] …", one line behind the other.',
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """Speak, write the track and what is wanted beside it. Raises UsageError, CosyVoxError, BrokenPipeError."""
    check_usage(args)
    output = choose(args, default_output(args.file))
    lines = read_lines(args)
    text = _Script(args) if args.script else _Clip(args, lines)
    roles = assign(text.places, lines, args)
    sides = choose_sides(args, dict.fromkeys(dub.speaker_names([speaker for speaker, _ in text.places], _NARRATOR)))
    lexicon = core.read_lexicon(args.lexicon) if args.lexicon else None
    model = speaking.named_model(args)
    with speaking.loaded(args, model, console) as session, interrupt.deferred() as should_stop:
        engine = session.engine
        cast, others = roles.cast(engine, args)
        started = time.perf_counter()
        made = text.spoken(
            dub.Renderer(engine, None if args.no_cache else core.SegmentCache()),
            cast,
            base=core.SpeechRequest(
                "", others, instruction=args.instruct, language=args.language, lexicon=lexicon, **sound_fields(args)
            ),
            narrator=_NARRATOR,
            on_progress=session.on_progress,
            should_stop=should_stop,
        )
        took = time.perf_counter() - started
        path = output.write(made.audio, made.sample_rate)
        sides.write_subtitles(made.cues)
        sides.write_stems(made.stems, made.sample_rate)
        fields = _told(made, (*text.warnings, *made.warnings), sides, console)
    seconds = made.audio.shape[-1] / made.sample_rate
    console.note(
        f"{path or 'standard output'}: {seconds:.2f} s, {len(made.cues)} cues, spoken by {engine.family.name} in "
        f"{took:.1f} s, model loaded in {session.load_seconds:.1f} s"
    )
    about = {
        "file": str(path or "-"),
        **sides.paths(),
        "model": engine.family.name,
        "device": str(engine.device),
        "voices": roles.names(_NARRATOR),
        "seed": args.seed,
        "load_seconds": session.load_seconds,
        "took_seconds": took,
        "seconds": seconds,
        "sample_rate": made.sample_rate,
    }
    console.result(about | fields)


def _told(made: Dub | Performance, warnings: Sequence[str], sides: Sides, console: Console) -> dict[str, Any]:
    """What was said when and how it was made to fit: told, written and as fields. Raises StorageError."""
    for warning in warnings:
        console.warn(warning)
    if not isinstance(made, dub.Dub):
        return {"cues": [asdict(cue) for cue in made.cues], "warnings": warnings}
    as_json = dub.as_json(made.lines, warnings)
    console.note(dub.table(made.lines))
    sides.write_report(dub.table(made.lines, warnings), as_json)
    sides.write_picture(lambda: dub.timeline(made.lines, made.audio.shape[-1] / made.sample_rate))
    return json.loads(as_json)


class _Script:
    """A dialogue, one line behind the other. places: who speaks where."""

    warnings: tuple[str, ...] = ()

    def __init__(self, args: argparse.Namespace) -> None:
        """Raises TextError."""
        self._turns = dub.read_script(read_text(args.file))
        self._fields = script_fields(args)
        self.places = [(turn.speaker, f"line {turn.line}") for turn in self._turns]

    def spoken(self, renderer: dub.Renderer, cast: dub.Cast, **fields: Any) -> Performance:
        return dub.perform(renderer, self._turns, cast, **self._fields, **fields)


class _Clip:
    """Subtitles, at their times. places: who speaks where."""

    def __init__(self, args: argparse.Namespace, lines: Mapping[str, CastLine]) -> None:
        """Raises SubtitleError, RequestError, AudioError."""
        self._fields, self._rate = clip_fields(args)
        read = _subtitles(args.file, lines)
        self._cues, self.warnings = read.cues, read.warnings
        self.places = [(cue.speaker, f"line {cue.line}") for cue in read.cues]

    def spoken(self, renderer: dub.Renderer, cast: dub.Cast, base: core.SpeechRequest, **fields: Any) -> Dub:
        base = replace(base, sample_rate=base.sample_rate or self._rate)
        return dub.dub(renderer, self._cues, cast, base=base, **self._fields, **fields)


def _subtitles(file: str, speakers: Collection[str]) -> dub.Subtitles:
    """Raises TextError, SubtitleError."""
    if file == "-":
        return dub.parse_subtitles(read_text(file), speakers=speakers)
    try:
        return dub.read_subtitles(file, speakers=speakers)
    except core.SubtitleError as error:
        if Path(file).suffix.lower() != ".txt":
            raise
        raise core.SubtitleError(f"{error}; a dialogue is spoken with --script") from error
