"""What several rooms' tests share: a model folder and recordings, made once."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def seeded_small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model folder in the published format. Shared: copy it before changing anything in it."""
    from cosyvox.core import make_seeded

    folder = tmp_path_factory.mktemp("models") / "small"
    make_seeded(folder, small=True)
    return folder


@pytest.fixture(scope="session")
def prompt_wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds that sound like speech, 16-bit mono at 24 kHz."""
    import soundfile
    from parity import speech_like

    path = tmp_path_factory.mktemp("recordings") / "prompt.wav"
    soundfile.write(path, speech_like("tests/prompt", 3.0, 24000), 24000)
    return path
