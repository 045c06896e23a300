"""The speech language model: text in, speech tokens out, one after the other.

Two sentences of one speaker follow each other half of the time, because that is what a prompt and a text are. Some
sequences are interleaved, for text that is still arriving.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..core.lm.config import SpeechLMConfig
from ..core.lm.speech_lm import SpeechLM
from ..core.text.phones import PhoneTokenizer
from .alignment import guided, near, reading
from .initial import initialise_language_model
from .loop import train
from .speech_corpus import Spoken

_IGNORED = -100
_JOINED = 0.5  # share of sequences that are two utterances
_INTERLEAVED = 0.15
_LONGEST = 560  # positions
_GUIDANCE = 0.3  # weight of the guide


def train_language_model(
    config: SpeechLMConfig,
    tokenizer: PhoneTokenizer,
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
        batch = batches(step)
        x = _embed(lm, batch.kinds, batch.ids)
        asked = batch.labels != _IGNORED
        text = batch.kinds == _TEXT
        with torch.autocast("cpu", torch.bfloat16):
            hidden, missed = guided(lm.decoder, x, near(text, batch.places), asked & ~text)
        logits = lm.head(hidden[asked].float())
        return {"speech": F.cross_entropy(logits, batch.labels[asked]), "alignment": _GUIDANCE * missed}

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


@dataclass(frozen=True)
class Batch:
    """All [B, T]: which embedding, which row of it, what should follow (-100: nothing is asked), the place in the text.

    A piece of text has its own place, every other position the one that it should read.
    """

    kinds: Tensor
    ids: Tensor
    labels: Tensor
    places: Tensor


@dataclass
class _Utterance:
    """text: ids. speech: ids, and where in the text each of them is."""

    text: list[int]
    speech: list[int]
    places: list[float]

    def __add__(self, other: _Utterance) -> _Utterance:
        shifted = [len(self.text) + place for place in other.places]
        return _Utterance(self.text + other.text, self.speech + other.speech, self.places + shifted)


class _Sequence:
    """Positions as (kind, id, place), and what each of them should be followed by."""

    def __init__(self) -> None:
        self.kinds: list[int] = []
        self.ids: list[int] = []
        self.labels: list[int] = []
        self.places: list[float] = []

    def add(self, kind: int, ids: list[int], label: int | None, places: list[float]) -> None:
        """label: what follows the last of `ids`, if that is to be learnt. Inside speech, every next id is."""
        self.kinds += [kind] * len(ids)
        self.ids += ids
        inside = ids[1:] if kind == _SPEECH else [_IGNORED] * (len(ids) - 1)
        self.labels += [*inside, _IGNORED if label is None else label][: len(ids)]
        self.places += places


class Batches:
    """Sequences of similar length, drawn by the step: plain ones (start, text, turn, speech) and interleaved ones."""

    def __init__(
        self, config: SpeechLMConfig, tokenizer: PhoneTokenizer, corpus: list[Spoken], positions: int, seed: int
    ) -> None:
        self._config, self._positions, self._seed = config, positions, seed
        self._utterances: list[_Utterance] = []
        self._by_speaker: dict[str, list[_Utterance]] = {}
        self._bases: list[str] = []
        for item in sorted(corpus, key=lambda item: len(item.tokens)):
            places = reading(tokenizer.pieces(item.text), item.phones, len(item.tokens))
            utterance = _Utterance(tokenizer.encode(item.text), item.tokens, places)
            self._utterances.append(utterance)
            self._bases.append(item.speaker.base)
            self._by_speaker.setdefault(item.speaker.base, []).append(utterance)

    def __call__(self, step: int) -> Batch:
        random = np.random.default_rng((self._seed, step))
        middle = int(random.integers(len(self._utterances)))
        sequences: list[_Sequence] = []
        longest = 0
        while True:
            # Neighbours in a corpus that is sorted by length are about as long.
            index = int(np.clip(middle + random.integers(-400, 400), 0, len(self._utterances) - 1))
            sequence = self._sequence(index, random)
            longest = max(longest, len(sequence.ids))
            if sequences and longest * (len(sequences) + 1) > self._positions:
                break
            sequences.append(sequence)
        width = max(len(sequence.ids) for sequence in sequences)

        def padded(name: str, fill: float) -> Tensor:
            return torch.tensor([getattr(s, name) + [fill] * (width - len(s.ids)) for s in sequences])

        return Batch(padded("kinds", _TASK), padded("ids", 0), padded("labels", _IGNORED), padded("places", 0.0))

    def _sequence(self, index: int, random: np.random.Generator) -> _Sequence:
        utterance = self._utterances[index]
        if random.random() < _JOINED:
            others = self._by_speaker[self._bases[index]]
            other = others[int(random.integers(len(others)))]
            if sum(len(part.text) + len(part.speech) for part in (utterance, other)) < _LONGEST:
                utterance = other + utterance
        sequence = _Sequence()
        sequence.add(_TASK, [0], None, [0.0])
        begun = self._interleaved(sequence, utterance) if random.random() < _INTERLEAVED else (0, 0)
        self._rest(sequence, utterance, *begun)
        return sequence

    def _interleaved(self, sequence: _Sequence, utterance: _Utterance) -> tuple[int, int]:
        """Blocks of text and speech, after each of which the fill id asks for text; how much of both they hold."""
        more, reach = self._config.mix_ratio
        read = said = 0
        while len(utterance.text) - read >= more and len(utterance.speech) - said > reach:
            self._text(sequence, utterance, read, read + more, utterance.speech[said])
            self._speech(sequence, utterance, said, said + reach, self._config.fill_id)
            read, said = read + more, said + reach
        return read, said

    def _rest(self, sequence: _Sequence, utterance: _Utterance, read: int, said: int) -> None:
        self._text(sequence, utterance, read, len(utterance.text), None)
        sequence.add(_TASK, [1], utterance.speech[said], [utterance.places[said]])
        self._speech(sequence, utterance, said, len(utterance.speech), self._config.stop_ids[0])

    def _text(self, sequence: _Sequence, utterance: _Utterance, first: int, stop: int, label: int | None) -> None:
        sequence.add(_TEXT, utterance.text[first:stop], label, [float(place) for place in range(first, stop)])

    def _speech(self, sequence: _Sequence, utterance: _Utterance, first: int, stop: int, label: int) -> None:
        """Whoever says a token reads where the next one is."""
        places = [*utterance.places[first + 1 : stop + 1], float(len(utterance.text) - 1)]
        sequence.add(_SPEECH, utterance.speech[first:stop], label, places[: stop - first])
