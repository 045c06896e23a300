"""Ways of speaking by name: those that CosyVox knows, and those of the user's file.

The file is yaml, read as plain data: a name and its instruction, or one per language; `false` takes a name away.

    cheerful: Speak as if this were the best news of the day.
    butler:
      de: Sprich wie ein Butler.
      other: Speak like a butler.
    robot: false
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .. import core

FILE = "styles.yaml"
OTHER = "other"  # the key of an instruction for every language that has none of its own
MOST_BYTES, MOST_STYLES, MOST_NAME, MOST_INSTRUCTION = 64 << 10, 200, 40, 500
_MARKS = frozenset("()[]|@<>\n")  # what names stand between in voices and tags
_CHINESE = ("zh", "yue")
# Offered in lists; the other presets are understood too.
_OFFERED = frozenset({"cheerful", "excited", "sad", "angry", "calm", "gentle", "serious", "whisper", "storyteller"})
_ALIASES = {"cheerful": ("emotion", "happy"), "whispering": ("style", "whisper")}


@dataclass(frozen=True)
class Style:
    """instructions: by language tag, or by OTHER. languages: those that it is offered in; None for all."""

    name: str
    instructions: Mapping[str, str] = field(hash=False)
    offered: bool = True
    languages: tuple[str, ...] | None = None


class Styles:
    """What names of styles mean. Upper and lower case are the same."""

    def __init__(self, own: Mapping[str, Style | None] | None = None) -> None:
        """own: instead of what CosyVox knows under these names; None takes one away."""
        styles = {style.name.casefold(): style for style in _presets()}
        for name, style in (own or {}).items():
            styles.pop(name.casefold(), None)
            if style is not None:
                styles[name.casefold()] = style
        self._styles = styles

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(style.name for style in self._styles.values())

    @property
    def offered(self) -> tuple[Style, ...]:
        """Those that are worth a place in a list."""
        return tuple(style for style in self._styles.values() if style.offered)

    def instruction(self, name: str, language: str | None = None) -> str | None:
        """What the model reads for a style in this language; None if there is no such style."""
        style = self._styles.get(name.strip().casefold())
        if style is None:
            return None
        instructions = style.instructions
        return instructions.get(language or "") or instructions.get(OTHER) or next(iter(instructions.values()))


def read_styles(named: str | None = None) -> Styles:
    """The styles of a file, by default of `styles.yaml` in CosyVox's folder, which need not exist.

    Raises RequestError, which says what in the file is wrong.
    """
    path = Path(named).expanduser() if named else core.models_home().parent / FILE
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        if named:
            raise core.RequestError(f"there is no file of styles {path}: check the path") from error
        return Styles()
    except OSError as error:
        raise core.RequestError(f"{path} cannot be read ({error.strerror}): check its permissions") from error
    if len(content) > MOST_BYTES:
        raise core.RequestError(f"{path} has more than {MOST_BYTES >> 10} KiB: keep only the styles that you use")
    try:
        return Styles(_own(yaml.safe_load(content)))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        why = " ".join(str(error).split())
        raise core.RequestError(f"{path} is no file of styles ({why}): write lines as `calm: Speak calmly.`") from error


def _own(content: Any) -> dict[str, Style | None]:
    """Raises ValueError."""
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ValueError("it must be names and instructions")
    if len(content) > MOST_STYLES:
        raise ValueError(f"it has more than {MOST_STYLES} styles")
    return {_name(name): _style(str(name).strip(), value) for name, value in content.items()}


def _name(name: Any) -> str:
    if not isinstance(name, str):
        raise ValueError(f"the name {name!r} must be text: quote it")
    if not name.strip() or len(name) > MOST_NAME or _MARKS & set(name):
        raise ValueError(f"the name {name[:MOST_NAME]!r} has more than {MOST_NAME} characters, or brackets, '@' or '|'")
    return name.strip()


def _style(name: str, value: Any) -> Style | None:
    if value is None or value is False:
        return None
    by_language = value if isinstance(value, dict) else {OTHER: value}
    instructions = {}
    for language, words in by_language.items():
        if not isinstance(language, str) or not isinstance(words, str) or not words.strip():
            raise ValueError(f"{name} must have an instruction, or one per language")
        if len(words) > MOST_INSTRUCTION:
            raise ValueError(f"the instruction of {name} has more than {MOST_INSTRUCTION} characters")
        instructions[language.strip().casefold()] = " ".join(words.split())
    if not instructions:
        raise ValueError(f"{name} has no instruction")
    return Style(name, instructions)


def _presets() -> list[Style]:
    """core's, under their own names, those that people look for, and what Chinese calls them."""
    styles = [_preset(group, name, name) for group, presets in core.PRESETS.items() for name in presets]
    styles += [_preset(group, name, alias) for alias, (group, name) in _ALIASES.items()]
    for group, presets in core.PRESETS.items():
        styles += [_preset(group, name, words) for name, words in presets.items()]
    return styles


def _preset(group: str, name: str, called: str) -> Style:
    words = core.instruction(**{group: name})
    assert words is not None
    dialect = group == "dialect" and name == called and name != "Mandarin"
    return Style(called, {OTHER: words}, called in _OFFERED or dialect, _CHINESE if dialect else None)
