"""Audio that is played while it is made, beside the official code.

    python benchmarks/streaming.py --model FOLDER [--official CHECKOUT] [--dtype float32] [--plot chunks.png]

FOLDER as for `offline.py`. Every figure comes from a fresh process that has spoken once before; the systems take
turns, and what is shown is the median. What fails or takes longer than --limit is shown as that, and nothing is
estimated.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from at_once import PROMPT_SECONDS, Round, at_once
from offline import machine, read_through
from plot import draw, require_matplotlib
from systems import DTYPES, OFFICIAL

WIDTH = 10


@dataclass
class Results:
    """system -> every repetition of: one request of each length, and some of the first length at once."""

    machine: str
    threads: int
    lengths: dict[str, dict[float, list[Round]]] = field(default_factory=dict)
    at_once: dict[str, dict[int, list[Round]]] = field(default_factory=dict)


def main() -> None:
    options = parse_arguments()
    if options.plot:
        require_matplotlib()
    names = ([OFFICIAL] if options.official else []) + options.dtype
    read_through(options.model)
    results = Results(machine(), options.threads, {name: {} for name in names}, {name: {} for name in names})
    for _ in range(options.repeats):
        for length in options.lengths:
            for name in names:
                run(options, name, length, 1, results.lengths[name].setdefault(length, []), chunks=True)
        for requests in options.at_once:
            for name in names:
                run(options, name, options.lengths[0], requests, results.at_once[name].setdefault(requests, []))
    print(json.dumps(asdict(results)) if options.json else table(results, names))
    if options.plot:
        draw(options.plot, {name: results.lengths[name][options.lengths[-1]] for name in names}, results.machine)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="a model folder as published")
    parser.add_argument("--official", type=Path, help="a checkout of the official repository, to compare with")
    parser.add_argument("--dtype", choices=DTYPES, nargs="+", default=["float32"], help="of ours")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--lengths", type=float, nargs="+", default=[3, 10, 25], help="seconds of the utterances")
    parser.add_argument(
        "--at-once", type=int, nargs="*", default=[1, 4, 8], help="so many requests of the first length together"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--limit", type=float, default=900, help="seconds that one process may take (default: 900)")
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw what the chunks of the last length cost")
    parser.add_argument("--json", action="store_true", help="every single sample instead of a table")
    return parser.parse_args()


def run(
    options: argparse.Namespace, name: str, seconds: float, requests: int, rounds: list[Round], *, chunks: bool = False
) -> None:
    """One more round; what failed once is not tried again. Exits if ours fails."""
    if any(done.failed for done in rounds):
        return
    done = at_once(
        name,
        options.model,
        options.official if name == OFFICIAL else None,
        threads=options.threads,
        requests=requests,
        seconds=seconds,
        chunks=chunks,
        limit=options.limit,
    )
    if done.failed and name != OFFICIAL:
        raise SystemExit(f"{name}, {requests} x {seconds:g} s: {done.failed}")
    rounds.append(done)


def table(results: Results, names: list[str]) -> str:
    """A column per system; beside ours, how many times better than the official code it is."""
    lengths = results.lengths[names[0]]
    lines = [
        f"{results.machine}, {results.threads} threads, {PROMPT_SECONDS:g} s prompt, "
        f"median of {len(next(iter(lengths.values())))}",
        f"{'':32}" + "".join(f"{name:>{WIDTH}}" + ("" if name == OFFICIAL else f"{'':8}") for name in names),
    ]
    for length in lengths:
        rounds = {name: results.lengths[name][length] for name in names}
        said = f"{rounds[names[-1]][0].line:g} s"
        lines += [
            _row(f"{said}: first audio, s", rounds, lambda done: done.first[0], ".2f"),
            _row(f"{said}: RTF", rounds, lambda done: done.total / done.line, ".3f"),
            _row(f"{said}: flow alone, s", rounds, lambda done: sum(chunk.flow for chunk in done.chunks), ".2f"),
            _row(f"{said}: vocoder alone, s", rounds, lambda done: sum(chunk.vocoder for chunk in done.chunks), ".2f"),
            _row(f"{said}: peak memory, GB", rounds, lambda done: done.peak / 1e9, ".2f"),
        ]
    for requests in results.at_once[names[0]]:
        rounds = {name: results.at_once[name][requests] for name in names}
        said = f"{requests} x {rounds[names[-1]][0].line:g} s"
        lines += [
            _row(f"{said}: last first audio, s", rounds, lambda done: max(done.first), ".2f"),
            _row(f"{said}: all done, s", rounds, lambda done: done.total, ".2f"),
            _row(f"{said}: peak memory, GB", rounds, lambda done: done.peak / 1e9, ".2f"),
        ]
    for name in names:
        alone, together = results.lengths[name], results.at_once[name]
        tried = [(1, done) for rounds in alone.values() for done in rounds]
        tried += [(requests, done) for requests, rounds in together.items() for done in rounds]
        lines += [f"{name}, {count} x {done.line:g} s: {done.failed}" for count, done in tried if done.failed]
    return "\n".join(lines)


def _row(title: str, rounds: dict[str, list[Round]], measure: Callable[[Round], float], form: str) -> str:
    values = {
        name: None if any(round_.failed for round_ in done) else median(map(measure, done))
        for name, done in rounds.items()
    }
    line = f"{title:32}"
    official = values.get(OFFICIAL)
    for name, value in values.items():
        line += f"{'failed' if value is None else format(value, form):>{WIDTH}}"
        if name != OFFICIAL:
            line += f"{f'{official / value:.2f}x' if official and value else '':>8}"
    return line


if __name__ == "__main__":
    main()
