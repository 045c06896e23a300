"""Many requests with cancels, errors and slow readers: nothing leaks, nothing hangs, who survives is unharmed.

COSYVOX_SOAK says how many requests; a short run is part of the suite.
"""

from __future__ import annotations

import gc
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from cosyvox.core import Busy, Cancelled, CosyVoxError, Engine, EngineOptions, Voice, load

REQUESTS = int(os.environ.get("COSYVOX_SOAK", "40"))
CLIENTS = 6
TEXTS = ["No.", "Yes.", "A man.", "Go on."]
DETERMINISTIC = EngineOptions(deterministic=True, slots=3, queue=2, voice_memory_mb=1, ahead_seconds=1.0)

Solo = dict[tuple[str, int, int, bool], bytes]


class FaultyTextError(Exception):
    """What a text's source may raise."""


class Client:
    """One of many who ask for speech, patiently or not."""

    def __init__(self, engine: Engine, voices: list[Voice], solo: Solo, seed: int) -> None:
        self._engine, self._voices, self._solo = engine, voices, solo
        self._random = random.Random(seed)
        self.survived = self.refused = self.left = 0
        self.wrong: list[str] = []

    def work(self, requests: int) -> None:
        while requests:
            try:
                self._one()
            except Busy:  # and asks again
                self.refused += 1
                time.sleep(0.05)
                continue
            except (Cancelled, FaultyTextError):
                self.left += 1
            except CosyVoxError as error:
                self.wrong.append(repr(error))
            requests -= 1

    def _one(self) -> None:
        choice = self._random
        text, index, seed = choice.choice(TEXTS), choice.randrange(len(self._voices)), choice.randrange(2)
        key, kind = (text, index, seed, choice.random() < 0.3), choice.random()
        if key[3]:
            audio = self._engine.speak(text, voice=self._voices[index], seed=seed).audio
            return self._compare(key, audio)
        source = self._faulty(text) if kind < 0.1 else text
        stream = self._engine.stream(source, voice=self._voices[index], seed=seed)
        heard = []
        for chunk in stream:
            heard.append(chunk.audio)
            if 0.1 <= kind < 0.4 and choice.random() < 0.4:
                choice.choice([stream.cancel, lambda: stream.__exit__(None, None, None)])()
            if 0.4 <= kind < 0.6:
                time.sleep(choice.random() * 0.02)
            if 0.6 <= kind < 0.7:
                self.left += 1
                return None  # without a word
        return self._compare(key, np.concatenate(heard))

    def _faulty(self, text: str) -> Iterator[str]:
        yield text + " "
        raise FaultyTextError

    def _compare(self, key: tuple[str, int, int, bool], audio: np.ndarray) -> None:
        self.survived += 1
        if audio.tobytes() != self._solo[key]:
            self.wrong.append(f"{key}: not what it is alone")


def resident() -> int:
    """Bytes of memory that the process holds; 0 where that cannot be read."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    (line,) = (line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_soak(seeded_small: Path, prompt_wav: Path, record_property: Callable[[str, object], None]) -> None:
    with load(seeded_small, device="cpu", options=DETERMINISTIC) as engine:
        voices = [engine.clone(prompt_wav), engine.clone(prompt_wav, transcript="these are the words of it")]
        solo: Solo = {}
        for text in TEXTS:
            for index, voice in enumerate(voices):
                for seed in range(2):
                    solo[text, index, seed, True] = engine.speak(text, voice=voice, seed=seed).audio.tobytes()
                    chunks = [chunk.audio for chunk in engine.stream(text, voice=voice, seed=seed)]
                    solo[text, index, seed, False] = np.concatenate(chunks).tobytes()
        clients = [Client(engine, voices, solo, seed) for seed in range(CLIENTS)]
        memory: list[int] = []
        rounds = 4
        for _ in range(rounds):
            share = REQUESTS // (CLIENTS * rounds) + 1
            threads = [threading.Thread(target=client.work, args=(share,)) for client in clients]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(1800)
                assert not thread.is_alive(), "a request never ended"
            gc.collect()
            memory.append(resident())
        _rest(engine)
        counts = {name: sum(getattr(client, name) for client in clients) for name in ("survived", "left", "refused")}
        record_property("outcome", f"{counts}; MB after each quarter: {[size >> 20 for size in memory]}")
        assert not [wrong for client in clients for wrong in client.wrong]
        assert sum(client.survived for client in clients) > REQUESTS // 4
        assert memory[-1] - memory[0] < 100 << 20
        runtime = engine._models.get()
        assert runtime.batch.free == DETERMINISTIC.slots
        runtime.clear()
        gc.collect()
        assert runtime.pool.room == runtime.pool.most, "every page came back"


def _rest(engine: Engine) -> None:
    """Wait until the last who left is forgotten."""
    deadline = time.monotonic() + 30
    while engine._scheduler._active and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not engine._scheduler._active and not engine._scheduler._groups
