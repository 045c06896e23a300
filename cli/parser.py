"""What every verb's arguments have in common."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NoReturn

from .. import core

if TYPE_CHECKING:
    from ..core import EngineOptions

MODEL_VARIABLE = "COSYVOX_MODEL"


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


def model_options() -> argparse.ArgumentParser:
    """Which model computes, where and how."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument(
        "--model", metavar="DIR|NAME", help=f"model folder or name (default: ${MODEL_VARIABLE}, or the best one here)"
    )
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="auto", help="default: by device")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto", help="default: auto")
    parser.add_argument(
        "--flow-steps", type=int, metavar="N", help="fewer are faster and coarser (default: the model's)"
    )
    parser.add_argument("--no-guidance", action="store_true", help="faster, and further from the voice")
    parser.add_argument("--int8", action="store_true", help="language model in 8 bits on a CPU: faster, not exact")
    parser.add_argument("--deterministic", action="store_true", help="the same bits whatever runs beside it; slower")
    return parser


def engine_options(args: argparse.Namespace) -> EngineOptions:
    """What `model_options` says of the arithmetic."""
    return core.EngineOptions(
        flow_steps=args.flow_steps, guidance=not args.no_guidance, int8=args.int8, deterministic=args.deterministic
    )


def voice_options() -> argparse.ArgumentParser:
    """Whose voice it is."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--voice", metavar="ID", help=f"one of `cosyvox voices list` (default: {core.DEFAULT_VOICE})")
    parser.add_argument("--prompt", metavar="FILE", help="recording of the voice")
    return parser


def sound_options() -> argparse.ArgumentParser:
    """What the audio is like."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same audio (default: 0)")
    parser.add_argument("--speed", type=float, default=1.0, metavar="X", help="0.5 to 2 (default: 1)")
    parser.add_argument("--gain", type=float, default=0.0, metavar="DB", help="added loudness (default: 0)")
    parser.add_argument("--sample-rate", type=int, metavar="HZ", help="of the output (default: the model's own)")
    return parser


def sound_fields(args: argparse.Namespace) -> dict[str, Any]:
    """`sound_options` as fields of a request."""
    return {"seed": args.seed, "speed": args.speed, "gain_db": args.gain, "sample_rate": args.sample_rate}
