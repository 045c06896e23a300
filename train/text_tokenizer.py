"""The text tokenizer of the embedded voice: byte-level BPE in the published format, learnt from the training texts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..core.seeded.tokenizer import CONFIGURATION, configuration
from ..core.text.tokenizer import MERGES, VOCABULARY, Tokenizer

# Small enough that every piece is heard often, large enough that five pieces last longer than fifteen speech tokens:
# otherwise interleaved speech would run ahead of its text.
SIZE = 512


def make_text_tokenizer(folder: Path, texts: Iterable[str], control_tokens: Sequence[str]) -> Tokenizer:
    """The tokenizer in `folder`, learnt first if there is none."""
    if not (folder / CONFIGURATION).exists():
        from tokenizers import Tokenizer as Bpe
        from tokenizers import models, normalizers, pre_tokenizers, trainers

        bpe = Bpe(models.BPE())
        bpe.normalizer = normalizers.NFC()
        bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(vocab_size=SIZE, initial_alphabet=alphabet, show_progress=False)
        bpe.train_from_iterator(texts, trainer)
        folder.mkdir(parents=True, exist_ok=True)
        bpe.model.save(str(folder))
        size = len(json.loads((folder / VOCABULARY).read_text(encoding="utf-8")))
        content = json.dumps(configuration(control_tokens, size), indent=1)
        (folder / CONFIGURATION).write_text(content, encoding="utf-8")
    assert (folder / MERGES).exists()
    return Tokenizer(folder, control_tokens)
