"""The tokenizer of the released models, put together from a vocabulary that others publish.

It is not stock Qwen2: of its merges those are missing that join Chinese characters, so that Chinese is read character
by character. The vocabulary is Qwen2's, which the package dashscope holds (`pip install --no-deps dashscope`).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

MERGES_SHA256 = "ac8ff86a72bee70828fbc1119bc4398c6f3a9a6e490d7b0dbe917be025478bd0"  # of the released merges.txt
_CHINESE = re.compile(r" *[\u4e00-\u9fff]+")


def vocabulary_file() -> Path | None:
    """The file with Qwen2's vocabulary, if dashscope is installed; it is not imported."""
    spec = find_spec("dashscope")
    for folder in (spec.submodule_search_locations if spec else None) or []:
        if (path := Path(folder) / "resources" / "qwen.tiktoken").is_file():
            return path
    return None


def write_released_tokenizer(vocabulary: Path, folder: Path) -> None:
    """Writes `vocab.json` and `merges.txt` into `folder`. Raises ValueError if they are not the released ones."""
    ranks = {}
    for line in vocabulary.read_text(encoding="ascii").splitlines():
        token, rank = line.split()
        ranks[base64.b64decode(token)] = int(rank)
    merges = "".join(
        f"{_spelled(left)} {_spelled(right)}\n"
        for left, right in (_last_merge(token, ranks) for token in sorted(ranks, key=ranks.__getitem__) if _made(token))
    )
    if hashlib.sha256(merges.encode()).hexdigest() != MERGES_SHA256:
        raise ValueError(f"{vocabulary} does not hold the vocabulary of the released models")
    (folder / "merges.txt").write_text(merges, encoding="utf-8", newline="")
    spelled = {_spelled(token): rank for token, rank in ranks.items()}
    (folder / "vocab.json").write_text(json.dumps(spelled, ensure_ascii=False), encoding="utf-8")


def _made(token: bytes) -> bool:
    """Whether the released models have a merge that makes this token."""
    text = token.decode(errors="ignore")
    joins_chinese = len(text) > 1 and text.encode() == token and _CHINESE.fullmatch(text)
    return len(token) > 1 and not joins_chinese


def _last_merge(token: bytes, ranks: Mapping[bytes, int]) -> tuple[bytes, bytes]:
    """The two parts of which byte-pair encoding makes `token`: all merges done that rank before it."""
    parts = [token[index : index + 1] for index in range(len(token))]
    while len(parts) > 2:
        joined = [ranks.get(left + right, len(ranks)) for left, right in pairwise(parts)]
        best = joined.index(min(joined))
        parts[best : best + 2] = [parts[best] + parts[best + 1]]
    return parts[0], parts[1]


def _letters() -> dict[int, str]:
    """Every byte as a letter that can be printed (GPT-2, `encoder.py`): the others are moved beyond U+00FF."""
    printable = [byte for byte in range(256) if chr(byte).isprintable() and not chr(byte).isspace()]
    moved = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + index) for index, byte in enumerate(moved)}


_LETTERS = _letters()


def _spelled(token: bytes) -> str:
    return "".join(_LETTERS[byte] for byte in token)
