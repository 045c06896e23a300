"""Takes: how fast a line is spoken, and how often."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from actors import RATE, WORD, Actor, company, voice
from cosyvox.core import SegmentCache, SpeechRequest
from cosyvox.core.dub import Cue, FitOptions, Renderer
from cosyvox.core.dub.lines import spoken_lines
from cosyvox.core.dub.takes import Take, best_takes, pace, take_seed

BASE = SpeechRequest("", voice("narrator's"))
EXACT = FitOptions(gap=0.0)
EDGES = 0.03 + 0.08  # seconds that stay around what is said


def words(count: int) -> str:
    return " ".join(["word"] * count) + "."


def takes(actor: Actor, *cues: Cue, options: FitOptions = EXACT, cache=None, base=BASE, **tools) -> list[Take]:
    lines = spoken_lines(cues, company(), "narrator", 1000.0)
    return best_takes(Renderer(actor, cache), lines, base, options, 1000.0, **tools)


def slot(count: int) -> float:
    """Seconds that as many words take at speed 1."""
    return count * WORD + EDGES


@pytest.mark.parametrize(("needed", "speed"), [(1.0, 1.0), (1.1, 1.1), (0.9, 0.9), (2.0, 1.2), (0.3, 1.0)])
def test_a_line_is_spoken_at_the_speed_that_fits_its_slot(needed: float, speed: float) -> None:
    (take,) = takes(Actor(), Cue(5.0, 5.0 + slot(10) / needed, words(10)))
    assert take.speed == pytest.approx(speed, abs=0.03)
    assert take.length.natural == pytest.approx(slot(10), abs=0.05)
    assert take.seconds == pytest.approx(len(take.audio) / RATE)
    assert take.seconds == pytest.approx(10 * WORD / take.speed + EDGES, abs=0.04)
    assert np.abs(take.audio[: round(0.02 * RATE)]).max() < 0.01 < np.abs(take.audio).max()


def test_a_line_that_fits_is_spoken_at_most_twice() -> None:
    actor = Actor()
    takes(actor, *(Cue(10.0 * n, 10.0 * n + slot(8), words(8 + n % 2)) for n in range(6)))
    assert len(actor.asked) <= 12
    assert len({request.seed for request in actor.asked}) == 2, "the same words: the same utterance, faster"


def test_of_lines_that_do_not_fit_the_best_of_several_is_kept() -> None:
    cue = Cue(5.0, 5.0 + slot(10) / 1.5, words(10))
    lengths = {}
    for count in (1, 2, 8):
        actor = Actor(vary=0.2)
        (take,) = takes(actor, cue, Cue(cue.end, 60.0, words(3)), options=FitOptions(best_of=count, gap=0.0))[:1]
        lengths[count] = take.length.natural
        seeds = {request.seed for request in actor.asked if request.text == words(10)}
        assert len(seeds) == count
        assert (take.seed, take.number) in {(take_seed(0, number), number) for number in range(count)}
    assert lengths[8] < lengths[1] and lengths[8] <= lengths[2] <= lengths[1]


def test_the_seed_that_is_told_says_the_same_again() -> None:
    """What a report names can be written into the text."""
    cue = Cue(5.0, 5.0 + slot(10) / 1.5, words(10))
    crowd, options = Cue(cue.end, 60.0, words(3)), FitOptions(best_of=8, gap=0.0)
    (take, _) = takes(Actor(vary=0.2), cue, crowd, options=options)
    assert take.number > 0
    again = replace(cue, text=f"{{seed={take.seed}}} {cue.text}")
    (same, _) = takes(Actor(vary=0.2), again, crowd, options=replace(options, best_of=1))
    assert np.array_equal(same.audio, take.audio)


def test_what_is_asked_for_in_a_cue_is_heard() -> None:
    text = "[pause:1] One two. [pause:0.7] {speed=1.5 gain=-6} Three four. {} Five six."
    actor = Actor()
    (take,) = takes(actor, Cue(0.0, 5.2, text))
    relative = {request.text: request.speed / take.speed for request in actor.asked}
    assert relative["Three four."] == pytest.approx(1.5 * relative["One two."], rel=0.01)
    loud = np.abs(take.audio)
    first = int(np.argmax(loud > 0.01)) / RATE
    assert first == pytest.approx(1.0, abs=0.05)
    length = 2 * WORD / take.speed
    second = loud[round((first + length + 0.1) * RATE) : round((first + length + 0.6) * RATE)]
    assert second.max() < 1e-4, "the pause"
    third = loud[round((first + length + 0.7 + 0.1) * RATE) :][: round(0.2 * RATE)]
    assert third.max() == pytest.approx(0.5 * loud.max(), rel=0.02)


def test_seeds_in_the_text_are_kept_by_the_first_take() -> None:
    crowded = (Cue(0.0, 1.0, "{seed=9} " + words(10)), Cue(1.0, 60.0, "{seed=9} One."))
    actor = Actor()
    takes(actor, *crowded, base=replace(BASE, seed=3), options=FitOptions(best_of=3))
    other = Actor()
    takes(other, *(replace(cue, text=cue.text[9:]) for cue in crowded), base=replace(BASE, seed=9))
    assert actor.asked[0].seed == other.asked[0].seed
    assert len({request.seed for request in actor.asked if "word" in request.text}) == 3


def test_a_changed_line_is_all_that_is_spoken_again(tmp_path) -> None:
    cache, actor = SegmentCache(tmp_path), Actor(vary=0.1)
    cues = [Cue(10.0 * n, 10.0 * n + slot(8), f"Line {n}, {words(6)}") for n in range(20)]
    takes(actor, *cues, cache=cache)
    actor.asked.clear()
    inserted = Cue(65.0, 65.0 + slot(4), "And one more line.")
    changed = replace(cues[3], text="Line three, now with fewer words.")
    takes(actor, *cues[:3], changed, *cues[4:7], inserted, *cues[7:], cache=cache)
    assert {request.text for request in actor.asked} == {"And one more line.", "Line three, now with fewer words."}
    actor.asked.clear()
    takes(actor, *cues, cache=cache)
    assert not actor.asked


def test_progress_ends_at_the_end() -> None:
    told = []
    takes(Actor(), Cue(0.0, 1.0, words(10)), Cue(1.0, 2.0, words(4)), on_progress=told.append)
    assert told[-1].fraction == 1.0 and told[0].fraction < 0.34


def test_a_speed_that_nobody_can_speak_at_is_left_to_the_engine_to_refuse() -> None:
    for speed in (100.0, 0.4):
        actor = Actor()
        takes(actor, Cue(0.0, 5.0, words(10)), base=replace(BASE, speed=speed))
        assert actor.asked[0].speed == pytest.approx(speed, rel=0.2)


def test_a_voice_that_is_slow_is_expected_to_be() -> None:
    assert pace(voice("x")) == 1.0
    quick = replace(voice("x", "These are twelve words that are said in a rather short time."), sample_rate=100)
    lengths = [pace(replace(quick, recording=np.zeros(100 * seconds, np.float32))) for seconds in (1, 3, 4, 30)]
    assert lengths == sorted(lengths) and lengths[0] == 0.6 and lengths[-1] == 1.7
