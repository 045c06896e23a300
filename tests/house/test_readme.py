"""What the README shows works as it stands there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import cosyvox
import pytest
from cosyvox.cli import main

README = (Path(cosyvox.__file__).parent / "README.md").read_text(encoding="utf-8")
MODEL, TEXT = "models/CosyVoice2-0.5B", "Hello, I am home."


def test_the_python_example(
    seeded_small: Path, prompt_wav: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert MODEL in example
    assert TEXT in example
    example = example.replace(MODEL, seeded_small.as_posix()).replace(TEXT, "Hi.")  # seeded weights never end early
    shutil.copy(prompt_wav, tmp_path / "me.wav")
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})
    assert (tmp_path / "hello.wav").stat().st_size > 10_000
    assert "s of speech" in capsys.readouterr().out


def test_every_option_of_say_exists(capsys: pytest.CaptureFixture) -> None:
    lines = [line for line in README.splitlines() if re.search(r"cosyvox say .*--", line)]
    assert len(lines) >= 2
    with pytest.raises(SystemExit):
        main(["say", "--help"])
    shown = capsys.readouterr().out
    assert [option for line in lines for option in re.findall(r"--[a-z-]+", line) if option not in shown] == []


@pytest.mark.parametrize("verb", re.findall(r"cosyvox models ([a-z-]+) ", README))
def test_every_model_verb_exists(verb: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["models", verb, "--help"])
    assert ended.value.code == 0
