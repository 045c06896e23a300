"""A request on the device: its segments one behind the other, as far as each has come."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, perf_counter

from . import noise
from .channel import Channel, Done, SegmentEnd, Sound
from .errors import RequestError, TextError
from .line import Line, LiveLine, Said, Saying, Work
from .lm.utterance import Interleaved, Utterance
from .modes import Prompting
from .request import Progress, SpeechRequest
from .runtime import Runtime
from .script import Part, Script

_LINES = 3  # segments of a stream that the language model may be ahead of what is heard
_PATIENCE = 10.0  # seconds that who waits for the whole is taken to have before a listener's next chunk matters more


def shown(text: str) -> str:
    """A text in quotes, cut to what a line of a message can hold."""
    return repr(text if len(text) <= 40 else text[:39] + "…")


class Job:
    """One request: opens lines as its script grows, and tells its channel what became of them.

    Used by the worker's thread alone, but for `script` and `channel`, whose other ends are the caller's.
    """

    def __init__(
        self,
        load: Callable[[], Runtime],
        request: SpeechRequest,
        plan: Prompting | None,
        script: Script,
        channel: Channel,
        *,
        live: bool,
        interleave: bool = False,
        segments: int = 0,
        tells: bool = False,
    ) -> None:
        """load: the model, which may still have to be read. plan: None where the script holds speech ids, not text.

        live: heard while it is made. interleave: its text may still be arriving while it is spoken. segments: how
        many there will be, if that is known. tells: whether anybody listens to its progress.
        """
        self._load, self.request, self._plan = load, request, plan
        self.script, self.channel, self.live, self._interleave = script, channel, live, interleave
        self._segments, self._tells = segments, tells
        self.since = monotonic()
        self.over = False
        self.alone = False  # whether it is not to be computed together with others
        self.lines: deque[Line] = deque()
        self.running: Work | None = None
        self.seconds: dict[str, float] = {}
        self._runtime: Runtime | None = None
        self._opened = self._ended = 0
        self._writing: Line | None = None
        self._heard_at: float | None = None
        self._delivered = 0

    @property
    def runtime(self) -> Runtime:
        if self._runtime is None:
            self._runtime = self._load()
        return self._runtime

    @property
    def key(self) -> tuple[int, float]:
        """Who is served first: who has heard nothing yet, then whose listener runs dry first."""
        if not self.live:
            return 1, self.since + _PATIENCE
        if self._heard_at is None:
            return 0, self.since
        return 1, self._heard_at + self._delivered / self.runtime.pipeline.sample_rate

    @property
    def idle(self) -> bool:
        """Whether it has nothing to do before more text comes."""
        return not self.lines and self.script.empty and self.script.open

    def poll(self, spare: int) -> None:
        """Open the lines that can be. spare: slots of the language model that others do not need."""
        if (left := self._pause_left()) is not None and left <= 0:
            self.script.pause()
        while (part := self.script.peek()) is not None:
            if self._writing is not None and not part.begins:
                self._write(self.script.take())
                continue
            self._close_line()
            if not self._may_open(spare):
                return
            self._open(self.script.take())
        if self.script.open:
            return
        self._close_line()
        if self.script.error is not None:
            raise self.script.error
        if not self._opened:
            raise TextError("the text has no letters or digits: there is nothing to say")
        if not self.lines:
            self.end()

    @property
    def wakes_in(self) -> float | None:
        """Seconds after which it must be looked at again, though nobody has done anything; None if it need not."""
        limits = [] if (left := self._pause_left()) is None else [left]
        if self.channel.full:
            limits.append(self.channel.read + self.runtime.options.patience_seconds - monotonic())
        return min(limits, default=None)

    def check(self) -> None:
        """Raises RequestError where nobody reads what is made."""
        patience = self.runtime.options.patience_seconds
        if self.channel.full and monotonic() - self.channel.read > patience:
            raise RequestError(f"nobody has read the speech for {patience:g} s: it was given up")

    @property
    def speaking(self) -> list[Utterance]:
        """Utterances that the language model can work on."""
        return [utterance for utterance in self._seated() if not utterance.waiting]

    def work(self) -> Work | None:
        """What the flow can do now, if it is not at it already."""
        if self.running is not None or self.channel.full or not self.lines:
            return None
        return self.lines[0].work()

    def run(self, work: Work) -> None:
        """The flow begins with it."""
        self.running = work
        if work.prompt:
            work.prompt.busy = True

    def stop_running(self) -> None:
        """The flow is done with what it was at, or gives it up."""
        if self.running is not None and self.running.prompt:
            self.running.prompt.busy = False
        self.running = None

    def heard(self, utterance: Utterance) -> None:
        """The language model has said more."""
        number, line = next((n, line) for n, line in enumerate(self.lines) if line.saying is utterance)
        line.hear()
        if utterance.ending is not None and not line.ids:
            raise TextError(
                f"the model found nothing to say for {shown(line.text)}: try another seed or a longer sentence"
            )
        self.tell("speech", len(utterance.ids), utterance.most, number)

    def sound(self) -> None:
        """Let what is ready be heard."""
        while self.lines:
            line = self.lines[0]
            if line.mel is not None:
                self.tell("waveform", 0, 1)
            with self.timed("vocoder"):
                audio = line.sound()
            if audio is not None:
                self.tell("waveform", 1, 1)
                if len(audio):
                    self._heard_at = self._heard_at or monotonic()
                    self._delivered += len(audio)
                    self.channel.put(Sound(audio))
            if not line.over:
                return
            self.channel.put(SegmentEnd(line.text, line.ids, _warnings(line)))
            self.lines.popleft()
            self._ended += 1

    def tell(self, stage: str, done: int, total: int, line: int = 0) -> None:
        if self._tells:
            number = self._ended + line + 1
            self.channel.put(Progress(stage, done, total, number, max(self._segments, self._opened)))

    def end(self, error: BaseException | None = None) -> None:
        """Free everything; the consumer learns why."""
        if self.over:
            return
        self.over = True
        self.script.close()
        for utterance in self._seated():
            with self.runtime.lanes.lm():
                self.runtime.batch.leave(utterance)
        self.lines.clear()
        self._writing = None
        self.stop_running()
        self.channel.put(Done(error, self.seconds))

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Adds up the seconds of a stage; every stage ends with its result on the host, so the clock is true."""
        started = perf_counter()
        yield
        self.spend(stage, perf_counter() - started)

    def spend(self, stage: str, seconds: float) -> None:
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds

    def _seated(self) -> list[Utterance]:
        """Its utterances that hold a slot of the language model."""
        if not self.lines:
            return []
        own = {id(line.saying) for line in self.lines}
        return [utterance for utterance in self.runtime.batch.utterances if id(utterance) in own]

    def _pause_left(self) -> float | None:
        """Seconds until a text that has stopped arriving is spoken as far as it is there; None if it has not."""
        quiet = self.script.quiet_since
        return None if quiet is None else quiet + self.runtime.options.pause_seconds - monotonic()

    def _may_open(self, spare: int) -> bool:
        if self._plan is None:
            return len(self.lines) < _LINES
        if not self.runtime.batch.free:
            return False
        if not any(line.speaking for line in self.lines):
            return not self.live or len(self.lines) < _LINES
        return not self.live and spare > 0

    def _open(self, part: Part) -> None:
        seed = noise.derive(self.request.seed, self._opened)  # equal sentences need not sound equal
        self._opened += 1
        saying: Saying = Said(part.ids) if self._plan is None else self._utterance(part, seed)
        line = (LiveLine if self.live else Line)(self.runtime, self.request, part.text, saying, seed)
        line.hear()
        self.lines.append(line)
        if not part.ends:
            self._writing = line

    def _utterance(self, part: Part, seed: int) -> Utterance:
        assert self._plan is not None
        config, key = self.runtime.pipeline.lm.config, self.runtime.pipeline.lm_seed(seed)
        prompt_text, prompt_speech = self._plan.text, self._plan.speech
        utterance: Utterance
        if self._interleave:
            utterance = Interleaved(config, prompt_text=prompt_text, prompt_speech=prompt_speech, seed=key)
            utterance.feed(part.ids)
            if part.ends:
                utterance.end()
        else:
            utterance = Utterance(config, part.ids, prompt_text=prompt_text, prompt_speech=prompt_speech, seed=key)
        self.runtime.batch.join(utterance)
        return utterance

    def _write(self, part: Part) -> None:
        assert self._writing is not None and isinstance(self._writing.saying, Interleaved)
        self._writing.text += part.text
        self._writing.saying.feed(part.ids)
        if part.ends:
            self._close_line()

    def _close_line(self) -> None:
        """The line's text is complete."""
        if self._writing is not None:
            assert isinstance(self._writing.saying, Interleaved)
            self._writing.saying.end()
            self._writing = None


def _warnings(line: Line) -> tuple[str, ...]:
    if line.saying.ending == "loop":
        return (f"the model repeated itself in {shown(line.text)} and was cut: try another seed",)
    if line.saying.ending == "limit":
        return (f"the model did not end {shown(line.text)} by itself: try another seed",)
    return ()
