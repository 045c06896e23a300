"""What the README shows works as it stands there."""

from __future__ import annotations

import re
import shlex
import shutil
import wave
from pathlib import Path

import cosyvox
import pytest
from cosyvox.cli import main
from cosyvox.core import DEFAULT_VOICE, VoiceStore, load, write_wav

FOLDER = Path(cosyvox.__file__).parent
README, CHINESE = ((FOLDER / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md"))
MODEL, TEXT = "models/CosyVoice2-0.5B", "Hello, I am home."


def test_the_python_example(
    seeded_small: Path, prompt_wav: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    example, _, _ = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert MODEL in example
    assert TEXT in example
    example = example.replace(MODEL, seeded_small.as_posix()).replace(TEXT, "Hi.")  # seeded weights never end early
    shutil.copy(prompt_wav, tmp_path / "me.wav")
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})
    assert (tmp_path / "hello.wav").stat().st_size > 10_000
    assert "s of speech" in capsys.readouterr().out


def test_the_streaming_example(seeded_small: Path, prompt_wav: Path) -> None:
    _, example, _ = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    example = example.replace("Hello, I am ", "Hi ").replace("home.", "man.")
    played: list[int] = []
    with load(seeded_small) as engine:
        voice = engine.clone(prompt_wav)
        play = lambda audio, rate: played.append(len(audio) * (rate == 24_000))  # noqa: E731
        exec(compile(example, "README.md", "exec"), {"engine": engine, "voice": voice, "play": play})
    assert len(played) > 1 and sum(played) > 10_000


def test_the_dubbing_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    *_, example = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert "length=60.0" in example
    monkeypatch.chdir(tmp_path)
    Path("clip.srt").write_text("1\n00:00:00,500 --> 00:00:02,000\nGood morning.\n", encoding="utf-8")
    with load("embedded") as engine:
        voice = engine.load_voice(VoiceStore().get(DEFAULT_VOICE))
        exec(compile(example, "README.md", "exec"), {"engine": engine, "voice": voice, "write_wav": write_wav})
    with wave.open("dubbed.wav") as dubbed:
        assert dubbed.getnframes() == 60 * dubbed.getframerate()


@pytest.mark.parametrize("verb", ["say", "dub"])
def test_every_option_exists(verb: str, capsys: pytest.CaptureFixture) -> None:
    lines = [line for line in README.splitlines() if re.search(rf"cosyvox {verb} .*--", line)]
    assert len(lines) >= 2
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    shown = capsys.readouterr().out
    assert [option for line in lines for option in re.findall(r"--[a-z-]+", line) if option not in shown] == []


@pytest.mark.parametrize(
    "verb",
    sorted(set(re.findall(r"cosyvox ((?:models|voices) [a-z][a-z-]+|bench|cache|clone|convert|doctor|dub)\b", README))),
)
def test_every_verb_exists(verb: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*verb.split(), "--help"])
    assert ended.value.code == 0


def test_voices_as_shown(
    prompt_wav: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """Every line of the section on voices that needs no model, one after the other."""
    (block,) = re.findall(r"## Voices\n+```sh\n(.*?)```", README, re.DOTALL)
    monkeypatch.setenv("COSYVOX_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    shutil.copy(prompt_wav, "me.wav")
    lines = [shlex.split(line)[1:] for line in block.splitlines() if not line.startswith("cosyvox say")]
    assert len(lines) == 7
    for line in lines:
        assert main([*line, "--yes"] if "remove" in line else line) == 0, capsys.readouterr().err


@pytest.mark.parametrize("text", [README, CHINESE], ids=["en", "zh"])
def test_what_it_links_to_is_there(text: str) -> None:
    linked = [address for address in re.findall(r"\]\(([^)]+)\)", text) if "://" not in address]
    assert len(linked) >= 5
    assert [address for address in linked if not (FOLDER / address).is_file()] == []


def test_both_languages_show_the_same() -> None:
    def shown(text: str) -> list[str]:
        blocks = re.findall(r"```\w*\n.*?```", text, re.DOTALL)
        return [
            re.sub(r'"[^"]*[^\x00-\x7f"][^"]*"', '"…"', re.sub(r'"[A-Z][^"]*\."', '"…"', block)) for block in blocks
        ]

    assert shown(README) == shown(CHINESE)
    assert README.count("\n## ") == CHINESE.count("\n## ")
    assert README.count("\n- **") == CHINESE.count("\n- **")
    one, other = (re.sub(r"```.*?```", "", text, flags=re.DOTALL) for text in (README, CHINESE))
    facts = re.compile(r"\d[\d.]* GB|`[!-_a-~]+`|https?://[\w./]+")
    assert set(facts.findall(one)) == set(facts.findall(other))
