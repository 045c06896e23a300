"""Settings: one name everywhere, an order of precedence, and errors that say which one is wrong."""

from __future__ import annotations

import argparse
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from cosyvox.cli import main
from cosyvox.wyoming_cosyvoice.configure import add_options, settings_from
from cosyvox.wyoming_cosyvoice.errors import ServerError
from cosyvox.wyoming_cosyvoice.settings import Settings


def told(*flags: str, **environment: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return settings_from(parser.parse_args(flags), environment)


def written(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_nothing_said_is_the_defaults() -> None:
    assert told() == Settings()


def example(setting: Any) -> Any:
    """A value that a setting may have, other than its default."""
    about = setting.metadata
    if setting.type == "bool":
        return not setting.default
    if about["choices"]:
        return next(choice for choice in about["choices"] if choice != setting.default)
    return (
        {"str": "x", "int": 300, "float": 1.5}[setting.type.removesuffix(" | None")]
        if setting.name not in ("flow_steps",)
        else 3
    )


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda setting: setting.name)
def test_a_flag_a_variable_and_a_key_mean_the_same(setting: Any, tmp_path: Path) -> None:
    value = example(setting)
    flag = "--" + setting.name.replace("_", "-")
    flags = [flag, str(value)] if setting.type != "bool" else [flag if value else "--no-" + flag[2:]]
    expected = Settings(**{setting.name: value})
    assert expected != Settings()
    assert told(*flags) == expected
    assert told(**{f"COSYVOX_{setting.name.upper()}": str(value)}) == expected
    config = written(tmp_path, "settings.yaml", yaml.safe_dump({setting.name: value}))
    assert told("--config", config) == expected
    dashed = written(tmp_path, "dashed.yaml", yaml.safe_dump({setting.name.replace("_", "-"): value}))
    assert told("--config", dashed) == expected


def test_flag_before_variable_before_file_before_default(tmp_path: Path) -> None:
    config = written(tmp_path, "a.yaml", "queue: 3\nslots: 3\nspeed: 1.5\n")
    settings = told("--queue", "1", COSYVOX_CONFIG=config, COSYVOX_QUEUE="2", COSYVOX_SLOTS="2")
    assert (settings.queue, settings.slots, settings.speed, settings.gain_db) == (1, 2, 1.5, 0.0)


def test_an_empty_variable_says_nothing() -> None:
    """As containers pass on what nobody has set."""
    assert told(COSYVOX_MODEL="", COSYVOX_QUEUE="") == Settings()


def test_toml(tmp_path: Path) -> None:
    pytest.importorskip("tomllib")
    config = written(tmp_path, "a.toml", 'uri = "tcp://:1"\nspeed = 2\nzeroconf = false\n')
    assert told("--config", config) == Settings(uri="tcp://:1", speed=2.0, zeroconf=False)


def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
    assert told("--config", written(tmp_path, "a.yaml", "# nothing yet\n")) == Settings()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--queue", "many"], "--queue is 'many': it must be a whole number"),
        (["--queue", "0"], "--queue is '0': it cannot be less than 1"),
        (["--speed", "3"], "--speed is '3': it cannot be more than 2"),
        (["--speed", "nan"], "--speed is 'nan': it must be a number"),
        (["--device", "tpu"], "--device is 'tpu': choose auto, cpu, cuda"),
    ],
)
def test_wrong_flags(flags: list[str], message: str) -> None:
    with pytest.raises(ServerError) as error:
        told(*flags)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("queue: [1]", "queue in .* is .1.: it must be a whole number"),
        ("queue: 1.5", "it must be a whole number"),
        ("zeroconf: perhaps", "zeroconf in .*perhaps.: it must be true or false"),
        ("uri: {a: 1}", "it must be text"),
        ("urI: tcp://:1", "has a setting urI, which there is not: see `cosyvox serve --help`"),
        ("- a\n- b", "holds no settings"),
        ("a: [", "is neither yaml nor toml"),
        ("!!python/object/apply:os.system ['true']", "is neither yaml nor toml"),
        ("\x00", "is neither yaml nor toml"),
    ],
)
def test_wrong_files(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ServerError, match=message) as error:
        told("--config", written(tmp_path, "a.yaml", text))
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="cannot be read"):
        told("--config", str(tmp_path / "none.yaml"))


def test_wrong_variables_are_named() -> None:
    with pytest.raises(ServerError, match=r"^COSYVOX_QUEUE is 'x'"):
        told(COSYVOX_QUEUE="x")


def test_help_names_every_setting_and_every_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0
    for setting in fields(Settings):
        flag = "--" + setting.name.replace("_", "-")
        assert re.search(rf"{flag}\b", shown), flag
        if setting.default not in (None, True, False):
            default = f"{setting.default:g}" if isinstance(setting.default, float) else str(setting.default)
            assert f"(default: {default})" in shown


def test_a_wrong_setting_is_one_line_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--uri", "nowhere"]) == 1
    error = capsys.readouterr().err
    assert "nowhere is no place to listen at" in error
    assert "Traceback" not in error
