"""What of the quality an engine gives away for speed, where it was asked to."""

from __future__ import annotations

from dataclasses import replace

from .errors import RequestError
from .lm.int8 import quantize
from .options import EngineOptions
from .pipeline import Pipeline


def tune(pipeline: Pipeline, options: EngineOptions) -> None:
    """Change a loaded model as the options say. Raises RequestError for what cannot be done on its device."""
    flow = pipeline.flow
    if options.int8:
        if pipeline.device.type != "cpu":
            raise RequestError(f"int8 is for a CPU, and the model is on {pipeline.device}: leave it out")
        quantize(pipeline.lm)
    if options.flow_steps is not None:
        flow.config = replace(flow.config, steps=options.flow_steps)
    if not options.guidance:
        flow.config = replace(flow.config, guidance=0.0)
