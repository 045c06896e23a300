"""The speech tokenizer: what is said and with which tune, but not by whom, in 25 ids a second.

Finite scalar quantisation (arXiv:2309.15505) as in CosyVoice 2, between an encoder and a decoder that must name the
phone and the speaker-normalised pitch of every half token. Nothing else is asked of a token, so it holds nothing else.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..core.audio.resample import resample
from ..core.audio.whisper import BINS, SAMPLE_RATE, whisper_log_mel
from ..core.seeded.onnx_writer import Node, Value, onnx_model
from .config import DIGITS
from .convnet import ConvNet, Layer
from .corpus import PHONES, Corpus
from .distortion import distorted
from .flite import RATE
from .half import halved
from .loop import train

_HALVES = 2
_CROP = 150  # frames of 20 ms: three seconds
_PITCH_WEIGHT = 3.0
_SIZE = 192


class SpeechTokenizer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        block = [Layer(_SIZE, 5, dilation=dilation, residual=True) for dilation in (1, 2, 1)]
        self.encoder = ConvNet(
            BINS, [Layer(_SIZE, 3, stride=2), *block, Layer(_SIZE, 3, stride=2), Layer(_SIZE, 3, residual=True)]
        )
        self.to_digits = nn.Conv1d(_SIZE, DIGITS, 1)
        self.decoder = nn.Sequential(
            nn.Conv1d(DIGITS, 256, 3, padding=1), nn.ReLU(), nn.Conv1d(256, 256, 3, padding=1), nn.ReLU()
        )
        self.phones = nn.Conv1d(256, _HALVES * len(PHONES), 1)
        self.tune = nn.Conv1d(256, _HALVES * 2, 1)  # pitch and voicing

    def digits(self, features: Tensor) -> Tensor:
        """Whisper log-mel [B, 128, T] -> [B, DIGITS, T / 4] in {-1, 0, 1}; to the gradient as if not rounded."""
        centred = features - features.mean(2, keepdim=True)  # what is always there is the room and the microphone
        bounded = torch.tanh(self.to_digits(self.encoder(centred)))
        return bounded + (bounded.round() - bounded).detach()

    def tokens(self, features: Tensor) -> Tensor:
        """[B, 128, T] -> ids [B, T / 4]."""
        powers = 3 ** torch.arange(DIGITS)
        return ((self.digits(features).round().long() + 1) * powers[:, None]).sum(1)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Phone logits [B, phones, T / 2], pitch and voicing logit [B, T / 2] each, of what the tokens hold."""
        known = self.decoder(self.digits(features))
        phones = self.phones(known).unflatten(1, (len(PHONES), _HALVES)).transpose(2, 3).flatten(2)
        tune = self.tune(known).unflatten(1, (2, _HALVES)).transpose(2, 3).flatten(2)
        return phones, tune[:, 0], tune[:, 1]

    def onnx(self, *, half: bool = False) -> bytes:
        """`speech_tokenizer_v2.onnx`, with the published file's inputs and output. half: see `halved`."""
        body, name, weights = self.encoder.onnx("centred")
        powers = 3.0 ** np.arange(DIGITS)
        nodes = [
            Node("Cast", ["feats_length"], "length", {"to": 7}),
            Node("Slice", ["feats", "zero", "length", "time"], "heard"),
            Node("ReduceMean", ["heard"], "mean", {"axes": [2], "keepdims": 1}),
            Node("Sub", ["heard", "mean"], "centred"),
            *body,
            Node("Conv", [name, "digits_w", "digits_b"], "raw", {"kernel_shape": [1]}),
            Node("Tanh", ["raw"], "bounded"),
            Node("Round", ["bounded"], "digits"),
            Node("Conv", ["digits", "powers", "middle"], "number", {"kernel_shape": [1]}),
            Node("Squeeze", ["number"], "ids", {"axes": [1]}),
            Node("Cast", ["ids"], "indices", {"to": 6}),
        ]
        assert self.to_digits.bias is not None
        constants = {
            **weights,
            "zero": np.array([0]),
            "time": np.array([2]),
            "digits_w": self.to_digits.weight.detach().numpy(),
            "digits_b": self.to_digits.bias.detach().numpy(),
            "powers": powers.astype(np.float32).reshape(1, DIGITS, 1),
            "middle": powers.sum(keepdims=True).astype(np.float32),
        }
        inputs = [Value("feats", "float32", (1, BINS, "T")), Value("feats_length", "int32", (1,))]
        graph = halved(nodes, constants) if half else (nodes, constants)
        return onnx_model("speech_tokenizer", inputs, Value("indices", "int32", (1, "N")), *graph)


