"""What a client's voice, speaker, language and context mean."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from cosyvox import core
from cosyvox.wyoming_cosyvoice.catalogue import Catalogue
from cosyvox.wyoming_cosyvoice.order import Order, read_order, styled, tag
from cosyvox.wyoming_cosyvoice.settings import Settings
from hypothesis import given, settings
from hypothesis import strategies as st

CHEERFUL = core.instruction(emotion="happy")
WHISPER = core.instruction(style="whisper")


def catalogue_of(**fields: Any) -> Catalogue:
    return Catalogue(Settings(**fields), lambda: core.FAMILIES[0], log=logging.getLogger("test"))


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """With `alice` and `bob (old)`, whose default is `emma`."""
    folder = tmp_path_factory.mktemp("voices")
    presets = core.VoiceStore(presets=True)
    store = core.VoiceStore(folder)
    store.add_all({id: presets.get("lily").prompt() for id in ("alice", "bob (old)")})
    return catalogue_of(voices=str(folder))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (None, Order("emma")),
        ("", Order("emma")),
        ("alice", Order("alice")),
        ("ALICE ", Order("alice")),
        ("alice@ja", Order("alice", "ja")),
        ("alice@zh-HK", Order("alice", "yue")),
        ("@de", Order("emma", "de")),
        ("alice (cheerful)", Order("alice", instruction=CHEERFUL)),
        ("alice(Cheerful)", Order("alice", instruction=CHEERFUL)),
        ("alice@ja (cheerful)", Order("alice", "ja", CHEERFUL)),
        ("alice (cheerful)@ja", Order("alice", "ja", CHEERFUL)),
        ("alice (四川话)", Order("alice", instruction=core.instruction(dialect="Sichuan"))),
        ("alice (like a pirate)", Order("alice", instruction="like a pirate")),
        ("bob (old)", Order("bob (old)")),
        ("bob (old) (whisper)", Order("bob (old)", instruction=WHISPER)),
        ("alice|speed=1.2|seed=7", Order("alice", speed=1.2, seed=7)),
        ("alice@de (whisper)|speed=0.5| gain = -3 ", Order("alice", "de", WHISPER, 0.5, 0, -3.0)),
        ("alice|instruct=用四川话说", Order("alice", instruction="用四川话说")),
        ("alice|style=whisper|language=fr", Order("alice", "fr", WHISPER)),
        ("|speed=2", Order("emma", speed=2.0)),
    ],
)
def test_names(catalogue: Catalogue, name: str | None, expected: Order, caplog: pytest.LogCaptureFixture) -> None:
    assert read_order(catalogue, name=name) == expected
    assert not caplog.records


def test_every_name_that_is_offered_means_what_it_says(catalogue: Catalogue, caplog: pytest.LogCaptureFixture) -> None:
    for offer in catalogue.offers():
        order = read_order(catalogue, name=offer.name)
        voice, at, language = offer.name.partition("@")
        assert order.language == (language if at else None)
        if catalogue.find(voice) is None:
            voice, _, style = voice.rpartition(" (")
            assert order.instruction == catalogue.styles.instruction(style[:-1]) is not None
        assert order.voice == voice
    assert not caplog.records


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("en_US-lessac-medium", Order("emma")),
        ("nobody@ja (whisper)|seed=3", Order("emma", "ja", WHISPER, seed=3)),
        ("../../etc/passwd", Order("emma")),
        ("alice|speed=fast", Order("alice")),
        ("alice|speed=9", Order("alice")),
        ("alice|speed=nan|seed=-1|gain=1e999", Order("alice")),
        ("alice|seed=1.5", Order("alice")),
        ("alice|seed=" + "9" * 500, Order("alice")),
        ("alice|volume=3", Order("alice")),
        ("alice@d", Order("alice")),
        ("alice@日本", Order("alice")),
    ],
)
def test_what_is_not_understood_is_dropped_and_told_once(
    catalogue: Catalogue, name: str, expected: Order, caplog: pytest.LogCaptureFixture
) -> None:
    assert read_order(catalogue, name=name) == expected
    told = len(caplog.records)
    assert told and all(record.levelname == "WARNING" for record in caplog.records)
    assert read_order(catalogue, name=name) == expected
    assert len(caplog.records) == told


def test_logs_are_lines_whatever_a_client_calls_a_voice(catalogue: Catalogue, caplog: pytest.LogCaptureFixture) -> None:
    read_order(catalogue, name="x\x1b[2J\nERROR forged" + "y" * 900)
    (record,) = caplog.records
    message = record.getMessage()
    assert message.isprintable() and len(message) < 200


def test_the_speaker_is_a_style_or_free_words(catalogue: Catalogue) -> None:
    assert read_order(catalogue, name="alice", speaker="whisper").instruction == WHISPER
    free = "whisper, sleepy 用四川话说"
    assert read_order(catalogue, name="alice", speaker=free).instruction == free
    assert read_order(catalogue, name="alice (cheerful)", speaker=free).instruction == f"{CHEERFUL}，{free}"
    assert read_order(catalogue, name="alice (whisper)", speaker="Whisper").instruction == WHISPER
    assert read_order(catalogue, speaker=" two\nlines\t ").instruction == "two lines"
    assert read_order(catalogue, speaker="x" * 501).instruction is None


def test_the_language_of_the_name_wins_over_that_of_the_client_and_both_over_the_usual(catalogue: Catalogue) -> None:
    usual = catalogue_of(language="de-DE")
    assert read_order(usual).language == "de"
    assert read_order(usual, language="fr_FR").language == "fr"
    assert read_order(usual, name="emma@ja", language="fr").language == "ja"
    assert read_order(usual, name="emma@ja", context={"cosyvoice": {"language": "it"}}).language == "it"
    assert read_order(usual, language="???").language == "de"


def test_the_context_wins_where_it_says_something(catalogue: Catalogue) -> None:
    said = {"speed": 1.5, "seed": "8", "emotion": "happy", "gain_db": 2, "more": [1]}
    order = read_order(catalogue, name="alice|speed=0.7|seed=1", context={"cosyvoice": said, "other": {"speed": 9}})
    assert order == Order("alice", None, CHEERFUL, 1.5, 8, 2.0)


@pytest.mark.parametrize("context", [None, [], "x", {"cosyvoice": [1]}, {"cosyvoice": None}, {"cosyvoice": {}}])
def test_a_context_without_anything(catalogue: Catalogue, context: Any) -> None:
    assert read_order(catalogue, name="alice", context=context) == Order("alice")


@pytest.mark.parametrize("value", [True, None, [], {}, "", "1e", float("nan"), float("inf"), 10**400, "٣٣"])
def test_no_value_of_a_context_is_an_error(catalogue: Catalogue, value: Any) -> None:
    keys = ("speed", "seed", "gain_db", "language", "style", "instruction")
    order = read_order(catalogue, name="alice", context={"cosyvoice": dict.fromkeys(keys, value)})
    assert 0.5 <= order.speed <= 2 and order.seed >= 0 and abs(order.gain_db) <= 40


def test_the_settings_are_what_is_usual() -> None:
    usual = catalogue_of(speed=1.25, gain_db=-6, default_voice="oscar")
    assert read_order(usual) == Order("oscar", speed=1.25, gain_db=-6)
    assert read_order(usual, name="lily|speed=1|gain=2") == Order("lily", speed=1.0, gain_db=-4)


def test_a_sentence_may_have_its_own_style(catalogue: Catalogue) -> None:
    order = read_order(catalogue, name="alice (cheerful)|seed=3")
    assert styled(catalogue, order, "whisper") == Order("alice", instruction=WHISPER, seed=3)
    assert styled(catalogue, order, "unheard of") == order


def test_sentences_stay_together_where_the_model_follows_no_styles(caplog: pytest.LogCaptureFixture) -> None:
    plain = Catalogue(Settings(model="embedded"), lambda: core.EMBEDDED, log=logging.getLogger("test"))
    order = read_order(plain, name="emma")
    assert styled(plain, order, "whisper") == styled(plain, order, "sad") == order
    assert [record.message for record in caplog.records if "styles" in record.message] == [
        "embedded follows no instructions: styles are left out"
    ]


@pytest.mark.parametrize(
    ("said", "expected"),
    [("en", "en"), ("de-AT", "de"), ("zh_HK", "yue"), ("zh-Hant-HK", "yue"), ("zh-Hans", "zh"), ("yue", "yue"),
     ("EN", "en"), ("", None), ("../x", None), ("e", None), ("en-", None)],
)  # fmt: skip
def test_tags(said: str, expected: str | None) -> None:
    assert tag(said) == expected


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
names = st.text() | st.text(alphabet="alice@|=()speed .-0123ja", max_size=40)


@settings(max_examples=300, deadline=None)
@given(name=names | anything, speaker=anything, language=anything, context=anything, ours=anything)
def test_nothing_that_a_client_sends_is_an_error(
    name: Any, speaker: Any, language: Any, context: Any, ours: Any
) -> None:
    catalogue = _CATALOGUE
    for said in (context, {"cosyvoice": ours}):
        order = read_order(catalogue, name=name, speaker=speaker, language=language, context=said)
        assert catalogue.find(order.voice) is not None
        assert order.language is None or tag(order.language) == order.language
        assert order.instruction is None or (order.instruction.strip() and len(order.instruction) < 3000)


_CATALOGUE = catalogue_of(voices=str(Path(__file__).parent / "no such folder"))
