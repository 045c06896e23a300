"""Speech that is heard while it is made, on a small model that utters noise."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from cosyvox.core import (
    AudioChunk,
    Cancelled,
    Engine,
    EngineOptions,
    RequestError,
    SpeechStream,
    TextError,
    Voice,
    load,
)
from cosyvox.core import noise as randomness
from cosyvox.core.flow.flow import FlowInput
from cosyvox.core.live_master import LiveMaster
from cosyvox.core.runtime import Runtime
from cosyvox.core.vocoder.stretch import Stretch
from numpy.typing import NDArray

# Seeded weights do not end by themselves: about 20 speech tokens to a text token.
TEXT = "Good day to you."
TWO = f"{TEXT} I am at home and so is he. Der zweite Satz ist nicht in der Sprache."


def runtime(engine: Engine) -> Runtime:
    return engine._models.get()


def read(stream: SpeechStream) -> tuple[list[AudioChunk], NDArray[np.float32]]:
    chunks = list(stream)
    return chunks, np.concatenate([chunk.audio for chunk in chunks])


@torch.inference_mode()
def whole(engine: Engine, voice: Voice, stream: SpeechStream, seed: int, speed: float = 1.0) -> NDArray[np.float32]:
    """What a stream's ids sound like, every stage computed in one go, under the chunk mask."""
    working, master = runtime(engine), LiveMaster(engine.sample_rate)
    pipeline, audio = working.pipeline, []
    cut = working.cut(len(voice.speech_tokens))
    for index, segment in enumerate(stream.summary().segments):
        ids = torch.from_numpy(np.concatenate((voice.speech_tokens[cut:], segment.speech_tokens))).long()
        prompt = torch.from_numpy(voice.mel[2 * cut :])
        (mel,) = pipeline.flow([FlowInput(ids, prompt, torch.from_numpy(voice.x_vector))], chunked=True)
        stretch = Stretch(speed)
        mel = torch.cat((stretch.feed(mel), stretch.finish()))
        if index:
            audio.append(master.next_segment(stream.summary().segments[index - 1].text))
        audio.append(master.feed(pipeline.waveform(mel, seed=randomness.derive(seed, index))))
    return np.concatenate([*audio, master.finish()])


