"""`cosyvox dub` and `cosyvox cache`: what comes out, where, and what is refused before anything is spoken."""

from __future__ import annotations

import json
import signal
import sys

import numpy as np
import pytest
import soundfile

SUBTITLES = """1
00:00:00,500 --> 00:00:02,500
[Alice] Good evening.

2
00:00:03,000 --> 00:00:05,000
[Bob] Welcome home.

3
00:00:05,500 --> 00:00:07,500
[Alice] The lights are on.
"""
SCRIPT = "[Alice] Good evening.\n[Bob] Welcome home. [pause:0.5]\nThe lights are on.\n"
CAST = ("--cast", "Alice=emma, Bob=james speed=1.1")
EMBEDDED = ("--model", "embedded")


@pytest.fixture
def files(tmp_path):
    (tmp_path / "film.srt").write_text(SUBTITLES, encoding="utf-8")
    (tmp_path / "play.txt").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "cast.txt").write_text("Alice = emma\nBob = james speed=1.1\n", encoding="utf-8")
    return tmp_path


def made(folder) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {
        *("film.srt", "play.txt", "cast.txt", "film.wav"),
    }


def test_subtitles_become_a_track_of_the_clips_length_and_all_that_is_wanted_beside(main, machine, files):
    beside = ("--srt", "out.srt", "--report", "out.json", "--picture", "out.png", "--stems", "stems")
    done = main("dub", "film.srt", *CAST, "--length", "9.5", *beside, *EMBEDDED, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    result = json.loads(done.stdout)
    track, rate = soundfile.read(files / "film-dub.wav", dtype="float32")
    assert len(track) == 9.5 * rate == result["seconds"] * result["sample_rate"]
    stems = [soundfile.read(files / "stems" / f"{name}.wav", dtype="float32")[0] for name in ("Alice", "Bob")]
    assert np.abs(sum(stems) - track).max() <= 2 / 32767
    assert all(np.abs(stem).max() > 0.1 for stem in stems)
    assert made(files) == {"film-dub.wav", "out.srt", "out.json", "out.png", "stems/Alice.wav", "stems/Bob.wav"}
    assert result["stems"] == ["stems/Alice.wav", "stems/Bob.wav"] and result["file"] == "film-dub.wav"
    assert result["voices"] == {"narrator": "emma", "Alice": "emma", "Bob": "james"}
    report = json.loads((files / "out.json").read_text(encoding="utf-8"))
    assert report["cues"] == result["cues"] and len(report["cues"]) == 3
    written = (files / "out.srt").read_text(encoding="utf-8")
    assert written.count("-->") == 3 and "[Bob] Welcome home." in written

    again = main("dub", "film.srt", *CAST, "--length", "9.5", *EMBEDDED, "-o", "again.wav", "--report", "out.txt")
    assert again.returncode == 0, again.stderr
    assert (files / "again.wav").read_bytes() == (files / "film-dub.wav").read_bytes()
    table = (files / "out.txt").read_text(encoding="utf-8")
    assert table in again.stderr.decode() and "The lights are on." in table
    assert again.stderr.decode().splitlines()[-1].startswith("again.wav: 9.50 s, 3 cues, spoken by embedded in ")

    kept = json.loads(main("cache", "--json").stdout)
    assert kept["bytes"] > 50_000 and kept["folder"] == str(machine / "home" / "cache" / "segments")
    assert main("cache").stdout.decode() == f"{kept['folder']}: {kept['bytes'] / 1e6:,.1f} MB\n"
    cleared = main("cache", "clear", "--json")
    assert json.loads(cleared.stdout) == {"folder": kept["folder"], "freed": kept["bytes"]}
    assert json.loads(main("cache", "--json").stdout)["bytes"] == 0


def test_a_script_with_a_cast_file_from_standard_input_to_standard_output(cosyvox, machine, files):
    text = (files / "play.txt").read_bytes()
    options = ("--script", "--cast-file", "cast.txt", "--no-cache", "--srt", "out.vtt", "-o", "-")
    done = cosyvox("dub", "-", *options, *EMBEDDED, stdin=b"\xef\xbb\xbf" + text)
    assert done.returncode == 0, done.stderr
    assert done.stdout[:4] == b"RIFF" and len(done.stdout) > 2 * 24_000
    assert (files / "out.vtt").read_text(encoding="utf-8").startswith("WEBVTT")
    assert made(files) == {"out.vtt"}
    assert not (machine / "home" / "cache").exists()


def test_the_original_sound_stays_under_the_speech(main, files):
    hum = 0.1 * np.sin(2 * np.pi * 100 * np.arange(8 * 16_000 + 3) / 16_000)
    soundfile.write(files / "film.wav", np.stack([hum, -hum], axis=1), 16_000)
    done = main("dub", "film.srt", "--voice", "lily", "--source", "film.wav", "--original", "duck", *EMBEDDED)
    assert done.returncode == 0, done.stderr
    track, rate = soundfile.read(files / "film-dub.wav", dtype="float32")
    assert track.shape == (8 * 16_000 + 3, 2) and rate == 16_000
    assert np.allclose(track[: rate // 4, 0], hum[: rate // 4], atol=2e-4)


def test_speakers_without_a_cast_speak_with_the_voice_of_their_name_or_the_default(main, files):
    (files / "film.srt").write_text(SUBTITLES.replace("Bob", "JAMES"), encoding="utf-8")
    error = main.fails(1, "dub", "film.srt", *EMBEDDED)
    assert "line 2: there is no voice for Alice" in error and "emma, james" in error
    done = main("dub", "film.srt", "--voice", "lily", *EMBEDDED, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["voices"] == {"narrator": "lily", "Alice": "lily", "JAMES": "james"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("film.srt", "--cast", "Alice=emma"), "line 6: there is no voice for Bob, known are Alice, emma, james"),
        (("film.srt", "--cast", "Alice=nobody, Bob=emma"), "there is no voice nobody"),
        (("film.srt", "--cast", "Alice=emma sped=2"), "line 1: there is no setting 'sped'"),
        (("film.srt", "--cast-file", "none.txt"), "none.txt cannot be read"),
        (("film.srt", "--voice", "nobody"), "there is no voice nobody"),
        (("film.srt", "--prompt", "none.wav"), "there is no recording none.wav"),
        (("film.srt", "--best-of", "0"), "best_of is 0: choose 1 to 16"),
        (("film.srt", "--fastest", "9"), "fastest is 9"),
        (("film.srt", "--source", "none.wav"), "there is no file none.wav"),
        (("none.srt",), "none.srt cannot be read"),
        (("play.txt",), "a dialogue is spoken with --script"),
        (("none.txt", "--script"), "none.txt cannot be read"),
        (("film.srt", "-o", "film.srt"), "film.srt would hold a WAV"),
        (("film.srt", "-o", "none/film.wav"), "there is no folder none"),
        (("film.srt", "--srt", "film.srt"), "film.srt exists already"),
        (("film.srt", "--srt", "out.ass"), "ends in .srt or .vtt"),
        (("film.srt", "--report", "out.csv"), "ends in .txt or .json"),
        (("film.srt", "--picture", "out.jpg"), "ends in .png"),
        (("film.srt", "--stems", "film.srt"), "film.srt is no folder"),
        (("film.srt", "--stems", "none/stems"), "there is no folder none"),
    ],
)
def test_what_cannot_be_is_said_before_a_model_is_loaded(main, files, arguments, message):
    voice = () if {"--cast", "--cast-file", "--voice", "--prompt"} & set(arguments) else ("--voice", "emma")
    assert message in main.fails(1, "dub", *arguments, *voice, "--model", "none")
    assert made(files) == set()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--cast", "Alice=emma", "--cast-file", "cast.txt"), "give one of them"),
        (("--voice", "emma", "--prompt", "me.wav"), "leave --prompt and --transcript out"),
        (("--transcript", "Words."), "--transcript needs a recording"),
        (("--original", "duck"), "--original duck needs the clip's own sound"),
        (("--reference", "cue"), "--reference cue needs the clip's own sound"),
        (("--script", "--length", "3"), "--length is for subtitles"),
        (("--script", "--picture", "out.png"), "--picture is for subtitles"),
        (("--policy", "cut"), "invalid choice: 'cut'"),
        (("--json", "-o", "-"), "both want standard output"),
    ],
)
def test_arguments_that_make_no_sense(main, files, arguments, message):
    assert message in main.fails(2, "dub", "film.srt", *arguments, *EMBEDDED)
    assert made(files) == set()


