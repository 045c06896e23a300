"""Which voices are offered, under which names, and that nothing in their folder breaks the list."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

import pytest
from cosyvox import core
from cosyvox.wyoming_cosyvoice import catalogue as module
from cosyvox.wyoming_cosyvoice.catalogue import TAGS, Catalogue, Offer
from cosyvox.wyoming_cosyvoice.settings import Settings
from wyoming.info import Info

PRESETS = ("emma", "james", "lily", "oscar")
LARGE = core.FAMILIES[0]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COSYVOX_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock that the catalogue looks at."""
    clock = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    return clock


def made(family: object = LARGE, **settings: object) -> Catalogue:
    return Catalogue(Settings(**settings), lambda: family, log=logging.getLogger("test"))  # type: ignore[arg-type, return-value]


def named(catalogue: Catalogue) -> dict[str, Offer]:
    offers = catalogue.offers()
    assert len({offer.name for offer in offers}) == len(offers)
    return {offer.name: offer for offer in offers}


def as_home_assistant_lists(info: Info, language: str) -> list[tuple[str, str]]:
    """Label and name, as its Wyoming client sorts them."""
    voices = [voice for voice in info.tts[0].voices if language in voice.languages]
    return sorted((voice.description or voice.name, voice.name) for voice in voices)


def test_the_embedded_model_offers_english_and_no_styles() -> None:
    offers = named(made(core.EMBEDDED))
    assert tuple(sorted(offers)) == PRESETS
    assert all(offer.languages == ("en",) and not offer.speakers and offer.version for offer in offers.values())


def test_every_language_has_each_voice_once_and_styles_beside_it() -> None:
    info = made().info()
    for tag in TAGS:
        listed = as_home_assistant_lists(info, tag)
        plain = [name for label, name in listed if "(" not in label]
        assert sorted(name.partition("@")[0] for name in plain) == list(PRESETS)
        assert {"emma (cheerful)", "emma (whisper)"} <= {name for _, name in listed}
    assert ("James", "james@ja") in as_home_assistant_lists(info, "ja")
    assert ("James", "james") in as_home_assistant_lists(info, "zh")
    dialect = {voice.name: voice.languages for voice in info.tts[0].voices}["emma (Sichuan)"]
    assert dialect == ["zh", "yue"]


def test_the_usual_language_is_that_of_the_plain_name() -> None:
    offers = named(made(language="de-AT"))
    assert "de" in offers["emma"].languages and "emma@de" not in offers
    assert offers["emma@en"].languages == ("en",)


@pytest.mark.parametrize("default", [None, "oscar", "OSCAR"])
def test_the_default_is_first_in_every_language(default: str | None, home: Path) -> None:
    for id in ("'zoe", "(a)", "&b", "aaron", "0"):
        shutil.copytree(core.VoiceStore().find("lily"), home / "voices" / id)
    catalogue = made(default_voice=default)
    assert catalogue.default == (default or "emma").lower()
    assert catalogue.ids()[0] == catalogue.default
    for tag in TAGS:
        assert as_home_assistant_lists(catalogue.info(), tag)[0][1].partition("@")[0] == catalogue.default


def test_a_default_that_is_not_there_is_told(caplog: pytest.LogCaptureFixture) -> None:
    assert made(default_voice="nobody").default == "emma"
    assert "nobody" in caplog.text


def test_info_is_one_program_that_the_library_can_read() -> None:
    info = Info.from_event(made().info().event())
    (program,) = info.tts
    assert (program.name, program.installed, program.supports_synthesize_streaming) == ("CosyVox", True, True)
    assert program.version and program.attribution.url
    emma = next(voice for voice in program.voices if voice.name == "emma")
    assert emma.installed and emma.version and emma.speakers and "cheerful" in {one.name for one in emma.speakers}


