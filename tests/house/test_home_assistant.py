"""What is delivered for Home Assistant and for containers: it parses, and agrees with itself and with the code."""

from __future__ import annotations

import dataclasses
import re
import struct
from pathlib import Path
from typing import Any

import cosyvox
import pytest
import yaml
from cosyvox.cli import main
from cosyvox.wyoming_cosyvoice.metrics import Metrics
from cosyvox.wyoming_cosyvoice.settings import Settings
from cosyvox.wyoming_cosyvoice.styles import Styles

ROOT = Path(cosyvox.__file__).parent
APPS = ROOT / "home_assistant"
DOCKER = ROOT / "docker"
FOLDERS = sorted(path.parent for path in APPS.glob("*/config.yaml"))
SETTINGS = {field.name for field in dataclasses.fields(Settings)}
LANGUAGES = ("de", "en", "zh-Hans")
# Options in the guide that are of other programs.
OTHERS = {"--venv", "--extra", "--help", "--build", "--user", "--now", "--name"}

each_app = pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def variables(text: str) -> set[str]:
    """Settings that are named as variables of the environment."""
    return {name.lower() for name in re.findall(r"\bCOSYVOX_([A-Z][A-Z_]*[A-Z])\b", text)} - {"home", "config"}


def test_there_are_two_apps_in_a_repository() -> None:
    assert [folder.name for folder in FOLDERS] == ["cosyvox", "cosyvox_relay"]
    assert set(read(APPS / "repository.yaml")) == {"name", "url", "maintainer"}


@each_app
def test_an_app_has_what_the_store_shows(folder: Path) -> None:
    config = read(folder / "config.yaml")
    assert config["version"] == cosyvox.__version__ and config["slug"] == folder.name
    assert f"## {cosyvox.__version__}\n" in (folder / "CHANGELOG.md").read_text(encoding="utf-8")
    for name in ("Dockerfile", "DOCS.md", "README.md"):
        assert (folder / name).stat().st_size > 100
    for name, size in (("icon.png", (128, 128)), ("logo.png", (250, 100))):
        content = (folder / name).read_bytes()
        assert content[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", content[16:24]) == size
    assert "build_from" not in (folder / "Dockerfile").read_text(encoding="utf-8").lower()  # gone since 2026.04


@each_app
def test_the_profile_is_that_of_the_app(folder: Path) -> None:
    """The Supervisor replaces the one name that begins a line."""
    profile = (folder / "apparmor.txt").read_text(encoding="utf-8")
    assert re.findall(r"^profile (\S+)", profile, re.MULTILINE) == [folder.name]


@each_app
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_option_is_translated(folder: Path, language: str) -> None:
    config, words = read(folder / "config.yaml"), read(folder / "translations" / f"{language}.yaml")
    assert set(words) == {"configuration", "network"}
    assert list(words["configuration"]) == list(config["schema"])
    assert all(set(option) == {"name", "description"} for option in words["configuration"].values())
    assert set(words["network"]) == set(config["ports"])
    assert {path.stem for path in (folder / "translations").iterdir()} == set(LANGUAGES)


@each_app
def test_options_have_a_default_or_may_be_left_out(folder: Path) -> None:
    config = read(folder / "config.yaml")
    assert set(config["options"]) == {name for name, kind in config["schema"].items() if not kind.endswith("?")}


def test_options_of_the_app_are_settings_of_the_server() -> None:
    config = read(APPS / "cosyvox" / "config.yaml")
    assert set(config["schema"]) <= SETTINGS
    assert not variables("\n".join(config["environment"])) & set(config["schema"]), "a variable would hide the option"


@pytest.mark.parametrize(
    "path",
    [*sorted(DOCKER.iterdir()), APPS / "cosyvox" / "config.yaml", ROOT / "docs" / "home-assistant.md"],
    ids=lambda path: path.name,
)
def test_every_variable_is_a_setting(path: Path) -> None:
    assert variables(path.read_text(encoding="utf-8")) - SETTINGS == set()


def test_the_guide_names_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    guide = (ROOT / "docs" / "home-assistant.md").read_text(encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    shown = capsys.readouterr().out
    options = set(re.findall(r"--[a-z][a-z-]+", guide)) - OTHERS
    assert len(options) > 10 and {option for option in options if option not in shown} == set()
    state = {"model_ready": ("", 0.0), "device_memory_bytes": ("", 0.0)}
    measures = set(re.findall(r"`(cosyvox_[a-z_]+)", guide))
    assert len(measures) > 8 and measures <= set(re.findall(r"# TYPE (\w+)", Metrics(lambda: state).text()))
    for block in re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL):
        assert isinstance(yaml.safe_load(block), dict)
    for target in re.findall(r"\]\(([^)#:]+)\)", guide):
        assert (ROOT / "docs" / target).exists(), target


def test_styles_in_the_prompt_are_known() -> None:
    tags = set(re.findall(r"^\[[a-z\] \[]+\]$", (APPS / "prompt.md").read_text(encoding="utf-8"), re.MULTILINE))
    (line,) = (tag for tag in tags if tag.count("[") > 4)
    assert set(re.findall(r"[a-z]+", line)) <= set(Styles().names)


def test_compose_builds_what_is_here() -> None:
    compose = read(DOCKER / "compose.yaml")
    (service,) = compose["services"].values()
    assert (DOCKER / service["build"]["context"]).resolve() == ROOT.resolve()
    assert (ROOT / service["build"]["dockerfile"]).is_file()
    text = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
    assert set(service["build"]["args"]) == set(re.findall(r"^ARG (\w+)=", text, re.MULTILINE))
    tags = re.findall(r"cosyvox:(\d[\d.]*\d)", text + (DOCKER / "compose.yaml").read_text(encoding="utf-8"))
    assert len(tags) == 4 and set(tags) == {cosyvox.__version__}


def test_the_image_holds_the_whole_package() -> None:
    """What is let into the build is what the wheel is made of; see tests/house/test_packaging.py."""
    lines = (DOCKER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line[1:] for line in lines if line.startswith("!")}
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"train"}
    modules = {path.name for path in ROOT.glob("*.py")}
    assert let_in == {"LICENSE", "README.md", "pyproject.toml", "requirements.txt", *rooms, *modules}
