"""Official model configurations (HyperPyYAML) as plain data: nothing in them is ever executed.

HyperPyYAML's `!new:module.Class` calls whatever it names. Here a tag only leaves a name behind:
`!new:a.b.Class {…}` and `!name:a.b.function {…}` become a dict with "class": the last part of the name;
`!ref <key>` is the value of that top-level key, `!ref <a> * <b>` arithmetic with + - * /;
what `!apply:` would compute is left out. Any other tag is an error.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..errors import ConfigError, ModelNotFound

MAX_BYTES = 1_000_000
# A few kilobytes of references to references could ask for gigabytes.
MAX_VALUES = 100_000
MAX_EXPRESSION = 200  # characters
MAX_NUMBER = 2**53

_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_TERM = re.compile(r"<(?P<key>\w+)>|(?P<number>\d+(\.\d+)?)")
_OPERATOR = re.compile(r"[-+*/]")
_APPLIED = object()  # stands for what an `!apply:` would have computed


def load(path: Path) -> dict[str, Any]:
    """The configuration in `path` as dicts, lists, strings, numbers, booleans and None.

    Raises ModelNotFound if there is no such file, ConfigError if it is not a CosyVoice configuration.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ModelNotFound(f"cannot read {path}: {error.strerror}; is this a model folder?") from error
    try:
        return _parse(content)
    except (_ContentError, yaml.YAMLError, ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else " ".join(str(error).split())
        raise ConfigError(f"{path} is not a CosyVoice configuration: {reason}; download the folder again") from error


class _ContentError(Exception):
    """Why a file is not a configuration."""


def _parse(content: bytes) -> dict[str, Any]:
    if len(content) > MAX_BYTES:
        raise _ContentError(f"it is larger than {MAX_BYTES} bytes")
    sections = yaml.load(content.decode("utf-8"), _Loader)  # a SafeLoader
    if not isinstance(sections, dict):
        raise _ContentError("it has no named sections")
    resolver = _Resolver(sections)
    return {key: resolver.section(key) for key, value in sections.items() if value is not _APPLIED}


@dataclass(frozen=True)
class _Reference:
    """What follows `!ref`."""

    expression: str


class _Loader(yaml.SafeLoader):
    """Plain YAML and the tags of HyperPyYAML; no anchors, and only strings as keys."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "anchor", None) is not None:  # also of an alias
            raise _ContentError(f"it has the anchor {event.anchor!r}")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping = super().construct_mapping(node, deep)
        for key in mapping:
            if not isinstance(key, str):
                raise _ContentError(f"it has the key {key!r}, which is not a string")
        return mapping


def _named(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    fields: dict[Any, Any] = {}
    if isinstance(node, yaml.MappingNode):
        fields = loader.construct_mapping(node, deep=True)
    elif not isinstance(node, yaml.ScalarNode) or node.value:
        raise _ContentError(f"{name!r} is not followed by named values")
    return {**fields, "class": name.rpartition(".")[2]}


def _reference(loader: _Loader, node: yaml.Node) -> _Reference:
    if not isinstance(node, yaml.ScalarNode):
        raise _ContentError("!ref is not followed by <a name>")
    return _Reference(node.value)


def _unknown(loader: _Loader, node: yaml.Node) -> None:
    tag = node.tag.replace("tag:yaml.org,2002:", "!!")
    raise _ContentError(f"it has the tag {tag}, which none has and which may be an attack")


_Loader.add_multi_constructor("!new:", _named)
_Loader.add_multi_constructor("!name:", _named)
_Loader.add_multi_constructor("!apply:", lambda loader, name, node: _APPLIED)
_Loader.add_constructor("!ref", _reference)
_Loader.add_constructor(None, _unknown)


class _Resolver:
    """Replaces references by copies of what they refer to."""

    def __init__(self, sections: dict[str, Any]) -> None:
        self._sections = sections
        self._open: list[str] = []  # the sections being resolved, outermost first
        self._values = 0

    def section(self, key: str) -> Any:
        if key in self._open:
            raise _ContentError(f"its references go round in a circle: {' -> '.join([*self._open, key])}")
        if key not in self._sections:
            raise _ContentError(f"it refers to <{key}>, which it does not have")
        self._open.append(key)
        value = self._resolve(self._sections[key])
        self._open.pop()
        return value

    def _resolve(self, value: Any) -> Any:
        self._values += 1
        if self._values > MAX_VALUES:
            raise _ContentError(f"its references expand to more than {MAX_VALUES} values")
        if value is _APPLIED:
            raise _ContentError(f"<{self._open[-1]}> is made by running code, which is never done")
        if isinstance(value, dict):
            return {key: self._resolve(item) for key, item in value.items() if item is not _APPLIED}
        if isinstance(value, list):
            return [self._resolve(item) for item in value if item is not _APPLIED]
        if isinstance(value, _Reference):
            return self._evaluate(value.expression)
        if value is not None and not isinstance(value, str | bool | int | float):
            raise _ContentError(f"it has a {type(value).__name__}, which none has")
        return value

    def _evaluate(self, expression: str) -> Any:
        """A single term, or a sum of products of numbers."""
        terms, operators = self._terms(expression)
        if not operators:
            return terms[0]
        for precedence in ("*/", "+-"):
            position = 0
            while position < len(operators):
                if operators[position] in precedence:
                    sign = operators.pop(position)
                    terms[position : position + 2] = [_calculate(sign, *terms[position : position + 2])]
                else:
                    position += 1
        return terms[0]

    def _terms(self, expression: str) -> tuple[list[Any], list[str]]:
        terms: list[Any] = []
        operators: list[str] = []
        if len(expression) > MAX_EXPRESSION:
            raise _ContentError(f"the reference {expression[:20]!r}… is longer than {MAX_EXPRESSION} characters")
        rest = expression.strip()
        while match := _TERM.match(rest):
            number = match["number"]
            terms.append(self.section(match["key"]) if number is None else yaml.safe_load(number))
            rest = rest[match.end() :].lstrip()
            if not rest:
                return terms, operators
            if not (sign := _OPERATOR.match(rest)):
                break
            operators.append(sign[0])
            rest = rest[1:].lstrip()
        raise _ContentError(f"the reference {expression!r} cannot be understood")


def _calculate(sign: str, left: Any, right: Any) -> int | float:
    for operand in (left, right):
        if isinstance(operand, bool) or not isinstance(operand, int | float):
            raise _ContentError(f"it calculates with {operand!r}, which is not a number")
    try:
        result: int | float = _OPERATIONS[sign](left, right)
    except ArithmeticError as error:
        raise _ContentError(f"it calculates {left} {sign} {right}: {error}") from error
    if not abs(result) < MAX_NUMBER:
        raise _ContentError(f"it calculates {left} {sign} {right}, which is too large")
    return result
