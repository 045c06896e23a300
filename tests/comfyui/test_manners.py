"""How the nodes behave in a real ComfyUI: memory is given back, cancelling is quick, nothing is computed twice."""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import prompts
import pytest
from comfyui import Comfy
from cosyvox.core.audio.files import read_audio
from prompts import SPOKEN, Graph, cues, hello

PUBLISHED = "CosyVoice2-0.5B"


def dubbed(line: str) -> Graph:
    """Three cues with room enough, of which `line` is the second."""
    return prompts.dubbed(cues((0.5, 3, "Good morning."), (3.5, 6.5, line), (7, 9.5, "Welcome home.")), length=10.0)


def kept(comfy: Comfy) -> set[Path]:
    """The segments in the cache."""
    return set((comfy.folder / "home" / "cache" / "segments").glob("*"))


def sound(comfy: Comfy, shown: dict[str, Any]) -> np.ndarray:
    (file,) = shown["audio"]
    samples, _ = read_audio(io.BytesIO(comfy.view(file)))
    return samples


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is read from /proc")
def test_freeing_gives_the_memory_back_and_the_next_run_loads_again(comfy: Comfy, seeded_small: Path) -> None:
    weights = sum(path.stat().st_size for path in seeded_small.glob("*.pt"))
    comfy.free()
    first = comfy.run(hello("This is said once.", model=PUBLISHED, seed=3))
    assert first.end == "success", first.error
    full, end = comfy.resident(), time.monotonic() + 60
    while comfy.resident() > full - weights / 2:
        assert time.monotonic() < end, f"{comfy.resident() / 1e6:.0f} MB are left of {full / 1e6:.0f}"
        comfy.free()  # a server that is just going to sleep does not hear it
        time.sleep(0.3)
    assert not comfy.run(hello("Nothing is in ComfyUI's own cache now.", model=PUBLISHED, seed=3)).cached
    for path in kept(comfy):
        path.unlink()
    comfy.free()
    again = comfy.run(hello("This is said once.", model=PUBLISHED, seed=3))
    np.testing.assert_array_equal(sound(comfy, again.shown[SPOKEN]), sound(comfy, first.shown[SPOKEN]))


def test_what_did_not_change_is_not_run_again(comfy: Comfy) -> None:
    graph = hello("The same thing twice.")
    first, second = comfy.run(graph), comfy.run(graph)
    assert second.end == "success" and second.cached == {"1", "2"} and not second.executed
    assert second.shown[SPOKEN] == first.shown[SPOKEN]


def test_one_changed_cue_is_spoken_alone(comfy: Comfy) -> None:
    assert comfy.run(dubbed("The kettle is on.")).end == "success"
    before = kept(comfy)
    assert comfy.run(dubbed("The garden is full of birds.")).end == "success"
    assert len(kept(comfy) - before) == 1


def test_progress_is_made_of_steps(comfy: Comfy) -> None:
    run = comfy.run(hello("Somebody is at the door, and the kettle is on, and nobody hears it.", seed=11))
    values = [value for node, value, _ in run.progress if node == SPOKEN]
    assert len(set(values)) > 5 and values == sorted(values), "ComfyUI leaves out those that come too fast"
    assert run.progress[-1][1] == run.progress[-1][2]


@pytest.mark.parametrize("after", [1, 8])
def test_cancelling_ends_within_a_step_and_the_next_run_works(comfy: Comfy, after: int) -> None:
    """After the interruption was answered, at most what is being computed is finished."""
    text = " ".join(f"This is sentence number {number} of a long text." for number in range(after, after + 40))
    seen = 0
    with comfy.listening() as line:
        run = comfy.queue(hello(text, seed=after), line)
        for kind in comfy.events(line, run):
            if kind == "progress" and run.progress[-1][0] == SPOKEN:
                seen += 1
                if seen == after:
                    comfy.post("/interrupt", {})
                    told = len(run.progress)
    assert run.end == "interrupted" and run.error["node_type"] == "CosyVoxSynthesize"
    assert len(run.progress) - told <= 2
    assert comfy.run(hello("And on it goes.", seed=after)).end == "success"


def test_a_seed_may_be_as_large_as_the_frontend_makes_it(comfy: Comfy) -> None:
    graph = hello("A large seed.", seed=2**64 - 1)
    assert comfy.run(graph).end == "success"
