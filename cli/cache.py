"""`cosyvox cache`: speech that is kept so that an unchanged line need not be spoken again."""

from __future__ import annotations

import argparse

from .. import core
from .console import Console
from .interrupt import Interrupt
from .parser import common_options


def add_parser(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser(
        "cache",
        parents=[common_options()],
        help="show or clear the speech that is kept",
        description="Show where `dub` and the nodes keep what was spoken, and how much that is. At most "
        "1 GB is kept, what was used last. COSYVOX_HOME says where.",
    )
    parser.set_defaults(run=show)
    actions = parser.add_subparsers(metavar="[ACTION]")
    clear_ = actions.add_parser("clear", parents=[common_options()], help="remove all of it; it can be made again")
    clear_.set_defaults(run=clear)


def show(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """Print the folder and its size."""
    cache = core.SegmentCache()
    size = cache.bytes
    console.result({"folder": str(cache.folder), "bytes": size}, f"{cache.folder}: {size / 1e6:,.1f} MB")


def clear(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """Remove what is kept. Raises StorageError."""
    cache = core.SegmentCache()
    freed = cache.clear()
    console.note(f"{cache.folder}: {freed / 1e6:,.1f} MB removed")
    console.result({"folder": str(cache.folder), "freed": freed})
