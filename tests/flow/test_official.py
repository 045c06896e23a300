"""Ours equals the official flow on the same weights: features, estimator, mel, with and without the chunk mask."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from cosyvox.core.flow.flow import FlowInput, constant_noise
from cosyvox.core.flow.stream import FlowStream
from cosyvox.core.seeded.weights import uniform
from parity import Array, golden, mel, speaker, tokens_of
from stages import flow
from torch import Tensor

SCALES = ("small", "full")
FLOAT32, FLOAT16 = 1e-4, 4e-3  # by the type that a golden is stored in


def flow_input(case: dict[str, Any], stop: int | None = None) -> FlowInput:
    ids = [torch.from_numpy(tokens_of(spec)).long() for spec in (case["prompt_token"], case["token"])]
    frames = case["prompt_feat"]["frames"]
    prompt = torch.from_numpy(mel(case["prompt_feat"]["name"], frames)) if frames else torch.zeros(0, 80)
    return FlowInput(torch.cat((ids[0], ids[1][:stop])), prompt, torch.from_numpy(speaker(case["speaker"])))


def assert_close(ours: Tensor, official: Array) -> None:
    """ours [T, bins], official [bins, T]."""
    tolerance = FLOAT32 if official.dtype == np.float32 else FLOAT16
    assert ours.T.shape == official.shape
    assert np.abs(ours.T.numpy() - official.astype(np.float32)).max() < tolerance


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", ["offline", "no_prompt"])
@torch.inference_mode()
def test_whole_utterance(scale: str, name: str) -> None:
    arrays, meta = golden("v2_0.5b", scale, "flow")
    item = flow_input(meta["cases"][name])
    assert_close(flow(scale).encode(item.tokens[None])[0], arrays[f"{name}/mu"])
    assert_close(flow(scale)([item])[0], arrays[f"{name}/mel"])


@pytest.mark.parametrize("scale", SCALES)
@torch.inference_mode()
def test_speaker(scale: str) -> None:
    arrays, meta = golden("v2_0.5b", scale, "flow")
    x_vector = flow_input(meta["cases"]["offline"]).x_vector
    ours = flow(scale).speaker_features(x_vector[None])[0].numpy()
    assert np.abs(ours - arrays["offline/spks"]).max() < 1e-5


@pytest.mark.parametrize("scale", SCALES)
@torch.inference_mode()
def test_whole_utterance_in_chunks(scale: str) -> None:
    arrays, meta = golden("v2_0.5b", scale, "flow")
    assert_close(flow(scale)([flow_input(meta["cases"]["offline"])], chunked=True)[0], arrays["offline_chunked/mel"])


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("call", range(4))
@torch.inference_mode()
def test_growing_prefixes(scale: str, call: int) -> None:
    """The official streaming calls, each over the whole prefix; the frames behind its offset are compared."""
    arrays, meta = golden("v2_0.5b", scale, "flow")
    case = meta["cases"]["stream"]
    how = case["calls"][call]
    ours = flow(scale)([flow_input(case, how["stop"])], chunked=how["streaming"], final=how["finalize"])[0]
    assert_close(ours[2 * how["offset"] :], arrays[f"stream/mel{call}"])


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("chunked", [False, True])
@torch.inference_mode()
def test_estimator(scale: str, chunked: bool) -> None:
    arrays, meta = golden("v2_0.5b", scale, "flow")
    spec, estimator = meta["estimator"], flow(scale).estimator
    frames = spec["frames"]

    def drawn(name: str, *shape: int) -> Tensor:
        return torch.from_numpy(uniform(name, int(np.prod(shape))).reshape(shape))

    x, mu, cond = (1.7 * drawn(spec[part], 2, 80, frames).transpose(1, 2) for part in ("x", "mu", "cond"))
    speakers = drawn(spec["spks"], 2, 80)[:, None].expand(-1, frames, -1)
    shifts = estimator.time_shifts(torch.tensor([spec["t"]]))[0]
    mask = estimator.mask(frames, None, chunked, x.device)
    ours = estimator(torch.cat((x, mu, speakers, cond), dim=-1), shifts, mask)
    for row in range(2):
        assert_close(ours[row], arrays["estimator/streaming" if chunked else "estimator/full"][row])


def test_constant_noise() -> None:
    arrays, _ = golden("v2_0.5b", "small", "flow")
    before = torch.get_rng_state()
    noise = constant_noise.__wrapped__(80, 15_000, torch.device("cpu"))
    assert torch.equal(before, torch.get_rng_state())
    assert np.abs(noise[:16, :4].T.numpy() - arrays["rand_noise"]).max() < 1e-6


@pytest.mark.parametrize("scale", SCALES)
@torch.inference_mode()
def test_streaming(scale: str) -> None:
    """Every chunk computed once, against the official calls that compute the whole prefix again.

    The last official call drops the chunk mask, which changes what was already spoken; ours keeps it and equals the
    official chunk-masked whole.
    """
    arrays, meta = golden("v2_0.5b", scale, "flow")
    case = meta["cases"]["stream"]
    item = flow_input(case)
    prompt = case["prompt_token"]["count"]
    stream = FlowStream(flow(scale), FlowInput(item.tokens[:prompt], item.prompt_mel, item.x_vector))
    said, made, fed = item.tokens[prompt:], torch.zeros(0, 80), 0
    for index, how in enumerate(case["calls"]):
        if how["finalize"]:
            continue
        made = torch.cat((made, stream.feed(said[fed : how["stop"]])))
        fed = how["stop"]
        assert_close(made[2 * how["offset"] :], arrays[f"stream/mel{index}"])
    made = torch.cat((made, stream.feed(said[fed:]), stream.finish()))
    torch.testing.assert_close(made, flow(scale)([item], chunked=True)[0], atol=1e-4, rtol=0.0)
