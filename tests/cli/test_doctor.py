"""`cosyvox doctor`: true on a healthy machine, with half a model, and where next to nothing is installed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import cosyvox as package
import pytest
from cosyvox.cli import doctor
from hubs import FILES, NEEDED

ROOT = Path(package.__file__).parent
NAME = "CosyVoice2-0.5B"


def lay_model(machine: Path) -> Path:
    folder = machine / "home" / "models" / NAME
    for name in NEEDED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(FILES[name])
    return folder


def findings(done: subprocess.CompletedProcess[bytes]) -> dict[str, list[dict]]:
    result = json.loads(done.stdout)
    by_subject: dict[str, list[dict]] = {}
    for finding in result["findings"]:
        by_subject.setdefault(finding["subject"], []).append(finding)
    wrong = [finding for finding in result["findings"] if finding["state"] == "wrong"]
    assert result["ok"] == (not wrong) == (done.returncode == 0)
    return by_subject


def test_a_healthy_machine(main, machine: Path):
    import torch

    folder = lay_model(machine)
    done = main("doctor", "--json")
    found = findings(done)
    assert done.returncode == 0, done.stderr
    assert found["torch"][0]["text"].startswith(torch.__version__)
    assert found["home"][0]["text"] == str(machine / "home")
    assert found["model"][0]["text"] == f"{NAME}: complete, 0.6 MB, {folder} (CosyVox)"
    assert f"COSYVOX_HOME={machine / 'home'}" in [finding["text"] for finding in found["environment"]]


def test_no_model(main):
    done = main("doctor")
    text = done.stdout.decode()
    assert done.returncode == 0
    assert f"model        only the embedded one, English; no complete published one (known: {NAME})\n" in text
    assert f"`cosyvox models download {NAME}`" in text


def test_half_a_model(main, machine: Path):
    (lay_model(machine) / "llm.pt").unlink()
    half, none = findings(main("doctor", "--json"))["model"]
    assert (half["state"], none["state"]) == ("warning", "warning")
    assert "incomplete, missing: llm.pt;" in half["text"]


def test_the_model_that_the_environment_names(main, machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    lay_model(machine)
    for named, says in (
        ("nowhere", "there is no model folder nowhere"),
        (str(tmp_path), "holds no model that is known"),
    ):
        monkeypatch.setenv("COSYVOX_MODEL", named)
        last = findings(main("doctor", "--json"))["model"][-1]
        assert last["state"] == "wrong" and says in last["text"]
    monkeypatch.setenv("COSYVOX_MODEL", "cosyvoice2")
    assert findings(main("doctor", "--json"))["model"][-1]["text"].endswith("which is complete")


def test_a_home_that_cannot_be_written(main, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("COSYVOX_HOME", str(tmp_path / "file" / "home"))
    (home,) = findings(main("doctor", "--json"))["home"]
    assert home["state"] == "warning" and "is not a folder that can be written" in home["text"]


@pytest.mark.skipif(sys.platform == "win32", reason="the system knows the user's folder")
def test_no_home_at_all(main, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COSYVOX_HOME", "~nobody-of-that-name/speech")
    (home,) = findings(main("doctor", "--json"))["home"]
    assert home["text"].endswith("user has no home folder: name another folder in COSYVOX_HOME")
    assert "has no home folder" in main.fails(1, "models", "list")


def test_a_home_whose_name_is_too_long(main, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COSYVOX_HOME", "n" * 300)
    assert findings(main("doctor", "--json"))["home"]


@pytest.mark.parametrize("proxy", ["http://me:secret@proxy:3128", "me:secret@proxy:3128", "http://me:p@secret@proxy"])
def test_passwords_of_proxies_are_not_shown(main, monkeypatch: pytest.MonkeyPatch, proxy: str):
    monkeypatch.setenv("https_proxy", proxy)
    text = main("doctor").stdout.decode()
    assert "secret" not in text and "environment  https_proxy=" in text and "…@proxy" in text


def test_nothing_is_left_behind(cosyvox, tmp_path: Path):
    """onnxruntime 1.31 would make an identifier of the machine, and report with it."""
    (tmp_path / "user").mkdir()
    done = cosyvox("doctor", HOME=str(tmp_path / "user"), USERPROFILE=str(tmp_path / "user"))
    assert b"onnxruntime" in done.stdout
    assert list((tmp_path / "user").iterdir()) == []


def test_a_package_that_breaks_or_is_of_another_version(main, monkeypatch: pytest.MonkeyPatch):
    def load(module: str) -> object:
        if module == "soundfile":
            raise OSError("sndfile library not found")
        return real(module)

    real = doctor.import_module
    monkeypatch.setattr(doctor, "import_module", load)
    monkeypatch.setattr(doctor.metadata, "version", lambda name: "0.1.8")
    found = findings(main("doctor", "--json"))
    assert found["soundfile"][0]["text"] == "installed, but it cannot be imported: sndfile library not found"
    assert found["wetext"][0]["text"] == "0.1.8; tested with wetext>=0.0.9,<0.1.1"


def test_the_list_of_packages_is_that_of_the_project():
    (section,) = re.findall(r"^dependencies = \[\n(.*?)^\]", (ROOT / "pyproject.toml").read_text("utf-8"), re.M | re.S)
    assert sorted(re.findall(r'^ +"(.+?)"', section, re.M)) == sorted(doctor.PACKAGES.values())


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_where_nothing_is_installed(cosyvox, tmp_path: Path):
    """Python without its site-packages: a standard library and this package."""
    (tmp_path / "cosyvox").symlink_to(ROOT)
    done = cosyvox.python("-S", "-m", "cosyvox", "doctor", "--json")
    assert done.returncode == 1, done.stderr
    found = findings(done)
    for name in (
        "torch",
        "onnxruntime",
        "numpy",
        "pillow",
        "pyyaml",
        "safetensors",
        "soundfile",
        "tokenizers",
        "tqdm",
        "wetext",
    ):
        (finding,) = found[name]
        assert (finding["state"], finding["text"]) == ("wrong", "not installed")
        assert finding["mend"]
    assert "device" not in found
    (packages,) = found["packages"]
    assert all(requirement in packages["mend"] for requirement in doctor.PACKAGES.values())
    for verb in (("models", "list"), ("models", "--help"), ("--version",)):
        assert cosyvox.python("-S", "-m", "cosyvox", *verb).returncode == 0
    failed = cosyvox.python("-S", "-m", "cosyvox", "models", "make-seeded", "model")
    assert failed.returncode == 1
    assert b"is not installed: `cosyvox doctor` says how to mend it" in failed.stderr
