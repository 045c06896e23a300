"""Configurations are data: what is official is read, whatever could run code or eat memory is an error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import parity
import pytest
from cosyvox.core.errors import ConfigError, ModelNotFound
from cosyvox.core.families.cosyvoice2 import parse
from cosyvox.core.families.official_yaml import load
from cosyvox.core.seeded.config import FULL, SMALL, backbone_config, official_yaml

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "cosyvoice2.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(("scale", "size"), [("full", FULL), ("small", SMALL)])
def test_the_official_structure_is_read(write: Write, scale: str, size: Any) -> None:
    official = parity.config(scale)
    backbone = official["llm"]["llm"].pop("qwen2")  # lies in a file of its own
    official["llm"]["llm"]["pretrain_path"] = ""
    loaded = load(write(official_yaml(size)))
    assert {key: loaded[key] for key in official} == official
    assert parse(loaded, backbone) == parity.model_config(scale)
    assert {key: backbone_config(size)[key] for key in backbone} == backbone


def test_tags_leave_a_name_behind(write: Write) -> None:
    loaded = load(
        write(
            "seed: !apply:torch.manual_seed [1986]\n"
            "size: 4\n"
            "made: !new:one.two.Three\n"
            "  width: !ref <size>\n"
            "  class: overridden\n"
            "  parts:\n"
            "  - !name:a.part\n"
            "  - !apply:b.part {}\n"
            "  - 3\n"
            "named: !name:function\n"
            "again: [!ref <made>]\n"
        )
    )
    made = {"class": "Three", "width": 4, "parts": [{"class": "part"}, 3]}
    assert loaded == {"size": 4, "made": made, "named": {"class": "function"}, "again": [made]}
    assert loaded["again"][0] is not loaded["made"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("<a>", 25),
        ("<a> * <b>", 50),
        ("<a>*<b>+1", 51),
        ("1 + <a> * <b> - 3 * 2", 45),
        ("<a> / <b> / 5", 2.5),
        ("<a> - <b> - 3", 20),
        ("<half> * 4", 2.0),
        ("<text>", "25"),
        ("<chained>", 27),
        ("<nothing>", None),
    ],
)
def test_references_are_calculated(write: Write, expression: str, value: object) -> None:
    sections = "a: 25\nb: 2\nhalf: 0.5\ntext: '25'\nchained: !ref <a> + <b>\nnothing: null\n"
    loaded = load(write(f"{sections}result: !ref {expression}\n"))
    assert loaded["result"] == value
    assert type(loaded["result"]) is type(value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x: !!python/object/apply:os.system ['echo']", r"!!python/object/apply:os.system"),
        ("x: !!python/name:os.system", r"!!python/name:os.system"),
        ("x: !!python/tuple [1]", r"!!python/tuple"),
        ("x: !include other.yaml", r"!include"),
        ("x: !module:os", r"!module:os"),
        ("x: !new:a.B [1, 2]", r"'a\.B' is not followed by named values"),
        ("x: !new:a.B text", r"'a\.B' is not followed by named values"),
        ("x: !ref [1]", r"!ref is not followed by"),
        ("x: &shared 1\ny: *shared", r"the anchor 'shared'"),
        ("x: *shared", r"the anchor 'shared'"),
        ("x: !ref <x>", r"circle: x -> x"),
        ("x: !ref <y>\ny: [!ref <z>]\nz: {a: !ref <x>}", r"circle: x -> y -> z -> x"),
        ("x: !ref <y>", r"refers to <y>, which it does not have"),
        ("x: !apply:os.getcwd\ny: !ref <x>", r"<x> is made by running code"),
        ("x: !ref <y> * 2\ny: text", r"'text', which is not a number"),
        ("x: !ref <y> * 2\ny: true", r"True, which is not a number"),
        ("x: !ref <y> / 0\ny: 1", r"division by zero"),
        ("x: !ref <y> * <y>\ny: 100000000", r"too large"),
        ("x: !ref <y> ** 2\ny: 1", r"cannot be understood"),
        ("x: !ref __import__('os')", r"cannot be understood"),
        ("x: !ref ''", r"cannot be understood"),
        (f"x: !ref <y>{'+1' * 100}\ny: 1", r"longer than 200"),
        ("1: x", r"the key 1, which is not a string"),
        ("x: {!ref <y>: 1}\ny: 1", r"which is not a string"),
        ("x: {[1]: 1}", r"unhashable key"),
        ("x: 2024-05-01", r"a date"),
        ("x: 2024-99-99", r"month must be"),
        ("x: !!binary aGVsbG8=", r"a bytes"),
        ("- 1", r"no named sections"),
        ("", r"no named sections"),
        ("just text", r"no named sections"),
        ("x: [1", r"expected ',' or ']'"),
        ("x: " + "[" * 2_000, r"nested too deeply"),
        ("x: 1\n" * 200_001, r"larger than"),
    ],
)
def test_what_is_not_a_configuration_is_an_error(write: Write, text: str, reason: str) -> None:
    path = write(text)
    with pytest.raises(ConfigError, match=reason) as raised:
        load(path)
    message = str(raised.value)
    assert "\n" not in message
    assert str(path) in message
    assert "is not a CosyVoice configuration" in message


def test_nothing_is_executed(write: Write, tmp_path: Path) -> None:
    evidence = tmp_path / "evidence"
    for tag in ("!new:", "!name:", "!apply:", "!!python/object/apply:"):
        path = write(f"x: {tag}pathlib.Path.touch\n  self: {evidence}\ny: !apply:os.mkdir ['{evidence}']\n")
        if tag.startswith("!!"):
            with pytest.raises(ConfigError):
                load(path)
        else:
            load(path)
    assert not evidence.exists()


def test_references_cannot_ask_for_gigabytes(write: Write) -> None:
    levels = [f"a{level}: [{', '.join([f'!ref <a{level + 1}>'] * 10)}]" for level in range(12)]
    with pytest.raises(ConfigError, match="expand to more than"):
        load(write("\n".join([*levels, "a12: 1"])))


def test_a_missing_file_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="is this a model folder"):
        load(tmp_path / "cosyvoice2.yaml")


def test_another_encoding_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "cosyvoice2.yaml"
    path.write_bytes("größe: 1".encode("latin-1"))
    with pytest.raises(ConfigError, match="decode"):
        load(path)
