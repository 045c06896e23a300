"""One segment of a request on its way: ids from the language model, mel from the flow, sound from the vocoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .flow.flow import Steps
from .flow.stream import FlowStream, advance
from .flow.voices import Begun
from .lm.utterance import Utterance
from .request import SpeechRequest
from .runtime import Runtime
from .vocoder.stream import VocoderStream
from .vocoder.stretch import Stretch

# Chunks of a stream's first, second, … piece; the last goes on. Later ones are larger: less is computed twice around
# them, and the listener has something to listen to meanwhile.
_HOPS = (1, 1, 2, 4)
_LONGEST_HOP = 16  # of a stream that cannot keep its past


class Saying(Protocol):
    """Where a line's ids come from: an utterance of the language model, or what somebody said."""

    ids: list[int]
    ending: str | None


@dataclass
class Said:
    """Ids that are all there."""

    ids: list[int]
    ending: str | None = "stop"


@dataclass
class Work:
    """The next thing that the flow can do for a line.

    stream: whose `count` next tokens; None is a whole utterance. done: takes the mel.
    """

    line: Line
    begin: Callable[[], Steps]
    done: Callable[[Tensor], None]
    stream: FlowStream | None = None
    count: int = 0
    final: bool = True
    prompt: Begun | None = None


class Line:
    """A segment that is spoken whole: mel and sound are made when all ids are there."""

    def __init__(self, runtime: Runtime, request: SpeechRequest, text: str, saying: Saying, seed: int) -> None:
        self.runtime, self.request, self.text, self.saying, self.seed = runtime, request, text, saying, seed
        self.ids: list[int] = []
        self.mel: Tensor | None = None
        self.over = False

    @property
    def speaking(self) -> Utterance | None:
        """The utterance that the language model is at, if it is."""
        saying = self.saying
        return saying if isinstance(saying, Utterance) and saying.ending is None else None

    def hear(self) -> None:
        """Take the ids that were drawn since."""
        self.ids = self.saying.ids

    def work(self) -> Work | None:
        """What the flow can do now."""
        if self.saying.ending is None or self.mel is not None:
            return None
        voice, pipeline = self.request.voice, self.runtime.pipeline
        return Work(self, lambda: pipeline.mel_steps(self.ids, voice), self._take)

    def sound(self) -> NDArray[np.float32] | None:
        """What can be heard now [S] and has not been; None if the vocoder has nothing to do."""
        if self.mel is None or self.over:
            return None
        self.over = True
        return self.runtime.pipeline.waveform(self.mel, seed=self.seed, speed=self.request.speed)

    def _take(self, mel: Tensor) -> None:
        self.mel = mel


class LiveLine(Line):
    """A segment that is heard while it is made. What is computed when depends on its ids alone, not on the clock."""

    def __init__(self, runtime: Runtime, request: SpeechRequest, text: str, saying: Saying, seed: int) -> None:
        super().__init__(runtime, request, text, saying, seed)
        self._begun: Begun | None = runtime.begin(request.voice)
        self._stream: FlowStream | None = None
        self._given = self._hops = 0
        self._vocoder = VocoderStream(runtime.pipeline.vocoder, runtime.pipeline.vocoder_noise(seed))
        self._stretch = Stretch(request.speed)
        self._last = False

    def hear(self) -> None:
        # What was heard is not taken back, also where the language model does.
        self.ids += self.saying.ids[len(self.ids) :]

    def work(self) -> Work | None:
        if self.mel is not None or self._last:
            return None
        stream = self._stream or self._fork()
        if stream is None:
            return self._prompt_work()
        config = stream.flow.config.encoder
        hop = _HOPS[min(self._hops, len(_HOPS) - 1)]
        if stream.recomputes:  # what is computed again is so less often
            hop = max(hop, min(stream.anew, _LONGEST_HOP)) + stream.silent
        count = config.chunk * hop
        if not self.ids:
            return None
        there = len(self.ids) - self._given + stream.pending
        if there >= count + config.lookahead:
            return self._work(stream, count, count + config.lookahead, final=False)
        if self.saying.ending is None:
            return None
        return self._work(stream, there, there, final=True)

    def sound(self) -> NDArray[np.float32] | None:
        if self.mel is None or self.over:
            return None
        mel, self.mel, self.over = self._stretch.feed(self.mel), None, self._last
        if self._last:
            mel = torch.cat((mel, self._stretch.finish()))
        sounds = [self._vocoder.feed(mel)] + ([self._vocoder.finish()] if self._last else [])
        return torch.cat(sounds).float().cpu().numpy()

    def _fork(self) -> FlowStream | None:
        """This line's own stream, once the prompt was taken in."""
        if self._begun is not None and not self._begun.count:
            self._stream, self._begun = self._begun.stream.fork(), None
        return self._stream

    def _prompt_work(self) -> Work | None:
        begun = self._begun
        if begun is None or begun.busy:
            return None
        stream, count = begun.stream, begun.count
        if not self.runtime.make_room(stream, count):
            stream.forget()
            return self.work()
        return Work(self, lambda: advance([stream], count, final=False), lambda mel: None, stream, count, False, begun)

    def _work(self, stream: FlowStream, count: int, needed: int, *, final: bool) -> Work:
        lacking = max(0, needed - stream.pending)
        stream.add(self.ids[self._given : self._given + lacking])
        self._given += lacking

        def done(mel: Tensor) -> None:
            self.mel, self._last, self._hops = mel, final, self._hops + 1

        return Work(self, lambda: advance([stream], count, final=final), done, stream, count, final)
