"""Weights that somebody else holds: the same speech, and an engine that leaves them where they are."""

from __future__ import annotations

import numpy as np
import pytest
from cosyvox.core import EMBEDDED, EngineOptions, RequestError, VoiceStore, load, load_weights

TEXT = "The kitchen light is on."


def test_an_engine_over_weights_says_the_same() -> None:
    weights = load_weights(EMBEDDED.name)
    assert weights.bytes > 10_000_000 and weights.device.type == "cpu"
    with load(EMBEDDED.name) as engine:
        voice = engine.load_voice(VoiceStore().get("emma"))
        expected = engine.speak(TEXT, voice=voice, seed=1).audio
        fingerprint = engine.fingerprint()
    for _ in range(2):  # closing the first leaves the weights to the second
        with load(weights) as engine:
            assert engine.fingerprint() == fingerprint
            np.testing.assert_array_equal(engine.speak(TEXT, voice=voice, seed=1).audio, expected)


def test_what_one_engine_gave_up_the_next_one_has() -> None:
    weights = load_weights(EMBEDDED.name)
    with load(weights, options=EngineOptions(flow_steps=2, guidance=False)) as quick:
        quick_print = quick.fingerprint()
        voice = quick.load_voice(VoiceStore().get("emma"))
        coarse = quick.speak(TEXT, voice=voice, seed=1).audio
    with load(weights) as engine:
        assert engine.fingerprint() != quick_print
        fine = engine.speak(TEXT, voice=voice, seed=1).audio
    with load(EMBEDDED.name) as engine:
        np.testing.assert_array_equal(engine.speak(TEXT, voice=voice, seed=1).audio, fine)
    assert len(coarse) == len(fine) and not np.array_equal(coarse, fine)


def test_dropped_weights_are_gone_and_their_module_stays() -> None:
    weights = load_weights(EMBEDDED.name)
    names = list(weights.module.state_dict())
    weights.drop()
    assert weights.device.type == "meta" and list(weights.module.state_dict()) == names


def test_a_language_that_is_none_is_refused() -> None:
    with load(EMBEDDED.name) as engine:
        voice = engine.load_voice(VoiceStore().get("emma"))
        with pytest.raises(RequestError, match="no language 'tlh': choose one of en, zh"):
            engine.speak(TEXT, voice=voice, language="tlh")
