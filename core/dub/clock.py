"""Times as people read them."""

from __future__ import annotations


def clock(seconds: float, digits: int = 1) -> str:
    """0:01.5 or 1:02:03.0, with so many digits behind the point."""
    unit = 10**digits
    ticks = max(0, round(seconds * unit))
    minutes, rest = divmod(ticks, 60 * unit)
    tail = f"{rest / unit:0{digits + 3 if digits else 2}.{digits}f}"
    return f"{minutes // 60}:{minutes % 60:02}:{tail}" if minutes >= 60 else f"{minutes}:{tail}"
