"""Many requests at once: each gets what it would get alone, and nobody pays for another's trouble."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from cosyvox.core import Busy, Cancelled, Engine, EngineOptions, OutOfMemory, RequestError, SpeechStream, Voice, load
from cosyvox.core.flow.flow import Flow
from cosyvox.core.flow.pages import PagePool
from cosyvox.core.lm.speech_lm import SpeechLM
from numpy.typing import NDArray

TEXTS = ["Good day.", "I am at home.", "The door is open now.", "Yes.", "It is late and dark.", "All is well here."]


@pytest.fixture(scope="module")
def deterministic(seeded_small: Path) -> Iterator[Engine]:
    options = EngineOptions(deterministic=True, slots=3)
    with load(seeded_small, device="cpu", options=options) as engine:
        yield engine


@pytest.fixture(scope="module")
def engine(seeded_small: Path) -> Iterator[Engine]:
    with load(seeded_small, device="cpu", options=EngineOptions(slots=3)) as engine:
        yield engine


@pytest.fixture(scope="module")
def voices(engine: Engine, prompt_wav: Path) -> list[Voice]:
    return [engine.clone(prompt_wav), engine.clone(prompt_wav, transcript="these are the words of it")]


def heard(stream: SpeechStream) -> NDArray[np.float32]:
    return np.concatenate([chunk.audio for chunk in stream])


def at_once(works: list[Callable[[], object]]) -> None:
    """Run all in threads of their own; the first error is raised."""
    failed: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive(), "a request never ended"
    if failed:
        raise failed[0]


def everything(engine: Engine, voices: list[Voice], into: dict[int, NDArray[np.float32]]) -> list[Callable[[], object]]:
    """Streams and whole utterances, with different voices, speeds and seeds."""

    def work(index: int, text: str) -> Callable[[], object]:
        fields = {"voice": voices[index % 2], "seed": index, "speed": [1.0, 1.3][index % 2]}
        if index % 3:
            return lambda: into.__setitem__(index, heard(engine.stream(text, **fields)))
        return lambda: into.__setitem__(index, engine.speak(text, **fields).audio)

    return [work(index, text) for index, text in enumerate(TEXTS)]


def test_bit_equal_in_deterministic_mode(deterministic: Engine, voices: list[Voice]) -> None:
    alone: dict[int, NDArray[np.float32]] = {}
    for work in everything(deterministic, voices, alone):
        work()
    together: dict[int, NDArray[np.float32]] = {}
    at_once(everything(deterministic, voices, together))
    for index, audio in alone.items():
        assert np.array_equal(together[index], audio), TEXTS[index]


def test_the_same_words_otherwise(engine: Engine, voices: list[Voice]) -> None:
    """In one batch the last bits differ, not what is said."""

    def said(index: int) -> list[int]:
        stream = engine.stream(TEXTS[index], voice=voices[index % 2], seed=index)
        heard(stream)
        return [int(token) for segment in stream.summary().segments for token in segment.speech_tokens]

    alone = [said(index) for index in range(len(TEXTS))]
    together: dict[int, list[int]] = {}
    at_once([lambda index=index: together.__setitem__(index, said(index)) for index in range(len(TEXTS))])  # type: ignore[misc]
    assert [together[index] for index in range(len(TEXTS))] == alone


def test_little_memory_changes_nothing(seeded_small: Path, engine: Engine, voices: list[Voice]) -> None:
    """Streams that cannot keep their past compute it anew."""
    expected = heard(engine.stream(TEXTS[2], voice=voices[0], seed=4))
    for options in (EngineOptions(flow_memory_mb=0), EngineOptions(flow_memory_mb=1, deterministic=True, slots=2)):
        with load(seeded_small, device="cpu", options=options) as small:
            np.testing.assert_allclose(heard(small.stream(TEXTS[2], voice=voices[0], seed=4)), expected, atol=1e-3)


def test_a_voice_is_taken_in_once(seeded_small: Path, voices: list[Voice], monkeypatch: pytest.MonkeyPatch) -> None:
    frames: list[int] = []
    solving = Flow.solving

    def counted(self: Flow, mu: torch.Tensor, *rest: object, **named: object) -> object:
        frames.append(mu.shape[0] * mu.shape[1])
        return solving(self, mu, *rest, **named)  # type: ignore[arg-type]

    with load(seeded_small, device="cpu") as engine:
        monkeypatch.setattr(Flow, "solving", counted)
        first = heard(engine.stream("Yes.", voice=voices[0]))
        once = sum(frames)
        frames.clear()
        again = heard(engine.stream("Yes.", voice=voices[0]))
    assert np.array_equal(first, again)
    prompt = len(voices[0].speech_tokens)
    assert once - sum(frames) == (prompt - 5) // 25 * 50, "the prompt's whole chunks"


def test_warm_up_takes_a_voice_in(seeded_small: Path, voices: list[Voice]) -> None:
    with load(seeded_small, device="cpu") as engine:
        engine.warm_up(voices[0])
        assert engine._models.get().begin(voices[0]).count == 0


def test_who_comes_last_is_heard_early(engine: Engine, voices: list[Voice]) -> None:
    """A first chunk goes before the later ones of others."""
    long = engine.stream(" ".join(TEXTS), voice=voices[0])
    next(long)
    ended: list[str] = []
    reader = threading.Thread(target=lambda: (heard(long), ended.append("long")))
    reader.start()
    with engine.stream("Yes.", voice=voices[0]) as short:
        next(short)
        ended.append("first chunk")
    reader.join(120)
    assert ended == ["first chunk", "long"]


def test_a_full_queue_is_refused(seeded_small: Path, voices: list[Voice]) -> None:
    options = EngineOptions(slots=1, queue=2)
    with load(seeded_small, device="cpu", options=options) as engine:
        speaking = engine.stream(TEXTS[2], voice=voices[0])
        next(speaking)
        waiting = [engine.stream("Yes.", voice=voices[0], seed=seed) for seed in range(2)]
        with pytest.raises(Busy, match="2 requests are waiting"):
            engine.stream("Yes.", voice=voices[0])
        with pytest.raises(Busy):
            engine.speak("Yes.", voice=voices[0])
        waiting.pop().cancel()
        heard(speaking)
        assert len(heard(waiting[0]))
        assert len(heard(engine.stream("Yes.", voice=voices[0])))


def test_one_runs_out_of_memory(engine: Engine, voices: list[Voice], monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails with advice; those that were computed together with it go on."""
    expected = {index: heard(engine.stream(TEXTS[index], voice=voices[0], seed=index)) for index in range(3)}
    solving = Flow.solving

    def short_of_memory(self: Flow, mu: torch.Tensor, speakers: torch.Tensor, *rest: object, **named: object) -> object:
        if bool((speakers == marked).all(-1).any()):
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory: you tried …")
        return solving(self, mu, speakers, *rest, **named)  # type: ignore[arg-type]

    greedy = voices[1]
    flow = engine._models.get().pipeline.flow
    with torch.inference_mode():
        other = torch.from_numpy(greedy.x_vector + 1)
        marked = flow.speaker_features(other[None])[0]
    from dataclasses import replace

    greedy = replace(greedy, x_vector=other.numpy())
    results: dict[int, NDArray[np.float32]] = {}

    def fails() -> None:
        with pytest.raises(OutOfMemory, match="shorter"):
            heard(engine.stream(TEXTS[4], voice=greedy))

    with monkeypatch.context() as patch:
        patch.setattr(Flow, "solving", short_of_memory)
        at_once(
            [fails]
            + [
                lambda index=index: results.__setitem__(  # type: ignore[misc]
                    index, heard(engine.stream(TEXTS[index], voice=voices[0], seed=index))
                )
                for index in range(3)
            ]
        )
    for index, audio in expected.items():
        np.testing.assert_allclose(results[index], audio, atol=1e-3)
    assert len(heard(engine.stream(TEXTS[4], voice=greedy)))


