"""Drawing an utterance: lengths, stop ids, loops, determinism, giving up."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from cosyvox.core.lm.batch import generate
from cosyvox.core.lm.speech_lm import SpeechLM
from cosyvox.core.lm.utterance import Utterance, without_loop
from stages import speech_lm

TEXT = [5, 17, 900, 33]


@pytest.fixture
def stopping() -> SpeechLM:
    """A model that would rather stop than speak, with any of its stop ids."""
    lm = SpeechLM(speech_lm("small").config).eval()
    lm.load_state_dict(speech_lm("small").state_dict())
    with torch.no_grad():
        lm.head.bias[lm.config.speech_vocab :] += 50.0
    return lm


@torch.inference_mode()
def test_no_stop_id_before_the_minimum_length(stopping: SpeechLM) -> None:
    endings = set()
    for seed in range(6):
        said = generate(stopping, Utterance(stopping.config, TEXT, seed=seed))
        assert len(said.ids) == 2 * len(TEXT)
        assert max(said.ids) < stopping.config.speech_vocab
        endings.add(said.ending)
    assert endings == {"stop"}


@torch.inference_mode()
def test_the_text_bounds_the_length() -> None:
    counts: list[tuple[int, int]] = []
    lm = speech_lm("small")
    said = generate(lm, Utterance(lm.config, TEXT), on_ids=lambda done, most: counts.append((done, most)))
    assert said.ending == "limit"
    assert len(said.ids) == 20 * len(TEXT)
    assert counts == [(n + 1, 80) for n in range(80)]


@torch.inference_mode()
def test_same_seed_same_ids() -> None:
    lm = speech_lm("small")
    first, again, other = (
        generate(lm, Utterance(lm.config, TEXT, prompt_speech=[1, 2, 3], seed=seed)).ids for seed in (7, 7, 8)
    )
    assert first == again
    assert first != other


@torch.inference_mode()
def test_giving_up() -> None:
    def stop(done: int, most: int) -> None:
        if done == 3:
            raise RuntimeError("enough")

    lm = speech_lm("small")
    with pytest.raises(RuntimeError, match="enough"):
        generate(lm, Utterance(lm.config, TEXT), on_ids=stop)


@torch.inference_mode()
def test_a_model_that_goes_round_in_circles_is_cut() -> None:
    """With no memory of what it said and a single likely id, it says that id for ever."""
    lm = SpeechLM(speech_lm("small").config)
    lm.load_state_dict(speech_lm("small").state_dict())
    lm.config = replace(lm.config, sampling=replace(lm.config.sampling, tau=2.0))
    with torch.no_grad():
        lm.head.bias[42] += 100.0
    said = generate(lm, Utterance(lm.config, list(range(20))))
    assert said.ending == "loop"
    assert said.ids == [42]


@pytest.mark.parametrize("period", [1, 2, 7, 25])
def test_loops_are_found_and_their_first_round_kept(period: int) -> None:
    start = list(range(1000, 1030))
    ids = start + [token % period for token in range(100)]
    assert without_loop(ids[:-1]) is None or period == 1
    kept = without_loop(ids)
    assert kept is not None
    assert ids[:kept] == start + list(range(period))


def test_what_is_no_loop_is_left_alone() -> None:
    assert without_loop([1, 2] * 49) is None
    assert without_loop(list(range(500))) is None
    assert without_loop([token % 26 for token in range(500)]) is None
