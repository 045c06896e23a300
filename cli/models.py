"""`cosyvox models …`: find, fetch, make, convert, verify and remove model folders."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import core
from .console import Console
from .interrupt import Interrupt
from .parser import UsageError, common_options

if TYPE_CHECKING:
    from ..core import FoundModel


def add_parser(verbs: argparse._SubParsersAction) -> None:
    models = verbs.add_parser("models", parents=[common_options()], help="find, fetch, convert and verify models")
    actions = models.add_subparsers(metavar="ACTION", required=True)
    _add_finding(actions)
    _add_making(actions)


def _add_finding(actions: argparse._SubParsersAction) -> None:
    list_ = actions.add_parser(
        "list",
        parents=[common_options()],
        help="which models there are, and which are on this machine",
        description="List the known families, and where their model folders are: in COSYVOX_HOME, in ComfyUI, in "
        "the caches of Hugging Face and ModelScope.",
    )
    list_.set_defaults(run=list_models)

    download = actions.add_parser(
        "download",
        parents=[common_options()],
        help="fetch a model, unless it is on this machine",
        description="Fetch a model from ModelScope or Hugging Face, whichever answers. Interrupted, it goes on with "
        "the next call. HF_ENDPOINT names a mirror; COSYVOX_OFFLINE=1 is --offline.",
    )
    download.add_argument("name", metavar="NAME", help="family or repository, for instance CosyVoice2-0.5B")
    download.add_argument("--hub", choices=["modelscope", "huggingface"], help="default: whichever answers")
    download.add_argument("--offline", action="store_true", help="only look on this machine")
    download.set_defaults(run=download_model)

    where = actions.add_parser(
        "where",
        parents=[common_options()],
        help="print the folder of a model",
        description="Print the folder of a model; exit code 1 if it is not on this machine, or not complete.",
    )
    where.add_argument("name", metavar="NAME")
    where.set_defaults(run=where_is)

    remove = actions.add_parser(
        "remove",
        parents=[common_options()],
        help="delete a model from COSYVOX_HOME",
        description="Delete a model from COSYVOX_HOME. What lies elsewhere is never touched.",
    )
    remove.add_argument("name", metavar="NAME")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    remove.set_defaults(run=remove_model)


def _add_making(actions: argparse._SubParsersAction) -> None:
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
    convert_.add_argument("folder", metavar="DIR|NAME")
    convert_.add_argument("out", metavar="OUT", type=Path, help="folder to make")
    convert_.add_argument("--dtype", choices=["float32", "bfloat16", "float16"], default="float32")
    convert_.set_defaults(run=convert)

    verify_ = actions.add_parser(
        "verify",
        parents=[common_options()],
        help="load a folder strictly and list what is in it",
        description="Load every weight of a folder and list its files; exit code 1 if it is damaged.",
    )
    verify_.add_argument("folder", metavar="DIR|NAME")
    verify_.set_defaults(run=verify)


def list_models(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """List families and what is here of them."""
    found = core.models_on_disk()
    families = [
        {
            "name": family.name,
            "summary": family.summary,
            "repos": dict(family.repos),
            "found": [_fields(model) for model in found if model.family == family.name],
        }
        for family in core.FAMILIES
    ]
    lines = []
    for family in core.FAMILIES:
        lines.append(f"{family.name}: {family.summary}")
        here = [model for model in found if model.family == family.name]
        lines += [f"  {describe(model)}" for model in here]
        if not any(model.complete for model in here):
            lines.append(f"  `cosyvox models download {family.name}` fetches it")
    lines.append(f"{core.EMBEDDED.name}: {core.EMBEDDED.summary}")
    console.result({"home": str(core.models_home()), "families": families}, "\n".join(lines))


def download_model(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """Fetch a model, and print its folder. Raises CosyVoxError."""
    with console.progress() as on_progress:
        model = core.download_model(args.name, hub=args.hub, offline=args.offline, on_progress=on_progress)
    console.note(describe(model))
    console.result(_fields(model), str(model.path))


def where_is(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """Print a model's folder. Raises ModelNotFound."""
    path = core.find_model(args.name)
    console.result({"path": str(path)}, str(path))


def remove_model(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """Delete a model of ours, if whoever asks is sure. Raises UsageError, CosyVoxError."""
    model = core.own_model(args.name)
    if not args.yes:
        if not sys.stdin.isatty():
            raise UsageError(f"this would delete {model.path}: add --yes if you are sure")
        print(f"Delete {describe(model)}? [y/N] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            console.note("nothing was deleted")
            return
    core.remove_model(args.name)
    console.note(f"removed {model.path}")
    console.result({"removed": str(model.path), "bytes": model.bytes})


def describe(model: FoundModel) -> str:
    """One line: whether a folder is whole, how large, where, whose."""
    state = f"incomplete, missing: {', '.join(model.missing)};" if model.missing else "complete,"
    form = ", compact form" if model.form == "compact" else ""
    return f"{state} {model.bytes / 1e6:,.1f} MB{form}, {model.path} ({model.place})"


def _fields(model: FoundModel) -> dict[str, Any]:
    return {**asdict(model), "path": str(model.path), "complete": model.complete}


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
        core.convert(
            core.find_model(args.folder), args.out, dtype=args.dtype, on_progress=on_progress, should_stop=should_stop
        )
    _tell_made(args.out, console)


def verify(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """List what is in a folder that loads. Raises CosyVoxError if it does not."""
    with console.progress() as on_progress:
        report = core.verify(core.find_model(args.folder), on_progress=on_progress)
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
