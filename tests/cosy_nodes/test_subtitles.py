"""Subtitles from ComfyUI's input folder or from a text."""

from __future__ import annotations

from pathlib import Path

import pytest
from cosyvox.core import CosyVoxError
from cosyvox.core.dub import parse_subtitles
from cosyvox.cosy_nodes.subtitles import TEXT_BELOW, CosyVoxSubtitles
from noderun import fingerprint, run

SRT = "1\n00:00:01,000 --> 00:00:02,000\n[Ann] One.\n\n2\n00:00:03,000 --> 00:00:04,500\nTwo.\n"
VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>One.\n"


def test_files_of_the_input_folder_can_be_chosen(comfyui: Path) -> None:
    (comfyui / "input" / "clips").mkdir()
    for name in ("b.SRT", "a.vtt", "clips/c.ass", "d.txt"):
        (comfyui / "input" / name).write_text(SRT, encoding="utf-8")
    file = next(one for one in CosyVoxSubtitles.define_schema().inputs if one.id == "file")
    assert file.options["options"] == [TEXT_BELOW, "a.vtt", "b.SRT", "clips/c.ass"]


def test_a_file_is_read_as_what_it_is(comfyui: Path) -> None:
    (comfyui / "input" / "a.srt").write_bytes(b"\xef\xbb\xbf" + VTT.replace("\n", "\r\n").encode())
    made = run(CosyVoxSubtitles, file="a.srt", text=SRT)
    assert [cue.speaker for cue in made["subtitles"].cues] == ["Ann"]
    assert made["report"].startswith("1 cue until 2.0 s, read as VTT, spoken by Ann")
    assert made.shown["text"] == (made["report"],)


def test_text_is_scaled_and_then_shifted() -> None:
    made = run(CosyVoxSubtitles, file=TEXT_BELOW, text=SRT, shift=-0.5, scale=2.0)
    assert [(cue.start, cue.end) for cue in made["subtitles"].cues] == [(1.5, 3.5), (5.5, 8.5)]
    again = parse_subtitles(made["srt"]).cues
    assert [(cue.start, cue.end, cue.speaker, cue.text) for cue in again] == [
        (1.5, 3.5, "Ann", "One."),
        (5.5, 8.5, None, "Two."),
    ]


def test_the_node_runs_again_when_the_file_has_changed(comfyui: Path) -> None:
    file = comfyui / "input" / "a.srt"
    file.write_text(SRT, encoding="utf-8")
    before = fingerprint(CosyVoxSubtitles, file="a.srt", text="", shift=0.0)
    assert fingerprint(CosyVoxSubtitles, file="a.srt") == before
    file.write_text(SRT.replace("One", "Three"), encoding="utf-8")
    assert fingerprint(CosyVoxSubtitles, file="a.srt") != before
    file.unlink()
    assert "a.srt" in str(fingerprint(CosyVoxSubtitles, file="a.srt"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "^the subtitles are empty"),
        ("1\n00:00:01,000 --> soon\nOne.\n", "^line 2"),
        ("1\n00:00:05,000 --> 00:00:01,000\nOne.\n", "^line 2"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, words: str) -> None:
    with pytest.raises(CosyVoxError, match=words):
        run(CosyVoxSubtitles, file=TEXT_BELOW, text=text)


def test_a_cue_cannot_be_shifted_before_the_beginning() -> None:
    with pytest.raises(CosyVoxError):
        run(CosyVoxSubtitles, file=TEXT_BELOW, text=SRT, shift=-2.0)
