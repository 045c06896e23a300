"""Styles by name: what CosyVox knows, and what a user's file says."""

from __future__ import annotations

from pathlib import Path

import pytest
from cosyvox import core
from cosyvox.wyoming_cosyvoice.styles import MOST_BYTES, Styles, read_styles


def written(folder: Path, text: str) -> Styles:
    path = folder / "styles.yaml"
    path.write_text(text, encoding="utf-8")
    return read_styles(str(path))


def test_every_preset_is_understood_in_any_case_and_in_chinese() -> None:
    styles = Styles()
    for group, presets in core.PRESETS.items():
        for name, words in presets.items():
            wanted = core.instruction(**{group: name})
            assert styles.instruction(name) == styles.instruction(f" {name.upper()} ") == wanted
            assert styles.instruction(words) == wanted


def test_what_people_look_for_is_offered_and_dialects_to_chinese_only() -> None:
    offered = {style.name: style for style in Styles().offered}
    assert {"cheerful", "sad", "whisper", "Sichuan", "Cantonese"} <= set(offered)
    assert Styles().instruction("cheerful") == core.instruction(emotion="happy")
    assert offered["Sichuan"].languages == ("zh", "yue")
    assert offered["cheerful"].languages is None
    assert "Mandarin" not in offered and "robot" not in offered


def test_an_unknown_style_is_none() -> None:
    assert Styles().instruction("see https://example.com") is None


def test_a_file_adds_changes_and_takes_away(tmp_path: Path) -> None:
    styles = written(
        tmp_path,
        "Cheerful: Speak as if you had won.\n"
        "butler:\n  de: Sprich wie ein Butler.\n  other: Speak like\n    a butler.\n"
        "whisper: false\n",
    )
    assert styles.instruction("cheerful") == "Speak as if you had won."
    assert styles.instruction("butler", "de") == "Sprich wie ein Butler."
    assert styles.instruction("butler", "fr") == styles.instruction("BUTLER") == "Speak like a butler."
    assert styles.instruction("whisper") is None
    assert styles.instruction("sad") == Styles().instruction("sad")
    names = [style.name for style in styles.offered]
    assert "butler" in names and "whisper" not in names and names.count("Cheerful") == 1 and "cheerful" not in names


def test_a_language_without_words_takes_the_first(tmp_path: Path) -> None:
    assert written(tmp_path, "butler: {de: Butler}").instruction("butler", "en") == "Butler"


def test_the_file_in_our_folder_need_not_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSYVOX_HOME", str(tmp_path))
    assert read_styles().instruction("sad") is not None
    (tmp_path / "styles.yaml").write_text("sleepy: Half asleep.")
    assert read_styles().instruction("sleepy") == "Half asleep."
    (tmp_path / "styles.yaml").write_text("")
    assert read_styles().instruction("sad") is not None


@pytest.mark.parametrize(
    "text",
    [
        "- a list",
        "just words",
        "a: [1, 2]",
        "a: 5",
        "a: ''",
        "a: {}",
        "a: {de: 5}",
        "no: Speak.",  # yaml reads `no` as false
        "'a (b)': Speak.",
        "'a|b': Speak.",
        "'': Speak.",
        f"{'a' * 41}: Speak.",
        f"a: {'b' * 501}",
        "a: !!python/object/apply:os.system ['touch ran']",
        "a: !new:os.system x",
        "a: 'open",
        "\x00",
        "[" * 5000,
        "a: " + "b" * MOST_BYTES,
        "\n".join(f"s{number}: x" for number in range(201)),
    ],
)
def test_a_file_that_is_none_is_one_readable_line(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(core.RequestError, match=r"styles\.yaml") as told:
        written(tmp_path, text)
    assert "\n" not in str(told.value) and len(str(told.value)) < 600
    assert not (tmp_path / "ran").exists()


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "styles.yaml"
    path.write_bytes(b"a: \xff\xfe\xff")
    with pytest.raises(core.RequestError, match="no file of styles"):
        read_styles(str(path))


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(core.RequestError, match="check the path"):
        read_styles(str(tmp_path / "none.yaml"))
    with pytest.raises(core.RequestError, match="permissions"):
        read_styles(str(tmp_path))
