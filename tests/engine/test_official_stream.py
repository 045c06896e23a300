"""The official streaming, reproduced over our modules, and how far ours is the same.

The official code computes the mel of every prefix anew, the last one without the chunk mask; its vocoder sees 8 frames
of the past and none of the future, starts phase and noise anew in every piece, and fades the pieces into each other.
Ours computes each chunk once, holds back what may still change, carries phase and noise, and fades nothing. So they
are the same in the mel of all chunks but the last, and in the sound of the first piece, up to where the official
vocoder misses what follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from cosyvox.core.flow.flow import FlowInput
from cosyvox.core.flow.stream import FlowStream
from cosyvox.core.vocoder.hift import HiFT
from cosyvox.core.vocoder.stream import VocoderStream
from numpy.typing import NDArray
from parity import golden, hift_draws, mel, speaker, tokens_of
from stages import flow, hift
from torch import Tensor

SCALES = ("small", "full")
HOP, FRAMES_PER_TOKEN = 480, 2
FIRST, LONGEST, AHEAD = 25, 100, 3  # tokens
OVERLAP = 8  # frames
SNR = 40.0  # dB: the phase of the ninth harmonic multiplies rounding errors


def calls(prompt: int, count: int) -> Iterator[tuple[int, int, bool]]:
    """The official flow calls for so many tokens: where the new ones begin, where those seen end, whether the last."""
    begin, hop = 0, FIRST
    while True:
        step = hop + (-prompt % FIRST if begin == 0 else 0)
        if count - begin < step + AHEAD:
            break
        yield begin, begin + step + AHEAD, False
        begin, hop = begin + step, min(2 * hop, LONGEST)
    yield begin, count, True


def inputs(case: dict[str, Any]) -> FlowInput:
    """With the tokens of the prompt alone."""
    prompt = torch.from_numpy(mel(case["prompt_feat"]["name"], case["prompt_feat"]["frames"]))
    ids = torch.from_numpy(tokens_of(case["prompt_token"])).long()
    return FlowInput(ids, prompt, torch.from_numpy(speaker(case["speaker"])))


@cache
def official_mels(scale: str) -> list[Tensor]:
    """What each official flow call adds: [T, bins]."""
    case = golden("v2_0.5b", scale, "e2e")[1]["case"]
    voice, said = inputs(case), torch.from_numpy(tokens_of(case["token"])).long()
    mels = []
    for begin, stop, last in calls(len(voice.tokens), len(said)):
        seen = FlowInput(torch.cat((voice.tokens, said[:stop])), voice.prompt_mel, voice.x_vector)
        (whole,) = flow(scale)([seen], chunked=not last, final=last)
        mels.append(whole[FRAMES_PER_TOKEN * begin :])
    return mels


def official_audio(vocoder: HiFT, mels: list[Tensor], seed: int) -> list[Tensor]:
    """The pieces of sound that the official vocoder makes of pieces of mel."""
    generator = torch.Generator().manual_seed(seed)
    window = torch.from_numpy(np.hamming(2 * OVERLAP * HOP)).float()
    rising, falling = window.split(OVERLAP * HOP)
    pieces: list[Tensor] = []
    past: tuple[Tensor, Tensor, Tensor] | None = None
    for index, new in enumerate(mels):
        frames = new if past is None else torch.cat((past[0], new))
        drawn = hift_draws(generator, len(frames) * HOP)[1]
        source = vocoder.source(vocoder.f0(frames.T[None]), drawn[None])[0]
        if past is not None:
            source[: OVERLAP * HOP] = past[1]
        audio = vocoder.decode(frames.T[None], source[None])[0]
        if past is not None:
            audio[: OVERLAP * HOP] = rising * audio[: OVERLAP * HOP] + falling * past[2]
        past = frames[-OVERLAP:], source[-OVERLAP * HOP :], audio[-OVERLAP * HOP :]
        pieces.append(audio if index == len(mels) - 1 else audio[: -OVERLAP * HOP])
    return pieces


def snr(ours: Tensor, official: NDArray[Any]) -> float:
    expected = official.astype(np.float64)
    return float(10 * np.log10((expected**2).sum() / ((ours.numpy() - expected) ** 2).sum()))


@pytest.mark.parametrize("scale", SCALES)
@torch.inference_mode()
def test_the_official_streaming(scale: str) -> None:
    arrays, meta = golden("v2_0.5b", scale, "e2e")
    pieces = official_audio(hift(scale), official_mels(scale), meta["case"]["seed"])
    assert [len(piece) for piece in pieces] == arrays["stream/lengths"].tolist()
    assert snr(torch.cat(pieces), arrays["stream/audio"]) > SNR


def test_the_official_conversion() -> None:
    """The tokens of a recording come all at once, and are cut as those that a language model makes."""
    arrays, meta = golden("v2_0.5b", "small", "e2e")
    case = meta["case"]
    added = [
        (stop - (0 if last else AHEAD) - begin) * FRAMES_PER_TOKEN
        for begin, stop, last in calls(case["prompt_token"]["count"], case["token"]["count"])
    ]
    added[0] -= OVERLAP
    added[-1] += OVERLAP
    assert [frames * HOP for frames in added] == arrays["vc_stream/lengths"].tolist()


@pytest.mark.parametrize("scale", SCALES)
@torch.inference_mode()
def test_our_first_sound(scale: str) -> None:
    """With the official random numbers, up to where the official vocoder lacks what follows."""
    arrays, meta = golden("v2_0.5b", scale, "e2e")
    case, vocoder = meta["case"], hift(scale)
    voice, said = inputs(case), torch.from_numpy(tokens_of(case["token"])).long()
    _, stop, _ = next(calls(len(voice.tokens), len(said)))
    frames = FlowStream(flow(scale), voice).feed(said[:stop])
    drawn = hift_draws(torch.Generator().manual_seed(case["seed"]), len(frames) * HOP)[1]
    heard = VocoderStream(vocoder, lambda first, count: drawn[None, first : first + count]).feed(frames)
    assert len(heard) == (len(frames) - vocoder.holdback) * HOP > HOP * 60
    assert snr(heard, arrays["stream/audio"][: len(heard)]) > SNR


@torch.inference_mode()
def test_our_mel() -> None:
    """The official one in every chunk but the last, where the official call drops the chunk mask and ours keeps it.

    There the two are 0.15 apart on average (0.71 at most), and 0.40 (1.48) at full size, in a mel whose values have a
    standard deviation of 1.28, without a trend from the chunk's beginning to its end. These weights are random: what
    trained ones make of the mask is not known from this.
    """
    case = golden("v2_0.5b", "small", "e2e")[1]["case"]
    voice, said = inputs(case), torch.from_numpy(tokens_of(case["token"])).long()
    *official, official_last = official_mels("small")
    stream, fed = FlowStream(flow("small"), voice), 0
    for (_, stop, _), theirs in zip(calls(len(voice.tokens), len(said)), official, strict=False):
        torch.testing.assert_close(stream.feed(said[fed:stop]), theirs, atol=1e-4, rtol=0.0)
        fed = stop
    last = torch.cat((stream.feed(said[fed:]), stream.finish()))
    assert last.shape == official_last.shape
    assert float((last - official_last).abs().mean()) == pytest.approx(0.145, abs=0.01)
