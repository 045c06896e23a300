"""The graphs that come with the pack fit the nodes as they are: checked without ComfyUI, which reads by place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import graphs
import pytest
from cosyvox.cosy_nodes.extension import NODES

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = {schema.node_id: schema for schema in (node.define_schema() for node in NODES)}
FILES = [*sorted((ROOT / "workflows").glob("*.json")), *sorted((ROOT / "subgraphs").glob("*.json"))]


def ours(path: Path) -> list[dict[str, Any]]:
    """Our nodes in a file, those in its subgraphs included."""
    graph = graphs.load(path)
    inner = graph.get("definitions", {}).get("subgraphs", [])
    nodes = [node for part in (graph, *inner) for node in part["nodes"]]
    return [node for node in nodes if node["type"].startswith("CosyVox")]


def test_there_are_graphs() -> None:
    assert len(FILES) >= 8
    assert SCHEMAS.keys() - {node["type"] for path in FILES for node in ours(path)} <= {"CosyVoxSaveVoice"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_values_lie_where_the_nodes_look_for_them(path: Path) -> None:
    for node in ours(path):
        names = []
        for one in SCHEMAS[node["type"]].inputs:
            if one.widget:
                names += [one.id, "fixed"] if "control_after_generate" in one.options else [one.id]
        assert list(node.get("widgets_values_named", {})) == names, node["type"]
        assert len(node.get("widgets_values", [])) == len(names), node["type"]
        outputs = [output.id for output in SCHEMAS[node["type"]].outputs]
        assert [output["name"] for output in node["outputs"]] == outputs, node["type"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_chosen_is_in_the_list(path: Path) -> None:
    """On a machine with nothing but what comes with CosyVox."""
    for node in ours(path):
        for one in SCHEMAS[node["type"]].inputs:
            if "options" in one.options:
                assert node["widgets_values_named"][one.id] in one.options["options"], (node["type"], one.id)


@pytest.mark.parametrize("path", sorted((ROOT / "workflows").glob("*.json")), ids=lambda path: path.stem)
def test_every_graph_has_a_picture_and_says_what_it_is(path: Path) -> None:
    assert 10_000 < path.with_suffix(".jpg").stat().st_size < 250_000
    notes = [node for node in graphs.load(path)["nodes"] if node["type"] == "MarkdownNote"]
    assert notes and all(len(note["widgets_values"][0]) > 100 for note in notes)
