"""How a voice and an instruction become the language model's prompt: the mode follows from what is given."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from .errors import RequestError
from .families import FAMILIES, Family
from .request import SpeechRequest
from .text.tokenizer import TextTokenizer

MODES = ("zero_shot", "cross_lingual", "instruct")


@dataclass(frozen=True)
class Prompting:
    """What the language model reads before the text: text ids and speech ids."""

    mode: str
    text: list[int]
    speech: list[int]


def prompting(request: SpeechRequest, family: Family, tokenizer: TextTokenizer, allowed: Collection[str]) -> Prompting:
    """The prompt of a request.

    zero_shot: the model continues the recording, so it reads its transcript and its speech.
    cross_lingual: it reads neither, and only the flow hears the voice. instruct: it reads the
    instruction, closed by the family's end-of-prompt token. Raises RequestError for an impossible mode.
    """
    mode = request.mode or _implied(request)
    if mode not in family.capabilities:
        able = [other.name for other in FAMILIES if mode in other.capabilities]
        instead = f"; {', '.join(able)} can" if able else ""
        raise RequestError(
            f"{family.name} cannot do {mode}: it can do {', '.join(sorted(family.capabilities))}{instead}"
        )
    if mode == "instruct":
        if not request.instruction or not request.instruction.strip():
            raise RequestError("the mode instruct needs an instruction: say how, for instance 'happily'")
        text = tokenizer.encode(request.instruction.strip(), allowed=allowed)
        return Prompting(mode, [*text, *tokenizer.encode(family.end_of_prompt, allowed={family.end_of_prompt})], [])
    if request.instruction:
        raise RequestError(f"the mode {mode} takes no instruction: leave the mode or the instruction out")
    if mode == "cross_lingual":
        return Prompting(mode, [], [])
    if request.voice.transcript is None:
        raise RequestError("the mode zero_shot needs the transcript of the recording: clone it with its words")
    text = tokenizer.encode(request.voice.transcript, allowed=allowed)
    return Prompting(mode, text, request.voice.speech_tokens.tolist())


def _implied(request: SpeechRequest) -> str:
    if request.instruction:
        return "instruct"
    return "zero_shot" if request.voice.transcript is not None else "cross_lingual"
