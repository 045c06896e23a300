"""What every verb's arguments have in common."""

from __future__ import annotations

import argparse
from typing import NoReturn


class UsageError(Exception):
    """Arguments that cannot be meant."""


class LineParser(argparse.ArgumentParser):
    """An ArgumentParser whose complaints are one line, and the caller's to print."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see `{self.prog} --help`)")


def common_options() -> argparse.ArgumentParser:
    """Options that mean the same before and after the verb; the caller's namespace holds their defaults."""
    parser = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    parser.add_argument("--quiet", action="store_true", help="print warnings and errors only")
    parser.add_argument("--json", action="store_true", help="print the result as JSON on standard output")
    parser.add_argument("--debug", action="store_true", help="print a traceback with an error")
    return parser
