"""Graphs as ComfyUI's frontend saves them, as what its server runs; and what such a graph says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ALWAYS = 0  # the mode of a node that is neither muted nor bypassed
NOT_SAID = re.compile(r"\[[^\]]*\]|\{[^}]*\}|<[^>]*>|^\d+$|^.*-->.*$", re.MULTILINE)


def load(path: Path) -> dict[str, Any]:
    graph: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return graph


def active(graph: dict[str, Any]) -> list[dict[str, Any]]:
    """The nodes that run; notes do not."""
    return [node for node in graph["nodes"] if node["mode"] == ALWAYS and not node["type"].endswith("Note")]


def to_prompt(graph: dict[str, Any]) -> dict[str, Any]:
    """What the frontend would send of a graph without subgraphs, whose bypassed nodes lead nowhere."""
    origins = {link[0]: [str(link[1]), link[2]] for link in graph["links"]}
    prompt = {}
    for node in active(graph):
        values = node.get("widgets_values_named") or {}
        inputs = {}
        for slot in node["inputs"]:
            if slot.get("link") is not None:
                inputs[slot["name"]] = origins[slot["link"]]
            elif "widget" in slot and slot["widget"]["name"] in values:  # players are widgets without a value
                inputs[slot["name"]] = values[slot["widget"]["name"]]
        prompt[str(node["id"])] = {"class_type": node["type"], "inputs": inputs}
    return prompt


def said(text: str) -> str:
    """The words of a text, a script or subtitles, without what is not spoken."""
    return " ".join(NOT_SAID.sub(" ", text).split())
