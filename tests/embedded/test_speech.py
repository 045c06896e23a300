"""The embedded voice speaks: words that a recogniser understands, in the voice of its prompt."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from cosyvox import core
from cosyvox.core.embedded import MODEL, VOICES
from cosyvox.train.pitch import f0
from cosyvox.train.recognise import Recogniser, word_errors

pytest.importorskip("pocketsphinx", reason="words are counted by pocketsphinx: pip install pocketsphinx")

SENTENCES = (
    "The lights in the living room are off.",
    "It is twenty one degrees in the bedroom.",
    "Good evening, welcome home.",
    "The washing machine is done.",
    "Your next meeting is on Monday at nine.",
    "I have locked the front door.",
    "There is no rain today.",
    "The timer is set for ten minutes.",
    "Would you like to hear some music?",
    "The battery of the sensor is low.",
    "Dinner is ready in half an hour.",
    "Somebody is at the door.",
)
MOST_ERRORS = 0.35
NEAR = 0.15  # of the prompt's pitch


@pytest.fixture(scope="module")
def engine() -> Iterator[core.Engine]:
    with core.load("embedded") as engine:
        yield engine


def voices() -> list[str]:
    return sorted(path.name for path in VOICES.iterdir())


def median_pitch(audio: np.ndarray, rate: int) -> float:
    pitch = f0(audio, rate, rate // 50)
    return float(np.median(pitch[pitch > 0]))


@pytest.fixture(scope="module")
def spoken(engine: core.Engine) -> list[tuple[str, core.Voice, core.Speech]]:
    """The sentences, the four voices taking turns."""
    store = core.VoiceStore()
    known = [engine.load_voice(store.get(name)) for name in voices()]
    turns = [(text, known[index % len(known)]) for index, text in enumerate(SENTENCES)]
    return [(text, voice, engine.speak(text, voice=voice, seed=1)) for text, voice in turns]


def test_it_can_be_understood(spoken: list[tuple[str, core.Voice, core.Speech]]) -> None:
    recogniser = Recogniser()
    counts = [word_errors(text, recogniser.hear(speech.audio, speech.sample_rate)) for text, _, speech in spoken]
    wrong, words = map(sum, zip(*counts, strict=True))
    assert wrong / words <= MOST_ERRORS, counts


@pytest.mark.parametrize("interleave", [True, False])
def test_it_can_be_understood_while_the_text_arrives(engine: core.Engine, interleave: bool) -> None:
    recogniser, store = Recogniser(), core.VoiceStore()
    known = [engine.load_voice(store.get(name)) for name in voices()]
    counts = []
    for index, text in enumerate(SENTENCES):
        words = (f"{word} " for word in text.split())
        stream = engine.stream(words, voice=known[index % len(known)], seed=1, interleave=interleave)
        chunks = [chunk.audio for chunk in stream]
        assert len(chunks[0]) >= 0.1 * stream.sample_rate, "the first can be played"
        audio = np.concatenate(chunks)
        counts.append(word_errors(text, recogniser.hear(audio, stream.sample_rate)))
    errors, total = map(sum, zip(*counts, strict=True))
    assert errors / total <= MOST_ERRORS, counts


def test_pitch_follows_the_prompt(spoken: list[tuple[str, core.Voice, core.Speech]]) -> None:
    for name in voices():
        mine = [(voice, speech) for _, voice, speech in spoken if voice.name == name]
        made = np.concatenate([speech.audio for _, speech in mine])
        voice = mine[0][0]
        wanted = median_pitch(voice.recording, voice.sample_rate)
        assert median_pitch(made, mine[0][1].sample_rate) == pytest.approx(wanted, rel=NEAR), name


def test_it_stops_by_itself_and_does_not_clip(spoken: list[tuple[str, core.Voice, core.Speech]]) -> None:
    for text, voice, speech in spoken:
        assert set(speech.warnings) <= set(voice.warnings), text
        assert np.abs(speech.audio).max() < 0.99
        assert 0.1 * len(text) / 2 < speech.seconds < 0.1 * len(text) * 2, text


@pytest.mark.parametrize(
    "text",
    [
        *("你好，今天天气很好。", "Hello. 你好吗？", "Guten Morgen, wie ist das Wetter heute bei euch?"),
        *("Please call Иван at nine.", "The letter я is the last one."),
    ],
)
def test_what_it_cannot_say_is_refused(engine: core.Engine, text: str) -> None:
    voice = engine.load_voice(core.VoiceStore().get(core.DEFAULT_VOICE))
    with pytest.raises(core.RequestError, match=r"speaks en only.*CosyVoice2-0\.5B"):
        engine.speak(text, voice=voice)


@pytest.mark.parametrize("text", ["A café in Zürich.", "It is 5 µm thick, at 20 °C.", "No. 3, 2nd floor: 50 % off!"])
def test_signs_and_borrowed_words_are_not_another_language(engine: core.Engine, text: str) -> None:
    voice = engine.load_voice(core.VoiceStore().get(core.DEFAULT_VOICE))
    assert engine.speak(text, voice=voice, seed=1).seconds > 1


def test_instructions_are_refused(engine: core.Engine) -> None:
    voice = engine.load_voice(core.VoiceStore().get(core.DEFAULT_VOICE))
    with pytest.raises(core.RequestError, match=r"cannot do instruct.*CosyVoice2-0\.5B can"):
        engine.speak("Hello.", voice=voice, instruction="happily")


def test_it_is_small() -> None:
    assert sum(path.stat().st_size for path in MODEL.parent.rglob("*") if path.is_file()) <= 25 << 20
