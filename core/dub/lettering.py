"""Text in pictures: with a font of the system that has its letters, or without those that none has."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont, ImageFont

    Font = FreeTypeFont | ImageFont

# Looked for in the system's folders by Pillow. Those with Chinese come behind: their Latin letters are plain.
_FONTS = (
    *("DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "segoeui.ttf", "Arial.ttf", "arial.ttf"),
    *("NotoSansCJK-Regular.ttc", "NotoSansSC-Regular.otf", "NotoSansCJKsc-Regular.otf", "SourceHanSansSC-Regular.otf"),
    *("PingFang.ttc", "Hiragino Sans GB.ttc", "STHeiti Medium.ttc", "AppleSDGothicNeo.ttc", "Arial Unicode.ttf"),
    *("msyh.ttc", "simhei.ttf", "simsun.ttc", "YuGothM.ttc", "meiryo.ttc", "malgun.ttf"),
    *("wqy-microhei.ttc", "wqy-zenhei.ttc", "DroidSansFallbackFull.ttf", "DroidSansFallback.ttf", "uming.ttc"),
)
_NO_LETTER = "\uffff"
_LEFT_OUT = "..."


def font_for(text: str, size: int) -> Font:
    """The first font that has all letters of the text, otherwise the one that has most of them."""
    letters = "".join(sorted({letter for letter in text if not letter.isspace()}))
    return _best_font(letters, size)


def legible(text: str, font: Font) -> str:
    """The text as that font can show it: without accents that it lacks, and an ellipsis for other letters it lacks."""
    shown = ""
    for letter in " ".join(text.split()):
        plain = next((form for form in (letter, normalize("NFKD", letter)[0]) if form == " " or _has(font, form)), None)
        if plain is not None:
            shown += plain
        elif not shown.rstrip().endswith(_LEFT_OUT):
            shown += _LEFT_OUT
    return shown


def fitted(text: str, font: Font, width: float) -> str:
    """As much of the beginning of a text as is at most so wide, with an ellipsis if that is not all."""
    if font.getlength(text) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if font.getlength(text[:middle].rstrip() + _LEFT_OUT) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + _LEFT_OUT if low else ""


@cache
def plain_font(size: int) -> Font:
    """Digits and English letters in that size, on every machine."""
    from PIL import ImageFont

    return ImageFont.load_default(size)


@cache
def _fonts(size: int) -> tuple[Font, ...]:
    from PIL import ImageFont

    found: list[Font] = []
    for name in _FONTS:
        try:
            found.append(ImageFont.truetype(name, size))
        except OSError:
            continue
    return (*found, plain_font(size))


@cache
def _best_font(letters: str, size: int) -> Font:
    def missing(font: Font) -> int:
        return sum(not _has(font, letter) for letter in letters)

    best = min(_fonts(size), key=missing)  # the first of several
    return best


@cache
def _has(font: Font, letter: str) -> bool:
    """Whether the font draws something else for a letter than for what is no letter."""
    return bytes(font.getmask(letter)) != bytes(font.getmask(_NO_LETTER))
