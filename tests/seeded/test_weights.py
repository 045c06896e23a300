"""The seeded rule, against the values that its specification states."""

from __future__ import annotations

import hashlib

import numpy as np
import parity
import pytest
import torch
from cosyvox.core.seeded.shapes import official_shapes
from cosyvox.core.seeded.weights import fill, filled_bytes, seeded_tensor, uniform


def test_uniform_follows_from_the_name() -> None:
    head = uniform("flow.input_embedding.weight", 4).astype(np.float64)
    np.testing.assert_allclose(head, [-0.9636499, 0.0563613, 0.6201996, -0.5543550], rtol=0, atol=5e-8)


def test_uniform_has_the_same_head_at_any_length() -> None:
    long = uniform("name", (1 << 18) + 5)
    for count in (0, 1, 2, 7, 1 << 18, (1 << 18) + 1):
        assert np.array_equal(uniform("name", count), long[:count])


def test_uniform_is_an_odd_multiple_of_its_step() -> None:
    steps = uniform("name", 10_000).astype(np.float64) * 2**24
    assert np.array_equal(steps % 2, np.ones(10_000))
    assert abs(steps).max() < 2**24


@pytest.mark.parametrize(
    ("name", "shape", "head"),
    [
        ("flow.input_embedding.weight", (6561, 512), (-0.8345453, 0.0488103, 0.5371086)),
        ("flow.encoder.after_norm.weight", (512,), (0.9709997, 1.0862672, 1.0109699)),
        ("hift.conv_pre.parametrizations.weight.original0", (512, 1, 1), (0.5451956, 0.4797412)),
    ],
)
def test_known_tensors(name: str, shape: tuple[int, ...], head: tuple[float, ...]) -> None:
    tensor = seeded_tensor(name, shape)
    assert tensor.shape == shape
    assert tensor.dtype == np.float32
    np.testing.assert_allclose(tensor.ravel()[: len(head)].astype(np.float64), head, rtol=0, atol=6e-8)


def test_weights_have_the_variance_of_a_common_initialisation() -> None:
    weight = seeded_tensor("llm.any.weight", (64, 128, 3))
    assert weight.std() == pytest.approx(1 / np.sqrt(128 * 3), rel=0.02)
    bias = seeded_tensor("hift.f0_predictor.classifier.bias", (100,))
    assert 40 < abs(bias).max() <= 45  # 900 times the 0.05 of other biases


def test_tied_weights_are_one_tensor() -> None:
    keys = ("llm.model.lm_head.weight", "llm.model.model.embed_tokens.weight")
    shapes = {**dict.fromkeys(keys, (11, 4)), "llm.model.norm.bias": (5,)}
    filled = fill(shapes, "llm.")
    assert filled[keys[0]] is filled[keys[1]]
    assert filled_bytes(shapes, "llm.") == 4 * (11 * 4 + 5)
    assert np.array_equal(filled[keys[0]].numpy(), seeded_tensor("llm." + keys[0], (11, 4)))


def test_fill_keeps_order_and_leaves_the_global_generators_alone() -> None:
    torch_state, numpy_state = torch.get_rng_state(), str(np.random.get_state())
    shapes = {f"layer.{index}.weight": (index + 1, 3) for index in range(40)}
    filled = fill(shapes, "flow.")
    assert {key: tuple(tensor.shape) for key, tensor in filled.items()} == shapes
    assert list(filled) == list(shapes)
    for key, tensor in filled.items():
        assert tensor.dtype == torch.float32
        assert np.array_equal(tensor.numpy(), seeded_tensor("flow." + key, shapes[key]))
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert str(np.random.get_state()) == numpy_state


def test_every_bit_of_a_whole_file() -> None:
    digest = hashlib.sha256()
    for _, tensor in sorted(parity.seeded_state("hift.pt", "small").items()):
        digest.update(tensor.numpy().astype("<f4").tobytes())
    assert digest.hexdigest() == "a89163081afe85de691c56d12d485525471ee330c47dd2a7b7060997028e2b6c"


@pytest.mark.parametrize("file", ["llm.pt", "flow.pt", "hift.pt"])
def test_shapes_are_those_of_the_released_files(file: str) -> None:
    derived, released = official_shapes(parity.model_config("full"))[file], parity.manifest()[file]
    assert derived.keys() == released.keys()
    assert {key: (derived[key], released[key]) for key in released if derived[key] != released[key]} == {}


def test_small_shapes_differ_in_size_only() -> None:
    small, full = official_shapes(parity.model_config("small")), official_shapes(parity.model_config("full"))
    for file, shapes in small.items():
        assert shapes.keys() <= full[file].keys()
        assert all(len(shape) == len(full[file][key]) for key, shape in shapes.items())
