"""The pack in a real ComfyUI: it loads, and everything beside the nodes is where ComfyUI looks for it."""

from __future__ import annotations

import json
import re

import pytest
from comfyui import WORKFLOWS, Comfy

NODES = {
    *("CosyVoxLoadModel", "CosyVoxVoice", "CosyVoxClonePrompt", "CosyVoxSaveVoice", "CosyVoxSynthesize"),
    *("CosyVoxInstruct", "CosyVoxScript", "CosyVoxDubSubtitles", "CosyVoxConvertVoice", "CosyVoxSubtitles"),
    "CosyVoxClearCache",
}


def test_nothing_fails_to_import(comfy: Comfy) -> None:
    comfy.json("/object_info")
    log = comfy.log.read_text(encoding="utf-8", errors="replace").partition("got prompt")[0]
    assert "custom_nodes/cosyvox" in log.replace("\\", "/")
    assert not re.search("IMPORT FAILED|Traceback|Cannot import", log), log


def test_all_nodes_are_there(comfy: Comfy) -> None:
    ours = {
        name for name, info in comfy.json("/object_info").items() if info["python_module"] == "custom_nodes.cosyvox"
    }
    assert ours == NODES


def test_every_workflow_is_a_template_with_a_picture(comfy: Comfy) -> None:
    listed = comfy.json("/workflow_templates")["cosyvox"]
    files = {path.stem for path in WORKFLOWS}
    assert set(listed) == files
    assert len(files) >= 7
    for name in files:
        graph = comfy.json(f"/api/workflow_templates/cosyvox/{name}.json")
        assert {node["type"] for node in graph["nodes"]} & NODES, name
        picture = comfy.get(f"/api/workflow_templates/cosyvox/{name}.jpg")
        assert picture.startswith(b"\xff\xd8") and 10_000 < len(picture) < 250_000, name


def test_the_subgraph_is_listed(comfy: Comfy) -> None:
    ours = {
        key: entry for key, entry in comfy.json("/global_subgraphs").items()
        if entry["info"]["node_pack"] == "custom_nodes.cosyvox"
    }  # fmt: skip
    assert [entry["name"] for entry in ours.values()] == ["Dub this clip"]
    (key,) = ours
    graph = json.loads(comfy.json(f"/global_subgraphs/{key}")["data"])
    (blueprint,) = graph["definitions"]["subgraphs"]
    assert "CosyVoxDubSubtitles" in {node["type"] for node in blueprint["nodes"]}


@pytest.mark.parametrize("page", ["{}/en.md", "{}/zh.md"])
def test_every_node_has_help(comfy: Comfy, page: str) -> None:
    for node in sorted(NODES):
        text = comfy.get(f"/extensions/cosyvox/docs/{page.format(node)}").decode()
        assert text.startswith("#") and len(text) > 200, node


def test_every_node_is_translated(comfy: Comfy) -> None:
    texts = comfy.json("/i18n")
    for language in ("en", "zh", "ja"):
        named = texts[language]["nodeDefs"]
        assert set(named) >= NODES, language
        for node in NODES:
            assert named[node]["display_name"] and named[node]["description"], (language, node)
