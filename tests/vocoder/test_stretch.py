"""A mel at another speed, while it arrives."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from cosyvox.core.vocoder.stretch import Stretch
from parity import mel
from torch import Tensor

SPEEDS = [0.5, 0.77, 0.9, 1.0, 1.1, 4 / 3, 1.5, 2.0]
FRAMES = 101


def frames(count: int = FRAMES) -> Tensor:
    return torch.from_numpy(mel("tests/stretch", count))


def streamed(speed: float, pieces: tuple[Tensor, ...]) -> Tensor:
    stream = Stretch(speed)
    return torch.cat([*(stream.feed(piece) for piece in pieces), stream.finish()])


def by_definition(speed: float, source: Tensor) -> Tensor:
    """Frame by frame, in double."""
    made = []
    for index in range(max(1, int(len(source) / speed))):
        place = min(max((index + 0.5) * speed - 0.5, 0.0), len(source) - 1.0)
        left = int(place)
        right = min(left + 1, len(source) - 1)
        made.append(source[left].double() * (1 - place + left) + source[right].double() * (place - left))
    return torch.stack(made).float()


@pytest.mark.parametrize("speed", SPEEDS)
def test_however_it_is_cut(speed: float) -> None:
    whole = streamed(speed, (frames(),))
    torch.testing.assert_close(whole, by_definition(speed, frames()), atol=1e-5, rtol=0.0)
    for piece in (1, 2, 7, 50):
        assert torch.equal(streamed(speed, frames().split(piece)), whole), piece


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_short(speed: float, count: int) -> None:
    made = streamed(speed, frames(count).split(1))
    torch.testing.assert_close(made, by_definition(speed, frames(count)), atol=1e-5, rtol=0.0)


def test_at_speed_one_nothing_changes_and_nothing_waits() -> None:
    stream = Stretch(1.0)
    assert torch.equal(stream.feed(frames()), frames())
    assert stream.finish().shape == (0, 80)


@pytest.mark.parametrize("speed", SPEEDS)
def test_little_waits_and_little_is_kept(speed: float) -> None:
    stream = Stretch(speed)
    for count, part in enumerate(frames().split(1), start=1):
        stream.feed(part)
        assert stream._made >= int((count - 2) / speed)
        assert stream._kept is not None and len(stream._kept) <= 3


def test_nothing_at_all() -> None:
    stream = Stretch(1.5)
    assert stream.feed(frames()[:0]).shape == (0, 80)
    assert stream.finish().shape == (0, 80)


@pytest.mark.parametrize("speed", SPEEDS)
def test_beside_the_whole(speed: float) -> None:
    """The whole is scaled so that its last frames fit to the end: as many frames, each less than `speed` from ours.

    Shown with a mel that says where it is.
    """
    for count in range(90, 110):
        places = torch.arange(count, dtype=torch.float32)[:, None]
        made = streamed(speed, (places,))
        size = max(1, int(count / speed))
        whole = F.interpolate(places.T[None], size=size, mode="linear")[0].T
        assert made.shape == whole.shape
        apart = (made - whole).abs()[:, 0]
        further = speed * (torch.arange(size) + 0.5) / size
        assert torch.all(apart <= further + 1e-4)
        if size * speed == count:
            assert float(apart.max()) < 1e-4
