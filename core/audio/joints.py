"""Where a recording can be cut, and joined further on, without being heard: the joints that shorten or lengthen it."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Seconds.
_HOP = 0.004  # between places that may become a joint
_FADE = 0.012
_LAGS = (0.0025, 0.005, 0.010, 0.020, 0.030)  # the best lag of each of these ranges is a candidate
_LONGEST_TWICE = 0.020  # what is said twice is heard to be if it is longer
_DRIFT = 0.060  # how far a sound may lie from where an even change of tempo would put it

# Costs of a joint. A perfect one has 0, one of two waveforms that have nothing in common has 1.
_JOINT = 0.03  # of any: few are better than many
_QUIET_DB = -35.0  # mismatch counts little below this, about the loud quarter of the recording
_BURST = 0.1  # for each dB by which something in the piece is louder than what is heard at the joint
_DRIFTING = 0.5  # for each frame that is as far off as it may be; less where it is less, by the square
_OFF = 48.0  # for each second by which the result is too long or too short, before the lags are changed a little

_PRE_EMPHASIS = 0.9  # so that high frequencies, which are weak, count for likeness, too
_BLOCK = 256  # frames that are compared at once
_Indices = NDArray[np.intp]


class Joint(NamedTuple):
    """At sample `start` the recording goes on `lag` samples later; or, where it becomes longer, the other way round."""

    start: int
    lag: int


class Speech:
    """A recording, and what a joint at any of its frames would cost."""

    def __init__(self, audio: NDArray[np.float32], rate: int, *, shorter: bool) -> None:
        self.shorter = shorter
        self.rate, self.samples = rate, len(audio)
        self.hop, self.fade = round(_HOP * rate), round(_FADE * rate)
        bounds = [round(lag * rate) for lag in _LAGS if shorter or lag <= _LONGEST_TWICE]
        self.ranges = list(pairwise(bounds))
        self.longest = bounds[-1]
        self.frames = (len(audio) - self.fade - self.longest) // self.hop
        self.drift = round(_DRIFT * rate)
        self._sound = audio.astype(np.float64)
        self._sound[1:] -= _PRE_EMPHASIS * self._sound[:-1].copy()
        self._energy = np.concatenate(([0.0], np.cumsum(self._sound**2)))
        if self.frames >= 1:
            heard = np.sort(self._energy[self.fade :: self.hop] - self._energy[: -self.fade : self.hop])
            self._quiet = heard[-len(heard) // 4 :].mean() * 10 ** (_QUIET_DB / 10) + 1e-12

    def mismatch(self, starts: _Indices) -> NDArray[np.float32]:
        """[len(starts), longest + 1]: how unlike what is at a start and a lag later is, over the time of a fade."""
        window, size = self.fade, self.fade + self.longest
        frames = np.lib.stride_tricks.sliding_window_view(self._sound, size)[starts].astype(np.float32)
        length = _smooth(size + window)
        spectra = np.fft.rfft(frames, length), np.fft.rfft(frames[:, :window], length)
        products = np.fft.irfft(spectra[0] * spectra[1].conj(), length)[:, : self.longest + 1]
        later = starts[:, None] + np.arange(self.longest + 1)
        energy = self._energy[later + window] - self._energy[later]
        both = energy + energy[:, :1]
        unlike: NDArray[np.float32] = (np.maximum(both - 2 * products, 0) / (both + 2 * self._quiet)).astype(np.float32)
        return unlike

    def candidates(self) -> tuple[_Indices, NDArray[np.float32]]:
        """[frames, ranges]: for each range of lags the one that is least heard, and its cost."""
        starts = np.arange(self.frames) * self.hop
        lags = np.zeros((self.frames, len(self.ranges)), np.intp)
        costs = np.zeros(lags.shape, np.float32)
        for begin in range(0, self.frames, _BLOCK):
            rows = slice(begin, begin + _BLOCK)
            unlike = self.mismatch(starts[rows])
            for column, (low, high) in enumerate(self.ranges):
                lags[rows, column] = best = unlike[:, low:high].argmin(axis=1) + low
                costs[rows, column] = unlike[np.arange(len(best)), best]
        return lags, costs + (_BURST * self._bursts(starts, lags) + _JOINT).astype(np.float32)

    def _bursts(self, starts: _Indices, lags: _Indices) -> NDArray[np.float64]:
        """[frames, ranges] dB by which something between the two sides of a joint is louder than either."""
        block = max(1, self.rate // 1000)
        ends = np.arange(0, self.samples, block)
        power = np.diff(self._energy[np.append(ends, self.samples)]) / block
        level = 10 * np.log10(power + self._quiet / self.fade)
        peaks = [level]
        while 1 << len(peaks) <= (self.fade + self.longest) // block + 2:
            step = 1 << (len(peaks) - 1)
            peaks.append(np.maximum(peaks[-1], np.append(peaks[-1][step:], np.full(step, -np.inf))[: len(level)]))
        table = np.stack(peaks)

        def loudest(first: _Indices, last: _Indices) -> NDArray[np.float64]:
            """Of the blocks that these samples lie in."""
            first, last = first // block, last // block
            power = np.log2(last - first + 1).astype(np.intp)
            return np.maximum(table[power, first], table[power, last - (1 << power) + 1])

        before, after = np.broadcast_to(starts[:, None], lags.shape), starts[:, None] + lags
        heard = np.maximum(
            loudest(before, before + self.fade - 1),
            loudest(after, after + self.fade - 1),
        )
        return np.maximum(0, loudest(before, after + self.fade - 1) - heard)


def _smooth(number: int) -> int:
    """The next number that has no prime factors but 2, 3 and 5."""
    while True:
        rest = number
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return number
        number += 1


def best_joints(speech: Speech, gone: int) -> list[Joint] | None:
    """The joints that leave out `gone` samples (below 0: say as many twice) and are least heard; None if none can."""
    ways = _Ways(speech, gone)
    totals = ways.explore()
    wanted = gone - ways.plan[speech.frames - 1] + speech.drift
    totals += (_OFF / speech.rate * np.abs(np.arange(len(totals)) - wanted)).astype(np.float32)
    best = int(totals.argmin())
    if not np.isfinite(totals[best]):
        return None
    return _exactly(speech, ways.trace(best), (wanted - best) * ways.sign)


class _Ways:
    """Ways through a recording. Of all that bring one to the same frame with the same drift, the cheapest is kept.

    The drift is by how many samples more is gone than planned; -speech.drift has the index 0.
    """

    def __init__(self, speech: Speech, gone: int) -> None:
        lags, costs = speech.candidates()
        self.sign = 1 if speech.shorter else -1
        # Behind a joint comes its fade; what is said twice is not said three times.
        behind = lags + speech.fade if speech.shorter else np.maximum(lags, speech.fade)
        ahead = -(-behind // speech.hop)
        self._frames, self._hop, self._ranges = speech.frames, speech.hop, lags.shape[1]
        self._lags, self._costs, self._ahead = lags.tolist(), costs.tolist(), ahead.tolist()
        reach = int(ahead.max()) + 1
        self._width = 2 * speech.drift + 1
        places = speech.hop * np.arange(self._frames + reach)
        self.plan: list[int] = np.round(gone / speech.samples * places).astype(int).tolist()
        # Of this frame and the next ones: the costs, and what led there, 0 for nothing, from the frame before.
        self._coming = np.full((reach, self._width), np.inf, np.float32)
        self._coming[0, speech.drift] = 0
        self._led = np.zeros((reach, self._width), np.uint8)
        self._history = np.zeros((self._frames, self._width), np.uint8)

    def explore(self) -> NDArray[np.float32]:
        """What the cheapest way to each drift at the last frame costs."""
        drifting = (_DRIFTING * np.linspace(-1, 1, self._width) ** 2).astype(np.float32)
        for frame in range(self._frames):
            slot = frame % len(self._coming)
            now, self._history[frame] = self._coming[slot].copy(), self._led[slot]
            self._coming[slot], self._led[slot] = np.inf, 0
            self._offer(now, frame, frame + 1, 0, drifting, 0)
            for column in range(self._ranges):
                ahead, lag = self._ahead[frame][column], self._lags[frame][column]
                code = 1 + ahead * self._ranges + column
                self._offer(now, frame, frame + ahead, self.sign * lag, self._costs[frame][column], code)
        return now

    def _offer(
        self, now: NDArray[np.float32], frame: int, then: int, gone: int, cost: float | NDArray[np.float32], code: int
    ) -> None:
        """What is reached now can be reached `then`, at that cost, with `gone` more samples gone."""
        moved = gone - self.plan[then] + self.plan[frame]
        if abs(moved) >= self._width:
            return
        source = slice(max(0, -moved), self._width - max(0, moved))
        target = slice(max(0, moved), self._width - max(0, -moved))
        slot = then % len(self._coming)
        offered = now[source] + (cost if isinstance(cost, float) else cost[target])
        cheaper = offered < self._coming[slot, target]
        np.copyto(self._coming[slot, target], offered, where=cheaper)
        np.copyto(self._led[slot, target], code, where=cheaper)

    def trace(self, drift: int) -> list[Joint]:
        """The joints of the way to this drift at the last frame."""
        joints = []
        frame = self._frames - 1
        while frame:
            code = int(self._history[frame, drift])
            ahead, column = divmod(code - 1, self._ranges) if code else (1, 0)
            drift += self.plan[frame] - self.plan[frame - ahead]
            frame -= ahead
            if code:
                lag = self._lags[frame][column]
                drift -= self.sign * lag
                joints.append(Joint(frame * self._hop, lag))
        return joints[::-1]


def _exactly(speech: Speech, joints: list[Joint], missing: int) -> list[Joint] | None:
    """The joints, their lags longer by `missing` samples in all: one by one, where that is least heard."""
    if not missing:
        return joints
    if not joints:
        return _one_joint(speech, missing)
    starts, lags = (np.array(column) for column in zip(*joints, strict=True))
    unlike = speech.mismatch(starts)
    longest = np.full(len(joints), speech.longest)
    if speech.shorter:  # a fade is over before the next one begins
        longest[:-1] = np.minimum(longest[:-1], np.diff(starts) - speech.fade)
    rows, step = np.arange(len(joints)), 1 if missing > 0 else -1
    for _ in range(abs(missing)):
        then = lags + step
        possible = (then >= 1) & (then <= longest)
        if not possible.any():
            return None
        dearer = unlike[rows, np.clip(then, 0, speech.longest)] - unlike[rows, lags]
        lags[np.where(possible, dearer, np.inf).argmin()] += step
    return [Joint(int(start), int(lag)) for start, lag in zip(starts, lags, strict=True)]


def _one_joint(speech: Speech, lag: int) -> list[Joint] | None:
    """A single joint of that lag."""
    if not 1 <= lag <= speech.longest:
        return None
    starts = np.arange(speech.frames) * speech.hop
    unlike = np.concatenate(
        [speech.mismatch(starts[begin : begin + _BLOCK])[:, lag] for begin in range(0, len(starts), _BLOCK)]
    )
    return [Joint(int(starts[unlike.argmin()]), lag)]
