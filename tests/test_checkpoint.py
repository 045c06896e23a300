"""Model folders: recognised, loaded strictly, converted; everything that can be wrong with one."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from cosyvox.core import (
    Cancelled,
    CheckpointError,
    ConfigError,
    CosyVoxError,
    ModelNotFound,
    RequestError,
    StorageError,
    convert,
    load,
    verify,
)
from cosyvox.core.checkpoint import Dtypes, load_model, open_folder
from parity import manifest, model_config
from torch import Tensor

CPU = torch.device("cpu")


@pytest.fixture
def folder(seeded_small: Path, tmp_path: Path) -> Path:
    """A copy that may be broken."""
    copy = tmp_path / "model"
    shutil.copytree(seeded_small, copy)
    return copy


@pytest.fixture(scope="module")
def compact(seeded_small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("converted") / "compact"
    convert(seeded_small, out)
    return out


def edit(path: Path, change: Callable[[dict[str, Tensor]], None]) -> None:
    weights = torch.load(path, weights_only=True)
    change(weights)
    torch.save(weights, path)


def test_recognised(seeded_small: Path) -> None:
    opened = open_folder(seeded_small)
    assert opened.family.name == "CosyVoice2-0.5B"
    assert opened.config == model_config("small")
    assert not opened.compact


def test_compact_computes_the_same(seeded_small: Path, compact: Path, prompt_wav: Path) -> None:
    spoken = []
    for path in (seeded_small, compact):
        with load(path, device="cpu") as engine:
            spoken.append(engine.speak("Same.", voice=engine.clone(prompt_wav), seed=1).audio)
    assert np.array_equal(*spoken)
    assert open_folder(compact).config == open_folder(seeded_small).config


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_halves_the_size(compact: Path, seeded_small: Path, tmp_path: Path, dtype: str) -> None:
    convert(seeded_small, tmp_path / "half", dtype=dtype)
    sizes = [(path / "model.safetensors").stat().st_size for path in (tmp_path / "half", compact)]
    assert sizes[0] == pytest.approx(sizes[1] / 2, rel=0.01)
    assert verify(tmp_path / "half").form == "compact"


def test_verify(seeded_small: Path, compact: Path) -> None:
    official, ours = verify(seeded_small), verify(compact)
    assert (official.form, ours.form) == ("official", "compact")
    assert official.family == ours.family == "CosyVoice2-0.5B"
    assert official.parameters == ours.parameters > 1_000_000
    assert official.files["llm.pt"] == (seeded_small / "llm.pt").stat().st_size


@pytest.mark.parametrize("file", ["llm.pt", "flow.pt", "hift.pt"])
def test_every_key_of_the_released_files_has_its_place(file: str) -> None:
    """At full size on the meta device: names and shapes only."""
    from cosyvox.core.weights import OfficialStage, WeightReader
    from stages import KINDS

    role, kind = KINDS[file]
    released = {key: torch.empty(shape, device="meta") for key, shape in manifest()[file].items()}
    with torch.device("meta"):
        module = kind(getattr(model_config("full"), role))
    assert isinstance(module, OfficialStage)
    reader = WeightReader(released, file)
    weights = module.official_weights(reader)
    reader.finish()
    expected = {key: tensor.shape for key, tensor in module.state_dict().items()}
    assert {key: tensor.shape for key, tensor in weights.items()} == expected


@pytest.mark.parametrize(
    ("file", "key"),
    [("llm.pt", "llm_decoder.bias"), ("flow.pt", "encoder.after_norm.weight"), ("hift.pt", "conv_post.bias")],
)
def test_wrong_keys_are_named(folder: Path, file: str, key: str) -> None:
    original = folder / file
    backup = original.with_suffix(".bak")
    shutil.copyfile(original, backup)

    edit(original, lambda weights: weights.pop(key))
    with pytest.raises(CheckpointError, match=rf"{file} has no '{key}'"):
        load(folder, device="cpu")

    shutil.copyfile(backup, original)
    edit(original, lambda weights: weights.update({key: torch.zeros(3)}))
    with pytest.raises(CheckpointError, match=rf"{file}: '{key}' has shape \(3,\), expected"):
        load(folder, device="cpu")

    shutil.copyfile(backup, original)
    edit(original, lambda weights: weights.update({"surplus.weight": torch.zeros(3)}))
    with pytest.raises(CheckpointError, match=r"surplus\.weight"):
        load(folder, device="cpu")


@pytest.mark.parametrize("file", ["llm.pt", "flow.pt", "hift.pt"])
@pytest.mark.parametrize("kept", [0.0, 0.5, 0.999])
def test_a_truncated_file(folder: Path, file: str, kept: float) -> None:
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(CheckpointError, match=f"{file} is damaged or cut off"):
        load(folder, device="cpu")


@pytest.mark.parametrize(
    "name", ["llm.pt", "flow.pt", "hift.pt", "CosyVoice-BlankEN/config.json", "CosyVoice-BlankEN/merges.txt"]
)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelNotFound, match=Path(name).name):
        load(folder, device="cpu")


@pytest.mark.parametrize("name", ["speech_tokenizer_v2.onnx", "campplus.onnx"])
def test_verify_misses_no_file(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"not a graph")
    with pytest.raises(CheckpointError, match=name):
        verify(folder)
    (folder / name).unlink()
    with pytest.raises(CosyVoxError, match=name):
        verify(folder)


class Malicious:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        import os

        return os.system, ("echo this must never run > owned",)


@pytest.mark.parametrize("legacy", [False, True])
def test_code_in_a_checkpoint_never_runs(folder: Path, monkeypatch: pytest.MonkeyPatch, legacy: bool) -> None:
    monkeypatch.chdir(folder)
    if legacy:
        (folder / "llm.pt").write_bytes(pickle.dumps({"a": Malicious()}))
    else:
        torch.save({"a": Malicious()}, folder / "llm.pt")
    with pytest.raises(CheckpointError, match=r"llm\.pt"):
        load(folder, device="cpu")
    assert not (folder / "owned").exists()


def test_a_tokenizer_of_another_model(folder: Path) -> None:
    """Ids beyond the embedding would fail in the middle of a sentence."""
    config = folder / "CosyVoice-BlankEN" / "config.json"
    settings = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps(settings | {"vocab_size": 300}), encoding="utf-8")
    with pytest.raises(CheckpointError, match="different models"):
        load(folder, device="cpu")


def test_a_file_without_weights(folder: Path) -> None:
    torch.save([1, 2, 3], folder / "flow.pt")
    with pytest.raises(CheckpointError, match="holds no weights by name"):
        load(folder, device="cpu")


def test_a_configuration_of_another_family(folder: Path) -> None:
    config = folder / "cosyvoice2.yaml"
    config.write_text(config.read_text(encoding="utf-8").replace("Qwen2LM", "CosyVoice3LM"), encoding="utf-8")
    with pytest.raises(ConfigError, match="another model than CosyVoice2"):
        load(folder, device="cpu")


def test_no_model_there(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="holds no model"):
        load(tmp_path)
    with pytest.raises(ModelNotFound, match="no model folder"):
        load(tmp_path / "nowhere")


def test_a_compact_folder_that_is_damaged(compact: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(compact, copy)
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))

    def expect(kind: type[CosyVoxError], message: str, **changes: object) -> None:
        (copy / "config.json").write_text(json.dumps(config | changes), encoding="utf-8")
        with pytest.raises(kind, match=message):
            load(copy, device="cpu")

    expect(ConfigError, "format 99", cosyvox=99)
    expect(ConfigError, "family 'Bark'", family="Bark")
    expect(ConfigError, "damaged", model=config["model"] | {"token_rate": "25"})
    expect(ConfigError, "damaged", model={})
    expect(CheckpointError, "shape", model=config["model"] | {"flow": config["model"]["flow"] | {"vocab": 7}})
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    expect(CheckpointError, "damaged or cut off")
    weights.unlink()
    expect(ModelNotFound, "model.safetensors is missing")


def test_convert_leaves_nothing_half_written(
    seeded_small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "new" / "out"
    with pytest.raises(Cancelled):
        convert(seeded_small, out, should_stop=lambda: True)
    with pytest.raises(RequestError, match="no dtype 'int3'"):
        convert(seeded_small, out, dtype="int3")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", full)
        with pytest.raises(StorageError, match="No space left"):
            convert(seeded_small, out)
    assert list(tmp_path.iterdir()) == []

    out.mkdir(parents=True)
    (out / "mine.txt").write_text("keep me", encoding="utf-8")
    with pytest.raises(StorageError, match="exists already"):
        convert(seeded_small, out)
    assert (out / "mine.txt").read_text(encoding="utf-8") == "keep me"


def test_loading_leaves_torch_compiler_alone() -> None:
    """It takes most of a second and 60 MB, and nobody needs it."""
    code = "import sys; from cosyvox import core; core.load('embedded', device='cpu').close(); "
    code += "print(*sorted({'torch', 'torch._dynamo', 'sympy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    assert done.stdout.split() == ["torch"]


def test_loading_reports_progress(seeded_small: Path) -> None:
    told: list[tuple[str, int, int]] = []
    opened = open_folder(seeded_small)
    load_model(opened, device=CPU, dtypes=Dtypes(), on_progress=lambda p: told.append((p.stage, p.done, p.total)))
    assert told == [("load lm", 0, 3), ("load flow", 1, 3), ("load vocoder", 2, 3), ("load", 3, 3)]
