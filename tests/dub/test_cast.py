"""Who speaks with which voice: casts as they are written, and as speakers are looked up in them."""

from __future__ import annotations

import pytest
from actors import company, member
from cosyvox.core import RequestError, TextError
from cosyvox.core.dub import Cast, CastLine, Style, read_cast, speaker_names

PLAIN = {"Alice": CastLine("emma"), "Bob": CastLine("james", Style(speed=0.95))}


@pytest.mark.parametrize(
    "text",
    [
        "Alice = emma\nBob = james speed=0.95",
        "Alice=emma,Bob=james speed=0.95",
        "Alice=emma; Bob=james, speed=0.95;",
        "\r\nAlice : emma\r\n\r\n  Bob：james   speed:0.95\r\n",
        '"Alice" = "emma"，“Bob” = 「james」 speed = 0.95',
    ],
)
def test_entries_are_parted_by_lines_semicolons_or_commas(text: str) -> None:
    assert read_cast(text) == PLAIN


def test_all_settings() -> None:
    text = 'Alice = emma speed=0.9 seed=18446744073709551615, gain=-2 instruct="slow; sad, x = y" lang=zh-CN'
    style = Style(0.9, 2**64 - 1, "slow; sad, x = y", "zh", -2.0)
    assert read_cast(text) == {"Alice": CastLine("emma", style)}


def test_names_may_be_of_any_script_and_have_blanks_and_quotes() -> None:
    text = "Dr. O'Brien = my voice gain=1; 小明＝voice1，\"A, B = C\" = 'not quoted', D'Arcy=james instruct='a; b'"
    assert read_cast(text) == {
        "Dr. O'Brien": CastLine("my voice", Style(gain=1.0)),
        "小明": CastLine("voice1"),
        "A, B = C": CastLine("not quoted"),
        "D'Arcy": CastLine("james", Style(instruct="a; b")),
    }


@pytest.mark.parametrize("text", ["", " \n\n ", ";;", " , "])
def test_nobody_is_cast(text: str) -> None:
    assert read_cast(text) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Alice", r"^line 1: 'Alice' gives nobody a voice: write Alice = emma"),
        ("Alice = emma\nBob =", r"^line 2: 'Bob =' gives nobody a voice"),
        ("= emma", r"^line 1: '= emma' gives nobody a voice"),
        ("Alice = emma\n\nalice = james", r"^line 3: alice has two voices: leave one out"),
        ("Alice = emma sped=0.9", r"^line 1: there is no setting 'sped'"),
        ("Bob = james\nAlice = emma speed=9", r"^line 2: speed is '9': write a number from 0\.5 to 2"),
        ('Alice = emma instruct="sad', r"^line 1: the quote '\"sad' is not closed"),
        ("Alice = emma speed=0.9 loud", r"^line 1: .*loud"),
    ],
)
def test_what_cannot_be_meant_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(TextError, match=message):
        read_cast(text)


def test_a_speaker_is_found_in_any_case() -> None:
    cast = Cast({"Alice": member("emma"), "straße": member("james")})
    assert cast.member(" ALICE ", "line 1").voice.name == "emma"
    assert cast.member("STRASSE", "line 1").voice.name == "james"


def test_who_is_not_named_is_the_default() -> None:
    cast = company("Alice", default="lily")
    assert cast.member(None, "line 1").voice.name == "lily"
    with pytest.raises(RequestError, match=r"^line 7: nobody is named, and there is no voice for that"):
        company("Alice", default=None).member(None, "line 7")


def test_an_unknown_speaker_names_the_known_ones() -> None:
    with pytest.raises(RequestError, match=r"^cue 3: there is no voice for Carol; known are: Alice, Bob$"):
        company("Alice", "Bob").member("Carol", "cue 3")


def test_one_voice_alone_speaks_for_all() -> None:
    assert company(default="lily").member("Carol", "line 1").voice.name == "lily"


def test_a_name_is_the_same_however_it_is_spelt() -> None:
    names = speaker_names(["Alice", None, "ALICE", "Old  Bob", "old Bob"], "narrator")
    assert names == ["Alice", "narrator", "Alice", "Old  Bob", "Old  Bob"]
