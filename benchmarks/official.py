"""The official CosyVoice2 as a `System` and a `StreamingSystem`, driven from a checkout of its repository.

Nothing of it is part of this project. The checkout goes on `sys.path` of the benchmark's own process,
and what the official modules import but speaking never uses is replaced by empty modules. The
weights are loaded by the official `CosyVoice2Model.load`.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from inspect import isclass
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from workload import MEL_RATE, SPEECH_VOCAB, Chunk, Line, Prompt, time_each

REQUIREMENTS = {
    "transformers": "transformers==4.51.3",  # later versions compute other logits from the official mask
    "diffusers": "diffusers==0.29.0",
    "conformer": "conformer",
    "einops": "einops",
    "omegaconf": "omegaconf",
    "scipy": "scipy",
    "onnxruntime": "onnxruntime",
}

HOMES = {
    "Qwen2LM": "cosyvoice.llm.llm",
    "Qwen2Encoder": "cosyvoice.llm.llm",
    "ras_sampling": "cosyvoice.utils.common",
    "CausalMaskedDiffWithXvec": "cosyvoice.flow.flow",
    "UpsampleConformerEncoder": "cosyvoice.transformer.upsample_encoder",
    "CausalConditionalCFM": "cosyvoice.flow.flow_matching",
    "CausalConditionalDecoder": "cosyvoice.flow.decoder",
    "HiFTGenerator": "cosyvoice.hifigan.generator",
    "ConvRNNF0Predictor": "cosyvoice.hifigan.f0_predictor",
    "DictConfig": "omegaconf",
}


class OfficialCosyVoice2:
    """folder: a model as it is published. config: its yaml as plain data. `import_official` comes first."""

    def __init__(self, folder: Path, config: Mapping[str, Any]) -> None:
        with _backbone_from_config():
            stages = [_build(config[stage], folder) for stage in ("llm", "flow", "hift")]
        self.model = import_module("cosyvoice.cli.model").CosyVoice2Model(*stages)
        self.model.load(*(str(folder / name) for name in ("llm.pt", "flow.pt", "hift.pt")))
        # Random weights would end at random: the ids that end an utterance are never likely.
        self.model.llm.llm_decoder.bias.data[SPEECH_VOCAB:] = -torch.inf
        self._first_hop = self.model.token_hop_len

    def decode(self, text: Tensor, prompt_speech: Tensor, steps: int) -> list[float]:
        ids = self.model.llm.inference(
            text=text[None],
            text_len=_length(text),
            prompt_text=text[None, :0],
            prompt_text_len=_length(text[:0]),
            prompt_speech_token=prompt_speech[None],
            prompt_speech_token_len=_length(prompt_speech),
            embedding=torch.zeros(0, 192),
            max_token_text_ratio=steps,
        )
        return time_each(ids, steps)

    def mel(self, speech: Tensor, prompt: Prompt) -> Tensor:
        mel, _ = self.model.flow.inference(
            token=speech[None].int(),
            token_len=_length(speech),
            prompt_token=prompt.speech[None].int(),
            prompt_token_len=_length(prompt.speech),
            prompt_feat=prompt.mel[None],
            prompt_feat_len=_length(prompt.mel),
            embedding=prompt.speaker[None],
            streaming=False,
            finalize=True,
        )
        return mel[0].T

    def wave(self, mel: Tensor) -> Tensor:
        wave, _ = self.model.hift.inference(speech_feat=mel.T[None], cache_source=torch.zeros(1, 1, 0))
        return wave[0]

    def stream(self, line: Line, prompt: Prompt) -> Iterator[int]:
        return self._streamed(prompt, text=line.ids[None], prompt_text=prompt.text[None])

    def chunks(self, speech: Tensor, prompt: Prompt) -> list[Chunk]:
        """Its conversion: the same loop over chunks, with all tokens there from the beginning."""
        flow, vocoder = _Timed(self.model.flow.inference), _Timed(self.model.hift.inference)
        with patch.object(self.model.flow, "inference", flow), patch.object(self.model.hift, "inference", vocoder):
            for _ in self._streamed(prompt, source_speech_token=speech[None]):
                pass
        # Every call of the flow returns the mel from the beginning.
        until = (mel.shape[2] / MEL_RATE for mel, _ in flow.results)
        return [Chunk(*row) for row in zip(until, flow.seconds, vocoder.seconds, strict=True)]

    def _streamed(self, prompt: Prompt, **what: Tensor) -> Iterator[int]:
        self.model.token_hop_len = self._first_hop  # every request raises it for all that come after
        pieces = self.model.tts(
            **what,
            flow_embedding=prompt.speaker[None],
            llm_embedding=prompt.speaker[None],
            llm_prompt_speech_token=prompt.speech[None].int(),
            flow_prompt_speech_token=prompt.speech[None].int(),
            prompt_speech_feat=prompt.mel[None],
            stream=True,
        )
        for piece in pieces:
            yield piece["tts_speech"].shape[1]


class _Timed:
    """A function that remembers its results and how long each took."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.results: list[Any] = []
        self.seconds: list[float] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        started = perf_counter()
        self.results.append(self._function(*args, **kwargs))
        self.seconds.append(perf_counter() - started)
        return self.results[-1]


