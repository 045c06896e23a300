"""From a recording to a prompt: the part that is cloned, at the level that is cloned, and what to warn of.

What plainly cannot be cloned is refused, what is doubtful is warned of.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from ..audio.level import FRAME_SECONDS, gain, noise_level, speech_frames, speech_level, speech_span
from ..audio.rates import check_rate
from ..errors import AudioError, TextError
from .cut import LONGEST, best_part, trim_ends
from .transcript import FASTEST, misfit, speaking_seconds

MAX_SECONDS = 30.0  # what the speech tokenizer was made for
MIN_SPEECH_SECONDS = 0.5
ADVISED_SPEECH_SECONDS = 2.5  # what a recording of 3 s holds, between its silent ends
ADVISED_RATE = 16_000
MAX_RATE = 48_000  # no model hears what is above
QUIET_DB = -45.0
NOISE_MARGIN_DB = 15.0
FULL_SCALE = 0.999
CLIPPED_RUN = 3  # samples in a row at full scale: a single one may be an honest peak
MAX_AMPLITUDE = 8.0  # decoders overshoot ±1 a little; beyond this the samples are integers in disguise
LEVEL_DB = -23.0  # of the speech in a prompt
PEAK_DB = -1.0
STEPS = 1 << 23  # of 24-bit PCM: what a prompt is rounded to, so that FLAC keeps every bit of it


@dataclass(frozen=True, eq=False)  # arrays have no single truth value
class Prompt:
    """audio: [S] float32 mono in ±1 at `rate` Hz. transcript: its words, None if they are not known.

    warnings: what may make the clone worse, for the user to read.
    """

    audio: NDArray[np.float32]
    rate: int
    transcript: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Tells this sound from every other: SHA-256 of its rate and samples."""
        return sha256(b"%d " % self.rate + self.audio.astype("<f4").tobytes()).hexdigest()


def prepare_prompt(samples: NDArray[np.float32], rate: int, transcript: str | None = None) -> Prompt:
    """A recording, samples [C, S] -> what is cloned of it: mono, without silent ends, at LEVEL_DB, on 24-bit steps.

    More than 12 s are cut to a part between pauses; not with a transcript, which would not fit the part.
    Raises AudioError if the recording cannot be cloned, or lasts more than 30 s and has a transcript; TextError if
    that is not valid Unicode, has no words, or more than can be said in 30 s.
    """
    check_rate(rate)
    _check_samples(samples)
    transcript = _checked_words(transcript)
    mono = samples.mean(axis=0, dtype=np.float32)
    level = _check_speech(mono, rate)
    warnings = _recording_warnings(samples, rate, level)
    part = trim_ends(mono, rate)
    warnings += _noise_warnings(part, rate)
    seconds = len(part) / rate
    if transcript is None:
        part, cut_warnings = _cut(part, rate)
        warnings += cut_warnings
    elif seconds > MAX_SECONDS:
        raise AudioError(
            f"the prompt lasts {seconds:.0f} s, with a transcript at most {MAX_SECONDS:.0f} s can be used: cut both "
            "to 3-12 s, or leave the transcript out"
        )
    elif seconds > LONGEST:
        warnings.append(f"the prompt is long ({seconds:.0f} s): cut it and its transcript to 3-12 s")
    spoken = np.ptp(speech_span(part, rate)) / rate
    if spoken < ADVISED_SPEECH_SECONDS:
        warnings.append(f"the prompt is short ({spoken:.1f} s of speech): 3-12 s clone better")
    if transcript is not None and (wrong := misfit(transcript, spoken)):
        warnings.append(wrong)
    if rate > MAX_RATE:
        part, rate = _lower_rate(part, rate), MAX_RATE
    return Prompt(_levelled(part, rate), rate, transcript, tuple(warnings))


