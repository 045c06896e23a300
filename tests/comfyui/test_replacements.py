"""A graph that was made for another pack runs with our nodes in the place of that pack's."""

from __future__ import annotations

import prompts
from comfyui import Comfy
from prompts import SPOKEN


def test_another_pack_s_clone_is_spoken_by_ours(comfy: Comfy) -> None:
    text = "The train was late again, so we walked along the river."
    graph = prompts.beside(prompts.hello("Good morning, welcome home."), prompts.hello(text))
    spoken = graph[SPOKEN]
    spoken |= {"class_type": "FL_CosyVoice3_ZeroShot", "_meta": {"title": "as the frontend sends it"}}
    spoken["inputs"] |= {"reference_audio": [f"b{SPOKEN}", 0], "reference_text": text, "speed": 1.0, "seed": 7}
    run = comfy.run(graph)
    assert run.end == "success", run.error
    assert len(run.shown[SPOKEN]["audio"]) == 1


def test_every_replacement_is_known_to_comfyui(comfy: Comfy) -> None:
    nodes = comfy.json("/object_info")
    known = {
        old: [entry["new_node_id"] for entry in entries] for old, entries in comfy.json("/node_replacements").items()
    }
    ours = {old: new for old, new in known.items() if any(name.startswith("CosyVox") for name in new)}
    assert len(ours) >= 15
    assert {name for new in ours.values() for name in new} <= nodes.keys()
