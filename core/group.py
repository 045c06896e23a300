"""Chunks of several requests that the flow computes together, at one of their steps."""

from __future__ import annotations

from contextlib import AbstractContextManager
from time import perf_counter

from torch import Tensor

from .flow.flow import Steps
from .job import Job
from .line import Work
from .streams import Mark

Key = tuple[int, float]


class Group:
    """rows: whose row is which. made: the mels of `rows`, once all steps were launched; see `there`. launched: when."""

    def __init__(self, works: dict[Job, Work], steps: Steps) -> None:
        self.works, self.steps = works, steps
        self.rows = list(works)
        self.made: list[Tensor] | None = None
        self.launched = 0.0
        self._lanes = self.rows[0].runtime.lanes
        self._mark: Mark | None = None
        self._left = False  # whether somebody has, since the last step

    @property
    def key(self) -> Key:
        return min(job.key for job in self.works)

    @property
    def there(self) -> bool:
        """Whether nothing is left to wait for: False while the device is still at what was launched last."""
        return self._mark is None or self._mark.done

    def wait(self) -> None:
        """Sleep until the device is done."""
        if self._mark is not None:
            self._mark.wait()

    def leave(self, job: Job) -> None:
        del self.works[job]
        self._left = True

    def step(self) -> int | None:
        """Launch a step; the index of the one that comes next, None where that was the last one: `made` is set."""
        with self._lanes.flow():
            try:
                if not self._left:
                    return next(self.steps)
                keep = [index for index, job in enumerate(self.rows) if job in self.works]
                self.rows, self._left = [self.rows[index] for index in keep], False
                return self.steps.send(keep)
            except StopIteration as done:
                self.made, self._mark, self.launched = done.value, self._lanes.mark(), perf_counter()
                return None

    def vocoding(self) -> AbstractContextManager[None]:
        """Where the mels may be read."""
        assert self._mark is not None and self.made is not None
        return self._lanes.vocoder(self._mark, *self.made)
