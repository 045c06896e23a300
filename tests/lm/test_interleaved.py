"""Text that arrives in pieces: everything is read once and in its order, and ends only behind the turn."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from cosyvox.core.lm.batch import Batch
from cosyvox.core.lm.speech_lm import SpeechLM
from cosyvox.core.lm.utterance import START, TURN, Interleaved, Piece
from stages import speech_lm
from watching import Watched, watch

PROMPTS = [(0, 0), (9, 37), (9, 30), (5, 37), (30, 20), (0, 4), (20, 15)]  # ids of text and of speech


def leaning(mix_ratio: tuple[int, int] = (5, 15), **bias: float) -> SpeechLM:
    """A small model that likes `sounds`, `fill` or `others` (the other ids that are no sounds) better or less."""
    config = replace(speech_lm("small").config, mix_ratio=mix_ratio)
    lm = SpeechLM(config).eval()
    lm.load_state_dict(speech_lm("small").state_dict())
    with torch.no_grad():
        lm.head.bias[config.speech_vocab :] += bias.get("others", 0.0)
        lm.head.bias[config.fill_id] += bias.get("fill", 0.0) - bias.get("others", 0.0)
    return lm


def speak(lm: SpeechLM, utterance: Interleaved, text: list[int], piece: int = 4) -> None:
    batch = Batch(lm, 1, 512)
    batch.join(utterance)
    for start in range(0, len(text), piece):
        utterance.feed(text[start : start + piece])
        for _ in range(3):
            batch.step()
    utterance.end()
    while batch.ready:
        batch.step()


def flat(seen: Watched) -> list[tuple[str, int]]:
    pieces: list[Piece] = [piece for fed in seen.fed for piece in fed]
    return [(kind, token) for kind, ids in pieces for token in ids]


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("mix_ratio", [(5, 15), (15, 15)])
@pytest.mark.parametrize("fill", [0.0, 5.0])
@pytest.mark.parametrize("count", [1, 5, 23])
@torch.inference_mode()
def test_everything_is_read_once(
    prompt: tuple[int, int], mix_ratio: tuple[int, int], fill: float, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lm = leaning(mix_ratio, fill=fill, others=-50.0)
    text = list(range(1000, 1000 + prompt[0] + count))
    speech = list(range(prompt[1]))
    utterance = Interleaved(lm.config, prompt_text=text[: prompt[0]], prompt_speech=speech, seed=count)
    seen = watch(monkeypatch, lm)
    speak(lm, utterance, text[prompt[0] :])
    fed = flat(seen)
    assert utterance.ending == "limit"
    assert [token for kind, token in fed if kind == "text"] == text
    assert [token for kind, token in fed if kind == "speech"] == [*speech, *utterance.ids[:-1]]
    assert [token for kind, token in fed if kind == "task"] == [START, TURN]
    assert fed[0] == ("task", START)
    # Blocks until the turn: all of the text's that are whole, at most as many sounds behind each as it may have.
    turn = fed.index(("task", TURN))
    blocks = "".join(kind[0] for kind, _ in fed[1:turn]).replace("st", "s t").split()
    assert all(block.count("t") % mix_ratio[0] == 0 for block in blocks[:-1])
    own = len(text) // mix_ratio[0] * mix_ratio[1]
    assert "s" not in fed[turn - len(text) % mix_ratio[0] : turn]
    assert sum(kind == "speech" for kind, _ in fed[:turn]) <= own + mix_ratio[1]


@pytest.mark.parametrize("prompt", PROMPTS)
@torch.inference_mode()
def test_nothing_is_said_before_there_is_text(prompt: tuple[int, int]) -> None:
    lm = leaning()
    batch = Batch(lm, 1, 512)
    utterance = Interleaved(lm.config, prompt_text=range(prompt[0]), prompt_speech=range(prompt[1]))
    batch.join(utterance)
    while batch.ready:
        batch.step()
    assert utterance.waiting
    utterance.end()
    assert (utterance.ending, utterance.drawn) == ("limit", [])


@torch.inference_mode()
def test_only_the_fill_id_may_be_drawn_between_blocks() -> None:
    """The model would rather end, with any id that is no sound, than speak or ask."""
    lm = leaning(others=60.0, fill=30.0)
    utterance = Interleaved(lm.config)
    speak(lm, utterance, list(range(23)))
    fill = lm.config.fill_id
    others = [token for token in utterance.drawn if token >= lm.config.speech_vocab]
    assert utterance.drawn[0] == fill
    assert others[:-1] == [fill] * 4  # one behind each whole block
    assert others[-1] not in (fill, *utterance.ids)
    assert utterance.drawn[-1] == others[-1]
    assert utterance.ending == "stop"
    assert len(utterance.ids) == 2 * 23  # behind the turn the least is said, and then it may end


@torch.inference_mode()
def test_sounds_between_blocks_count_for_the_least() -> None:
    lm = leaning(others=60.0, fill=-60.0)
    utterance = Interleaved(lm.config)
    speak(lm, utterance, list(range(7)))
    assert utterance.ending == "stop"
    assert len(utterance.ids) == 15  # the one block's, more than the 14 that seven ids need


@torch.inference_mode()
def test_the_text_bounds_the_length() -> None:
    lm = leaning(others=-60.0)
    utterance = Interleaved(lm.config, prompt_speech=range(20))
    speak(lm, utterance, list(range(3)))
    assert (utterance.ending, len(utterance.ids)) == ("limit", 60)


def test_no_text_behind_the_end() -> None:
    utterance = Interleaved(speech_lm("small").config)
    utterance.feed([1])
    utterance.end()
    with pytest.raises(ValueError, match="end"):
        utterance.feed([2])
