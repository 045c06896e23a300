"""What became of each cue, as a picture: the clip in strips, line by line as in a score, and a table below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .clock import clock
from .fit import BORROWED, OVERLAPS, PULLED, SPILLED, STRETCHED
from .lettering import fitted, font_for, legible, plain_font
from .report import LineReport, figures, summary

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

Colour = tuple[int, int, int]

WIDTH, TALLEST = 1600, 16_000  # pixels
# Okabe and Ito's colours: told apart by the colour-blind, too. Of what was done to a cue the last one that applies.
COLOURS: dict[str, Colour] = {
    "as it is": (201, 212, 222),
    "runs on into the gap": (86, 180, 233),
    "shifted": (240, 228, 66),
    "stretched": (204, 121, 167),
    "waits or is pulled": (230, 159, 0),
    "too long or overlaps": (213, 94, 0),
}
_PAPER, _INK, _GREY, _LINE, _BAND = (255, 255, 255), (20, 20, 20), (110, 110, 110), (222, 226, 230), (246, 248, 250)
_SLOT = (150, 158, 166)

_EDGE = 24
_HEAD = 92  # title and legend
_STRIP = 92  # one strip with its times
_BLOCK = 44  # the speech in it
_SECONDS = (5, 10, 15, 20, 30, 60, 120, 300, 600, 1800, 3600)  # that a strip may hold
_USUAL = 20
_ROW = 24  # of the table
_COLUMNS = (("#", 44), ("cue", 170), ("spoken", 170), ("shift", 64), ("speed", 64), ("stretch", 70), ("too long", 76))


def timeline(lines: Sequence[LineReport], length: float) -> NDArray[np.uint8]:
    """[H, 1600, 3], H at most 16 000: slots and speech against time, and the figures of the table.

    length: seconds of the clip.
    """
    from PIL import Image, ImageDraw

    end = max([length, 0.1, *(line.end for line in lines), *(line.cue.end for line in lines)])
    seconds, strips = _strips(end, TALLEST // 2)
    table_top = _HEAD + strips * _STRIP + _EDGE
    rows = _most_changed(lines, (TALLEST - table_top - 2 * _ROW - _EDGE) // _ROW)
    more = len(lines) - len(rows)
    height = table_top + (1 + len(rows) + bool(more)) * _ROW + _EDGE
    image = Image.new("RGB", (WIDTH, height), _PAPER)
    draw = ImageDraw.Draw(image)
    _head(draw, lines, length)
    chart = _Chart(draw, seconds, strips)
    chart.paper(end, length)
    for number, line in enumerate(lines, 1):
        chart.slot(number, line)
    for number, line in enumerate(lines, 1):
        chart.speech(number, line)
    for line, after in pairwise(lines):
        chart.overlap(after.start, min(line.end, after.end))
    _table(draw, lines, rows, table_top, more)
    return np.asarray(image)


def state(line: LineReport) -> str:
    """Which of COLOURS a line has."""
    applies = (
        True,
        BORROWED in line.steps,
        line.shift != 0,
        STRETCHED in line.steps,
        SPILLED in line.steps or PULLED in line.steps,
        OVERLAPS in line.steps or figures(line)["too long"] != "",
    )
    return [name for name, applied in zip(COLOURS, applies, strict=True) if applied][-1]


def _strips(end: float, height: int) -> tuple[float, int]:
    """Seconds of a strip, and how many there are."""
    for seconds in _SECONDS:
        strips = int(-(-end // seconds))
        if (seconds >= _USUAL or strips == 1) and strips * _STRIP <= height:
            return seconds, strips
    strips = height // _STRIP
    return end / strips, strips


def _most_changed(lines: Sequence[LineReport], count: int) -> list[int]:
    """The lines to which most was done, as many as there is place for, in their order."""
    states = list(COLOURS)
    worst = sorted(range(len(lines)), key=lambda index: -states.index(state(lines[index])))
    return sorted(worst[:count])


def _head(draw: ImageDraw, lines: Sequence[LineReport], length: float) -> None:
    _write(draw, (_EDGE, 16), f"Clip of {clock(length, 2)}", 22)
    _write(draw, (_EDGE + 230, 21), str(summary(lines)), 16, width=WIDTH - 2 * _EDGE - 230)
    x = float(_EDGE)
    for name, colour in COLOURS.items():
        draw.rounded_rectangle((x, 56, x + 26, 72), 4, fill=colour, outline=_INK)
        x += 34 + _write(draw, (x + 34, 56), name, 14) + 26
    draw.rectangle((x, 61, x + 26, 66), fill=_SLOT)
    _write(draw, (x + 34, 56), "time of the cue", 14)


class _Chart:
    """Time against place: strips of the same length, one below the other."""

    def __init__(self, draw: ImageDraw, seconds: float, strips: int) -> None:
        self._draw, self._seconds, self._strips = draw, seconds, strips
        self._scale = (WIDTH - 2 * _EDGE) / seconds

    def _pieces(self, start: float, end: float) -> Iterator[tuple[int, float, float]]:
        """The top of each strip that a span lies in, and from where to where it goes there."""
        first, last = int(start // self._seconds), int(max(start, end - 1e-9) // self._seconds)
        for strip in range(first, min(last, self._strips - 1) + 1):
            begin = strip * self._seconds
            left = max(start - begin, 0.0) * self._scale
            right = min(end - begin, self._seconds) * self._scale
            yield _HEAD + strip * _STRIP, _EDGE + left, _EDGE + max(right, left + 1)

    def paper(self, end: float, length: float) -> None:
        """Strips with ticks, grey behind the end of the clip."""
        step = next((s for s in (1, 5, 10, 30, 60, 300, 600) if s * self._scale >= 60), 3600)
        for strip in range(self._strips):
            begin, top = strip * self._seconds, _HEAD + strip * _STRIP
            self._draw.rectangle((_EDGE, top + 18, WIDTH - _EDGE, top + _STRIP - 8), fill=_BAND)
            tick = -(-begin // step) * step
            while tick < begin + self._seconds - 1e-6:
                x = _EDGE + (tick - begin) * self._scale
                self._draw.line((x, top + 14, x, top + _STRIP - 8), fill=_LINE)
                _write(self._draw, (x + 3, top + 2), clock(tick, 0), 12, colour=_GREY)
                tick += step
        for top, left, right in self._pieces(length, self._strips * self._seconds):
            self._draw.rectangle((left, top + 18, right, top + _STRIP - 8), fill=_LINE)
        for top, left, _ in self._pieces(length, length):
            self._draw.line((left, top + 6, left, top + _STRIP - 8), fill=_INK, width=2)

    def slot(self, number: int, line: LineReport) -> None:
        """The time of a cue: a thin bar, every other one a little lower, so that each is seen where they touch."""
        down = 20 + 4 * (number % 2)
        for top, left, right in self._pieces(line.cue.start, line.cue.end):
            self._draw.rectangle((left, top + down, right - 1, top + down + 4), fill=_SLOT)

    def speech(self, number: int, line: LineReport) -> None:
        """What is spoken: a block with number, speaker and text, and what was changed."""
        pieces = list(self._pieces(line.start, line.end))
        widest = max(pieces, key=lambda piece: piece[2] - piece[1], default=None)
        for piece in pieces:
            top, left, right = piece
            place = (left, top + 32, max(right - 1, left + 1), top + 32 + _BLOCK)
            self._draw.rectangle(place, fill=COLOURS[state(line)], outline=_INK)
            if piece is widest:
                self._label(number, line, left + 5, top + 33, right - left - 8)

    def _label(self, number: int, line: LineReport, left: float, top: float, width: float) -> None:
        """Number, speaker and text, and below what was changed: whole figures only, as many as there is place for."""
        taken = plain_font(15).getlength(str(number)) + 5
        if width < taken - 5:
            return
        _write(self._draw, (left, top), str(number), 15)
        if width - taken > 30:
            _write(self._draw, (left + taken, top), _said(line), 15, width=width - taken)
        x = 0.0
        for note in _notes(line):
            if x + plain_font(13).getlength(note) > width:
                break
            x += _write(self._draw, (left + x, top + 22), note, 13) + 8

    def overlap(self, start: float, end: float) -> None:
        """Where two are heard at once: hatched."""
        for top, left, right in self._pieces(start, end) if end - start > 1e-3 else ():
            for x in range(int(left), int(right), 5):
                self._draw.line((x, top + 32 + _BLOCK, min(x + 12, right), top + 33), fill=_INK)


def _notes(line: LineReport) -> Iterator[str]:
    done = figures(line)
    if done["too long"]:
        yield f"{done['too long']} s too long"
    if done["shift"]:
        yield f"{done['shift']} s"
    if done["stretch"]:
        yield f"stretch {done['stretch']}"
    if done["speed"]:
        yield f"speed {done['speed']}"


def _table(draw: ImageDraw, lines: Sequence[LineReport], rows: Sequence[int], top: int, more: int) -> None:
    """A row for each of those lines. more: how many there is no place for."""
    x = _EDGE + 14
    for name, width in (*_COLUMNS, ("text", 0)):
        _write(draw, (x, top), name, 14, colour=_GREY)
        x += width
    for row, index in enumerate(rows, 1):
        line, y = lines[index], top + row * _ROW
        if row % 2:
            draw.rectangle((_EDGE, y - 3, WIDTH - _EDGE, y + _ROW - 4), fill=_BAND)
        draw.rectangle((_EDGE, y - 3, _EDGE + 7, y + _ROW - 4), fill=COLOURS[state(line)])
        done = figures(line)
        times = [f"{clock(a, 2)} - {clock(b, 2)}" for a, b in ((line.cue.start, line.cue.end), (line.start, line.end))]
        cells = (str(index + 1), *times, *(done[name] for name, _ in _COLUMNS[3:]))
        x = _EDGE + 14
        for (_, width), cell in zip(_COLUMNS, cells, strict=True):
            _write(draw, (x, y), cell, 14, width=width - 6)
            x += width
        _write(draw, (x, y), _said(line), 14, width=WIDTH - _EDGE - x)
    if more:
        place = _EDGE + 14, top + (len(rows) + 1) * _ROW
        _write(draw, place, f"and {more} more, to which no more was done than to these", 14, colour=_GREY)


def _said(line: LineReport) -> str:
    return f"{line.cue.speaker}: {line.cue.text}" if line.cue.speaker else line.cue.text


def _write(
    draw: ImageDraw,
    place: tuple[float, float],
    text: str,
    size: int,
    *,
    colour: Colour = _INK,
    width: float | None = None,
) -> float:
    """The text below a place, no wider than `width`; returns how wide it is."""
    font = plain_font(size) if text.isascii() else font_for(text, size)
    text = legible(text, font)
    if width is not None:
        text = fitted(text, font, width)
    draw.text((place[0], place[1] + size), text, font=font, fill=colour, anchor="ls")  # fonts agree on the base line
    return float(font.getlength(text))
