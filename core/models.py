"""What can be done with a model folder besides speaking: convert it, verify it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from .checkpoint import STAGES, Dtypes, load_model, open_folder
from .compact import write_compact
from .errors import Cancelled, RequestError
from .request import OnProgress, Progress, ShouldStop
from .storage import new_folder

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class ModelReport:
    """A model folder that was loaded and found whole."""

    folder: Path
    family: str
    form: str  # "official" or "compact"
    sample_rate: int
    parameters: int
    files: dict[str, int]  # name -> bytes


def verify(folder: str | Path, *, on_progress: OnProgress | None = None) -> ModelReport:
    """Load everything in a folder strictly. Raises what loading raises: the first thing that is wrong."""
    from .pipeline import front_end

    opened = open_folder(Path(folder))
    model = load_model(opened, device=torch.device("cpu"), dtypes=Dtypes(), on_progress=on_progress)
    opened.family.open_tokenizer(opened.path)
    front_end(opened, torch.device("cpu")).open()
    return ModelReport(
        folder=opened.path,
        family=opened.family.name,
        form="compact" if opened.compact else "official",
        sample_rate=opened.config.sample_rate,
        parameters=sum(p.numel() for stage in model.stages.values() for p in stage.parameters()),
        files={
            path.relative_to(opened.path).as_posix(): path.stat().st_size
            for path in sorted(opened.path.rglob("*"))
            if path.is_file()
        },
    )


def convert(
    folder: str | Path,
    out: str | Path,
    *,
    dtype: str = "float32",
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> None:
    """Write the model in `folder` to the new folder `out` in the compact form.

    dtype: "float32" keeps every bit; "bfloat16" and "float16" halve the size. Raises StorageError if
    `out` holds something already or the disk has no room, and what loading raises; nothing is left behind then.
    """
    if dtype not in _DTYPES:
        raise RequestError(f"no dtype {dtype!r}: choose one of {', '.join(_DTYPES)}")
    opened = open_folder(Path(folder))
    with new_folder(Path(out)) as draft:
        model = load_model(opened, device=torch.device("cpu"), dtypes=Dtypes(), on_progress=on_progress)
        if should_stop is not None and should_stop():
            raise Cancelled("stopped on request: nothing was written")
        if on_progress is not None:
            on_progress(Progress("write", len(STAGES), len(STAGES)))
        write_compact(draft, opened.path, opened.family, opened.config, model.stages, _DTYPES[dtype])
