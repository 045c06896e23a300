"""The speech language model: text in, speech tokens out, one after the other.

Two sentences of one speaker follow each other half of the time, because that is what a prompt and a text are. Some
sequences are interleaved, five of text to fifteen of speech, for text that is still arriving.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..core.lm.config import SpeechLMConfig
from ..core.lm.speech_lm import SpeechLM
from ..core.text.tokenizer import Tokenizer
from .alignment import diagonal, guided
from .initial import initialise_language_model
from .loop import train
from .speech_corpus import Spoken

_IGNORED = -100
_JOINED = 0.4  # share of sequences that are two utterances
_INTERLEAVED = 0.15
_LONGEST = 420  # positions
_GUIDANCE, _GUIDED = 0.3, 0.7  # weight of the guide at first, and the share of the steps after which it is gone
_SPELT = 0.15  # share of words that are met letter by letter
_WORD = re.compile(r"\s?\S+")


def train_language_model(
    config: SpeechLMConfig,
    tokenizer: Tokenizer,
    corpus: list[Spoken],
    checkpoint: Path,
    *,
    steps: int,
    positions: int,
    seed: int,
) -> SpeechLM:
    """positions: how many, padding included, a batch has at most."""
    torch.manual_seed(seed)
    lm = SpeechLM(config)
    initialise_language_model(lm)
    batches = Batches(config, tokenizer, corpus, positions, seed)

    def losses(step: int) -> dict[str, Tensor]:
        kinds, ids, labels = batches(step)
        x = _embed(lm, kinds, ids)
        asked = labels != _IGNORED
        with torch.autocast("cpu", torch.bfloat16):
            hidden, missed = guided(lm.decoder, x, *diagonal(kinds == _TEXT, asked))
        logits = lm.head(hidden[asked].float())
        guidance = _GUIDANCE * max(0.0, 1 - step / (_GUIDED * steps))
        return {"speech": F.cross_entropy(logits, labels[asked]), "alignment": guidance * missed}

    train(lm, losses, checkpoint, steps=steps, rate=1.5e-3, warm_up=300, weight_decay=0.05)
    return lm


_TASK, _TEXT, _SPEECH = 0, 1, 2


def _embed(lm: SpeechLM, kinds: Tensor, ids: Tensor) -> Tensor:
    """[B, T, C] of ids [B, T], each of the embedding that kinds [B, T] names."""
    tables = (lm.task_embedding, lm.text_embedding, lm.speech_embedding)
    x = torch.zeros(*ids.shape, lm.config.decoder.hidden_size)
    for kind, table in enumerate(tables):
        chosen = kinds == kind
        x = x.masked_scatter(chosen[..., None], table(ids[chosen]))
    return x


class _Sequence:
    """Positions as (kind, id), and what each of them should be followed by."""

    def __init__(self) -> None:
        self.kinds: list[int] = []
        self.ids: list[int] = []
        self.labels: list[int] = []

    def add(self, kind: int, ids: list[int], label: int | None = None) -> None:
        """label: what follows the last of `ids`, if that is to be learnt. Inside speech, every next id is."""
        self.kinds += [kind] * len(ids)
        self.ids += ids
        inside = ids[1:] if kind == _SPEECH else [_IGNORED] * (len(ids) - 1)
        self.labels += [*inside, _IGNORED if label is None else label][: len(ids)]


class Batches:
    """Sequences of similar length, drawn by the step: plain ones (start, text, turn, speech) and interleaved ones."""

    def __init__(
        self, config: SpeechLMConfig, tokenizer: Tokenizer, corpus: list[Spoken], positions: int, seed: int
    ) -> None:
        self._config, self._positions, self._seed = config, positions, seed
        self._word = lru_cache(maxsize=100_000)(tokenizer.encode)
        self._corpus = sorted(corpus, key=lambda item: len(item.tokens))
        self._by_speaker: dict[str, list[Spoken]] = {}
        for item in self._corpus:
            self._by_speaker.setdefault(item.speaker.base, []).append(item)

    def __call__(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """kinds (of the embedding: task, text, speech), ids, labels (-100: nothing is asked), all [B, T]."""
        random = np.random.default_rng((self._seed, step))
        middle = int(random.integers(len(self._corpus)))
        sequences: list[_Sequence] = []
        longest = 0
        while True:
            # Neighbours in a corpus that is sorted by length are about as long.
            near = int(np.clip(middle + random.integers(-400, 400), 0, len(self._corpus) - 1))
            sequence = self._sequence(self._corpus[near], random)
            longest = max(longest, len(sequence.ids))
            if sequences and longest * (len(sequences) + 1) > self._positions:
                break
            sequences.append(sequence)
        width = max(len(sequence.ids) for sequence in sequences)

        def padded(name: str, fill: int) -> Tensor:
            return torch.tensor([getattr(s, name) + [fill] * (width - len(s.ids)) for s in sequences])

        return padded("kinds", _TASK), padded("ids", 0), padded("labels", _IGNORED)

    def _sequence(self, item: Spoken, random: np.random.Generator) -> _Sequence:
        text, speech = self._text(item.text, random), item.tokens
        if random.random() < _JOINED:
            others = self._by_speaker[item.speaker.base]
            other = others[int(random.integers(len(others)))]
            if len(speech) + len(other.tokens) < 0.75 * _LONGEST:
                text, speech = self._text(other.text, random) + text, other.tokens + speech
        if random.random() < _INTERLEAVED:
            return self._interleaved(text, speech)
        sequence = _Sequence()
        sequence.add(_TASK, [0])
        sequence.add(_TEXT, text)
        sequence.add(_TASK, [1], speech[0])
        sequence.add(_SPEECH, speech, self._config.stop_ids[0])
        return sequence

    def _interleaved(self, text: list[int], speech: list[int]) -> _Sequence:
        """Blocks of text and speech; the fill id asks for more text, the rest follows the turn as usual."""
        more, reach = self._config.mix_ratio
        fill = self._config.fill_id
        sequence = _Sequence()
        sequence.add(_TASK, [0])
        while len(text) >= more and len(speech) > reach:
            sequence.add(_TEXT, text[:more], speech[0])
            sequence.add(_SPEECH, speech[:reach], fill)
            text, speech = text[more:], speech[reach:]
        sequence.add(_TEXT, text)
        sequence.add(_TASK, [1], speech[0])
        sequence.add(_SPEECH, speech, self._config.stop_ids[0])
        return sequence

    def _text(self, text: str, random: np.random.Generator) -> list[int]:
        """The ids of a text; some of its words are spelt, so that spelling is learnt too."""
        ids: list[int] = []
        for word in _WORD.findall(text):
            spelt = random.random() < _SPELT
            ids += self._letters(word) if spelt else self._word(word)
        return ids

    def _letters(self, word: str) -> list[int]:
        return [index for letter in word for index in self._word(letter)]