def import_official(checkout: Path) -> None:
    """Import what the official code needs from a checkout with third_party/Matcha-TTS; exits with what is missing."""
    sources = (checkout, checkout / "third_party" / "Matcha-TTS")
    for source, package in zip(sources, ("cosyvoice", "matcha"), strict=True):
        if not (source / package).is_dir():
            raise SystemExit(
                f"{source} has no folder {package!r}: --official takes a checkout of "
                "https://github.com/FunAudioLLM/CosyVoice, cloned with --recursive"
            )
    missing = [requirement for name, requirement in REQUIREMENTS.items() if find_spec(name) is None]
    if missing:
        raise SystemExit(f"the official code needs packages that are not installed: pip install {' '.join(missing)}")
    logging.basicConfig(level=logging.WARNING)  # before the official code sets DEBUG for everyone
    warnings.simplefilter("ignore", FutureWarning)
    for name in ("diffusers", "transformers"):  # they look for torchaudio, and must not find the stub
        import_module(f"{name}.utils.logging").set_verbosity_error()
    sys.path[:0] = [str(source) for source in sources]
    _stub("torchaudio")
    _stub("torchaudio.compliance")
    _stub("torchaudio.compliance.kaldi")
    _stub("matcha.utils")
    _stub("matcha.utils.pylogger", get_pylogger=logging.getLogger)
    for home in ("cosyvoice.cli.model", *HOMES.values()):
        import_module(home)


def _stub(name: str, **members: object) -> None:
    """An empty module (package) under `name`, attached to its parent."""
    module = ModuleType(name)
    module.__path__ = []
    module.__dict__.update(members)
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent in sys.modules:
        setattr(sys.modules[parent], child, module)


@contextmanager
def _backbone_from_config() -> Iterator[None]:
    """The official encoder reads a pretrained backbone that llm.pt then overwrites: build it empty instead."""
    from transformers import Qwen2Config, Qwen2ForCausalLM
    from transformers.modeling_utils import no_init_weights

    def build(folder: str) -> Qwen2ForCausalLM:
        with no_init_weights():
            model = Qwen2ForCausalLM(Qwen2Config.from_pretrained(folder))
        model.tie_weights()
        return model

    with patch.object(Qwen2ForCausalLM, "from_pretrained", build):
        yield


def _build(node: Any, folder: Path) -> Any:
    """An official object from its description: {"class": name, argument: value, …}."""
    if not isinstance(node, Mapping) or "class" not in node:
        return node
    thing = getattr(import_module(HOMES[node["class"]]), node["class"])
    if node["class"] == "Qwen2Encoder":
        return thing(str(folder / "CosyVoice-BlankEN"))
    arguments = {key: _build(value, folder) for key, value in node.items() if key != "class"}
    return thing(**arguments) if isclass(thing) else partial(thing, **arguments)


def _length(x: Tensor) -> Tensor:
    return torch.tensor([len(x)], dtype=torch.int32)
