"""Subtitles spoken in time: as long as the clip, with its pictures, and nothing lost without a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import server
import torch
from comfy_api.latest import InputImpl
from comfy_execution.graph_utils import ExecutionBlocker
from cosyvox.core import CosyVoxError, RequestError
from cosyvox.core.dub import parse_subtitles
from cosyvox.cosy_nodes.dub_subtitles import CosyVoxDubSubtitles
from cosyvox.cosy_nodes.subtitles import TEXT_BELOW, CosyVoxSubtitles
from noderun import run
from parity import speech_like

EASY = "1\n00:00:00,500 --> 00:00:02,500\nGood morning.\n\n2\n00:00:03,000 --> 00:00:05,500\nHow did you sleep?\n"
TIGHT = "1\n00:00:00,000 --> 00:00:00,300\nThis is a sentence that takes more than two seconds to say aloud.\n"


def seconds(made: Any) -> float:
    return made["audio"]["waveform"].shape[-1] / made["audio"]["sample_rate"]


def tone(length: float, rate: int, channels: int = 2) -> dict[str, Any]:
    wave = 0.2 * torch.sin(torch.arange(round(length * rate)) * (2 * np.pi * 300 / rate))
    return {"waveform": wave.repeat(1, channels, 1), "sample_rate": rate}


def test_it_dubs_as_it_comes(model: Any) -> None:
    text = next(one for one in CosyVoxDubSubtitles.define_schema().inputs if one.id == "subtitles").default
    made = run(CosyVoxDubSubtitles, model=model, subtitles=text)
    said = parse_subtitles(made["srt"]).cues
    asked = parse_subtitles(text).cues
    assert [cue.text for cue in said] == [cue.text for cue in asked]
    assert all(abs(one.start - two.start) < 0.31 for one, two in zip(said, asked, strict=True))
    wave = made["audio"]["waveform"][0, 0]
    for cue in said:
        assert wave[round(cue.start * 24000) : round(cue.end * 24000)].abs().max() > 0.05
    assert made["stem_names"] == ["narrator"] and made["picture"].shape[0] == 1
    assert isinstance(made["video"], ExecutionBlocker) and "link one" in made["video"].message
    assert "Good morning." in made["report"]
    assert server.sent and made.shown["text"][0].startswith("2 cues")


@pytest.mark.parametrize("length", [7.0, 6.001])
def test_the_track_is_as_long_as_the_clip_to_the_sample(model: Any, length: float) -> None:
    made = run(CosyVoxDubSubtitles, model=model, subtitles=EASY, length=length)
    assert made["audio"]["waveform"].shape[-1] == round(length * 24000)


def test_the_original_sound_gives_length_rate_and_background(model: Any) -> None:
    source = tone(6.5, 16_000)
    made = run(CosyVoxDubSubtitles, model=model, subtitles=EASY, source_audio=source, original="duck", duck_db=-40.0)
    wave, rate = made["audio"]["waveform"], made["audio"]["sample_rate"]
    assert (wave.shape[1], wave.shape[2], rate) == (2, 6.5 * 16_000, 16_000)
    silent = round(6.2 * rate)
    assert wave[0, :, silent : silent + 1600].abs().max() == pytest.approx(0.2, abs=0.02)
    stems = sum(stem["waveform"] for stem in made["stems"])
    assert stems[..., silent : silent + 1600].abs().max() == 0, "stems hold speech alone"


def test_who_says_what(model: Any, voice: Any) -> None:
    text = EASY.replace("Good", "[Ann] Good").replace("How", "[Emma] How")
    made = run(CosyVoxDubSubtitles, model=model, subtitles=text, voices={"voice1": voice})
    assert made["stem_names"] == ["Ann", "Emma"]
    assert made["report"].startswith("Ann: voice1 (james)\nEmma: emma\n")
    assert "Ann: voice1 (james)" in made.shown["text"][0]
    one = run(CosyVoxDubSubtitles, model=model, subtitles=text, voice=voice, cast="Emma = lily")
    assert "Ann: voice (james)" in one["report"] and "Emma: lily" in one["report"]


def test_a_named_speaker_without_a_voice(model: Any, voice: Any) -> None:
    text = EASY.replace("Good", "[Zoe] Good")
    with pytest.raises(RequestError, match=r"line 2: there is no voice for Zoe: known are emma"):
        run(CosyVoxDubSubtitles, model=model, subtitles=text, cast="Ann = james")
    assert "Zoe: voice (emma)" in run(CosyVoxDubSubtitles, model=model, subtitles=text)["report"]


def test_names_of_the_cast_begin_what_they_say(model: Any) -> None:
    text = EASY.replace("Good", "Ann: Good")
    made = run(CosyVoxDubSubtitles, model=model, subtitles=text, cast="Ann = lily")
    assert made["stem_names"] == ["Ann", "narrator"]


def test_names_of_the_cast_are_known_in_linked_subtitles_too(model: Any) -> None:
    read = run(CosyVoxSubtitles, file=TEXT_BELOW, text=EASY.replace("Good", "Ann: Good"))["subtitles"]
    made = run(CosyVoxDubSubtitles, model=model, subtitles="", subtitles_file=read, cast="Ann = lily")
    assert made["stem_names"] == ["Ann", "narrator"] and "Ann:" not in made["srt"]


def test_linked_subtitles_go_before_the_text(model: Any) -> None:
    read = run(CosyVoxSubtitles, file=TEXT_BELOW, text=EASY, shift=1.0)["subtitles"]
    made = run(CosyVoxDubSubtitles, model=model, subtitles="nothing", subtitles_file=read)
    assert parse_subtitles(made["srt"]).cues[0].start > 1.1


def test_what_does_not_fit_is_said_or_refused_and_never_cut(model: Any) -> None:
    spilled = run(CosyVoxDubSubtitles, model=model, subtitles=TIGHT, policy="spill")
    assert seconds(spilled) > 1.5
    assert "1 did not fit" not in spilled.shown["text"][0], "there is room behind the only cue"
    with pytest.raises(RequestError, match="does not fit"):
        run(CosyVoxDubSubtitles, model=model, subtitles=TIGHT, length=1.0)
    with pytest.raises(RequestError, match=r"does not fit|do not fit"):
        run(CosyVoxDubSubtitles, model=model, subtitles=TIGHT, policy="error", borrow=False)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"subtitles": ""}, "empty"),
        ({"subtitles": "1\n00:00:01,000 --> soon\nHi.\n"}, "^line 2"),
        ({"subtitles": EASY, "length": 2.0}, "ends|after the end"),
        ({"subtitles": EASY, "reference": "cue"}, "original sound"),
        ({"subtitles": EASY, "cast": "Ann"}, "line 1"),
    ],
)
def test_what_cannot_be_dubbed(model: Any, inputs: dict[str, Any], words: str) -> None:
    with pytest.raises(CosyVoxError, match=words):
        run(CosyVoxDubSubtitles, model=model, **inputs)


def test_an_empty_original_is_no_original(model: Any) -> None:
    """What GetVideoComponents gives for a clip without sound."""
    made = run(CosyVoxDubSubtitles, model=model, subtitles=EASY, source_audio=None, original="keep")
    assert "there is no original sound to keep" in made["report"]


def test_each_cue_by_the_voice_that_is_heard_there(model: Any) -> None:
    rate = 24_000
    wave = torch.from_numpy(speech_like("tests/cue", 6.0, rate))[None, None]
    made = run(
        CosyVoxDubSubtitles,
        model=model,
        subtitles=EASY,
        source_audio={"waveform": wave, "sample_rate": rate},
        reference="cue",
    )
    plain = run(CosyVoxDubSubtitles, model=model, subtitles=EASY, length=6.0)
    assert seconds(made) == seconds(plain) == 6.0
    assert not torch.equal(made["audio"]["waveform"], plain["audio"]["waveform"])


def test_a_clip_comes_out_dubbed(model: Any, comfyui: Path) -> None:
    pytest.importorskip("av", reason="PyAV comes with ComfyUI")
    from clips import make_clip, pictures_of, sound_in

    path = make_clip(comfyui / "input" / "a.mp4", seconds=6.0, sound=6.5)
    made = run(CosyVoxDubSubtitles, model=model, subtitles=EASY, video=InputImpl.VideoFromFile(str(path)))
    assert seconds(made) == 6.0 and made["audio"]["sample_rate"] == 44_100
    file = Path(made["video"].get_stream_source())
    assert [packet for _, packet in pictures_of(file)] == [packet for _, packet in pictures_of(path)]
    heard, rate = sound_in(file)
    track = made["audio"]["waveform"][0, 0].numpy()
    length = min(len(track), heard.shape[1])
    assert np.corrcoef(heard[0, :length], track[:length])[0, 1] > 0.95
    assert rate == 44_100
