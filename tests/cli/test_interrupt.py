"""Ctrl-C and SIGTERM: one line, the exit code that shells know, nothing half-written."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys

import pytest
from hubs import NAME, NEEDED, check_whole, files, serve_hubs

LONG = "The weather stays dry in the valley, with sunshine from the early morning until the evening. " * 20

# Sends itself a signal at the N-th sign of progress: no clock decides where it is caught.
SELF_INTERRUPTING = """
import signal, sys
from contextlib import contextmanager
from cosyvox.cli import main
from cosyvox.cli.console import Console

number, step = int(sys.argv[1]), int(sys.argv[2])
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background job is started without
steps = []

def count(progress):
    steps.append(progress)
    if len(steps) == step:
        signal.raise_signal(number)

@contextmanager
def progress(self):
    yield count

Console.progress = progress
sys.exit(main(sys.argv[3:]))
"""


@pytest.fixture
def verbs(seeded_small, prompt_wav):
    return {
        "say": ("say", LONG, "--model", seeded_small, "--prompt", prompt_wav),
        "make-seeded": ("models", "make-seeded", "model", "--small"),
        "convert": ("models", "convert", seeded_small, "compact"),
    }


@pytest.mark.parametrize(
    ("verb", "step"), [("say", 1), ("say", 8), ("make-seeded", 1), ("make-seeded", 5), ("convert", 1), ("convert", 2)]
)
def test_interrupted_at_a_step(cosyvox, verbs, tmp_path, verb, step):
    done = cosyvox.python("-c", SELF_INTERRUPTING, int(signal.SIGINT), step, *verbs[verb])
    assert done.returncode == 130, done.stderr
    assert done.stderr.decode().splitlines() == ["cosyvox: interrupted"]
    assert not list(tmp_path.iterdir())


def test_download_interrupted(cosyvox, main, machine, monkeypatch):
    with serve_hubs() as hubs:
        for name, value in hubs.environment.items():
            monkeypatch.setenv(name, value)
        done = cosyvox.python("-c", SELF_INTERRUPTING, int(signal.SIGINT), 5, "models", "download", NAME)
        assert done.returncode == 130, done.stderr
        assert done.stderr.decode().splitlines() == ["cosyvox: interrupted"]
        arrived = set(files(machine / "home" / "models" / NAME)) & set(NEEDED)
        assert 0 < len(arrived) < len(NEEDED)
        assert main("models", "download", NAME).returncode == 0
        assert all(hubs.count(name) == 1 for name in arrived)
    check_whole(machine / "home" / "models" / NAME)


def test_terminated(cosyvox, verbs, tmp_path):
    done = cosyvox.python("-c", SELF_INTERRUPTING, int(signal.SIGTERM), 2, *verbs["make-seeded"])
    assert done.returncode == 128 + signal.SIGTERM
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_control_c_in_a_terminal(cosyvox, verbs, tmp_path):
    """The whole path: a progress bar on a terminal, a signal from outside while it moves."""
    import fcntl
    import pty
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    # A handler of Python's own does not pass to the child, an ignored signal would: as under `nohup`.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(cosyvox.command(*verbs["say"]), stdout=theirs, stderr=theirs, **cosyvox.place())
    finally:
        signal.signal(signal.SIGINT, before)
    os.close(theirs)
    seen = b""
    while b"%|" not in seen:
        seen += os.read(ours, 4096)
    process.send_signal(signal.SIGINT)
    while chunk := _read(ours):
        seen += chunk
    os.close(ours)
    assert process.wait() == 130
    assert seen.decode().splitlines()[-1].endswith("cosyvox: interrupted")
    assert b"Traceback" not in seen
    assert not list(tmp_path.iterdir())


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux: the other side is closed
        return b""
