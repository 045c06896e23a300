"""The program: arguments in, exit code out."""

from __future__ import annotations

import argparse
import errno
import sys
import traceback
from collections.abc import Sequence

from .. import __version__
from ..core import Cancelled, CosyVoxError
from . import bench, cache, convert, doctor, dub, models, say, serve, voices
from .console import Console, use_utf8
from .interrupt import Interrupt
from .parser import LineParser, UsageError, common_options

FAILED = 1
USAGE = 2
UNEXPECTED = 70  # EX_SOFTWARE of sysexits.h
BROKEN_PIPE = 141  # 128 + SIGPIPE, what a shell reports of a program that a closed pipe ended


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code.

    0 done, 1 an error that the message explains, 2 a command line that makes no sense, 70 a defect of
    ours, 130 interrupted. Every error is one line on standard error; `--debug` puts a traceback before it.
    """
    use_utf8()
    args = argparse.Namespace(debug=False, quiet=False, json=False)
    with Interrupt() as interrupt:
        try:
            _parser().parse_args(argv, args)
            args.run(args, Console(quiet=args.quiet, as_json=args.json), interrupt)
            return 0
        except BrokenPipeError:
            return BROKEN_PIPE
        except (Exception, KeyboardInterrupt) as error:
            if args.debug:
                traceback.print_exc()
            # Libraries turn a KeyboardInterrupt into errors of their own, for instance while they are imported.
            if interrupt.number is not None or isinstance(error, Cancelled | KeyboardInterrupt):
                return _fail("interrupted", interrupt.exit_code)
            if isinstance(error, UsageError):
                return _fail(str(error), USAGE)
            if isinstance(error, CosyVoxError):
                return _fail(str(error), FAILED)
            if isinstance(error, ModuleNotFoundError):
                return _fail(f"{error.name} is not installed: `cosyvox doctor` says how to mend it", FAILED)
            if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
                return _fail("the name of a file is too long for this system: give a shorter one", FAILED)
            hint = "" if args.debug else "; run again with --debug to see where"
            return _fail(f"unexpected {type(error).__name__}: {error}{hint}", UNEXPECTED)


def _fail(message: str, code: int) -> int:
    print("cosyvox: " + " ".join(message.split()), file=sys.stderr)
    return code


def _parser() -> LineParser:
    parser = LineParser(
        prog="cosyvox",
        description="Speaks with the CosyVoice models.",
        epilog="`cosyvox VERB --help` says more about each.",
        parents=[common_options()],
    )
    parser.add_argument("--version", action="version", version=f"cosyvox {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    say.add_parser(verbs)
    dub.add_parser(verbs)
    convert.add_parser(verbs)
    serve.add_parser(verbs)
    voices.add_parser(verbs)
    models.add_parser(verbs)
    cache.add_parser(verbs)
    doctor.add_parser(verbs)
    bench.add_parser(verbs)
    return parser
