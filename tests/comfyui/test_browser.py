"""Every graph in workflows/, opened and run in a browser as a user would; what is seen afterwards is photographed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import graphs
import pytest
from browser import Page
from comfyui import PACK, WORKFLOWS, Comfy

ZOOM = 0.8
MARGIN = 30  # around the graph
TOOLS = 320  # pixels along every edge of the page that the frontend's own tools may cover
LARGEST = 250_000  # bytes of a picture
RUN = """new Promise(done => {
    for (const end of ["execution_success", "execution_error", "execution_interrupted"])
        comfyAPI.api.api.addEventListener(end, event => done([end, event.detail]), {once: true});
    app.queuePrompt(0);
})"""
BOUNDS = """(() => {
    const rows = app.graph.nodes.map(node => node.getBounding());
    const least = side => Math.min(...rows.map(row => row[side]));
    const most = side => Math.max(...rows.map(row => row[side] + row[side + 2]));
    return [least(0), least(1), most(0), most(1)];
})()"""
SPEAKERS = {f"CosyVox{name}" for name in ("Synthesize", "Instruct", "Script", "DubSubtitles", "ClonePrompt")}
PLAYERS = """app.graph.nodes.filter(node => node.mode === 0).flatMap(node =>
    (node.widgets ?? []).filter(widget => widget.name === "audioUI").map(widget => [node.type, widget.element.src]))"""
SHOWN = """new Promise(done => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() => done(
    [...document.querySelectorAll("audio, video")].every(media => !media.src || media.readyState > 1)
    && app.graph.nodes.every(node => (node.imgs ?? []).every(image => image.complete))))), 500))"""


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def workflow(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def open_graph(page: Page, graph: dict[str, Any], name: str) -> None:
    page.js(f"app.loadGraphData({json.dumps(graph)}, true, true, {json.dumps(name)})")
    page.wait(f"app.graph.nodes.length === {len(graph['nodes'])}")


def photograph(page: Page) -> bytes:
    """The whole graph without the tools around it."""
    left, top, right, bottom = page.js(BOUNDS)
    width, height = round((right - left + 2 * MARGIN) * ZOOM), round((bottom - top + 2 * MARGIN) * ZOOM)
    page.size(width + 2 * TOOLS, height + 2 * TOOLS)
    page.js(f"""(() => {{
        const view = app.canvas.ds, room = {MARGIN} + {TOOLS} / {ZOOM};
        view.scale = {ZOOM};
        view.offset = [room - {left}, room - {top}];
        app.canvas.setDirty(true, true);
    }})()""")
    page.wait(SHOWN)
    page.picture((0, 0, 1, 1), 1)  # a player is laid out anew when it is first painted at this size
    page.wait(SHOWN)
    pictures = (page.picture((TOOLS, TOOLS, width, height), quality) for quality in range(85, 20, -5))
    return next(picture for picture in pictures if len(picture) < LARGEST)


def test_it_runs_in_a_browser(comfy: Comfy, page: Page, workflow: Path) -> None:
    graph = graphs.load(workflow)
    open_graph(page, graph, workflow.stem)
    sent = page.js("app.graphToPrompt()")["output"]
    for node in sent.values():
        del node["_meta"]
    assert sent == graphs.to_prompt(graph)
    opened = photograph(page)
    end, detail = page.js(RUN)
    assert end == "execution_success", detail
    players = page.js(PLAYERS)
    assert {node["type"] for node in graphs.active(graph)} & SPEAKERS == {name for name, _ in players} & SPEAKERS
    assert all(source.startswith(comfy.address) for _, source in players), players
    picture = photograph(page)
    if folder := os.environ.get("COMFYUI_PICTURES"):
        (Path(folder) / f"{workflow.stem}.jpg").write_bytes(picture)
        (Path(folder) / f"{workflow.stem} (opened).jpg").write_bytes(opened)
    assert not page.errors
    assert {address for address in page.asked if not address.startswith(comfy.address)} == set()


def test_the_subgraph_dubs_a_clip(comfy: Comfy, page: Page) -> None:
    open_graph(page, graphs.load(PACK / "subgraphs" / "Dub this clip.json"), "subgraph")
    page.js("""(() => {
        const [dub] = app.graph.nodes;
        const [pictures, clip, save] = ["EmptyImage", "CreateVideo", "SaveVideo"].map((type, place) => {
            const node = LiteGraph.createNode(type);
            app.graph.add(node);
            node.pos = [place < 2 ? 400 * place - 900 : 600, 0];
            return node;
        });
        pictures.widgets.find(widget => widget.name === "batch_size").value = 144;
        pictures.connect(0, clip, clip.inputs.findIndex(slot => slot.name === "images"));
        clip.connect(0, dub, dub.inputs.findIndex(slot => slot.name === "video"));
        dub.connect(dub.outputs.findIndex(slot => slot.name === "video"), save, 0);
    })()""")
    end, detail = page.js(RUN)
    assert end == "execution_success", detail
    picture = photograph(page)
    if folder := os.environ.get("COMFYUI_PICTURES"):
        (Path(folder) / "subgraph.jpg").write_bytes(picture)
    (clip,) = (comfy.folder / "output").rglob("ComfyUI_*.mp4")
    assert clip.stat().st_size > 1000
    assert not page.errors
