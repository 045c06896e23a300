"""Where models and voices are kept."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cosyvox.core.home import home, models_home, voices_home


def test_the_environment_names_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COSYVOX_HOME", str(tmp_path / "mine"))
    assert home() == tmp_path / "mine"
    assert models_home() == tmp_path / "mine" / "models"
    assert voices_home() == tmp_path / "mine" / "voices"
    assert not home().exists()


def test_a_tilde_is_the_users_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSYVOX_HOME", str(Path("~") / "speech"))
    assert home() == Path.home() / "speech"


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, "USER/.local/share/cosyvox"),
        ("linux", {"XDG_DATA_HOME": "USER/data"}, "USER/data/cosyvox"),
        ("linux", {"XDG_DATA_HOME": "relative"}, "USER/.local/share/cosyvox"),
        ("darwin", {"XDG_DATA_HOME": "USER/data"}, "USER/Library/Application Support/cosyvox"),
        ("win32", {"LOCALAPPDATA": "USER/local"}, "USER/local/cosyvox"),
        ("win32", {}, "USER/AppData/Local/cosyvox"),
    ],
)
def test_the_platforms_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, variables: dict[str, str], expected: str
) -> None:
    for name in ("COSYVOX_HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.replace("USER", str(tmp_path)))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(sys, "platform", platform)
    assert home() == Path(expected.replace("USER", str(tmp_path)))
