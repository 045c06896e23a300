"""Voices are equally loud: by arithmetic, and by what the four presets say."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from cosyvox import core
from cosyvox.wyoming_cosyvoice import audition
from cosyvox.wyoming_cosyvoice.house import House
from cosyvox.wyoming_cosyvoice.loudness import ENOUGH_SECONDS, LEVEL_DB, MOST_DB, Loudness
from cosyvox.wyoming_cosyvoice.order import Order
from cosyvox.wyoming_cosyvoice.settings import Settings
from numpy.typing import NDArray

RATE = 24_000
SAMPLES = ("It is a quarter past seven.",)


def tone(level_db: float, seconds: float = 1.0) -> NDArray[np.float32]:
    """Whose RMS is that."""
    time = np.arange(round(seconds * RATE)) / RATE
    return np.float32(10 ** (level_db / 20) * math.sqrt(2)) * np.sin(2 * np.pi * 200 * time).astype(np.float32)


def test_a_voice_that_was_heard_is_brought_to_the_level() -> None:
    loudness = Loudness()
    assert loudness.gain_db("a") == 0 and not loudness.heard("a")
    loudness.hear("a", tone(-24), RATE)
    assert loudness.gain_db("a") == pytest.approx(LEVEL_DB + 24, abs=0.05) and loudness.heard("a")


def test_what_was_made_louder_is_known_as_it_was() -> None:
    loudness = Loudness()
    loudness.hear("a", tone(-20), RATE, gain_db=4)
    assert loudness.gain_db("a") == pytest.approx(LEVEL_DB + 24, abs=0.05)


def test_utterances_count_by_their_energy_and_length_and_silence_not_at_all() -> None:
    loudness = Loudness()
    loudness.hear("a", tone(-30, 1), RATE)
    loudness.hear("a", tone(-20, 3), RATE)
    expected = 10 * math.log10((10**-3 + 3 * 10**-2) / 4)
    loudness.hear("a", np.zeros(RATE, np.float32), RATE)
    loudness.hear("a", tone(-1, 0.1), RATE)
    assert loudness.gain_db("a") == pytest.approx(LEVEL_DB - expected, abs=0.05)


def test_a_voice_that_was_not_heard_is_taken_for_the_others() -> None:
    loudness = Loudness()
    loudness.hear("a", tone(-24), RATE)
    loudness.hear("b", tone(-20), RATE)
    assert loudness.gain_db("c") == pytest.approx(LEVEL_DB + 22, abs=0.05)


def test_gains_are_bounded_and_at_some_time_enough_was_heard() -> None:
    loudness = Loudness()
    loudness.hear("a", tone(-50), RATE)
    loudness.hear("b", tone(-0.5), RATE)
    assert (loudness.gain_db("a"), loudness.gain_db("b")) == (MOST_DB, -MOST_DB)
    assert not loudness.known("a")
    loudness.hear("a", tone(-50, ENOUGH_SECONDS), RATE)
    assert loudness.known("a")


def said(house: House, id: str, text: str) -> NDArray[np.float32]:
    chair = house.open(Order(id))
    try:
        with chair.engine.stream(text, voice=chair.voice, **chair.fields) as stream:
            return np.concatenate([chunk.audio for chunk in stream])
    finally:
        chair.release()


def mean_level(utterances: list[NDArray[np.float32]]) -> float:
    """Of their energies, by length."""
    levels = [core.speech_level(audio, RATE) for audio in utterances]
    weights = [len(audio) for audio in utterances]
    powers = [10 ** (level / 10) for level in levels if level is not None]
    assert len(powers) == len(weights)
    return 10 * math.log10(float(np.average(powers, weights=weights)))


def test_the_presets_are_equally_loud_before_anybody_heard_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSYVOX_HOME", str(tmp_path))
    monkeypatch.setattr(audition, "FAST", float("inf"))  # however busy this machine is
    monkeypatch.setattr(audition, "CALM_SECONDS", 0.0)
    monkeypatch.setattr(audition, "SAMPLES", SAMPLES)
    house = House(Settings(model="embedded"), log=logging.getLogger("test"))
    house.start()
    try:
        house.open(Order("emma")).release()
        for thread in threading.enumerate():
            if thread.name == "cosyvox audition":
                thread.join(120)
        gains: dict[str, float] = {}
        levels: dict[str, float] = {}
        for id in house.catalogue.ids():
            chair = house.open(Order(id))
            gains[id] = chair.fields["gain_db"]
            chair.release()
            levels[id] = mean_level([said(house, id, text) for text in SAMPLES])
    finally:
        house.close(0.0)
    assert len(levels) == 4
    assert max(gains.values()) - min(gains.values()) > 3, gains  # so far apart they are by themselves
    assert max(levels.values()) - min(levels.values()) < 1, levels
    assert all(abs(level - LEVEL_DB) < 1 for level in levels.values()), levels


def test_who_wants_voices_as_they_are_gets_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSYVOX_HOME", str(tmp_path))
    house = House(Settings(model="embedded", equal_loudness=False), log=logging.getLogger("test"))
    house.start()
    try:
        chair = house.open(Order("emma", gain_db=-1.5))
        chair.release()
        assert chair.fields["gain_db"] == -1.5
    finally:
        house.close(0.0)


class Singer:
    """An engine. Somebody else wants it in the middle of its first `interruptions` utterances."""

    sample_rate = RATE

    def __init__(self, interruptions: int) -> None:
        self.interruptions = interruptions
        self.busy = False
        self.begun: list[str] = []
        self.should_stop = bool

    def alone(self, wait: float) -> bool:
        if wait:  # as long as it takes
            self.busy = False
        return not self.busy

    @contextmanager
    def stream(self, _: None, *, should_stop: Callable[[], bool], **fields: Any) -> Iterator[Singer]:
        self.should_stop = should_stop
        yield self

    def feed(self, text: str) -> None:
        self.begun.append(text)

    def finish(self) -> None:
        pass

    def __iter__(self) -> Iterator[SimpleNamespace]:
        for _ in range(4):
            if self.should_stop():
                raise core.Cancelled("stopped on request")
            yield SimpleNamespace(audio=tone(-20, 1.0))
            self.busy = len(self.begun) <= self.interruptions


@pytest.mark.parametrize("interruptions", [0, 2])
def test_a_voice_that_tries_itself_gives_way_and_begins_again(
    interruptions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audition, "CALM_SECONDS", 0.0)
    singer, loudness = Singer(interruptions), Loudness()
    hearing = SimpleNamespace(voice=lambda engine, id: (id, id))
    stage = audition.Audition(hearing, loudness, lambda: False)  # type: ignore[arg-type]
    stage.hear(singer, ["emma"], singer.alone)  # type: ignore[arg-type]
    assert singer.begun == [audition.SAMPLES[0]] * (interruptions + 1) + [audition.SAMPLES[1]]
    assert loudness.heard("emma")


def test_who_asks_one_thing_after_the_other_is_not_disturbed() -> None:
    """Between two requests somebody else is spoken for again before a voice would begin."""
    singer, asked = Singer(0), []

    def alone(wait: float) -> bool:
        asked.append(wait)
        return len(asked) < 50 and (wait > 0 or len(asked) % 4 != 0)

    hearing = SimpleNamespace(voice=lambda engine, id: (id, id))
    stage = audition.Audition(hearing, Loudness(), lambda: False)  # type: ignore[arg-type]
    stage.hear(singer, ["emma"], alone)  # type: ignore[arg-type]
    assert asked and not singer.begun


def test_a_house_that_ends_ends_that_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audition, "CALM_SECONDS", 0.0)
    singer = Singer(9)
    hearing = SimpleNamespace(voice=lambda engine, id: (id, id))
    stage = audition.Audition(hearing, Loudness(), lambda: len(singer.begun) == 3)  # type: ignore[arg-type]
    with pytest.raises(core.Cancelled):
        stage.hear(singer, ["emma"], singer.alone)  # type: ignore[arg-type]
