"""Web and e-mail addresses, files and names of the web as people read them to each other."""

from __future__ import annotations

import re
from urllib.parse import unquote

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
# C:\\Users\\x, /etc/hosts, ~/x; one name behind a slash may be a unit ("/day").
_PATH = re.compile(
    r"(?<![\w:/\\])[A-Za-z]:[\\/](?![\\/])[A-Za-z0-9_.\\/-]*[A-Za-z0-9_]"
    r"|(?<![\w./~)\]])(?:(?:~|\.{1,2})/(?:[A-Za-z0-9_.+-]+/)*[A-Za-z0-9_+-][A-Za-z0-9_.+-]*"
    r"|/[A-Za-z._][A-Za-z0-9_.+-]*(?:/[A-Za-z0-9_.+-]+)+)(?<!\.)(?![A-Za-z0-9_])"
)
_FILE_END = (
    "txt|md|pdf|docx?|xlsx?|pptx?|csv|json|ya?ml|toml|xml|html?|css|jsx?|tsx?|py|ipynb|sh|bat|exe|dll|zip|gz|tar|rar|png|"
    "jpe?g|gif|svg|webp|mp[34]|wav|flac|ogg|mov|mkv|avi|cpp|log|ini|cfg|conf|db|sql|onnx|safetensors|pt"
)
_FILE = re.compile(
    rf"(?<![A-Za-z0-9_./@\\-])[A-Za-z0-9_-]+(?:[./][A-Za-z0-9_-]+)*\.(?:{_FILE_END})(?![A-Za-z0-9_/-]|\.\w)"
)
_TOPIC = re.compile(r"(?<![\w&/#])#(?!(?=[A-Fa-f]*\d)[0-9A-Fa-f]{3,8}\b)(?=[^\W\d_])")
_CHINESE_TOPIC = re.compile(r"#([^#\s]{1,40})#|(?<![\w&/#])#(?=[^\W\d_])")
_MENTION = re.compile(r"(?<![\w.@/])@(?=[^\W\d_])")

_SIGNS = {
    "en": {".": "dot", "/": "slash", "@": "at", "-": "dash", "_": "underscore", ":": "colon",
           "~": "tilde", "+": "plus", "\\": "backslash"},
    "zh": {".": "点", "/": "斜杠", "@": "艾特", "-": "杠", "_": "下划线", ":": "冒号", "~": "波浪号", "+": "加",
           "\\": "反斜杠"},
    "de": {".": "Punkt", "/": "Schrägstrich", "@": "ät", "-": "Bindestrich", "_": "Unterstrich", ":": "Doppelpunkt",
           "~": "Tilde", "+": "plus", "\\": "Backslash"},
    "ja": {".": "ドット", "/": "スラッシュ", "@": "アットマーク", "-": "ハイフン", "_": "アンダーバー", ":": "コロン",
           "~": "チルダ", "+": "プラス", "\\": "バックスラッシュ"},
    "ko": {".": "닷", "/": "슬래시", "@": "골뱅이", "-": "대시", "_": "밑줄", ":": "콜론", "~": "물결", "+": "플러스",
           "\\": "역슬래시"},
    "fr": {".": "point", "/": "barre oblique", "@": "arobase", "-": "tiret", "_": "tiret bas", ":": "deux-points",
           "~": "tilde", "+": "plus", "\\": "barre oblique inverse"},
    "es": {".": "punto", "/": "barra", "@": "arroba", "-": "guion", "_": "guion bajo", ":": "dos puntos",
           "~": "tilde", "+": "más", "\\": "barra invertida"},
    "it": {".": "punto", "/": "barra", "@": "chiocciola", "-": "trattino", "_": "trattino basso", ":": "due punti",
           "~": "tilde", "+": "più", "\\": "barra rovesciata"},
}  # fmt: skip
_HASHTAG = {"zh": "", "ja": "ハッシュタグ", "ko": "해시태그 ", "de": "Hashtag "}
_JOINS_WORDS = {"zh", "ja"}


def say_addresses(text: str, language: str) -> str:
    """`text` with its addresses, paths and files in words: "dot", "slash", "at"; "#x" is a hashtag, "@x" somebody.

    Of a link host and path are said. The scheme, "www." and what follows "?" or "#" are left out: they are for
    machines, and whoever reads a link to somebody leaves them out too.
    """
    signs = _SIGNS.get(language, _SIGNS["en"])
    gap = "" if language in _JOINS_WORDS else " "
    text = _EMAIL.sub(lambda match: _say(f"{match[1]}@{match[2]}", signs, gap), text)
    text = _URL.sub(lambda match: _say(_essential(match[0]), signs, gap), text)
    text = _PATH.sub(lambda match: _say(match[0], signs, gap), text)
    text = _FILE.sub(lambda match: _say(match[0], signs, gap), text)
    text = _CHINESE_TOPIC.sub(r"\1", text) if language == "zh" else _TOPIC.sub(_HASHTAG.get(language, "hashtag "), text)
    return _MENTION.sub(signs["@"] + gap, text)


def _essential(url: str) -> str:
    """Host and path; nobody says the rest."""
    url = re.sub(r"^(?:https?|ftp)://", "", url)
    url = re.split(r"[?#]", url)[0]
    url = re.sub(r"^www\.", "", re.sub(r"/(?:index\.html?)?$", "", url))
    readable = unquote(url)
    return readable if readable.isprintable() and "\ufffd" not in readable else url


def _say(address: str, signs: dict[str, str], gap: str) -> str:
    parts = re.findall(r"[^\W\d_]+|\d+|[\W_]", address)
    said = [signs.get(part, part if part.isalnum() else "") for part in parts]
    return gap.join(part for part in said if part)
