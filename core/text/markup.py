"""What is written for the eye, taken out of a sentence: Markdown, HTML, emoji, control characters.

Pure functions over one unit (a line, or a sentence of one); `cleaner` cuts a text into units.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Collection

from .tags import split_tags
from .tex import plain_formulas

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
_REFERENCE_LINK = re.compile(r"\[([^\[\]]+)\]\[\d*\]")
_BRACKETS = re.compile(r"(?<!\])\[([^\[\]]*)\](?!\[)")  # side by side they spell a pronunciation: "[j][ǐ]"
_FOOTNOTE_TEXT = re.compile(r"\A[ \t]*\[\^[\w-]{1,60}\]:[ \t]*")
_FOOTNOTE = re.compile(r"\[\^[\w-]{1,60}\]")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]+)>")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# "<|im_end|>" and its like: markup of language models. Nobody's words, and never tokens when typed.
_MODEL_MARKUP = re.compile(r"[<‹][|｜][A-Za-z0-9_.:/▁-]{0,40}[|｜][>›]")
_MODEL_BRACKETS = re.compile(r"[<‹][|｜]([^<>‹›|｜]*)[|｜][>›]")
# With these alone "a <b and c> d" is no tag.
_ATTRIBUTES = (
    r"(?:\s+(?:[\w:@.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>]+)"
    r"|disabled|checked|controls|hidden|open|required|selected|async|defer))*\s*/?>"
)
_TAG = re.compile(
    r"<(?P<end>/?)(?:[\w-]+:)?(?:(?P<known>a|abbr|article|aside|audio|b|big|blockquote|body|br|break|button|center|code|dd|"
    r"del|details|div|dl|dt|em|emphasis|express-as|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|"
    r"ins|kbd|label|lang|li|link|main|mark|meta|nav|ol|option|p|phoneme|picture|pre|prosody|q|s|samp|say-as|script|"
    r"section|select|small|source|span|speak|strike|strong|style|sub|summary|sup|svg|table|tbody|td|tfoot|th|thead|title|"
    r"tr|tt|u|ul|var|video|voice|wbr)|(?P<unknown>[A-Za-z][\w.-]*))(?=[\s/>])" + _ATTRIBUTES,
    re.IGNORECASE,
)
_STOPPED = re.compile(r"(?:[,;:.!?…，。！？；：、]|\A)\s*\Z")
_ALT = re.compile(r"\salt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_INLINE_NAMES = (
    "a abbr b big code del em emphasis express-as font i ins kbd lang mark phoneme prosody q s samp say-as small span "
    "strong sub sup tt u var wbr"
)
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
    r"[#*0-9]?\ufe0f?\u20e3|[\U0001f000-\U0001f1ff\U0001f300-\U0001faff\u2600-\u2775\u2794-\u27bf\u2b00-\u2bff\u231a-\u23ff\u3030\u303d"
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
        line = _FOOTNOTE_TEXT.sub("", line)
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
    text = _COMMENT.sub(" ", _without_model_markup(text))
    text = plain_formulas(text)
    text = _AUTOLINK.sub(r"\1", text)
    text = _IMAGE_OR_LINK.sub(r"\1", _IMAGE_OR_LINK.sub(r"\1", text))  # twice: an image may be the text of a link
    text = _REFERENCE_LINK.sub(r"\1", _FOOTNOTE.sub("", text))
    text = _TAG.sub(_tag, text)
    text = _ESCAPED.sub(r"\1", _EMPHASIS.sub("", _STRIKE.sub("", text)))
    text = _without_model_markup(html.unescape(text))
    text = _BRACKETS.sub(r" \1 ", text)
    text = _cells(text)
    text = _KEYCAP.sub(r"\1 ", text)
    text = _ARROW.sub(", ", _EMOJI.sub(" ", text))
    return re.sub(r"\A(?:\s*,)+(?!\d)", "", text)


def _without_model_markup(text: str) -> str:
    """A token of a language model goes; what else stands in such brackets is somebody's words."""
    return _MODEL_BRACKETS.sub(r" \1 ", _MODEL_MARKUP.sub(" ", text))


def _tag(tag: re.Match[str]) -> str:
    """What an HTML or SSML tag sounds like; the name of an unknown one is a word: "<name>"."""
    if tag["unknown"]:
        return "" if tag["end"] else f" {tag['unknown']} "
    name = tag["known"].lower()
    if name == "break":
        return " " if _STOPPED.search(tag.string, 0, tag.start()) else ", "
    alternative = _ALT.search(tag[0])
    words = (alternative[1] or alternative[2] or "") if alternative else ""
    return words if name in _INLINE_TAGS else f" {words} "


def _cells(text: str) -> str:
    """The cells of a table's row with commas between them."""
    if not TABLE_ROW.match(text) and " | " not in text:
        return text
    return ", ".join(cell.strip() for cell in _CELL.split(text) if cell.strip())


_PLACEHOLDER = "\ufdd0"  # a noncharacter: `visible` lets none of the user's through
