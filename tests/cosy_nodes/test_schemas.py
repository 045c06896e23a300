"""What saved graphs hold of the nodes: it may grow at its end, and never change."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest
from comfy_api.latest import io
from cosyvox import core, cosy_nodes
from cosyvox.cosy_nodes.extension import NODES
from cosyvox.cosy_nodes.voices import CosyVoxVoice

# node -> (inputs in order, those that must be given first), outputs in order
SAVED: dict[str, tuple[list[str], list[str]]] = {
    "CosyVoxLoadModel": (
        ["model", "device", "precision", "download", "flow_steps", "guidance", "int8"],
        ["model"],
    ),
    "CosyVoxVoice": (["voice"], ["voice"]),
    "CosyVoxClonePrompt": (["audio", "transcript", "name", "replace"], ["voice", "audio", "report"]),
    "CosyVoxSaveVoice": (["voice", "name", "replace"], ["voice"]),
    "CosyVoxSynthesize": (["model", "text", "voice", "language", "speed", "seed"], ["audio", "srt"]),
    "CosyVoxInstruct": (
        ["model", "text", "voice", "language", "speed", "seed", "emotion", "dialect", "style", "pace", "instruction"],
        ["audio", "srt"],
    ),
    "CosyVoxScript": (
        ["model", "script", "voices", "cast", "language", "speed", "seed", "gap"],
        ["audio", "stems", "stem_names", "srt", "report"],
    ),
    "CosyVoxDubSubtitles": (
        ["model", "subtitles", "subtitles_file", "voice", "voices", "cast", "source_audio", "video", "length",
         "language", "seed", "best_of", "slowest", "fastest", "borrow", "shift", "stretch", "gap", "policy",
         "reference", "original", "original_db", "duck_db"],
        ["audio", "video", "srt", "report", "picture", "stems", "stem_names"],
    ),
    "CosyVoxConvertVoice": (["model", "audio", "voice", "speed", "seed"], ["audio"]),
    "CosyVoxSubtitles": (["file", "text", "shift", "scale"], ["subtitles", "srt", "report"]),
    "CosyVoxClearCache": (["any"], ["report"]),
}  # fmt: skip


def schemas() -> dict[str, io.Schema]:
    return {schema.node_id: schema for schema in (node.define_schema() for node in NODES)}


def widgets(schema: io.Schema) -> list[Any]:
    return [one for one in schema.inputs if one.widget]


def test_comfyui_is_given_every_node() -> None:
    async def listed() -> list[Any]:
        extension = await cosy_nodes.comfy_entrypoint()
        await extension.on_load()
        return await extension.get_node_list()

    assert {node.define_schema().node_id for node in asyncio.run(listed())} == set(SAVED)


@pytest.mark.parametrize("name", SAVED)
def test_inputs_and_outputs_stay_where_graphs_have_saved_them(name: str) -> None:
    inputs, outputs = SAVED[name]
    assert [one.id for one in schemas()[name].inputs][: len(inputs)] == inputs
    assert [one.id for one in schemas()[name].outputs][: len(outputs)] == outputs


@pytest.mark.parametrize("name", SAVED)
def test_what_must_be_given_comes_first(name: str) -> None:
    """The browser shows what is required before what is optional, whatever the order: so does the schema."""
    optional = [one.optional for one in schemas()[name].inputs]
    assert optional == sorted(optional)


@pytest.mark.parametrize("name", SAVED)
def test_everything_says_what_it_is(name: str) -> None:
    schema = schemas()[name]
    assert schema.category == "CosyVox"
    assert schema.display_name.startswith("CosyVox ") and schema.description and schema.search_aliases
    for one in schema.inputs:
        assert one.tooltip or one.id in core.PRESETS, one.id
    for one in widgets(schema):
        assert one.default is not None, f"{one.id}: a new node must run as it is"


@pytest.mark.parametrize("name", SAVED)
def test_defaults_can_be_chosen(name: str) -> None:
    for one in widgets(schemas()[name]):
        if one.type == "COMBO":
            assert one.default in one.options["options"]
        if one.type in ("INT", "FLOAT"):
            assert one.options["min"] <= one.default <= one.options["max"]


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_a_graph_that_gives_only_what_it_must_is_run_with_the_defaults_that_are_shown(node: Any) -> None:
    """ComfyUI does not fill in what an old graph has not."""
    taken = inspect.signature(node.execute).parameters
    collected = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in taken.values())
    for one in node.define_schema().inputs:
        if one.id in taken:
            default = taken[one.id].default
            assert default is inspect.Parameter.empty if not one.optional else default == one.default, one.id
        else:
            assert collected


def test_braces_of_a_text_are_ours() -> None:
    """ComfyUI's own {a|b} would take {speed=0.9} away."""
    for schema in schemas().values():
        for one in schema.inputs:
            if one.type == "STRING" and one.options.get("multiline"):
                assert one.options["dynamic_prompts"] is False, (schema.node_id, one.id)


def test_seeds_are_as_large_as_comfyui_s() -> None:
    seeds = [one for schema in schemas().values() for one in schema.inputs if one.id == "seed"]
    assert len(seeds) == 5
    assert all(one.options["max"] == 2**64 - 1 for one in seeds)


def test_a_machine_without_a_home_still_has_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's user may have none; the nodes say so when they run."""
    monkeypatch.setenv("COSYVOX_HOME", "~nobody-of-that-name/cosyvox")
    listed = {one.id: one.options["options"] for name in ("CosyVoxVoice", "CosyVoxLoadModel")
              for one in schemas()[name].inputs if one.id in ("voice", "model")}  # fmt: skip
    assert listed["voice"] == [core.DEFAULT_VOICE] and "embedded" in listed["model"]
    with pytest.raises(core.StorageError, match="no home folder"):
        CosyVoxVoice.execute(core.DEFAULT_VOICE)
