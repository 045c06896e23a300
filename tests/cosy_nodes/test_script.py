"""A dialogue: mixed, apart, and as subtitles."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from cosyvox.core import RequestError, TextError
from cosyvox.core.dub import parse_subtitles
from cosyvox.cosy_nodes.script import CosyVoxScript
from cosyvox.cosy_nodes.voices import CosyVoxVoice
from noderun import run


def stems(made: Any) -> dict[str, torch.Tensor]:
    waves = [stem["waveform"][0, 0] for stem in made["stems"]]
    return dict(zip(made["stem_names"], waves, strict=True))


def test_the_example_is_performed_as_it_comes(model: Any) -> None:
    script = next(one for one in CosyVoxScript.define_schema().inputs if one.id == "script").default
    made = run(CosyVoxScript, model=model, script=script)
    apart, whole = stems(made), made["audio"]["waveform"][0, 0]
    assert list(apart) == ["Emma", "James"]
    assert torch.allclose(sum(apart.values()), whole, atol=1e-5)
    cues = parse_subtitles(made["srt"]).cues
    assert [cue.speaker for cue in cues][:2] == ["Emma", "James"]
    first, second = cues[0], cues[1]
    assert apart["James"][: int(first.end * 24000)].abs().max() == 0, "James waits for Emma"
    assert second.start - first.end == pytest.approx(0.3, abs=0.12)
    assert made["report"].splitlines() == ["Emma: emma", "James: james"]
    assert made.shown["text"] == (made["report"],) and made.shown["audio"]


def test_linked_voices_and_the_gap(model: Any, voice: Any) -> None:
    lily = run(CosyVoxVoice, voice="lily")["voice"]
    said = {"model": model, "script": "[Ann] One.\n[Ben] Two.", "voices": {"voice1": voice, "voice2": lily}}
    made = run(CosyVoxScript, **said, gap=1.5)
    assert made["report"].splitlines() == ["Ann: voice1 (james)", "Ben: voice2 (lily)"]
    first, second = parse_subtitles(made["srt"]).cues
    assert second.start - first.end == pytest.approx(1.5, abs=0.12)


def test_what_stands_before_the_first_name_is_said_by_the_first_voice(model: Any, voice: Any) -> None:
    made = run(CosyVoxScript, model=model, script="Once upon a time.", voices={"voice1": voice})
    assert len(made["stems"]) == 1
    other = run(CosyVoxScript, model=model, script="Once upon a time.")
    assert made["audio"]["waveform"].shape != other["audio"]["waveform"].shape


def test_settings_of_a_speaker(model: Any) -> None:
    said = {"model": model, "script": "[Ann] One two three four."}
    plain = run(CosyVoxScript, **said, cast="Ann = lily")
    slow = run(CosyVoxScript, **said, cast="Ann = lily speed=0.5")
    assert slow["audio"]["waveform"].shape[-1] > 1.5 * plain["audio"]["waveform"].shape[-1]


@pytest.mark.parametrize(
    ("script", "cast", "error", "words"),
    [
        ("[Zoe] Hello.", "", RequestError, "line 1: there is no voice for Zoe: known are emma"),
        ("[Emma] …", "", TextError, "no words"),
        ("", "", TextError, "no words"),
        ("[Emma] Hello.", "Emma = nobody", RequestError, "the cast gives Emma the voice nobody"),
        ("[Emma] Hello.", "Emma", TextError, "line 1"),
    ],
)
def test_what_cannot_be_performed(model: Any, script: str, cast: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        run(CosyVoxScript, model=model, script=script, cast=cast)
