"""Other packs' nodes, and what takes their place."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from comfy_api import latest
from cosyvox.cosy_nodes.extension import NODES, CosyVoxExtension
from cosyvox.cosy_nodes.replacements import REPLACEMENTS

OURS = {schema.node_id: schema for schema in (node.define_schema() for node in NODES)}


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setattr(latest.ComfyAPI, "registered", found)
    return found


def test_comfyui_is_told_of_all(registered: list[Any]) -> None:
    asyncio.run(CosyVoxExtension().on_load())
    assert [one.old_node_id for one in registered] == [one.theirs for one in REPLACEMENTS]
    assert len({one.old_node_id for one in registered}) == len(registered)
    first = next(one for one in registered if one.old_node_id == "FL_CosyVoice3_ZeroShot")
    assert first.new_node_id == "CosyVoxSynthesize"
    assert {"new_id": "voice", "old_id": "reference_audio"} in first.input_mapping
    assert first.output_mapping == [{"new_idx": 0, "old_idx": 0}]


@pytest.mark.parametrize("one", REPLACEMENTS, ids=lambda one: one.theirs)
def test_what_is_named_exists_and_fits(one: Any) -> None:
    schema = OURS[one.ours]
    inputs = {put.id: put for put in schema.inputs}
    assert set(one.inputs) <= inputs.keys()
    for name, value in one.values:
        assert value in inputs[name].options["options"]
    for ours, theirs in one.inputs.items():
        if theirs in one.widgets:
            assert inputs[ours].widget, f"{theirs} is a value, {ours} a socket"
    if "audio" in one.inputs.get("voice", ""):
        assert "AUDIO" in inputs["voice"].type
    assert not {"seed"} & one.inputs.keys(), "theirs may be -1"


@pytest.mark.parametrize("missing", ["io.NodeReplace", "ComfyAPI"])
def test_an_older_comfyui_loads_the_nodes_all_the_same(
    registered: list[Any], monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.delattr(latest.io if missing.startswith("io") else latest, missing.removeprefix("io."))
    asyncio.run(CosyVoxExtension().on_load())
    assert registered == []
