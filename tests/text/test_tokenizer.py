"""Our tokenizer against the one that the official code uses (transformers), on the small vocabulary."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from cosyvox.core.errors import CheckpointError, ModelNotFound, TextError
from cosyvox.core.families.cosyvoice2 import COSYVOICE2
from cosyvox.core.seeded.tokenizer import write_tokenizer
from cosyvox.core.text.tokenizer import Tokenizer
from hypothesis import example, given, settings
from hypothesis import strategies as st

CONTROL = COSYVOICE2.control_tokens
TEXTS = [
    "",
    " ",
    "Good evening. It's a quarter past seven; I'LL go, they'd've gone.",
    "你好，今天天气很好。世界 2024 年，价格是￥1,299.00！",
    "ひらがな カタカナ 漢字 한국어 العربية हिन्दी ไทย",
    "👩‍👩‍👧‍👦 🇩🇪 👍🏽 \N{ZERO WIDTH JOINER}",
    "e\u0301 \u00e9 A\u030a \u212b \ufb01 \uac00 \u1100\u1161 \u2126",
    "0123456789 ½ ² ١٢٣ Ⅷ 3.14 1,000",
    "line\nbreaks\r\n\r\n  and \t tabs\u00a0\u3000nbsp   \n ",
    "[breath]Hello<|endofprompt|> <strong>world</strong>[laughter]",
    "<|im_start|><|im_start|>[[breath]]<|endofprompt|",
    "[BREATH] [breath [ breath] <STRONG>",
    "\x00\x01\x7f\u200b\ufeff\ufffd",
    "a" * 300,
]

# How a code point normalises is fixed once it is assigned; Python and `tokenizers` may know different ones.
ASSIGNED = st.text(st.characters(exclude_categories=["Cs", "Cn"]), min_size=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(folder, CONTROL[:3])  # as in the published folder; the official code adds the others
    return folder


@pytest.fixture(scope="module")
def ours(folder: Path) -> Tokenizer:
    return Tokenizer(folder, CONTROL)


@pytest.fixture(scope="module")
def official(folder: Path) -> Any:
    """What the official code makes of the folder."""
    transformers = pytest.importorskip("transformers")
    tokenizer = transformers.Qwen2Tokenizer.from_pretrained(folder)
    end, *others = CONTROL
    tokenizer.add_special_tokens({"eos_token": end, "pad_token": end, "additional_special_tokens": others})
    return tokenizer


@pytest.mark.parametrize("text", TEXTS)
def test_ids_are_the_official_ones(text: str, ours: Tokenizer, official: Any) -> None:
    ids = ours.encode(text, allowed=CONTROL)
    assert ids == official([text])["input_ids"][0]
    assert ours.decode(ids) == official.decode(ids, skip_special_tokens=True)


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(codec="utf-8")))
@example("a<|endofprompt|>")
def test_ids_of_any_text_are_the_official_ones(ours: Tokenizer, official: Any, text: str) -> None:
    assert ours.encode(text, allowed=CONTROL) == official([text])["input_ids"][0]


def test_control_tokens_follow_the_vocabulary(folder: Path, ours: Tokenizer, official: Any) -> None:
    base = len(json.loads((folder / "vocab.json").read_text(encoding="utf-8")))
    assert list(ours.control_ids.values()) == list(range(base, base + len(CONTROL)))
    assert list(ours.control_ids) == list(CONTROL)
    assert [official.convert_tokens_to_ids(token) for token in CONTROL] == list(ours.control_ids.values())
    assert ours.vocab_size == len(official)


def test_a_control_token_is_text_unless_it_is_allowed(ours: Tokenizer) -> None:
    first_control = min(ours.control_ids.values())
    text = "a[breath]b<|endofprompt|>"
    assert max(ours.encode(text)) < first_control
    assert ours.decode(ours.encode(text)) == text
    ids = ours.encode(text, allowed={"[breath]"})
    assert [index for index in ids if index >= first_control] == [ours.control_ids["[breath]"]]
    assert ours.decode(ids) == "ab<|endofprompt|>"


def test_what_is_no_control_token_cannot_be_allowed(ours: Tokenizer) -> None:
    assert ours.encode("a[nonsense]b", allowed={"[nonsense]"}) == ours.encode("a[nonsense]b")


@settings(max_examples=150, deadline=None)
@given(st.lists(ASSIGNED | st.sampled_from(CONTROL)))
def test_no_text_can_bring_in_a_control_token(ours: Tokenizer, pieces: list[str]) -> None:
    text = "".join(pieces)
    ids = ours.encode(text)
    assert all(index < ours.vocab_size - len(CONTROL) for index in ids)
    assert ours.decode(ids) == unicodedata.normalize("NFC", text)


def test_a_longer_control_token_wins(folder: Path) -> None:
    tokenizer = Tokenizer(folder, ["<a>", "<a>b"])
    assert tokenizer.encode("<a>b", allowed=["<a>", "<a>b"]) == [tokenizer.control_ids["<a>b"]]


def test_half_a_character_is_an_error(ours: Tokenizer) -> None:
    with pytest.raises(TextError, match="not valid Unicode"):
        ours.encode("a\udc80b")


@pytest.mark.parametrize("name", ["vocab.json", "merges.txt"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    write_tokenizer(tmp_path, CONTROL)
    (tmp_path / name).unlink()
    with pytest.raises(ModelNotFound, match=f"no {name}.*download"):
        Tokenizer(tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("vocab.json", '{"a": 0, "b"'),
        ("vocab.json", "[1, 2]"),
        ("vocab.json", "{}"),
        ("merges.txt", "no such\n"),
        ("merges.txt", "a b c\n"),
        ("merges.txt", b"\xff\xfe"),
    ],
)
def test_a_damaged_file_is_an_error(tmp_path: Path, name: str, content: str | bytes) -> None:
    write_tokenizer(tmp_path, CONTROL)
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CheckpointError, match=r"damaged.*download"):
        Tokenizer(tmp_path)


@pytest.mark.parametrize(("without", "reason"), [("A", "1 of the 256 bytes"), (None, "gaps")])
def test_a_vocabulary_that_would_lose_text_is_an_error(tmp_path: Path, without: str | None, reason: str) -> None:
    write_tokenizer(tmp_path, CONTROL)
    path = tmp_path / "vocab.json"
    vocabulary = json.loads(path.read_text(encoding="utf-8"))
    if without is None:
        vocabulary["unreachable"] = len(vocabulary) + 1
    else:
        vocabulary[without * 9] = vocabulary.pop(without)
    path.write_text(json.dumps(vocabulary), encoding="utf-8")
    with pytest.raises(CheckpointError, match=reason):
        Tokenizer(tmp_path)
