"""Many utterances: what is kept, what is made again, and what happens when one of them goes wrong."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from actors import Actor, voice
from cosyvox.core import Busy, Cancelled, RequestError, SegmentCache, SpeechRequest
from cosyvox.core.dub import Renderer
from cosyvox.core.dub.render import content_seed
from cosyvox.core.text.lexicon import Lexicon

EMMA = voice("emma")


def requests(*texts: str, **fields) -> list[SpeechRequest]:
    return [SpeechRequest(text, EMMA, **fields) for text in texts]


def test_each_request_gets_its_own_speech_in_order() -> None:
    actor = Actor(slots=3)
    texts = [" ".join(["word"] * count) for count in (5, 1, 4, 2, 3, 1)]
    speeches = Renderer(actor).render(requests(*texts))
    lengths = [len(speech.audio) for speech in speeches]
    assert lengths[1] == lengths[5] < lengths[3] < lengths[4] < lengths[2] < lengths[0]
    assert len(actor.asked) == 5, "the same line is spoken once"
    assert Renderer(actor).render([]) == []


def test_only_what_is_new_is_spoken(tmp_path) -> None:
    cache = SegmentCache(tmp_path)
    before = Renderer(Actor(), cache).render(requests("One.", "Two.", "Three."))
    actor = Actor()
    after = Renderer(actor, cache).render(requests("Nought.", "One.", "Two, changed.", "Three."))
    assert sorted(actor.texts) == ["Nought.", "Two, changed."]
    for old, new in ((0, 1), (2, 3)):
        assert np.array_equal(before[old].audio, after[new].audio)
    actor.asked.clear()
    Renderer(actor, cache).render(requests("Three.", "Nought."))
    assert not actor.asked


CHANGES = {
    "text": "Two.",
    "voice": voice("james"),
    "seed": 1,
    "instruction": "softly",
    "language": "de",
    "lexicon": Lexicon({"one": "won"}),
    "mode": "cross_lingual",
    "speed": 1.1,
    "gain_db": 3.0,
    "sample_rate": 16_000,
    "dtype": "bfloat16",
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_changes_the_sound_is_spoken_again(tmp_path, name: str) -> None:
    cache, actor = SegmentCache(tmp_path), Actor()
    (request,) = requests("One.")
    for asked in (request, replace(request, **{name: CHANGES[name]}), request):
        Renderer(actor, cache).render([asked])
    assert len(actor.asked) == 2


def test_seeds_follow_from_what_is_said_and_not_from_how_fast_or_where() -> None:
    (one, two) = requests("One.", "Two.", seed=2**64 - 1)
    seeds = {content_seed(one), content_seed(two), content_seed(replace(one, seed=0))}
    assert len(seeds) == 3
    assert content_seed(one) == content_seed(replace(one, speed=1.3, gain_db=-3.0, sample_rate=16_000))
    first, second = Actor(), Actor()
    Renderer(first).render([one, two])
    Renderer(second).render([two, one])
    assert {(asked.text, asked.seed) for asked in first.asked} == {(asked.text, asked.seed) for asked in second.asked}
    assert all(0 <= asked.seed < 2**63 for asked in first.asked)


def test_the_same_comes_out_whoever_is_done_first() -> None:
    texts = [f"Line {number}, and {'more ' * (number % 4)}words." for number in range(40)]
    turns = iter(threading.Event() for _ in range(40))
    waiting: list[threading.Event] = []

    def last_first(request: SpeechRequest) -> None:
        """Lets whoever began before go only when the next one has begun."""
        if waiting:
            waiting.pop().set()
        mine = next(turns)
        waiting.append(mine)
        mine.wait(0.05)

    alone = Renderer(Actor(slots=1, vary=0.2)).render(requests(*texts))
    beside = Renderer(Actor(slots=8, vary=0.2, before=last_first)).render(requests(*texts))
    assert all(np.array_equal(one.audio, other.audio) for one, other in zip(alone, beside, strict=True))


def test_an_error_says_where_and_ends_all() -> None:
    def refuse(request: SpeechRequest) -> None:
        if request.text == "Three.":
            raise RequestError("this cannot be said")

    actor = Actor(slots=1, before=refuse)
    texts = ("One.", "Two.", "Three.", "Four.", "Five.")
    with pytest.raises(RequestError, match=r"^cue 3: this cannot be said$"):
        Renderer(actor).render(requests(*texts), labels=[f"cue {number}" for number in range(1, 6)])
    assert actor.texts == ["One.", "Two.", "Three."]


def test_a_defect_is_not_hidden() -> None:
    def fail(request: SpeechRequest) -> None:
        raise ZeroDivisionError("a defect")

    with pytest.raises(ZeroDivisionError, match="a defect"):
        Renderer(Actor(before=fail)).render(requests("One."), labels=["cue 1"])


def test_stopped_in_the_middle_what_was_spoken_is_kept(tmp_path) -> None:
    cache, stop = SegmentCache(tmp_path), threading.Event()

    def third_stops(request: SpeechRequest) -> None:
        if request.text == "Three.":
            stop.set()
            third.wait(10)  # until the batch has seen it: a stop is seen at the next step

    third = threading.Event()
    seen: list[bool] = []

    def should_stop() -> bool:
        seen.append(stop.is_set())
        if stop.is_set():
            third.set()
        return stop.is_set()

    actor = Actor(slots=1, before=third_stops)
    with pytest.raises(Cancelled):
        Renderer(actor, cache).render(requests("One.", "Two.", "Three.", "Four."), should_stop=should_stop)
    assert actor.texts == ["One.", "Two.", "Three."]
    assert seen[-1] and seen.count(True) == 1, "asked no more when the answer was yes"
    again = Actor()
    Renderer(again, cache).render(requests("One.", "Two.", "Three.", "Four."))
    assert sorted(again.texts) in (["Four."], ["Four.", "Three."])


def test_who_is_refused_asks_again(monkeypatch) -> None:
    monkeypatch.setattr("cosyvox.core.dub.render._BUSY_SECONDS", 0.001)
    refused: list[str] = []

    def busy(request: SpeechRequest) -> None:
        if refused.count(request.text) < 3:
            refused.append(request.text)
            raise Busy("as many wait as may")

    speeches = Renderer(Actor(before=busy)).render(requests("One.", "Two."))
    assert len(speeches) == 2 and len(refused) == 6


def test_progress_goes_one_way_and_to_the_end(tmp_path) -> None:
    cache = SegmentCache(tmp_path)
    Renderer(Actor(), cache).render(requests("One.", "Two."))
    for texts in (("One.", "Two.", "Three.", "Four."), ("One.", "Two.")):
        told = []
        Renderer(Actor(), cache).render(requests(*texts), on_progress=told.append)
        fractions = [now.fraction for now in told]
        assert fractions == sorted(fractions) and fractions[-1] == 1.0
        assert fractions[0] >= 0.5, "what is kept is done"
