"""Between the engine's door and its worker: what a request says is made ready, and the request handed over."""

from __future__ import annotations

from .channel import Channel
from .checkpoint import ModelFolder
from .checks import check_language, check_request
from .errors import CheckpointError
from .job import Job
from .modes import Prompting, prompting
from .request import SpeechRequest
from .runtime import Models
from .scheduler import Scheduler
from .script import Part, Script
from .speech_stream import TextInlet
from .text.front import prepare
from .text.language import tells_english
from .text.live import Increment, LiveReader

_ENOUGH = 60  # characters by which a language is known


class Reception:
    """Knows the folder's tokenizer and what its family can do. Used by many threads."""

    def __init__(self, folder: ModelFolder, models: Models, scheduler: Scheduler) -> None:
        """Raises CheckpointError if the tokenizer does not belong to the model."""
        self._folder, self._models, self._scheduler = folder, models, scheduler
        self.family = family = folder.family
        self._tokenizer = family.open_tokenizer(folder.path)
        if self._tokenizer.vocab_size > folder.config.lm.decoder.vocab_size:
            raise CheckpointError(
                f"the tokenizer in {folder.path} knows {self._tokenizer.vocab_size} ids, the model only "
                f"{folder.config.lm.decoder.vocab_size}: they are of different models; download the folder again"
            )
        # A text may laugh and breathe, but not end the prompt or begin another turn.
        self._allowed = frozenset(token for token in family.control_tokens if not token.startswith("<|"))

    def plan(self, request: SpeechRequest) -> Prompting:
        """Raises RequestError for what cannot be done."""
        check_request(request, self.family)
        return prompting(request, self.family, self._tokenizer, self._allowed)

    def read(self, request: SpeechRequest) -> list[Part]:
        """All that a request says. Raises TextError, RequestError."""
        parts = []
        segments = prepare(request.text, self._tokenizer, self._allowed, request.lexicon, language=request.language)
        for segment in segments:
            check_language(segment.text, segment.language, self.family)
            parts.append(Part(segment.text, self._tokenizer.encode(segment.text, allowed=self._allowed)))
        return parts

    def begin(self, request: SpeechRequest, plan: Prompting, parts: list[Part], *, live: bool, tells: bool) -> Channel:
        """Hand over a request whose text is all there; see `Job`. Raises Busy, RequestError."""
        script = Script(self._scheduler.wake, parts, closed=True)
        return self._submit(request, plan, script, live=live, tells=tells, segments=len(parts))

    def begin_heard(self, request: SpeechRequest, heard: list[list[int]], *, live: bool, tells: bool) -> Channel:
        """Hand over what somebody else said: speech ids, part after part. Raises Busy, RequestError."""
        script = Script(self._scheduler.wake, [Part("", ids) for ids in heard], closed=True)
        return self._submit(request, None, script, live=live, tells=tells, segments=len(heard))

    def begin_fed(self, request: SpeechRequest, *, tells: bool) -> tuple[Channel, TextInlet]:
        """Hand over a request whose text is still to come. Raises Busy, RequestError."""
        plan, family = self.plan(request), self.family
        interleave = request.interleave and "interleave" in family.capabilities
        script = Script(self._scheduler.wake)
        channel = self._submit(request, plan, script, live=True, interleave=interleave, tells=tells)

        said = ""  # of the segment that is being written
        held: list[Part] = []  # of it, while nothing tells its language: foreign words are not to be babbled

        def write(increments: list[Increment]) -> None:
            nonlocal said
            for part in increments:
                said = part.text if part.begins else said + part.text
                held.append(Part(part.text, list(part.ids), begins=part.begins, ends=part.ends))
                enough = part.ends or len(said) > _ENOUGH
                if enough or family.languages is None or tells_english(said):
                    ready, held[:] = tuple(held), ()
                    if enough:
                        check_language(said, part.language, family)
                    script.add(ready)

        reader = LiveReader(
            self._tokenizer, self._allowed, request.lexicon, words=interleave, language=request.language
        )
        return channel, TextInlet(reader, script, write)

    def _submit(
        self,
        request: SpeechRequest,
        plan: Prompting | None,
        script: Script,
        *,
        live: bool,
        tells: bool,
        segments: int = 0,
        interleave: bool = False,
    ) -> Channel:
        ahead = self._models.options.ahead_seconds
        channel = Channel(self._scheduler.wake, self._folder.config.sample_rate, ahead)
        models = self._models
        job = Job(
            lambda: models.get(request.dtype),
            request,
            plan,
            script,
            channel,
            live=live,
            interleave=interleave,
            segments=segments,
            tells=tells,
        )
        self._scheduler.submit(job)
        return channel
