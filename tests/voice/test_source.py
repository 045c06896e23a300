"""A recording that is to be converted is cut into parts that the speech tokenizer can hear, and none of it is lost."""

from __future__ import annotations

import numpy as np
import pytest
from cosyvox.core import AudioError
from cosyvox.core.voice import source
from cosyvox.core.voice.source import LONGEST, RATE, TOKEN, source_parts
from parity import speech_like


def test_a_short_one_is_one_part() -> None:
    samples = speech_like("tests/source", 3.017, RATE)[None]
    (part,) = source_parts(samples, RATE)
    assert len(part) == -(-samples.shape[1] // TOKEN) * TOKEN
    assert np.array_equal(part[: samples.shape[1]], samples[0])
    assert not part[samples.shape[1] :].any()


def test_a_long_one_is_cut_where_it_is_quiet() -> None:
    noise = np.random.default_rng(1).standard_normal(70 * RATE).astype(np.float32) * 0.1
    quiet = [25 * RATE, 50 * RATE]
    for place in quiet:
        noise[place - RATE // 5 : place + RATE // 5] = 0.0
    parts = source_parts(noise[None], RATE)
    assert len(parts) == 3
    assert all(len(part) % TOKEN == 0 and len(part) <= LONGEST * TOKEN for part in parts)
    assert np.array_equal(np.concatenate(parts)[: len(noise)], noise)
    for stop, place in zip(np.cumsum([len(part) for part in parts]), quiet, strict=False):
        assert abs(int(stop) - place) < RATE // 5


def test_rates_and_channels() -> None:
    samples = speech_like("tests/source", 2.0, 44_100)
    (part,) = source_parts(np.stack((samples, samples)), 44_100)
    assert len(part) == 2 * RATE


@pytest.mark.parametrize(
    ("samples", "message"),
    [(np.zeros((1, RATE), np.float32), "silent"), (np.full((1, RATE), np.nan, np.float32), "not numbers")],
)
def test_what_cannot_be_converted(samples: np.ndarray, message: str) -> None:
    with pytest.raises(AudioError, match=message):
        source_parts(samples, RATE)


def test_a_part_is_never_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "LONGEST", 30)
    monkeypatch.setattr(source, "_SEARCHED", 20)
    parts = source_parts(speech_like("tests/source", 5.0, RATE)[None], RATE)
    assert all(len(part) for part in parts) and sum(map(len, parts)) == 5 * RATE
