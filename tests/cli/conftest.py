"""The command line as a user starts it, in an empty folder and without a model in the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def machine(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without models: a folder that holds every place where they are looked for."""
    folder = tmp_path_factory.mktemp("machine")
    places = {"COSYVOX_HOME": "home", "HF_HUB_CACHE": "hf", "MODELSCOPE_CACHE": "ms", "COMFYUI_DIR": "comfyui"}
    for name, place in places.items():
        monkeypatch.setenv(name, str(folder / place))
    for name in ("COMFYUI_PATH", "COSYVOX_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    return folder


class CommandLine:
    """`cosyvox` in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *args: str | Path, stdin: bytes = b"", **variables: str) -> subprocess.CompletedProcess[bytes]:
        """Run to the end: exit code, standard output and standard error as bytes."""
        return self.python("-m", "cosyvox", *args, stdin=stdin, **variables)

    def python(self, *args: str | Path, stdin: bytes = b"", **variables: str) -> subprocess.CompletedProcess[bytes]:
        """The same for any Python program."""
        command = [sys.executable, *map(str, args)]
        return subprocess.run(command, input=stdin, capture_output=True, **self.place(**variables))

    def command(self, *args: str | Path) -> list[str]:
        return [sys.executable, "-m", "cosyvox", *map(str, args)]

    def place(self, **variables: str) -> dict:
        inherited = {name: value for name, value in os.environ.items() if name != "COSYVOX_MODEL"}
        return {"cwd": self.folder, "env": {**inherited, **variables}}

    def fails(self, code: int, *args: str | Path, **options) -> str:
        """Run what must fail with `code`, one line on standard error and none on standard output: that line."""
        done = self(*args, **options)
        error = done.stderr.decode()
        assert done.returncode == code, error
        assert done.stdout == b""
        assert error.startswith("cosyvox: ")
        assert error.count("\n") == 1 and error.endswith("\n"), error
        return error


class InProcess(CommandLine):
    """The console script's function, called: for tests in which starting Python would take most of the time."""

    def __init__(self, folder: Path, streams: pytest.CaptureFixture[bytes]) -> None:
        super().__init__(folder)
        self._streams = streams

    def __call__(self, *args: str | Path) -> subprocess.CompletedProcess[bytes]:
        from cosyvox.cli import main

        self._streams.readouterr()
        command = [*map(str, args)]
        code = main(command)
        return subprocess.CompletedProcess(command, code, *self._streams.readouterr())


@pytest.fixture
def cosyvox(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


@pytest.fixture
def main(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> InProcess:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COSYVOX_MODEL", raising=False)
    return InProcess(tmp_path, capfdbinary)
