"""`cosyvox clone` and `cosyvox voices …`, and speaking with what they keep."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import numpy as np
import pytest
import soundfile
import torch
from cosyvox import core
from parity import speech_like

WORDS = "Words that take about three seconds."


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("machine") / "home"
    monkeypatch.setenv("COSYVOX_HOME", str(folder))
    return folder


@pytest.fixture
def kept(main, prompt_wav):
    """A voice called alice."""
    done = main("clone", prompt_wav, "--name", "alice", "--transcript", WORDS, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    return "alice"


def listed(main):
    done = main("voices", "list", "--json")
    assert done.returncode == 0, done.stderr
    return {voice["id"]: voice for voice in json.loads(done.stdout)["voices"] if not voice["built_in"]}


def own_lines(done):
    return [line for line in done.stdout.decode().splitlines() if "built in" not in line]


def test_from_clone_to_remove(main, kept, seeded_small, tmp_path):
    """One voice through every verb: it always sounds the same."""

    def say(voice):
        done = main("say", "Hi.", "--voice", voice, "--model", seeded_small, "-o", "out.wav", "--force")
        assert done.returncode == 0, done.stderr
        return (tmp_path / "out.wav").read_bytes()

    audio = say("alice")
    assert main("voices", "rename", "alice", "Alice 2").returncode == 0
    assert say("Alice 2") == audio
    exported = main("voices", "export", "Alice 2")
    assert exported.stderr.decode().startswith("Alice 2.zip: ")
    assert main("voices", "remove", "Alice 2", "--yes").returncode == 0
    assert listed(main) == {}
    assert main("voices", "import", "Alice 2.zip").returncode == 0
    assert say("Alice 2") == audio
    assert listed(main)["Alice 2"]["transcript"] == WORDS


def test_voice_and_prompt_say_the_same(main, kept, seeded_small, prompt_wav, tmp_path):
    common = ("say", "Hi.", "--model", seeded_small, "--quiet")
    assert main(*common, "--voice", kept, "-o", "a.wav").returncode == 0
    assert main(*common, "--prompt", prompt_wav, "--transcript", WORDS, "-o", "b.wav").returncode == 0
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


@pytest.fixture(scope="session")
def engine(seeded_small):
    with core.load(seeded_small, device="cpu") as engine:
        yield engine


def heard(engine, id):
    """Every bit that the model hears in a voice, from a cache that does not know it yet."""
    voice = engine.load_voice(core.VoiceStore().get(id))
    return [getattr(voice, part).tobytes() for part in ("recording", "speech_tokens", "mel", "x_vector")]


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3"])
def test_any_recording_goes_through_every_verb(main, engine, home, tmp_path, kind, channels, rate):
    speech = speech_like("tests/cli", 3.0, rate)
    soundfile.write(tmp_path / f"me.{kind}", np.stack([speech, 0.6 * speech][:channels], axis=1), rate)
    done = main("voices", "add", f"me.{kind}", "--json")
    assert done.returncode == 0, done.stderr
    voice = json.loads(done.stdout)
    assert (voice["id"], voice["sample_rate"], voice["transcript"]) == ("me", rate, None)
    assert voice["seconds"] == pytest.approx(3.0, abs=0.3)
    assert any("8000 Hz" in warning for warning in voice["warnings"]) == (rate == 8_000)
    assert listed(main) == {"me": voice}
    before = heard(engine, "me")
    (features,) = (home / "voices" / "me" / "features").iterdir()
    cached = features.read_bytes()
    assert main("voices", "rename", "me", "you").returncode == 0
    assert main("voices", "export", "you", "out.zip").returncode == 0
    assert main("voices", "remove", "you", "--yes").returncode == 0
    assert main("voices", "import", "out.zip").returncode == 0
    assert not (home / "voices" / "you" / "features").exists()
    assert heard(engine, "you") == before
    assert (home / "voices" / "you" / "features" / features.name).read_bytes() == cached
    assert listed(main) == {"you": {**voice, "id": "you", "path": str(home / "voices" / "you")}}


def test_clone_is_voices_add(main, prompt_wav):
    for verb in (("clone",), ("voices", "add")):
        assert main(*verb, prompt_wav, "--name", verb[-1]).returncode == 0
    one, other = listed(main).values()
    assert {**one, "id": "", "path": ""} == {**other, "id": "", "path": ""}


def test_a_model_may_listen_at_once(main, prompt_wav, seeded_small, home):
    assert main("clone", prompt_wav, "--model", seeded_small).returncode == 0
    (features,) = (home / "voices" / "prompt" / "features").iterdir()
    assert features.name.startswith("CosyVoice2-0.5B-")


def test_a_model_that_is_none_is_told_before_anything_is_kept(main, prompt_wav):
    assert "nowhere" in main.fails(1, "clone", prompt_wav, "--model", "./nowhere")
    assert listed(main) == {}


def test_list_and_show_for_people(main, kept, home):
    shutil.copytree(home / "voices" / "alice", home / "voices" / "broken")
    (home / "voices" / "broken" / "voice.json").unlink()
    done = main("voices", "list")
    assert done.returncode == 0
    assert own_lines(done) == [f"alice   3.0 s  {WORDS}"]
    assert done.stderr.decode().startswith("warning: broken is no voice: ")
    shown = main("voices", "show", "alice").stdout.decode()
    assert WORDS in shown and "24000" in shown


def test_an_empty_store_says_how_to_fill_it(main, tmp_path):
    done = main("voices", "list")
    assert (done.returncode, own_lines(done)) == (0, [])
    assert b"cosyvox clone FILE" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_recording_dropped_into_the_folder(main, prompt_wav, seeded_small, home):
    (home / "voices").mkdir(parents=True)
    shutil.copy(prompt_wav, home / "voices" / "bob.wav")
    assert main("say", "Hi.", "--voice", "bob", "--model", seeded_small).returncode == 0


def test_a_file_that_is_no_recording_in_the_folder(main, prompt_wav, home):
    (home / "voices").mkdir(parents=True)
    (home / "voices" / "bob.wav").write_text("la la la", encoding="utf-8")
    shutil.copy(prompt_wav, home / "voices" / "carol.wav")
    (home / "voices" / "carol.txt").write_text("Hi.", encoding="utf-8")
    done = main("voices", "list")
    assert own_lines(done) == ["carol   3.0 s  Hi."]
    assert "bob.wav cannot be read as audio" in done.stderr.decode()
    assert "bob.wav cannot be read as audio" in main.fails(1, "voices", "show", "bob")
    assert "the transcript is too short" in main("voices", "show", "carol").stdout.decode()
    assert main("voices", "remove", "bob", "--yes").returncode == 0
    assert not (home / "voices" / "bob.wav").exists()


@pytest.mark.parametrize("change", ["remove", "replace"])
def test_a_voice_that_changes_while_the_model_is_loaded(
    main, kept, seeded_small, prompt_wav, tmp_path, monkeypatch, change
):
    """It is taken as it is now, or not at all; never one recording with the words of another."""
    load = core.load
    store = core.VoiceStore()

    def loaded_meanwhile(*args, **options):
        store.remove(kept) if change == "remove" else store.add(kept, prompt_wav, replace=True)
        return load(*args, **options)

    monkeypatch.setattr("cosyvox.core.load", loaded_meanwhile)
    args = ("say", "Hi.", "--voice", kept, "--model", seeded_small, "-o", "a.wav")
    if change == "remove":
        assert "there is no voice alice" in main.fails(1, *args)
        assert not list(tmp_path.iterdir())
    else:
        assert main(*args).returncode == 0
        assert main("say", "Hi.", "--prompt", prompt_wav, "--model", seeded_small, "-o", "b.wav").returncode == 0
        assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_two_programs_add_the_same_voice(cosyvox, prompt_wav):
    command = cosyvox.command("clone", prompt_wav, "--name", "alice", "--quiet")
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, **cosyvox.place()) for _ in range(2)]
    errors = [process.communicate()[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 1]
    assert [error for error in errors if b"there is a voice alice already" in error]
    assert cosyvox("voices", "show", "alice").returncode == 0


def test_nothing_is_replaced_unasked(main, kept, prompt_wav):
    assert "--replace" not in main.fails(1, "clone", prompt_wav, "--name", "bob", "--transcript", os.fsdecode(b"\xff"))
    assert "there is a voice alice already" in main.fails(1, "clone", prompt_wav, "--name", kept)
    assert main("voices", "export", kept).returncode == 0
    assert "exists already" in main.fails(1, "voices", "export", kept)
    assert "there is a voice alice already" in main.fails(1, "voices", "import", "alice.zip")
    assert listed(main)[kept]["transcript"] == WORDS
    assert main("clone", prompt_wav, "--name", kept, "--replace").returncode == 0
    assert main("voices", "export", kept, "alice.zip", "--force").returncode == 0
    assert listed(main)[kept]["transcript"] is None


def test_remove_asks(cosyvox, prompt_wav):
    assert cosyvox("clone", prompt_wav, "--name", "alice").returncode == 0
    assert "--yes" in cosyvox.fails(2, "voices", "remove", "alice")
    assert cosyvox("voices", "show", "alice").returncode == 0


@pytest.mark.parametrize("id", ["../alice", "a/b", "..", "con", "x" * 300, ""])
@pytest.mark.parametrize("verb", [("show",), ("remove", "--yes"), ("rename", "alice"), ("export",)])
def test_malicious_ids(main, kept, home, tmp_path, verb, id):
    assert "cannot be called" in main.fails(1, "voices", *verb, id)
    assert not list(tmp_path.iterdir())
    assert sorted(path.name for path in home.iterdir()) == ["voices"]
    assert listed(main).keys() == {"alice"}


def test_a_malicious_id_is_refused_before_the_recording_is_read(main, tmp_path):
    for name in ("../me", ""):
        assert "cannot be called" in main.fails(1, "clone", "nowhere.wav", "--name", name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("args", [("--prompt", "a.wav"), ("--transcript", "Words.")])
def test_a_voice_and_a_recording_do_not_go_together(main, args):
    assert "--voice" in main.fails(2, "say", "Hi.", "--model", "model", "--voice", "alice", *args)


def test_a_voice_that_is_not_there(main, kept, seeded_small):
    error = main.fails(1, "say", "Hi.", "--model", seeded_small, "--voice", "bob")
    assert "there is no voice bob" in error and "alice" in error


class Attack:
    def __reduce__(self):
        return os.system, ("echo > pwned",)


def test_a_spk2info_that_carries_code(main, tmp_path):
    torch.save({"a": {"embedding": torch.zeros(1, 192), "extra": Attack()}}, tmp_path / "spk2info.pt")
    assert "it may carry code" in main.fails(1, "voices", "import", "spk2info.pt")
    assert [path.name for path in tmp_path.iterdir()] == ["spk2info.pt"]


def test_a_preset_speaker_speaks(main, seeded_small, tmp_path):
    torch.save({"中文女": {"embedding": torch.ones(1, 192)}}, tmp_path / "spk2info.pt")
    done = main("voices", "import", "spk2info.pt", "--model", seeded_small)
    assert done.returncode == 0, done.stderr
    assert "only for CosyVoice2-0.5B" in done.stderr.decode()
    assert listed(main)["中文女"]["family"] == "CosyVoice2-0.5B"
    assert main("say", "Hi.", "--voice", "中文女", "--model", seeded_small).returncode == 0


def test_a_file_in_the_place_of_the_folder(main, prompt_wav, home):
    home.write_bytes(b"")
    assert "home" in main.fails(1, "clone", prompt_wav)
