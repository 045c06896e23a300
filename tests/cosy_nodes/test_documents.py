"""Help pages and translations say what the schemas say: nothing is missing, nothing left over."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import cosyvox
import pytest
from comfy_api.latest import io
from cosyvox.cosy_nodes import WEB_DIRECTORY
from cosyvox.cosy_nodes.extension import NODES

ROOT = Path(cosyvox.__file__).parent
HELP = ROOT / WEB_DIRECTORY / "docs"
LOCALES = ROOT / "locales"
NAMES = [node.__name__ for node in NODES]
HEADINGS = {"en": ("## Inputs", "## Outputs"), "zh": ("## 输入", "## 输出")}
# Of these a translation would be compiled by the browser (vue-i18n), and break or lose words.
COMPILED = re.compile(r"[{}|@]")


def schema(name: str) -> io.Schema:
    return next(node.define_schema() for node in NODES if node.__name__ == name)


def page(name: str, language: str) -> str:
    return (HELP / schema(name).node_id / f"{language}.md").read_text(encoding="utf-8")


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its own first two rows."""
    section = text.partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def name_in(cell: str) -> str:
    found = re.match(r"`(\w+)`", cell)
    assert found, cell
    return found[1]


def default_in(cell: str) -> str:
    return cell.partition(" · ")[2]


def shown(default: Any) -> str:
    """A default as a help page shows it; empty for what is typed or linked."""
    if isinstance(default, bool):
        return "on" if default else "off"
    return f"{default:g}" if isinstance(default, int | float) else default or ""


def translation(language: str) -> dict[str, Any]:
    return json.loads((LOCALES / language / "nodeDefs.json").read_text(encoding="utf-8"))


@cache
def messages() -> str:
    """The sources of what a node can say, with strings that go on in the next line joined."""
    sources = (
        path.read_text(encoding="utf-8") for room in ("core", "cosy_nodes") for path in (ROOT / room).rglob("*.py")
    )
    return re.sub(r'"\s*\n\s*f?"', "", "\n".join(sources))


@pytest.mark.parametrize("language", HEADINGS)
@pytest.mark.parametrize("name", NAMES)
def test_a_help_page_lists_every_input_with_its_default(name: str, language: str) -> None:
    listed = {name_in(first): default_in(first) for first, _ in rows(page(name, language), HEADINGS[language][0])}
    expected = {one.id: getattr(one, "default", None) for one in schema(name).inputs}
    assert list(listed) == list(expected)
    for id, default in expected.items():
        multiline = isinstance(default, str) and len(default) > 20
        assert listed[id] == ("" if multiline else shown(default)), id


@pytest.mark.parametrize("language", HEADINGS)
@pytest.mark.parametrize("name", NAMES)
def test_a_help_page_lists_every_output(name: str, language: str) -> None:
    listed = [name_in(cells[0]) for cells in rows(page(name, language), HEADINGS[language][1])]
    assert listed == [one.id for one in schema(name).outputs]


@pytest.mark.parametrize("language", HEADINGS)
@pytest.mark.parametrize("name", NAMES)
def test_a_help_page_is_called_what_the_node_is(name: str, language: str) -> None:
    title = page(name, language).splitlines()[0]
    assert title == f"# {translation(language)[schema(name).node_id]['display_name']}"


@pytest.mark.parametrize("name", NAMES)
def test_both_help_pages_say_as_much(name: str) -> None:
    one, other = (page(name, language) for language in HEADINGS)
    for mark in ("\n## ", "\n|", "\n- ", "\n    ", "\n1. "):
        assert one.count(mark) == other.count(mark), mark


def test_there_are_no_other_help_pages() -> None:
    assert {path.name for path in HELP.iterdir()} == {schema(name).node_id for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_every_choice_of_a_preset_is_explained(name: str) -> None:
    for language in HEADINGS:
        cells = {name_in(first): text for first, text in rows(page(name, language), HEADINGS[language][0])}
        for one in schema(name).inputs:
            if one.id in ("emotion", "dialect", "style", "pace", "policy", "reference", "original"):
                missing = [choice for choice in one.options["options"] if choice not in f"none {cells[one.id]}"]
                assert missing == [], (language, one.id)


@pytest.mark.parametrize("language", HEADINGS)
@pytest.mark.parametrize("name", NAMES)
def test_an_error_that_a_help_page_explains_is_one(name: str, language: str) -> None:
    said = re.findall(r"^- \*\*(.*?)\*\*", page(name, language), re.MULTILINE)
    pieces = [piece.strip(" :,") for quoted in said for piece in re.split(r"…| / ", quoted)]
    assert [piece for piece in pieces if " " in piece and piece not in messages()] == []


@pytest.mark.parametrize("language", ["en", "zh", "ja"])
def test_a_translation_has_all_that_is_shown(language: str) -> None:
    translated = translation(language)
    assert list(translated) == [schema(name).node_id for name in NAMES]
    for name in NAMES:
        node, texts = schema(name), translated[schema(name).node_id]
        assert set(texts) == {"display_name", "description", "inputs", "outputs"}
        assert list(texts["inputs"]) == [one.id for one in node.inputs]
        assert list(texts["outputs"]) == [str(index) for index in range(len(node.outputs))]
        slots = [*texts["inputs"].values(), *texts["outputs"].values()]
        assert all(set(slot) == {"name", "tooltip"} and all(slot.values()) for slot in slots)
        for text in (texts["display_name"], texts["description"], *(slot["tooltip"] for slot in slots)):
            assert not COMPILED.search(text), text


def test_the_english_translation_says_what_the_schemas_say() -> None:
    translated = translation("en")
    for name in NAMES:
        node, texts = schema(name), translated[schema(name).node_id]
        assert (texts["display_name"], texts["description"]) == (node.display_name, node.description)
        for one, slot in [
            *zip(node.inputs, texts["inputs"].values(), strict=True),
            *zip(node.outputs, texts["outputs"].values(), strict=True),
        ]:
            assert slot["name"] == one.id
            if one.tooltip and not COMPILED.search(one.tooltip):
                assert slot["tooltip"] == one.tooltip, (name, one.id)


@pytest.mark.parametrize("language", ["zh", "ja"])
def test_a_translation_is_one(language: str) -> None:
    english, translated = translation("en"), translation(language)
    for node in english:
        for id, slot in english[node]["inputs"].items():
            assert translated[node]["inputs"][id]["tooltip"] != slot["tooltip"], (node, id)
