"""comfy_api.latest: what an extension is, and VIDEO."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from . import io, ui

__all__ = ["ComfyAPI", "ComfyExtension", "InputImpl", "Types", "io", "ui"]


class ComfyExtension(ABC):
    async def on_load(self) -> None:  # noqa: B027
        """Called once before the nodes are asked for."""

    @abstractmethod
    async def get_node_list(self) -> list[type[io.ComfyNode]]: ...


class ComfyAPI:
    """registered: what NodeReplacement was given, for all instances."""

    registered: list[io.NodeReplace] = []  # noqa: RUF012

    class NodeReplacement:
        async def register(self, replacement: io.NodeReplace) -> None:
            ComfyAPI.registered.append(replacement)

    def __init__(self) -> None:
        self.node_replacement = self.NodeReplacement()


@dataclass
class VideoComponents:
    images: Any  # [B, H, W, 3] in 0 to 1
    frame_rate: Fraction
    audio: Any = None
    metadata: Any = None
    alpha: Any = None


class VideoFromComponents:
    def __init__(self, components: VideoComponents, bit_depth: int = 8) -> None:
        self._components, self._bit_depth = components, bit_depth

    def get_components(self) -> VideoComponents:
        return self._components

    def get_bit_depth(self) -> int:
        return self._bit_depth

    def get_duration(self) -> float:
        return float(len(self._components.images) / self._components.frame_rate)


class VideoFromFile:
    def __init__(self, file: str, *, start_time: float = 0, duration: float = 0) -> None:
        self._file, self._start, self._duration = file, start_time, duration

    def get_stream_source(self) -> str:
        return self._file

    def get_active_trim_window(self) -> tuple[float, float]:
        return float(self._start), float(self._duration)


class InputImpl:
    VideoFromFile = VideoFromFile
    VideoFromComponents = VideoFromComponents


class Types:
    VideoComponents = VideoComponents
