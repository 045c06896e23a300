"""What a client asks for besides the text.

Home Assistant passes two strings through, the voice and the speaker, so they carry everything:

    alice                       a voice
    alice@ja                    the language of the text
    alice (cheerful)            a style, see `styles`
    alice|speed=1.2|seed=7      numbers, also `gain`, and `style`, `instruct`, `language`
    speaker: "sleepy, slowly"   a style, or an instruction in free words

Others may say it in `context`: {"cosyvoice": {"speed": 1.2, "style": "cheerful"}}. What cannot be understood is
dropped, and the log told once: a reply in the wrong style is better than none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .catalogue import Catalogue

SPEEDS, SEEDS, GAINS = (0.5, 2.0), (0, 2**63 - 1), (-40.0, 20.0)
MOST_NAME, MOST_INSTRUCTION = 1000, 500  # characters
CANTONESE = "yue"
_STYLED = re.compile(r"(?P<rest>.*\S)\s*\((?P<style>[^()]+)\)", re.DOTALL)
_TAG = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*")
_HONG_KONG = frozenset({"hk", "mo", "yue"})
# Keys of numbers and words, in a voice's name and in the context.
_KEYS = {
    **{name: name for name in ("speed", "seed", "language", "style", "instruction", "gain_db")},
    **{"gain": "gain_db", "instruct": "instruction", "lang": "language", "emotion": "style"},
}


@dataclass(frozen=True)
class Order:
    """voice: an id of the catalogue. language: of the text, a bare tag ("ja", "yue"); None is told by the text.
    instruction: how to say it; None where nothing was asked for. The numbers can be what `core` takes."""

    voice: str
    language: str | None = None
    instruction: str | None = None
    speed: float = 1.0
    seed: int = 0
    gain_db: float = 0.0


def read_order(
    catalogue: Catalogue, *, name: Any = None, speaker: Any = None, language: Any = None, context: Any = None
) -> Order:
    """What these four say, whatever a client put there, over what the settings say. May block; never raises.

    name, speaker, language: of the event's `voice`. context: of the event.
    """
    settings = catalogue.settings
    voice, in_name = _named(catalogue, _text(name, MOST_NAME) or "")
    named, more = _understood(catalogue, in_name), _understood(catalogue, _context(context))
    spoken = _understood(catalogue, {"language": language} if language else {})
    fields: dict[str, Any] = {"language": tag(settings.language or ""), **spoken, **named, **more}
    manners = (named.get("style"), named.get("instruction"), _text(speaker), more.get("style"), more.get("instruction"))
    words = [_instruction(catalogue, manner, fields["language"]) for manner in manners if manner]
    return Order(
        voice=voice,
        language=fields["language"],
        instruction="，".join(dict.fromkeys(words)) or None,
        speed=fields.get("speed", settings.speed),
        seed=fields.get("seed", 0),
        gain_db=settings.gain_db + fields.get("gain_db", 0.0),
    )


def styled(catalogue: Catalogue, order: Order, style: str) -> Order:
    """The order for a sentence that says itself how it is spoken; unchanged if there is no such style, or if the model
    follows none: then its sentences belong together."""
    words = catalogue.styles.instruction(style, order.language)
    return replace(order, instruction=words) if words and catalogue.follows_styles else order


def tag(language: str) -> str | None:
    """A language as it is written here: the bare tag, `yue` for Cantonese; None if it is no tag."""
    if not _TAG.fullmatch(language.strip()):
        return None
    first, *rest = re.split("[-_]", language.strip().casefold())
    return CANTONESE if first == "zh" and _HONG_KONG & set(rest) else first


def _named(catalogue: Catalogue, name: str) -> tuple[str, dict[str, Any]]:
    """The voice that a name means, and what else the name says."""
    head, *rest = name.split("|")
    pairs = dict(part.split("=", 1) for part in rest if "=" in part)
    said: dict[str, Any] = {key.strip(): value.strip() for key, value in pairs.items()}
    base, at, language = head.partition("@")
    if at:
        if match := _STYLED.fullmatch(language.strip()):
            language, said["style"] = match["rest"], match["style"]
        said["language"] = language
    voice = catalogue.find(base)
    if voice is None and (match := _STYLED.fullmatch(base.strip())):
        voice, said["style"] = catalogue.find(match["rest"]), match["style"]
    if voice is None and base.strip():
        catalogue.warn(f"there is no voice {_shown(base)}: {catalogue.default} speaks instead")
    return voice.id if voice else catalogue.default, said


def _understood(catalogue: Catalogue, said: Mapping[str, Any]) -> dict[str, Any]:
    """What can be used of it."""
    fields = {}
    for key, value in said.items():
        known = _KEYS.get(key.casefold())
        read = known and _READERS[known](value)
        if known and read is not None:
            fields[known] = read
        else:
            expected = _EXPECTED.get(known or "", f"there are {', '.join(_EXPECTED)}")
            catalogue.warn(f"{_shown(key)} of a request is dropped, {_shown(str(value))}: {expected}")
    return fields


def _context(context: Any) -> dict[str, Any]:
    """Our part of what clients tell all servers."""
    ours = context.get("cosyvoice") if isinstance(context, Mapping) else None
    return {str(key): value for key, value in ours.items()} if isinstance(ours, Mapping) else {}


def _instruction(catalogue: Catalogue, manner: str, language: str | None) -> str:
    """The words of a style, or free words as they are."""
    return catalogue.styles.instruction(manner, language) or manner


def _text(value: Any, most: int = MOST_INSTRUCTION) -> str | None:
    """One line of text; None if it is none, or more than anybody means."""
    if not isinstance(value, str) or len(value) > most:
        return None
    printable = "".join(character if character.isprintable() else " " for character in value)
    return " ".join(printable.split()) or None


def _number(value: Any, bounds: tuple[float, float]) -> float | None:
    try:
        number = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if bounds[0] <= number <= bounds[1] else None


def _seed(value: Any) -> int | None:
    try:
        number = int(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else -1
    except ValueError:
        return None
    return number if SEEDS[0] <= number <= SEEDS[1] else None


def _shown(value: str) -> str:
    """As it may stand in a log, whatever is in it."""
    return ascii(value if len(value) <= 64 else value[:63] + "…") if not value.isprintable() else repr(value[:64])


_READERS: dict[str, Callable[[Any], Any]] = {
    "speed": lambda value: _number(value, SPEEDS),
    "seed": _seed,
    "gain_db": lambda value: _number(value, GAINS),
    "language": lambda value: tag(value) if isinstance(value, str) else None,
    "style": _text,
    "instruction": _text,
}
_EXPECTED = {
    "speed": f"it is a number from {SPEEDS[0]:g} to {SPEEDS[1]:g}",
    "seed": "it is a whole number from 0 on",
    "gain_db": f"it is a number from {GAINS[0]:g} to {GAINS[1]:g}",
    "language": "it is a tag such as en",
    "style": "it is the name of a style",
    "instruction": f"it has at most {MOST_INSTRUCTION} characters",
}
