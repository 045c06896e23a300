"""Prose that lies on any machine with Python: its own documentation (PSF licence), where it can be read aloud."""

from __future__ import annotations

import ast
import re
import sysconfig
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from pydoc_data.topics import topics

# Not imported, only read; such as explain themselves at length.
_MODULES = (
    *("abc", "argparse", "ast", "bisect", "calendar", "cmd", "codecs", "configparser", "contextlib", "copy", "csv"),
    *("dataclasses", "datetime", "_pydatetime", "decimal", "_pydecimal", "difflib", "doctest", "enum", "filecmp"),
    *("fileinput", "fnmatch", "fractions", "ftplib", "functools", "getopt", "gettext", "heapq", "imaplib", "inspect"),
    *(
        "locale",
        "mailbox",
        "nntplib",
        "optparse",
        "os",
        "pathlib",
        "pdb",
        "pickle",
        "pickletools",
        "platform",
        "poplib",
    ),
    *("pprint", "profile", "pstats", "random", "sched", "shelve", "shutil", "smtplib", "socket", "socketserver"),
    *("statistics", "string", "subprocess", "tarfile", "tempfile", "textwrap", "threading", "timeit", "tokenize"),
    *("trace", "traceback", "turtle", "typing", "uuid", "warnings", "weakref", "webbrowser", "zipfile", "_pyio"),
    *("asyncio/base_events", "asyncio/events", "asyncio/locks", "asyncio/streams", "asyncio/tasks", "collections"),
    *("email/message", "email/policy", "http/client", "http/cookiejar", "http/server", "json", "logging"),
    *("logging/handlers", "multiprocessing/pool", "unittest/case", "unittest/mock", "urllib/parse", "urllib/request"),
)
_END = re.compile(r"(?<=[.?!])\s+(?=[A-Z])")
_READABLE = re.compile(r"[A-Z][a-z']*(?:,? (?:[a-z]+(?:-[a-z]+)*(?:'(?:s|t|re|ll|ve|d))?|I|Python))+[.?!]")
_SHORTEST, _LONGEST = 4, 20  # words
_NOT_WORDS = frozenset(("i", "e", "g", "eg", "ie", "etc", "vs", "self", "cls", "args", "kwargs", "str", "int", "bool"))


@lru_cache(maxsize=1)
def prose() -> tuple[str, ...]:
    """Sentences in the order of their letters, each once."""
    texts = [text for _, text in sorted(topics.items())]
    for module in _MODULES:
        texts += _docstrings(module)
    return tuple(sorted({sentence for text in texts for sentence in _sentences(text)}))


def _docstrings(module: str) -> list[str]:
    library = Path(sysconfig.get_path("stdlib"))
    files = [library / f"{module}.py", library / module / "__init__.py"]
    found = next((file for file in files if file.exists()), None)
    if found is None:  # not every version of Python has all of them
        return []
    nodes = ast.walk(ast.parse(found.read_text("utf-8")))
    documented = (node for node in nodes if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)))
    return [text for node in documented if (text := ast.get_docstring(node))]


def _sentences(text: str) -> Iterator[str]:
    text = re.sub(r"\((?:see|e\.g\.)[^()]*\)", "", text)
    text = re.sub(r"[\"“”*`]", "", text).replace("’", "'").replace("e.g.", "for example").replace("i.e.", "that is")
    for paragraph in re.split(r"\n\s*\n", text):
        for sentence in _END.split(" ".join(paragraph.split())):
            words = sentence.lower().rstrip(".?!").replace(",", "").split()
            if (
                _READABLE.fullmatch(sentence)
                and _SHORTEST <= len(words) <= _LONGEST
                and not _NOT_WORDS.intersection(words)
                and all(re.search("[aeiouy]", word) and len(word) < 18 for word in words)
            ):
                yield sentence
