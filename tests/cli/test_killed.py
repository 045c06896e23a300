"""Kill -9 in the middle of a verb: nothing false is listed, the next run works, nothing half-written stays."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hubs import FILES, NAME, check_whole, reply, serve_hubs

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")

# Kills itself at the moment when something happens to a file, before it does: no clock decides where.
SELF_KILLING = """
import os, re, signal, sys
from cosyvox.cli import main

happens, file = sys.argv[1], re.compile(sys.argv[2])

def watch(event, arguments):
    if event == happens and file.search(os.fspath(arguments[0]) if not isinstance(arguments[0], int) else ""):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(watch)
sys.exit(main(sys.argv[3:]))
"""


@pytest.fixture
def kill(cosyvox) -> Callable[..., None]:
    """Run a verb that dies when `happens` ("open", "os.rename") to a file whose path matches."""

    def run(happens: str, file: str, *verb: str | Path) -> None:
        done = cosyvox.python("-c", SELF_KILLING, happens, file, *verb)
        assert done.returncode == -signal.SIGKILL, done.stderr

    return run


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_make_seeded(main, kill, tmp_path: Path) -> None:
    verb = ("models", "make-seeded", "model", "--small")
    kill("open", r"\.partial/flow\.pt$", *verb)
    (draft, lock) = names(tmp_path)
    assert (tmp_path / draft / "llm.pt").exists() and lock == f"{draft}.lock"
    assert "no model folder model" in main.fails(1, "models", "verify", "model")
    assert main(*verb).returncode == 0
    assert names(tmp_path) == ["model"]
    assert main("models", "verify", "model").returncode == 0


@pytest.mark.parametrize(
    ("happens", "file"),
    [("open", r"\.partial/config\.json$"), ("os.rename", r"\.partial$")],
)
def test_convert(main, kill, seeded_small: Path, machine: Path, happens: str, file: str) -> None:
    """Into our home, where models are looked for; and then under another name."""
    home = machine / "home" / "models"
    kill(happens, file, "models", "convert", seeded_small, home / "killed")
    (draft, lock) = names(home)
    assert (home / draft / "model.safetensors").exists() and lock == f"{draft}.lock"
    (family,) = json.loads(main("models", "list", "--json").stdout)["families"]
    assert family["found"] == []
    assert main("models", "convert", seeded_small, home / "compact").returncode == 0
    assert names(home) == ["compact"]
    (family,) = json.loads(main("models", "list", "--json").stdout)["families"]
    assert [(model["path"], model["complete"]) for model in family["found"]] == [(str(home / "compact"), True)]


def test_download(cosyvox, main, machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stuck(handler, file, number):
        if file != "llm.pt" or number:
            return False
        reply(handler, FILES[file][:200_000], length=len(FILES[file]), pause=5.0)
        return True

    home = machine / "home" / "models"
    with serve_hubs() as hubs:
        for name, value in hubs.environment.items():
            monkeypatch.setenv(name, value)
        hubs.answer = stuck
        child = subprocess.Popen(cosyvox.command("models", "download", NAME), **cosyvox.place())
        while not any(part.stat().st_size == 200_000 for part in home.glob("*/llm.pt.*.part")):
            assert child.poll() is None
            time.sleep(0.01)
        child.kill()
        assert child.wait() == -signal.SIGKILL
        (family,) = json.loads(main("models", "list", "--json").stdout)["families"]
        assert [model["missing"] for model in family["found"]] == [["llm.pt"]]
        assert "incomplete: llm.pt missing" in main.fails(1, "models", "where", NAME)
        hubs.asked.clear()
        assert main("models", "download", NAME).returncode == 0
        assert {(file, start) for _, file, start in hubs.asked if file != "list"} == {("llm.pt", "bytes=200000-")}
    check_whole(home / NAME)


def test_remove(main, kill, machine: Path) -> None:
    home = machine / "home" / "models"
    for name in ("mine", "other"):
        for file, content in FILES.items():
            (home / name / file).parent.mkdir(parents=True, exist_ok=True)
            (home / name / file).write_bytes(content)
    kill("shutil.rmtree", r"\.partial$", "models", "remove", "mine", "--yes")
    assert not (home / "mine").exists() and len(list(home.glob(".cosyvox-*.partial/llm.pt"))) == 1
    (family,) = json.loads(main("models", "list", "--json").stdout)["families"]
    assert [model["path"] for model in family["found"]] == [str(home / "other")]
    assert main("models", "remove", "other", "--yes").returncode == 0
    assert not list(home.glob(".cosyvox-*")) and not (home / "other").exists()


@pytest.mark.parametrize(
    ("happens", "file"),
    [("open", r"\.partial/voice\.json$"), ("os.rename", r"\.partial$")],
)
@pytest.mark.parametrize("replaced", [False, True])
def test_voices_add(main, kill, prompt_wav: Path, machine: Path, happens: str, file: str, replaced: bool) -> None:
    def listed() -> list[tuple[str, str]]:
        result = json.loads(main("voices", "list", "--json").stdout)
        assert result["problems"] == {}
        return [(voice["id"], voice["transcript"]) for voice in result["voices"] if not voice["built_in"]]

    verb = ("voices", "add", prompt_wav, "--name", "me", "--transcript")
    if replaced:
        assert main(*verb, "Old words here.").returncode == 0
    kill(happens, file, *verb, "New words here.", "--replace")
    assert list((machine / "home" / "voices").glob(".me-*.partial"))
    assert listed() == ([("me", "Old words here.")] if replaced else [])
    assert main(*verb, "New words here.", "--replace").returncode == 0
    assert listed() == [("me", "New words here.")]
    assert names(machine / "home" / "voices") == [".lock", "me"]
