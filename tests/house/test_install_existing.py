"""install.py inside an environment that exists: adds what is missing, moves nothing that is there."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from cosyvox import install

LIBRARY = """
Metadata-Version: 2.1
Name: {name}
Version: {version}
{requires}
"""


def make_wheel(folder: Path, name: str, version: str, requires: str = "") -> None:
    """A wheel with one empty module, good enough for pip."""
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        needed = f"Requires-Dist: {requires}" if requires else ""
        wheel.writestr(f"{info}/METADATA", LIBRARY.format(name=name, version=version, requires=needed).lstrip())
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Every command instead of running it; a constraints file is replaced by its content."""
    seen: list[list[str]] = []

    def record(command: list[str], failure: str) -> None:
        constraints = command.index("--constraint") + 1
        seen.append([*command[:constraints], Path(command[constraints]).read_text(encoding="utf-8")])

    monkeypatch.setattr(install, "run", record)
    monkeypatch.setattr(install, "succeeds", lambda command: True)
    monkeypatch.setattr(install, "cuda_of_driver", lambda: 0)
    return seen


def environment(monkeypatch: pytest.MonkeyPatch, versions: dict[str, str], modules: set[str]) -> None:
    monkeypatch.setattr(install, "installed", lambda: dict(versions))
    monkeypatch.setattr(install, "has_module", lambda name: name in modules)


def everything() -> dict[str, str]:
    return dict.fromkeys(install.requirements(), "1.0") | {"wetext": "0.1.0"}


def test_a_complete_environment_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, calls: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    environment(monkeypatch, everything(), {"torch", "onnxruntime"})
    assert install.main([]) == 0
    assert calls == []
    assert "Added: nothing" in capsys.readouterr().out


def test_only_what_is_missing_is_asked_for_and_the_rest_is_held(
    monkeypatch: pytest.MonkeyPatch, calls: list[list[str]]
) -> None:
    present = everything() | {"torch": "2.9.1+cu130", "strange": "2024-06 home made"}
    del present["wetext"], present["soundfile"]
    environment(monkeypatch, present, {"torch"})
    assert install.main([]) == 0
    asked = [command[command.index("--quiet") + 1 : command.index("--constraint")] for command in calls]
    assert asked == [["soundfile", "wetext>=0.0.9,<0.1.1"], ["onnxruntime"]]
    for command in calls:
        held = command[-1].splitlines()
        assert "torch==2.9.1+cu130" in held
        assert "numpy==1.0" in held
        assert not any(line.startswith("strange") for line in held), "pip stops at a version it cannot parse"


