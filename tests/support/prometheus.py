"""Reads Prometheus' text format 0.0.4 as strictly as it is written down."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


@dataclass
class Measure:
    """samples: (name, labels) -> value."""

    kind: str
    help: str
    samples: dict[tuple[str, tuple[tuple[str, str], ...]], float] = field(default_factory=dict)


def parse(text: str) -> dict[str, Measure]:
    """Every measure by name. Raises AssertionError or ValueError where a line is not as it must be."""
    assert text.endswith("\n")
    found: dict[str, Measure] = {}
    described = ""
    current = ""
    for line in text.removesuffix("\n").split("\n"):
        if match := re.fullmatch(rf"# HELP ({NAME}) (.*)", line):
            assert match[1] not in found, f"{match[1]} twice"
            current, described = match[1], match[2]
        elif match := re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge|histogram)", line):
            assert match[1] == current, line
            found[current] = Measure(match[2], described)
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            measure = found[current]
            assert match[1] in {current + suffix for suffix in SUFFIXES[measure.kind]}, line
            key = (match[1], labels(match[2] or ""))
            assert key not in measure.samples, f"{key} twice"
            measure.samples[key] = float(match[3].replace("Inf", "inf"))
    for name, measure in found.items():
        if measure.kind == "histogram":
            check_buckets(name, measure)
    return found


def labels(written: str) -> tuple[tuple[str, str], ...]:
    read = []
    while written:
        match = LABEL.match(written)
        assert match, written
        read.append((match[1], re.sub(r"\\.", lambda escape: ESCAPES[escape[0]], match[2])))
        written = written[match.end() :]
    return tuple(read)


def check_buckets(name: str, measure: Measure) -> None:
    """Bounds grow, counts never fall, and the last bucket holds everything."""
    buckets = [
        (float(dict(key[1])["le"]), value) for key, value in measure.samples.items() if key[0].endswith("_bucket")
    ]
    assert buckets == sorted(buckets) and buckets[-1][0] == math.inf
    counts = [value for _, value in buckets]
    assert counts == sorted(counts) and counts[-1] == measure.samples[f"{name}_count", ()]
