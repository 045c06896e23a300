"""Time-stretching: length, pitch, sound, what is short, and that plain WSOLA does worse."""

from __future__ import annotations

from importlib.resources import files

import cosyvox
import numpy as np
import pytest
import soundfile
from cosyvox.core import RequestError
from cosyvox.core.audio.level import rise
from cosyvox.core.audio.stretch import time_stretch
from cosyvox.train.pitch import f0
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

RATE = 24_000
FACTORS = (0.6, 0.77, 0.9, 1.15, 1.4)
VOICES = ("emma", "james", "lily", "oscar")
DRIFT = 0.060  # seconds that a sound may lie elsewhere
Samples = NDArray[np.float32]


def recording(voice: str) -> Samples:
    """Of one of the voices that come with the package, at 24 kHz."""
    audio, rate = soundfile.read(files(cosyvox) / f"core/embedded/voices/{voice}/prompt.flac", dtype="float32")
    assert rate == RATE
    return audio


def wsola(audio: Samples, factor: float) -> Samples:
    """As in the paper: frames of 25 ms, each the one that best continues the last one, within 12.5 ms of its time."""
    size = round(0.025 * RATE) // 2 * 2
    hop, reach = size // 2, round(0.0125 * RATE)
    window = np.concatenate((rise(hop), rise(hop)[::-1]))
    padded = np.pad(audio, (size + reach, 2 * (size + reach)))
    result = np.zeros(round(len(audio) * factor) + 2 * size, np.float32)
    place = size + reach - hop
    result[:size] = window * padded[place : place + size]
    for begin in range(hop, len(result) - size, hop):
        follows = padded[place + hop : place + hop + size]
        wanted = min(round((begin - hop) / factor) + size + reach, len(padded) - size - reach)
        around = padded[wanted - reach : wanted + reach + size]
        energy = np.convolve(around**2, np.ones(size), "valid")
        like = np.correlate(around, follows, "valid") / np.sqrt(energy + 1e-8)
        place = wanted - reach + int(like.argmax())
        result[begin : begin + size] += window * padded[place : place + size]
    return result[hop : hop + round(len(audio) * factor)]


