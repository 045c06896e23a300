"""What is written appears whole or not at all, also beside other writers, and after some of them were killed."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cosyvox.core import StorageError, storage
from cosyvox.core.storage import new_folder, remove_folder, replacing, sweep, write_file

# Dies as by kill -9 in the middle of writing a folder or a file.
KILLED = """
import os, sys
from pathlib import Path
from cosyvox.core.storage import new_folder, replacing

target = Path(sys.argv[2])
if sys.argv[1] == "folder":
    with new_folder(target) as draft:
        (draft / "weights").write_bytes(b"half")
        os._exit(9)
with replacing(target) as stream:
    stream.write(b"half")
    stream.flush()
    os._exit(9)
"""


def kill_a_writer(what: str, target: Path) -> list[str]:
    """What it leaves behind."""
    before = {path.name for path in target.parent.iterdir()}
    assert subprocess.run([sys.executable, "-c", KILLED, what, target]).returncode == 9
    return sorted({path.name for path in target.parent.iterdir()} - before)


def write_folder(target: Path) -> None:
    with new_folder(target) as draft:
        (draft / "weights").write_bytes(b"whole")


@pytest.mark.parametrize("what", ["folder", "file"])
def test_the_next_writer_sweeps(tmp_path: Path, what: str) -> None:
    draft, lock = kill_a_writer(what, tmp_path / "killed")
    assert draft.endswith(".partial") and lock == f"{draft}.lock"
    write_folder(tmp_path / "next")
    assert [path.name for path in tmp_path.iterdir()] == ["next"]
    kill_a_writer(what, tmp_path / "killed")
    write_file(tmp_path / "file", b"whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "next"]


def test_a_lock_whose_writer_died_before_it_wrote(tmp_path: Path) -> None:
    draft, lock = kill_a_writer("file", tmp_path / "killed")
    (tmp_path / draft).unlink()
    sweep(tmp_path)
    assert not (tmp_path / lock).exists()


def test_a_living_writer_is_left_alone(tmp_path: Path) -> None:
    with new_folder(tmp_path / "slow") as slow, replacing(tmp_path / "file") as stream:
        (slow / "weights").write_bytes(b"whole")
        kill_a_writer("folder", tmp_path / "killed")
        sweep(tmp_path)
        write_folder(tmp_path / "fast")
        stream.write(b"whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fast", "file", "slow"]
    assert (tmp_path / "slow" / "weights").read_bytes() == (tmp_path / "file").read_bytes() == b"whole"


def test_many_writers_at_once(tmp_path: Path) -> None:
    def write(number: int) -> None:
        try:
            for turn in range(10):
                write_folder(tmp_path / f"{number}-{turn}")
                write_file(tmp_path / "shared", b"%d" % number * 1000, replace=True)
        except BaseException as error:
            failures.append(error)

    failures: list[BaseException] = []
    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failures == []
    names = [f"{number}-{turn}" for number in range(8) for turn in range(10)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names, "shared"])
    assert all((tmp_path / name / "weights").read_bytes() == b"whole" for name in names)
    assert len(set((tmp_path / "shared").read_bytes())) == 1


def test_what_a_user_made_is_not_swept(tmp_path: Path) -> None:
    hexadecimal = "0123456789abcdef" * 2
    for name in (".mine.partial", ".cosyvox-mine.partial", f".cosyvox-{hexadecimal}", f"cosyvox-{hexadecimal}.partial"):
        (tmp_path / name).mkdir()
        (tmp_path / f"{name}.lock").write_bytes(b"")
    (tmp_path / f".cosyvox-{hexadecimal}.partial").mkdir()  # without a lock nothing says that its writer is dead
    before = sorted(tmp_path.iterdir())
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == before


def test_a_link_in_the_place_of_a_draft(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "notes").write_bytes(b"mine")
    draft, lock = kill_a_writer("file", tmp_path / "killed")
    (tmp_path / draft).unlink()
    try:
        (tmp_path / draft).symlink_to(tmp_path / "precious", target_is_directory=True)
    except OSError:
        pytest.skip("no links here")
    sweep(tmp_path)
    assert not (tmp_path / lock).exists()
    assert (tmp_path / "precious" / "notes").read_bytes() == b"mine"


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kill_a_writer("folder", tmp_path / "killed")
    left = sorted(tmp_path.iterdir())
    monkeypatch.setattr(storage, "try_lock", lambda stream: False)
    now = iter(range(100))
    monkeypatch.setattr(storage.time, "monotonic", lambda: next(now))
    write_folder(tmp_path / "next")
    assert sorted(tmp_path.iterdir()) == sorted([*left, tmp_path / "next"])  # nobody can say that its writer is dead


def test_a_removed_folder_is_gone(tmp_path: Path) -> None:
    write_folder(tmp_path / "model")
    remove_folder(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StorageError, match="could not be removed: No such file"):
        remove_folder(tmp_path / "model")


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), new_folder(tmp_path / "deep" / "er" / "model") as draft:
        (draft / "weights").write_bytes(b"half")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("length", [100, 250])
def test_long_names(tmp_path: Path, length: int) -> None:
    write_folder(tmp_path / ("n" * length))
    assert [path.name for path in tmp_path.iterdir()] == ["n" * length]
