"""Dubbing: scripts and subtitles as speech that fits the time there is for it. This page is the room's whole door.

As in `core`, names are resolved on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cast import Cast, CastLine, Member, read_cast, speaker_names
    from .cue import Cue
    from .dubbing import Dub, dub
    from .fit import POLICIES, FitOptions
    from .passages import Passage, Style, read_passages
    from .performance import Performance, perform
    from .picture import timeline
    from .render import Renderer
    from .report import LineReport, as_json, table
    from .script import Turn, read_script
    from .ssml import begins_ssml, read_ssml
    from .subtitles import Subtitles, parse_subtitles, read_subtitles, write_srt, write_vtt
    from .track import Original

_HOMES = {
    "Cast": "cast",
    "CastLine": "cast",
    "Cue": "cue",
    "Dub": "dubbing",
    "FitOptions": "fit",
    "LineReport": "report",
    "Member": "cast",
    "Original": "track",
    "POLICIES": "fit",
    "Passage": "passages",
    "Performance": "performance",
    "Renderer": "render",
    "Style": "passages",
    "Subtitles": "subtitles",
    "Turn": "script",
    "as_json": "report",
    "begins_ssml": "ssml",
    "dub": "dubbing",
    "parse_subtitles": "subtitles",
    "perform": "performance",
    "read_cast": "cast",
    "read_passages": "passages",
    "read_script": "script",
    "read_ssml": "ssml",
    "read_subtitles": "subtitles",
    "speaker_names": "cast",
    "table": "report",
    "timeline": "picture",
    "write_srt": "subtitles",
    "write_vtt": "subtitles",
}

__all__ = [
    "POLICIES",
    "Cast",
    "CastLine",
    "Cue",
    "Dub",
    "FitOptions",
    "LineReport",
    "Member",
    "Original",
    "Passage",
    "Performance",
    "Renderer",
    "Style",
    "Subtitles",
    "Turn",
    "as_json",
    "begins_ssml",
    "dub",
    "parse_subtitles",
    "perform",
    "read_cast",
    "read_passages",
    "read_script",
    "read_ssml",
    "read_subtitles",
    "speaker_names",
    "table",
    "timeline",
    "write_srt",
    "write_vtt",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