def spectra(audio: Samples, hop: int) -> NDArray[np.float32]:
    """[frames, bins] in dB, what is as faint as noise all alike."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(audio, 240), 480)[::hop] * np.hanning(480)
    level = 20 * np.log10(np.abs(np.fft.rfft(frames))[:, 2:200] + 1e-6)
    return np.maximum(level, -20).astype(np.float32)


def found_again(audio: Samples, stretched: Samples) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """For every 5 ms: which 2 ms of the recording, of those that may lie there, sound most like it, and by how many dB
    they differ."""
    before, after = spectra(audio, RATE // 500), spectra(stretched, RATE // 200)
    reach = round((DRIFT + 0.03) * 500)
    places, differences = [], []
    for frame, spectrum in enumerate(after):
        first = max(0, round(2.5 * frame * len(audio) / len(stretched)) - reach)
        difference = np.sqrt(((before[first : first + 2 * reach] - spectrum) ** 2).mean(axis=1))
        places.append(first + int(difference.argmin()))
        differences.append(difference.min())
    return np.array(places), np.array(differences)


def bursts() -> tuple[Samples, list[int]]:
    """Four seconds of faint noise with short bursts at odd times, and where they begin."""
    random = np.random.default_rng(5)
    audio = random.normal(0, 1e-4, 4 * RATE)
    begins = (np.cumsum(random.uniform(0.06, 0.25, 24)) * RATE).astype(int)
    size = round(0.003 * RATE)
    for begin in begins:
        audio[begin : begin + size] += 0.3 * random.normal(size=size) * np.exp(-np.arange(size) / 20)
    return audio.astype(np.float32), begins.tolist()


def found_bursts(audio: Samples) -> list[int]:
    """Where something loud begins after 10 ms without."""
    (loud,) = np.nonzero(np.abs(audio) > 0.02)
    return loud[np.diff(loud, prepend=-RATE) > 0.01 * RATE].tolist()


def vowel(pitch: NDArray[np.float64]) -> Samples:
    """Harmonics up to 4 kHz with a formant or two."""
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    sound = np.zeros(len(pitch))
    for number in range(1, int(4000 / pitch.max())):
        frequency = number * pitch
        strength = 1 / (1 + ((frequency - 600) / 200) ** 2) + 0.4 / (1 + ((frequency - 1700) / 300) ** 2)
        sound += strength * np.sin(number * phase + number**2)
    return (0.3 * sound / np.abs(sound).max()).astype(np.float32)


@settings(deadline=None)
@given(
    size=st.integers(0, 4000),
    factor=st.floats(0.5, 2.0),
    rate=st.sampled_from([8000, 16_000, 22_050, 24_000, 48_000]),
    noisy=st.booleans(),
)
def test_the_length_is_exact(size: int, factor: float, rate: int, noisy: bool) -> None:
    audio = np.random.default_rng(size).normal(0, 0.1 * noisy, size).astype(np.float32)
    stretched = time_stretch(audio, rate, factor)
    assert stretched.shape == (round(size * factor),)
    assert stretched.dtype == np.float32
    assert np.isfinite(stretched).all()
    assert np.abs(stretched).max(initial=0) <= np.abs(audio).max(initial=0) * np.sqrt(2) + 1e-6
    assert noisy or not stretched.any()


@pytest.mark.parametrize("factor", [*FACTORS, 0.5, 0.999, 1.001, 2.0])
def test_the_length_of_speech_is_exact(factor: float) -> None:
    audio = recording("emma")
    before = audio.copy()
    stretched = time_stretch(audio, RATE, factor)
    assert len(stretched) == round(len(audio) * factor)
    assert np.array_equal(audio, before)
    assert (stretched[0], stretched[-1]) == pytest.approx((audio[0], audio[-1]), abs=1e-4)
    assert np.array_equal(stretched, time_stretch(audio, RATE, factor))


def test_nothing_changes_without_need() -> None:
    audio = recording("oscar")
    assert np.array_equal(time_stretch(audio, RATE, 1.0), audio)
    a_little = time_stretch(audio, RATE, 1 - 3 / len(audio))
    assert len(a_little) == len(audio) - 3
    same = np.cumprod(a_little == audio[:-3]).sum() + np.cumprod(a_little[::-1] == audio[:2:-1]).sum()
    assert same > len(a_little) - 0.02 * RATE  # all but one joint


@pytest.mark.parametrize("factor", [*FACTORS, 0.5, 2.0])
def test_the_pitch_of_a_glide_is_kept(factor: float) -> None:
    pitch = np.geomspace(110, 190, 2 * RATE)
    stretched = time_stretch(vowel(pitch), RATE, factor)
    found = f0(stretched, RATE, 240)
    assert (found > 0).mean() > 0.95
    expected = np.geomspace(110, 190, len(found))
    off = np.abs(np.log(found[found > 0] / expected[found > 0]))
    # The glide rises by 0.27 a second, so that what lies elsewhere by as much as it may has another pitch there.
    assert np.median(off) < 0.01
    assert np.percentile(off, 95) < 0.01 + 0.28 * DRIFT


@pytest.mark.parametrize("hertz", [70, 120, 220, 400])
@pytest.mark.parametrize("factor", [0.5, 0.77, 1.3, 2.0])
def test_a_steady_sound_stays_what_it_is(hertz: float, factor: float) -> None:
    audio = vowel(np.full(2 * RATE, float(hertz)))
    stretched = time_stretch(audio, RATE, factor)
    assert np.median(f0(stretched, RATE, 240)) == pytest.approx(hertz, rel=2e-3)
    assert np.abs(np.diff(stretched, 2)).max() < 1.2 * np.abs(np.diff(audio, 2)).max()
    assert stretched.std() == pytest.approx(audio.std(), rel=0.01)


@pytest.mark.parametrize("factor", FACTORS)
def test_voices_keep_their_pitch_and_sound_more_than_by_wsola(factor: float) -> None:
    ours, plain, off = [], [], []
    for voice in VOICES[:2]:
        audio = recording(voice)
        stretched = time_stretch(audio, RATE, factor)
        places, differences = found_again(audio, stretched)
        ours.append(differences.mean())
        plain.append(found_again(audio, wsola(audio, factor))[1].mean())
        after = f0(stretched, RATE, RATE // 200)
        before = f0(audio, RATE, RATE // 500)[np.minimum(places[: len(after)], len(audio) * 500 // RATE - 1)]
        both = (before > 0) & (after > 0)
        assert both.mean() > 0.3
        off.append(np.abs(after[both] / before[both] - 1))
    assert np.mean(ours) < 0.85 * np.mean(plain)
    assert np.median(np.concatenate(off)) < 0.005
    assert np.percentile(np.concatenate(off), 95) < 0.05


@pytest.mark.parametrize("factor", FACTORS)
def test_no_clicks(factor: float) -> None:
    """What changes fastest in 5 ms does so no more than in the recording about there, by 6 dB."""
    for voice in VOICES:
        audio = recording(voice)
        stretched = time_stretch(audio, RATE, factor)
        before, after = (np.abs(np.diff(one, 3, append=[0, 0, 0])) for one in (audio, stretched))
        block, reach = 120, round((DRIFT + 0.03) * 200)
        loudest = [row[: len(row) // block * block].reshape(-1, block).max(axis=1) for row in (before, after)]
        for place, peak in enumerate(loudest[1]):
            near = round(place * len(audio) / len(stretched))
            assert peak < 2 * loudest[0][max(0, near - reach) : near + reach + 1].max() + 1e-3


@pytest.mark.parametrize("factor", [0.5, *FACTORS, 1.9, 2.0])
def test_bursts_are_neither_lost_nor_doubled_nor_changed(factor: float) -> None:
    audio, begins = bursts()
    stretched = time_stretch(audio, RATE, factor)
    found = found_bursts(stretched)
    assert len(found) == len(found_bursts(audio)) == len(begins)
    for was, now in zip(found_bursts(audio), found, strict=True):
        assert np.array_equal(stretched[now : now + 40], audio[was : was + 40])
        assert abs(now / factor - was) < (DRIFT + 0.01) * RATE


def test_wsola_does_lose_and_double_them() -> None:
    audio, begins = bursts()
    assert len(found_bursts(wsola(audio, 0.77))) < len(begins) < len(found_bursts(wsola(audio, 1.4)))


@pytest.mark.parametrize("factor", [0.77, 1.3])
def test_between_joints_are_the_samples_of_the_recording(factor: float) -> None:
    audio = recording("james")
    size = 48
    there = {audio[place : place + size].tobytes() for place in range(len(audio) - size)}
    stretched = time_stretch(audio, RATE, factor)
    parts = [stretched[place : place + size].tobytes() in there for place in range(0, len(stretched) - size, size)]
    assert np.mean(parts) > 0.5


@pytest.mark.parametrize("factor", [0.5, 0.7, 1.4, 2.0])
def test_noise_keeps_its_level(factor: float) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 2 * RATE).astype(np.float32)
    assert 20 * np.log10(time_stretch(noise, RATE, factor).std() / noise.std()) == pytest.approx(0, abs=0.1)


def test_pauses_give_more_than_speech() -> None:
    def quiet(audio: Samples) -> int:
        return int((np.convolve(audio**2, np.ones(240) / 240, "same") < 1e-7).sum())

    pause = np.random.default_rng(2).normal(0, 1e-4, RATE // 4).astype(np.float32)
    before = after = 0
    for voice in VOICES:
        third = len(recording(voice)) // 3
        audio = np.insert(recording(voice), np.repeat([third, 2 * third], len(pause)), np.tile(pause, 2))
        before += quiet(audio)
        after += quiet(time_stretch(audio, RATE, 0.92))
    assert after < 0.9 * before


def test_long_recordings_are_as_good_at_their_seams() -> None:
    audio = vowel(np.full(41 * RATE, 150.0))
    stretched = time_stretch(audio, RATE, 0.83)
    assert len(stretched) == round(0.83 * len(audio))
    assert np.abs(np.diff(stretched, 2)).max() < 1.2 * np.abs(np.diff(audio, 2)).max()


@pytest.mark.parametrize("factor", [0.49, 2.01, 0, -1, float("nan"), float("inf")])
def test_factors_that_are_too_much(factor: float) -> None:
    with pytest.raises(RequestError, match=r"cannot be stretched by .*: choose 0.5 to 2"):
        time_stretch(np.zeros(100, np.float32), RATE, factor)
