"""Speech made longer or shorter, at the same pitch.

As in WSOLA (Verhelst and Roelands, 1993), pieces are left out or said twice, and joined by cross-fades where the sound
goes on alike, a whole number of pitch periods further. But not at regular times: of all ways through the recording, the
one whose joints are least heard in sum is found by dynamic programming. So the change falls on pauses and on what is
steady, bursts are neither lost nor doubled, and between the joints the samples are those of the recording, to the bit.
"""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from ..errors import RequestError
from .joints import Joint, Speech, best_joints
from .level import rise

SHORTEST, LONGEST = 0.5, 2.0

_ONE_GO = 1.6  # times: what is to become longer yet is stretched twice, or too much of it would be said twice
_PIECE = 20.0  # seconds that are changed at once: longer recordings take memory in proportion to this only


def time_stretch(audio: NDArray[np.float32], rate: int, factor: float) -> NDArray[np.float32]:
    """audio [S] -> [round(S * factor)]; factor: seconds after / before, 0.5 to 2. Raises RequestError beyond that."""
    if not SHORTEST <= factor <= LONGEST:
        raise RequestError(f"speech cannot be stretched by {factor:g}: choose {SHORTEST:g} to {LONGEST:g}")
    length = round(len(audio) * factor)
    pieces = max(1, ceil(len(audio) / (_PIECE * rate)))
    cuts = [len(audio) * piece // pieces for piece in range(pieces + 1)]
    marks = [length * piece // pieces for piece in range(pieces + 1)]
    # The first and the last sample of each piece stay, so that those of two pieces lie side by side as before.
    return np.concatenate(
        [
            _stretched(audio[cuts[piece] : cuts[piece + 1]], rate, marks[piece + 1] - marks[piece])
            for piece in range(pieces)
        ]
    )


def _stretched(audio: NDArray[np.float32], rate: int, length: int) -> NDArray[np.float32]:
    """audio [S] -> [length]"""
    if length == len(audio):
        return audio.copy()
    speech = Speech(audio, rate, shorter=length < len(audio))
    if speech.frames < 1:
        return _blended(audio, length)
    joints = best_joints(speech, len(audio) - length) if length <= _ONE_GO * len(audio) else None
    if joints is None:
        between = round(sqrt(len(audio) * length))
        return _stretched(_stretched(audio, rate, between), rate, length)
    return _joined(audio, joints, speech, length)


def _blended(audio: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """What is shorter than a joint: its beginning fades into its end."""
    fade = rise(min(length, 2 * len(audio) - length))
    alone = (length - len(fade)) // 2 if length > len(audio) else 0
    first, last = audio[: alone + len(fade)], audio[len(audio) - alone - len(fade) :]
    middle = first[alone:] * (1 - fade) + last[: len(fade)] * fade
    return np.concatenate((first[:alone], middle, last[len(fade) :])).astype(np.float32)


def _joined(audio: NDArray[np.float32], joints: list[Joint], speech: Speech, length: int) -> NDArray[np.float32]:
    """The recording with all joints made. Each cross-fade has the energy of what it joins, however like the two are."""
    result = np.empty(length, np.float32)
    rising = rise(speech.fade)
    falling = 1 - rising
    done = position = 0
    for start, lag in joints:
        leave, enter = (start, start + lag) if speech.shorter else (start + lag, start)
        result[done : done + leave - position] = audio[position:leave]
        done += leave - position
        out, into = audio[leave : leave + speech.fade], audio[enter : enter + speech.fade]
        like = float(np.clip(out @ into / (sqrt(float(out @ out) * float(into @ into)) + 1e-12), 0, 1))
        both = (out * falling + into * rising) / np.sqrt(falling**2 + rising**2 + 2 * like * falling * rising)
        result[done : done + speech.fade] = both
        done += speech.fade
        position = enter + speech.fade
    result[done:] = audio[position:]
    return result
