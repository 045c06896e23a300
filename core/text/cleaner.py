"""Text that arrives in pieces, cut anywhere, as speakable text: the same wherever it was cut."""

from __future__ import annotations

import re
from collections.abc import Collection

from .lexicon import Lexicon
from .markup import FENCE, code_line, spoken_line
from .stops import ends_word

MOST_HELD = 4000  # characters without a place to cut; then the last blank must do
SOFT_WRAP = 40  # a shorter line is not one that an editor has wrapped

# Every alternative is decided by what it matches and one character more: what follows cannot change it.
_CLOSING = r"[\"'”’」』）)\]*_~`>》】]*"
_BREAK = re.compile(
    r"(?P<line>\r\n|\n|\r(?=[^\n]))"
    rf"|(?:[.!?…]+{_CLOSING})[ \t]+(?=\S)"
    rf"|[。！？；…]+[。！？；…!?]*{_CLOSING}[ \t\u3000]*(?=[^\s。！？；….!?\"'”’」』）)\]*_~`>》】])"
)
_LIST_NUMBER = re.compile(r"[ \t]*(?:[>#*+•-]+[ \t]+)*\d{1,3}[.)][ \t]+")
# A link, a tag or code that is not closed yet: what looks like the end of a sentence is inside it.
_OPEN = re.compile(r"\[[^\[\]]{0,300}$|\]\([^()\n]{0,300}$|<[A-Za-z/!][^<>]{0,300}$")
# What a pause must not cut: a number, the sign of a currency, a title, a link, a tag, an address that may go on.
_UNFINISHED = re.compile(
    r"(?:\[[^\[\]]{0,300}(?:\](?:\([^()\s]{0,300})?)?|<[A-Za-z/!|][^<>\n]{0,300}"
    r"|(?:https?://|www\.|\b[\w.+-]{1,64}@)\S{0,300}|(?<![A-Za-z0-9.,:/])[-−+$€£¥￥#]?[\d.,:/]*\d(?::|\s?°)?|[$€£¥￥#]"
    r"|\b(?:Mr|Mrs|Ms|Dr|Prof|Hr|Fr|Nr|ca|z\. ?B)\.?[ \t]*)\Z"
)
_POINT = re.compile(r"\d([.,])\Z")
_TAG_BEGUN = re.compile(r"[<\[][/\w-]{0,20}\Z")
_CODE_SPAN = re.compile(r"`[^`]{0,300}`?")
_ONLY_WHOLE_LINES = ("```", "~~~", "|")
_WRAPS = re.compile(r"[\w,;-]\Z")


