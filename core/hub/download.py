"""A family's published files, from whichever hub answers, into our own home."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import DownloadError, ModelNotFound, RequestError, StorageError
from ..families import FAMILIES, Family
from ..home import models_home
from ..request import OnProgress, Progress, ShouldStop
from ..storage import check_room, remove_folder, sweep, try_lock
from . import places
from .found import FoundModel, family_of, inspect_model, models_on_disk, needed_files
from .listing import list_files, page
from .transfer import RemoteFile, fetch, matches
from .web import HubError, Patience, check_stop

HUBS = {"modelscope": "ModelScope", "huggingface": "Hugging Face"}
OFFLINE_VARIABLES = ("COSYVOX_OFFLINE", "HF_HUB_OFFLINE")
_SPARE = 64 << 20  # bytes that the disk keeps


def download_model(
    name: str,
    *,
    hub: str | None = None,
    offline: bool = False,
    patience: Patience | None = None,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> FoundModel:
    """The folder of a family, fetched unless a complete one is on this machine already.

    hub: "modelscope", "huggingface", or None for whichever answers. Files appear under their names when they
    are whole and have the digest that the hub lists, so whenever it is interrupted, the next call goes on.
    Raises ModelNotFound for an unknown name, DownloadError, StorageError, Cancelled.
    """
    family = family_of(name)
    if family is None:
        known = ", ".join(family.name for family in FAMILIES)
        raise ModelNotFound(f"no family is called {name}: known are {known}")
    if hub is not None and hub not in HUBS:
        raise RequestError(f"no hub {hub!r}: choose one of {', '.join(HUBS)}")
    for model in models_on_disk():
        if model.family == family.name and model.complete:
            return model
    folder = models_home() / family.name
    if offline or is_offline():
        raise DownloadError(
            f"no complete {family.name} is on this machine, and nothing is fetched while offline; {_by_hand(family)}"
        )
    patience = patience or Patience()
    reasons = []
    with _alone(folder):
        for answered, listed in _lists(family, [hub] if hub else list(HUBS), patience, should_stop):
            try:
                if isinstance(listed, HubError):
                    raise listed
                _fetch_all(listed, folder, patience, on_progress, should_stop)
            except HubError as error:
                reasons.append(f"{HUBS[answered]}: {error}")
                continue
            found = inspect_model(folder, places.OURS, family)
            assert found is not None and found.complete
            return found
    kept = "; what has arrived is kept, and the same command goes on from there" if folder.exists() else ""
    raise DownloadError(f"{family.name} could not be fetched ({'; '.join(reasons)}){kept}; {_by_hand(family)}")


def remove_model(name: str) -> FoundModel:
    """Delete a model from our own home, and only there: by family or by the name of its folder.

    Raises ModelNotFound, StorageError.
    """
    model = own_model(name)
    if model.path.is_symlink():
        model.path.unlink()
        return model
    with _alone(model.path):
        remove_folder(model.path)
    return model


def own_model(name: str) -> FoundModel:
    """The model in our own home that a family's or a folder's name means. Raises ModelNotFound."""
    family = family_of(name)
    wanted = {name, *([family.name] if family else [])}
    for model in models_on_disk():
        if model.place == places.OURS and model.path.name in wanted:
            return model
    raise ModelNotFound(
        f"{models_home()} holds no model {name}: only what lies there can be removed; "
        "`cosyvox models list` says what is where"
    )


def is_offline() -> bool:
    """Whether the environment forbids the network."""
    return any(os.environ.get(name, "").strip().lower() in {"1", "true", "yes", "on"} for name in OFFLINE_VARIABLES)


def _lists(
    family: Family, hubs: Sequence[str], patience: Patience, should_stop: ShouldStop | None
) -> Iterator[tuple[str, list[RemoteFile] | HubError]]:
    """What each hub answers, in the order of the answers; all are asked at once. Raises Cancelled."""
    answers: queue.SimpleQueue[tuple[str, list[RemoteFile] | HubError]] = queue.SimpleQueue()

    def ask(hub: str) -> None:
        try:
            answers.put((hub, list_files(hub, family, patience)))
        except HubError as error:
            answers.put((hub, error))
        except Exception as error:  # a thread that dies silently would be waited for, for ever
            answers.put((hub, HubError(f"{type(error).__name__}: {error}")))

    for hub in hubs:
        threading.Thread(target=ask, args=(hub,), daemon=True).start()
    for _ in hubs:
        while True:
            check_stop(should_stop)
            with suppress(queue.Empty):  # with an end to it: on Windows, Ctrl-C does not interrupt a wait without one
                answer = answers.get(timeout=0.2)
                break
        yield answer


def _fetch_all(
    files: Sequence[RemoteFile],
    folder: Path,
    patience: Patience,
    on_progress: OnProgress | None,
    should_stop: ShouldStop | None,
) -> None:
    """Bring all files into `folder`. Raises HubError, StorageError, Cancelled."""
    missing = []
    for file in files:
        path = folder / file.name
        if not path.exists():
            missing.append(file)
        elif not matches(path, file):
            raise StorageError(
                f"{path} is another file than the published one: it was not touched; remove or rename it, "
                "and run this again"
            )
    arrived = sum(path.stat().st_size for path in folder.rglob("*.part"))
    check_room(folder, sum(file.size for file in missing) - arrived + _SPARE)
    for file in missing:

        def tell(done: int, file: RemoteFile = file) -> None:
            if on_progress is not None:
                on_progress(Progress(f"download {file.name}", done, file.size))

        path = folder / file.name
        path.parent.mkdir(exist_ok=True)
        fetch(file, path, patience, tell, should_stop)
    for leftover in folder.rglob("*.part"):  # of other revisions
        with suppress(OSError):
            leftover.unlink()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """The folder, made if need be, with nobody else downloading into it; empty folders disappear again.

    The lock is the system's, so it ends with the process that holds it. Raises StorageError.
    """
    lock = folder.with_name(f".{folder.name}.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = lock.open("wb")
    except OSError as error:
        raise StorageError(
            f"{folder} could not be written: {error.strerror}; mend that, or name another home in COSYVOX_HOME"
        ) from error
    with held:
        if not try_lock(held):
            raise StorageError(f"{folder} is in use: another download runs; wait for its end")
        sweep(folder.parent)
        try:
            yield
        finally:
            for empty in (*(child for child in folder.glob("*") if child.is_dir()), folder):
                with suppress(OSError):
                    empty.rmdir()


def _by_hand(family: Family) -> str:
    pages = " or ".join(page(hub, family) for hub in HUBS)
    return f"by hand: put {', '.join(needed_files(family))} from {pages} into {models_home() / family.name}"
