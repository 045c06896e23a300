"""One loaded model from ids to waveform: joins the stages, knows nothing of requests and their texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from . import noise
from .checkpoint import Model, ModelFolder
from .flow.flow import Flow, FlowInput, Steps, drain
from .lm.batch import generate
from .lm.speech_lm import SpeechLM
from .lm.utterance import Utterance
from .vocoder.hift import HiFT
from .vocoder.stream import Noise
from .voice.frontend import FrontEnd
from .voice.voice import Voice

_LM_STREAM, _VOCODER_STREAM = 0, 1  # of a request's randomness


class Pipeline:
    """Stateless but for its weights; one call at a time per device is the caller's business."""

    def __init__(self, model: Model) -> None:
        self.device = model.device
        self.sample_rate = model.folder.config.sample_rate
        self.lm = cast(SpeechLM, model.stages["lm"])
        self.flow = cast(Flow, model.stages["flow"])
        self.vocoder = cast(HiFT, model.stages["vocoder"])

    def speech_tokens(
        self,
        text: Sequence[int],
        *,
        prompt_text: Sequence[int],
        prompt_speech: Sequence[int],
        seed: int,
        on_ids: Callable[[int, int], None] | None = None,
    ) -> Utterance:
        """Speech ids of text ids. seed: any integer. on_ids: see `generate`."""
        utterance = Utterance(
            self.lm.config,
            text,
            prompt_text=prompt_text,
            prompt_speech=prompt_speech,
            seed=self.lm_seed(seed),
        )
        return generate(self.lm, utterance, on_ids=on_ids)

    def mel(self, tokens: Sequence[int], voice: Voice) -> Tensor:
        """Mel [T, bins] float32 of speech ids in a voice, the prompt's frames left out."""
        return drain(self.mel_steps(tokens, voice))[0]

    def mel_steps(self, tokens: Sequence[int], voice: Voice) -> Steps:
        """`mel`, one Euler step at a time."""
        ids = torch.tensor([*voice.speech_tokens.tolist(), *tokens], dtype=torch.int64, device=self.device)
        prompt, x_vector = (torch.from_numpy(a).to(self.device) for a in (voice.mel, voice.x_vector))
        return self.flow.steps([FlowInput(ids, prompt, x_vector)])

    def waveform(self, mel: Tensor, *, seed: int, speed: float = 1.0) -> NDArray[np.float32]:
        """Audio [S] of mel [T, bins]. speed stretches the mel: twice the speed, half the frames, the same pitch."""
        frames = mel.T[None]
        if speed != 1.0:
            frames = F.interpolate(frames, size=max(1, int(len(mel) / speed)), mode="linear")
        config = self.vocoder.config
        draws = self.vocoder_noise(seed)(0, frames.shape[-1] * config.samples_per_frame)
        return self.vocoder(frames, draws)[0].float().cpu().numpy()

    def vocoder_noise(self, seed: int) -> Noise:
        """The random numbers of one utterance's source, wherever in it they are asked for."""
        key, channels = self._key(seed, _VOCODER_STREAM), self.vocoder.config.harmonics + 1

        def draw(first: int, count: int) -> Tensor:
            return noise.normal(key.to(self.device), first * channels, count * channels).view(1, count, channels)

        return draw

    def lm_seed(self, seed: int) -> int:
        """Of an utterance in the language model; seed: any integer."""
        return int(self._key(seed, _LM_STREAM))

    def _key(self, seed: int, stream: int) -> Tensor:
        # On the host: it is one number, and nobody should wait for the device to get it.
        return noise.key(noise.seed(seed, torch.device("cpu")), stream)


def front_end(folder: ModelFolder, device: torch.device | str) -> FrontEnd:
    """What listens to prompts for the model in `folder`; opens nothing yet."""
    family = folder.family
    return FrontEnd(
        family.path(folder.path, "speech_tokenizer"),
        family.path(folder.path, "speaker_encoder"),
        folder.config.mel,
        folder.config.flow.token_mel_ratio,
        family.name,
        device,
    )


def nobody(folder: ModelFolder) -> Voice:
    """A voice without a recording."""
    config = folder.config
    return Voice(
        name="",
        family=folder.family.name,
        recording=np.zeros(0, np.float32),
        sample_rate=config.sample_rate,
        speech_tokens=np.zeros(0, np.int32),
        mel=np.zeros((0, config.mel.bins), np.float32),
        x_vector=np.ones(config.flow.speaker_size, np.float32),
    )
