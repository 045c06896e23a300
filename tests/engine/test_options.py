"""What an engine may be told: limits that make sense, and quality that is given away only on demand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cosyvox.core import EngineOptions, Progress, RequestError, Voice, load


@pytest.fixture(scope="module")
def voice(seeded_small: Path, prompt_wav: Path) -> Voice:
    with load(seeded_small, device="cpu") as engine:
        return engine.clone(prompt_wav)


@pytest.mark.parametrize(
    "fields",
    [
        {"slots": 0},
        {"queue": 0},
        {"flow_memory_mb": -1},
        {"voice_memory_mb": -1},
        {"ahead_seconds": 0.0},
        {"patience_seconds": float("nan")},
        {"pause_seconds": -1.0},
        {"flow_steps": 0},
        {"flow_steps": 101},
    ],
)
def test_impossible_options(fields: dict[str, float]) -> None:
    with pytest.raises(RequestError, match=next(iter(fields))):
        EngineOptions(**fields)  # type: ignore[arg-type]


def test_nothing_is_given_away_unasked(seeded_small: Path) -> None:
    options = EngineOptions()
    assert (options.flow_steps, options.guidance, options.int8) == (None, True, False)
    with load(seeded_small, device="cpu") as engine:
        flow = engine._models.get().pipeline.flow
        assert flow.config.steps == 10 and flow.rows == 2


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize(
    "options", [EngineOptions(flow_steps=4), EngineOptions(guidance=False)], ids=["steps", "guidance"]
)
def test_a_cheaper_flow(seeded_small: Path, voice: Voice, options: EngineOptions, live: bool) -> None:
    told: list[Progress] = []
    audio = []
    for chosen in (EngineOptions(), options):
        with load(seeded_small, device="cpu", options=chosen) as engine:
            told.clear()
            if live:
                chunks = [c.audio for c in engine.stream("Yes.", voice=voice, on_progress=told.append)]
                audio.append(np.concatenate(chunks))
            else:
                audio.append(engine.speak("Yes.", voice=voice, on_progress=told.append).audio)
    assert len(audio[0]) == len(audio[1]) and not np.allclose(audio[0], audio[1], atol=1e-3)
    assert np.isfinite(audio[1]).all()
    if options.flow_steps:
        assert {p.total for p in told if p.stage == "mel"} == {4}


def test_weights_of_one_byte(seeded_small: Path, voice: Voice) -> None:
    with load(seeded_small, device="cpu", options=EngineOptions(int8=True)) as engine:
        first, again = (engine.speak("Yes.", voice=voice, seed=1) for _ in range(2))
        assert np.array_equal(first.audio, again.audio)
    with load(seeded_small, device="cpu") as engine:
        exact = engine.speak("Yes.", voice=voice, seed=1)
    ids, others = exact.segments[0].speech_tokens, first.segments[0].speech_tokens
    assert len(others) and not np.array_equal(ids, others)
