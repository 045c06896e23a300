"""Whole utterances, stage by stage, beside the official code.

    python benchmarks/offline.py --model FOLDER [--official CHECKOUT] [--dtype float32 bfloat16]

FOLDER is a model as published; `cosyvox models make-seeded FOLDER` makes one of the same size with
seeded weights, and speed does not depend on their values. The systems take turns on everything, so
that a machine that slows down slows all of them; what is shown is the median.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter

import torch
from footprint import footprint
from systems import DTYPES, OFFICIAL, prepare
from torch import Tensor
from workload import Prompt, System, make_prompt, make_speech, make_text

PROMPT_SECONDS = 5.0
CONTEXTS = (100, 400)
CONTEXT_STEPS = 32  # ids timed around each context

Samples = dict[str, list[float]]


@dataclass
class Results:
    """measure -> seconds (or bytes) of every repetition, per system; and how far ours is from the official mel."""

    machine: str
    threads: int
    prompt_seconds: float
    samples: dict[str, Samples] = field(default_factory=dict)
    mel_difference: dict[str, float] = field(default_factory=dict)

    def add(self, system: str, measure: str, value: float) -> None:
        self.samples.setdefault(system, {}).setdefault(measure, []).append(value)

    def median(self, system: str, measure: str) -> float:
        return median(self.samples[system][measure])


def main() -> None:
    options = parse_arguments()
    torch.set_num_threads(options.threads)
    names = ([OFFICIAL] if options.official else []) + options.dtype
    results = Results(machine(), options.threads, PROMPT_SECONDS)
    read_through(options.model)
    for name in names * options.repeats:
        for measure, value in footprint(name, options.model, options.official, options.threads).items():
            results.add(name, measure, value)
    systems = {name: prepare(name, options.model, options.official)() for name in names}
    prompt = make_prompt(PROMPT_SECONDS)
    compare_mels(results, systems, prompt)
    for _ in range(options.repeats):
        for context in CONTEXTS:
            for name, system in systems.items():
                results.add(name, f"LM step at {context}", token_seconds(system, context))
    for seconds in options.seconds:
        for _ in range(options.repeats):
            for name, system in systems.items():
                for stage, spent in speak(system, prompt, seconds).items():
                    results.add(name, f"{seconds:g} s: {stage}", spent)
    print(json.dumps(asdict(results), indent=1) if options.json else table(results, names, options.seconds))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="a model folder as published")
    parser.add_argument("--official", type=Path, help="a checkout of FunAudioLLM/CosyVoice with its submodule")
    parser.add_argument("--dtype", nargs="+", choices=list(DTYPES), default=["float32"], help="of ours")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", nargs="+", type=float, default=[3.0, 10.0, 25.0], help="lengths of utterances")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="every single sample instead of a table")
    return parser.parse_args()


def read_through(folder: Path) -> None:
    """Bring the weights into the page cache, so that no system pays for the disk."""
    for path in folder.glob("*.pt"):
        with path.open("rb") as file:
            while file.read(1 << 24):
                pass


def compare_mels(results: Results, systems: dict[str, System], prompt: Prompt) -> None:
    """Largest difference between our mels and the official ones; also the warm-up."""
    speech = make_speech(1)
    mels = {name: system.mel(speech, prompt) for name, system in systems.items()}
    for name, system in systems.items():
        system.wave(mels[name])
        if OFFICIAL in mels:
            results.mel_difference[name] = (mels[name] - mels[OFFICIAL]).abs().max().item()


def token_seconds(system: System, context: int) -> float:
    """Seconds from id to id where the sequence is about `context` long."""
    text = make_text(10)
    start, turn = 1, 1
    prompt_speech = make_speech(40)[: context - CONTEXT_STEPS // 2 - len(text) - start - turn]
    return median(system.decode(text, prompt_speech, CONTEXT_STEPS + 1)[1:])


def speak(system: System, prompt: Prompt, seconds: float) -> dict[str, float]:
    """Seconds of each stage of one utterance, and of all together."""
    speech = make_speech(seconds)
    text = torch.cat((prompt.text, make_text(seconds)))
    lm = sum(system.decode(text, prompt.speech, len(speech)))
    mel, flow = timed(lambda: system.mel(speech, prompt))
    _, vocoder = timed(lambda: system.wave(mel))
    return {"LM": lm, "flow": flow, "vocoder": vocoder, "total": lm + flow + vocoder}


def timed(work: Callable[[], Tensor]) -> tuple[Tensor, float]:
    started = perf_counter()
    made = work()
    return made, perf_counter() - started


def machine() -> str:
    """What the figures depend on."""
    cpuinfo = Path("/proc/cpuinfo")
    names = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    model = next((line.partition(":")[2].strip() for line in names if line.startswith("model name")), "")
    return f"{model or platform.processor() or platform.machine()}, {platform.system()}, torch {torch.__version__}"


def table(results: Results, names: list[str], lengths: list[float]) -> str:
    """A column per system; beside ours, how many times better than the official code it is."""
    rows: list[tuple[str, str, float, str]] = [  # what is shown, the measure, its unit in that of the sample, format
        ("import after torch, s", "import", 1, ".2f"),
        ("load, s", "load", 1, ".2f"),
        ("peak memory, GB", "peak", 1e9, ".2f"),
        *((f"LM, ms per token at {context}", f"LM step at {context}", 1e-3, ".1f") for context in CONTEXTS),
    ]
    for seconds in lengths:
        for stage in ("LM", "flow", "vocoder"):
            rows.append((f"{seconds:g} s: {stage}, s", f"{seconds:g} s: {stage}", 1, ".2f"))
        rows.append((f"{seconds:g} s: RTF", f"{seconds:g} s: total", seconds, ".3f"))
    lines = [
        f"{results.machine}, {results.threads} threads, {results.prompt_seconds:g} s prompt, "
        f"median of {len(results.samples[names[0]]['load'])}",
        f"{'':26}" + "".join(f"{name:>10}" + ("" if name == OFFICIAL else f"{'':8}") for name in names),
    ]
    for title, measure, unit, form in rows:
        line = f"{title:26}"
        for name in names:
            value = results.median(name, measure)
            line += f"{value / unit:>10{form}}"
            if name != OFFICIAL:
                times = f"{results.median(OFFICIAL, measure) / value:.2f}x" if OFFICIAL in names else ""
                line += f"{times:>8}"
        lines.append(line)
    if OFFICIAL in names:
        differences = ", ".join(f"{name} {results.mel_difference[name]:.1e}" for name in names if name != OFFICIAL)
        lines.append(f"largest difference from the official mel: {differences}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
