"""A store in a folder of its own, and what can be put into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import parity
import pytest
import soundfile
from cosyvox.core.checkpoint import open_folder
from cosyvox.core.pipeline import front_end
from cosyvox.core.voice.frontend import FrontEnd
from cosyvox.core.voice.prompt import Prompt, prepare_prompt
from cosyvox.core.voice.store import VoiceStore


@pytest.fixture
def store(tmp_path: Path) -> VoiceStore:
    return VoiceStore(tmp_path / "voices")


@pytest.fixture
def record() -> Callable[..., Path]:
    """Write three seconds that sound like speech to a file."""

    def write(path: Path, rate: int = 24_000, channels: int = 1, name: str = "tests/store") -> Path:
        speech = parity.speech_like(name, 3.0, rate)
        soundfile.write(path, speech[:, None].repeat(channels, axis=1), rate)
        return path

    return write


@pytest.fixture(scope="session")
def prompt() -> Prompt:
    return prepare_prompt(parity.speech_like("tests/store", 3.0, 16_000)[None], 16_000, "Words of about three seconds.")


@pytest.fixture(scope="session")
def listener(seeded_small: Path) -> FrontEnd:
    """What hears for the small model."""
    return front_end(open_folder(seeded_small), "cpu")
