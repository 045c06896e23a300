"""The trained stages as a model folder in compact form, half precision: what `core/embedded` holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from ..core.compact import write_compact
from ..core.families.embedded import EMBEDDED
from ..core.storage import new_folder
from .config import model
from .speaker_encoder import SpeakerEncoder
from .speech_tokenizer import SpeechTokenizer


def export(
    folder: Path,
    work: Path,
    text_vocabulary: int,
    stages: Mapping[str, nn.Module],
    tokenizer: SpeechTokenizer,
    encoder: SpeakerEncoder,
) -> None:
    """Write the model to `folder`, which must not exist; `work` has the text tokenizer's folder.

    stages: "lm", "flow", "vocoder". Raises StorageError.
    """
    EMBEDDED.path(work, "speech_tokenizer").write_bytes(tokenizer.eval().onnx(half=True))
    EMBEDDED.path(work, "speaker_encoder").write_bytes(encoder.eval().onnx(half=True))
    with new_folder(folder) as draft:
        write_compact(draft, work, EMBEDDED, model(text_vocabulary), stages, torch.float16)
