"""An ONNX file of a model folder, opened when it is first needed."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CheckpointError, RequestError

SAMPLE_BYTES = 1 << 16
MAX_THREADS = 4  # the graphs are small: more threads wait for each other


class OnnxModel:
    """Arrays in, in the order of the graph's inputs; its first output out. Safe from many threads."""

    def __init__(self, path: Path, cuda: bool = False) -> None:
        self._path = path
        self._cuda = cuda
        self._session: Any = None
        self._opening = Lock()

    def __call__(self, *inputs: NDArray[Any]) -> NDArray[Any]:
        """Raises CheckpointError if the file is missing, damaged or not of this kind."""
        session = self.open()
        names = [node.name for node in session.get_inputs()]
        if len(names) != len(inputs):
            raise CheckpointError(f"{self._path} takes {len(names)} inputs, not {len(inputs)}: it is of another model")
        try:
            output = session.run(None, dict(zip(names, inputs, strict=True)))[0]
        except Exception as error:  # onnxruntime's exceptions have no base of their own
            raise CheckpointError(
                f"{self._path} failed ({_reason(error)}): it is damaged or of another model"
            ) from error
        return np.asarray(output)

    def sample(self) -> bytes:
        """Size, beginning and end of the file: enough to tell two apart. Raises CheckpointError if it is missing."""
        try:
            size = self._path.stat().st_size
            with self._path.open("rb") as file:
                head = file.read(SAMPLE_BYTES)
                file.seek(max(0, size - SAMPLE_BYTES))
                return b"%d " % size + head + file.read(SAMPLE_BYTES)
        except OSError as error:
            raise CheckpointError(f"{self._path} is missing: download the model folder again") from error

    def open(self) -> Any:
        """The session, made by the first call. Raises CheckpointError, RequestError."""
        with self._opening:
            if self._session is None:
                self._session = self._create_session()
            return self._session

    def _create_session(self) -> Any:
        # Since 1.31 it reports to its maker, and keeps an id for that in the user's home: not unless they ask for it.
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        try:
            import onnxruntime
        except ImportError as error:
            raise RequestError(
                f"cloning a voice needs onnxruntime ({error}): run install.py, or pip install onnxruntime"
            ) from error
        if not self._path.is_file():
            raise CheckpointError(f"{self._path} is missing: download the model folder again")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = min(MAX_THREADS, os.cpu_count() or 1)
        options.log_severity_level = 3  # errors only: the published graphs warn of their unused initialisers
        providers = ["CPUExecutionProvider"]
        if self._cuda and "CUDAExecutionProvider" in onnxruntime.get_available_providers():
            providers.insert(0, "CUDAExecutionProvider")
        try:
            return onnxruntime.InferenceSession(os.fspath(self._path), options, providers=providers)
        except Exception as error:
            raise CheckpointError(
                f"{self._path} is damaged ({_reason(error)}): download the model folder again"
            ) from error


def _reason(error: Exception) -> str:
    """onnxruntime says "[ONNXRuntimeError] : 7 : INVALID_PROTOBUF : reason", sometimes over many lines."""
    return str(error).partition("\n")[0].rpartition(" : ")[2].rstrip(".")
