"""The node that empties the cache of spoken segments."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from .. import core
from .sockets import CATEGORY
from .speaking import written


class CosyVoxClearCache(io.ComfyNode):
    """Nothing -> nothing kept."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CosyVoxClearCache",
            display_name="CosyVox Clear Cache",
            category=CATEGORY,
            description="Forgets every spoken segment that is kept on disk, so that all is computed anew.",
            search_aliases=["free disk", "reset cache"],
            inputs=[
                io.AnyType.Input(
                    "any", optional=True, tooltip="Link anything here that has to be done before the cache is emptied."
                ),
            ],
            outputs=[io.String.Output("report", tooltip="How much was freed.")],
            is_output_node=True,
            not_idempotent=True,
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def fingerprint_inputs(cls, any: Any = None) -> float:
        return float("nan")  # equal to nothing, not even itself: there may be something to clear again

    @classmethod
    def execute(cls, any: Any = None) -> io.NodeOutput:
        cache = core.SegmentCache()
        report = f"{cache.clear() / 1e6:.1f} MB were freed in {cache.folder}"
        return io.NodeOutput(report, ui=written(cls, [report]))
