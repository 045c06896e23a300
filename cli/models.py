"""`cosyvox models …`: make, convert and verify model folders."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from .. import core
from .console import Console
from .interrupt import Interrupt
from .parser import common_options


def add_parser(verbs: argparse._SubParsersAction) -> None:
    models = verbs.add_parser("models", parents=[common_options()], help="make, convert and verify model folders")
    actions = models.add_subparsers(metavar="ACTION", required=True)

    seeded = actions.add_parser(
        "make-seeded",
        parents=[common_options()],
        help="make a folder in the published format with seeded weights",
        description="Make a complete model folder whose weights follow from their names: it utters noise, "
        "for tests and for whoever has no weights yet.",
    )
    seeded.add_argument("folder", metavar="DIR", type=Path)
    seeded.add_argument("--small", action="store_true", help="reduced dimensions: about 100 MB instead of 2.5 GB")
    seeded.add_argument("--tokenizer", metavar="DIR", type=Path, help="published tokenizer to use")
    seeded.set_defaults(run=make_seeded)

    convert_ = actions.add_parser(
        "convert",
        parents=[common_options()],
        help="write a published folder in the compact form",
        description="Write a published folder in the compact form: one model.safetensors and config.json.",
    )
    convert_.add_argument("folder", metavar="DIR", type=Path)
    convert_.add_argument("out", metavar="OUT", type=Path, help="folder to make")
    convert_.add_argument("--dtype", choices=["float32", "bfloat16", "float16"], default="float32")
    convert_.set_defaults(run=convert)

    verify_ = actions.add_parser(
        "verify",
        parents=[common_options()],
        help="load a folder strictly and list what is in it",
        description="Load every weight of a folder and list its files; exit code 1 if it is damaged.",
    )
    verify_.add_argument("folder", metavar="DIR", type=Path)
    verify_.set_defaults(run=verify)


def make_seeded(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """Make a seeded folder. Raises CosyVoxError."""
    with console.progress() as on_progress, interrupt.deferred() as should_stop:
        core.make_seeded(
            args.folder, small=args.small, tokenizer=args.tokenizer, on_progress=on_progress, should_stop=should_stop
        )
    _tell_made(args.folder, console)


def convert(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """Write the compact form. Raises CosyVoxError."""
    with console.progress() as on_progress, interrupt.deferred() as should_stop:
        core.convert(args.folder, args.out, dtype=args.dtype, on_progress=on_progress, should_stop=should_stop)
    _tell_made(args.out, console)


def verify(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """List what is in a folder that loads. Raises CosyVoxError if it does not."""
    with console.progress() as on_progress:
        report = core.verify(args.folder, on_progress=on_progress)
    lines = [f"{size:>13,}  {name}" for name, size in report.files.items()]
    total = f"{sum(report.files.values()):>13,}  bytes in {len(lines)} files"
    kind = f"{report.family}, {report.form} form, {report.sample_rate} Hz, {report.parameters:,} parameters"
    fields = {**asdict(report), "folder": str(report.folder)}
    console.result(fields, "\n".join([*lines, total, kind]))


def _tell_made(folder: Path, console: Console) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    console.note(f"{folder}: {len(files)} files, {size / 1e6:.1f} MB")
    console.result({"folder": str(folder), "files": len(files), "bytes": size})