def test_a_malformed_file_names_its_line(main, files):
    (files / "film.srt").write_text(SUBTITLES.replace("00:00:05,000", "00:00:02,000"), encoding="utf-8")
    assert "film.srt, line 6" in main.fails(1, "dub", "film.srt", "--voice", "emma", *EMBEDDED)
    (files / "film.srt").write_bytes(SUBTITLES.encode("utf-16-le"))
    assert "film.srt" in main.fails(1, "dub", "film.srt", "--voice", "emma", *EMBEDDED)


def test_nothing_is_replaced_unless_that_is_asked_for(main, files):
    (files / "stems").mkdir()
    (files / "stems" / "Alice.wav").write_bytes(b"mine")
    (files / "out.wav").write_bytes(b"mine")
    stems = ("--stems", "stems", *CAST, *EMBEDDED, "--length", "9")
    assert "out.wav exists already" in main.fails(1, "dub", "film.srt", *stems, "-o", "out.wav")
    assert "Alice.wav exists already" in main.fails(1, "dub", "film.srt", *stems)
    assert made(files) == {"out.wav", "stems/Alice.wav"}
    done = main("dub", "film.srt", *stems, "-o", "out.wav", "--force")
    assert done.returncode == 0, done.stderr
    assert (
        soundfile.info(files / "out.wav").frames == soundfile.info(files / "stems" / "Alice.wav").frames == 9 * 24_000
    )


