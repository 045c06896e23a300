"""Who gets which voice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cosyvox.core import Prompt, RequestError
from cosyvox.core.dub import read_cast
from cosyvox.cosy_nodes.casting import roles, speakers_of
from cosyvox.cosy_nodes.handle import GraphVoice


def linked(name: str = "") -> GraphVoice:
    return GraphVoice(name, Prompt(np.ones(9, np.float32), 24000))


def told(speakers: list[str], voices: dict[str, GraphVoice | None], cast: str = "", **rest: GraphVoice) -> list[str]:
    places = {speaker: f"line {number}" for number, speaker in enumerate(speakers, 1)}
    return [role.told for role in roles(places, voices, read_cast(cast), **rest).values()]


def test_a_voice_of_that_name_comes_first_a_linked_one_before_the_library() -> None:
    voices = {"voice1": linked("Bob"), "voice2": linked("EMMA")}
    assert told(["Emma", "bob", "James"], voices) == ["voice2 (EMMA)", "voice1 (Bob)", "james"]


def test_voices_without_such_a_name_are_given_out_in_order() -> None:
    voices = {"voice1": linked(), "voice2": None, "voice3": linked("emma"), "voice4": linked("x")}
    assert told(["Ann", "Emma", "Ben"], voices) == ["voice1", "voice3 (emma)", "voice4 (x)"]


def test_what_is_written_comes_before_everything() -> None:
    voices = {"voice1": linked(), "voice2": linked("emma")}
    cast = "Emma = voice1 speed=0.9\nann = lily"
    assert told(["Emma", "Ann", "Ben"], voices, cast) == ["voice1", "lily", "voice2 (emma)"]
    parts = roles({"Emma": "line 1"}, voices, read_cast(cast))
    assert parts["Emma"].style.speed == 0.9


def test_one_voice_for_several() -> None:
    assert told(["Ann", "Ben"], {"voice1": linked()}, "Ann = voice1\nBen = voice1") == ["voice1", "voice1"]


def test_who_is_left_gets_the_rest() -> None:
    assert told(["Ann", "Ben"], {"voice1": linked()}, rest=linked("all")) == ["voice1", "voice (all)"]


def test_an_unknown_speaker_is_an_error_with_the_place_and_those_who_are_known() -> None:
    with pytest.raises(RequestError, match=r"^line 2: there is no voice for Ben: known are voice1 \(x\), emma, james"):
        told(["Ann", "Ben"], {"voice1": linked("x")})


def test_an_unknown_voice_in_the_cast() -> None:
    with pytest.raises(RequestError, match=r"^the cast gives Ann the voice voice7: known are voice1, emma"):
        told(["Ann"], {"voice1": linked()}, "Ann = voice7")


def test_a_large_library_is_not_listed_whole(tmp_path: Path, prompt_wav: Path) -> None:
    for number in range(20):
        folder = tmp_path / "home" / "voices"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"v{number}.wav").write_bytes(prompt_wav.read_bytes())
    with pytest.raises(RequestError, match=r"and 12 more; link another"):
        told(["Ann"], {})


def test_a_name_is_one_speaker_however_it_is_spelled() -> None:
    places = [("Ann", "line 1"), (None, "line 2"), ("ANN", "line 3"), ("Ben", "line 4")]
    assert speakers_of(places) == {"Ann": "line 1", "Ben": "line 4"}
