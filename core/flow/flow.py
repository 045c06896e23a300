"""Conditional flow matching of CosyVoice 2: speech tokens, prompt and speaker in, mel out.

The encoder turns tokens into features; the estimator's velocity carries noise to mel in a few
Euler steps on a cosine schedule, with classifier-free guidance (arXiv:2207.12598).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from ..errors import RequestError
from ..linear import Linear
from ..weights import WeightReader
from .carry import Carry, Remembering, Together
from .config import FlowConfig
from .encoder import UpsampleConformer
from .layers import prefixed, take_affine
from .unet import UNet


@dataclass(frozen=True)
class FlowInput:
    """One utterance: tokens [N] int64, those of the prompt first; prompt_mel [P, bins]; x_vector [192]."""

    tokens: Tensor
    prompt_mel: Tensor
    x_vector: Tensor


Made = TypeVar("Made")
# Pauses before every Euler step with its index; may be sent the rows that are still wanted.
Stepwise: TypeAlias = Generator[int, list[int] | None, Made]
Steps: TypeAlias = Stepwise[list[Tensor]]  # one mel [T, bins] float32 per row that is left


def drain(steps: Stepwise[Made], on_step: Callable[[int], None] | None = None) -> Made:
    """The result of all steps. on_step: called before each with its index; may raise to give up."""
    while True:
        try:
            index = next(steps)
        except StopIteration as done:
            made: Made = done.value
            return made
        if on_step is not None:
            on_step(index)


@lru_cache(maxsize=2)
def constant_noise(bins: int, frames: int, device: torch.device) -> Tensor:
    """Where every utterance starts: [frames, bins]. The released weights are used with this very noise."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1, bins, frames, generator=generator)[0].T.contiguous().to(device)