def test_warnings_reach_everybody(main, files):
    (files / "film.srt").write_text(SUBTITLES.replace("00:00:05,000", "00:00:05,800"), encoding="utf-8")
    done = main("dub", "film.srt", *CAST, *EMBEDDED, "--quiet", "--report", "out.txt")
    assert done.returncode == 0, done.stderr
    (warning,) = done.stderr.decode().splitlines()
    assert warning.startswith("warning: ") and "10" in warning
    assert warning.removeprefix("warning: ") in (files / "out.txt").read_text(encoding="utf-8")
    as_json = main("dub", "film.srt", *CAST, *EMBEDDED, "--json", "-o", "again.wav")
    assert json.loads(as_json.stdout)["warnings"] == [warning.removeprefix("warning: ")]


def test_names_of_speakers_are_not_paths(main, files):
    (files / "film.srt").write_text(SUBTITLES.replace("Bob", "../Bob: a\\b?"), encoding="utf-8")
    done = main("dub", "film.srt", "--voice", "emma", "--stems", "stems", *EMBEDDED)
    assert done.returncode == 0, done.stderr
    assert made(files) == {"film-dub.wav", "stems/Alice.wav", "stems/Bob a b.wav"}


# Sends itself a signal when the second utterance has been kept: no clock decides where it is caught.
SELF_INTERRUPTING = """
import signal, sys
from cosyvox.cli import main
from cosyvox.core.segment_cache import SegmentCache

signal.signal(signal.SIGINT, signal.default_int_handler)
put, kept = SegmentCache.put, []

def counting(self, key, speech):
    put(self, key, speech)
    kept.append(key)
    if len(kept) == 2:
        signal.raise_signal(signal.SIGINT)

SegmentCache.put = counting
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are others there")
def test_interrupted_what_was_spoken_is_kept(cosyvox, machine, files):
    command = ("dub", "film.srt", *CAST, "--length", "9.5", *EMBEDDED)
    done = cosyvox.python("-c", SELF_INTERRUPTING, *command)
    assert done.returncode == 128 + signal.SIGINT, done.stderr
    assert done.stderr.decode().splitlines() == ["cosyvox: interrupted"]
    assert made(files) == set()
    assert len(list((machine / "home" / "cache" / "segments").iterdir())) >= 2
