"""`cosyvox say --stream`: audio that can be played while it is made, of text that is still being written."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import soundfile

HEADER = 44  # bytes
LONG = "Hi there. " * 200


@pytest.fixture
def say(main, seeded_small, prompt_wav):
    """Run `say --stream` with the small model and the prompt."""

    def run(*args):
        return main("say", *args, "--stream", "--model", seeded_small, "--prompt", prompt_wav)

    return run


@pytest.fixture
def running(cosyvox, seeded_small, prompt_wav):
    """The same in a process that can be talked to; one that hangs is ended, and its output with it."""

    @contextmanager
    def run(*args, **pipes) -> Iterator[subprocess.Popen]:
        command = cosyvox.command("say", *args, "--stream", "--model", seeded_small, "--prompt", prompt_wav)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **pipes}
        # An ignored signal would pass to the child, as under `nohup`; a handler of Python's own does not.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            process = subprocess.Popen(command, bufsize=0, **pipes, **cosyvox.place())
        finally:
            signal.signal(signal.SIGINT, before)
        guard = threading.Timer(120, process.kill)
        guard.start()
        with process:
            try:
                yield process
            finally:
                guard.cancel()
                process.kill()

    return run


def read(stream, count):
    data = b""
    while len(data) < count and (more := stream.read(count - len(data))):
        data += more
    return data


def lines(stderr):
    return [line for line in stderr.decode().splitlines() if not line.startswith("warning: ")]


def test_one_audio_in_three_shapes(say, tmp_path):
    played, raw = say("Hi.", "-o", "-"), say("Hi.", "-o", "-", "--format", "raw")
    written = say("Hi.", "-o", "a.wav")
    for done in (played, raw, written):
        assert done.returncode == 0, done.stderr
        (summary,) = lines(done.stderr)
        assert "first audio after" in summary and "RTF" in summary
    assert written.stdout == b""
    audio, rate = soundfile.read(tmp_path / "a.wav", dtype="int16")
    assert rate == 24000 and np.abs(audio).max() > 300
    assert raw.stdout == audio.tobytes()
    assert played.stdout[HEADER:] == raw.stdout
    streamed, _ = soundfile.read(io.BytesIO(played.stdout), dtype="int16")
    assert np.array_equal(streamed, audio)
    with wave.open(io.BytesIO(played.stdout)) as file:
        assert file.readframes(file.getnframes()) == raw.stdout


def test_json_describes_the_stream(say, tmp_path):
    done = say("Hi.", "--json", "-o", "a.wav", "--seed", "3")
    assert (done.returncode, done.stderr) == (0, b"")
    result = json.loads(done.stdout)
    assert result["seconds"] == soundfile.info(tmp_path / "a.wav").duration
    assert result["first_audio_seconds"] > 0
    assert result["seed"] == 3
    (segment,) = result["segments"]
    assert segment["text"] == "Hi." and segment["speech_tokens"] > 0


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_speaks_before_the_text_ends_and_is_interrupted_while_it_waits(running, tmp_path):
    with running("-", "-o", "-") as process:
        process.stdin.write(b"Hi. Then")  # and never the end
        data = read(process.stdout, HEADER + 4800)
        assert len(data) == HEADER + 4800, process.stderr.read()
        process.send_signal(signal.SIGINT)
        rest, error = process.communicate()
    assert process.returncode == 130, error
    assert lines(error) == ["cosyvox: interrupted"]
    audio, _ = soundfile.read(io.BytesIO(data + rest), dtype="int16")
    assert np.abs(audio).max() > 300
    assert not list(tmp_path.iterdir())


def test_characters_that_arrive_in_halves(running, tmp_path):
    text = b"\xef\xbb\xbf" + "世界。\n".encode()
    with running("-", "-o", "a.wav", "--json") as process:
        for byte in text:
            process.stdin.write(bytes([byte]))
        out, error = process.communicate()
    assert process.returncode == 0, error
    assert [segment["text"] for segment in json.loads(out)["segments"]] == ["世界。"]
    assert soundfile.info(tmp_path / "a.wav").frames > 2400


@pytest.mark.parametrize(
    ("text", "says"), [(b"", "empty"), (b" \n", "empty"), ("Grüße".encode("latin-1"), "UTF-8"), (b"\xe4\xb8", "UTF-8")]
)
def test_texts_that_are_none(cosyvox, seeded_small, prompt_wav, text, says):
    model = ("--model", seeded_small, "--prompt", prompt_wav)
    assert says in cosyvox.fails(1, "say", "-", "--stream", "-o", "-", *model, stdin=text)


def test_a_listener_who_leaves(running):
    with running(LONG, "-o", "-") as process:
        assert len(read(process.stdout, 100)) == 100
        process.stdout.close()
        error = process.stderr.read()
        assert process.wait() == 141
    assert lines(error) == []


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_it_speaks(running, number):
    with running(LONG, "-o", "-") as process:
        assert len(read(process.stdout, HEADER)) == HEADER
        process.send_signal(number)
        _, error = process.communicate()
    assert process.returncode == 128 + number
    assert lines(error) == ["cosyvox: interrupted"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a named pipe")
def test_a_named_pipe_is_played_into(running, tmp_path):
    pipe = tmp_path / "player"
    os.mkfifo(pipe)
    with running("Hi.", "-o", pipe) as process, pipe.open("rb") as player:
        data = player.read()
        _, error = process.communicate()
    assert process.returncode == 0, error
    audio, rate = soundfile.read(io.BytesIO(data))
    assert rate == 24000 and len(audio) > 2400


def test_an_existing_file_is_kept(say, tmp_path):
    (tmp_path / "a.wav").write_bytes(b"precious")
    assert say("Hi.", "-o", "a.wav").returncode == 1
    assert (tmp_path / "a.wav").read_bytes() == b"precious"
    assert say("Hi.", "-o", "a.wav", "--force").returncode == 0
    assert soundfile.info(tmp_path / "a.wav").samplerate == 24000
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


@pytest.mark.parametrize("option", [("--flow-steps", "2"), ("--no-guidance",)])
def test_what_trades_quality_changes_the_audio(say, tmp_path, option):
    for name, options in (("exact", ()), ("deterministic", ("--deterministic",)), ("coarse", option)):
        done = say("Hi.", "-o", f"{name}.wav", *options)
        assert done.returncode == 0, done.stderr
    exact, deterministic, coarse = (
        soundfile.read(tmp_path / f"{name}.wav")[0] for name in ("exact", "deterministic", "coarse")
    )
    assert np.array_equal(exact, deterministic)
    assert len(coarse) == len(exact) and not np.array_equal(coarse, exact)


def test_steps_that_make_no_sense(main, seeded_small, prompt_wav, tmp_path):
    model = ("--model", seeded_small, "--prompt", prompt_wav)
    assert "flow_steps is 0" in main.fails(1, "say", "Hi.", *model, "--flow-steps", "0")
    assert not list(tmp_path.iterdir())
