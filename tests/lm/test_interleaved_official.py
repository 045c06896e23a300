"""Text that arrives in pieces is spoken as by the official `inference_bistream`, but for what is wrong in that.

After the last fill id the official code reads the sound before it a second time, it puts whatever text has
come by then behind it instead of blocks, and it drops prompt speech that is left over. What it really reads is
spelled out here and gives its numbers; ours is compared up to there.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from cosyvox.core.lm.batch import Batch
from cosyvox.core.lm.config import SpeechLMConfig
from cosyvox.core.lm.utterance import START, TURN, Interleaved, Piece, length
from parity import Array, golden, tokens_of
from stages import speech_lm
from torch import Tensor
from watching import watch

CASES = [
    ("small", "bi_prompt"),
    ("small", "bi_plain"),
    ("small", "bi_fill"),
    ("small", "bi_short"),
    ("full", "bi_prompt"),
]
LOGITS = 1e-4


def stored(scale: str, name: str) -> tuple[dict[str, Array], dict[str, Any], int]:
    arrays, meta = golden("v2_0.5b", scale, "llm")
    arrays = {key.removeprefix(f"{name}/"): array for key, array in arrays.items() if key.startswith(f"{name}/")}
    return arrays, meta["bistream"][name], meta["no_repeat"]


def ids(spec: dict[str, Any]) -> list[int]:
    return tokens_of(spec).tolist()


def official_forwards(config: SpeechLMConfig, case: dict[str, Any], tokens: list[int]) -> list[list[Piece]]:
    """What the official code feeds to draw each of `tokens`, fill ids included."""
    text, prompt = ids(case["prompt_text"]), ids(case["prompt_speech"])
    more, reach = config.mix_ratio
    feed: list[Piece] = [("task", [START])]
    forwards: list[list[Piece]] = []
    for piece in case["pieces"]:
        text += ids(piece)
        while prompt and len(text) >= more:
            feed += [("text", text[:more]), ("speech", prompt[:reach])]
            del text[:more], prompt[:reach]
        if prompt:
            continue
        if forwards or feed == [("task", [START])]:
            if len(text) < more:
                continue
            feed = [*([] if forwards else feed), ("text", text[:more])]
            del text[:more]
        while True:
            forwards.append(feed)
            token = tokens[len(forwards) - 1]
            if token == config.fill_id:
                break  # `feed` stays: this is what is read a second time
            feed = [("speech", [token])]
    feed = [*feed, *([("text", text)] if text else []), ("task", [TURN])]
    return [*forwards, feed, *([("speech", [token])] for token in tokens[len(forwards) : -1])]


def assert_logits(logits: Tensor, arrays: dict[str, Array], steps: list[int]) -> None:
    """logits [L, V] are those of the official `steps`."""
    at_top = logits.gather(1, torch.from_numpy(arrays["step_top_indices"][steps]).long())
    assert np.abs(at_top.numpy() - arrays["step_top_values"][steps]).max() < LOGITS
    for name, ours in (("mean", logits.mean(1)), ("std", logits.std(1)), ("logsumexp", logits.logsumexp(1))):
        assert np.abs(ours.numpy() - arrays[f"step_{name}"][steps]).max() < LOGITS


@pytest.mark.parametrize(("scale", "name"), CASES)
@torch.inference_mode()
def test_what_the_official_code_reads_gives_its_numbers(scale: str, name: str) -> None:
    arrays, case, _ = stored(scale, name)
    lm = speech_lm(scale)
    forwards = official_forwards(lm.config, case, arrays["step_token"].tolist())
    assert [length(pieces) for pieces in forwards] == arrays["step_input_len"].tolist()
    hidden = lm.decoder(lm.embed([piece for pieces in forwards for piece in pieces]))[0]
    ends = arrays["step_input_len"].cumsum() - 1
    assert_logits(lm.head(hidden[torch.from_numpy(ends)]), arrays, list(range(len(ends))))


@pytest.mark.parametrize(("scale", "name"), CASES)
@torch.inference_mode()
def test_interleaved(scale: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arrays, case, no_repeat = stored(scale, name)
    lm, tokens = speech_lm(scale), arrays["step_token"].tolist()
    fill = lm.config.fill_id
    utterance = Interleaved(lm.config, prompt_text=ids(case["prompt_text"]), prompt_speech=ids(case["prompt_speech"]))

    def choose(logits: Tensor) -> int:
        """As the goldens were made: the likeliest sound that is not among the last ones, or a planned fill id."""
        if len(utterance.drawn) in case["fill_at"]:
            return fill
        scores = logits[: lm.config.speech_vocab].clone()
        scores[[token for token in utterance.drawn[-no_repeat:] if token != fill]] = float("-inf")
        return int(scores.argmax())

    seen = watch(monkeypatch, lm, choose)
    batch = Batch(lm, 1, 256)
    batch.join(utterance)
    for piece in case["pieces"]:
        utterance.feed(ids(piece))
        while batch.ready:
            batch.step()
    utterance.end()
    while batch.ready and len(utterance.ids) < case["limit"]:
        batch.step()

    # Where the fill id is certain ours does not draw it; the sound before it is read with the text behind it.
    drawn = [step for step, token in enumerate(tokens) if token != fill or step in case["fill_at"]]
    forwards = official_forwards(lm.config, case, tokens)
    (turn,) = [step for step, pieces in enumerate(forwards) if ("task", [TURN]) in pieces]
    same = drawn[: drawn.index(turn)]
    read = [
        [piece for pieces in forwards[last + 1 : step + 1] for piece in pieces] for last, step in pairwise([-1, *same])
    ]
    assert seen.fed[: len(same)] == read
    assert seen.drawn[: len(same)] == [tokens[step] for step in same]
    if same:
        assert_logits(torch.stack(seen.logits[: len(same)]), arrays, same)
    assert len(same) == {"bi_prompt": 38, "bi_plain": 60, "bi_fill": 44, "bi_short": 0}[name]
    assert seen.fed[len(same)] == own_way_on(utterance.drawn, case, name)


def own_way_on(drawn: list[int], case: dict[str, Any], name: str) -> list[Piece]:
    """What ours reads where it leaves the official way."""
    text = [*ids(case["prompt_text"]), *(token for piece in case["pieces"] for token in ids(piece))]
    prompt = ids(case["prompt_speech"])
    if name == "bi_short":
        return [
            *[("task", [START]), ("text", text[:5]), ("speech", prompt[:15])],
            *[("text", text[5:]), ("task", [TURN]), ("speech", prompt[15:])],
        ]
    if name == "bi_plain":
        return [("speech", drawn[62:63]), ("text", text[-3:]), ("task", [TURN])]
    last = {"bi_prompt": 39, "bi_fill": 44}[name]
    return [("speech", drawn[last : last + 1]), ("text", text[-8:-3])]