@lru_cache(maxsize=4)
def cosine_schedule(steps: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Times at which the velocity is taken and the step sizes behind them, summed in float32."""
    span = 1 - torch.cos(torch.linspace(0, 1, steps + 1) * 0.5 * torch.pi)
    times, sizes, now = [], [], span[0]
    for following in span[1:]:
        size = following - now
        times.append(now.item())
        sizes.append(size.item())
        now = now + size
    return tuple(times), tuple(sizes)


class Flow(nn.Module):
    def __init__(self, config: FlowConfig) -> None:
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab, config.encoder.size)
        self.speaker = Linear(config.speaker_size, config.mel_bins)
        self.encoder = UpsampleConformer(config.encoder)
        self.project = Linear(config.encoder.size, config.mel_bins)
        self.estimator = UNet(config.estimator, config.mel_bins)

    def encode(
        self,
        tokens: Tensor,
        *,
        lengths: Tensor | None = None,
        chunked: bool = False,
        final: bool = True,
        carry: Carry | None = None,
    ) -> Tensor:
        """Features mu [B, T, bins] of tokens [B, N]; arguments as in `UpsampleConformer`."""
        x = self.token_embedding(tokens)
        return self.project(self.encoder(x, lengths=lengths, chunked=chunked, final=final, carry=carry))

    def speaker_features(self, x_vector: Tensor) -> Tensor:
        """[B, bins] of x-vectors [B, 192], whose length does not matter."""
        return self.speaker(F.normalize(x_vector.to(self.speaker.weight.dtype), dim=-1))

    @property
    def rows(self) -> int:
        """Of the estimator's batch, per utterance: with guidance a conditioned one and one that is not."""
        return 2 if self.config.guidance else 1

    def solving(
        self,
        mu: Tensor,
        speakers: Tensor,
        prompt: Tensor,
        *,
        lengths: Tensor | None = None,
        chunked: bool = False,
        carries: Sequence[Sequence[Carry]] | None = None,
    ) -> Stepwise[Tensor]:
        """Mel [B, T, bins] float32 from mu [B, T, bins], speakers [B, bins] and prompt mel [B, T, bins], zero behind.

        carries: per row, what each Euler step has to remember of the whole chunks that came before mu, which it
        takes in. lengths: frames of each row.
        """
        batch, frames, _ = mu.shape
        befores = [row[0].frames for row in carries] if carries else [0]
        x = torch.stack([self.noise(before, before + frames, mu.device) for before in befores])
        x = x.expand(batch, -1, -1)
        inputs = self.inputs(mu, speakers, prompt)
        shifts, sizes = self.schedule(mu.device)
        lengths = None if lengths is None else lengths.repeat_interleave(self.rows)
        mask = self.estimator.mask(frames, lengths, chunked, mu.device)
        for index, size in enumerate(sizes):
            keep = yield index
            if keep is not None:  # never with lengths
                x, inputs, carries = x[keep], inputs[keep], carries and [carries[row] for row in keep]
            carry = self._joined([row[index] for row in carries]) if carries else None
            x = self.euler(x, inputs, size, shifts[index], mask, carry)
            for row in carries or ():
                row[index].frames += frames
        return x

    def inputs(self, mu: Tensor, speakers: Tensor, prompt: Tensor) -> Tensor:
        """The estimator's, [B, rows, T, 4 * bins]: only x, the first quarter, changes between the steps.

        Of an utterance's rows the first is conditioned, the second is not.
        """
        batch, frames, bins = mu.shape
        inputs = mu.new_zeros(batch, self.rows, frames, 4 * bins)
        conditions = (mu, speakers[:, None].expand(-1, frames, -1), prompt)
        inputs[:, 0, :, bins:] = torch.cat([condition.to(mu.dtype) for condition in conditions], dim=-1)
        return inputs

    def schedule(self, device: torch.device) -> tuple[Tensor, tuple[float, ...]]:
        """Of every step: what its time adds in the estimator's blocks, `UNet.time_shifts`, and how far it goes."""
        times, sizes = cosine_schedule(self.config.steps)
        return self.estimator.time_shifts(torch.tensor(times, device=device)), sizes

    def euler(
        self,
        x: Tensor,
        inputs: Tensor,
        size: float | Tensor,
        shift: Tensor,
        mask: Tensor | None,
        carry: Remembering | None,
    ) -> Tensor:
        """One step: x [B, T, bins] float32 as it is after it. Writes x to its place in `inputs`."""
        bins = x.shape[-1]
        inputs[..., :bins] = x[:, None]
        velocity = self.estimator(inputs.flatten(0, 1), shift, mask, carry).float()
        return x + size * self._guided(velocity.view(-1, self.rows, *x.shape[1:]))

    def _guided(self, velocity: Tensor) -> Tensor:
        """[B, T, bins] of [B, rows, T, bins]."""
        if self.rows == 1:
            return velocity[:, 0]
        return (1 + self.config.guidance) * velocity[:, 0] - self.config.guidance * velocity[:, 1]

    @staticmethod
    def _joined(carries: Sequence[Carry]) -> Remembering:
        return carries[0] if len(carries) == 1 else Together(carries)

    def forward(
        self,
        inputs: Sequence[FlowInput],
        *,
        chunked: bool = False,
        final: bool = True,
        on_step: Callable[[int], None] | None = None,
    ) -> list[Tensor]:
        """One mel [T, bins] float32 per input, prompt frames left out. on_step as in `drain`.

        Raises RequestError if one is too long.
        """
        return drain(self.steps(inputs, chunked=chunked, final=final), on_step)

    def steps(self, inputs: Sequence[FlowInput], *, chunked: bool = False, final: bool = True) -> Steps:
        """`forward`, one Euler step at a time. Only where no input is longer than another can rows be given up."""
        lengths = torch.tensor([len(item.tokens) for item in inputs], device=self.speaker.weight.device)
        tokens = pad_sequence([item.tokens for item in inputs], batch_first=True)
        ragged = lengths if len(inputs) > 1 and int(lengths.min()) < tokens.shape[1] else None
        if ragged is not None and not final:
            raise ValueError("a ragged batch must be final: its look-ahead would lie at different places")
        mu = self.encode(tokens, lengths=ragged, chunked=chunked, final=final)
        prompt = mu.new_zeros(mu.shape)
        for row, item in enumerate(inputs):
            prompt[row, : len(item.prompt_mel)] = item.prompt_mel
        speakers = self.speaker_features(torch.stack([item.x_vector for item in inputs]))
        frames = None if ragged is None else ragged * self.config.token_mel_ratio
        mel = yield from self.solving(mu, speakers, prompt, lengths=frames, chunked=chunked)
        stops = [mel.shape[1]] * len(inputs) if frames is None else frames.tolist()
        return [mel[row, len(item.prompt_mel) : stops[row]] for row, item in enumerate(inputs)]

    def noise(self, first: int, stop: int, device: torch.device) -> Tensor:
        """Where the frames first … stop of an utterance start: [T, bins]. Raises RequestError beyond the limit."""
        limit = self.config.noise_frames
        if stop > limit:
            raise RequestError(f"{stop} mel frames in one piece, at most {limit}: shorten the sentence or the prompt")
        return self.config.temperature * constant_noise(self.config.mel_bins, limit, device)[first:stop]

    def official_weights(self, reader: WeightReader) -> dict[str, Tensor]:
        """State dict from the keys of flow.pt; see `weights.OfficialStage`."""
        config, size = self.config, self.config.encoder.size
        return {
            "token_embedding.weight": reader.take("input_embedding.weight", config.vocab, size),
            **prefixed("speaker", take_affine(reader, "spk_embed_affine_layer", config.mel_bins, config.speaker_size)),
            **prefixed("encoder", self.encoder.official_weights(reader, "encoder")),
            **prefixed("project", take_affine(reader, "encoder_proj", config.mel_bins, size)),
            **prefixed("estimator", self.estimator.official_weights(reader, "decoder.estimator")),
        }
