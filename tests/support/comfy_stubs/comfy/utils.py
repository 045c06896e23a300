"""comfy.utils: progress bars that remember, and raise what the real ones do."""

from __future__ import annotations

import comfy.model_management

shown: list[tuple[int, int]] = []  # (value, total) of every update
listening = True  # whether there is a server whose hook is called, and raises


class ProgressBar:
    def __init__(self, total: int) -> None:
        self.total = total

    def update_absolute(self, value: int, total: int | None = None) -> None:
        self.total = total or self.total
        assert 0 <= value <= self.total
        shown.append((value, self.total))
        if listening:
            comfy.model_management.throw_exception_if_processing_interrupted()
