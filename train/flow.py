"""The flow: from noise to mel, told by tokens, a prompt and a speaker (conditional flow matching, arXiv:2210.02747).

Half of the batches see the whole utterance, half are masked in chunks as streaming will be; one in five is told
nothing, for classifier-free guidance.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..core.audio.mel import mel_spectrogram
from ..core.flow.config import FlowConfig
from ..core.flow.flow import Flow
from ..core.storage import replacing
from .config import MEL
from .corpus import Corpus
from .initial import initialise_flow
from .loop import train
from .speaker_encoder import SpeakerEncoder, features
from .speech_tokenizer import SpeechTokenizer, heard

_CROP = 75  # tokens: three seconds
_PROMPT = 0.3  # at most this share of a crop is given
_PROMPTED, _UNGUIDED = 0.7, 0.2
_MU_WEIGHT = 0.3


@dataclass(frozen=True)
class Heard:
    """What the encoders make of a corpus: tokens of all utterances, end to end; one x-vector each."""

    tokens: Tensor  # [S / TOKEN] int64
    x_vectors: Tensor  # [U, 192]


def hear(corpus: Corpus, tokenizer: SpeechTokenizer, encoder: SpeakerEncoder, cache: Path) -> Heard:
    """Raises nothing; `cache` is written once and must go with the corpus and the encoders."""
    if cache.exists():
        stored = torch.load(cache, weights_only=True)
        return Heard(stored["tokens"], stored["x_vectors"])
    tokens, vectors = [], []
    with torch.inference_mode():
        for first, stop in zip(corpus.starts, corpus.starts[1:], strict=False):
            audio = torch.from_numpy(corpus.frames(first, stop))
            ids = tokenizer.tokens(heard(audio)[None])[0]
            tokens.append(torch.cat((ids, ids[-1:]))[: (stop - first) // 2])
            vectors.append(encoder(features(audio)[None])[0])
    found = Heard(torch.cat(tokens), torch.stack(vectors))
    with replacing(cache) as stream:
        torch.save({"tokens": found.tokens, "x_vectors": found.x_vectors}, stream)
    return found


def train_flow(
    config: FlowConfig, corpus: Corpus, hearing: Heard, checkpoint: Path, *, steps: int, batch: int, seed: int
) -> Flow:
    torch.manual_seed(seed)
    flow = Flow(config)
    initialise_flow(flow, _batch(corpus, hearing, 64, seed)[1].mean((0, 1)))

    def losses(step: int) -> dict[str, Tensor]:
        with torch.autocast("cpu", torch.bfloat16):
            return _losses(flow, step, *_batch(corpus, hearing, batch, seed + step), seed)

    train(flow, losses, checkpoint, steps=steps, rate=1e-3, warm_up=300)
    return flow


def _losses(flow: Flow, step: int, tokens: Tensor, mel: Tensor, vectors: Tensor, seed: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed + step)
    batch, chunked = len(mel), step % 2 == 1
    mu = flow.encode(tokens, chunked=chunked)
    prompt = _prompts(mel, generator)
    told = (torch.rand(batch, generator=generator) >= _UNGUIDED).float()[:, None, None]
    time = 1 - torch.cos(torch.rand(batch, generator=generator) * pi / 2)
    noise = flow.config.temperature * torch.randn(mel.shape, generator=generator)
    x = (1 - time[:, None, None]) * noise + time[:, None, None] * mel
    speakers = flow.speaker_features(vectors)[:, None].expand(-1, mel.shape[1], -1)
    inputs = torch.cat((x, mu * told, speakers * told, prompt * told), -1)
    shifts = flow.estimator.time_shifts(time).transpose(0, 1)[:, :, None]  # [blocks, B, 1, C]
    velocity = flow.estimator(inputs, shifts, flow.estimator.mask(mel.shape[1], None, chunked, mel.device))
    return {
        "velocity": F.mse_loss(velocity.float(), mel - noise),
        # Nobody needs mu to look like a mel, but an encoder that is told so learns much sooner.
        "mu": _MU_WEIGHT * F.l1_loss(mu.float(), mel),
    }


def _prompts(mel: Tensor, generator: torch.Generator) -> Tensor:
    """The beginning of most of the mels, nothing of the others: [B, T, bins]."""
    shares, chosen = torch.rand(2, len(mel), 1, generator=generator)
    given = torch.arange(mel.shape[1])[None] < _PROMPT * shares * (chosen < _PROMPTED) * mel.shape[1]
    return mel * given[:, :, None]


def _batch(corpus: Corpus, hearing: Heard, size: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Crops by chance: tokens [B, N], mel [B, 2 N, bins], x-vectors [B, 192]."""
    random = np.random.default_rng(seed)
    tokens: list[Tensor] = []
    mels: list[Tensor] = []
    vectors: list[Tensor] = []
    for _ in range(size):
        index, first = corpus.crop(random, _CROP)
        audio = torch.from_numpy(corpus.frames(first, first + 2 * _CROP))
        tokens.append(hearing.tokens[first // 2 : first // 2 + _CROP])
        mels.append(mel_spectrogram(audio[None], MEL)[0].T)
        vectors.append(hearing.x_vectors[index])
    return torch.stack(tokens), torch.stack(mels), torch.stack(vectors)
