"""An ear that nobody here trained: pocketsphinx with the English models it brings, and the word error rate.

It is old and far from the best, but small, free, deterministic and works without a network; what it gets wrong on
the source's own audio says how much of a rate is its own fault.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.audio.resample import resample

RATE = 16_000  # Hz, of its acoustic model
# Its own settings otherwise. On flite's audio of the hundred sentences, lw=8 was much worse (0.097 words wrong, not
# 0.057), lw=5 and wider beams as good (0.055); means and noise removal follow its acoustic model, whatever is asked.
_OPTIONS: dict[str, Any] = {"loglevel": "ERROR"}
_SILENCE = 0.2  # seconds put around an utterance: its model of words expects a pause at both ends


class RecogniserMissing(RuntimeError):
    """pocketsphinx is not installed."""


class Recogniser:
    """Writes down what it hears. Raises RecogniserMissing."""

    def __init__(self, **options: Any) -> None:
        """options: of pocketsphinx' decoder, over ours."""
        package = _pocketsphinx()
        self._decoder = package.Decoder(**{**_OPTIONS, **options})

    def hear(self, audio: NDArray[np.float32], rate: int) -> str:
        """audio [S] in ±1 at `rate` Hz -> its words, in small letters."""
        speech = np.pad(resample(audio, rate, RATE), round(_SILENCE * RATE))
        samples = np.round(np.clip(speech, -1, 1) * 32767).astype(np.int16)
        self._decoder.start_utt()
        self._decoder.process_raw(samples.tobytes(), no_search=False, full_utt=True)
        self._decoder.end_utt()
        found = self._decoder.hyp()
        return found.hypstr if found is not None else ""


def normalised(text: str) -> list[str]:
    """The words that count: small letters and apostrophes, hyphens as blanks."""
    return re.findall(r"[a-z']+", text.lower().replace("’", "'"))


def word_errors(reference: str, heard: str) -> tuple[int, int]:
    """Words wrong, missing or too many in what was heard (Levenshtein's distance), and words of the reference."""
    said, got = normalised(reference), normalised(heard)
    row = list(range(len(got) + 1))
    for i, word in enumerate(said, 1):
        left, row[0] = row[0], i
        for j, other in enumerate(got, 1):
            left, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, left + (word != other))
    return row[-1], len(said)


def dictionary() -> Path:
    """The words pocketsphinx knows, with their phones: the CMU dictionary. Raises RecogniserMissing."""
    return Path(_pocketsphinx().get_model_path("en-us/cmudict-en-us.dict"))


def language_model() -> Any:
    """How likely it takes words to be: `prob([word])`, a logarithm to the base 1.0001. Raises RecogniserMissing."""
    package = _pocketsphinx()
    return package.NGramModel(
        package.Config(**_OPTIONS), package.LogMath(), package.get_model_path("en-us/en-us.lm.bin")
    )


def _pocketsphinx() -> Any:
    try:
        import pocketsphinx
    except ImportError as error:
        raise RecogniserMissing("pocketsphinx is not installed: `pip install pocketsphinx`") from error
    return pocketsphinx
