"""Web and e-mail addresses as people read them to each other."""

from __future__ import annotations

import re

_HOST_END = (
    "com|org|net|edu|gov|io|ai|dev|app|co|me|info|biz|xyz|tv|local"
    "|cn|de|uk|jp|kr|fr|it|es|eu|us|ca|au|ch|at|nl|se|ru|in|hk|tw"
)
# Neither a closing sign nor a sentence's punctuation belongs to an address; letters beyond ASCII do not either,
# so that Chinese may follow without a blank.
_URL = re.compile(
    r"(?:(?:https?|ftp)://|www\.)[A-Za-z0-9@:%._~#=&?/+,;!$*'()-]*[A-Za-z0-9/_=&#%-]"
    rf"|(?<![\w@./-])(?:[A-Za-z0-9-]+\.)+(?:{_HOST_END})(?![\w-])(?:/[A-Za-z0-9@:%._~#=&?/+-]*[A-Za-z0-9/_=&#%-]|/)?"
)
_EMAIL = re.compile(r"(?:mailto:)?(?<![A-Za-z0-9._%+-])([A-Za-z0-9._%+-]+)@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")

_SIGNS = {
    "en": {".": "dot", "/": "slash", "@": "at", "-": "dash", "_": "underscore", ":": "colon",
           "~": "tilde", "+": "plus"},
    "zh": {".": "点", "/": "斜杠", "@": "艾特", "-": "杠", "_": "下划线", ":": "冒号", "~": "波浪号", "+": "加"},
    "de": {".": "Punkt", "/": "Schrägstrich", "@": "ät", "-": "Bindestrich", "_": "Unterstrich", ":": "Doppelpunkt",
           "~": "Tilde", "+": "plus"},
    "ja": {".": "ドット", "/": "スラッシュ", "@": "アットマーク", "-": "ハイフン", "_": "アンダーバー", ":": "コロン",
           "~": "チルダ", "+": "プラス"},
    "ko": {".": "닷", "/": "슬래시", "@": "골뱅이", "-": "대시", "_": "밑줄", ":": "콜론", "~": "물결", "+": "플러스"},
    "fr": {".": "point", "/": "barre oblique", "@": "arobase", "-": "tiret", "_": "tiret bas", ":": "deux-points",
           "~": "tilde", "+": "plus"},
    "es": {".": "punto", "/": "barra", "@": "arroba", "-": "guion", "_": "guion bajo", ":": "dos puntos",
           "~": "tilde", "+": "más"},
    "it": {".": "punto", "/": "barra", "@": "chiocciola", "-": "trattino", "_": "trattino basso", ":": "due punti",
           "~": "tilde", "+": "più"},
}  # fmt: skip
_JOINS_WORDS = {"zh", "ja"}


def say_addresses(text: str, language: str) -> str:
    """`text` with its addresses in words: "dot", "slash", "at". What follows "?" or "#" in a link is left out."""
    signs = _SIGNS.get(language, _SIGNS["en"])
    gap = "" if language in _JOINS_WORDS else " "
    text = _EMAIL.sub(lambda match: _say(f"{match[1]}@{match[2]}", signs, gap), text)
    return _URL.sub(lambda match: _say(_essential(match[0]), signs, gap), text)


def _essential(url: str) -> str:
    """Host and path; nobody says the rest."""
    url = re.sub(r"^(?:https?|ftp)://", "", url)
    url = re.split(r"[?#]", url)[0]
    return re.sub(r"^www\.", "", re.sub(r"/(?:index\.html?)?$", "", url))


def _say(address: str, signs: dict[str, str], gap: str) -> str:
    parts = re.findall(r"[A-Za-z]+|[0-9]+|[^A-Za-z0-9]", address)
    said = [signs.get(part, part if part.isalnum() else "") for part in parts]
    return gap.join(part for part in said if part)
