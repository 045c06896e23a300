"""What can be said of a command line before any model is loaded."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import cosyvox as package
import pytest

SAY = ("say", "Hello", "--model", "model", "--prompt", "prompt.wav")


@pytest.fixture
def prompted(tmp_path):
    """A folder with a file that passes for a prompt until somebody opens it."""
    (tmp_path / "prompt.wav").write_bytes(b"")
    return tmp_path


def test_version(cosyvox):
    done = cosyvox("--version")
    assert done.returncode == 0
    assert done.stdout.decode().split() == ["cosyvox", package.__version__]


@pytest.mark.parametrize("verb", [(), ("say",), ("convert",), ("bench",), ("models",)])
def test_help_imports_nothing_heavy(cosyvox, verb):
    script = (
        "import sys; from cosyvox.cli import main\n"
        f"try: main([*{verb!r}, '--help'])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "print('loaded:', *({'torch', 'numpy', 'tqdm', 'onnxruntime', 'soundfile'} & set(sys.modules)))"
    )
    done = cosyvox.python("-c", script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().splitlines()[-1].strip() == "loaded:"


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((), "VERB"),
        (("sing",), "sing"),
        (("say",), "TEXT"),
        (("say", "Hello", "there"), "there"),
        (("say", "Hello", "--seed", "x"), "--seed"),
        (("say", "Hello", "--device", "toaster"), "toaster"),
        (("say", "Hello", "--format", "mp3", "-o", "-"), "mp3"),
        (("convert",), "SOURCE"),
        (("bench", "--concurrency", "1,0"), "1,0"),
        (("bench", "--seconds", "long"), "long"),
        (("models",), "ACTION"),
        (("models", "convert", "one"), "OUT"),
    ],
)
def test_usage_errors_are_one_line(cosyvox, args, says):
    error = cosyvox.fails(2, *args)
    assert says in error
    assert "--help" in error


def test_a_transcript_without_its_recording(cosyvox):
    assert "--prompt FILE" in cosyvox.fails(2, "say", "Hello", "--transcript", "Words.")


def test_the_environment_names_a_model(cosyvox):
    assert "elsewhere" in cosyvox.fails(1, "say", "Hello", COSYVOX_MODEL="elsewhere")


def test_missing_prompt(cosyvox):
    assert "prompt.wav" in cosyvox.fails(1, *SAY)


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_empty_text(cosyvox, prompted, text):
    assert "empty" in cosyvox.fails(1, "say", text, *SAY[2:])


def test_empty_standard_input(cosyvox, prompted):
    assert "empty" in cosyvox.fails(1, "say", "-", *SAY[2:])


def test_standard_input_that_is_not_utf8(cosyvox, prompted):
    assert "UTF-8" in cosyvox.fails(1, "say", "-", *SAY[2:], stdin="Grüße".encode("latin-1"))


@pytest.mark.skipif(sys.platform == "win32", reason="arguments are UTF-16 there")
def test_argument_that_is_not_utf8(cosyvox, prompted):
    assert "UTF-8" in cosyvox.fails(1, "say", os.fsdecode(b"Gr\xfc\xdfe"), *SAY[2:], PYTHONUTF8="1")


def test_an_existing_output_is_refused(cosyvox, prompted):
    (prompted / "mine.wav").write_bytes(b"precious")
    error = cosyvox.fails(1, *SAY, "-o", "mine.wav")
    assert "--force" in error
    assert (prompted / "mine.wav").read_bytes() == b"precious"


@pytest.mark.parametrize(("name", "says"), [("speech.mp3", ".wav"), ("nowhere/speech.wav", "nowhere"), (".", "folder")])
def test_an_impossible_output_is_refused(cosyvox, prompted, name, says):
    assert says in cosyvox.fails(1, *SAY, "-o", name)
    assert [path.name for path in prompted.iterdir()] == ["prompt.wav"]


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder that nobody can write to")
@pytest.mark.parametrize("output", [("-o", "/proc/self/speech.wav"), ()])
def test_a_place_that_cannot_be_written_to_is_told_before_the_work(cosyvox, prompted, output):
    if not output:
        cosyvox.folder = Path("/proc/self")
    prompt = ("--prompt", prompted / "prompt.wav")
    assert "cannot be written to" in cosyvox.fails(1, *SAY[:4], *prompt, *output)


def test_an_output_with_too_long_a_name(cosyvox, prompted):
    assert "too long" in cosyvox.fails(1, *SAY, "-o", 300 * "x" + ".wav")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_closed_streams(cosyvox, prompted):
    def closing(stream, *args):
        command = shlex.join(cosyvox.command(*SAY, *args))
        return subprocess.run(f"{command} {stream}>&-", shell=True, capture_output=True, **cosyvox.place())

    done = closing(1, "-o", "-")
    assert done.returncode == 1
    assert done.stderr == b"cosyvox: standard output is closed: name a file with -o FILE\n"
    assert closing(2).stdout == b""


def test_json_and_the_audio_do_not_share_standard_output(cosyvox):
    assert "-o" in cosyvox.fails(2, *SAY, "--json", "-o", "-")


@pytest.mark.parametrize("output", [(), ("-o", "speech.wav")])
def test_bare_samples_are_no_file(cosyvox, output):
    assert "-o -" in cosyvox.fails(2, *SAY, "--format", "raw", *output)


def test_a_voice_has_its_own_recording(cosyvox):
    assert "--prompt" in cosyvox.fails(2, "convert", "me.wav", "--voice", "emma", "--prompt", "you.wav")


def test_nothing_to_convert(cosyvox, prompted):
    assert "no recording me.wav" in cosyvox.fails(1, "convert", "me.wav", "--prompt", "prompt.wav", "--model", "model")


def test_a_model_folder_that_is_not_there(cosyvox, prompted):
    assert "model" in cosyvox.fails(1, *SAY)


@pytest.mark.parametrize("place", ["before", "after"])
def test_debug_shows_a_traceback(cosyvox, place):
    args = ("--debug", *SAY) if place == "before" else (*SAY, "--debug")
    done = cosyvox(*args)
    assert done.returncode == 1
    assert b"Traceback" in done.stderr
    assert done.stderr.decode().splitlines()[-1].startswith("cosyvox: there is no recording")


def test_a_defect_of_ours_is_one_line_too(cosyvox):
    script = (
        "import sys; from cosyvox.cli import main, models\n"
        "def broken(*_): raise ZeroDivisionError('a\\nb')\n"
        "models.verify = broken\n"
        "sys.exit(main(['models', 'verify', 'x']))"
    )
    done = cosyvox.python("-c", script)
    assert done.returncode == 70
    (error,) = done.stderr.decode().splitlines()
    assert error == "cosyvox: unexpected ZeroDivisionError: a b; run again with --debug to see where"
