"""A small tokenizer in the format of the published one: byte-level BPE, learned here from a few sentences.

It reads every text; it only cuts words into more pieces than the published tokenizer does.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from ..text.tokenizer import MERGES, VOCABULARY

CONFIGURATION = "tokenizer_config.json"

Pair = tuple[str, str]

_TEXT = """
Good evening. It is a quarter past seven, the kitchen light is on and the door to the garden is open.
The weather tomorrow will be warm and sunny, with a little rain in the afternoon and wind from the west.
Your next meeting is on Monday at nine. Would you like me to remind you of it one hour before?
Thank you for listening to this voice; it is made of numbers that mean nothing, and it says what they say.
Guten Morgen, das Wetter wird heute schön, und die Heizung im Wohnzimmer ist auf zwanzig Grad gestellt.
Bonjour, la lumière de la cuisine est allumée et la porte du jardin est fermée. Merci et bonne journée.
你好，今天天气很好，我们一起去公园散步吧。请把客厅的灯打开，现在是晚上八点钟。
谢谢你听我说话，希望你喜欢这个声音。明天早上九点有一个会议，请不要忘记。
"""
# A Chinese character is a word of its own, as in the published tokenizer: no token holds two of them.
_WORD = re.compile(r"[\u4e00-\u9fff]| ?[A-Za-zÀ-ÿ]+| ?[^\w\s]+")


def write_tokenizer(folder: Path, control_tokens: Sequence[str]) -> None:
    """`vocab.json`, `merges.txt` and `tokenizer_config.json`, as transformers reads them too.

    control_tokens: they follow the vocabulary; the first one ends a text.
    """
    letters = _byte_letters()
    words = Counter("".join(letters[byte] for byte in word.encode("utf-8")) for word in _WORD.findall(_TEXT))
    merges = _learn_merges(words)
    tokens = dict.fromkeys([*letters.values(), *(left + right for left, right in merges)])
    vocabulary = {token: index for index, token in enumerate(tokens)}
    _write_json(folder / VOCABULARY, vocabulary)
    lines = "".join(f"{left} {right}\n" for left, right in merges)
    (folder / MERGES).write_bytes(lines.encode("utf-8"))
    _write_json(folder / CONFIGURATION, configuration(control_tokens, len(vocabulary)))


def _byte_letters() -> dict[int, str]:
    """GPT-2's letter for every byte: the byte's own where it can be printed, else one from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(0x100 + rank) for rank, byte in enumerate(others)}


def _learn_merges(words: Counter[str]) -> list[Pair]:
    """Byte pair encoding (arXiv:1508.07909): join the most frequent pair until none occurs twice."""
    spelled = {word: list(word) for word in words}
    merges: list[Pair] = []
    while True:
        frequency: Counter[Pair] = Counter()
        for word, parts in spelled.items():
            for pair in pairwise(parts):
                frequency[pair] += words[word]
        best, times = max(frequency.items(), key=lambda entry: (entry[1], entry[0]))
        if times < 2:
            return merges
        merges.append(best)
        for parts in spelled.values():
            _join(parts, best)


def _join(parts: list[str], pair: Pair) -> None:
    position = 0
    while position < len(parts) - 1:
        if (parts[position], parts[position + 1]) == pair:
            parts[position : position + 2] = ["".join(pair)]
        position += 1


def configuration(control_tokens: Sequence[str], first_id: int) -> dict[str, object]:
    end, *others = control_tokens
    added = {
        str(first_id + index): {
            "content": token,
            "lstrip": False,
            "normalized": False,
            "rstrip": False,
            "single_word": False,
            "special": True,
        }
        for index, token in enumerate(control_tokens)
    }
    return {
        "add_prefix_space": False,
        "added_tokens_decoder": added,
        "additional_special_tokens": others,
        "bos_token": None,
        "clean_up_tokenization_spaces": False,
        "eos_token": end,
        "errors": "replace",
        "model_max_length": 32768,
        "pad_token": end,
        "split_special_tokens": False,
        "tokenizer_class": "Qwen2Tokenizer",
        "unk_token": None,
    }


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
