"""Subtitles as a track: as long as the clip, every cue in its place, and nothing that was not asked for."""

from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import pytest
from actors import RATE, WORD, Actor, company, member, pitch, voice
from cosyvox.core import Cancelled, RequestError, SegmentCache, SpeechRequest, TextError
from cosyvox.core.dub import Cast, Cue, Dub, FitOptions, Original, Renderer, dub

EARLY, LATE = 0.03, 0.08  # seconds of silence that a line has around what is said
NEAR = 0.08  # seconds


def words(count: int) -> str:
    return " ".join(["word"] * count) + "."


def dubbed(*cues: Cue, cast: Cast | None = None, actor: Actor | None = None, cache=None, **options) -> Dub:
    return dub(Renderer(actor or Actor(), cache), cues, cast or company("Alice", "Bob"), **options)


def talk(count: int = 6) -> list[Cue]:
    """Cues of three seconds, four seconds apart, with one second of words and more."""
    names = ("Alice", "Bob", None)
    return [
        Cue(1.0 + 4 * n, 4.0 + 4 * n, f"Line {n}, {words(4 + n % 4)}", names[n % 3], line=4 * n + 1)
        for n in range(count)
    ]


def sounds(audio: np.ndarray, rate: int = RATE) -> list[tuple[float, float]]:
    """Seconds in which there is sound."""
    (loud,) = np.nonzero(np.abs(audio) > 0.005)
    breaks = np.nonzero(np.diff(loud) > 0.02 * rate)[0]
    firsts, lasts = loud[np.r_[0, breaks + 1]], loud[np.r_[breaks, -1]]
    return [(first / rate, (last + 1) / rate) for first, last in zip(firsts, lasts, strict=True)]


def check_report(made: Dub) -> None:
    """Everything that is said to be somewhere is there, whole, and nothing else is."""
    spans = sounds(made.speech, made.sample_rate)
    assert len(spans) == len(made.lines) == len(made.cues)
    for (start, stop), line in zip(spans, made.lines, strict=True):
        assert line.start <= start <= line.start + NEAR
        assert line.end - LATE - NEAR <= stop <= line.end


@pytest.mark.parametrize("length", [25.0, 30.00001, 1234567 / 44_100])
@pytest.mark.parametrize("rate", [24_000, 44_100])
def test_the_track_is_as_long_as_the_clip_to_the_sample(length: float, rate: int) -> None:
    made = dubbed(*talk(), length=length, base=SpeechRequest("", voice("x"), sample_rate=rate))
    assert made.audio.shape == (1, round(length * rate)) and made.sample_rate == rate
    assert made.audio.dtype == np.float32 and np.abs(made.audio).max() <= 10 ** (-1 / 20)
    assert made.speech.shape == made.audio[0].shape
    check_report(made)


@pytest.mark.parametrize("channels", [1, 2])
def test_the_source_gives_length_and_rate(channels: int) -> None:
    source = np.zeros((channels, 30 * 16_000 + 7), np.float32)
    made = dubbed(*talk(), source=(source, 16_000))
    assert made.audio.shape == (1, source.shape[1]) and made.sample_rate == 16_000
    kept = dubbed(*talk(), source=(source, 16_000), original=Original("keep"))
    assert kept.audio.shape == source.shape
    other = dubbed(*talk(), source=(source, 16_000), length=25.0)
    assert other.audio.shape == (1, 25 * 16_000)


def test_without_a_length_it_lasts_until_all_is_over() -> None:
    assert dubbed(Cue(1.0, 9.0, words(4))).audio.shape[1] == 9 * RATE
    made = dubbed(Cue(1.0, 2.0, words(30)))
    assert made.audio.shape[1] / RATE == pytest.approx(made.lines[0].end) and made.lines[0].end > 2.0


def test_lines_that_fit_begin_where_their_cues_do() -> None:
    made = dubbed(*talk(), length=25.0)
    check_report(made)
    for cue, line in zip(talk(), made.lines, strict=True):
        assert line.start == pytest.approx(cue.start, abs=1 / RATE) and line.end <= cue.end
        assert not line.steps and line.overflow == 0 and line.stretch == 1
    assert [cue.text for cue in made.cues] == [cue.text for cue in talk()]


def test_stems_sum_to_the_speech() -> None:
    crowded = [*talk(), Cue(2.0, 3.0, words(9), "Bob"), Cue(22.5, 24.0, "{gain=20} " + words(5), "Alice")]
    for options in (FitOptions(), FitOptions(policy="overlap", shift=0.0, stretch=1.0)):
        made = dubbed(*crowded, length=25.0, fit=options)
        assert set(made.stems) == {"Alice", "Bob", "narrator"} and len(made.stems) == 3
        assert np.allclose(sum(made.stems.values()), made.speech, atol=1e-6, rtol=0)
        assert all(stem.shape == made.speech.shape for stem in made.stems.values())
        assert np.abs(made.speech).max() <= 10 ** (-1 / 20)
    with pytest.raises(KeyError):
        made.stems["Carol"]


