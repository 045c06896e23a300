"""Tags in a text that say how a sentence is to be spoken, "[cheerful] It is on.", taken out as the text arrives."""

from __future__ import annotations

import re
from collections.abc import Collection

from .stops import ends_word

LONGEST_TAG = 40  # characters between the brackets
_TAIL = 320  # characters of a sentence by which its end is known

_OPENERS = frozenset(" \t\u3000#>*_+-•‣▪◦·–—|\"'“„‘«‹»(（「『《")  # what may stand in front of a sentence's first word
_STOPS = frozenset(".!?…")
_WIDE_STOPS = frozenset("。！？；…")
_CLOSERS = frozenset("\"'”’」』）)]*_~`>》】")
_BLANKS = frozenset(" \t\u3000")
_NAME = re.compile(r"[^\W\d_]{2}[\w '’-]*\Z|[^\W\d_]\Z")
_INNER = re.compile(r"[a-z][a-z_-]+\Z")  # inside a sentence only this is a tag; "the [hidden cost]" is words
_PARTING = frozenset(" \t\u3000,;:—，；：、")  # in front of a tag inside a sentence
_NOT_A_TAG = frozenset("(:[")  # behind the bracket: a link, its definition, "[j][ǐ]"
_WITHIN = re.compile(r"\[[^\[\]]{0,300}\Z|\]\([^()\n]{0,300}\Z|<[A-Za-z/!][^<>]{0,300}\Z")
_RUN = re.compile(r"[\w ,，、'’-]+")
_FENCES = ("```", "~~~")

Increment = tuple[str | None, str]  # style, text


