"""flite where nobody may install it: Debian's packages, unpacked into build/flite, without root.

    python -m cosyvox.train.get_flite

Nothing of the system is changed: apt reads and writes lists and archives of its own here, so that it also works in
containers, which have none.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .flite import PRIVATE, FliteMissing, program

_PATIENCE = 120  # seconds
_APT = (
    *("Acquire::Languages=none", "Acquire::Retries=0", "Acquire::http::Timeout=15", "Acquire::https::Timeout=15"),
    *("APT::Sandbox::User=root", "APT::Install-Recommends=false", "Debug::NoLocking=true"),
)


def get_flite() -> str:
    """Where flite is; it is fetched where it is missing and the system is Debian's kin. Raises FliteMissing."""
    try:
        return program()
    except FliteMissing as missing:
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            raise
        try:
            _fetch(PRIVATE)
        except (OSError, subprocess.SubprocessError) as failure:
            raise FliteMissing(f"{missing}; fetching a private copy failed: {_reason(failure)}") from failure
    return program()


def _fetch(program: Path) -> None:
    """Make the file `program` in a folder of its own, which appears whole or not at all."""
    target = program.parent
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        apt, made = Path(scratch) / "apt", Path(scratch) / "made"
        for folder in (apt / "lists" / "partial", apt / "archives" / "partial", made):
            folder.mkdir(parents=True)
        options = (*_APT, f"Dir::State::lists={apt}/lists", f"Dir::Cache={apt}")
        command = ("apt-get", "-qq", *(f"-o{option}" for option in options))
        _run(*command, "update")
        # What else they need comes too, unless the system has it.
        _run(*command, "install", "--yes", "--download-only", "--reinstall", "flite", "libflite1")
        for package in sorted((apt / "archives").glob("*.deb")):
            _run("dpkg-deb", "--extract", str(package), str(made))
        if not (made / "usr/bin/flite").exists():  # apt calls an update without a network a success
            raise OSError("apt offers no flite; is there a network?")
        folders = sorted({path.parent.relative_to(made).as_posix() for path in made.rglob("*.so.*")})
        libraries = ":".join(f"$here/{folder}" for folder in folders)
        start = made / program.name
        start.write_text(f'#!/bin/sh\nhere=${{0%/*}}\nLD_LIBRARY_PATH="{libraries}" exec "$here/usr/bin/flite" "$@"\n')
        start.chmod(0o755)
        made.replace(target)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=_PATIENCE)


def _reason(failure: Exception) -> str:
    told = failure.stderr if isinstance(failure, subprocess.CalledProcessError) else str(failure)
    lines = told.strip().splitlines()
    return lines[-1] if lines else type(failure).__name__


if __name__ == "__main__":
    try:
        get_flite()
    except FliteMissing as error:
        print(error, file=sys.stderr)
        sys.exit(1)
