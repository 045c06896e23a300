"""`cosyvox bench` runs; what it measures is not judged here."""

from __future__ import annotations

import json


def test_measures_alone_and_together(main, seeded_small):
    done = main("bench", "--model", seeded_small, "--seconds", "0.3,0.7", "--concurrency", "1,2", "--json")
    assert (done.returncode, done.stderr) == (0, b"")
    measured = json.loads(done.stdout)
    assert measured["model"] == "CosyVoice2-0.5B" and measured["device"] == "cpu"
    assert measured["load_seconds"] > 0 and measured["peak_memory"] > 1e8
    one, two = measured["alone"]
    assert one["audio"] < two["audio"]
    for heard in (one, two):
        assert 0 < heard["first"] <= heard["took"]
        assert heard["rtf"] == heard["took"] / heard["audio"]
    assert [crowd["requests"] for crowd in measured["together"]] == [1, 2]
    for crowd in measured["together"]:
        assert crowd["audio"] == one["audio"] * crowd["requests"]
        assert 0 < crowd["first_median"] <= crowd["first_last"] <= crowd["took"]


def test_shows_tables_of_the_default_model(main):
    done = main("bench", "--seconds", "0.5", "--concurrency", "2")
    assert done.returncode == 0, done.stderr
    shown = done.stdout.decode()
    for words in ("first audio", "RTF", "s of speech", "2 at once", "peak memory"):
        assert words in shown
    assert done.stderr.startswith(b"embedded on cpu, loaded in ")
