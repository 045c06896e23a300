"""Subtitles: SRT, WebVTT and ASS read as cues in plain text, and written as SRT and WebVTT."""

from .read import Subtitles, parse_subtitles, read_subtitles
from .srt import write_srt
from .vtt import write_vtt

__all__ = ["Subtitles", "parse_subtitles", "read_subtitles", "write_srt", "write_vtt"]
