"""Voices: cloned, kept, chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import server
import soundfile
import torch
from cosyvox.core import AudioError, Prompt, StorageError, TextError, VoiceError, VoiceStore
from cosyvox.cosy_nodes.voices import CosyVoxClonePrompt, CosyVoxSaveVoice, CosyVoxVoice
from noderun import fingerprint, run


@pytest.fixture(scope="module")
def recording(prompt_wav: Path) -> dict[str, Any]:
    samples, rate = soundfile.read(prompt_wav, dtype="float32")
    return {"waveform": torch.from_numpy(samples)[None, None], "sample_rate": rate}


def test_a_recording_becomes_a_voice(recording: dict[str, Any]) -> None:
    made = run(CosyVoxClonePrompt, audio=recording, transcript=" Some words that were said. ")
    assert isinstance(made["voice"].source, Prompt)
    assert made["voice"].source.transcript == "Some words that were said."
    used, given = made["audio"]["waveform"], recording["waveform"]
    assert 0 < used.shape[-1] <= given.shape[-1]
    seconds = used.shape[-1] / made["audio"]["sample_rate"]
    assert made["report"].startswith(f"{seconds:.1f} s of {given.shape[-1] / 24000:.1f} s are used")
    assert VoiceStore().get("emma").built_in and not VoiceStore().folder.exists(), "nothing is kept unasked"


def test_what_was_cut_and_what_is_doubtful_is_shown_on_the_node(recording: dict[str, Any]) -> None:
    long = {"waveform": recording["waveform"].repeat(1, 2, 12), "sample_rate": 24000}
    made = run(CosyVoxClonePrompt, audio=long)
    assert "are used, from" in made["report"] and "36 s" in made["report"]
    assert made.shown["text"] == (made["report"],)
    assert server.sent == [("7", made["report"])]
    assert made.shown["audio"]


def test_of_a_batch_the_first_is_taken(recording: dict[str, Any]) -> None:
    batch = {"waveform": torch.cat([recording["waveform"], recording["waveform"] * 0]), "sample_rate": 24000}
    made = run(CosyVoxClonePrompt, audio=batch)
    assert "the first of 2" in made["report"]
    assert made["voice"].key == run(CosyVoxClonePrompt, audio=recording)["voice"].key


def test_voices_that_may_sound_different_are_told_apart(recording: dict[str, Any]) -> None:
    """A model remembers what it has heard; none of these may be taken for another."""
    half = {**recording, "waveform": recording["waveform"][..., :40000]}
    keys = [
        run(CosyVoxClonePrompt, audio=audio, transcript=transcript)["voice"].key
        for audio, transcript in ((recording, ""), (recording, "Some words."), (half, ""))
    ]
    assert len({*keys, run(CosyVoxVoice, voice="emma")["voice"].key}) == 4


@pytest.mark.parametrize(
    ("audio", "transcript", "error", "words"),
    [
        (None, "", AudioError, "the recording is empty"),
        ({"waveform": torch.zeros(1, 2, 48000), "sample_rate": 24000}, "", AudioError, "silent"),
        ({"waveform": torch.full((1, 1, 9000), torch.nan), "sample_rate": 24000}, "", AudioError, "not numbers"),
        ({"waveform": torch.ones(1, 1, 9000), "sample_rate": 1}, "", AudioError, "sample rate of 1 Hz"),
        ("the recording", "…", TextError, "no words"),
    ],
)
def test_what_cannot_be_cloned(
    recording: dict[str, Any], audio: Any, transcript: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        run(CosyVoxClonePrompt, audio=recording if isinstance(audio, str) else audio, transcript=transcript)


def test_a_name_keeps_it_in_the_library(recording: dict[str, Any]) -> None:
    made = run(CosyVoxClonePrompt, audio=recording, transcript="Some words.", name=" Ada ")
    assert made["voice"].name == "Ada" and "kept as Ada" in made["report"]
    assert VoiceStore().get("Ada").transcript == "Some words."
    assert "Ada" in next(one for one in CosyVoxVoice.define_schema().inputs if one.id == "voice").options["options"]


def test_nothing_is_overwritten_unasked(recording: dict[str, Any]) -> None:
    run(CosyVoxClonePrompt, audio=recording, transcript="Some words.", name="Ada")
    with pytest.raises(StorageError, match="there is a voice Ada already"):
        run(CosyVoxClonePrompt, audio=recording, transcript="Other words.", name="Ada")
    run(CosyVoxClonePrompt, audio=recording, transcript="Other words.", name="Ada", replace=True)
    assert VoiceStore().get("Ada").transcript == "Other words."


def test_running_a_graph_again_keeps_the_same_voice_again(recording: dict[str, Any]) -> None:
    """It is an output node, so it also runs when something else in the graph has changed."""
    first = run(CosyVoxClonePrompt, audio=recording, name="Ada")["voice"]
    assert run(CosyVoxClonePrompt, audio=recording, name="Ada")["voice"].key == first.key


def test_a_name_that_no_file_should_have(recording: dict[str, Any]) -> None:
    with pytest.raises(VoiceError):
        run(CosyVoxClonePrompt, audio=recording, name="../../etc/passwd")


def test_a_cloned_voice_can_be_saved_and_a_preset_copied(recording: dict[str, Any], voice: Any) -> None:
    cloned = run(CosyVoxClonePrompt, audio=recording)["voice"]
    saved = run(CosyVoxSaveVoice, voice=cloned, name="Ada")
    assert VoiceStore().get("Ada").digest == cloned.source.digest
    assert saved.shown["text"][0].startswith("kept as Ada in ")
    copy = run(CosyVoxSaveVoice, voice=voice, name="Jim")["voice"]
    assert copy.source.digest == voice.source.digest and not copy.source.built_in


def test_a_voice_without_a_name_is_not_saved(voice: Any) -> None:
    with pytest.raises(VoiceError):
        run(CosyVoxSaveVoice, voice=voice, name="")


def test_the_node_runs_again_when_the_voice_has_changed(recording: dict[str, Any]) -> None:
    run(CosyVoxClonePrompt, audio=recording, name="Ada")
    before = fingerprint(CosyVoxVoice, voice="Ada")
    assert fingerprint(CosyVoxVoice, voice="Ada") == before
    run(CosyVoxClonePrompt, audio=recording, transcript="Some words.", name="Ada", replace=True)
    assert fingerprint(CosyVoxVoice, voice="Ada") != before


def test_a_dropped_recording_that_has_changed_is_another_voice(tmp_path: Path, prompt_wav: Path) -> None:
    dropped = VoiceStore().folder / "Bob.wav"
    dropped.parent.mkdir(parents=True)
    samples, rate = soundfile.read(prompt_wav)
    soundfile.write(dropped, samples, rate)
    before = fingerprint(CosyVoxVoice, voice="Bob")
    soundfile.write(dropped, samples * 0.5, rate)
    assert fingerprint(CosyVoxVoice, voice="Bob") != before


def test_a_voice_that_is_gone_says_so_when_the_node_runs() -> None:
    assert "no voice Ada" in fingerprint(CosyVoxVoice, voice="Ada")
    with pytest.raises(VoiceError, match="no voice Ada"):
        CosyVoxVoice.execute("Ada")
