"""`cosyvox serve`: the voice of Home Assistant."""

from __future__ import annotations

import argparse

from .. import core
from ..wyoming_cosyvoice.configure import add_options, settings_from
from .console import Console
from .interrupt import Interrupt

_DESCRIPTION = """\
Speak for Home Assistant: a Wyoming text-to-speech server. Without options it listens on this machine only, with the
best model that is here; `--uri tcp://:10200` lets the network in, and Home Assistant finds it by itself.

Every setting --like-this may also be a variable COSYVOX_LIKE_THIS, or a line `like_this: …` in a file that --config
names. A flag wins over a variable, a variable over the file."""


def add_parser(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser(
        "serve",
        help="speak for Home Assistant, as a Wyoming server",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """Serve until a signal comes. Raises CosyVoxError."""
    settings = settings_from(args)
    try:
        from ..wyoming_cosyvoice.app import serve
    except ModuleNotFoundError as error:
        if error.name != "wyoming":
            raise
        advice = 'install it with `pip install "cosyvox[server]"`'
        raise core.RequestError(f"the server needs the package wyoming: {advice}") from error
    serve(settings)
