"""Utterances that differ in text, prompt and seed, by their number."""

from __future__ import annotations

from cosyvox.core.lm.batch import Batch
from cosyvox.core.lm.speech_lm import SpeechLM
from cosyvox.core.lm.utterance import Interleaved, Utterance


def plain(lm: SpeechLM, number: int) -> Utterance:
    """Of its own length, prompt and seed."""
    text = [(number * 31 + place * 7) % 150_000 for place in range(1 + number % 5)]
    return Utterance(
        lm.config,
        text,
        prompt_text=range(number % 7),
        prompt_speech=range(number % 11),
        seed=number,
    )


def interleaved(lm: SpeechLM, number: int) -> tuple[Interleaved, list[int]]:
    """And the text that it is to be fed."""
    utterance = Interleaved(
        lm.config,
        prompt_text=range(number % 9),
        prompt_speech=range(number % 40),
        seed=number,
    )
    return utterance, [(number * 17 + place) % 150_000 for place in range(1 + number % 13)]


def run(batch: Batch) -> None:
    while batch.ready:
        batch.step()
