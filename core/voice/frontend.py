"""What a model hears in a recording: speech tokens, mel frames and a speaker embedding."""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..audio.fbank import fbank
from ..audio.mel import mel_spectrogram
from ..audio.resample import resample
from ..audio.whisper import whisper_log_mel
from ..families.family import MelConfig
from .onnx_model import OnnxModel
from .prompt import Prompt
from .voice import Voice

FEATURES = 1  # to be counted up when the same recording comes to give other features
ENCODER_RATE = 16_000  # Hz, of both the speech tokenizer and the speaker encoder


class FrontEnd:
    """Turns recordings into voices of one model. Its two encoders are opened by the first recording.

    speech_tokenizer: ONNX, (whisper log-mel [1, 128, T], T [1] int32) -> ids, one per 40 ms.
    speaker_encoder: ONNX, fbank without its mean [1, T, 80] -> x-vector [1, 192].
    device: "cuda" runs the tokenizer there, if onnxruntime can.
    """

    def __init__(
        self,
        speech_tokenizer: Path,
        speaker_encoder: Path,
        mel: MelConfig,
        token_mel_ratio: int,
        family: str,
        device: torch.device | str = "cpu",
    ) -> None:
        self._speech_tokenizer = OnnxModel(speech_tokenizer, cuda=torch.device(device).type == "cuda")
        self._speaker_encoder = OnnxModel(speaker_encoder)
        self._mel_config = mel
        self._token_mel_ratio = token_mel_ratio
        self.family = family

    @cached_property
    def fingerprint(self) -> str:
        """Tells models apart whose features differ: by size, beginning and end of the encoders, and the mel's settings.

        Raises CheckpointError if an encoder is missing.
        """
        digest = sha256(repr((FEATURES, self._mel_config, self._token_mel_ratio)).encode())
        for encoder in (self._speech_tokenizer, self._speaker_encoder):
            digest.update(encoder.sample())
        return digest.hexdigest()

    def open(self) -> None:
        """Open both encoders now. Raises CheckpointError if one is missing or damaged."""
        self._speech_tokenizer.open()
        self._speaker_encoder.open()

    def voice(self, prompt: Prompt, name: str) -> Voice:
        """The voice of a prompt, which is taken exactly as it is. Raises CheckpointError for the encoders."""
        speech = torch.from_numpy(resample(prompt.audio, prompt.rate, ENCODER_RATE))
        tokens = np.array(self.speech_tokens(speech.numpy()), dtype=np.int32)
        mel = self._mel(torch.from_numpy(resample(prompt.audio, prompt.rate, self._mel_config.sample_rate)))
        # Both are cut to whole tokens: the flow continues the prompt's mel where its tokens end.
        count = min(len(tokens), len(mel) // self._token_mel_ratio)
        return Voice(
            name=name,
            family=self.family,
            recording=prompt.audio,
            sample_rate=prompt.rate,
            speech_tokens=tokens[:count],
            mel=mel[: count * self._token_mel_ratio],
            x_vector=self._x_vector(speech),
            transcript=prompt.transcript,
            warnings=prompt.warnings,
        )

    def speech_tokens(self, speech: NDArray[np.float32]) -> list[int]:
        """Speech [S] at ENCODER_RATE, at most 30 s -> one id per 40 ms. Raises CheckpointError for the encoder."""
        mel = whisper_log_mel(torch.from_numpy(speech)[None])
        ids = self._speech_tokenizer(mel.numpy(), np.array([mel.shape[2]], dtype=np.int32))
        found: list[int] = ids.reshape(-1).tolist()
        return found

    def _x_vector(self, speech: Tensor) -> NDArray[np.float32]:
        """speech [S] -> [192]."""
        features = fbank(speech)
        features = features - features.mean(0, keepdim=True)
        return self._speaker_encoder(features[None].numpy()).reshape(-1).astype(np.float32)

    def _mel(self, audio: Tensor) -> NDArray[np.float32]:
        """audio [S] at the model's rate -> [T, bins]."""
        return mel_spectrogram(audio[None], self._mel_config)[0].T.contiguous().numpy()
