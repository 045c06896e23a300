"""Scripts as sound: who is heard when, and how."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from actors import LEAD, RATE, TAIL, WORD, Actor, company, member, pitch, voice
from cosyvox.core import Cancelled, RequestError, SegmentCache, SpeechRequest, TextError
from cosyvox.core.dub import Cast, Performance, Renderer, perform, read_script

FRAME = 0.02  # seconds: as precisely as the ends of speech are found
TALK = "[Alice] One two three.\n[Bob] Four five?\n[Alice] Six."


def performed(text: str, cast: Cast | None = None, actor: Actor | None = None, cache=None, **options) -> Performance:
    cast = cast or company("Alice", "Bob")
    return perform(Renderer(actor or Actor(), cache), read_script(text), cast, **options)


def heard(audio: np.ndarray) -> list[tuple[float, float]]:
    """Seconds in which there is sound: anything that pauses shorter than 30 ms do not interrupt."""
    (loud,) = np.nonzero(np.abs(audio) > 0.01)
    breaks = np.nonzero(np.diff(loud) > 0.03 * RATE)[0]
    return [
        (first / RATE, (last + 1) / RATE)
        for first, last in zip(loud[np.r_[0, breaks + 1]], loud[np.r_[breaks, -1]], strict=True)
    ]


def frequency(audio: np.ndarray) -> float:
    return float(np.fft.rfftfreq(len(audio), 1 / RATE)[np.abs(np.fft.rfft(audio)).argmax()])


def test_turns_follow_each_other_with_the_gap_between_them() -> None:
    made = performed(TALK, gap=0.5)
    spans = heard(made.audio)
    assert [stop - start for start, stop in spans] == pytest.approx([3 * WORD, 2 * WORD, 1 * WORD], abs=FRAME)
    for (_, stop), (start, _) in pairwise(spans):
        assert start - stop == pytest.approx(0.5, abs=3 * FRAME)
    assert made.audio.dtype == np.float32 and made.sample_rate == RATE


def test_every_speaker_has_their_own_voice_and_stem() -> None:
    made = performed(TALK)
    assert list(made.stems) == ["Alice", "Bob"]
    assert all(stem.shape == made.audio.shape and stem.dtype == np.float32 for stem in made.stems.values())
    assert np.array_equal(sum(made.stems.values()), made.audio)
    for name, stem in made.stems.items():
        assert frequency(stem) == pytest.approx(pitch(voice(name)), abs=3)


def test_cues_say_who_is_heard_when() -> None:
    made = performed(TALK)
    assert [(cue.speaker, cue.text) for cue in made.cues] == [
        ("Alice", "One two three."),
        ("Bob", "Four five?"),
        ("Alice", "Six."),
    ]
    for cue, (start, stop) in zip(made.cues, heard(made.audio), strict=True):
        assert cue.start <= start <= cue.start + 0.08 and cue.end - 0.13 <= stop <= cue.end
    (alone,) = performed("[Alice] One.").cues
    assert alone.speaker is None, "one voice alone needs no name"


def test_a_long_passage_has_a_cue_for_each_sentence() -> None:
    made = performed("[Alice] [pause:1] One two. Three four. Five six.\n[Bob] Seven.")
    assert [cue.text for cue in made.cues] == ["One two.", "Three four.", "Five six.", "Seven."]
    first, second, third, _ = made.cues
    assert first.start == pytest.approx(1.0, abs=0.05) and first.end == second.start and second.end == third.start
    whole = 6 * WORD + LEAD + TAIL
    assert second.start == pytest.approx(1.0 - LEAD + whole / 3, abs=2 * FRAME)
    assert third.end == pytest.approx(1.0 + 6 * WORD + 0.08, abs=2 * FRAME), "where it was trimmed"


@pytest.mark.parametrize(("tag", "seconds"), [("[pause:1.5]", 1.5), ("[pause:400ms]", 0.4), ("[pause]", 0.5)])
def test_a_pause_that_is_asked_for_is_heard(tag: str, seconds: float) -> None:
    for text in (f"[Alice] One. {tag} Two.", f"[Alice] One.\n[Bob] {tag} Two.", f"[Alice] One. {tag}\n[Bob] Two."):
        (_, stop), (start, _) = heard(performed(text).audio)
        assert start - stop == pytest.approx(seconds, abs=3 * FRAME), text


def test_silence_at_the_ends_is_heard_too() -> None:
    made = performed("[pause:1] One. [pause:2]", company())
    ((start, stop),) = heard(made.audio)
    assert start == pytest.approx(1.0, abs=2 * FRAME)
    assert len(made.audio) / RATE - stop == pytest.approx(2.0, abs=2 * FRAME)


def test_what_is_asked_in_the_text_goes_before_the_cast_and_that_before_the_whole() -> None:
    actor = Actor()
    cast = Cast({"Alice": member("emma", speed=0.9, seed=7, instruct="softly", language="fr"), "Bob": member("james")})
    base = SpeechRequest("", voice("emma"), seed=3, speed=1.1, instruction="loudly", language="de")
    text = '[Alice] One. {speed=1.2 seed=8 instruct="sadly" lang=en} Two. {} Three.\n[Bob] Four.'
    performed(text, cast, actor, base=base)
    asked = {request.text: request for request in actor.asked}
    assert [asked[text].instruction for text in ("One.", "Two.", "Three.", "Four.")] == [
        *("softly", "sadly", "softly", "loudly"),
    ]
    assert [asked[text].language for text in ("One.", "Two.", "Four.")] == ["fr", "en", "de"]
    assert [asked[text].speed for text in ("One.", "Two.", "Four.")] == pytest.approx([0.99, 1.188, 1.1])
    assert len({request.seed for request in actor.asked}) == 4


def test_the_seed_of_the_text_is_the_seed() -> None:
    seeds = []
    for text in ("[Alice] {seed=5} One.", "[Alice] One."):
        actor = Actor()
        performed(text, None, actor, base=SpeechRequest("", voice("x"), seed=5))
        seeds.append(actor.asked[0].seed)
    assert seeds[0] == seeds[1]


def test_loudness_that_is_asked_for_is_relative() -> None:
    cast = Cast({"Alice": member("emma"), "Bob": member("james", gain=-6)})
    made = performed("[Alice] One.\n[Bob] Two.\n[Alice] {gain=6} Three.", cast)
    levels = [np.abs(made.audio[round(start * RATE) : round(stop * RATE)]).max() for start, stop in heard(made.audio)]
    decibels = 20 * np.log10(np.array(levels) / levels[0])
    assert decibels == pytest.approx([0, -6, 6], abs=0.1)
    loud = performed("[Alice] {gain=30} One.\n[Bob] Two.")
    assert np.abs(loud.audio).max() <= 10 ** (-1 / 20)
    assert np.array_equal(sum(loud.stems.values()), loud.audio)


@pytest.mark.parametrize(
    "changed",
    [
        "[Alice] One two three.\n[Bob] Four five, changed?\n[Alice] Six.",
        "[Alice] One two three.\n[Bob] A new one.\n[Bob] Four five?\n[Alice] Six.",
        "[Bob] A new one.\n" + TALK,
        TALK + "\n[Bob] A new one.",
    ],
)
def test_one_line_that_is_new_is_all_that_is_spoken(tmp_path, changed: str) -> None:
    cache, actor = SegmentCache(tmp_path), Actor()
    performed(TALK, None, actor, cache)
    assert len(actor.asked) == 3
    performed(changed, None, actor, cache)
    assert len(actor.asked) == 4
    performed(TALK, None, actor, cache)
    assert len(actor.asked) == 4


def test_who_speaks_without_a_name() -> None:
    made = performed("One.\n[Alice] Two.\n[ALICE] Three.", company("Alice"), narrator="voice")
    assert list(made.stems) == ["voice", "Alice"]


def test_unknown_speakers_are_named_with_their_line_and_nothing_is_spoken() -> None:
    actor = Actor()
    with pytest.raises(RequestError, match=r"^line 2: there is no voice for Carol; known are: Alice, Bob$"):
        performed("[Alice] One.\n[Carol] Two.", None, actor)
    assert not actor.asked


def test_a_turn_without_words_is_refused() -> None:
    with pytest.raises(TextError, match="nothing to say"):
        perform(Renderer(Actor()), [], company())


def test_errors_name_the_line() -> None:
    def refuse(request: SpeechRequest) -> None:
        raise RequestError("this cannot be said")

    with pytest.raises(RequestError, match=r"^line [123]: this cannot be said$"):
        performed(TALK, None, Actor(before=refuse))


def test_it_can_be_stopped_and_is_told_of() -> None:
    told = []
    performed(TALK, on_progress=told.append)
    assert told[-1].fraction == 1.0
    with pytest.raises(Cancelled):
        performed(TALK, should_stop=lambda: True)
