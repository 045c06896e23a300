"""install.py --venv: made once, renewed when something changed, made anew when it was left unfinished."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest
from cosyvox import install


class Machine:
    """Stands in for pip and venv: remembers what was asked for, and can be interrupted at any step."""

    def __init__(self, folder: Path) -> None:
        self.steps: list[str] = []
        self.interrupt_at: str | None = None
        self.folder = folder

    def step(self, name: str) -> None:
        if name == self.interrupt_at:
            raise KeyboardInterrupt
        self.steps.append(name)

    def run(self, command: list[str], failure: str) -> None:
        directory = Path(command[-1])
        python = directory / ("Scripts/python.exe" if install.WINDOWS else "bin/python")
        python.parent.mkdir()
        python.touch()
        self.step("venv")

    def pip_install(self, python: Path, *arguments: str) -> None:
        self.step(" ".join(arguments))

    def taken(self) -> list[str]:
        steps, self.steps = self.steps, []
        return steps


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    root = tmp_path / "声音-clone of mine"
    root.mkdir()
    for name in ("install.py", "pyproject.toml", "requirements.txt"):
        (root / name).write_bytes((install.ROOT / name).read_bytes())
    made = Machine(root)
    monkeypatch.setattr(install, "ROOT", root)
    monkeypatch.setattr(install, "run", made.run)
    monkeypatch.setattr(install, "pip_install", made.pip_install)
    monkeypatch.setattr(install, "succeeds", lambda command: False)
    monkeypatch.setattr(install, "torch_index", lambda: None)
    monkeypatch.setattr(install, "cuda_of_driver", lambda: 0)
    return made


EVERYTHING = ["venv", "torch", "--editable .", "onnxruntime"]


def make(machine: Machine, *extras: str) -> int:
    arguments = ["--venv", str(machine.folder / ".venv")]
    return install.main(arguments + [part for extra in extras for part in ("--extra", extra)])


def test_made_once(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert make(machine) == 0
    assert machine.taken() == EVERYTHING
    capsys.readouterr()
    assert make(machine) == 0
    assert machine.taken() == []
    assert capsys.readouterr().out == ""


def test_extras_add_up(machine: Machine) -> None:
    make(machine)
    machine.taken()
    make(machine, "test")
    assert machine.taken()[0] == "--editable .[test]"
    make(machine)
    make(machine, "test")
    assert machine.taken() == [], "a call that asks for less changes nothing"
    make(machine, "server")
    assert machine.taken()[0] == "--editable .[server,test]"


@pytest.mark.parametrize("name", ["install.py", "pyproject.toml", "requirements.txt"])
def test_a_change_renews_it_and_keeps_torch(machine: Machine, name: str) -> None:
    make(machine)
    machine.taken()
    with (machine.folder / name).open("a") as file:
        file.write("\n")
    make(machine)
    assert machine.taken() == ["--editable .", "onnxruntime"]


def test_an_interrupted_renewal_is_repeated_without_starting_over(machine: Machine) -> None:
    make(machine)
    machine.taken()
    machine.interrupt_at = "--editable .[test]"
    assert make(machine, "test") == 130
    machine.interrupt_at = None
    make(machine, "test")
    assert machine.taken() == ["--editable .[test]", "onnxruntime"]


@pytest.mark.parametrize("step", EVERYTHING)
def test_an_interrupted_one_is_made_anew(machine: Machine, step: str) -> None:
    machine.interrupt_at = step
    assert make(machine) == 130
    machine.interrupt_at = None
    machine.taken()
    half_made = machine.folder / ".venv" / "lib"
    half_made.mkdir()
    assert make(machine) == 0
    assert machine.taken() == EVERYTHING
    assert not half_made.exists()


def test_moved_with_its_folder_it_is_made_anew(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    make(machine)
    machine.taken()
    machine.folder = machine.folder.rename(machine.folder.with_name("elsewhere"))
    monkeypatch.setattr(install, "ROOT", machine.folder)
    make(machine)
    assert machine.taken() == EVERYTHING


def test_another_python_makes_it_anew(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    make(machine)
    machine.taken()
    monkeypatch.setattr(install.sys, "base_prefix", "/opt/other")
    make(machine)
    assert machine.taken() == EVERYTHING


@pytest.mark.parametrize("damage", ["", "[]", '{"place"'])
def test_a_damaged_state_makes_it_anew(machine: Machine, damage: str) -> None:
    make(machine)
    machine.taken()
    (machine.folder / ".venv" / install.STATE_FILE).write_text(damage, encoding="utf-8")
    make(machine)
    assert machine.taken() == EVERYTHING


def test_a_folder_of_somebody_else_is_not_touched(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = machine.folder / ".venv" / "thesis.txt"
    theirs.parent.mkdir()
    theirs.write_text("years of work", encoding="utf-8")
    assert make(machine) == 1
    assert machine.taken() == []
    assert theirs.read_text(encoding="utf-8") == "years of work"
    assert "not made by this script" in capsys.readouterr().err


def test_a_python_without_venv_says_what_to_install(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install.importlib.util, "find_spec", lambda name: None)
    assert make(machine) == 1
    assert "apt install python3-venv" in capsys.readouterr().err
    assert not (machine.folder / ".venv").exists()


def test_a_python_does_not_remove_itself(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install.sys, "prefix", str(machine.folder / ".venv"))
    assert make(machine) == 1
    assert "deactivate" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("platform", "windows", "cuda", "build"),
    [
        ("linux", False, 0, "cpu"),
        ("linux", False, 11, "cpu"),
        ("linux", False, 12, "cu126"),
        ("linux", False, 13, None),
        ("win32", True, 0, None),
        ("win32", True, 12, "cu126"),
        ("win32", True, 13, "cu130"),
        ("darwin", False, 0, None),
    ],
)
def test_the_torch_that_fits(
    monkeypatch: pytest.MonkeyPatch, platform: str, windows: bool, cuda: int, build: str | None
) -> None:
    monkeypatch.setattr(install.sys, "platform", platform)
    monkeypatch.setattr(install, "WINDOWS", windows)
    monkeypatch.setattr(install, "cuda_of_driver", lambda: cuda)
    assert install.torch_index() == (build and f"https://download.pytorch.org/whl/{build}")


@pytest.mark.parametrize(
    ("answers", "works", "asked"),
    [
        (True, True, ["torch --index-url https://index/cpu"]),
        (True, False, ["torch --index-url https://index/cpu", f"torch=={install.TESTED_TORCH}"]),
        (False, True, [f"torch=={install.TESTED_TORCH}"]),
    ],
)
def test_torch_falls_back_to_the_tested_version(
    monkeypatch: pytest.MonkeyPatch, answers: bool, works: bool, asked: list[str]
) -> None:
    seen = []

    def pip_install(python: Path, *arguments: str) -> None:
        seen.append(" ".join(arguments))
        if not works and len(seen) == 1:
            raise install.InstallError("the index is empty")

    monkeypatch.setattr(install, "torch_index", lambda: "https://index/cpu")
    monkeypatch.setattr(install, "answers", lambda address: answers)
    monkeypatch.setattr(install, "pip_install", pip_install)
    install.add_torch(Path("python"))
    assert seen == asked


@pytest.mark.parametrize(("status", "version", "major"), [(0, 13020, 13), (0, 12080, 12), (3, 0, 0)])
def test_the_driver_says_which_cuda_it_runs(
    monkeypatch: pytest.MonkeyPatch, status: int, version: int, major: int
) -> None:
    class Driver:
        def cuDriverGetVersion(self, pointer: object) -> int:  # noqa: N802 - NVIDIA's name
            pointer._obj.value = version  # type: ignore[attr-defined]
            return status

    monkeypatch.setattr(ctypes, "CDLL", lambda name: Driver())
    assert install.cuda_of_driver() == major


def test_no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError("no such library")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert install.cuda_of_driver() == 0


def test_an_index_that_cannot_be_reached_does_not_answer() -> None:
    assert install.answers("http://127.0.0.1:9/torch/") is False
