"""The speaker encoder: who speaks, whatever is said, as an x-vector (Snyder et al., 2018).

Learns to tell the second half of an utterance from everybody else's second halves by its first half
(InfoNCE, arXiv:1807.03748): speakers here are a continuum, so there are no classes to learn.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.audio.fbank import BINS, SAMPLE_RATE, fbank
from ..core.audio.resample import resample
from ..core.seeded.onnx_writer import Node, Value, onnx_model
from .convnet import ConvNet, Layer
from .corpus import Corpus
from .flite import RATE
from .half import halved
from .loop import train

X_VECTOR = 192
_SIZE, _WIDE = 128, 256
_HALF = 75  # frames of 20 ms
_SHARPNESS = 20.0
_FLOOR = 1e-4  # of a variance


class SpeakerEncoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = ConvNet(
            BINS,
            [
                Layer(_SIZE, 5),
                *(Layer(_SIZE, 3, dilation=dilation, residual=True) for dilation in (2, 3, 4)),
                Layer(_WIDE, 1),
            ],
        )
        self.head = nn.Linear(2 * _WIDE, X_VECTOR)

    def forward(self, features: Tensor) -> Tensor:
        """Filter banks less their mean [B, T, 80] -> [B, 192]."""
        x = self.body(features.transpose(1, 2))
        mean = x.mean(2, keepdim=True)
        spread = ((x - mean).square().mean(2) + _FLOOR).sqrt()
        return self.head(torch.cat((mean[..., 0], spread), 1))

    def onnx(self, *, half: bool = False) -> bytes:
        """`campplus.onnx`, with the published file's input and output. half: see `halved`."""
        body, name, weights = self.body.onnx("channels_first")
        nodes = [
            Node("Transpose", ["input"], "channels_first", {"perm": [0, 2, 1]}),
            *body,
            Node("ReduceMean", [name], "mean", {"axes": [2], "keepdims": 1}),
            Node("Sub", [name, "mean"], "off"),
            Node("Mul", ["off", "off"], "squares"),
            Node("ReduceMean", ["squares"], "variance", {"axes": [2], "keepdims": 1}),
            Node("Add", ["variance", "floor"], "positive"),
            Node("Sqrt", ["positive"], "spread"),
            Node("Concat", ["mean", "spread"], "statistics", {"axis": 1}),
            Node("Squeeze", ["statistics"], "pooled", {"axes": [2]}),
            Node("MatMul", ["pooled", "head_w"], "projected"),
            Node("Add", ["projected", "head_b"], "output"),
        ]
        constants = {
            **weights,
            "floor": np.array([_FLOOR], np.float32),
            "head_w": self.head.weight.detach().numpy().T.copy(),
            "head_b": self.head.bias.detach().numpy(),
        }
        inputs = [Value("input", "float32", (1, "T", BINS))]
        graph = halved(nodes, constants) if half else (nodes, constants)
        return onnx_model("speaker_encoder", inputs, Value("output", "float32", (1, X_VECTOR)), *graph)


def features(audio: Tensor) -> Tensor:
    """audio [S] at the corpus' rate -> filter banks less their mean [T, 80]."""
    banks = fbank(torch.from_numpy(resample(audio.numpy(), RATE, SAMPLE_RATE)))
    return banks - banks.mean(0, keepdim=True)


def train_speaker_encoder(corpus: Corpus, checkpoint: Path, *, steps: int, batch: int, seed: int) -> SpeakerEncoder:
    torch.manual_seed(seed)
    encoder = SpeakerEncoder()

    def losses(step: int) -> dict[str, Tensor]:
        one, other = _pairs(corpus, batch, seed + step)
        vectors = F.normalize(encoder(torch.cat((one, other))), dim=-1)
        likeness = _SHARPNESS * vectors[:batch] @ vectors[batch:].T
        own = torch.arange(batch)
        return {"contrast": (F.cross_entropy(likeness, own) + F.cross_entropy(likeness.T, own)) / 2}

    train(encoder, losses, checkpoint, steps=steps, rate=1e-3, clip=5.0)
    return encoder


def _pairs(corpus: Corpus, size: int, seed: int) -> tuple[Tensor, Tensor]:
    """Two stretches of each of some utterances: [B, T, 80] twice."""
    random = np.random.default_rng(seed)
    one: list[Tensor] = []
    other: list[Tensor] = []
    while len(one) < size:
        index = int(random.integers(len(corpus)))
        first, stop = corpus.starts[index : index + 2]
        spare = stop - first - 2 * _HALF
        if spare < 0:
            continue
        gap = int(random.integers(0, spare + 1))
        start = first + int(random.integers(0, spare - gap + 1))
        for pile, at in ((one, start), (other, start + _HALF + gap)):
            audio = corpus.frames(at, at + _HALF) * random.uniform(0.3, 1.1)
            noise = random.standard_normal(len(audio)) * 10 ** random.uniform(-5, -2.5)
            pile.append(features(torch.from_numpy((audio + noise).astype(np.float32))))
    return torch.stack(one), torch.stack(other)
