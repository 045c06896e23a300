"""A small engine that utters noise, and a voice for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cosyvox.core import Engine, Voice, load


@pytest.fixture(scope="module")
def engine(seeded_small: Path) -> Iterator[Engine]:
    with load(seeded_small, device="cpu") as engine:
        yield engine


@pytest.fixture(scope="module")
def voice(engine: Engine, prompt_wav: Path) -> Voice:
    return engine.clone(prompt_wav)
