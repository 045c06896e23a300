"""How an engine is run: what it may use, and what of the quality it may give away."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import RequestError


@dataclass(frozen=True)
class EngineOptions:
    """slots: requests that are spoken side by side; further ones wait. None is 4 on a CPU, 16 elsewhere.
    queue: how many may wait; one more is refused with Busy.
    flow_memory_mb: for the keys and values of streams. A stream that finds no room computes its past anew.
    voice_memory_mb: of it, for prompts that were taken in and are kept for the next request with that voice.
    ahead_seconds: of audio that nobody has read yet, after which a stream pauses.
    patience_seconds: how long a stream pauses before it is given up.
    pause_seconds: without new text, after which a stream speaks what it has.
    cuda_graphs: on CUDA, decoding steps and chunks are recorded and done again from the record; False if that fails.
    deterministic: every request gives the same bits whatever runs beside it: nothing is computed in one batch.

    Off unless asked for, as they cost quality: flow_steps, fewer Euler steps than the model's own (10); guidance,
    False halves the work of the flow; int8, weights of the language model in 8 bits (CPU only).
    """

    slots: int | None = None
    queue: int = 64
    flow_memory_mb: int = 4096
    voice_memory_mb: int = 2048
    ahead_seconds: float = 30.0
    patience_seconds: float = 60.0
    pause_seconds: float = 2.0
    cuda_graphs: bool = True
    deterministic: bool = False
    flow_steps: int | None = None
    guidance: bool = True
    int8: bool = False

    def __post_init__(self) -> None:
        """Raises RequestError for what cannot be."""
        if self.flow_steps is not None and not 1 <= self.flow_steps <= 100:
            raise RequestError(f"flow_steps is {self.flow_steps}: choose 1 to 100")
        for name in ("slots", "queue", "ahead_seconds", "patience_seconds", "pause_seconds"):
            if getattr(self, name) is not None and not getattr(self, name) > 0:
                raise RequestError(f"{name} is {getattr(self, name)}: it must be more than 0")
        for name in ("flow_memory_mb", "voice_memory_mb"):
            if getattr(self, name) < 0:
                raise RequestError(f"{name} is {getattr(self, name)}: it cannot be less than 0")

    def slots_on(self, device: str) -> int:
        """slots on this type of device."""
        return self.slots or (4 if device == "cpu" else 16)