def _checked_words(transcript: str | None) -> str | None:
    try:
        (transcript or "").encode()
    except UnicodeEncodeError as error:
        raise TextError("the transcript is not valid Unicode: write it again, or save its file as UTF-8") from error
    words = (transcript or "").strip()
    if not words:
        return None
    seconds = speaking_seconds(words)
    if seconds == 0:
        raise TextError("the transcript has no words: write exactly those that are heard, or leave it out")
    if seconds * FASTEST > MAX_SECONDS:
        raise TextError(
            f"the transcript takes about {seconds:.0f} s to say, and a prompt lasts {MAX_SECONDS:.0f} s at most: write "
            "exactly the words that are heard, or leave it out"
        )
    return words


def _check_samples(samples: NDArray[np.float32]) -> None:
    if not np.isfinite(samples).all():
        raise AudioError("the prompt holds samples that are not numbers (NaN or Inf): export it again as 16-bit PCM")
    loudest = np.abs(samples).max(initial=0.0)
    if loudest > MAX_AMPLITUDE:
        raise AudioError(f"the prompt's samples reach {loudest:.0f}, full scale is 1: export it again as 16-bit PCM")


def _check_speech(audio: NDArray[np.float32], rate: int) -> float:
    """The level of the speech in dB. Raises AudioError if there is none."""
    level = speech_level(audio, rate)
    if level is None:
        raise AudioError("the prompt is silent: check the recording, or record 3-12 s of clear speech")
    spoken = FRAME_SECONDS * float(speech_frames(audio, rate).sum())
    if spoken < MIN_SPEECH_SECONDS:
        raise AudioError(f"the prompt holds only {spoken:.1f} s of speech: record 3-12 s")
    return level


def _cut(audio: NDArray[np.float32], rate: int) -> tuple[NDArray[np.float32], list[str]]:
    """The best part of what is too long, and a warning where much was left out."""
    seconds = len(audio) / rate
    if seconds <= LONGEST:
        return audio, []
    start, stop = best_part(audio, rate)
    kept = trim_ends(audio[start:stop], rate)
    if seconds <= MAX_SECONDS:
        return kept, []
    used = f"{len(kept) / rate:.1f} s are used, from {start / rate:.1f} s on"
    return kept, [f"the prompt lasts {seconds:.0f} s, of which {used}: cut it to 3-12 s to choose the part yourself"]


def _recording_warnings(samples: NDArray[np.float32], rate: int, level: float) -> list[str]:
    warnings = []
    if _is_clipped(samples):
        warnings.append("the prompt is clipped: record it at a lower level, or the clone will sound distorted")
    if level < QUIET_DB:
        warnings.append(f"the prompt is very quiet ({level:.0f} dB): its noise may be cloned; record it louder")
    if rate < ADVISED_RATE:
        warnings.append(f"the prompt is sampled at {rate} Hz: the clone will sound muffled; {ADVISED_RATE} Hz or more")
    return warnings


def _noise_warnings(audio: NDArray[np.float32], rate: int) -> list[str]:
    level = speech_level(audio, rate)
    noise = noise_level(audio, rate)
    if level is None or level < QUIET_DB or level - noise >= NOISE_MARGIN_DB:
        return []
    below = f"only {level - noise:.0f} dB below the speech"
    return [f"the prompt is noisy ({below}): the noise may be cloned; record it where it is quiet"]


def _is_clipped(samples: NDArray[np.float32]) -> bool:
    full = np.abs(samples) >= FULL_SCALE
    span = full.shape[-1] - CLIPPED_RUN + 1
    run = np.logical_and.reduce([full[:, offset : offset + span] for offset in range(CLIPPED_RUN)])
    return bool(run.any())


def _lower_rate(audio: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    from ..audio.resample import resample  # needs torch, which keeping voices does not

    return resample(audio, rate, MAX_RATE)


def _levelled(audio: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Scaled as a whole to LEVEL_DB, or less where a peak would pass PEAK_DB, and rounded to 24 bits."""
    level = speech_level(audio, rate)
    wanted = LEVEL_DB - (LEVEL_DB if level is None else level)
    factor = min(gain(wanted), gain(PEAK_DB) / float(np.abs(audio).max()))
    steps = np.round(audio * np.float32(factor * STEPS)) + np.float32(0.0)  # PCM knows no negative zero
    return (steps / np.float32(STEPS)).astype(np.float32)
