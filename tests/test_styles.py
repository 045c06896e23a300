"""Ways of speaking by name."""

from __future__ import annotations

import pytest
from cosyvox.core import PRESETS, RequestError, instruction


def test_every_preset_makes_an_instruction_of_its_own() -> None:
    made = [instruction(**{group: name}) for group, names in PRESETS.items() for name in names]
    assert len(set(made)) == len(made)
    assert all(text and text.endswith("说这句话") for text in made)


def test_presets_and_words_of_ones_own_are_joined() -> None:
    assert instruction(dialect="Sichuan") == "用四川话说这句话"
    both = instruction(emotion="sad", pace="slow", text="  as if it rained  ")
    assert both == "用悲伤的语气，用慢的语速说这句话，as if it rained"
    assert instruction(text="as if it rained") == "as if it rained"


@pytest.mark.parametrize("text", ["", "  \n"])
def test_nothing_asked_is_no_instruction(text: str) -> None:
    assert instruction(emotion=None, dialect="", text=text) is None


@pytest.mark.parametrize("group", PRESETS)
def test_an_unknown_preset_names_the_known_ones(group: str) -> None:
    with pytest.raises(RequestError) as caught:
        instruction(**{group: "Klingon"})
    assert "Klingon" in str(caught.value)
    assert all(name in str(caught.value) for name in PRESETS[group])
