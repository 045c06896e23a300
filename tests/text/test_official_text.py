"""Ours beside the official front end: equal where it is right; `better.json` says what is expected where it is not."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from cosyvox.core import TextError
from cosyvox.core.families.cosyvoice2 import COSYVOICE2
from cosyvox.core.text.front import prepare
from cosyvox.core.text.split import Rules, split_paragraph
from cosyvox.core.text.tokenizer import Tokenizer
from released import vocabulary_file, write_released_tokenizer

DATA = Path(__file__).resolve().parent.parent / "data"
GOLDEN: dict[str, Any] = json.loads((DATA / "parity/common/text.json").read_text(encoding="utf-8"))
BETTER: dict[str, Any] = json.loads((DATA / "text/better.json").read_text(encoding="utf-8"))
TAGS = frozenset(token for token in COSYVOICE2.control_tokens if not token.startswith("<|"))
VARIABLE = "COSYVOX_TEST_TOKENIZER"  # a released CosyVoice2 tokenizer folder (CosyVoice-BlankEN)


class Words:
    """Stands in for the released tokenizer, which nobody may ship: a letter or sign is about a third of a token."""

    def encode(self, text: str, *, allowed: object = ()) -> list[int]:
        return [0] * (len(text.encode()) // 5)


def official(result: Any) -> Any:
    """Of wetext 0.0.9 and version 2."""
    for keys in (("all", "0.0.9"), ("all", "v2_0.5b")):
        if isinstance(result, dict) and "error" not in result:
            result = next(result[key] for key in keys if key in result)
    return result


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    if folder := os.environ.get(VARIABLE):
        return Tokenizer(Path(folder), COSYVOICE2.control_tokens)
    vocabulary = vocabulary_file()
    if not vocabulary:
        pytest.skip(f"no released tokenizer at hand: pip install --no-deps dashscope, or name its folder in {VARIABLE}")
    made = tmp_path_factory.mktemp("released")
    write_released_tokenizer(vocabulary, made)
    return Tokenizer(made, COSYVOICE2.control_tokens)


def segments(text: str, tokenizer: Any) -> list[str]:
    try:
        return [segment.text for segment in prepare(text, tokenizer, TAGS)]
    except TextError:
        return []


def expected(index: int) -> list[str]:
    if str(index) in BETTER:
        return BETTER[str(index)]["expected"]
    return [piece.strip() for piece in official(GOLDEN["entries"][index]["split"]) if piece.strip()]


@pytest.mark.parametrize("index", range(len(GOLDEN["entries"])))
def test_spoken_text(index: int) -> None:
    """The words; where English is cut depends on the released tokenizer."""
    said = segments(GOLDEN["entries"][index]["text"], Words())
    assert " ".join(said).replace(" ", "") == " ".join(expected(index)).replace(" ", "")


@pytest.mark.parametrize("index", range(len(GOLDEN["entries"])))
def test_segments(index: int, tokenizer: Tokenizer) -> None:
    assert segments(GOLDEN["entries"][index]["text"], tokenizer) == expected(index)


@pytest.mark.parametrize("index", [int(index) for index in BETTER])
def test_what_is_better_differs_and_says_why(index: int) -> None:
    entry = GOLDEN["entries"][index]
    assert BETTER[str(index)]["text"] == entry["text"]
    assert BETTER[str(index)]["expected"] != official(entry["split"])
    assert BETTER[str(index)]["why"]


@pytest.mark.parametrize("entry", GOLDEN["entries"])
def test_token_ids(entry: dict[str, Any], tokenizer: Tokenizer) -> None:
    assert tokenizer.encode(entry["text"], allowed=COSYVOICE2.control_tokens) == official({"all": entry["ids"]})


def paragraph(entry: dict[str, Any], length: Any) -> list[str]:
    rules = Rules(entry["token_max_n"], entry["token_min_n"], entry["merge_len"], entry["comma_split"])
    return split_paragraph(entry["text"], length, entry["lang"], rules)


def of_version_2(entry: dict[str, Any]) -> list[str]:
    pieces: dict[str, list[str]] = entry["pieces"]
    return pieces["all"] if "all" in pieces else pieces["v2_0.5b"]


@pytest.mark.parametrize("entry", [entry for entry in GOLDEN["split_paragraph"] if entry["lang"] == "zh"])
def test_split_chinese(entry: dict[str, Any]) -> None:
    assert paragraph(entry, len) == of_version_2(entry)


@pytest.mark.parametrize("entry", [entry for entry in GOLDEN["split_paragraph"] if entry["lang"] == "en"])
def test_split_english(entry: dict[str, Any], tokenizer: Tokenizer) -> None:
    assert paragraph(entry, lambda text: len(tokenizer.encode(text))) == of_version_2(entry)
