"""The one worker that owns a device: decides, step by step, whose work is done next.

A step is one prefill, one id for everybody who draws, or one Euler step of the flow for a few who are at the same
place. Between two steps requests come, go and overtake each other. Nothing is polled: with nothing to do it sleeps
until a text, a reader or a request wakes it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from time import monotonic, perf_counter

import torch

from .errors import Busy, Cancelled, OutOfMemory, RequestError, readable
from .flow.stream import advance
from .group import Group, Key
from .job import Job
from .line import Work
from .lm.utterance import Utterance
from .options import EngineOptions
from .runtime import Runtime


class Scheduler:
    """Jobs in, served until they end. `submit`, `wake` and `close` are safe from any thread."""

    def __init__(self, device: torch.device, options: EngineOptions) -> None:
        self._device, self._options = device, options
        self._slots = options.slots_on(device.type)
        self._rows = 4 if device.type == "cpu" else 8  # of streams whose later chunks are computed together
        self._changed = threading.Condition()
        self._signalled = self._closing = False
        self._deadline = 0.0  # when a closing worker stops waiting for its jobs
        self._waiting: deque[Job] = deque()
        self._active: list[Job] = []
        self._groups: list[Group] = []
        self._thread = threading.Thread(target=self._run, name="cosyvox", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Raises Busy, and RequestError where the engine was closed."""
        with self._changed:
            self._check_open()
            if len(self._waiting) >= self._options.queue:
                raise Busy(f"{len(self._waiting)} requests are waiting, no more may: try again in a moment")
            self._waiting.append(job)
        self.wake()

    def wake(self) -> None:
        """Something has changed outside."""
        with self._changed:
            self._signalled = True
            self._changed.notify()

    def close(self, seconds: float) -> None:
        """Take no more; what runs may end within so many seconds, the rest is given up. Returns when all is over."""
        with self._changed:
            self._closing = True
            self._deadline = monotonic() + seconds
        self.wake()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _check_open(self) -> None:
        if self._closing:
            raise RequestError("the engine is closed: load it again")

    @torch.inference_mode()
    def _run(self) -> None:
        try:
            while not self._over():
                self._sweep()
                self._admit()
                if not self._step():
                    self._sleep()
        finally:
            self._give_up(RequestError("the engine was closed while it spoke: load it again"))

    def _over(self) -> bool:
        if not self._closing:
            return False
        idle = not self._waiting and all(job.idle for job in self._active)
        return idle or monotonic() >= self._deadline

    def _give_up(self, error: Exception) -> None:
        with self._changed:
            self._closing = True
            jobs = [*self._active, *self._waiting]
        for job in jobs:
            self._end(job, error)

    def _sleep(self) -> None:
        limits = [limit for job in self._active if (limit := job.wakes_in) is not None]
        if self._closing:
            limits.append(self._deadline - monotonic())
        with self._changed:
            if not self._signalled:
                self._changed.wait(max(0.0, min(limits)) if limits else None)
            self._signalled = False

    def _sweep(self) -> None:
        """Who has left, or waits in vain, is served no more."""
        with self._changed:
            gone = [job for job in self._waiting if job.channel.cancelled]
            self._waiting = deque(job for job in self._waiting if not job.channel.cancelled)
        gone += [job for job in self._active if job.channel.cancelled]
        for job in gone:
            self._end(job, Cancelled("stopped on request"))
        for job in list(self._active):
            with self._blaming([job]):
                job.check()

    def _admit(self) -> None:
        """Begin what waits, open segments."""
        busy = sum(not (job.idle or job.channel.full) for job in self._active)
        while self._waiting and busy < self._slots:
            with self._changed:
                job = self._waiting.popleft()
            self._active.append(job)
            busy += 1
        for job in list(self._active):
            with self._blaming([job]), job.runtime.lanes.flow():
                job.poll(job.runtime.batch.free - 1)
            if job.over:
                self._end(job)

    def _step(self) -> bool:
        """One step of what is most urgent; whether there was any."""
        # Of one request's work what is furthest comes first.
        choices: list[tuple[Key, int, Callable[[], None]]] = []
        for group in self._groups:
            if group.there:
                choices.append((group.key, 0, partial(self._flow, group)))
        for job in self._active:
            with job.runtime.lanes.flow():
                work = job.work()
            if work is not None:
                choices.append((job.key, 1, partial(self._begin, job, work)))
            if job.speaking:
                choices.append((job.key, 2, partial(self._speak, job.runtime)))
        if not choices:
            for group in self._groups[:1]:  # the device is at it, and nothing else is to be done
                group.wait()
            return bool(self._groups)
        min(choices, key=lambda choice: choice[:2])[2]()
        return True

    def _speak(self, runtime: Runtime) -> None:
        """One step of the language model, for all its requests."""
        batch, started = runtime.batch, perf_counter()
        upcoming = batch.upcoming
        told: list[Utterance] = []
        with self._blaming(self._whose(upcoming)), runtime.lanes.lm():
            told = batch.step()
        seconds = (perf_counter() - started) / max(1, len(upcoming))
        for job in self._whose(upcoming):
            job.spend("lm", seconds)
        for job in self._whose(told):
            for utterance in [line.saying for line in job.lines if line.saying in told]:
                assert isinstance(utterance, Utterance)
                with self._blaming([job]):
                    job.heard(utterance)

    def _whose(self, utterances: Iterable[Utterance]) -> list[Job]:
        wanted = set(map(id, utterances))
        return [job for job in self._active if any(id(line.saying) in wanted for line in job.lines)]

    def _begin(self, job: Job, work: Work) -> None:
        """Start with a chunk, and with those of others that can be computed with it."""
        works = {job: work}
        if work.stream is not None and not work.prompt and job.runtime.make_room(work.stream, work.count):
            works |= self._companions(job, work)
        streams = [each.stream for each in works.values() if each.stream is not None]
        begin = work.begin if len(works) == 1 else lambda: advance(streams, work.count, final=work.final)
        for owner, each in works.items():
            owner.run(each)
        try:
            with job.runtime.lanes.flow():
                group = Group(works, begin())
        except Exception as error:
            self._failed(list(works), error)
            return
        self._groups.append(group)
        self._flow(group)

    def _companions(self, job: Job, work: Work) -> dict[Job, Work]:
        """Work of others that costs little more than this one's alone."""
        # On a CPU first chunks are not: one after the other, all but the last are heard earlier.
        first = job.key[0] == 0 and self._device.type == "cpu"
        if first or job.alone or self._options.deterministic:
            return {}
        found: dict[Job, Work] = {}
        pages = work.stream.pages_for(work.count) if work.stream else 0
        for other in sorted(self._active, key=lambda other: other.key):
            with job.runtime.lanes.flow():
                theirs = None if other is job or other.alone or other.runtime is not job.runtime else other.work()
            if theirs is None or theirs.stream is None or theirs.prompt or len(found) + 1 >= self._rows:
                continue
            alike = theirs.count == work.count and theirs.final == work.final
            room = job.runtime.pool.room >= pages * (len(found) + 2)
            if alike and room and job.runtime.make_room(theirs.stream, theirs.count):
                found[other] = theirs
        return found

    def _flow(self, group: Group) -> None:
        """One Euler step of a group, or what comes of its last one."""
        started = perf_counter()
        if group.made is None:
            try:
                index = group.step()
            except Exception as error:
                self._groups.remove(group)
                self._failed(list(group.works), error)
                return
            seconds = (perf_counter() - started) / len(group.works)
            for job, work in group.works.items():
                job.spend("flow", seconds)
                if index is not None and not work.prompt:
                    job.tell("mel", index, job.runtime.pipeline.flow.config.steps)
        if group.made is not None and group.there:
            for job in group.works:
                job.spend("flow", (perf_counter() - group.launched) / len(group.works))
            self._groups.remove(group)
            self._made(group, group.made)

    def _failed(self, jobs: list[Job], error: Exception) -> None:
        """A step did not succeed. Of several each goes on for itself, as nothing is lost: the culprit fails again."""
        if len(jobs) == 1:
            self._blame(jobs, error)
        for job in jobs:
            job.stop_running()
            job.alone = True

    def _made(self, group: Group, mels: list[torch.Tensor]) -> None:
        for job, mel in zip(group.rows, mels, strict=True):
            if job in group.works:
                job.stop_running()
                group.works[job].done(mel)
                with self._blaming([job]), group.vocoding():
                    job.sound()

    def _end(self, job: Job, error: BaseException | None = None) -> None:
        """A job is over; what it held is free."""
        for group in [group for group in self._groups if job in group.works]:
            group.leave(job)
            if not group.works:
                group.steps.close()
                self._groups.remove(group)
        with suppress(ValueError):
            self._active.remove(job)
        job.end(error)

    @contextmanager
    def _blaming(self, jobs: list[Job]) -> Iterator[None]:
        """What fails in the block ends these jobs, not the worker."""
        try:
            yield
        except Exception as error:
            self._blame(jobs, error)

    def _blame(self, jobs: list[Job], error: BaseException) -> None:
        """These have failed; all others go on."""
        error = readable(error, self._device)
        for job in jobs:
            self._end(job, error)
        if isinstance(error, OutOfMemory) and self._device.type == "cuda":
            torch.cuda.empty_cache()
