"""The house keeps speaking: which model answers while the main one loads, fails, is full or gone."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from cosyvox import core
from cosyvox.core import AudioChunk
from cosyvox.wyoming_cosyvoice.audition import Audition
from cosyvox.wyoming_cosyvoice.chair import Chair
from cosyvox.wyoming_cosyvoice.house import House
from cosyvox.wyoming_cosyvoice.order import Order
from cosyvox.wyoming_cosyvoice.settings import Settings

LARGE = core.FAMILIES[0]
RATE = 24_000
LONG = 60.0
CHINESE = "今天天气很好。"
CANTONESE = core.instruction(dialect="Cantonese")


class Large:
    """A main model that says a tenth of a second for everything, unless it is full."""

    family, device, sample_rate = LARGE, SimpleNamespace(type="cpu"), RATE

    def __init__(self) -> None:
        self.full = self.closed = False
        self.asked: list[dict[str, Any]] = []

    def load_voice(self, stored: core.StoredVoice) -> Any:
        if stored.id == "lily":
            raise core.AudioError("the recording is silent")
        return SimpleNamespace(name=stored.id, family=LARGE.name)

    def stream(self, text: str | None = None, **fields: Any) -> Any:
        self.asked.append(fields)
        return LargeStream(self)

    def close(self, wait: float) -> None:
        self.closed = True


class LargeStream:
    sample_rate = RATE

    def __init__(self, engine: Large) -> None:
        self._engine, self._finished = engine, threading.Event()

    def feed(self, piece: str) -> None: ...

    def flush(self) -> None: ...

    def finish(self) -> None:
        self._finished.set()

    cancel = finish

    def __iter__(self) -> Iterator[AudioChunk]:
        if self._engine.full:
            raise core.OutOfMemory("the device ran out of memory: speak shorter sentences")
        assert self._finished.wait(LONG)
        yield AudioChunk(np.full(RATE // 10, 0.1, np.float32), RATE, final=True)


class Small:
    """The embedded engine, loaded once for all tests; remembers what it was to say."""

    def __init__(self, engine: core.Engine) -> None:
        self._engine = engine
        self.said: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def stream(self, text: str | None = None, **fields: Any) -> core.SpeechStream:
        if text is not None:
            self.said.append(text)
        return self._engine.stream(text, **fields)

    def close(self, wait: float) -> None: ...


@pytest.fixture(scope="module")
def embedded() -> Iterator[core.Engine]:
    with core.load("embedded", device="cpu") as engine:
        yield engine


class World:
    """What the house finds when it loads. gate: the main model is loaded when it is open. fails: or this happens."""

    def __init__(self, embedded: core.Engine) -> None:
        self.small = Small(embedded)
        self.large: list[Large] = []
        self.gate = threading.Event()
        self.gate.set()
        self.fails: list[BaseException] = []
        self.tried = threading.Semaphore(0)

    def load(self, model: Any, **_: Any) -> Any:
        if "embedded" in str(model):
            return self.small
        self.tried.release()
        assert self.gate.wait(LONG)
        if self.fails:
            raise self.fails.pop(0)
        self.large.append(Large())
        return self.large[-1]


@pytest.fixture
def world(embedded: core.Engine, seeded_small: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    world = World(embedded)
    monkeypatch.setenv("COSYVOX_HOME", str(tmp_path))
    monkeypatch.setattr(core, "load", world.load, raising=False)
    monkeypatch.setattr(Audition, "warm", lambda *_: False)
    return world


@pytest.fixture
def houses(seeded_small: Path) -> Iterator[Any]:
    made: list[House] = []

    def make(**fields: Any) -> House:
        fields = {"model": str(seeded_small), "retry_seconds": 3600.0, **fields}
        made.append(House(Settings(**fields), log=logging.getLogger("test")))
        made[-1].start()
        return made[-1]

    yield make
    for house in made:
        house.close(0.0)


def until(house: House, ready: bool = True) -> None:
    """The main model is there, or not."""
    for _ in range(int(LONG * 100)):
        if house.state().ready is ready:
            return
        time.sleep(0.01)
    raise AssertionError(house.state())


def spoken(chair: Chair, *pieces: str) -> float:
    """Seconds that are heard of a text; as the server asks for it."""
    try:
        stream = chair.engine.stream(None, voice=chair.voice, **chair.fields, sample_rate=RATE)
        for piece in pieces:
            stream.feed(piece)
        stream.finish()
        return sum(len(chunk.audio) for chunk in stream) / RATE
    finally:
        chair.release()


def family(chair: Chair) -> str:
    return chair.voice.family


def test_while_the_model_loads_the_embedded_voice_answers_and_then_the_model(world: World, houses: Any) -> None:
    world.gate.clear()
    house = houses()
    state = house.state()
    assert not state.ready and state.model
    assert spoken(house.open(Order("james")), "The light is on.") > 0.5
    state = house.state()
    assert (state.ready, state.answers, state.error) == (False, True, None)
    world.gate.set()
    until(house)
    chair = house.open(Order("james", seed=3, speed=1.5))
    assert family(chair) == LARGE.name and chair.voice.name == "james"
    assert chair.fields["seed"] == 3 and chair.fields["speed"] == 1.5
    assert spoken(chair, "Hello.") == pytest.approx(0.1)


@pytest.mark.parametrize("pieces", [(CHINESE,), ("The light is on. ", CHINESE, "And more.")])
def test_what_the_embedded_voice_cannot_say_is_one_sentence_that_says_why(
    world: World, houses: Any, pieces: tuple[str, ...]
) -> None:
    world.gate.clear()
    house = houses()
    assert spoken(house.open(Order("emma")), *pieces) > 2
    assert world.small.said == ["The voice model is still loading. I can only speak English right now."]
    world.gate.set()


def test_a_language_that_is_named_is_not_read_as_english(world: World, houses: Any) -> None:
    world.gate.clear()
    assert spoken(houses().open(Order("emma", language="de")), "Licht an.") > 2
    assert len(world.small.said) == 1
    world.gate.set()


@pytest.mark.parametrize("text", ["Das Licht ist an.", "Die Tür ist zu.", "La lumière est allumée."])
def test_nothing_of_another_language_is_babbled_before_the_excuse(world: World, houses: Any, text: str) -> None:
    world.gate.clear()
    chair = houses().open(Order("emma"))
    said = spoken(chair, text)
    (excuse,) = world.small.said
    assert 2 < said < 1.2 * spoken(houses().open(Order("emma")), excuse)  # the words themselves would be 0.35 more
    world.gate.set()


def test_a_text_that_the_model_can_say_by_now_is_said_by_it(world: World, houses: Any) -> None:
    world.gate.clear()
    house = houses()
    chair = house.open(Order("emma"))
    assert family(chair) == "embedded"
    world.gate.set()
    until(house)
    assert spoken(chair, CHINESE) == pytest.approx(0.1)
    assert not world.small.said


def test_a_model_that_is_not_here_is_told_once_and_found_when_it_comes(
    world: World, houses: Any, tmp_path: Path, seeded_small: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "a model"
    house = houses(model=str(folder), retry_seconds=1.0)
    assert spoken(house.open(Order("emma")), CHINESE) > 2
    assert world.small.said == ["The voice model could not be loaded. I can only speak English right now."]
    assert "there is no model folder" in str(house.state().error)
    told = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert len(told) == 1 and "the embedded voice answers meanwhile" in told[0]
    assert "emma@ja" not in {offer.name for offer in house.catalogue.offers()}
    folder.symlink_to(seeded_small)
    until(house)
    assert house.state().error is None and family(house.open(Order("emma"))) == LARGE.name


def test_it_is_tried_again(world: World, houses: Any) -> None:
    world.fails = [core.CheckpointError("damaged"), MemoryError()]
    house = houses(retry_seconds=1.0)
    until(house)
    assert len(world.large) == 1


def test_out_of_memory_the_embedded_voice_says_the_same_text(
    world: World, houses: Any, caplog: pytest.LogCaptureFixture
) -> None:
    house = houses(retry_seconds=1.0)
    until(house)
    world.large[0].full = True
    assert spoken(house.open(Order("emma", instruction="happily")), "The light", " is on.") > 0.5
    assert "ran out of memory" in caplog.text
    until(house)
    assert world.large[0].closed and len(world.large) == 2
    assert spoken(house.open(Order("emma")), "Hello.") == pytest.approx(0.1)


def test_out_of_memory_with_a_text_that_is_not_english(world: World, houses: Any) -> None:
    house = houses()
    until(house)
    world.large[0].full = True
    assert spoken(house.open(Order("emma")), CHINESE) > 2
    assert world.small.said == ["The voice model ran out of memory. I can only speak English right now."]


def test_a_model_that_nothing_can_stand_in_for_stays_when_it_is_full(world: World, houses: Any) -> None:
    house = houses(fallback=False, wait_for_model=LONG)
    chair = house.open(Order("emma"))
    world.large[0].full = True
    with pytest.raises(core.OutOfMemory):
        spoken(chair, "Hello.")
    world.large[0].full = False
    assert spoken(house.open(Order("emma")), "Hello.") == pytest.approx(0.1)
    assert len(world.large) == 1


def test_without_the_embedded_voice_requests_fail_with_the_reason(world: World, houses: Any) -> None:
    world.gate.clear()
    house = houses(fallback=False)
    with pytest.raises(core.Busy, match="still loading"):
        house.open(Order("emma"))
    world.fails = [core.CheckpointError("a key is missing: download it again")]
    world.gate.set()
    for _ in range(1000):
        if house.state().error:
            break
        time.sleep(0.01)
    with pytest.raises(core.CheckpointError, match="a key is missing"):
        house.open(Order("emma"))
    assert not house.state().answers and not world.small.said


def test_a_request_may_wait_for_the_model(world: World, houses: Any) -> None:
    world.gate.clear()
    house = houses(wait_for_model=LONG)
    threading.Timer(0.2, world.gate.set).start()
    assert family(house.open(Order("emma"))) == LARGE.name


def test_idle_the_model_is_unloaded_and_comes_back(world: World, houses: Any) -> None:
    house = houses(idle_unload=0.2 / 60)
    until(house)
    chair = house.open(Order("emma"))
    until(house)
    chair.release()
    chair.release()  # once is enough
    until(house, ready=False)
    for _ in range(int(LONG * 100)):
        if world.large[0].closed:
            break
        time.sleep(0.01)
    assert world.large[0].closed and len(world.large) == 1
    assert spoken(house.open(Order("emma")), "Hello.") > 0.05
    for _ in range(int(LONG * 100)):
        if len(world.large) > 1:  # and by now it may be unloaded again
            break
        time.sleep(0.01)
    assert len(world.large) > 1


def test_the_embedded_model_is_one_engine_and_waited_for(world: World, houses: Any) -> None:
    house = houses(model="embedded")
    chair = house.open(Order("emma"))
    assert family(chair) == "embedded" and house.state().ready and not world.large
    assert spoken(chair, CHINESE) > 2
    assert world.small.said == ["I can only speak English. Other languages need a larger voice model."]


def test_styles_where_the_model_follows_them(world: World, houses: Any, caplog: pytest.LogCaptureFixture) -> None:
    house = houses()
    until(house)
    fields = house.open(Order("emma", "yue", "softly")).fields
    assert fields["language"] == "zh" and fields["instruction"] == f"{CANTONESE}，softly"
    assert "instruction" not in house.open(Order("emma", "ru")).fields
    assert house.open(Order("emma", "ru")).fields["language"] is None
    small = houses(model="embedded")
    for _ in range(2):
        assert "instruction" not in small.open(Order("emma", "yue", "softly")).fields
    assert caplog.text.count("follows no instructions") == 1


def test_a_voice_that_cannot_speak_is_told_once_and_the_default_does(
    world: World, houses: Any, caplog: pytest.LogCaptureFixture
) -> None:
    house = houses(default_voice="oscar")
    until(house)
    for _ in range(2):
        assert house.open(Order("lily")).voice.name == "oscar"
    assert house.open(Order("gone meanwhile")).voice.name == "oscar"
    assert caplog.text.count("the recording is silent") == 1


def test_replacements_are_spoken_and_a_bad_file_is_told(
    world: World, houses: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "words.txt"
    assert houses(model="embedded", replacements=str(path)).open(Order("emma")).fields["lexicon"] is None
    assert "no word is replaced" in caplog.text
    path.write_text("HASS = home assistant\n")
    assert houses(model="embedded", replacements=str(path)).open(Order("emma")).fields["lexicon"] is not None


def test_a_download_happens_only_if_it_was_asked_for(
    world: World, houses: Any, monkeypatch: pytest.MonkeyPatch, seeded_small: Path
) -> None:
    asked: list[str] = []
    gate = threading.Event()

    def download(name: str, *, should_stop: Any) -> Any:
        asked.append(name)
        assert gate.wait(LONG) and not should_stop()
        return SimpleNamespace(path=seeded_small)

    monkeypatch.setattr(core, "download_model", download, raising=False)
    house = houses(model=LARGE.name)
    assert spoken(house.open(Order("emma")), "Hello.") > 0.2 and not asked
    assert "emma@ja" in {offer.name for offer in house.catalogue.offers()}

    house = houses(model=LARGE.name, download=True)
    assert spoken(house.open(Order("emma")), CHINESE) > 2
    assert "still being downloaded" in world.small.said[-1]
    gate.set()
    until(house)
    assert asked == [LARGE.name]


def test_a_closed_house_frees_what_it_holds(world: World, houses: Any) -> None:
    house = houses()
    until(house)
    house.close(0.0)
    assert world.large[0].closed and not house.state().ready
    with pytest.raises(core.CosyVoxError):
        house.open(Order("emma"))


def test_many_at_once_leave_nothing_taken(world: World, houses: Any) -> None:
    house = houses(model="embedded")
    failed: list[BaseException] = []

    def ask(number: int) -> None:
        try:
            chair = house.open(Order(("emma", "james", "lily", "oscar")[number % 4]))
            chair.release()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert not failed and house._main.alone(0.0)


def test_a_large_model_takes_over(
    seeded_small: Path, houses: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing in anybody's place: what it utters is noise, in any language, and follows instructions."""
    monkeypatch.setenv("COSYVOX_HOME", str(tmp_path))
    house = houses(equal_loudness=False, fallback=False, wait_for_model=LONG)
    chair = house.open(Order("james", "yue", "softly", speed=2.0))
    assert family(chair) == LARGE.name
    assert spoken(chair, "好。") > 0.05
    assert house.state().device == "cpu" or house.state().memory > 0


def test_who_loads_is_told_that_nobody_needs_it(
    world: World, houses: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interpreter that ends while a thread computes is aborted."""
    begun, ended = threading.Event(), threading.Event()

    def load(model: Any, *, on_progress: Any, **_: Any) -> Any:
        begun.set()
        try:
            while True:
                on_progress(core.Progress("load lm", 0, 3))
                time.sleep(0.01)
        finally:
            ended.set()

    monkeypatch.setattr(core, "load", load, raising=False)
    house = houses()
    assert begun.wait(LONG)
    house.close(0.0)
    assert ended.is_set()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("cosyvox the ")]
    assert not caplog.records