class StyledReader:
    """Feed it a text; it gives back what is to be read, each part with its style, the same wherever the text was cut.

    A name among `styles` in brackets, where a sentence begins, styles that sentence. Any other words in brackets are
    dropped there, and a single one between two words too; `tags`, control tags of the model, pass. Links, footnotes,
    boxes to tick and code are left alone. Only what may still become a tag is held, with the signs and blanks in
    front of it. Not to be shared between threads.
    """

    def __init__(self, styles: Collection[str], tags: Collection[str] = ()) -> None:
        """styles: names, in any case; "_" and "-" in a tag are blanks in a name or themselves."""
        self._styles = {_folded(name): name for name in styles}
        self._tags = frozenset(tags)
        self._reset()

    def _reset(self) -> None:
        self._style: str | None = None
        self._held = ""  # opening signs, and behind them a tag that is not complete
        self._bracket = False
        self._closed = ""  # the name of a tag whose right neighbour is not known
        self._first = True  # nothing was said of this sentence
        self._said = ""  # the end of what was
        self._line = ""  # the beginning of this line
        self._ticks = 0
        self._fenced = False
        self._trim = False  # a tag was taken out: what is blank behind it goes too
        self._out: list[tuple[str | None, list[str]]] = []

    def feed(self, piece: str) -> list[Increment]:
        """What is decided now, in order; neighbours differ in style."""
        place = 0
        while place < len(piece):
            run = _RUN.match(piece, place) if self._within_words() else None
            if run:
                self._say(run[0])
                place = run.end()
            else:
                self._read(piece[place])
                place += 1
        return self._taken()

    def finish(self) -> list[Increment]:
        """The rest. The reader is as new afterwards."""
        if self._closed:
            self._decide("")
        self._release()
        out = self._taken()
        self._reset()
        return out

    def _taken(self) -> list[Increment]:
        out, self._out = self._out, []
        return [(style, "".join(parts)) for style, parts in out]

    def _within_words(self) -> bool:
        """Whether no sentence can end or begin before the next stop or bracket."""
        return self._said[-1:].isalnum() and not (self._first or self._bracket or self._closed or self._trim)

    def _read(self, character: str) -> None:
        if self._closed:
            if character == ":" and _folded(self._closed) in self._styles:
                self._decide(character)
                return
            self._decide(character)
        if self._bracket:
            self._inside(character)
        elif character in "\r\n":
            self._newline(character)
        else:
            self._plain(character)

    def _plain(self, character: str) -> None:
        if self._trim and character in _BLANKS:
            return
        self._trim = False
        if not self._first and self._sentence_over(character):
            self._next_sentence()
        if character == "[" and self._may_begin():
            self._held += character
            self._bracket = True
        elif self._first and character in _OPENERS and not self._in_code():
            self._held += character
        else:
            self._say(character)

    def _in_code(self) -> bool:
        return self._fenced or self._ticks % 2 == 1

    def _may_begin(self) -> bool:
        if self._in_code() or self._line.lstrip().startswith(_FENCES) or self._said.endswith("\\"):
            return False
        return self._first or self._said[-1:] in _PARTING

    def _inside(self, character: str) -> None:
        """One more character behind an opening bracket."""
        name = self._held[self._held.rindex("[") + 1 :]
        if character == "]" and name:
            if f"[{name}]" in self._tags:
                self._held += character
                self._bracket = False
                first = self._first
                self._release()
                self._first = first
            elif _folded(name) in self._styles or self._is_name(name):
                self._bracket, self._closed = False, name
            else:
                self._give_up(character)
        elif len(name) < LONGEST_TAG and self._possible(name + character):
            self._held += character
        else:
            self._give_up(character)

    def _possible(self, name: str) -> bool:
        """Whether a tag may begin like this."""
        if any(tag.startswith("[" + name) for tag in self._tags):
            return True
        if not self._first and not any(style.startswith(_folded(name)) for style in self._styles):
            return bool(_INNER.match(name + "aa"))
        return bool(_NAME.match(name + "a") or _NAME.match(name))

    def _is_name(self, name: str) -> bool:
        """Whether words in brackets are a tag that nobody knows: "x" ticks a box, four words are a remark."""
        return bool(_NAME.match(name)) and name.count(" ") < 3 and not (len(name) == 1 and name.isascii())

    def _give_up(self, character: str) -> None:
        """It is no tag: what was held is words."""
        self._bracket = False
        self._release()
        self._read(character)

    def _decide(self, following: str) -> None:
        """The tag is complete, and so is what it stands beside. following: one character; "" at the end."""
        name, self._closed = self._closed, ""
        style = self._styles.get(_folded(name))
        if following == "(" or (style is None and following and following in _NOT_A_TAG) or not self._alone(following):
            self._held += "]"
            self._release()
            return
        self._held = self._held[: self._held.rindex("[")]
        self._trim = True
        if self._first and style is not None:
            self._style = style

    def _alone(self, following: str) -> bool:
        """Inside a sentence a tag has a blank or a stop behind it."""
        return self._first or not following or not following.isalnum()

    def _newline(self, character: str) -> None:
        self._trim = False
        fence = self._line.lstrip().startswith(_FENCES)
        begun = self._first and not self._held.strip()
        self._release(begun=not begun)
        self._append(character)
        self._line, self._ticks, self._said = "", 0, ""
        if fence:
            self._fenced = not self._fenced
        if not begun and not self._fenced:
            self._next_sentence()

    def _next_sentence(self) -> None:
        self._style, self._first, self._said = None, True, ""

    def _sentence_over(self, following: str) -> bool:
        """Whether the sentence ended before `following`."""
        said = self._said
        bare = said.rstrip(" \t\u3000")
        end = bare.rstrip("".join(_CLOSERS))
        if not end or following in _BLANKS or self._in_code():
            return False
        wide = end[-1] in _WIDE_STOPS and following not in _CLOSERS | _STOPS | _WIDE_STOPS
        narrow = end[-1] in _STOPS and len(bare) < len(said)
        if not (wide or narrow) or _WITHIN.search(said):
            return False
        return wide or not ends_word(said, following)

    def _say(self, text: str) -> None:
        self._release()
        self._append(text)
        self._first = False
        self._said = (self._said + text)[-_TAIL:]
        self._line = (self._line + text[:8])[:8]
        self._ticks += text.count("`")

    def _release(self, *, begun: bool = True) -> None:
        """What was held is to be read."""
        if not self._held:
            return
        held, self._held = self._held, ""
        self._append(held)
        self._said = (self._said + held)[-_TAIL:]
        self._line = (self._line + held)[:8]
        self._first = self._first and not begun

    def _append(self, text: str) -> None:
        if not self._out or self._out[-1][0] != self._style:
            self._out.append((self._style, []))
        self._out[-1][1].append(text)


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name).casefold()
