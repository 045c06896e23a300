"""Many writers at once, and writers that are killed: nobody's voice is half there, and none is lost."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from cosyvox.core.voice.prompt import Prompt
from cosyvox.core.voice.store import VoiceStore


def visible(store: VoiceStore) -> list[str]:
    """What lies in the folder besides the lock."""
    return sorted(path.name for path in store.folder.iterdir() if path.name != ".lock")


def test_writers_at_once(store: VoiceStore, prompt: Prompt) -> None:
    """Eight threads replace the same voice and add one of their own: nobody's work is half there."""
    failures: list[Exception] = []

    def write(number: int) -> None:
        try:
            for round in range(3):
                store.add("shared", replace(prompt, transcript=f"Writer {number} in round {round}."), replace=True)
                store.get("shared")
            store.add(f"own {number}", prompt)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert visible(store) == sorted(["shared", *(f"own {number}" for number in range(8))])
    assert store.get("shared").prompt().digest == prompt.digest
    assert store.problems() == {}


KILLED = """
import os, sys
from pathlib import Path
from cosyvox.core.voice.store import VoiceStore

steps, limit = 0, int(sys.argv[3])

def die(*_):
    global steps
    steps += 1
    if steps == limit:
        os._exit(9)  # as kill -9: no handler, no clean-up

sys.addaudithook(lambda event, arguments: die() if event in WRITES and sys.argv[1] in str(arguments) else None)
VoiceStore(sys.argv[1]).add("a", sys.argv[2], transcript="New words of three seconds.", replace=True)
print("done")
"""
WRITES = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree")


def test_killed_anywhere(prompt: Prompt, record: Callable[..., Path], tmp_path: Path) -> None:
    """Before every single change of the folder: the old voice is there or the new one, and the next add works."""
    source = record(tmp_path / "new.wav")
    script = f"WRITES = {WRITES!r}\n{KILLED}"
    outcomes = []
    for limit in range(1, 60):
        store = VoiceStore(tmp_path / f"store {limit}")
        store.add("a", prompt)
        done = subprocess.run(
            [sys.executable, "-c", script, store.folder, source, str(limit)], capture_output=True, text=True
        )
        words = store.get("a").transcript
        assert words in (prompt.transcript, "New words of three seconds."), (limit, done.stderr)
        store.get("a").prompt()
        assert store.problems() == {}
        outcomes.append(words)
        if done.stdout:
            break
        assert done.returncode == 9, done.stderr
        store.add("b", prompt)
        assert visible(store) == ["a", "b"]
    assert done.stdout and len(set(outcomes)) == 2 and len(outcomes) > 5