def test_torch_is_never_installed(
    monkeypatch: pytest.MonkeyPatch, calls: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    environment(monkeypatch, {}, set())
    assert install.main([]) == 1, "CosyVox cannot run without torch"
    assert not any(argument.startswith("torch") for command in calls for argument in command)
    assert "torch is missing" in capsys.readouterr().out


def test_a_version_out_of_range_is_named_and_kept(
    monkeypatch: pytest.MonkeyPatch, calls: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    environment(monkeypatch, everything() | {"wetext": "0.1.8"}, {"torch", "onnxruntime"})
    assert install.main([]) == 0
    assert calls == []
    assert "Kept as it is: wetext 0.1.8." in capsys.readouterr().out


def test_a_dry_run_runs_nothing(
    monkeypatch: pytest.MonkeyPatch, calls: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    environment(monkeypatch, {}, {"torch"})
    assert install.main(["--dry-run"]) == 0
    assert calls == []
    assert "Would add: numpy, " in capsys.readouterr().out


def test_gpu_flavour_where_there_is_a_driver_and_the_plain_one_where_it_has_no_wheel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def pip_install(python: str, *arguments: str) -> None:
        asked.append(arguments[0])
        if arguments[0] == "onnxruntime-gpu":
            raise install.InstallError("no wheel for this system.")

    monkeypatch.setattr(install, "pip_install", pip_install)
    monkeypatch.setattr(install, "cuda_of_driver", lambda: 13)
    install.add_onnxruntime("python")
    assert asked == ["onnxruntime-gpu", "onnxruntime"]


def test_without_pip_uv_serves_and_without_both_the_error_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, calls: list[list[str]]
) -> None:
    monkeypatch.setattr(install, "succeeds", lambda command: False)
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(install, "run", lambda command, failure: calls.append(command))
    install.pip_install("/venv/python", "wetext")
    assert calls == [["/bin/uv", "pip", "install", "--python", "/venv/python", "--quiet", "wetext"]]
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(install.InstallError, match="-m ensurepip"):
        install.pip_install("/venv/python", "wetext")


@pytest.mark.parametrize(
    ("version", "fits"),
    [("0.0.9", True), ("0.1.0", True), ("0.1.1", False), ("0.0.8", False), ("0.1.10", False), ("0.1.0+local", True)],
)
def test_version_ranges(version: str, fits: bool) -> None:
    assert install.satisfies(version, "wetext>=0.0.9,<0.1.1") is fits


def test_in_a_real_environment_pip_moves_nothing(tmp_path: Path) -> None:
    """A missing package whose dependency is there in an old version; one that would need a newer one."""
    home, wheels = tmp_path / "自-定义 nodes", tmp_path / "wheels"
    home.mkdir()
    wheels.mkdir()
    shutil.copy(install.__file__, home)
    make_wheel(wheels, "helper", "1.0")
    make_wheel(wheels, "helper", "2.0")
    make_wheel(wheels, "wanted", "3.0", requires="helper>=1.0")
    make_wheel(wheels, "clashing", "4.0", requires="helper>=2.0")
    make_wheel(wheels, "onnxruntime", "1.0")
    make_wheel(wheels, "onnxruntime_gpu", "1.0")
    venv.create(tmp_path / "environment", with_pip=True)
    python = tmp_path / "environment" / ("Scripts/python.exe" if install.WINDOWS else "bin/python")
    site = next((tmp_path / "environment").rglob("site-packages"))
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels.as_uri(), "PIP_CONFIG_FILE": install.os.devnull}
    variables = {name: value for name, value in install.os.environ.items() if not name.startswith("PIP_")} | offline

    def run_install() -> subprocess.CompletedProcess[str]:
        command = [python, home / "install.py"]
        return subprocess.run(command, env=variables, capture_output=True, text=True, encoding="utf-8")

    zipfile.ZipFile(wheels / "helper-1.0-py3-none-any.whl").extractall(site)
    (home / "requirements.txt").write_text("helper\nwanted>=2\n", encoding="utf-8")
    first = run_install()
    assert "wanted 3.0" in first.stdout
    assert "onnxruntime" in first.stdout
    assert "helper" not in first.stdout
    assert first.returncode == 1, "there is no torch"

    (site / "torch.py").touch()
    second = run_install()
    assert "Added: nothing" in second.stdout
    assert second.returncode == 0

    (home / "requirements.txt").write_text("helper\nclashing\n", encoding="utf-8")
    third = run_install()
    assert third.returncode == 1
    assert len(third.stderr.splitlines()) == 1
    assert third.stderr.startswith("install.py: Installing failed: ERROR:")
    assert [path.name for path in site.glob("helper-*")] == ["helper-1.0.dist-info"]
    assert list(site.glob("clashing*")) == []


def test_help_and_arguments_that_do_not_go_together() -> None:
    script = [sys.executable, install.__file__]
    shown = subprocess.run([*script, "--help"], capture_output=True, text=True)
    assert shown.returncode == 0
    assert "--venv DIR" in shown.stdout
    assert subprocess.run([*script, "--extra", "test"], capture_output=True).returncode == 2
    assert subprocess.run([*script, "--dry-run", "--venv", "x"], capture_output=True).returncode == 2


def test_an_old_python_is_told_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(install, "OLDEST_PYTHON", (99, 0))
    assert install.main([]) == 1
    assert "needs Python" in capsys.readouterr().err


def test_only_the_standard_library_is_used() -> None:
    tree = ast.parse(Path(install.__file__).read_text(encoding="utf-8"))
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    of = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in plain | of} <= sys.stdlib_module_names
