"""Forms of English words."""

from __future__ import annotations

import pytest
from cosyvox.train.inflection import inflect


@pytest.mark.parametrize(
    ("word", "s", "past", "participle", "ing"),
    [
        ("walk", "walks", "walked", "walked", "walking"),
        ("stop", "stops", "stopped", "stopped", "stopping"),
        ("open", "opens", "opened", "opened", "opening"),
        ("show", "shows", "showed", "shown", "showing"),
        ("fix", "fixes", "fixed", "fixed", "fixing"),
        ("carry", "carries", "carried", "carried", "carrying"),
        ("enjoy", "enjoys", "enjoyed", "enjoyed", "enjoying"),
        ("lie", "lies", "lay", "lain", "lying"),
        ("agree", "agrees", "agreed", "agreed", "agreeing"),
        ("write", "writes", "wrote", "written", "writing"),
        ("begin", "begins", "began", "begun", "beginning"),
        ("admit", "admits", "admitted", "admitted", "admitting"),
        ("go", "goes", "went", "gone", "going"),
        ("row to the lake", "rows to the lake", "rowed to the lake", "rowed to the lake", "rowing to the lake"),
    ],
)
def test_verbs(word: str, s: str, past: str, participle: str, ing: str) -> None:
    assert [inflect(word, form) for form in ("s", "past", "pp", "ing")] == [s, past, participle, ing]


@pytest.mark.parametrize(
    ("noun", "many"),
    [("floor lamp", "floor lamps"), ("box", "boxes"), ("lady", "ladies"), ("monkey", "monkeys"), ("wolf", "wolves"),
     ("fireman", "firemen"), ("sheep", "sheep"), ("photograph", "photographs"), ("watch", "watches")],
)  # fmt: skip
def test_nouns(noun: str, many: str) -> None:
    assert inflect(noun, "pl") == many
