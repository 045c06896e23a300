"""Texts with a known number of ids, so that an utterance has a known number of speech tokens.

Where no token can end it, an utterance ends by itself when it has so many tokens per id of its text: in both systems.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from pathlib import Path

import torch
from cosyvox.core.checkpoint import open_folder
from cosyvox.core.text.front import prepare
from workload import TEXT_RATE, TOKEN_RATE, Line, Prompt, make_prompt

WORD = "a"


def make_line(folder: Path, seconds: float) -> Line:
    """A line for the model in `folder` that is spoken in `seconds` or a little more."""
    opened = open_folder(folder)
    ratio = opened.config.lm.max_token_text_ratio
    tokenizer = opened.family.open_tokenizer(folder)
    count = max(2, ceil(seconds * TOKEN_RATE / ratio))
    for words in range(count, 0, -1):  # a full stop is added, which may be an id of its own
        text = " ".join([WORD] * words)
        segments = prepare(text, tokenizer)
        ids = tokenizer.encode(segments[0].text)
        if len(segments) == 1 and len(ids) == count:
            return Line(text, torch.tensor(ids), int(count * ratio))
    raise SystemExit(f"no text of {count} ids could be made with the tokenizer in {folder}: choose another length")


def make_spoken_prompt(folder: Path, seconds: float) -> Prompt:
    """A synthetic prompt, words included."""
    tokenizer = open_folder(folder).family.open_tokenizer(folder)
    transcript = " ".join([WORD] * max(1, round(seconds * TEXT_RATE)))
    return replace(make_prompt(seconds), transcript=transcript, text=torch.tensor(tokenizer.encode(transcript)))
