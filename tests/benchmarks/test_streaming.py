"""The benchmark of streaming runs; what it measures is not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
TINY = ("--lengths", "1.6", "--repeats", "1")


def streaming(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / "streaming.py"), "--threads", "1", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=600)


def test_measures_every_length_chunk_and_crowd(seeded_small: Path, tmp_path: Path) -> None:
    picture = tmp_path / "chunks.png"
    has_matplotlib = subprocess.run([sys.executable, "-c", "import matplotlib"], capture_output=True).returncode == 0
    plot = ("--plot", picture) if has_matplotlib else ()
    done = streaming("--model", seeded_small, *TINY, "--at-once", "2", "--json", *plot)
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)
    (alone,) = measured["lengths"]["float32"]["1.6"]
    (together,) = measured["at_once"]["float32"]["2"]
    for round_, requests in ((alone, 1), (together, 2)):
        assert round_["failed"] == ""
        assert len(round_["first"]) == len(round_["audio"]) == requests
        assert round_["peak"] > 0
        assert 0 < max(round_["first"]) <= round_["total"]
        assert round_["audio"] == pytest.approx([round_["line"]] * requests, abs=0.1)
    assert [chunk["until"] for chunk in alone["chunks"]] == [1.0, 1.6]
    assert all(chunk["flow"] > 0 and chunk["vocoder"] > 0 for chunk in alone["chunks"])
    assert picture.exists() == has_matplotlib


def test_shows_a_table(seeded_small: Path) -> None:
    done = streaming("--model", seeded_small, *TINY, "--at-once")
    assert done.returncode == 0, done.stderr
    titles = [line.split("  ")[0] for line in done.stdout.splitlines()]
    for title in ("1.6 s: first audio, s", "1.6 s: RTF", "1.6 s: flow alone, s", "1.6 s: peak memory, GB"):
        assert title in titles


def test_ours_that_takes_too_long_is_no_result(seeded_small: Path) -> None:
    done = streaming("--model", seeded_small, *TINY, "--limit", "0.01")
    assert done.returncode == 1
    assert done.stderr == "float32, 1 x 1.6 s: not done after 0.01 s\n"