def test_everybody_has_their_own_voice() -> None:
    made = dubbed(*talk(), length=25.0)
    for name, stem in made.stems.items():
        spectrum = np.abs(np.fft.rfft(stem))
        strongest = float(np.fft.rfftfreq(len(stem), 1 / RATE)[spectrum.argmax()])
        assert strongest == pytest.approx(pitch(voice("narrator's" if name == "narrator" else name)), abs=3)


TIGHT = [Cue(float(n), n + 1.0, words(3 + n % 3), ("Alice", "Bob")[n % 2]) for n in range(1, 21)]


def test_no_two_voices_are_heard_at_once_unless_that_is_asked_for() -> None:
    for options in (FitOptions(), FitOptions(shift=0.0, stretch=1.0), FitOptions(borrow=False, gap=0.3)):
        made = dubbed(*TIGHT, length=40.0, fit=options)
        assert all(line.end <= after.start for line, after in pairwise(made.lines))
        assert np.abs(np.prod(list(made.stems.values()), axis=0)).max() == 0
    over = dubbed(*TIGHT, length=40.0, fit=FitOptions(policy="overlap", shift=0.0, stretch=1.0, fastest=1.0))
    assert any("overlaps" in line.steps for line in over.lines)
    assert all(line.start == pytest.approx(cue.start, abs=1e-4) for cue, line in zip(TIGHT, over.lines, strict=True))


def test_nothing_is_cut_however_little_time_there_is() -> None:
    cues = [Cue(0.5 * n, 0.5 * n + 0.4, words(6), ("Alice", "Bob")[n % 2]) for n in range(12)]
    for policy in ("spill", "overlap"):
        made = dubbed(*cues, fit=FitOptions(policy=policy))
        for line in made.lines:
            assert line.end - line.start >= 6 * WORD / 1.2 / 1.3
        assert sum(line.overflow for line in made.lines) > 5
    with pytest.raises(RequestError, match=r"12 cues do not fit|cues do not fit.*Shorten the text"):
        dubbed(*cues, fit=FitOptions(policy="error"))


def test_a_clip_that_is_too_short_for_all_the_speech_says_by_how_much() -> None:
    cues = [Cue(0.5 * n, 0.5 * n + 0.4, words(6)) for n in range(12)]
    with pytest.raises(RequestError, match=r"\d\.\d\d s are missing"):
        dubbed(*cues, length=8.0)


def test_stretched_speech_keeps_its_pitch_and_its_words() -> None:
    cues = [Cue(1.0, 2.5, words(7), "Alice"), Cue(2.6, 4.0, words(3), "Bob"), Cue(4.1, 6.0, words(4), "Bob")]
    made = dubbed(*cues, length=8.0, fit=FitOptions(shift=0.0, best_of=1))
    line = made.lines[0]
    assert line.stretch < 0.95 and line.speed == 1.2 and "stretched" in line.steps
    check_report(made)
    stem = made.stems["Alice"]
    assert np.fft.rfftfreq(len(stem), 1 / RATE)[np.abs(np.fft.rfft(stem)).argmax()] == pytest.approx(
        pitch(voice("Alice")), rel=0.01
    )


@pytest.mark.parametrize(
    ("changed", "spoken"),
    [
        (lambda cues: [*cues[:2], Cue(9.0, 12.0, "Now something else.", cues[2].speaker), *cues[3:]], 1),
        (lambda cues: [*cues[:2], Cue(8.05, 8.95, "New.", "Bob"), *cues[2:]], 1),
        (lambda cues: cues[1:], 0),
        (lambda cues: list(reversed(cues)), 0),
        (lambda cues: [Cue(cue.start + 0.7, cue.end + 0.7, cue.text, cue.speaker) for cue in cues], 0),
    ],
)
def test_what_is_new_is_all_that_is_spoken(tmp_path, changed, spoken: int) -> None:
    cache, actor = SegmentCache(tmp_path), Actor()
    before = dubbed(*talk(), actor=actor, cache=cache, length=30.0)
    actor.asked.clear()
    after = dubbed(*changed(talk()), actor=actor, cache=cache, length=30.0)
    assert len({request.text for request in actor.asked}) == spoken
    actor.asked.clear()
    again = dubbed(*talk(), actor=actor, cache=cache, length=30.0)
    assert not actor.asked and np.array_equal(before.audio, again.audio)
    assert after.audio.shape == before.audio.shape


def test_the_same_comes_out_in_whatever_order_it_is_made() -> None:
    alone = dubbed(*talk(12), actor=Actor(slots=1, vary=0.2))
    beside = dubbed(*talk(12), actor=Actor(slots=8, vary=0.2))
    assert np.array_equal(alone.audio, beside.audio) and alone.lines == beside.lines


