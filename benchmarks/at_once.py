"""Requests that one system streams at once, in a process of its own: printed as JSON.

    python benchmarks/at_once.py float32 --model FOLDER --requests 4 --seconds 3

One request comes before, so that weights are read and the voice is known. `--chunks` also times each chunk of one
utterance.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter

import torch
from cosyvox.cli.memory import peak_resident
from systems import DTYPES, OFFICIAL, prepare_streaming
from workload import SAMPLE_RATE, Chunk, Line, Prompt, StreamingSystem, make_speech

PROMPT_SECONDS = 5.0
PLAYABLE = 0.1  # seconds of audio


@dataclass
class Round:
    """What requests of one length did, started together.

    first: seconds until each one's first 100 ms of audio. total: until the last one's end. audio: seconds of each.
    peak: bytes of physical memory. failed: why there is nothing else, or "".
    """

    line: float
    first: list[float] = field(default_factory=list)
    total: float = 0.0
    audio: list[float] = field(default_factory=list)
    peak: int = 0
    chunks: list[Chunk] = field(default_factory=list)
    failed: str = ""


def at_once(
    name: str,
    folder: Path,
    checkout: Path | None,
    *,
    threads: int,
    requests: int,
    seconds: float,
    chunks: bool,
    limit: float,
) -> Round:
    """Run this file in a fresh process, for at most `limit` seconds."""
    command = [sys.executable, __file__, name, "--model", str(folder), "--threads", str(threads)]
    command += ["--requests", str(requests), "--seconds", str(seconds)]
    command += (["--chunks"] if chunks else []) + (["--official", str(checkout)] if checkout else [])
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False, timeout=limit)
    except subprocess.TimeoutExpired:
        return Round(seconds, failed=f"not done after {limit:g} s")
    if done.returncode < 0:
        return Round(seconds, failed=f"ended by signal {-done.returncode}")
    if done.returncode:
        raise SystemExit(done.returncode)
    result = json.loads(done.stdout.splitlines()[-1])
    return Round(**{**result, "chunks": [Chunk(**chunk) for chunk in result["chunks"]]})


def measure(system: StreamingSystem, line: Line, prompt: Prompt, requests: int) -> Round:
    """Stream the line to as many listeners, each in a thread."""
    measured = Round(line.seconds)
    lock, start = threading.Lock(), threading.Barrier(requests + 1)

    def listen() -> None:
        start.wait()
        try:
            began, first, samples = perf_counter(), None, 0
            for piece in system.stream(line, prompt):
                samples += piece
                if first is None and samples >= PLAYABLE * SAMPLE_RATE:
                    first = perf_counter() - began
            with lock:
                measured.first.append(first or perf_counter() - began)
                measured.audio.append(samples / SAMPLE_RATE)
        except Exception as error:
            measured.failed = f"{type(error).__name__}: {error}"

    listeners = [threading.Thread(target=listen) for _ in range(requests)]
    for listener in listeners:
        listener.start()
    start.wait()
    began = perf_counter()
    for listener in listeners:
        listener.join()
    measured.total = perf_counter() - began
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("system", choices=[OFFICIAL, *DTYPES])
    parser.add_argument("--model", type=Path, required=True, help="a model folder as published")
    parser.add_argument("--official", type=Path, help="a checkout of the official repository")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--requests", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each request")
    parser.add_argument("--chunks", action="store_true", help="also time each chunk of one utterance")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    load = prepare_streaming(options.system, options.model, options.official)
    from lines import make_line, make_spoken_prompt  # not before the official code was imported

    system = load()
    prompt = make_spoken_prompt(options.model, PROMPT_SECONDS)
    measure(system, make_line(options.model, 0), prompt, 1)
    measured = measure(system, make_line(options.model, options.seconds), prompt, options.requests)
    measured.peak = peak_resident()
    if options.chunks and not measured.failed:
        system.chunks(make_speech(1), prompt)
        measured.chunks = system.chunks(make_speech(measured.line), prompt)
    print(json.dumps(asdict(measured)))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
