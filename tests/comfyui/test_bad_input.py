"""What ComfyUI shows of input that cannot be spoken, and what else of the graph is left."""

from __future__ import annotations

import re

import prompts
import pytest
from comfyui import Comfy, Refused
from prompts import SPOKEN, Graph, cues

LONG = "This is far too long for so little time."
ERRORS = {
    "nothing to say": (prompts.hello(" \n"), "no letters or digits: there is nothing to say"),
    "another language": (prompts.hello("你好"), r"speaks en only.*use CosyVoice2-0\.5B"),
    "a wrong tag": (prompts.hello("One.\nTwo {speed=9}."), "line 2: speed is '9': write a number from 0.5 to 2"),
    "an instruction": (prompts.instructed("Hi.", emotion="happy"), r"cannot do instruct.*CosyVoice2-0\.5B can"),
    "a cue backwards": (prompts.dubbed(cues((5, 3, "Hi."))), "line 2: the cue begins at .*must end after it begins"),
    "cues without words": (prompts.dubbed(cues((1, 3, ""))), "no cue has words"),
    "a malformed file": (
        prompts.dubbed("1\n00:00:01,000 --> 00:00:02,000\nHi.\n\n2\n00:00:0x,000 -> 00:00:03,000\nHo.\n"),
        "line 5: cue 2 has no times, such as",
    ),
    "no subtitles": (prompts.dubbed("hello world"), "line 1: found 'hello world', expected SRT, WebVTT or ASS"),
    "a day": (prompts.dubbed(cues((86401, 86403, "Hi."))), r"24\.0 h takes .* memory.*cut the clip into parts"),
    "an unknown speaker": (
        prompts.dubbed(cues((1, 3, "[Zoe] Hi.")), cast="Anna = emma"),
        "line 2: there is no voice for Zoe: known are emma, james, lily, oscar",
    ),
    "an unknown voice": (
        prompts.performed("[Zoe] Hi.", cast="Zoe = nobody"),
        "the cast gives Zoe the voice nobody: known are emma",
    ),
    "speech that does not fit": (
        prompts.dubbed(cues((1, 1.2, LONG)), policy="error", length=2.0),
        r"1 cue does not fit: cue 1 .* by \d.*Shorten the text, or allow more stretch",
    ),
    "a silent recording": (prompts.cloned_from_silence(), "silent: check the recording"),
    "a clip without sound": (prompts.cloned_from_a_mute_clip(), "empty: the clip that it comes from may have no sound"),
    "a voice that leaves its folder": (prompts.saved("../x"), "cannot be called '../x'"),
}
ALLOWED = {
    "overlapping cues": (prompts.dubbed(cues((0, 3, "Good morning."), (1, 4, "Good evening."))), "before another"),
    "tags, CRLF and a byte order mark": (
        prompts.dubbed("\ufeff" + cues((1, 3, r"{\an8}<i>Good</i> morning.")).replace("\n", "\r\n")),
        "^1 cue, ",
    ),
    "two hundred cues": (
        prompts.dubbed(cues(*((2 * i, 2 * i + 1.9, f"Line {'ABCDEF'[i % 6]}.") for i in range(200)))),
        "^200 cues",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_the_node_says_what_is_wrong_and_what_to_do(comfy: Comfy, case: str) -> None:
    graph, message = ERRORS[case]
    run = comfy.run(graph)
    assert run.end == "error"
    assert run.error["node_id"] == SPOKEN
    assert re.search(message, run.error["exception_message"]), run.error["exception_message"]
    assert len(run.error["exception_message"].strip().splitlines()) == 1


@pytest.mark.parametrize("case", ALLOWED)
def test_what_can_be_spoken_is(comfy: Comfy, case: str) -> None:
    graph, shown = ALLOWED[case]
    run = comfy.run(graph)
    assert run.end == "success", run.error
    assert re.search(shown, "\n".join(run.shown[SPOKEN]["text"]))


@pytest.mark.parametrize(
    ("graph", "details"),
    [
        (prompts.hello("Hi.", model="CosyVoice9"), "'CosyVoice9' not in"),
        (prompts.hello("Hi.", seed=2**64), "seed"),
        (prompts.hello("Hi.", speed=9.0), "speed"),
        (prompts.instructed("Hi.", emotion="hungry"), "'hungry' not in"),
    ],
)
def test_values_that_no_list_has_are_refused_at_once(comfy: Comfy, graph: Graph, details: str) -> None:
    with pytest.raises(Refused) as refused:
        comfy.run(graph)
    assert details in str(refused.value.node_errors)


def test_the_other_results_survive(comfy: Comfy) -> None:
    good, bad = prompts.hello("This one is spoken."), prompts.hello("你好")
    assert comfy.run(good).end == "success"
    both = comfy.run(prompts.beside(good, bad))
    assert (both.end, both.error["node_id"]) == ("error", f"b{SPOKEN}")
    assert SPOKEN in both.cached
    mended = comfy.run(prompts.beside(good, prompts.hello("And so is this.")))
    assert mended.end == "success" and SPOKEN in mended.cached
    assert mended.shown.keys() == {SPOKEN, f"b{SPOKEN}"}