def test_what_is_dropped_in_appears_and_goes(tmp_path: Path, prompt_wav: Path, now: list[float]) -> None:
    folder = tmp_path / "voices"
    folder.mkdir()
    catalogue = made(voices=str(folder))
    before = catalogue.info()
    shutil.copy(prompt_wav, folder / "alice.wav")
    assert catalogue.find("alice") is None and catalogue.info() is before  # looked at a moment ago
    now[0] += 30
    assert catalogue.info() is not before
    offers = named(catalogue)
    assert offers["alice"].description == "Alice" and set(PRESETS) <= set(offers)
    found = catalogue.find(" ALICE ")
    assert found is not None and found.id == "alice"

    version, info = offers["alice"].version, catalogue.info()
    now[0] += 30
    assert catalogue.info() is info
    (folder / "alice.txt").write_text("Words of the recording.")
    now[0] += 30
    assert (words := named(catalogue)["alice"].version) != version
    content = (folder / "alice.wav").read_bytes()
    (folder / "alice.wav").write_bytes(content[:-2000])
    now[0] += 30
    assert named(catalogue)["alice"].version not in (version, words)
    (folder / "alice.wav").unlink()
    now[0] += 30
    assert catalogue.find("alice") is None


def test_the_version_is_the_recordings_wherever_it_lies(tmp_path: Path) -> None:
    shutil.copytree(core.VoiceStore().find("emma"), tmp_path / "copy" / "emma", copy_function=shutil.copyfile)
    assert named(made(voices=str(tmp_path / "copy")))["emma"].version == named(made())["emma"].version


def test_damaged_voices_are_left_out_and_told_once(
    home: Path, now: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    voices = home / "voices"
    (voices / "empty").mkdir(parents=True)
    (voices / "noise.wav").write_bytes(b"RIFF no sound")
    (voices / "broken").mkdir()
    (voices / "broken" / "voice.json").write_text("{")
    (voices / "a@b.wav").write_bytes(b"")
    catalogue = made()
    for _ in range(3):
        assert {name.partition("@")[0].partition(" ")[0] for name in named(catalogue)} == set(PRESETS)
        now[0] += 30
    for name in ("empty", "noise.wav", "broken", "a@b.wav"):
        assert caplog.text.count(f"the voice '{name}' is left out") == 1


def test_a_folder_that_cannot_be_read_leaves_the_presets(
    tmp_path: Path, now: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "voices"
    file.write_text("not a folder")
    catalogue = made(voices=str(file))
    for _ in range(2):
        assert set(PRESETS) <= set(named(catalogue))
        now[0] += 30
    assert caplog.text.count("cannot be read") == 1
    file.unlink()
    now[0] += 30
    assert set(PRESETS) <= set(named(catalogue))


def test_a_voice_of_another_family_is_not_offered(home: Path) -> None:
    voice = home / "voices" / "bound"
    voice.mkdir(parents=True)
    (voice / "voice.json").write_text(f'{{"format": 1, "family": "{LARGE.name}"}}')
    (voice / "features.safetensors").write_bytes(b"")
    assert "bound" in named(made()) and "bound" not in named(made(core.EMBEDDED))


def test_a_voice_that_is_called_like_a_style_of_another_is_itself(home: Path) -> None:
    shutil.copytree(core.VoiceStore().find("lily"), home / "voices" / "emma (CHEERFUL)")
    catalogue = made()
    found = catalogue.find("emma (cheerful)")
    assert found is not None and found.id == "emma (CHEERFUL)"
    assert "emma (cheerful)" not in named(catalogue) and "emma (CHEERFUL)" in named(catalogue)


@pytest.mark.parametrize("name", ["../emma", "/etc/passwd", "emma/voice.json", "..", "", ".", "emma\x00", "C:\\emma"])
def test_names_are_no_paths(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = made()
    catalogue.info()
    for door in ("stat", "open", "is_file", "is_dir", "exists", "iterdir"):
        monkeypatch.setattr(Path, door, lambda *_: pytest.fail("the file system was asked"))
    monkeypatch.setattr(os, "stat", lambda *_: pytest.fail("the file system was asked"))
    found = catalogue.find(name)
    monkeypatch.undo()
    assert found is None


def test_a_file_of_styles_that_is_none_is_told_and_the_presets_stay(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "styles.yaml"
    path.write_text("- no")
    assert made(styles=str(path)).styles.instruction("cheerful") is not None
    assert "no file of styles" in caplog.text
    path.write_text("pirate: Like a pirate.")
    assert "emma (pirate)" in named(made(styles=str(path)))
