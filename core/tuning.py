"""What of the quality an engine gives away for speed, where it was asked to."""

from __future__ import annotations

from dataclasses import replace

from .errors import RequestError
from .families import ModelConfig
from .lm.int8 import quantize
from .options import EngineOptions
from .pipeline import Pipeline


def tune(pipeline: Pipeline, config: ModelConfig, options: EngineOptions) -> None:
    """Change a loaded model of this configuration as the options say; what is in 8 bits then stays so.

    Raises RequestError for what cannot be done on its device.
    """
    flow = pipeline.flow
    if options.int8:
        if pipeline.device.type != "cpu":
            raise RequestError(f"int8 is for a CPU, and the model is on {pipeline.device}: leave it out")
        quantize(pipeline.lm)
    flow.config = replace(
        config.flow,
        steps=config.flow.steps if options.flow_steps is None else options.flow_steps,
        guidance=config.flow.guidance if options.guidance else 0.0,
    )