def train_tokenizer(corpus: Corpus, checkpoint: Path, *, steps: int, batch: int, seed: int) -> SpeechTokenizer:
    torch.manual_seed(seed)
    tokenizer = SpeechTokenizer()
    centres = speaker_centres(corpus)

    def losses(step: int) -> dict[str, Tensor]:
        features, phones, tune = _batch(corpus, centres, batch, seed + step)
        said, pitch, voicing = tokenizer(features)
        voiced = ~tune.isnan()
        return {
            "phones": F.cross_entropy(said, phones),
            "pitch": _PITCH_WEIGHT * F.smooth_l1_loss(pitch[voiced], tune[voiced] * 4, beta=0.3),
            "voicing": 0.5 * F.binary_cross_entropy_with_logits(voicing, voiced.float()),
        }

    train(tokenizer, losses, checkpoint, steps=steps, rate=1.5e-3, clip=5.0)
    return tokenizer


def speaker_centres(corpus: Corpus) -> list[float]:
    """The median log2 pitch of every utterance."""
    centres = []
    for first, stop in zip(corpus.starts, corpus.starts[1:], strict=False):
        pitch = np.asarray(corpus.f0[first:stop])
        voiced = pitch[pitch > 0]
        centres.append(float(np.median(np.log2(voiced))) if len(voiced) else 0.0)
    return centres


def heard(audio: Tensor) -> Tensor:
    """audio [S] at the corpus' rate -> Whisper log-mel [128, T]."""
    return whisper_log_mel(torch.from_numpy(resample(audio.numpy(), RATE, SAMPLE_RATE))[None])[0]


def _batch(corpus: Corpus, centres: list[float], size: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Features [B, 128, 2 * T], phones [B, T] and speaker-normalised log2 pitch [B, T], NaN where there is none."""
    random = np.random.default_rng(seed)
    features: list[Tensor] = []
    phones: list[Tensor] = []
    tune: list[Tensor] = []
    for _ in range(size):
        index, first = corpus.crop(random, _CROP // 2)
        audio = corpus.frames(first, first + _CROP) * random.uniform(0.3, 1.1)
        noise = random.standard_normal(len(audio)) * 10 ** random.uniform(-5, -2.3)
        features.append(heard(torch.from_numpy((audio + noise).astype(np.float32))))
        phones.append(torch.from_numpy(corpus.phones[first : first + _CROP].astype(np.int64)))
        pitch = np.array(corpus.f0[first : first + _CROP])
        with np.errstate(divide="ignore"):
            tune.append(torch.from_numpy(np.where(pitch > 0, np.log2(pitch) - centres[index], np.nan)))
    return distorted(torch.stack(features)[..., : 2 * _CROP], seed), torch.stack(phones), torch.stack(tune).float()


def examine(tokenizer: SpeechTokenizer, corpus: Corpus, utterances: int = 50) -> float:
    """Share of the frames whose phone the tokens tell."""
    right = total = 0
    with torch.inference_mode():
        for index in range(min(utterances, len(corpus))):
            first, stop = corpus.starts[index : index + 2]
            said, _, _ = tokenizer(heard(torch.from_numpy(corpus.frames(first, stop)))[None])
            truth = torch.from_numpy(corpus.phones[first:stop].astype(np.int64))
            count = min(len(truth), said.shape[2])
            right += int((said[0, :, :count].argmax(0) == truth[:count]).sum())
            total += count
    return right / total