@pytest.mark.parametrize("seed", [0, 2**64 - 1])
def test_any_seed(seed: int) -> None:
    base = SpeechRequest("", voice("x"), seed=seed)
    made = dubbed(*talk(2), Cue(9.0, 12.0, f"{{seed={seed}}} One more."), base=base)
    assert {line.seed for line in made.lines} == {seed}


def test_two_hundred_cues() -> None:
    cues = [Cue(3.0 * n, 3.0 * n + 2.8, f"Cue {n}, {words(3 + n % 7)}", ("Alice", "Bob")[n % 2]) for n in range(200)]
    made = dubbed(*cues, length=600.0, actor=Actor(slots=8, vary=0.1))
    assert made.audio.shape == (1, 600 * RATE) and len(made.lines) == 200
    check_report(made)


def test_cues_may_lie_on_each_other_be_out_of_order_and_have_no_words() -> None:
    cues = [
        Cue(6.0, 8.0, "Third, she said.", "Alice", 9),
        Cue(1.0, 4.0, "First, she said.", "Alice", 1),
        Cue(2.0, 5.0, "Second, he said.", "Bob", 5),
        *(Cue(5.0, 5.5, text, line=7) for text in ("", "   ", "♪", "[pause:1]")),
    ]
    made = dubbed(*cues, length=10.0)
    assert [cue.text for cue in made.cues] == ["First, she said.", "Second, he said.", "Third, she said."]
    assert made.lines[1].start >= made.lines[0].end
    assert made.warnings == ("cues without words, left out: 4",)
    check_report(made)


@pytest.mark.parametrize(
    ("cue", "error", "message"),
    [
        (Cue(3.0, 2.0, "Hello.", line=4), RequestError, r"^cue 1 \(line 4\) is from 3 to 2 s"),
        (Cue(3.0, 3.0, "Hello."), RequestError, r"^cue 1 is from 3 to 3 s"),
        (Cue(-1.0, 3.0, "Hello."), RequestError, r"^cue 1 is from -1 to 3 s"),
        (Cue(float("nan"), 3.0, "Hello."), RequestError, r"^cue 1 is from nan to 3 s"),
        (Cue(1.0, float("inf"), "Hello."), RequestError, r"^cue 1 is from 1 to inf s"),
        (Cue(12.0, 13.0, "Hello."), RequestError, r"the clip ends at 10\.00 s, and 1 cues? begins? behind that"),
        (
            Cue(1.0, 2.0, "Hello.", "Carol", 3),
            RequestError,
            r"cue 1 \(line 3\): there is no voice for Carol; known are",
        ),
        (Cue(1.0, 2.0, "{speed=9} Hello.", line=3), TextError, r"^cue 1 \(line 3\): .*speed is '9'"),
        (Cue(1.0, 2.0, "♪"), TextError, "no cue with words"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_spoken(cue: Cue, error: type, message: str) -> None:
    actor = Actor()
    with pytest.raises(error, match=message):
        dubbed(cue, actor=actor, length=10.0)
    assert not actor.asked


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"length": 0.0}, "length is 0 s"),
        ({"length": -1.0}, "length is -1 s"),
        ({"length": float("nan")}, "length is nan s"),
        ({"length": 1e9}, "length is 1e"),
        ({"length": 47 * 3600.0}, "GB of memory"),
        ({"reference": "film"}, "no reference 'film': choose one of voice, cue"),
        ({"reference": "cue"}, "only if it is given"),
    ],
)
def test_options_that_cannot_be(options: dict, message: str) -> None:
    actor = Actor()
    with pytest.raises(RequestError, match=message):
        dubbed(*talk(), actor=actor, **options)
    assert not actor.asked


@pytest.mark.parametrize("fields", [{"mode": "mute"}, {"level_db": 13.0}, {"duck_db": 1.0}, {"level_db": float("nan")}])
def test_ways_to_keep_the_original_that_cannot_be(fields: dict) -> None:
    with pytest.raises(RequestError, match="choose"):
        Original(**fields)


def test_cancelled_in_the_middle_keeps_what_was_spoken(tmp_path) -> None:
    cache, stop = SegmentCache(tmp_path), threading.Event()

    def fifth_stops(request: SpeechRequest) -> None:
        if len(actor.asked) == 5:
            stop.set()
            seen.wait(10)

    seen = threading.Event()

    def should_stop() -> bool:
        if stop.is_set():
            seen.set()
        return stop.is_set()

    actor = Actor(slots=1, before=fifth_stops)
    with pytest.raises(Cancelled):
        dubbed(*talk(12), actor=actor, cache=cache, should_stop=should_stop)
    assert len(actor.asked) == 5
    again = Actor()
    dubbed(*talk(12), actor=again, cache=cache)
    assert not set(actor.texts[:4]) & {request.text for request in again.asked if request.speed == actor.asked[0].speed}


