"""A seeded folder: complete, readable by what reads the published one, and never half there."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from itertools import count
from pathlib import Path

import numpy as np
import parity
import pytest
import torch
from cosyvox.core.errors import Cancelled, CheckpointError, CosyVoxError, ModelNotFound, StorageError
from cosyvox.core.families.cosyvoice2 import COSYVOICE2
from cosyvox.core.families.official_yaml import load
from cosyvox.core.request import Progress
from cosyvox.core.seeded import folder as folder_module
from cosyvox.core.seeded.folder import make_seeded
from cosyvox.core.seeded.shapes import official_shapes
from cosyvox.core.seeded.tokenizer import write_tokenizer
from cosyvox.core.seeded.weights import filled_bytes, seeded_tensor
from cosyvox.core.text.tokenizer import Tokenizer


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Progress]]:
    """A small folder, and what was told while it was made."""
    folder = tmp_path_factory.mktemp("models") / "new" / "a model 模型"
    told: list[Progress] = []
    make_seeded(folder, small=True, on_progress=told.append, should_stop=lambda: False)
    return folder, told


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders with a few weights, for tests that make many."""
    monkeypatch.setattr(
        folder_module, "official_shapes", lambda config: {"llm.pt": {"a": (9, 9)}, "flow.pt": {"b": (9,)}}
    )


def is_clean(parent: Path) -> bool:
    return not list(parent.iterdir())


def test_every_file_is_there(made: tuple[Path, list[Progress]]) -> None:
    folder, _ = made
    assert all((folder / name).exists() for name in COSYVOICE2.files.values())
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_the_weights_are_the_seeded_ones(made: tuple[Path, list[Progress]]) -> None:
    folder, _ = made
    config = COSYVOICE2.parse(
        load(folder / "cosyvoice2.yaml"), json.loads((folder / COSYVOICE2.files["lm_config"]).read_text())
    )
    assert config == parity.model_config("small")
    for name, shapes in official_shapes(config).items():
        state = torch.load(folder / name, weights_only=True, mmap=True)
        assert {key: tuple(tensor.shape) for key, tensor in state.items()} == shapes
        assert {tensor.dtype for tensor in state.values()} == {torch.float32}
        for key in list(shapes)[::40]:
            assert np.array_equal(state[key].numpy(), seeded_tensor(name.removesuffix("pt") + key, shapes[key]))


def test_tied_weights_are_stored_once(made: tuple[Path, list[Progress]]) -> None:
    folder, _ = made
    state = torch.load(folder / "llm.pt", weights_only=True, mmap=True)
    head, embedding = state["llm.model.lm_head.weight"], state["llm.model.model.embed_tokens.weight"]
    assert head.data_ptr() == embedding.data_ptr()
    size = (folder / "llm.pt").stat().st_size
    expected = filled_bytes({key: tensor.shape for key, tensor in state.items()}, "llm.")
    assert expected < size < expected + 1_000_000


def test_the_tokenizer_reads_and_writes(made: tuple[Path, list[Progress]]) -> None:
    folder, _ = made
    tokenizer = Tokenizer(folder / COSYVOICE2.files["tokenizer"], COSYVOICE2.control_tokens)
    assert tokenizer.decode(tokenizer.encode("Good evening, 你好!")) == "Good evening, 你好!"
    assert tokenizer.vocab_size < parity.model_config("small").lm.decoder.vocab_size


def test_transformers_reads_the_tokenizer_folder(made: tuple[Path, list[Progress]]) -> None:
    transformers = pytest.importorskip("transformers")
    tokenizer_folder = made[0] / COSYVOICE2.files["tokenizer"]
    theirs = transformers.AutoTokenizer.from_pretrained(tokenizer_folder)
    ours = Tokenizer(tokenizer_folder, COSYVOICE2.control_tokens)
    text = "Guten Morgen[breath], <strong>你好</strong><|endofprompt|>"
    assert theirs([text])["input_ids"][0] == ours.encode(text, allowed=COSYVOICE2.control_tokens)
    backbone = transformers.AutoConfig.from_pretrained(tokenizer_folder)
    assert (backbone.model_type, backbone.vocab_size, backbone.hidden_size) == ("qwen2", 151936, 64)


