"""A loaded model at work: its stages, and what the requests that it speaks share."""

from __future__ import annotations

from hashlib import sha256
from math import ceil

import torch

from .checkpoint import Dtypes, ModelFolder, load_model
from .dtypes import choose_dtypes
from .flow.flow import FlowInput
from .flow.graphs import page_pool
from .flow.stream import FlowStream
from .flow.voices import Begun, VoiceCache
from .lm.batch import Batch
from .movable import Weights
from .options import EngineOptions
from .pipeline import Pipeline
from .request import OnProgress
from .streams import Lanes
from .tuning import tune
from .voice.voice import Voice

FIRST_SECONDS = 0.11  # of audio that a stream's first chunk should give: 0.1 to play, and what a limiter holds back
_PHASES = 8  # sizes that a prompt's last chunk may have: with fewer more is cut off, with more it begins later
_LONGEST = 4096  # positions of the language model: prompt, text and speech of one segment


class Runtime:
    """Slots of the language model, pages of the flow, voices that were taken in. Used by one thread."""

    def __init__(self, pipeline: Pipeline, options: EngineOptions) -> None:
        self.pipeline, self.options = pipeline, options
        alone = options.deterministic
        self.lanes = lanes = Lanes(pipeline.device, graphs=options.cuda_graphs)
        slots = options.slots_on(pipeline.device.type)
        self.batch = Batch(pipeline.lm, slots, _LONGEST, together=not alone, record=lanes.lm_record)
        # Who must not depend on its neighbours has a share of its own.
        budget, shares = options.flow_memory_mb << 20, slots if alone else 1
        self.pool = page_pool(pipeline.flow, budget, shares=shares, record=lanes.flow_record)
        self._voices = VoiceCache(self.pool, options.voice_memory_mb << 20)

    def begin(self, voice: Voice) -> Begun:
        """The stream that has taken in this voice's prompt, or is to."""
        cut = self.cut(len(voice.speech_tokens))
        heard = b"".join(array.tobytes() for array in (voice.speech_tokens, voice.mel, voice.x_vector))
        return self._voices.begin(sha256(heard).digest(), lambda: self._stream(voice, cut))

    def make_room(self, stream: FlowStream, count: int) -> bool:
        """Whether the next `count` tokens of a stream can be kept, after forgetting voices if need be."""
        return self._voices.make_room(stream, count)

    def clear(self) -> None:
        """Forget all voices."""
        self._voices.clear()

    def cut(self, prompt: int) -> int:
        """How many of a prompt's first tokens a stream leaves out, so that its first chunk is early.

        Chunks begin with the prompt. Where its end is late in one, few tokens of speech complete that chunk; but they
        must be enough to be heard behind what the vocoder holds back.
        """
        config, vocoder = self.pipeline.flow.config, self.pipeline.vocoder
        frames = vocoder.holdback + FIRST_SECONDS * self.pipeline.sample_rate / vocoder.config.samples_per_frame
        chunk = config.encoder.chunk
        best = chunk - ceil(frames / config.token_mel_ratio) % chunk  # tokens of the prompt in that chunk
        late = (prompt - best) % chunk
        if late > chunk - _PHASES or late > prompt:
            return 0
        return late

    def _stream(self, voice: Voice, cut: int) -> FlowStream:
        pipeline = self.pipeline
        ids = torch.from_numpy(voice.speech_tokens[cut:]).long().to(pipeline.device)
        mel = torch.from_numpy(voice.mel[cut * pipeline.flow.config.token_mel_ratio :]).to(pipeline.device)
        x_vector = torch.from_numpy(voice.x_vector).to(pipeline.device)
        return FlowStream(pipeline.flow, FlowInput(ids, mel, x_vector), self.pool)


class Models:
    """The model of one folder, in as many dtypes as were asked for; each loaded at first need, and kept."""

    def __init__(
        self,
        folder: ModelFolder,
        device: torch.device,
        dtype: str,
        options: EngineOptions,
        weights: Weights | None = None,
    ) -> None:
        """dtype: as in `load`, where a request names none. weights: somebody else's, to be used as they are."""
        self.options = options
        self._weights = weights
        self._folder, self._device, self._dtype = folder, device, dtype
        self._loaded: dict[Dtypes, Runtime] = {}

    def fingerprint(self, dtype: str | None = None) -> str:
        """Tells apart what may not sound the same: files, device, dtypes, and what is given up for speed."""
        held = self._weights
        dtypes = held.dtypes if held and dtype is None else choose_dtypes(dtype or self._dtype, self._device)
        options = self.options
        settings = (dtypes, self._device.type, options.flow_steps, options.guidance, options.int8, self._folder.stamp)
        return sha256(repr(settings).encode()).hexdigest()

    def get(self, dtype: str | None = None, on_progress: OnProgress | None = None) -> Runtime:
        """Raises what `load_model` does."""
        held = self._weights
        dtypes = held.dtypes if held and dtype is None else choose_dtypes(dtype or self._dtype, self._device)
        if dtypes not in self._loaded:
            if held and dtypes == held.dtypes:
                model = held.model()
            else:
                model = load_model(self._folder, device=self._device, dtypes=dtypes, on_progress=on_progress)
            pipeline = Pipeline(model)
            tune(pipeline, self._folder.config, self.options)
            self._loaded[dtypes] = Runtime(pipeline, self.options)
        return self._loaded[dtypes]

    def clear(self) -> None:
        self._loaded.clear()
