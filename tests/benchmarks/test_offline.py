"""The benchmark runs; what it measures is not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PER_PROCESS = {"import", "load", "peak"}
PER_CONTEXT = {"LM step at 100", "LM step at 400"}
PER_UTTERANCE = {f"0.4 s: {stage}" for stage in ("LM", "flow", "vocoder", "total")}


def offline(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / "offline.py"), "--threads", "1", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=600)


def test_measures_every_stage_of_every_dtype(seeded_small: Path) -> None:
    done = offline(
        *("--model", seeded_small, "--dtype", "float32", "bfloat16"), *("--seconds", "0.4", "--repeats", "1", "--json")
    )
    assert done.returncode == 0, done.stderr
    samples = json.loads(done.stdout)["samples"]
    assert samples.keys() == {"float32", "bfloat16"}
    for measured in samples.values():
        assert measured.keys() == PER_PROCESS | PER_CONTEXT | PER_UTTERANCE
        assert all(len(values) == 1 and values[0] > 0 for values in measured.values())


def test_shows_a_table(seeded_small: Path) -> None:
    done = offline("--model", seeded_small, "--seconds", "0.4", "--repeats", "1")
    assert done.returncode == 0, done.stderr
    titles = [line.split("  ")[0] for line in done.stdout.splitlines()]
    for title in ("load, s", "peak memory, GB", "LM, ms per token at 400", "0.4 s: flow, s", "0.4 s: RTF"):
        assert title in titles


def test_says_what_an_official_folder_lacks(seeded_small: Path, tmp_path: Path) -> None:
    done = offline("--model", seeded_small, "--official", tmp_path)
    assert done.returncode != 0
    assert "has no folder 'cosyvoice'" in done.stderr
    assert "--recursive" in done.stderr
    assert "Traceback" not in done.stderr