def test_no_memory_for_a_voice(seeded_small: Path, voices: list[Voice], monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was to take it in fails; the next one takes it in."""

    def none_left(self: PagePool, count: int) -> None:
        raise MemoryError

    with load(seeded_small, device="cpu") as engine:
        with monkeypatch.context() as patch:
            patch.setattr(PagePool, "take", none_left)
            with pytest.raises(OutOfMemory, match="shorter"):
                heard(engine.stream("Yes.", voice=voices[0]))
        assert len(heard(engine.stream("Yes.", voice=voices[0])))


def test_readers_who_stop_hold_nobody_up(seeded_small: Path, voices: list[Voice]) -> None:
    options = EngineOptions(slots=1, ahead_seconds=0.2)
    with load(seeded_small, device="cpu", options=options) as engine:
        stuck = engine.stream(TEXTS[2], voice=voices[0])
        next(stuck)
        assert len(heard(engine.stream("Yes.", voice=voices[0])))
        assert len(heard(stuck))


def test_the_language_model_fails_for_one(engine: Engine, voices: list[Voice], monkeypatch: pytest.MonkeyPatch) -> None:
    prefill, calls = SpeechLM.prefill, []

    def fail_once(self: SpeechLM, *args: object, **named: object) -> object:
        calls.append(1)
        if len(calls) == 2:
            raise MemoryError
        return prefill(self, *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(SpeechLM, "prefill", fail_once)
    outcomes: list[str] = []

    def speak() -> None:
        try:
            heard(engine.stream("Yes.", voice=voices[0]))
            outcomes.append("spoken")
        except OutOfMemory:
            outcomes.append("failed")

    at_once([speak] * 3)
    assert sorted(outcomes) == ["failed", "spoken", "spoken"]


def test_too_long_for_the_language_model(engine: Engine, voices: list[Voice], monkeypatch: pytest.MonkeyPatch) -> None:
    batch = engine._models.get().batch
    monkeypatch.setattr(batch, "capacity", 60)
    with pytest.raises(RequestError, match="shorter"):
        heard(engine.stream("A" * 150, voice=voices[1]))
    monkeypatch.undo()
    assert len(heard(engine.stream("Yes.", voice=voices[1])))


def test_closing_ends_what_runs(seeded_small: Path, voices: list[Voice]) -> None:
    engine = load(seeded_small, device="cpu", options=EngineOptions(slots=1))
    running = engine.stream(" ".join(TEXTS * 4), voice=voices[0])
    next(running)
    waiting, fed = engine.stream("Yes.", voice=voices[0]), engine.stream(voice=voices[0])
    engine.close(wait=0.0)
    for stream in (running, waiting, fed):
        with pytest.raises(RequestError, match="closed"):
            heard(stream)
    with pytest.raises(RequestError, match="closed"):
        engine.speak("Yes.", voice=voices[0])


def test_closing_lets_what_runs_end(seeded_small: Path, voices: list[Voice]) -> None:
    engine = load(seeded_small, device="cpu")
    running, fed = engine.stream("Yes.", voice=voices[0]), engine.stream(voice=voices[0])
    engine.close(wait=60.0)
    assert len(heard(running))
    with pytest.raises(RequestError, match="closed"):
        heard(fed)


def test_an_engine_that_is_forgotten_ends_its_worker(seeded_small: Path) -> None:
    engine = load(seeded_small, device="cpu")
    worker = engine._scheduler._thread
    del engine
    worker.join(10)
    assert not worker.is_alive()


def test_nothing_spins(engine: Engine, voices: list[Voice]) -> None:
    """An idle engine, and one whose stream waits for text, use no processor."""
    with engine.stream(voice=voices[0]):
        time.sleep(0.3)
        before = time.process_time()
        time.sleep(1.0)
        assert time.process_time() - before < 0.2


def test_cancelled_while_computed_with_others(engine: Engine, voices: list[Voice]) -> None:
    expected = heard(engine.stream(TEXTS[2], voice=voices[0], seed=1))
    results: dict[int, NDArray[np.float32]] = {}

    def cancel() -> None:
        stream = engine.stream(TEXTS[2], voice=voices[0], seed=2)
        next(stream)
        stream.cancel()
        with pytest.raises(Cancelled):
            heard(stream)

    at_once([cancel, cancel, lambda: results.__setitem__(0, heard(engine.stream(TEXTS[2], voice=voices[0], seed=1)))])
    np.testing.assert_allclose(results[0], expected, atol=1e-3)
