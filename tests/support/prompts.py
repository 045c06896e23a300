"""Small graphs in ComfyUI's API format."""

from __future__ import annotations

from typing import Any

Graph = dict[str, Any]
SPOKEN = "2"  # the node that speaks


def hello(text: str, *, model: str = "embedded", **inputs: Any) -> Graph:
    """LoadModel and Synthesize."""
    return _with_model("CosyVoxSynthesize", model, text=text, **inputs)


def instructed(text: str, **inputs: Any) -> Graph:
    return _with_model("CosyVoxInstruct", "embedded", text=text, **inputs)


def performed(script: str, **inputs: Any) -> Graph:
    return _with_model("CosyVoxScript", "embedded", script=script, **inputs)


def dubbed(subtitles: str, **inputs: Any) -> Graph:
    return _with_model("CosyVoxDubSubtitles", "embedded", subtitles=subtitles, **inputs)


def cues(*lines: tuple[float, float, str]) -> str:
    """(start, end, text) in seconds, as SRT."""
    return "\n".join(
        f"{number}\n{_time(start)} --> {_time(end)}\n{text}\n" for number, (start, end, text) in enumerate(lines, 1)
    )


def cloned_from_silence() -> Graph:
    return {
        "1": {"class_type": "EmptyAudio", "inputs": {"duration": 5.0, "sample_rate": 24000, "channels": 1}},
        SPOKEN: {"class_type": "CosyVoxClonePrompt", "inputs": {"audio": ["1", 0]}},
    }


def cloned_from_a_mute_clip() -> Graph:
    """Where a clip has no sound, ComfyUI passes None on."""
    pictures = {"width": 64, "height": 64, "batch_size": 5, "color": 0}
    return {
        "1": {"class_type": "EmptyImage", "inputs": pictures},
        "3": {"class_type": "CreateVideo", "inputs": {"images": ["1", 0], "fps": 5.0}},
        "4": {"class_type": "GetVideoComponents", "inputs": {"video": ["3", 0]}},
        SPOKEN: {"class_type": "CosyVoxClonePrompt", "inputs": {"audio": ["4", 1]}},
    }


def saved(name: str) -> Graph:
    """One of the built-in voices, kept under a name."""
    return {
        "1": {"class_type": "CosyVoxVoice", "inputs": {"voice": "emma"}},
        SPOKEN: {"class_type": "CosyVoxSaveVoice", "inputs": {"voice": ["1", 0], "name": name}},
    }


def beside(graph: Graph, other: Graph) -> Graph:
    """Both in one graph; the nodes of `other` have a "b" in front of their ids."""
    renamed = {
        f"b{key}": {
            **node,
            "inputs": {
                name: [f"b{value[0]}", value[1]] if isinstance(value, list) else value
                for name, value in node["inputs"].items()
            },
        }
        for key, node in other.items()
    }
    return {**graph, **renamed}


def _with_model(node: str, model: str, **inputs: Any) -> Graph:
    return {
        "1": {"class_type": "CosyVoxLoadModel", "inputs": {"model": model}},
        SPOKEN: {"class_type": node, "inputs": {"model": ["1", 0], **inputs}},
    }


def _time(seconds: float) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d},{thousandths:03d}"
