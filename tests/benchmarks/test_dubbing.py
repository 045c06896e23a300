"""Dubbing, heard: its benchmark on the first cues of three files, with time, with little and with far too little."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pocketsphinx", reason="words are counted by pocketsphinx: pip install pocketsphinx")

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "dubbing.py"
CUES = 6
NEAR = 0.08  # seconds
# Cutting or doubling 0.2 s of a line leaves 0.42 of likeness in the middle, 0.9 at most; whole ones have 0.87 at least.
ALIKE = 0.85
MOST_ERRORS = 0.35  # as in the tests of the embedded voice
UNEVEN = 1.5  # dB
BY_CHANCE = 2.0  # standard deviations


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """By the names of the files."""
    folder = tmp_path_factory.mktemp("pictures")
    command = [sys.executable, str(BENCHMARK), "--cues", str(CUES), "--json", "--pictures", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    files = ["easy", "impossible", "tight"]
    assert sorted(path.name for path in folder.iterdir()) == [
        f"{f}.{end}" for f in files for end in ("png", "txt", "wav")
    ]
    return {Path(result["file"]).stem: result for result in json.loads(done.stdout)}


def test_words_are_heard_as_well_as_without_times(results: dict[str, dict]) -> None:
    words, errors, untimed = (
        sum(result[name] for result in results.values()) for name in ("words", "errors", "untimed_errors")
    )
    assert errors <= untimed + BY_CHANCE * untimed**0.5
    assert errors <= MOST_ERRORS * words


def test_nothing_is_cut_or_doubled(results: dict[str, dict]) -> None:
    assert {name: result["likeness"] for name, result in results.items() if result["likeness"] < ALIKE} == {}


def test_tracks_are_as_long_as_the_clips_to_the_sample(results: dict[str, dict]) -> None:
    assert [(result["cues"], result["missing"]) for result in results.values()] == [(CUES, 0)] * 3


def test_lines_begin_where_the_report_says(results: dict[str, dict]) -> None:
    assert all(0 < result["onset"] < NEAR for result in results.values())


def test_nobody_speaks_over_others(results: dict[str, dict]) -> None:
    assert [result["overlaps"] for result in results.values()] == [0, 0, 0]


def test_only_what_does_not_fit_is_changed(results: dict[str, dict]) -> None:
    easy, tight, impossible = (results[name]["steps"] for name in ("easy", "tight", "impossible"))
    assert set(easy) - {"slower", "untouched"} == {step for step in ("faster", "too long") if easy[step] == 0}
    assert tight["faster"] > 0 and tight["too long"] == 0 and "spilled" not in tight
    assert impossible["too long"] > 0 and impossible["spilled"] > 0 and impossible["stretched"] > 0


def test_voices_stay_what_they_are(results: dict[str, dict]) -> None:
    for result in results.values():
        for name, one in result["speakers"].items():
            alone = result["untimed_speakers"][name]
            assert one["pitch"] == pytest.approx(alone["pitch"], rel=0.03)
            assert one["spread"] < alone["spread"] + 0.2
            assert one["unevenness"] < UNEVEN
        loud = [one["level"] for one in result["speakers"].values()]
        assert max(loud) - min(loud) < 0.5