def test_progress_is_told_to_the_end(made: tuple[Path, list[Progress]]) -> None:
    _, told = made
    done = [progress.done for progress in told]
    assert done == sorted(done)
    assert told[-1].done == told[-1].total == 106


def test_the_full_size_is_that_of_the_released_files() -> None:
    needed = sum(filled_bytes(shapes, file.removesuffix("pt")) for file, shapes in parity.manifest().items())
    released = 2_023_316_821 + 450_575_567 + 83_390_254  # bytes of the three files, keys included
    assert 0 < released - needed < 1_000_000


@pytest.mark.usefixtures("tiny")
def test_a_published_tokenizer_is_copied(tmp_path: Path) -> None:
    published = tmp_path / "published"
    published.mkdir()
    write_tokenizer(published, COSYVOICE2.control_tokens[:3])
    (published / "model.safetensors").write_bytes(b"not to be copied")
    make_seeded(tmp_path / "made", small=True, tokenizer=published)
    copied = tmp_path / "made" / COSYVOICE2.files["tokenizer"]
    assert {path.name for path in copied.iterdir()} == {
        *("vocab.json", "merges.txt", "tokenizer_config.json", "config.json")
    }
    for name in ("vocab.json", "merges.txt", "tokenizer_config.json"):
        assert (copied / name).read_bytes() == (published / name).read_bytes()


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(("damage", "error"), [("unlink", ModelNotFound), ("damage", CheckpointError)])
def test_a_tokenizer_that_cannot_be_used_is_an_error(tmp_path: Path, damage: str, error: type[CosyVoxError]) -> None:
    published = tmp_path / "published"
    published.mkdir()
    write_tokenizer(published, COSYVOICE2.control_tokens)
    if damage == "unlink":
        (published / "merges.txt").unlink()
    else:
        (published / "vocab.json").write_text("{}")
    with pytest.raises(error):
        make_seeded(tmp_path / "made", tokenizer=published)
    assert [path.name for path in tmp_path.iterdir()] == ["published"]


@pytest.mark.usefixtures("tiny")
def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    make_seeded(tmp_path / "empty", small=True)
    assert (tmp_path / "empty" / "llm.pt").exists()


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_nothing_is_overwritten(tmp_path: Path, kind: str) -> None:
    taken = tmp_path / "taken"
    if kind == "folder":
        taken.mkdir()
        (taken / "file").write_text("precious")
    else:
        taken.write_text("precious")
    with pytest.raises(StorageError, match="exists already: name another folder"):
        make_seeded(taken, small=True)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    assert (taken / "file" if kind == "folder" else taken).read_text() == "precious"


def test_a_full_disk_is_noticed_before_the_weights_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 5000, 5000))
    with pytest.raises(StorageError, match=r"107\d{6} bytes are needed .* has 5000 left: make room"):
        make_seeded(tmp_path / "model", small=True)
    assert is_clean(tmp_path)


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("after", range(12))
@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (OSError(28, "No space left on device"), (StorageError, "could not be written: No space left on device")),
        (KeyboardInterrupt(), (KeyboardInterrupt, None)),
    ],
)
def test_nothing_is_left_behind_by_a_failure(
    tmp_path: Path, failure: BaseException, expected: tuple[type[BaseException], str | None], after: int
) -> None:
    calls = count()

    def fail(progress: Progress) -> None:
        if next(calls) == after:
            raise failure

    with pytest.raises(expected[0], match=expected[1]):
        make_seeded(tmp_path / "model", small=True, on_progress=fail)
    assert is_clean(tmp_path)


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("after", [0, 1, 5, 12])
def test_nothing_is_left_behind_when_stopped(tmp_path: Path, after: int) -> None:
    calls = count()
    with pytest.raises(Cancelled, match="no folder was made"):
        make_seeded(tmp_path / "model", small=True, should_stop=lambda: next(calls) >= after)
    assert is_clean(tmp_path)


def test_a_parent_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageError, match="could not be written"):
        make_seeded(tmp_path / "file" / "model", small=True)
