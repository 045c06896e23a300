"""The engine as it works on a device that takes its time: what was launched is looked at when it is done."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import torch
from cosyvox.core import Engine, EngineOptions, SpeechStream, Voice, load
from cosyvox.core import runtime as runtimes
from cosyvox.core.lm.batch import Batch
from cosyvox.core.lm.utterance import Utterance
from cosyvox.core.streams import Lanes, Mark
from numpy.typing import NDArray
from recording import Recording, needs_cuda

TEXTS = ("Good day to you.", "He is at home.", "It was not here, I say.")
OPTIONS = EngineOptions(slots=3, flow_memory_mb=512, voice_memory_mb=256)
events: list[str] = []  # "launched", "drawn", "waited" and "came", as it happened


class LateMark(Mark):
    """Of a device that is done when somebody has waited for it, or ids were drawn some times meanwhile."""

    def __init__(self, device: torch.device) -> None:
        super().__init__(device)
        events.append("launched")
        self._left = 5

    @property
    def done(self) -> bool:
        self._left -= 1
        if self._left == 0:
            events.append("came")
        return self._left <= 0

    def wait(self) -> None:
        events.append("waited")
        self._left = 0


class LateLanes(Lanes):
    """A CPU that records, and is late."""

    def __init__(self, device: torch.device, *, graphs: bool = True) -> None:
        super().__init__(device)
        self._late = device
        self.lm_record, self.flow_record = Recording(), Recording()

    def mark(self) -> Mark:
        return LateMark(self._late)


def read(streams: list[SpeechStream]) -> list[tuple[NDArray[np.float32], list[list[int]]]]:
    made = []
    for stream in streams:
        audio = np.concatenate([chunk.audio for chunk in stream])
        made.append((audio, [list(segment.speech_tokens) for segment in stream.summary().segments]))
    return made


def say(engine: Engine, voice: Voice) -> list[tuple[NDArray[np.float32], list[list[int]]]]:
    return read([engine.stream(text, voice=voice, seed=seed) for seed, text in enumerate(TEXTS)])


def test_recorded_and_late_is_the_same_speech(
    seeded_small: Path, prompt_wav: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several requests, every stage from records, mels that come later: the ids and the audio of a plain engine."""
    with load(seeded_small, device="cpu", options=OPTIONS) as plain:
        voice = plain.clone(prompt_wav)
        expected = say(plain, voice)
    monkeypatch.setattr(runtimes, "Lanes", LateLanes)
    step = Batch.step

    def stepping(batch: Batch) -> list[Utterance]:
        events.append("drawn")
        return step(batch)

    monkeypatch.setattr(Batch, "step", stepping)
    with load(seeded_small, device="cpu", options=OPTIONS) as late:
        ours = say(late, voice)
        working = late._models.get()
        for record in (working.lanes.lm_record, working.lanes.flow_record):
            assert isinstance(record, Recording) and sum(record.played) > 0
        working.clear()
        deadline = time.monotonic() + 10  # the worker may still be putting its things away
        while working.pool.room < working.pool.most and time.monotonic() < deadline:
            time.sleep(0.01)
        assert working.pool.room == working.pool.most, "every page came back"
    for (audio, ids), (other, wanted) in zip(ours, expected, strict=True):
        assert ids == wanted
        np.testing.assert_allclose(audio, other, atol=1e-3)  # rounding, and the phase that sums it up
    assert "drawn" in events[events.index("launched") : events.index("came")], "ids are drawn while the flow works"
    assert "waited" in events, "and where nothing else is to be done, it sleeps"


@needs_cuda
def test_streaming_on_cuda(seeded_small: Path, prompt_wav: Path) -> None:
    """Recorded and as it is, on streams of their own, three times: tried, recorded, played."""
    spoken = []
    for graphs in (False, True):
        options = EngineOptions(slots=3, flow_memory_mb=512, voice_memory_mb=256, cuda_graphs=graphs)
        with load(seeded_small, device="cuda", dtype="float32", options=options) as engine:
            voice = engine.clone(prompt_wav)
            spoken += [say(engine, voice) for _ in range(3)]
    for other in spoken[1:]:
        for (audio, ids), (expected, wanted) in zip(other, spoken[0], strict=True):
            assert ids == wanted
            np.testing.assert_allclose(audio, expected, atol=1e-3)
