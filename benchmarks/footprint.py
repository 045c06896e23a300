"""Load time and peak memory of one system, in a process of its own: printed as JSON.

    python benchmarks/footprint.py float32 --model FOLDER

`offline.py` runs it for every system.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import torch
from systems import DTYPES, OFFICIAL, prepare
from workload import make_prompt, make_speech, make_text

SECONDS = 10.0


def footprint(name: str, folder: Path, checkout: Path | None, threads: int) -> dict[str, float]:
    """Run this file in a fresh process: {"import": s, "load": s, "peak": bytes}."""
    command = [sys.executable, __file__, name, "--model", str(folder), "--threads", str(threads)]
    if checkout is not None:
        command += ["--official", str(checkout)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise SystemExit(done.returncode)
    return json.loads(done.stdout.splitlines()[-1])


def measure(name: str, folder: Path, checkout: Path | None) -> dict[str, float]:
    started = perf_counter()
    load = prepare(name, folder, checkout)
    imported = perf_counter()
    system = load()
    # Mapped weights are read when they are used: loaded is who has said something.
    empty = make_prompt(0)
    system.decode(make_text(1), empty.speech, 1)
    system.wave(system.mel(make_speech(0.2), empty))
    loaded = perf_counter()
    from cosyvox.cli.memory import peak_resident  # not before what imports take was measured

    prompt = make_prompt(5)
    system.decode(torch.cat((prompt.text, make_text(SECONDS))), prompt.speech, len(make_speech(SECONDS)))
    system.wave(system.mel(make_speech(SECONDS), prompt))
    return {"import": imported - started, "load": loaded - imported, "peak": peak_resident()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("system", choices=[OFFICIAL, *DTYPES])
    parser.add_argument("--model", type=Path, required=True, help="a model folder as published")
    parser.add_argument("--official", type=Path, help="a checkout of the official repository")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(json.dumps(measure(options.system, options.model, options.official)))


if __name__ == "__main__":
    main()
