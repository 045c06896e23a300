"""flite where nobody installed it, by an apt that is played here."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cosyvox.train import flite, get_flite

pytestmark = pytest.mark.skipif(os.name == "nt", reason="apt is for Linux")

# Puts a "package" where apt puts packages; unpacking it makes a program that shows where it looks for libraries.
APT = """#!/bin/sh
for option; do
    case "$option" in -oDir::Cache=*) cache="${option#-oDir::Cache=}" ;; esac
done
case "$*" in *install*flite*) : > "$cache/archives/flite.deb" ;; esac
"""
DPKG = """#!/bin/sh
mkdir -p "$3/usr/bin" "$3/usr/lib/x"
printf '#!/bin/sh\\necho "$LD_LIBRARY_PATH" "$@"\\n' > "$3/usr/bin/flite"
chmod +x "$3/usr/bin/flite"
: > "$3/usr/lib/x/libflite.so.1"
"""
NO_PACKAGES = "#!/bin/sh\n"
NO_NETWORK = "#!/bin/sh\necho 'W: slow' >&2\necho 'E: no network' >&2\nexit 100\n"


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the copy is to go, on a machine without flite and apt."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "mkdir", "chmod"):
        (programs / name).symlink_to(shutil.which(name) or "")
    copy = tmp_path / "the build" / "flite" / "flite"
    monkeypatch.setenv("PATH", str(programs))
    for module in (flite, get_flite):
        monkeypatch.setattr(module, "PRIVATE", copy)
    return copy


def install(private: Path, **programs: str) -> None:
    for name, content in programs.items():
        path = private.parents[2] / "bin" / name.replace("_", "-")
        path.write_text(content, encoding="utf-8")
        path.chmod(0o755)


def test_a_copy_is_made_once_and_finds_its_libraries(private: Path) -> None:
    install(private, apt_get=APT, dpkg_deb=DPKG)
    assert get_flite.get_flite() == flite.program() == str(private)
    told = subprocess.run([private, "-t", "two words"], capture_output=True, text=True, check=True).stdout
    assert told == f"{private.parent}/usr/lib/x -t two words\n"
    assert list(private.parents[1].iterdir()) == [private.parent], "nothing else is left behind"
    install(private, apt_get=NO_NETWORK)
    assert get_flite.get_flite() == str(private)


def test_where_there_is_no_apt_one_line_says_what_to_do(private: Path) -> None:
    with pytest.raises(flite.FliteMissing, match=r"^flite is not installed: `apt install flite`.*$"):
        get_flite.get_flite()
    assert not private.parents[1].exists()


@pytest.mark.parametrize(("apt", "reason"), [(NO_NETWORK, "E: no network"), (NO_PACKAGES, "is there a network")])
def test_where_apt_fails_its_reason_is_told_and_nothing_is_left(private: Path, apt: str, reason: str) -> None:
    install(private, apt_get=apt, dpkg_deb=DPKG)
    with pytest.raises(flite.FliteMissing, match=rf"^flite is not installed: .*{reason}.*$"):
        get_flite.get_flite()
    assert list(private.parents[1].iterdir()) == []
