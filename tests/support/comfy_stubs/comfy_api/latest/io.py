"""comfy_api.latest.io: schemas as data. What a real schema would refuse is refused here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import Any


class ControlAfterGenerate(str, Enum):
    fixed = "fixed"
    randomize = "randomize"


class Hidden(str, Enum):
    unique_id = "UNIQUE_ID"
    prompt = "PROMPT"
    extra_pnginfo = "EXTRA_PNGINFO"


class Input:
    """An input; options: what else its type takes."""

    type = "*"
    widget = False
    takes: frozenset[str] = frozenset()

    def __init__(
        self,
        id: str,
        *,
        optional: bool = False,
        tooltip: str | None = None,
        advanced: bool | None = None,
        **options: Any,
    ) -> None:
        if unknown := options.keys() - self.takes:
            raise TypeError(f"{self.type} takes no {unknown}")
        self.id, self.optional, self.tooltip, self.advanced, self.options = id, optional, tooltip, advanced, options

    @property
    def default(self) -> Any:
        return self.options.get("default")


class Output:
    type = "*"

    def __init__(self, id: str, *, tooltip: str | None = None, is_output_list: bool = False) -> None:
        self.id, self.tooltip, self.is_output_list = id, tooltip, is_output_list


_NUMBER = {"default", "min", "max", "step"}


def _type(name: str, takes: set[str] = frozenset(), *, widget: bool = False) -> Any:  # type: ignore[assignment]
    kind = {"type": name, "widget": widget, "takes": frozenset(takes)}
    return SimpleNamespace(io_type=name, Input=type("Input", (Input,), kind), Output=type("Output", (Output,), kind))


Audio, Video, Image, AnyType = _type("AUDIO"), _type("VIDEO"), _type("IMAGE"), _type("*")
Boolean = _type("BOOLEAN", {"default"}, widget=True)
Int = _type("INT", {*_NUMBER, "control_after_generate"}, widget=True)
Float = _type("FLOAT", {*_NUMBER, "round"}, widget=True)
String = _type("STRING", {"default", "multiline", "dynamic_prompts", "placeholder"}, widget=True)
Combo = _type("COMBO", {"default", "options"}, widget=True)


def Custom(io_type: str) -> Any:  # noqa: N802
    return _type(io_type)


class MultiType:
    class Input(Input):
        takes = frozenset({"types"})

        def __init__(self, id: str, *, types: list[Any], **options: Any) -> None:
            super().__init__(id, types=types, **options)
            self.type = ",".join(one.io_type for one in types)


class Autogrow:
    class TemplateNames:
        def __init__(self, input: Input, names: list[str], min: int = 1) -> None:
            self.input, self.names, self.min = input, names, min

    class Input(Input):
        type = "COMFY_AUTOGROW_V3"
        takes = frozenset({"template"})


@dataclass
class Schema:
    node_id: str
    display_name: str
    category: str
    inputs: list[Input]
    outputs: list[Output]
    description: str = ""
    search_aliases: list[str] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)
    is_output_node: bool = False
    not_idempotent: bool = False

    def __post_init__(self) -> None:
        for puts in (self.inputs, self.outputs):
            ids = [put.id for put in puts]
            if len(set(ids)) != len(ids):
                raise ValueError(f"{self.node_id} names one twice: {ids}")


class ComfyNode:
    """hidden: filled in for each run."""

    hidden: Any = None

    @classmethod
    def define_schema(cls) -> Schema:
        raise NotImplementedError

    @classmethod
    def execute(cls, **inputs: Any) -> NodeOutput:
        raise NotImplementedError


class NodeOutput:
    def __init__(self, *args: Any, ui: Any = None) -> None:
        self.args, self.ui = args, ui


class NodeReplace:
    def __init__(
        self,
        new_node_id: str,
        old_node_id: str,
        old_widget_ids: list[str] | None = None,
        input_mapping: list[dict[str, Any]] | None = None,
        output_mapping: list[dict[str, int]] | None = None,
    ) -> None:
        self.new_node_id, self.old_node_id, self.old_widget_ids = new_node_id, old_node_id, old_widget_ids
        self.input_mapping, self.output_mapping = input_mapping, output_mapping
