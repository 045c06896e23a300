"""Which names a voice may have: those that every file system keeps, and that lead nowhere else."""

from __future__ import annotations

import unicodedata

from ..errors import VoiceError

MOST_CHARACTERS = 64
MOST_BYTES = 200  # file systems stop at 255, and drafts have longer names
_SIGNS = frozenset(" ._-'()&+,")
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³")}


def check_id(name: str) -> str:
    """`name` in Unicode's composed form. Raises VoiceError if it cannot be a voice's."""
    name = unicodedata.normalize("NFC", name)
    reason = _reason(name)
    if reason:
        shown = name if len(name) <= 40 else name[:39] + "…"
        raise VoiceError(f"a voice cannot be called {shown!r}: {reason}; use letters, digits, '-' and '_'")
    return name


def _reason(name: str) -> str | None:
    if not name:
        return "the name is empty"
    if len(name) > MOST_CHARACTERS or len(name.encode("utf-8", "replace")) > MOST_BYTES:
        return f"it has more than {MOST_CHARACTERS} characters, or takes too many bytes"
    for character in name:
        if unicodedata.category(character)[0] not in "LMN" and character not in _SIGNS:
            return f"{character!r} is in it"
    if name[0] in ".- " or name[-1] in ". ":
        return "it begins with '.', '-' or a space, or ends with '.' or a space"
    if name.partition(".")[0].rstrip().casefold() in _RESERVED:
        return "Windows reserves it for a device"
    return None
