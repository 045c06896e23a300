"""`cosyvox say --lexicon`: a pronunciation file changes what is spoken; a bad one is refused first."""

from __future__ import annotations

import json

import pytest

TEXT = "行长在银行。"


def test_what_is_spoken_follows_the_file(main, seeded_small, prompt_wav, tmp_path):
    lexicon = tmp_path / "words.txt"
    lexicon.write_text("# 多音字\n行长 = 航掌\n银行 = 银行\n", encoding="utf-8")
    say = ("say", TEXT, "--model", seeded_small, "--prompt", prompt_wav, "--json")
    spoken = []
    for options in (("-o", "plain.wav"), ("--lexicon", lexicon, "-o", "said.wav")):
        done = main(*say, *options)
        assert done.returncode == 0, done.stderr
        (segment,) = json.loads(done.stdout)["segments"]
        spoken.append(segment["text"])
    assert spoken == [TEXT, "航掌在银行。"]
    assert (tmp_path / "plain.wav").read_bytes() != (tmp_path / "said.wav").read_bytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a = b\nnonsense\n", "line 2: write `word = spoken form`"),
        (b"\xff\xfe", "is not UTF-8"),
        (None, "cannot be read"),
    ],
)
def test_a_bad_file_is_one_line(main, seeded_small, prompt_wav, tmp_path, content, message):
    lexicon = tmp_path / "words.txt"
    if content is not None:
        lexicon.write_bytes(content)
    error = main.fails(1, "say", TEXT, "--model", seeded_small, "--prompt", prompt_wav, "--lexicon", lexicon)
    assert "words.txt" in error and message in error
    assert not list(tmp_path.glob("*.wav"))
