"""The benchmark of the server runs, and nothing is lost in it; how fast it is, is not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "wyoming.py"
NOTHING = ("--typed", "0", "--minutes", "0", "--leaving", "0", "--nonsense", "0")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc, which only Linux has")


def wyoming(*arguments: str) -> str:
    command = [sys.executable, str(BENCHMARK), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_measures_every_part() -> None:
    small = ("--repeats", "2", "--typed", "1", "--clients", "3", "--minutes", "0.1", "--leaving", "3")
    measured = json.loads(wyoming(*small, "--nonsense", "60", "--json"))
    assert len(measured["first"]) == 2 and len(measured["sentence"]) == len(measured["next"]) == 1
    assert min(measured["first"] + measured["next"] + measured["starting"]) > 0
    together, siege = measured["together"], measured["nonsense"]
    assert together["requests"] >= 3 and together["audio"] > 3 and together["lost"] == 0
    assert len(together["first"]) == 3 and together["describe"]
    assert len(measured["leaving"]["stops"]) == 3 and min(measured["leaving"]["memory"]) > 10
    assert len(siege["seconds"]) == 60 and siege["hung"] == 0 and siege["served"]
    assert measured["complaints"] == []


def test_shows_a_table() -> None:
    lines = wyoming("--repeats", "1", *NOTHING).splitlines()
    assert [line.partition("  ")[0] for line in lines[2:]] == [
        "Describe while the model is loaded, ms",
        "first request of all: first audio, s",
        "one request: first audio, s",
        "nothing unexpected in the log",
    ]
