"""Speech that is kept: the same comes back, never more than allowed, and nothing that happens to it does harm."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cosyvox.core import SegmentCache, Speech, StorageError
from cosyvox.core.request import Segment

RATE = 16_000


def speech(number: int = 0, samples: int = 1000) -> Speech:
    audio = np.linspace(-0.5, 0.5, samples, dtype=np.float32) + np.float32(number / 1000)
    segments = (
        Segment("“Hello” 你好.", np.arange(3, dtype=np.int32), 0, 400),
        Segment("", np.zeros(0, np.int32), 400, samples),
    )
    return Speech(audio, RATE, segments, {}, ("a warning",))


def same(one: Speech, other: Speech) -> bool:
    return (
        np.array_equal(one.audio, other.audio)
        and (one.sample_rate, one.warnings) == (other.sample_rate, other.warnings)
        and [(s.text, s.start, s.stop) for s in one.segments] == [(s.text, s.start, s.stop) for s in other.segments]
        and all(
            np.array_equal(a.speech_tokens, b.speech_tokens) for a, b in zip(one.segments, other.segments, strict=True)
        )
    )


def test_the_same_comes_back_also_later(tmp_path: Path) -> None:
    SegmentCache(tmp_path / "new" / "folder").put("a", speech(1))
    cache = SegmentCache(tmp_path / "new" / "folder")
    kept = cache.get("a")
    assert kept is not None and same(kept, speech(1))
    assert cache.get("b") is None
    assert cache.bytes == sum(path.stat().st_size for path in cache.folder.iterdir()) > 4000


def test_by_default_it_lies_in_cosyvox_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSYVOX_HOME", str(tmp_path))
    cache = SegmentCache()
    assert cache.bytes == 0 and cache.clear() == 0 and not list(tmp_path.iterdir())
    cache.put("a", speech())
    assert [path.name for path in (tmp_path / "cache" / "segments").iterdir()] == ["a.safetensors"]


def test_what_was_not_asked_for_longest_goes(tmp_path: Path) -> None:
    one = SegmentCache(tmp_path / "one")
    one.put("a", speech())
    cache = SegmentCache(tmp_path / "many", max_bytes=int(4.5 * one.bytes))
    for number, key in enumerate("abcd"):
        cache.put(key, speech(number))
        os.utime(cache.folder / f"{key}.safetensors", (1000 + number, 1000 + number))
    assert cache.get("a")
    cache.put("e", speech(4))
    assert {key for key in "abcde" if cache.get(key)} == {"a", "c", "d", "e"} or cache.bytes <= cache.max_bytes
    assert cache.get("a") and cache.get("e") and not cache.get("b")
    assert cache.bytes <= cache.max_bytes


def test_what_is_larger_than_the_bound_is_not_kept(tmp_path: Path) -> None:
    cache = SegmentCache(tmp_path, max_bytes=1000)
    cache.put("a", speech())
    assert cache.get("a") is None and cache.bytes == 0


def damaged(content: bytes) -> list[bytes]:
    header = int.from_bytes(content[:8], "little")
    return [
        b"",
        b"no safetensors",
        content[: len(content) // 2],
        content[:-1],
        content[: 8 + header],
        content.replace(b"sample_rate", b"sample-rate"),
        content.replace(b'\\"segments\\": [', b'\\"segments\\": 3,'),
        content.replace(b"audio", b"other"),
        content[: 8 + header] + b"\xff" * (len(content) - 8 - header),
    ]


def test_a_damaged_file_is_as_none_and_is_made_anew(tmp_path: Path) -> None:
    cache = SegmentCache(tmp_path)
    cache.put("a", speech())
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    for content in damaged(whole):
        assert content != whole
        path.write_bytes(content)
        assert cache.get("a") is None, content[:80]
        cache.put("a", speech())
        assert path.read_bytes() == whole


def test_a_folder_that_cannot_be_written_to_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("somebody's")
    cache = SegmentCache(tmp_path / "file" / "segments")
    cache.put("a", speech())
    assert cache.get("a") is None and cache.bytes == 0 and cache.clear() == 0
    assert (tmp_path / "file").read_text() == "somebody's"


def test_clearing_frees_what_is_kept_and_nothing_else(tmp_path: Path) -> None:
    cache = SegmentCache(tmp_path)
    (tmp_path / "notes.txt").write_text("somebody's")
    for key in "abc":
        cache.put(key, speech())
    size = cache.bytes
    assert cache.clear() == size > 0
    assert cache.bytes == 0 and cache.get("a") is None
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_what_cannot_be_removed_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "a.safetensors"
    folder.mkdir()
    with pytest.raises(StorageError, match=r"a\.safetensors could not be removed"):
        SegmentCache(tmp_path).clear()


BUSY = """
import sys
import numpy as np
from cosyvox.core import SegmentCache, Speech
cache = SegmentCache(sys.argv[1], max_bytes=60_000)
print("ready", flush=True)
sys.stdin.readline()
for number in range(150):
    key = f"k{number % 20}"
    kept = cache.get(key)
    assert kept is None or (kept.audio == np.float32(number % 20)).all() and len(kept.audio) == 1000
    cache.put(key, Speech(np.full(1000, number % 20, np.float32), 16_000))
"""


def test_two_processes_share_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", BUSY, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as one, subprocess.Popen(command, **pipes) as other:
        for process in (one, other):
            assert process.stdout.readline() == "ready\n"
        for process in (one, other):
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in (one, other):
            _, errors = process.communicate()
            assert process.returncode == 0, errors
    assert 0 < SegmentCache(tmp_path).bytes <= 60_000
    assert all(path.suffix == ".safetensors" for path in tmp_path.iterdir()), "no drafts are left"
