"""Transcripts that can, and cannot, be the words of a recording."""

from __future__ import annotations

import pytest
from cosyvox.core.voice.transcript import misfit, speaking_seconds

ENGLISH = "The weather stays dry in the valley, with sunshine from the early morning until the evening."
CHINESE = "希望你以后能够做的比我还好呦。今天天气真不错，我们一起去公园走走吧。"


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        (ENGLISH, 4.0, 7.0),
        (CHINESE, 5.5, 9.0),
        ("今日はとてもいい天気ですね。", 1.5, 3.5),
        ("오늘은 날씨가 아주 좋네요.", 1.0, 2.5),
        ("Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.", 2.8, 5.0),
        ("0171 2345678", 2.5, 5.0),
        ("…!? — \N{GRINNING FACE}", 0.0, 0.0),
    ],
)
def test_how_long_it_takes(text: str, least: float, most: float) -> None:
    assert least <= speaking_seconds(text) <= most


@pytest.mark.parametrize(("text", "slowly"), [(ENGLISH, 11.0), (CHINESE, 16.0)])
def test_slow_and_fast_speakers_fit(text: str, slowly: float) -> None:
    assert misfit(text, slowly) is None
    assert misfit(text, slowly / 3) is None


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_what_cannot_be(text: str) -> None:
    assert "too long for 2.0 s" in (misfit(text, 2.0) or "")
    assert "too short for 29.0 s" in (misfit(text, 29.0) or "")


def test_a_language_takes_its_own_time() -> None:
    """Thirty letters are two seconds, thirty Chinese characters seven."""
    assert misfit("a" * 30, 2.0) is None
    assert misfit("好" * 30, 2.0) is not None


def test_composed_and_decomposed_letters_are_equal() -> None:
    assert speaking_seconds("가") == speaking_seconds("\u1100\u1161")
