"""CUDA streams of a model at work, and what is recorded on them. On other devices there are none, and nothing happens.

The stages overlap because each has a stream of its own: what the host launches there is queued, and only who needs a
result waits for it. The rules followed are those of "CUDA semantics" in torch's documentation.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TypeAlias

import torch
from torch import Tensor

Launch: TypeAlias = Callable[[], None]  # work on tensors that stay where they are
Record: TypeAlias = Callable[[Launch], Launch]  # the same work, recorded: the result does it again

_CAPTURING = threading.Lock()  # only one capture may be underway in a process


class Recorder:
    """Records work as CUDA graphs, on one stream and into one pool of memory: no two of them may run at once.

    The stream must be nobody else's. cuBLAS keeps a workspace for each, which its graphs go on using: graphs that were
    recorded on the same stream may not run side by side on others either.
    """

    def __init__(self, stream: torch.cuda.Stream) -> None:
        self._stream = stream
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, work: Launch) -> Launch:
        """Record work, which is not done by that.

        It was done at least once on this stream, so that nothing is set up while it is recorded; it neither waits for
        the device nor changes anything on the host; what it reads and where its results go was there before, and
        whoever does it again keeps that alive.
        """
        graph = torch.cuda.CUDAGraph()
        # The outer block gives the stream back where a capture fails. Other threads may use the device meanwhile.
        capture = torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local")
        with _CAPTURING, torch.cuda.stream(self._stream), capture:
            work()
        return graph.replay


class Mark:
    """A point in the current stream; `done` when the device has come to it. Without CUDA it always has."""

    def __init__(self, device: torch.device) -> None:
        self.event: torch.cuda.Event | None = None
        if device.type == "cuda":
            self.event = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]  # who waits for it sleeps
            self.event.record()

    @property
    def done(self) -> bool:
        return self.event is None or bool(self.event.query())  # type: ignore[no-untyped-call]

    def wait(self) -> None:
        if self.event is not None:
            self.event.synchronize()


class Lanes:
    """A stream for the language model, one for the flow, one for the vocoder. Used by one thread.

    From lane to lane: ids go through the host, which takes them when the language model is done; mels stay on the
    device, see `vocoder`; audio goes to the host. All else that a request owns is made, used and freed in the lane of
    the flow, so that its memory is not used again before what was launched on it is done.
    """

    def __init__(self, device: torch.device, *, graphs: bool = True) -> None:
        """graphs: whether anything is recorded."""
        self._device = device
        self._streams: list[torch.cuda.Stream] = []
        self.lm_record: Record | None = None
        self.flow_record: Record | None = None
        if device.type == "cuda":
            self._streams = [torch.cuda.Stream(device) for _ in range(3)]  # type: ignore[no-untyped-call]
            if graphs:
                self.lm_record, self.flow_record = (Recorder(stream) for stream in self._streams[:2])

    def lm(self) -> AbstractContextManager[None]:
        return self._lane(0)

    def flow(self) -> AbstractContextManager[None]:
        return self._lane(1)

    def mark(self) -> Mark:
        """Behind what was launched so far in the lane that is entered."""
        return Mark(self._device)

    @contextmanager
    def vocoder(self, after: Mark, *mels: Tensor) -> Iterator[None]:
        """mels: what it reads that the flow had made `after` that."""
        with self._lane(2):
            if after.event is not None:
                self._streams[2].wait_event(after.event)
                for mel in mels:
                    mel.record_stream(self._streams[2])
            yield

    @contextmanager
    def _lane(self, index: int) -> Iterator[None]:
        if not self._streams:
            yield
            return
        stream = self._streams[index]
        # Weights and caches were made on the default stream.
        stream.wait_stream(torch.cuda.default_stream(self._device))
        with torch.cuda.stream(stream):
            yield


def upload(values: Sequence[int] | Tensor, device: torch.device) -> Tensor:
    """Ids int64 on the device. An ordinary copy waits for all that its stream still has to do; this one does not."""
    ids = torch.as_tensor(values, dtype=torch.int64)
    if device.type != "cuda" or ids.device.type == "cuda":
        return ids.to(device)
    return ids.pin_memory().to(device, non_blocking=True)
