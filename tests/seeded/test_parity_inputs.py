"""The inputs of the parity goldens, against the values that their specification states."""

from __future__ import annotations

import numpy as np
import parity
import torch


def test_tokens() -> None:
    ids = parity.tokens("shared/flow/prompt_token", 6, 6561)
    assert ids.tolist() == [1685, 660, 3735, 5971, 5573, 2464]
    spec = {"name": "shared/flow/prompt_token", "count": 6, "vocab": 6561, "set": {"2": 7}}
    assert parity.tokens_of(spec).tolist() == [1685, 660, 7, 5971, 5573, 2464]
    assert parity.tokens("any", 1000, 20, low=15).min() == 15


def test_speaker() -> None:
    head = parity.speaker("shared/flow/speaker")[:3]
    np.testing.assert_allclose(head, [-0.5960081, 1.1192033, 0.0253517], rtol=0, atol=1e-7)


def test_mel() -> None:
    mel = parity.mel("shared/flow/prompt_feat", 2)
    assert mel.shape == (2, 80)
    np.testing.assert_allclose(mel[1, :3], [-6.7463565, -6.7472792, -7.0468287], rtol=0, atol=1e-6)


def test_speech_like() -> None:
    wave = parity.speech_like("shared/features/wave", 1.6, 16_000)
    np.testing.assert_allclose(wave[9000:9003], [0.2555214, 0.1977333, 0.1568885], rtol=0, atol=1e-6)
    arrays, meta = parity.golden("common", "features")
    for rate, rms in meta["rms"].items():
        wave = parity.speech_like(**meta["wave"], rate=int(rate))
        np.testing.assert_allclose(wave[::997], arrays[f"wave_{rate}_probe"], rtol=0, atol=1e-6)
        np.testing.assert_allclose(np.sqrt(np.mean(wave.astype(np.float64) ** 2)), rms, rtol=1e-6)


def test_hift_draws_take_what_the_official_vocoder_takes() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(41)
        phase = torch.rand(1, 9)[0]
        noise = torch.randn_like(torch.empty(1, 9, 480).transpose(1, 2))
        torch.randn(1, 480, 1)
        following = torch.rand(4)
    generator = torch.Generator().manual_seed(41)
    drawn_phase, drawn_noise = parity.hift_draws(generator, 480)
    assert drawn_phase[0] == 0
    assert torch.equal(drawn_phase[1:], phase[1:])
    assert torch.equal(drawn_noise, noise[0])
    assert torch.equal(torch.rand(4, generator=generator), following)


def test_every_golden_is_there() -> None:
    for scale in ("small", "full"):
        for stage in ("llm", "flow", "hift", "e2e"):
            arrays, meta = parity.golden("v2_0.5b", scale, stage)
            assert arrays
            assert (meta["scale"], meta["stage"]) == (scale, stage)
    assert parity.seeded_state("hift.pt", "small")["conv_pre.bias"].shape == (64,)
