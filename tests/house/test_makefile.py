"""`make say` hands over what was typed, whatever it is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import cosyvox
import pytest

ROOT = Path(cosyvox.__file__).parent
pytestmark = pytest.mark.skipif(
    os.name == "nt" or not shutil.which("make") or not shutil.which("python3"),
    reason="make, a POSIX shell and python3 are needed",
)
TOOL = """#!/usr/bin/env python3
import json, sys
print(json.dumps(sys.argv[1:]))
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The Makefile in a folder as users have them; set-up and the program only show what they were given."""
    folder = tmp_path / "我的 声音-clone"
    program = folder / ".venv" / "bin" / "cosyvox"
    program.parent.mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    program.write_text(TOOL, encoding="utf-8")
    program.chmod(0o755)
    (folder / "install.py").write_text(TOOL, encoding="utf-8")
    return folder


def make(folder: Path, *arguments: str, **variables: str) -> list[list[str]]:
    """What install.py and the program were called with."""
    plain = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
    command = ["make", "--no-print-directory", *arguments]
    done = subprocess.run(command, cwd=folder, env=plain | variables, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


TEXTS = [
    "Hello, I am home.",
    "你好,世界。",
    "it's \"quoted\" and 'quoted'",
    "costs $5, $HOME, $(shell echo no) and `echo no`",
    "an open $( and a # and 100 % \\ back\\slash; ls & | > x *",
    "-- starts with dashes",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_arrives_as_it_was_typed(clone: Path, text: str) -> None:
    assert make(clone, "say", f"TEXT={text}")[1] == ["say", "--", text]
    assert make(clone, "say", TEXT=text)[1] == ["say", "--", text]


def test_options_arrive_and_absent_ones_do_not(clone: Path) -> None:
    given = ["TEXT=hi", "MODEL=my models/v2", "PROMPT=/声音/我 me.wav", "SEED=7", "OUT=out $1.wav"]
    setup, said = make(clone, "say", *given, "TRANSCRIPT=it's me", "INSTRUCT=用四川话说")
    assert setup == ["--venv", ".venv"]
    options = {"--model": "my models/v2", "--prompt": "/声音/我 me.wav", "--transcript": "it's me"}
    options |= {"--instruct": "用四川话说", "--seed": "7", "--output": "out $1.wav"}
    assert said == ["say", *(part for pair in options.items() for part in pair), "--", "hi"]


def test_train_gets_flite_first_and_hands_over_its_stages(clone: Path) -> None:
    shutil.copy(clone / ".venv" / "bin" / "cosyvox", clone / ".venv" / "bin" / "python")
    setup, flite, trained = make(clone, "train", "STAGE=flow lm", "PLAN=smoke", "FOLDER=a folder")
    assert setup == ["--venv", ".venv", "--extra", "train"]
    assert flite == ["-m", "cosyvox.train.get_flite"]
    assert trained == ["-m", "cosyvox.train", "--plan", "smoke", "--folder", "a folder", "flow", "lm"]
    assert make(clone, "train")[2] == ["-m", "cosyvox.train"]


def test_make_alone_shows_what_there_is() -> None:
    shown = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert "make say" in shown.stdout
    assert "make test" in shown.stdout
