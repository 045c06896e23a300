"""A text spoken: by whom, how, how often, and what can go wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import comfy.model_management as management
import comfy.utils
import pytest
import soundfile
import torch
from cosyvox.core import AudioError, RequestError, SegmentCache, TextError
from cosyvox.cosy_nodes.clear_cache import CosyVoxClearCache
from cosyvox.cosy_nodes.synthesize import CosyVoxInstruct, CosyVoxSynthesize
from cosyvox.cosy_nodes.voices import CosyVoxClonePrompt
from noderun import fingerprint, run


def wave(made: Any) -> torch.Tensor:
    return made["audio"]["waveform"][0, 0]


def test_two_nodes_speak(model: Any) -> None:
    text = next(one for one in CosyVoxSynthesize.define_schema().inputs if one.id == "text").default
    made = run(CosyVoxSynthesize, model=model, text=text)
    assert made["audio"]["sample_rate"] == 24000
    assert 1.0 < wave(made).numel() / 24000 < 6.0 and wave(made).abs().max() > 0.1
    assert text in made["srt"]
    assert len(made.shown["audio"]) == 1


def test_progress_goes_up_to_the_end_in_small_steps(model: Any) -> None:
    run(CosyVoxSynthesize, model=model, text="One, two, three, four, five, six, seven.")
    values = [value for value, total in comfy.utils.shown if total == 1000]
    spoken = values[values.index(1000) + 1 :] if 1000 in values[:-1] else values
    assert spoken == sorted(spoken) and spoken[-1] == 1000 and len(spoken) > 10


def test_the_voice_speed_and_seed_count(model: Any, voice: Any) -> None:
    said = {"model": model, "text": "Good evening."}
    plain = wave(run(CosyVoxSynthesize, **said))
    assert not torch.equal(wave(run(CosyVoxSynthesize, **said, voice=voice))[:9000], plain[:9000])
    assert not torch.equal(wave(run(CosyVoxSynthesize, **said, seed=2**64 - 1))[:9000], plain[:9000])
    slow = wave(run(CosyVoxSynthesize, **said, speed=0.5))
    assert slow.numel() == pytest.approx(2 * plain.numel(), rel=0.15)


def test_a_second_run_is_remembered_and_one_changed_line_is_one_line(model: Any) -> None:
    first, second = "The sun is up.", "The moon is down."
    whole = run(CosyVoxSynthesize, model=model, text=f"{first}\n\n{second}")
    kept = SegmentCache().bytes
    assert kept > 0
    assert torch.equal(wave(run(CosyVoxSynthesize, model=model, text=f"{first}\n\n{second}")), wave(whole))
    assert SegmentCache().bytes == kept
    changed = wave(run(CosyVoxSynthesize, model=model, text=f"{first}\n\nThe stars are out."))
    alone = wave(run(CosyVoxSynthesize, model=model, text=first))
    middle = slice(4000, alone.numel() - 6000)
    assert torch.allclose(changed[middle], wave(whole)[middle], atol=1e-6), "the first line is as it was"


def test_clearing_says_what_was_freed_and_always_runs(model: Any) -> None:
    run(CosyVoxSynthesize, model=model, text="Good night.")
    freed = run(CosyVoxClearCache)["report"]
    assert SegmentCache().bytes == 0 and not freed.startswith("0.0 MB")
    assert run(CosyVoxClearCache, any="order")["report"].startswith("0.0 MB")
    assert fingerprint(CosyVoxClearCache) != fingerprint(CosyVoxClearCache)


def test_silence_and_manner_inside_the_text(model: Any) -> None:
    plain = wave(run(CosyVoxSynthesize, model=model, text="Wait. Now."))
    paused = run(CosyVoxSynthesize, model=model, text="Wait. [pause:1.5] Now.")
    quiet = (wave(paused).unfold(0, 2400, 2400).abs().amax(dim=1) < 1e-3).sum()
    assert quiet >= 12, "1.5 s are silent"
    assert wave(paused).numel() > plain.numel() + 20000
    slow = run(CosyVoxSynthesize, model=model, text="Wait. {speed=0.5} Now. {}")
    assert "speed" not in slow["srt"] and wave(slow).numel() > plain.numel()


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("", TextError, "nothing to say"),
        (" … !? ", TextError, "nothing to say"),
        ("{speed=9} Hello.", TextError, "line 1"),
        ("你好，世界。", RequestError, "CosyVoice2-0.5B"),
    ],
)
def test_what_cannot_be_said(model: Any, text: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        run(CosyVoxSynthesize, model=model, text=text)


@pytest.mark.parametrize("by", ["progress", "asking"])
def test_cancel_is_comfyui_s_own_interruption_and_the_next_run_speaks(
    model: Any, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pressed after the work has begun. ComfyUI's progress bar raises; where it does not, we ask."""

    class Impatient(list[Any]):
        def append(self, told: Any) -> None:
            if 0 < told[0] < told[1]:
                management.interrupt_current_processing()

    run(CosyVoxSynthesize, model=model, text="Hello.")
    with monkeypatch.context() as patch, pytest.raises(management.InterruptProcessingException):
        patch.setattr(comfy.utils, "listening", by == "progress")
        patch.setattr(comfy.utils, "shown", Impatient())
        run(CosyVoxSynthesize, model=model, text="One two three four five six seven eight nine ten eleven twelve.")
    assert not management.processing_interrupted(), "ComfyUI's flag is taken back by whoever raises"
    assert wave(run(CosyVoxSynthesize, model=model, text="One.")).numel() > 0


def test_cancel_before_the_first_token(model: Any) -> None:
    management.interrupt_current_processing()
    with pytest.raises(management.InterruptProcessingException):
        run(CosyVoxSynthesize, model=model, text="Something that was not said yet.")


def test_an_instruction_is_refused_by_a_model_that_cannot_follow_it(model: Any) -> None:
    with pytest.raises(RequestError, match=r"CosyVoice2-0\.5B"):
        run(CosyVoxInstruct, model=model, text="Hello.", emotion="happy")
    with pytest.raises(RequestError, match=r"CosyVoice2-0\.5B"):
        run(CosyVoxInstruct, model=model, text="Hello.", instruction="like a pirate")


def test_without_an_instruction_it_only_speaks(model: Any) -> None:
    made = run(CosyVoxInstruct, model=model, text="Good day.", instruction="  ")
    assert torch.equal(wave(made), wave(run(CosyVoxSynthesize, model=model, text="Good day.")))


def test_a_recording_is_a_voice_as_it_comes(model: Any, prompt_wav: Path) -> None:
    """Without its words; the same as cloning it first."""
    samples, rate = soundfile.read(prompt_wav, dtype="float32")
    recording = {"waveform": torch.from_numpy(samples)[None, None].repeat(2, 2, 1), "sample_rate": rate}
    direct = run(CosyVoxSynthesize, model=model, text="One.", voice=recording)
    cloned = run(CosyVoxClonePrompt, audio=recording)["voice"]
    assert torch.equal(wave(direct), wave(run(CosyVoxSynthesize, model=model, text="One.", voice=cloned)))
    with pytest.raises(AudioError, match="the recording of the voice holds no samples"):
        run(CosyVoxSynthesize, model=model, text="One.", voice={"waveform": torch.zeros(1, 1, 0), "sample_rate": 8000})
