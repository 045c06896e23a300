"""How far an output sees, to the sample: which inputs a stretch of outputs depends on, layer by layer.

A span is (begin, end): `begin` counts from where the stretch begins, `end` (not included) from where it ends, so that
(0, 0) is the stretch itself and (-2, 3) is two more in front and three more behind. Stretches are whole frames; what is
counted changes from layer to layer (samples, frames of a spectrum, mel frames).
"""

from __future__ import annotations

from dataclasses import dataclass

Span = tuple[int, int]


@dataclass(frozen=True)
class Reach:
    """What the audio of some frames depends on: mel in frames, source in samples."""

    mel: Span
    source: Span


def convolved(span: Span, kernel: int, *, stride: int = 1, padding: int = 0) -> Span:
    """Inputs of a convolution."""
    begin, end = span
    return begin * stride - padding, (end - 1) * stride - padding + kernel


def upsampled(span: Span, kernel: int, *, stride: int, padding: int) -> Span:
    """Inputs of a transposed convolution."""
    begin, end = span
    return -((kernel - 1 - padding - begin) // stride), (end - 1 + padding) // stride + 1


def widened(span: Span, by: int) -> Span:
    """Inputs of whatever sees `by` on either side."""
    return span[0] - by, span[1] + by


def joined(one: Span, other: Span) -> Span:
    """The smallest span that holds both."""
    return min(one[0], other[0]), max(one[1], other[1])
