"""A script: `[Alice] …` begins what Alice says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import TextError
from ..text.front import speakable
from .inline import Token, Words, control_tags, tokens
from .passages import Passage, assembled

LONGEST_NAME = 60  # characters
# "[words](address)" is a link.
NAME = re.compile(rf"\[(?P<name>[^\[\]\n]{{1,{LONGEST_NAME}}})\](?!\()[ \t]*[:：]?[ \t]*")


@dataclass(frozen=True)
class Turn:
    """What one speaker says until the next name. speaker: None before the first. line: in the script, from 1."""

    speaker: str | None
    passages: tuple[Passage, ...]
    line: int


def read_script(text: str) -> list[Turn]:
    """The turns of a script, those without words or silence left out; a style ends with its turn.

    Raises TextError naming the line, or if there is nothing to say.
    """
    turns = [Turn(speaker, tuple(assembled(said)), line) for speaker, line, said in _turns(text)]
    turns = [turn for turn in turns if turn.passages]
    if not any(passage.text for turn in turns for passage in turn.passages):
        raise TextError("the script has no words: write [Name] and what is said, line after line")
    return turns


def speaker_name(bracket: re.Match[str]) -> str | None:
    """The name in a match of `NAME`; None if it is a tag or no name. Raises TextError for a pause that cannot be."""
    written = f"[{bracket['name']}]"
    tag = written in control_tags() or not isinstance(tokens(written)[0], Words)
    return None if tag or not speakable(written) else " ".join(bracket["name"].split())


def _turns(text: str) -> Iterator[tuple[str | None, int, list[Token]]]:
    """Who speaks, from which line on, and what."""
    speaker: str | None = None
    line = 1
    said: list[Token] = []
    for token in tokens(text):
        if not isinstance(token, Words) or token.code:
            said.append(token)
            continue
        start, row = 0, token.line
        for bracket in NAME.finditer(token.text):
            name = speaker_name(bracket)
            if name is None:
                continue
            said.append(Words(token.text[start : bracket.start()], row))
            yield speaker, line, said
            row += token.text.count("\n", start, bracket.end())
            speaker, line, said, start = name, row, [], bracket.end()
        said.append(Words(token.text[start:], row))
    yield speaker, line, said