def test_errors_say_which_cue() -> None:
    def refuse(request: SpeechRequest) -> None:
        if request.text.startswith("Line 3"):
            raise RequestError("this cannot be said")

    with pytest.raises(RequestError, match=r"^cue 4 \(line 13\): this cannot be said$"):
        dubbed(*talk(), actor=Actor(before=refuse))


@pytest.fixture
def film() -> tuple[np.ndarray, int]:
    """Thirty seconds of two channels: a hum throughout."""
    time = np.arange(30 * 16_000) / 16_000
    hum = 0.1 * np.sin(2 * np.pi * 100 * time)
    return np.stack([hum, -0.5 * hum]).astype(np.float32), 16_000


def test_the_original_is_kept_ducked_or_left_out(film) -> None:
    samples, rate = film
    dry = dubbed(*talk(), source=film)
    assert np.array_equal(dry.audio[0], dry.speech)
    kept = dubbed(*talk(), source=film, original=Original("keep", level_db=-6.0))
    assert np.allclose(kept.audio, samples * 10 ** (-6 / 20) + dry.speech, atol=1e-4)
    ducked = dubbed(*talk(), source=film, original=Original("duck", duck_db=-20.0)).audio - dry.speech
    for line in dry.lines:
        inside = slice(round((line.start + 0.02) * rate), round((line.end - 0.02) * rate))
        assert np.allclose(ducked[:, inside], 0.1 * samples[:, inside], atol=1e-4)
    assert np.allclose(ducked[:, : rate // 2], samples[:, : rate // 2], atol=1e-5), "nobody speaks yet"


def test_a_source_that_is_shorter_or_of_another_rate_is_filled_up(film) -> None:
    base = SpeechRequest("", voice("x"), sample_rate=24_000)
    made = dubbed(*talk(), source=film, length=40.0, original=Original("keep"), base=base)
    assert made.audio.shape == (2, 40 * 24_000)
    background = made.audio - made.speech
    assert np.abs(background[:, 31 * 24_000 :]).max() == 0
    middle = background[0, 12 * 24_000 : 13 * 24_000]
    assert np.abs(middle).max() == pytest.approx(0.1, rel=0.01)


def test_voices_from_the_film() -> None:
    time = np.arange(30 * 16_000) / 16_000
    voiced = (np.sin(2 * np.pi * 2 * time) > -0.5) * (time < 17) * np.sin(2 * np.pi * 150 * time)
    film = (np.stack([voiced, voiced]).astype(np.float32) * 0.3, 16_000)
    cues, actor = talk(), Actor()
    made = dubbed(*cues, actor=actor, source=film, reference="cue")
    heard = [request.voice.name for request in sorted(actor.asked, key=lambda request: request.text)]
    assert len(actor.cloned) >= 2 and heard[0].startswith("cue ")
    assert any("cue 6 (line 21): nobody is heard" in warning for warning in made.warnings)
    assert "Bob" in heard or "narrator's" in heard, "who is silent there speaks as the cast says"


def test_the_cast_says_how_loud_and_how_fast() -> None:
    cast = Cast({"Alice": member("emma", gain=-12), "Bob": member("james", speed=1.5)}, member("lily"))
    actor = Actor()
    made = dubbed(*talk(3), cast=cast, actor=actor, length=15.0, base=SpeechRequest("", voice("x"), gain_db=-3.0))
    peaks = {name: np.abs(stem).max() for name, stem in made.stems.items()}
    assert 20 * np.log10(peaks["Alice"] / peaks["Bob"]) == pytest.approx(-12, abs=0.2)
    assert 20 * np.log10(peaks["narrator"] / 0.2) == pytest.approx(-3, abs=0.2)
    speeds = {request.voice.name: request.speed for request in actor.asked}
    assert speeds["james"] / speeds["lily"] > 1.2


def test_a_name_is_one_speaker_however_it_is_spelt() -> None:
    made = dubbed(Cue(1.0, 3.0, "One.", "ALICE"), Cue(4.0, 6.0, "Two.", "Alice"), Cue(7.0, 9.0, "Three.", " alice "))
    assert list(made.stems) == ["ALICE"]


def test_tags_are_done_and_not_shown() -> None:
    made = dubbed(Cue(1.0, 6.0, "One. [pause:1] {speed=1.1} Two.", line=2), length=8.0)
    assert made.cues[0].text == "One. Two." and made.lines[0].cue.text.startswith("One. [pause")
    assert len(sounds(made.speech)) == 2


def test_progress_reaches_the_end() -> None:
    told = []
    dubbed(*talk(), on_progress=told.append)
    assert told[-1].fraction == 1.0
