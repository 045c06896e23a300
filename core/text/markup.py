"""What is written for the eye, taken out of a sentence: Markdown, HTML, emoji, control characters.

Pure functions over one unit (a line, or a sentence of one); `cleaner` cuts a text into units.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Collection

from .tags import split_tags

# --- what a line begins with ---------------------------------------------------------------------
# Headings, quotes, bullets, boxes to tick; several may follow each other ("> - [x] done").
_MARKERS = re.compile(r"(?:[ \t]*(?:#{1,6}(?=\s)|>+|[-*+•‣▪◦·–—](?=\s)|\[[ xX]\](?=\s)))+[ \t]*")
_NUMBERED = re.compile(r"\A[ \t]*(\d{1,3})[.)][ \t]+(?=\S)")
# A rule, an underline of a heading, the line below a table's head: signs only.
_RULE = re.compile(r"[ \t]*(?:[-*_=~]{3,}|\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)*|(?:[-*_][ \t]*){3,})$")
FENCE = re.compile(r"[ \t]*(?:```+|~~~+)[^`]*$")
_LINK_DEFINITION = re.compile(r"[ \t]*\[\^?[^\]]{1,99}\]:[ \t]*(?:<?https?://\S+).*")
TABLE_ROW = re.compile(r"[ \t]*\|")

# --- inside a line -------------------------------------------------------------------------------
_IMAGE_OR_LINK = re.compile(r"!?\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\((?:[^()\s]|\([^()]*\))*(?:\s+[\"'][^\"']*[\"'])?\s*\)")
_FOOTNOTE = re.compile(r"\[\^[\w-]{1,60}\]")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]+)>")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# "<|im_end|>" and its like: markup of language models. Nobody's words, and never tokens when typed.
_MODEL_MARKUP = re.compile(r"<\|[^|<>\s]{0,40}\|>")
_HTML_TAG = re.compile(
    r"</?(?P<name>a|abbr|article|aside|audio|b|big|blockquote|body|br|button|center|code|dd|del|details|div|dl|dt|em|"
    r"figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|label|li|link|main|mark|meta|nav|ol|"
    r"option|p|picture|pre|q|s|samp|script|section|select|small|source|span|strike|strong|style|sub|summary|sup|svg|"
    r"table|tbody|td|tfoot|th|thead|title|tr|tt|u|ul|var|video|wbr)\b(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_INLINE_NAMES = "a abbr b big code del em font i ins kbd mark q s samp small span strong sub sup tt u var wbr"
_INLINE_TAGS = frozenset(_INLINE_NAMES.split())
_CODE_SPAN = re.compile(r"(`+)([^`]+)\1(?!`)")
_BRACKETED = re.compile(r"<[/!|]?([A-Za-z][^<>|]*)[|/]?>|\[([a-z_-]+)\]")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_STRIKE = re.compile(r"~~+|`+|\*\*+|(?<![\w])__+(?=\S)|(?<=\S)__+(?!\w)")
# A single * or _ is emphasis at the edge of a word; between blanks it multiplies, in a word it belongs to a name.
_EMPHASIS = re.compile(r"(?<![\w*])[*_](?=[^\s*_])|(?<=[^\s*_])[*_](?![\w*])")
_CELL = re.compile(r"[ \t]*\|[ \t]*")

# --- signs ---------------------------------------------------------------------------------------
_EMOJI = re.compile(
    r"[#*0-9]?\ufe0f?\u20e3|[\U0001f000-\U0001f1ff\U0001f300-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u231a-\u23ff\u3030\u303d"
    r"\u25a0-\u25ff][\ufe0f\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*|[\ufe0e\ufe0f]"
)
_KEYCAP = re.compile(r"([#*0-9])\ufe0f?\u20e3")
_INVISIBLE = re.compile(r"[\u200b\u2060\ufeff\u00ad\u200e\u200f\u202a-\u202e\u2066-\u2069™®]")
_ARROW = re.compile(r"[ \t]*(?:[←-⇿⟵-⟿]|(?<![-<])(?:-{1,2}|=)>)[ \t]*")
_BLANKS = re.compile(r"[ \t\f\v\u00a0\u1680\u2000-\u200a\u202f\u205f]+")


def code_line(line: str) -> str:
    """A line inside a code block: its words, without the signs that only a compiler reads."""
    return spaced(re.sub(r"[{}\[\]();<>|\\^`~]+", " ", visible(line)))


def spoken_line(line: str, *, starts: bool, tags: Collection[str]) -> str:
    """A unit without line break as it may be spoken. starts: it begins a line. tags: control tags to be kept."""
    line = visible(line)
    if starts:
        if _RULE.match(line) or _LINK_DEFINITION.match(line):
            return ""
        line = _MARKERS.sub("", line, count=1) if _MARKERS.match(line) else line
        line = _NUMBERED.sub(r"\1. ", line, count=1)
    line = _CODE_SPAN.sub(lambda code: _BRACKETED.sub(r" \1\2 ", code[2]), line)  # a tag in code is a word
    pieces = split_tags(line, tags)
    # Marks are read with their neighbours, so a tag that stays must still stand between them.
    held = [piece if index % 2 == 0 else _PLACEHOLDER for index, piece in enumerate(pieces)]
    plain = iter(_inline("".join(held)).split(_PLACEHOLDER))
    kept = iter(pieces[1::2])
    return spaced("".join(text + next(kept, "") for text in plain))


def visible(text: str) -> str:
    """NFC, without control characters and what is not seen; every kind of blank is a blank."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    text = text.replace("\u2028", " ").replace("\u2029", " ").replace("\u0085", " ")
    text = "".join(c for c in text if c in "\t\f\v" or (unicodedata.category(c) != "Cc" and c != _PLACEHOLDER))
    return _BLANKS.sub(" ", text)


def spaced(text: str) -> str:
    """One blank where there were several, none before a closing sign that was left alone."""
    return re.sub(r" +(?=[,.!?;:，。！？；：、](?:\s|$))", "", _BLANKS.sub(" ", text))


def _inline(text: str) -> str:
    text = _COMMENT.sub(" ", _MODEL_MARKUP.sub(" ", text))
    text = _AUTOLINK.sub(r"\1", text)
    text = _IMAGE_OR_LINK.sub(r"\1", _IMAGE_OR_LINK.sub(r"\1", text))  # twice: an image may be the text of a link
    text = _FOOTNOTE.sub("", text)
    text = _HTML_TAG.sub(lambda tag: "" if tag["name"].lower() in _INLINE_TAGS else " ", text)
    text = _ESCAPED.sub(r"\1", _EMPHASIS.sub("", _STRIKE.sub("", text)))
    text = _MODEL_MARKUP.sub(" ", html.unescape(text))
    text = _cells(text)
    text = _KEYCAP.sub(r"\1 ", text)
    return _ARROW.sub(", ", _EMOJI.sub(" ", text))


def _cells(text: str) -> str:
    """The cells of a table's row with commas between them."""
    if not TABLE_ROW.match(text) and " | " not in text:
        return text
    return ", ".join(cell.strip() for cell in _CELL.split(text) if cell.strip())


_PLACEHOLDER = "\ufdd0"  # a noncharacter: `visible` lets none of the user's through
