"""Formulas in TeX as signs and words that every language's reader knows: "$x^2 \\leq \\pi$" as "x² ≤ pi"."""

from __future__ import annotations

import re

# $$…$$, \(…\), \[…\], and $…$ if it cannot be two prices: one word, or with a sign of TeX inside.
_FORMULA = re.compile(
    r"\$\$([^$]+)\$\$|\\\((.+?)\\\)|\\\[(.+?)\\\]"
    r"|(?<![A-Za-z0-9\\$])\$(?=[^\s$])((?:[^$\n]*[\\^_=][^$\n]*|[^\s$\d][^\s$]*)(?<=\S))\$(?![A-Za-z0-9$])"
)
_COMMANDS = {
    "times": "×", "cdot": "×", "div": "÷", "pm": "±", "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "neq": "≠",
    "ne": "≠", "approx": "≈", "infty": "∞", "sqrt": "√", "left": "", "right": "", "quad": "", "text": "",
    "mathrm": "", "mathbf": "", "lt": "<", "gt": ">",
}  # fmt: skip
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_POWERS = {"2": "²", "3": "³"}


def plain_formulas(text: str) -> str:
    """`text` with its formulas written plainly; a command without a sign stays as its name."""
    return _FORMULA.sub(lambda match: _plain(next(filter(None, match.groups()))), text)


def _plain(formula: str) -> str:
    formula = _FRACTION.sub(r"\1/\2", formula)
    formula = re.sub(r"\^(?:\{([^{}]*)\}|(\w))", lambda m: _power(m[1] or m[2] or ""), formula)
    formula = re.sub(r"\\([A-Za-z]+)\s*", lambda m: _COMMANDS.get(m[1], f" {m[1]} "), formula)
    return re.sub(r"\\[,;:! ]|[{}\\_&]", " ", formula).strip()


def _power(exponent: str) -> str:
    return _POWERS.get(exponent, f"^{exponent}")
