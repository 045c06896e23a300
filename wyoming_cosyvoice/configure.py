"""Where settings come from: flags, variables, a file, defaults; in this order of precedence."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import Field, fields
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

from .errors import ServerError
from .settings import Settings

PREFIX = "COSYVOX_"
CONFIG = f"{PREFIX}CONFIG"
MOST_BYTES = 1 << 20
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def add_options(parser: argparse.ArgumentParser) -> None:
    """A flag for every setting, in groups; what is not given is left out of the namespace."""
    parser.add_argument(
        "--config",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help=f"settings in yaml or toml, under their names here with _ for - (or ${CONFIG})",
    )
    groups: dict[str, Any] = {}
    for setting in fields(Settings):
        about = setting.metadata
        if about["group"] not in groups:
            groups[about["group"]] = parser.add_argument_group(about["group"])
        options: dict[str, Any] = {"default": argparse.SUPPRESS, "help": _help(setting)}
        if setting.type == "bool":
            options["action"] = argparse.BooleanOptionalAction
        else:
            options |= {"metavar": "|".join(about["choices"]) or about["metavar"] or None}
        groups[about["group"]].add_argument("--" + setting.name.replace("_", "-"), **options)


def settings_from(flags: argparse.Namespace, environment: Mapping[str, str] | None = None) -> Settings:
    """Raises ServerError, which names the flag, variable or key that is wrong."""
    environment = os.environ if environment is None else environment
    named = getattr(flags, "config", None) or environment.get(CONFIG)
    content = read_file(Path(named).expanduser()) if named else {}
    chosen: dict[str, Any] = {}
    for setting in fields(Settings):
        name = setting.name
        flag, variable = "--" + name.replace("_", "-"), PREFIX + name.upper()
        if name in content:
            chosen[name] = _checked(setting, content[name], f"{name} in {named}")
        if environment.get(variable, "") != "":
            chosen[name] = _checked(setting, environment[variable], variable)
        if hasattr(flags, name):
            chosen[name] = _checked(setting, getattr(flags, name), flag)
    return Settings(**chosen)


def read_file(path: Path) -> dict[str, Any]:
    """The settings in a file, unchecked but for their names. Raises ServerError."""
    import yaml

    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES).decode()
        content = _toml().loads(text) if path.suffix.lower() == ".toml" else yaml.safe_load(text)
    except OSError as error:
        raise ServerError(f"{path} cannot be read ({error.strerror}): check the path") from error
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise ServerError(f"{path} is neither yaml nor toml: {' '.join(str(error).split())}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ServerError(f"{path} holds no settings: write lines such as `uri: tcp://:10200`")
    known = {setting.name for setting in fields(Settings)}
    settings = {str(name).replace("-", "_"): value for name, value in content.items()}
    if unknown := sorted(settings.keys() - known):
        raise ServerError(f"{path} has a setting {unknown[0]}, which there is not: see `cosyvox serve --help`")
    return settings


def _toml() -> ModuleType:
    try:
        return import_module("tomllib")
    except ModuleNotFoundError as error:
        raise ServerError("settings in toml need Python 3.11 or newer: write them in yaml") from error


def _help(setting: Field[Any]) -> str:
    default = setting.default
    if setting.default is None or setting.type == "bool":
        shown = ""
    else:
        shown = f" (default: {default:g})" if isinstance(default, float) else f" (default: {default})"
    on = " (default: on)" if setting.default is True else ""
    return (setting.metadata["help"] + shown + on).replace("%", "%%")


def _checked(setting: Field[Any], value: Any, where: str) -> Any:
    """A value of a setting's type, within its bounds. Raises ServerError."""
    about = setting.metadata
    kind = _kinds()[setting.name]
    read = _READERS[kind](value)
    if read is None:
        raise ServerError(f"{where} is {value!r}: it must be {_EXPECTED[kind]}")
    if about["choices"] and read not in about["choices"]:
        raise ServerError(f"{where} is {value!r}: choose {', '.join(about['choices'])}")
    least, most = about["least"], about["most"]
    if least is not None and not read >= least:
        raise ServerError(f"{where} is {value!r}: it cannot be less than {least:g}")
    if most is not None and not read <= most:
        raise ServerError(f"{where} is {value!r}: it cannot be more than {most:g}")
    return read


def _kinds() -> dict[str, type]:
    """The type of every setting, apart from None."""
    hints = get_type_hints(Settings)
    return {
        name: next((kind for kind in get_args(hint) if kind is not type(None)), hint) for name, hint in hints.items()
    }


def _bool(value: Any) -> bool | None:
    word = str(value).strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _int(value: Any) -> int | None:
    try:
        return None if isinstance(value, (bool, float)) else int(value)
    except (TypeError, ValueError):
        return None


def _float(value: Any) -> float | None:
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) != float("inf") and number == number else None


def _str(value: Any) -> str | None:
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else None


_READERS: dict[type, Any] = {bool: _bool, int: _int, float: _float, str: _str}
_EXPECTED = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