@pytest.mark.parametrize("speed", [1.0, 0.5, 1.7])
def test_streamed_equals_whole(engine: Engine, voice: Voice, speed: float) -> None:
    stream = engine.stream(TWO, voice=voice, seed=3, speed=speed)
    chunks, audio = read(stream)
    assert len(chunks) > 4
    assert [chunk.final for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert all(chunk.sample_rate == 24_000 and chunk.audio.dtype == np.float32 for chunk in chunks)
    expected = whole(engine, voice, stream, 3, speed)
    assert len(audio) == len(expected)
    # Not the largest difference: the phase sums up the roundings of the pitch over the whole utterance.
    assert np.square(expected).sum() > 10**5 * np.square(audio - expected).sum()


def test_the_same_words_as_when_spoken_whole(engine: Engine, voice: Voice) -> None:
    """The language model does not know who listens."""
    stream = engine.stream(TWO, voice=voice, seed=5)
    read(stream)
    spoken = engine.speak(TWO, voice=voice, seed=5)
    for streamed, said in zip(stream.summary().segments, spoken.segments, strict=True):
        assert streamed.text == said.text
        assert np.array_equal(streamed.speech_tokens, said.speech_tokens)


def test_summary(engine: Engine, voice: Voice) -> None:
    stream = engine.stream(TWO, voice=voice)
    with pytest.raises(RequestError, match="not at its end"):
        stream.summary()
    _, audio = read(stream)
    speech = stream.summary()
    first, second = speech.segments
    assert (first.start, second.stop) == (0, len(audio))
    assert first.stop == second.start
    assert set(speech.timings) == {"lm", "flow", "vocoder", "total"}
    assert any("did not end" in warning for warning in speech.warnings)
    with pytest.raises(StopIteration):
        next(stream)


def test_the_first_chunk_is_early_and_long_enough(engine: Engine, voice: Voice) -> None:
    """It needs less than a whole chunk of speech tokens, whatever the length of the prompt."""
    stream = engine.stream(TEXT, voice=voice)
    first = next(stream)
    assert len(first.audio) >= 0.1 * 24_000
    stream.cancel()
    working, config = runtime(engine), runtime(engine).pipeline.flow.config.encoder
    for prompt in range(30, 130):
        cut = working.cut(prompt)
        assert 0 <= cut <= 17
        rest = -(prompt - cut) % config.chunk  # new tokens in the chunk where the prompt ends
        heard = rest * 2 - working.pipeline.vocoder.holdback
        assert heard >= 5 and rest <= 20
    assert working.cut(4) == 0, "what is too short to be cut is left as it is"


def test_sample_rate_and_gain(engine: Engine, voice: Voice) -> None:
    _, plain = read(engine.stream(TEXT, voice=voice, seed=3))
    stream = engine.stream(TEXT, voice=voice, seed=3, sample_rate=48_000, gain_db=-20.0)
    chunks, audio = read(stream)
    assert stream.sample_rate == chunks[0].sample_rate == 48_000
    assert len(audio) == pytest.approx(2 * len(plain), abs=4)
    assert np.abs(audio).max() == pytest.approx(0.1 * np.abs(plain).max(), rel=0.3)


@pytest.mark.parametrize("interleave", [True, False])
def test_text_in_pieces(engine: Engine, voice: Voice, interleave: bool) -> None:
    """By an iterable, or by the caller: cut anywhere, the same words."""
    said, text = [], f"{TEXT} I am at home."
    for size in (1, 5, len(text)):
        pieces = [text[start : start + size] for start in range(0, len(text), size)]
        stream = engine.stream(iter(pieces), voice=voice, seed=2, interleave=interleave)
        read(stream)
        said.append(stream.summary().segments)
        assert "".join(segment.text for segment in said[-1]).replace(" ", "") == text.replace(" ", "")
    if interleave:  # what is spoken depends on the text alone
        tokens = [[segment.speech_tokens.tolist() for segment in segments] for segments in said]
        assert tokens[0] == tokens[1] == tokens[2]


def test_speech_begins_before_the_sentence_is_complete(engine: Engine, voice: Voice) -> None:
    with engine.stream(voice=voice) as stream:
        stream.feed("When all the lamps in the kitchen and in the hall are off we go to ")
        assert len(next(stream).audio)
        stream.feed("bed.")
        stream.finish()
        assert [chunk.final for chunk in stream][-1]
    assert stream.summary().segments[0].text.endswith("bed.")
    with pytest.raises(RequestError, match="finished"):
        stream.feed("more")


def test_a_pause_in_the_text_does_not_hold_what_was_said(seeded_small: Path, prompt_wav: Path) -> None:
    with load(seeded_small, device="cpu", options=EngineOptions(pause_seconds=0.2)) as engine:
        voice = engine.clone(prompt_wav)
        with engine.stream(voice=voice) as stream:
            reader = threading.Thread(target=lambda: list(stream))
            reader.start()
            stream.feed("One moment please while I look for the ")
            time.sleep(0.1)
            stream.feed("switch. ")  # the end of a sentence is certain only when another one begins
            _wait_for(lambda: bool(stream._ends))
            stream.feed("There it is.")
            stream.finish()
            reader.join(60)
        first, second = stream.summary().segments
        assert first.text == "One moment please while I look for the switch."
        assert second.text == "There it is."


def test_flush(engine: Engine, voice: Voice) -> None:
    with engine.stream(voice=voice) as stream:
        stream.feed("It is 5")
        stream.flush()
        next(stream)
        stream.feed("All is well")
        stream.finish()
        list(stream)
    assert [segment.text for segment in stream.summary().segments] == ["It is five.", "All is well."]


def test_an_iterable_that_fails(engine: Engine, voice: Voice) -> None:
    def pieces() -> Iterator[str]:
        yield f"{TEXT} "
        raise OSError("the line is dead")

    with pytest.raises(OSError, match="the line is dead"):
        read(engine.stream(pieces(), voice=voice))
    _still_speaks(engine, voice)


def test_no_text_at_all(engine: Engine, voice: Voice) -> None:
    with pytest.raises(TextError, match="nothing to say"):
        engine.stream("…", voice=voice)
    with pytest.raises(TextError, match="nothing to say"):
        read(engine.stream(iter(["", "…", " "]), voice=voice))


def test_a_text_that_is_not_unicode(engine: Engine, voice: Voice) -> None:
    with pytest.raises(TextError):
        read(engine.stream(iter(["\udc80"]), voice=voice))
    with engine.stream(voice=voice) as stream, pytest.raises(TextError):
        stream.feed("\udc80")


def test_a_whole_text_is_not_fed(engine: Engine, voice: Voice) -> None:
    with engine.stream(TEXT, voice=voice) as stream, pytest.raises(RequestError, match="text=None"):
        stream.feed("more")


def test_cancelling(engine: Engine, voice: Voice) -> None:
    """Before the first token, between chunks, by leaving, by forgetting, by whoever waits."""
    engine.stream(TEXT, voice=voice).cancel()
    stream = engine.stream(TWO, voice=voice)
    next(stream)
    stream.cancel()
    with pytest.raises(Cancelled):
        list(stream)
    with engine.stream(TWO, voice=voice) as left:
        next(left)
    forgotten = engine.stream(TWO, voice=voice)
    next(forgotten)
    del forgotten
    gc.collect()
    waiting = engine.stream(voice=voice)
    threading.Timer(0.1, waiting.cancel).start()
    with pytest.raises(Cancelled):
        next(waiting)
    _idle(engine)
    _still_speaks(engine, voice)


def test_should_stop(engine: Engine, voice: Voice) -> None:
    heard: list[AudioChunk] = []
    with pytest.raises(Cancelled):
        heard.extend(engine.stream(TWO, voice=voice, should_stop=lambda: True))
    assert not heard
    _idle(engine)


def test_a_reader_who_stops_reading(seeded_small: Path, prompt_wav: Path) -> None:
    """Work pauses for him, is given up after a while, and nobody else waits for him."""
    options = EngineOptions(ahead_seconds=0.5, patience_seconds=0.6)
    with load(seeded_small, device="cpu", options=options) as engine:
        voice = engine.clone(prompt_wav)
        slow = engine.stream(f"{TWO} " * 4, voice=voice)
        next(slow)
        read(engine.stream(TEXT, voice=voice))
        _idle(engine)
        with pytest.raises(RequestError, match="nobody has read"):
            list(slow)


def test_a_slow_reader_gets_everything(seeded_small: Path, prompt_wav: Path) -> None:
    with load(seeded_small, device="cpu", options=EngineOptions(ahead_seconds=0.2)) as engine:
        voice = engine.clone(prompt_wav)
        _, expected = read(engine.stream(TEXT, voice=voice))
        heard = []
        for chunk in engine.stream(TEXT, voice=voice):
            heard.append(chunk.audio)
            time.sleep(0.05)
        assert np.array_equal(np.concatenate(heard), expected)


def _wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _idle(engine: Engine) -> None:
    """Wait until nobody holds anything."""
    worker, batch = engine._scheduler, runtime(engine).batch
    _wait_for(lambda: not (worker._active or worker._groups) and batch.free == batch.slots)


def _still_speaks(engine: Engine, voice: Voice) -> None:
    assert len(read(engine.stream("Good.", voice=voice))[1])
