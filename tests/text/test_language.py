"""The language of a text that somebody names, and of one that nobody does."""

from __future__ import annotations

import pytest
from cosyvox.core.text.front import prepare
from cosyvox.core.text.language import settled


@pytest.mark.parametrize(
    ("text", "named", "language"),
    [
        ("Room 12", "de", "de"),
        ("東京", "ja", "ja"),
        ("東京です", "zh", "ja"),
        ("北京", "en", "zh"),
        ("iPhone 15", "zh", "zh"),
        ("서울", "en", "ko"),
        ("12", "zh", "zh"),
    ],
)
def test_a_named_language_holds_where_the_script_allows_it(text: str, named: str, language: str) -> None:
    assert settled(text, named) == language


class Letters:
    def encode(self, text: str, *, allowed: object = ()) -> list[int]:
        return list(map(ord, text))


def test_numbers_are_read_in_the_named_language() -> None:
    said = {language: prepare("12", Letters(), language=language)[0].text for language in ("en", "zh", "de")}
    assert said["en"].startswith("twelve") and "十二" in said["zh"] and len(set(said.values())) == 3
    assert prepare("12", Letters())[0].text == said["en"]