class Cleaner:
    """Feed it text; it gives back what is final. The whole does not depend on where the pieces were cut.

    tags: control tags of the model ("[laughter]") that a text may hold; they stay, all other markup goes.
    Not to be shared between threads.
    """

    def __init__(self, tags: Collection[str] = (), lexicon: Lexicon | None = None) -> None:
        """lexicon: whose signs are put in words."""
        self._tags = frozenset(tags)
        self._lexicon = lexicon
        self._held = ""
        self._searched = 0  # where the search for an end goes on: what was found before it is decided
        self._column = 0  # characters of this line that were given back before `_held`
        self._fenced = False
        self._point = ""  # behind a number, where a pause ended the text: "It is 21."

    def feed(self, piece: str) -> str:
        """What is final now, perhaps nothing. Every line and every sentence ends with a blank of some kind."""
        return "".join(self.units(piece))

    def finish(self) -> str:
        """The rest. The cleaner is as new afterwards."""
        return "".join(self.last_units())

    def units(self, piece: str) -> list[str]:
        """`feed`, sentence by sentence."""
        if self._point and piece:
            self._held = self._point if piece[0].isdecimal() else ""  # the number goes on: "5 °C"
            self._point = ""
        self._held += piece
        return self._drain(final=False)

    def last_units(self) -> list[str]:
        """`finish`, sentence by sentence."""
        units = self._drain(final=True)
        self._column, self._fenced, self._point = 0, False, ""
        return units

    def held_units(self) -> list[str]:
        """What is held, taken to be complete; a line that is not goes on with what is fed next."""
        self._point = ""
        return self._drain(final=True)

    def paused_units(self) -> list[str]:
        """`held_units`, but for a number or a link that may go on; and so may a number behind its point."""
        unfinished = None if self._fenced else _UNFINISHED.search(self._held)
        kept = unfinished[0] if unfinished else ""
        self._held = self._held.removesuffix(kept)
        point = _POINT.search(self._held)
        units = self._drain(final=True)
        self._held, self._searched = kept, 0
        self._point = point[1] if point and not kept else ""
        return units

    def begun(self) -> tuple[str, bool]:
        """What is held of the next unit, and whether it begins a line; "" in a code block."""
        return "" if self._fenced else self._held, self._column == 0

    def _drain(self, *, final: bool) -> list[str]:
        units = []
        while (end := self._end(final=final)) is not None:
            units.append(self._clean(self._held[:end]))
            self._held, self._searched = self._held[end:], 0
        return [unit for unit in units if unit]

    def _end(self, *, final: bool) -> int | None:
        """Where the first unit of what is held ends; None if that is not known yet."""
        held = self._held
        start = self._searched
        if not start and self._column == 0 and (number := _LIST_NUMBER.match(held)):
            start = number.end()
        for match in _BREAK.finditer(held, start):
            if match.end() > MOST_HELD:
                break
            if match["line"]:
                wrapped = self._wrapped(match, final=final)
                if wrapped is None:
                    return None
                if not wrapped:
                    return match.end()
            elif not self._inside(held[: match.end()], held[match.end()]):
                return match.end()
            self._searched = match.end()
        if len(held) > MOST_HELD:
            tag = _TAG_BEGUN.search(held, 1, MOST_HELD)
            return held.rfind(" ", 1, MOST_HELD) + 1 or (tag.start() if tag else MOST_HELD)
        return len(held) if final and held else None

    def _wrapped(self, match: re.Match[str], *, final: bool) -> bool | None:
        """Whether a line break is only an editor's, so that the sentence goes on; None if that is not known yet."""
        before, after = self._held[: match.start()], self._held[match.end() :]
        line = re.split(r"[\r\n]", before)[-1]
        column = self._column if len(line) == len(before) else 0
        if self._fenced or column + len(line) < SOFT_WRAP or not _WRAPS.search(line):
            return False
        if line.lstrip().startswith((*_ONLY_WHOLE_LINES, "#")):
            return False
        if not after:
            return False if final else None
        return after[0].islower()

    def _inside(self, text: str, following: str) -> bool:
        """Whether `text`, which ends like a sentence, ends inside something that must stay whole."""
        if self._fenced or (self._column == 0 and text.lstrip().startswith(_ONLY_WHOLE_LINES)):
            return True
        if ends_word(text, following):
            return True
        without_code = _CODE_SPAN.sub(lambda code: "" if code[0].endswith("`") and len(code[0]) > 1 else code[0], text)
        return "`" in without_code[-300:] or bool(_OPEN.search(without_code))

    def _clean(self, unit: str) -> str:
        starts = self._column == 0
        line = unit.rstrip("\r\n")
        ended = len(line) < len(unit)
        self._column = 0 if ended else self._column + len(unit)
        if starts and FENCE.match(line) and (ended or not self._fenced):
            self._fenced = not self._fenced
            return ""
        line = re.sub(r"[\r\n]+", " ", line)
        if self._lexicon:
            line = self._lexicon.say_signs(line)
        text = code_line(line) if self._fenced else spoken_line(line, starts=starts, tags=self._tags)
        text = text.strip()
        if not text:
            return ""
        return text + ("\n" if ended else " " if unit[-1].isspace() else "")
