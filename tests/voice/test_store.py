"""Voices on disk: kept, found, changed and never lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cosyvox.core.audio.files import read_audio
from cosyvox.core.errors import AudioError, StorageError, VoiceError
from cosyvox.core.voice.features import recall
from cosyvox.core.voice.frontend import FrontEnd
from cosyvox.core.voice.prompt import Prompt, prepare_prompt
from cosyvox.core.voice.store import VoiceStore
from cosyvox.core.voice.voice import Voice


def same(one: Voice, other: Voice) -> bool:
    """Equal in every bit that is heard."""
    return all(
        getattr(one, field).tobytes() == getattr(other, field).tobytes()
        for field in ("recording", "speech_tokens", "mel", "x_vector")
    )


def visible(store: VoiceStore) -> list[str]:
    """What lies in the folder besides the lock and the cache of dropped recordings."""
    return sorted(path.name for path in store.folder.iterdir() if path.name not in (".lock", ".features"))


FILES = [
    *((f"a.{suffix}", rate, 1 + rate % 3 % 2) for suffix in ("wav", "flac") for rate in (8_000, 22_050, 44_100)),
    *((f"a.{suffix}", rate, 2) for suffix in ("ogg", "mp3") for rate in (16_000, 48_000)),
]


@pytest.mark.parametrize(("name", "rate", "channels"), FILES)
def test_a_round_trip_keeps_every_bit(
    name: str,
    rate: int,
    channels: int,
    store: VoiceStore,
    record: Callable[..., Path],
    listener: FrontEnd,
    tmp_path: Path,
) -> None:
    path = record(tmp_path / name, rate, channels)
    cloned = listener.voice(prepare_prompt(*read_audio(path)), "a")
    stored = store.add("a", path)
    assert same(recall(stored, listener), cloned)
    assert same(recall(stored, listener), cloned)  # from the cache
    archive = store.export("a", tmp_path / "out.zip")
    (again,) = VoiceStore(tmp_path / "elsewhere").import_(archive)
    assert same(recall(again, listener), cloned)
    assert (again.transcript, again.warnings, again.seconds) == (stored.transcript, stored.warnings, stored.seconds)


def test_what_is_kept(store: VoiceStore, prompt: Prompt) -> None:
    stored = store.add("小明 2", prompt)
    assert store.list() == [stored] == [store.get("小明 2")]
    assert stored.transcript == "Words of about three seconds."
    assert (stored.sample_rate, stored.seconds) == (16_000, 3.0)
    assert sorted(path.name for path in stored.path.iterdir()) == ["prompt.flac", "voice.json"]
    assert visible(store) == ["小明 2"]


def test_a_cloned_voice_is_kept_as_it_is(store: VoiceStore, prompt: Prompt, listener: FrontEnd) -> None:
    voice = listener.voice(prompt, "a")
    assert same(recall(store.add("a", voice), listener), voice)


def test_features_are_only_computed_once(
    store: VoiceStore, prompt: Prompt, listener: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = store.add("a", prompt)
    voice = recall(stored, listener)
    monkeypatch.setattr(FrontEnd, "voice", None)
    assert same(recall(stored, listener), voice)
    assert recall(store.rename("a", "b"), listener).name == "b"


def test_features_follow_the_recording(
    store: VoiceStore, prompt: Prompt, listener: FrontEnd, record: Callable[..., Path]
) -> None:
    stored = store.add("a", prompt)
    before = recall(stored, listener)
    record(stored.path / "prompt.flac", name="tests/another")
    after = recall(store.get("a"), listener)
    assert not np.array_equal(before.mel, after.mel)
    prepared = prepare_prompt(*read_audio(stored.path / "prompt.flac"), stored.transcript)
    assert same(after, listener.voice(prepared, "a"))


def test_another_model_hears_anew(store: VoiceStore, prompt: Prompt, listener: FrontEnd) -> None:
    class Other:
        family, fingerprint = listener.family, "another model with the same name"

        def voice(self, prompt: Prompt, name: str) -> Voice:
            return replace(listener.voice(prompt, name), x_vector=np.ones(192, np.float32))

    stored = store.add("a", prompt)
    own = recall(stored, listener)
    assert recall(stored, Other()).x_vector[0] == 1.0  # type: ignore[arg-type]
    assert same(recall(stored, listener), own)


@pytest.mark.parametrize("damage", [b"", b"\xff" * 100, None])
def test_damaged_features_are_made_again(
    damage: bytes | None, store: VoiceStore, prompt: Prompt, listener: FrontEnd
) -> None:
    stored = store.add("a", prompt)
    voice = recall(stored, listener)
    (cached,) = stored.cache.iterdir()
    cached.write_bytes(cached.read_bytes()[:1000] if damage is None else damage)
    assert same(recall(stored, listener), voice)


def test_a_dropped_recording_is_a_voice(store: VoiceStore, listener: FrontEnd, record: Callable[..., Path]) -> None:
    store.folder.mkdir()
    record(store.folder / "Alice.WAV")
    assert store.get("Alice").transcript is None
    (store.folder / "Alice.txt").write_bytes(b"\xef\xbb\xbf Words that she says. \n")
    (store.folder / "readme.txt").write_text("no voice", encoding="utf-8")
    (stored,) = store.list()
    assert (stored.id, stored.transcript) == ("Alice", "Words that she says.")
    assert (stored.seconds, stored.sample_rate) == (3.0, 24_000)
    voice = recall(stored, listener)
    assert same(recall(stored, listener), voice)
    record(store.folder / "Alice.WAV", name="tests/another")  # changed under the store's hands
    assert not np.array_equal(recall(store.get("Alice"), listener).mel, voice.mel)
    assert store.rename("Alice", "bob").transcript == "Words that she says."
    assert visible(store) == ["bob.WAV", "bob.txt", "readme.txt"]
    store.remove("bob")
    assert visible(store) == ["readme.txt"]


def test_a_dropped_recording_can_be_exported_and_replaced(
    store: VoiceStore, prompt: Prompt, listener: FrontEnd, record: Callable[..., Path], tmp_path: Path
) -> None:
    store.folder.mkdir()
    record(store.folder / "a.ogg")
    voice = recall(store.get("a"), listener)
    (again,) = VoiceStore(tmp_path / "elsewhere").import_(store.export("a", tmp_path))
    assert same(recall(again, listener), voice)
    store.add("a", prompt, replace=True)
    assert visible(store) == ["a"]


def test_nothing_is_overwritten_unasked(store: VoiceStore, prompt: Prompt, tmp_path: Path) -> None:
    store.add("a", prompt)
    for taken, mend in (("a", "or replace it"), ("A", "only its case differs")):
        with pytest.raises(StorageError, match=f"there is a voice a already.*{mend}"):
            store.add(taken, replace_words(prompt, "Other words, three seconds."))
    store.add("b", prompt)
    with pytest.raises(StorageError, match="there is a voice a already"):
        store.rename("b", "a")
    archive = store.export("a", tmp_path / "a.zip")
    with pytest.raises(StorageError, match="exists already"):
        store.export("b", archive)
    with pytest.raises(StorageError, match="there is a voice a already"):
        store.import_(archive)
    assert store.get("a").transcript == prompt.transcript
    store.add("a", replace_words(prompt, "Other words, three seconds."), replace=True)
    assert store.get("a").transcript == "Other words, three seconds."
    assert visible(store) == ["a", "b"]


def replace_words(prompt: Prompt, words: str) -> Prompt:
    return replace(prompt, transcript=words)


def test_case_can_be_changed(store: VoiceStore, prompt: Prompt) -> None:
    store.add("alice", prompt)
    assert store.rename("alice", "Alice").id == "Alice"
    assert [voice.id for voice in store.list()] == ["Alice"]


def test_removed_is_gone(store: VoiceStore, prompt: Prompt) -> None:
    store.add("a", prompt)
    store.remove("a")
    assert visible(store) == []
    for operation in (store.get, store.remove, lambda id: store.rename(id, "b")):
        with pytest.raises(VoiceError, match="no voice a"):
            operation("a")


def test_broken_voices_are_told_and_do_not_hide_the_others(store: VoiceStore, prompt: Prompt) -> None:
    for id in ("good", "no json", "bad json", "newer", "no flac", "list"):
        store.add(id, prompt)
    (store.folder / "no json" / "voice.json").unlink()
    (store.folder / "bad json" / "voice.json").write_text('{"format"', encoding="utf-8")
    (store.folder / "newer" / "voice.json").write_text('{"format": 99}', encoding="utf-8")
    (store.folder / "list" / "voice.json").write_text('{"format": 1, "transcript": []}', encoding="utf-8")
    (store.folder / "no flac" / "prompt.flac").unlink()
    (store.folder / "GOOD.wav").write_bytes(b"")
    (store.folder / "con.wav").write_bytes(b"")
    (store.folder / "no audio.wav").write_text("la la la", encoding="utf-8")
    assert [voice.id for voice in store.list()] == ["good"]
    problems = store.problems()
    assert problems.keys() == {"no json", "bad json", "newer", "no flac", "list", "GOOD.wav", "con.wav", "no audio.wav"}
    assert "cannot be read as audio" in problems["no audio.wav"]
    with pytest.raises(AudioError, match=r"no audio\.wav"):
        store.get("no audio")
    assert "newer version" in problems["newer"]
    with pytest.raises(VoiceError, match=r"no prompt\.flac"):
        store.get("no flac")
    store.remove("bad json")
    assert "bad json" not in store.problems()


def test_a_damaged_recording_is_told_when_it_is_used(store: VoiceStore, prompt: Prompt, listener: FrontEnd) -> None:
    stored = store.add("a", prompt)
    (stored.path / "prompt.flac").write_bytes(b"fLaC")
    with pytest.raises(AudioError, match=r"prompt\.flac cannot be read"):
        recall(stored, listener)


def test_a_failed_add_leaves_nothing(store: VoiceStore, tmp_path: Path) -> None:
    (tmp_path / "noise.wav").write_bytes(b"no audio")
    with pytest.raises(AudioError):
        store.add("a", tmp_path / "noise.wav")
    assert not store.folder.exists()


def test_where_nothing_can_be_written(prompt: Prompt, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = VoiceStore(tmp_path / "file")
    with pytest.raises(StorageError):
        store.add("a", prompt)
    with pytest.raises(StorageError):
        VoiceStore(tmp_path / "file" / "voices").add("a", prompt)
