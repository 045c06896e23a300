"""Text to the ids of the language model: byte-level BPE as Qwen2 reads it (arXiv:2407.10671, section 2.1)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..errors import CheckpointError, ModelNotFound, TextError

if TYPE_CHECKING:
    import tokenizers

VOCABULARY, MERGES = "vocab.json", "merges.txt"

# How Qwen2 cuts text into words: English contractions, letters with the sign before them, single
# digits, other signs with the space before them, line breaks, spaces.
_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


class TextTokenizer(Protocol):
    """What is asked of any: ids for text."""

    control_ids: dict[str, int]
    vocab_size: int

    def encode(self, text: str, *, allowed: Iterable[str] = ()) -> list[int]: ...


class Tokenizer:
    """Ids for text, and the text for ids. Safe to use from many threads.

    Control tokens ("<|endofprompt|>", "[breath]") have the ids that follow the vocabulary, in their
    order. They are recognised only where a caller allows them: in any other text they are plain text,
    so that nobody can slip one in.
    """

    def __init__(self, folder: Path, control_tokens: Sequence[str] = ()) -> None:
        """Reads `vocab.json` and `merges.txt` in `folder`.

        Raises ModelNotFound if one is missing, CheckpointError if they are damaged.
        """
        self._bpe = _load(folder)
        base = self._bpe.get_vocab_size()
        self.control_ids = {token: base + index for index, token in enumerate(control_tokens)}
        self.vocab_size = base + len(self.control_ids)

    def encode(self, text: str, *, allowed: Iterable[str] = ()) -> list[int]:
        """The ids of `text`; of the control tokens only those in `allowed` are seen. Raises TextError."""
        check_unicode(text)
        seen = self.control_ids.keys() & allowed
        ids: list[int] = []
        for piece in split_controls(text, seen):
            ids.extend([self.control_ids[piece]] if piece in seen else self._bpe.encode(piece).ids)
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`, without control tokens; a character that is cut off becomes U+FFFD."""
        return self._bpe.decode(list(ids))


def check_unicode(text: str) -> None:
    """Raises TextError where half a character is lost."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise TextError("the text is not valid Unicode: write it again, or save its file as UTF-8") from error


def split_controls(text: str, tokens: Collection[str]) -> list[str]:
    """`text` cut before and after every one of `tokens`; where two begin alike the longer one counts."""
    if not tokens:
        return [text]
    longest_first = sorted(tokens, key=len, reverse=True)
    return re.split(f"({'|'.join(map(re.escape, longest_first))})", text)


def _load(folder: Path) -> tokenizers.Tokenizer:
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

    for name in (VOCABULARY, MERGES):
        if not (folder / name).is_file():
            raise ModelNotFound(f"{folder} has no {name}: it is not a tokenizer folder; download the model again")
    try:
        model = models.BPE.from_file(str(folder / VOCABULARY), str(folder / MERGES))
    except Exception as error:  # the library raises nothing narrower
        raise _damaged(folder, str(error)) from error
    bpe = Tokenizer(model)
    bpe.normalizer = normalizers.NFC()
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    _check(bpe.get_vocab(), folder)
    return bpe


def _check(vocabulary: dict[str, int], folder: Path) -> None:
    """Every byte must have a token, or text would vanish; ids must be gapless, or control tokens would collide."""
    from tokenizers import pre_tokenizers

    missing = set(pre_tokenizers.ByteLevel.alphabet()) - vocabulary.keys()
    if missing:
        raise _damaged(folder, f"{len(missing)} of the 256 bytes are missing")
    if max(vocabulary.values()) != len(vocabulary) - 1:
        raise _damaged(folder, "its ids have gaps")


def _damaged(folder: Path, reason: str) -> CheckpointError:
    return CheckpointError(f"the tokenizer in {folder} is damaged: {reason}; download the model again")
