"""Every graph in workflows/, queued over ComfyUI's API: it runs, and what the embedded voice says is understood."""

from __future__ import annotations

import io
import json
import os
import subprocess
from typing import Any

import graphs
import numpy as np
import pytest
from comfyui import WORKFLOWS, Comfy
from cosyvox.core import EMBEDDED
from cosyvox.core.audio.files import read_audio
from cosyvox.train.recognise import Recogniser, word_errors
from numpy.typing import NDArray

MOST_ERRORS = 0.35  # words wrong, as in tests/embedded
TEXTS = {
    "CosyVoxSynthesize": "text",
    "CosyVoxInstruct": "text",
    "CosyVoxScript": "script",
    "CosyVoxDubSubtitles": "subtitles",
    "CosyVoxSubtitles": "text",
}
SPEAKERS = TEXTS.keys() - {"CosyVoxSubtitles"}
PROBE = """import av, json, sys
with av.open(sys.argv[1]) as file:
    video, audio = file.streams.video[0], file.streams.audio[0]
    seconds = [float(stream.duration * stream.time_base) for stream in (video, audio)]
print(json.dumps(seconds))"""


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def workflow(request: pytest.FixtureRequest) -> dict[str, Any]:
    return graphs.load(request.param)


def origin(graph: dict[str, Any], node: dict[str, Any], name: str) -> dict[str, Any] | None:
    """The node that an input is linked to."""
    link = next((slot.get("link") for slot in node["inputs"] if slot["name"] == name), None)
    if link is None:
        return None
    source = next(entry[1] for entry in graph["links"] if entry[0] == link)
    found: dict[str, Any] = next(other for other in graph["nodes"] if other["id"] == source)
    return found


def words(graph: dict[str, Any], node: dict[str, Any]) -> str:
    """What a node has to say."""
    source = origin(graph, node, "subtitles_file") or node
    return graphs.said(source["widgets_values_named"][TEXTS[source["type"]]])


def by_embedded(graph: dict[str, Any]) -> list[dict[str, Any]]:
    """The nodes that speak with the embedded model."""
    found = []
    for node in graphs.active(graph):
        model = origin(graph, node, "model") if node["type"] in SPEAKERS else None
        if model is not None and model["widgets_values_named"]["model"] == EMBEDDED.name:
            found.append(node)
    return found


def heard(comfy: Comfy, shown: dict[str, Any]) -> tuple[NDArray[np.float32], int]:
    """What the first player of a node plays [S], and its rate."""
    samples, rate = read_audio(io.BytesIO(comfy.view(shown["audio"][0])))
    return samples.mean(0), rate


def test_it_runs(comfy: Comfy, workflow: dict[str, Any]) -> None:
    run = comfy.run(graphs.to_prompt(workflow))
    assert run.end == "success", run.error
    for node, shown in run.shown.items():
        if "audio" in shown:
            audio, _ = heard(comfy, shown)
            assert 0.01 < np.abs(audio).max() <= 1.0, node


def test_what_the_embedded_voice_says_is_understood(comfy: Comfy, workflow: dict[str, Any]) -> None:
    pytest.importorskip("pocketsphinx", reason="words are counted by pocketsphinx: pip install pocketsphinx")
    nodes, prompt = by_embedded(workflow), graphs.to_prompt(workflow)
    if not nodes:
        pytest.skip("it needs a model that is not here")
    for node in prompt.values():
        if "original" in node["inputs"]:
            node["inputs"]["original"] = "none"  # the recogniser cannot listen to one of two
    run, recogniser = comfy.run(prompt), Recogniser()
    counts = [
        word_errors(words(workflow, node), recogniser.hear(*heard(comfy, run.shown[str(node["id"])]))) for node in nodes
    ]
    wrong, total = map(sum, zip(*counts, strict=True))
    assert wrong / total <= MOST_ERRORS, counts


def test_a_dubbed_clip_has_speech_to_its_end(comfy: Comfy) -> None:
    """CreateVideo and SaveVideo cut longer sound and leave shorter sound short: neither has anything to do."""
    for name in ("dub-subtitles", "voice-over"):
        graph = graphs.load(next(path for path in WORKFLOWS if path.stem == name))
        (node,) = (node for node in graph["nodes"] if node["type"] == "SaveVideo")
        run = comfy.run(graphs.to_prompt(graph))
        video, audio = streams(comfy, run.shown[str(node["id"])]["images"][0])
        assert audio == pytest.approx(video, abs=0.05), "to a frame of the audio's codec"


def streams(comfy: Comfy, file: dict[str, str]) -> tuple[float, float]:
    """Seconds of a clip's pictures and of its sound, as ComfyUI's own libraries read them."""
    path = comfy.folder / file["type"] / file["subfolder"] / file["filename"]
    command = [os.environ["COMFYUI_PYTHON"], "-c", PROBE, str(path)]
    video, audio = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return video, audio
