"""Voices from elsewhere: what is ours comes in, what is hostile does not, and nothing is executed."""

from __future__ import annotations

import io
import os
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cosyvox.core.checkpoint import open_folder
from cosyvox.core.errors import AudioError, CosyVoxError, RequestError, StorageError, VoiceError
from cosyvox.core.request import Progress
from cosyvox.core.text.tokenizer import Tokenizer
from cosyvox.core.voice import exchange
from cosyvox.core.voice.features import recall
from cosyvox.core.voice.frontend import FrontEnd
from cosyvox.core.voice.prompt import Prompt
from cosyvox.core.voice.store import VoiceStore

WORDS = "Words of about three seconds."


@pytest.fixture
def voice_files(store: VoiceStore, prompt: Prompt) -> dict[str, bytes]:
    folder = VoiceStore(store.folder.with_name("source")).add("a", prompt).path
    return {f"a/{path.name}": path.read_bytes() for path in folder.iterdir()}


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    "name", ["../b.wav", "a/../../b.wav", "/etc/b.wav", "a/..\\..\\b.wav", "C:\\b.wav", "..", "a/../voice.json"]
)
def test_no_path_leads_out_of_a_zip_file(
    name: str, store: VoiceStore, voice_files: dict[str, bytes], tmp_path: Path
) -> None:
    archive = zipped(tmp_path / "out.zip", {**voice_files, name: b"x"})
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(VoiceError, match="would be written elsewhere"):
        store.import_(archive)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_link_in_a_zip_file_is_only_a_file(store: VoiceStore, voice_files: dict[str, bytes], tmp_path: Path) -> None:
    link = zipfile.ZipInfo("b/prompt.flac")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "out.zip", "w") as archive:
        archive.writestr("b/voice.json", voice_files["a/voice.json"])
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(AudioError, match="cannot be read as audio"):
        store.import_(tmp_path / "out.zip")
    assert not store.folder.exists()


