"""What only the published models can do, with a small one that utters noise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import soundfile
import torch
from cosyvox.core import AudioError, RequestError, VoiceError
from cosyvox.cosy_nodes.convert import CosyVoxConvertVoice
from cosyvox.cosy_nodes.load_model import CosyVoxLoadModel
from cosyvox.cosy_nodes.synthesize import CosyVoxInstruct
from cosyvox.cosy_nodes.voices import CosyVoxClonePrompt
from hubs import NAME
from noderun import run


@pytest.fixture
def seeded(comfyui: Path, seeded_small: Path) -> Any:
    """The small model, found in ComfyUI's folder."""
    (comfyui / "models" / "CosyVoice").mkdir()
    (comfyui / "models" / "CosyVoice" / NAME).symlink_to(seeded_small, target_is_directory=True)
    return run(CosyVoxLoadModel, model=NAME)["model"]


@pytest.fixture(scope="module")
def recording(prompt_wav: Path) -> dict[str, Any]:
    samples, rate = soundfile.read(prompt_wav, dtype="float32")
    return {"waveform": torch.from_numpy(samples)[None, None], "sample_rate": rate}


def test_the_way_of_saying_it_is_heard_and_never_spoken(seeded: Any, voice: Any) -> None:
    def said(**how: str) -> torch.Tensor:
        made = run(CosyVoxInstruct, model=seeded, text="Hi.", voice=voice, **how)
        assert "Hi." in made["srt"] and len(made["srt"].splitlines()) <= 4
        return made["audio"]["waveform"]

    plain, happy = said(), said(emotion="happy")
    assert plain.shape != happy.shape or not torch.equal(plain, happy)
    assert torch.equal(happy, said(emotion="happy", dialect="none"))
    own = said(emotion="happy", instruction="slowly")
    assert own.shape != happy.shape or not torch.equal(own, happy)


def test_a_batch_of_stereo_at_any_rate_is_converted_item_by_item(
    seeded: Any, voice: Any, recording: dict[str, Any]
) -> None:
    spoken = recording["waveform"][..., :36000]
    batch = {"waveform": torch.cat([spoken, spoken * 0.5]).repeat(1, 2, 1), "sample_rate": 16000}
    made = run(CosyVoxConvertVoice, model=seeded, audio=batch, voice=voice)["audio"]
    assert made["waveform"].shape[:2] == (2, 1) and made["sample_rate"] == 24000
    assert made["waveform"].shape[-1] / 24000 == pytest.approx(36000 / 16000, abs=0.05)


def test_a_cloned_voice_speaks_with_any_model(seeded: Any, model: Any, recording: dict[str, Any]) -> None:
    cloned = run(CosyVoxClonePrompt, audio=recording)["voice"]
    for one in (seeded, model):
        assert run(CosyVoxInstruct, model=one, text="Hi.", voice=cloned)["audio"]["waveform"].numel()


@pytest.mark.parametrize(
    ("audio", "words"),
    [(None, "the audio is empty"), ({"waveform": torch.zeros(1, 1, 24000), "sample_rate": 24000}, "silent")],
)
def test_what_cannot_be_converted(seeded: Any, voice: Any, audio: Any, words: str) -> None:
    with pytest.raises(AudioError, match=words):
        run(CosyVoxConvertVoice, model=seeded, audio=audio, voice=voice)


def test_no_voice_to_convert_to(seeded: Any, recording: dict[str, Any]) -> None:
    """A clip without sound is linked as the voice."""
    with pytest.raises(VoiceError, match="there is no voice"):
        run(CosyVoxConvertVoice, model=seeded, audio=recording, voice=None)


def test_the_embedded_voice_says_who_can_convert(model: Any, voice: Any, recording: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match=NAME):
        run(CosyVoxConvertVoice, model=model, audio=recording, voice=voice)
