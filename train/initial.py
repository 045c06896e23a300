"""Weights to start from, for modules of core that are made to be filled with published ones."""

from __future__ import annotations

import torch
from torch import nn

from ..core.flow.encoder import RelativeAttention
from ..core.flow.flow import Flow
from ..core.flow.layers import CausalConv
from ..core.lm.speech_lm import SpeechLM


def initialise_flow(flow: Flow, mean_mel: torch.Tensor) -> None:
    """mean_mel [bins]: where the velocity points before anything is learnt."""
    for module in flow.modules():
        if isinstance(module, CausalConv):
            nn.init.normal_(module.weight, std=module.weight.shape[1] ** -0.5)
            nn.init.zeros_(module.bias)
        elif isinstance(module, RelativeAttention):
            nn.init.zeros_(module.content_bias)
            nn.init.zeros_(module.position_bias)
    with torch.no_grad():
        flow.project.bias.copy_(mean_mel)
        flow.estimator.out.bias.copy_(mean_mel)


def initialise_language_model(lm: SpeechLM) -> None:
    """As GPT-2: normal, the layers that write to the residual stream smaller the more of them there are."""
    depth = (2 * lm.config.decoder.num_hidden_layers) ** -0.5
    for name, parameter in lm.named_parameters():
        if parameter.dim() < 2:
            continue
        nn.init.normal_(parameter, std=0.02 * (depth if name.endswith(("attention.out.weight", "down.weight")) else 1))
    for module in lm.modules():
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