def test_a_zip_bomb(
    store: VoiceStore, voice_files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "MAX_BYTES", 8 << 20)
    archive = zipped(tmp_path / "out.zip", {**voice_files, "b/prompt.flac": bytes(9 << 20)})
    assert archive.stat().st_size < 1 << 20
    with pytest.raises(VoiceError, match="unpacks to more than 8 MB"):
        store.import_(archive)
    many = zipped(tmp_path / "many.zip", {f"{number}.txt": b"" for number in range(1001)})
    with pytest.raises(VoiceError, match="1001 files"):
        store.import_(many)
    assert not store.folder.exists()


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "no zip"])
def test_a_damaged_zip_file(damage: str, store: VoiceStore, voice_files: dict[str, bytes], tmp_path: Path) -> None:
    content = bytearray(zipped(tmp_path / "out.zip", voice_files).read_bytes())
    if damage == "flipped":
        content[2000] ^= 0xFF
    kept = {"cut": content[: len(content) // 2], "flipped": content, "empty": b"", "no zip": b"hello"}[damage]
    (tmp_path / "out.zip").write_bytes(kept)
    with pytest.raises(VoiceError, match=r"out\.zip") as caught:
        store.import_(tmp_path / "out.zip")
    assert "\n" not in str(caught.value)
    assert not store.folder.exists()


def test_only_what_belongs_to_voices_is_unpacked(
    store: VoiceStore, voice_files: dict[str, bytes], tmp_path: Path
) -> None:
    others = {"a/run.py": b"x", "a/features/x.safetensors": b"x", ".hidden.wav": b"x", "readme.md": b"x"}
    (stored,) = store.import_(zipped(tmp_path / "out.zip", {**voice_files, **others}))
    assert sorted(path.name for path in stored.path.iterdir()) == ["prompt.flac", "voice.json"]


def test_pairs_of_recording_and_words(store: VoiceStore, record: Callable[..., Path], tmp_path: Path) -> None:
    folder = tmp_path / "pairs"
    folder.mkdir()
    record(folder / "alice.wav")
    (folder / "alice.txt").write_text(WORDS, encoding="utf-8")
    record(folder / "bob.mp3")
    seen: list[Progress] = []
    found = store.import_(folder, on_progress=seen.append)
    assert [(voice.id, voice.transcript) for voice in found] == [("alice", WORDS), ("bob", None)]
    assert [(step.done, step.total) for step in seen] == [(0, 3), (1, 3), (2, 3)]
    other = VoiceStore(tmp_path / "other")
    assert other.import_(folder / "alice.wav")[0].transcript == WORDS
    packed = shutil.make_archive(str(tmp_path / "pairs"), "zip", folder)
    assert len(VoiceStore(tmp_path / "third").import_(packed)) == 2


def test_all_or_nothing(store: VoiceStore, record: Callable[..., Path], prompt: Prompt, tmp_path: Path) -> None:
    folder = tmp_path / "pairs"
    folder.mkdir()
    record(folder / "a.wav")
    record(folder / "b.wav")
    store.add("b", prompt)
    with pytest.raises(StorageError, match="there is a voice b already"):
        store.import_(folder)
    assert [voice.id for voice in store.list()] == ["b"]
    assert len(store.import_(folder, replace=True)) == 2


@pytest.mark.parametrize("name", ["nowhere", "readme.md", "empty"])
def test_what_is_no_voice(name: str, store: VoiceStore, tmp_path: Path) -> None:
    (tmp_path / "readme.md").write_text("hello", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    with pytest.raises(VoiceError, match=name):
        store.import_(tmp_path / name)


class Attack:
    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"echo > {self.file}",)


def speaker(tokens: int = 75, words: str = WORDS, folder: Path | None = None) -> dict[str, torch.Tensor]:
    """As the official code saves a speaker that was added from a prompt."""
    generator = torch.Generator().manual_seed(1)
    ids = []
    if folder is not None:
        family = open_folder(folder).family
        ids = Tokenizer(family.path(folder, "tokenizer"), family.control_tokens).encode(words)
    token = torch.randint(0, 6561, (1, tokens), generator=generator, dtype=torch.int32)
    embedding = torch.randn(1, 192, generator=generator)
    return {
        "prompt_text": torch.tensor([ids], dtype=torch.int32),
        "prompt_text_len": torch.tensor([len(ids)], dtype=torch.int32),
        "llm_prompt_speech_token": token,
        "flow_prompt_speech_token": token,
        "prompt_speech_feat": torch.randn(1, 2 * tokens, 80, generator=generator),
        "llm_embedding": embedding,
        "flow_embedding": embedding,
    }


def test_official_speakers(store: VoiceStore, listener: FrontEnd, seeded_small: Path, tmp_path: Path) -> None:
    official = speaker(folder=seeded_small)
    torch.save({"我的": official, "中文女": {"embedding": torch.ones(192)}}, tmp_path / "spk2info.pt")
    added, preset = store.import_(tmp_path / "spk2info.pt", model=seeded_small)
    assert (added.id, added.transcript, added.warnings) == ("我的", WORDS, ())
    voice = recall(added, listener)
    assert np.array_equal(voice.speech_tokens, official["flow_prompt_speech_token"][0].numpy())
    assert np.array_equal(voice.mel, official["prompt_speech_feat"][0].numpy())
    assert np.array_equal(voice.x_vector, official["flow_embedding"][0].numpy())
    assert (preset.id, preset.recording, preset.transcript) == ("中文女", None, None)
    assert recall(preset, listener).mel.shape == (0, 80)
    (again,) = VoiceStore(tmp_path / "elsewhere").import_(store.export("我的", tmp_path))
    assert recall(again, listener).mel.tobytes() == voice.mel.tobytes()
    assert again.transcript == WORDS


def test_official_speakers_without_their_model_keep_their_timbre(store: VoiceStore, seeded_small: Path) -> None:
    path = store.folder.with_name("spk2info.pt")
    torch.save({"a": speaker(folder=seeded_small)}, path)
    (stored,) = store.import_(path)
    assert stored.transcript is None
    assert "--model DIR" in stored.warnings[0]


def test_a_voice_without_recording_is_bound_to_its_family(
    store: VoiceStore, listener: FrontEnd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save({"a": {"embedding": torch.ones(1, 192)}}, tmp_path / "spk2info.pt")
    (stored,) = store.import_(tmp_path / "spk2info.pt")
    monkeypatch.setattr(listener, "family", "CosyVoice-300M")
    with pytest.raises(RequestError, match=r"choose a model of CosyVoice2-0\.5B, or a voice with a recording"):
        recall(stored, listener)
    with pytest.raises(VoiceError, match="no recording"):
        stored.prompt()


def hostile(kind: str, file: Path) -> object:
    good = speaker()
    return {
        "code": {"a": {**good, "more": Attack(file)}},
        "path": {"../a": good},
        "list": [good],
        "nothing": {},
        "no embedding": {"a": {"text": torch.zeros(1)}},
        "text": {"a": {"embedding": "hello"}},
        "nan": {"a": {"embedding": torch.full((1, 192), torch.nan)}},
        "ratio": {"a": {**good, "prompt_speech_feat": torch.zeros(1, 149, 80)}},
        "bins": {"a": {**good, "prompt_speech_feat": torch.zeros(1, 150, 79)}},
        "negative": {"a": {**good, "flow_prompt_speech_token": torch.full((1, 75), -5)}},
        "huge": {"a": {"embedding": torch.zeros(1, 5000)}},
        "meta": {"a": {"embedding": torch.zeros(1, 192, device="meta")}},
        "sparse": {"a": {"embedding": torch.zeros(1, 192).to_sparse()}},
        "negative text": {"a": {**good, "prompt_text": torch.tensor([[-5]])}},
    }[kind]


KINDS = ("code", "path", "list", "nothing", "no embedding", "text", "nan", "ratio", "bins", "negative", "huge")


@pytest.mark.parametrize("format", ["zip", "legacy"])
@pytest.mark.parametrize("kind", [*KINDS, "meta", "sparse", "negative text"])
def test_hostile_speakers(kind: str, format: str, store: VoiceStore, tmp_path: Path) -> None:
    content = hostile(kind, tmp_path / "pwned")
    torch.save(content, tmp_path / "spk2info.pt", _use_new_zipfile_serialization=format == "zip")
    with pytest.raises(VoiceError) as caught:
        store.import_(tmp_path / "spk2info.pt")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "pwned").exists()
    assert not store.folder.exists()


def test_damaged_speakers(store: VoiceStore, tmp_path: Path) -> None:
    whole = io.BytesIO()
    torch.save({"a": speaker()}, whole)
    for content in (b"", b"hello", whole.getvalue()[:1000], whole.getvalue()[:-100]):
        (tmp_path / "spk2info.pt").write_bytes(content)
        with pytest.raises(CosyVoxError, match=r"spk2info\.pt"):
            store.import_(tmp_path / "spk2info.pt")
    assert not store.folder.exists()
