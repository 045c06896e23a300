"""The ONNX files hold what was trained."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from cosyvox.core.seeded.onnx_writer import Node, Value, onnx_model
from cosyvox.train.half import halved
from cosyvox.train.speaker_encoder import SpeakerEncoder
from cosyvox.train.speech_tokenizer import SpeechTokenizer
from torch import nn


def randomised(module: nn.Module, seed: int) -> nn.Module:
    """As training might leave it: no weight and no statistic has the value it began with."""
    torch.manual_seed(seed)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d):
            nn.init.normal_(part.weight, 1.0, 0.3)
            nn.init.normal_(part.bias, 0.0, 0.3)
            assert part.running_mean is not None and part.running_var is not None
            part.running_mean.normal_(0.0, 0.5)
            part.running_var.uniform_(0.3, 2.0)
        elif isinstance(part, nn.Conv1d) and part.bias is not None:
            nn.init.normal_(part.bias, 0.0, 0.2)
    return module.eval()


def session(content: bytes) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def tokenizer() -> SpeechTokenizer:
    made = randomised(SpeechTokenizer(), 1)
    assert isinstance(made, SpeechTokenizer)
    with torch.no_grad():  # digits that take all their values
        raw = made.to_digits(made.encoder(torch.randn(1, 128, 4000)))[0]
        mean, spread = raw.mean(1), raw.std(1)
        assert made.to_digits.bias is not None
        made.to_digits.weight /= spread[:, None, None]
        made.to_digits.bias.sub_(mean).div_(spread)
    return made


@pytest.fixture(scope="module")
def tokenizer_onnx(tokenizer: SpeechTokenizer) -> onnxruntime.InferenceSession:
    return session(tokenizer.onnx())


@pytest.mark.parametrize("frames", [1, 4, 99, 100, 803])
def test_tokens(tokenizer: SpeechTokenizer, tokenizer_onnx: onnxruntime.InferenceSession, frames: int) -> None:
    features = torch.randn(1, 128, frames, generator=torch.Generator().manual_seed(frames))
    with torch.inference_mode():
        expected = tokenizer.tokens(features).numpy()
    rest = np.full((1, 128, 37), 9.0, np.float32)  # behind the length that is told, nothing counts
    for given in (features.numpy(), np.concatenate([features.numpy(), rest], 2)):
        inputs = {"feats": given, "feats_length": np.array([frames], np.int32)}
        (ids,) = tokenizer_onnx.run(None, inputs)
        assert ids.dtype == np.int32
        np.testing.assert_array_equal(ids, expected)
    assert expected.shape == (1, -(-frames // 4))
    if frames == 803:
        assert len(np.unique(expected)) > 50, "the comparison means nothing if all tokens are the same"
        assert expected.min() >= 0 and expected.max() < 3**6


def test_the_norms_are_in_the_tokens(tokenizer: SpeechTokenizer) -> None:
    """Folded with other statistics, other tokens come out: the equality above depends on them."""
    other = SpeechTokenizer().eval()
    other.load_state_dict(tokenizer.state_dict())
    for part in other.modules():
        if isinstance(part, nn.BatchNorm1d):
            part.reset_running_stats()
    inputs = {"feats": torch.randn(1, 128, 400).numpy(), "feats_length": np.array([400], np.int32)}
    (ours,), (theirs,) = (session(each.onnx()).run(None, inputs) for each in (tokenizer, other))
    assert (ours != theirs).mean() > 0.5


@pytest.mark.parametrize("frames", [1, 57, 300])
def test_x_vectors(frames: int) -> None:
    encoder = randomised(SpeakerEncoder(), 2)
    assert isinstance(encoder, SpeakerEncoder)
    features = torch.randn(1, frames, 80, generator=torch.Generator().manual_seed(frames))
    with torch.inference_mode():
        expected = encoder(features).numpy()
    (vector,) = session(encoder.onnx()).run(None, {"input": features.numpy()})
    assert vector.shape == expected.shape == (1, 192)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(vector, expected, rtol=1e-4, atol=1e-5)


def test_half_precision_is_rounded_weights_and_nothing_else() -> None:
    random = np.random.default_rng(1)
    weight, bias = random.standard_normal((8, 4, 9)).astype(np.float32), random.standard_normal(8).astype(np.float32)
    nodes = [Node("Conv", ["x", "w", "b"], "y", {"kernel_shape": [9]})]
    inputs, output = [Value("x", "float32", (1, 4, "T"))], Value("y", "float32", (1, 8, "N"))
    whole = onnx_model("conv", inputs, output, nodes, {"w": weight, "b": bias})
    half = onnx_model("conv", inputs, output, *halved(nodes, {"w": weight, "b": bias}))
    rounded = onnx_model("conv", inputs, output, nodes, {"w": weight.astype(np.float16).astype(np.float32), "b": bias})
    given = {"x": random.standard_normal((1, 4, 50)).astype(np.float32)}
    made, expected = (session(content).run(None, given)[0] for content in (half, rounded))
    np.testing.assert_array_equal(made, expected)
    assert len(half) < 0.7 * len(whole)
