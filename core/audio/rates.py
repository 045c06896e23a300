"""Which sample rates are taken for real."""

from __future__ import annotations

from ..errors import AudioError

MIN_RATE = 4_000
MAX_RATE = 384_000


def check_rate(rate: int) -> None:
    """Raises AudioError for a sample rate (Hz) that no speech was ever recorded at: a damaged header, usually."""
    if not MIN_RATE <= rate <= MAX_RATE:
        raise AudioError(
            f"a sample rate of {rate} Hz cannot be right: save the audio again at {MIN_RATE} to {MAX_RATE} Hz"
        )
