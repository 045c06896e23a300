"""Many utterances: several side by side, each seeded by what it is, and none made twice."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

from ..engine import Engine
from ..errors import Busy, Cancelled, CosyVoxError
from ..request import OnProgress, Progress, ShouldStop, Speech, SpeechRequest
from ..segment_cache import SegmentCache
from ..voice.voice import Voice

_VERSION = 1  # to be counted up when the same request comes to sound different
_LOOK_SECONDS = 0.05  # between two looks at progress and at `should_stop`
_BUSY_SECONDS = 0.5  # until a request that was refused is tried again
_PARTS = 100  # of an utterance that progress is told in


class Renderer:
    """Speaks lists of requests by an engine. Its seeds follow from what is said, not from where it stands in a list:
    a line that is inserted or changed leaves all others as they were.
    """

    def __init__(self, engine: Engine, cache: SegmentCache | None = None) -> None:
        """cache: where utterances are kept from one time to the next."""
        self.engine, self.cache = engine, cache

    def render(
        self,
        requests: Sequence[SpeechRequest],
        *,
        labels: Sequence[str] | None = None,
        on_progress: OnProgress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> list[Speech]:
        """The utterances of all requests, in order. labels: what each is called in an error, such as "cue 12".

        Raises what `Engine.speak` does; the first error ends all.
        """
        # Once for all of them: it looks at every file of the model's folder.
        prints = {dtype: self.engine.fingerprint(dtype) for dtype in {request.dtype for request in requests}}
        keys = [_key(request, prints[request.dtype]) for request in requests]
        labels = labels or [""] * len(requests)
        wanted = {key: (request, label) for key, request, label in zip(keys, requests, labels, strict=True)}
        made: dict[str, Speech] = {}
        for key in wanted:
            if self.cache is not None and (speech := self.cache.get(key)):
                made[key] = speech
        work = {key: item for key, item in wanted.items() if key not in made}
        batch = _Batch(work, len(wanted), lambda key, request, **tools: self._make(key, request, **tools))
        made |= batch.run(min(self.engine.slots, len(work)), on_progress, should_stop)
        return [made[key] for key in keys]

    def _make(self, key: str, request: SpeechRequest, *, on_progress: OnProgress, should_stop: ShouldStop) -> Speech:
        while True:
            try:
                speech = self.engine.speak(
                    replace(request, seed=content_seed(request)), on_progress=on_progress, should_stop=should_stop
                )
                break
            except Busy:  # others use this engine, too
                if should_stop():
                    raise
                time.sleep(_BUSY_SECONDS)
        if self.cache is not None:
            self.cache.put(key, speech)
        return replace(speech, timings={})


def _key(request: SpeechRequest, engine: str) -> str:
    """What an utterance is kept under. engine: its fingerprint."""
    return _digest([*_content(request), request.speed, request.gain_db, request.sample_rate, engine, _VERSION])


def content_seed(request: SpeechRequest) -> int:
    """The seed of an utterance: follows from the request's own, its words, its voice and how it is said.

    Not from its speed or loudness: faster, the same utterance is shorter by just that.
    """
    return int(_digest(_content(request))[:15], 16)


def voice_digest(voice: Voice) -> str:
    """Tells voices apart by what a model hears in them."""
    arrays = (voice.speech_tokens, voice.mel, voice.x_vector)
    return sha256(b"".join(array.tobytes() for array in arrays) + (voice.transcript or "").encode()).hexdigest()


def _content(request: SpeechRequest) -> list[object]:
    lexicon = request.lexicon.digest if request.lexicon else None
    voice = voice_digest(request.voice)
    return [request.seed, request.text, voice, request.instruction, request.mode, request.language, lexicon]


def _digest(content: list[object]) -> str:
    return sha256(json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


class _Batch:
    """Work that several threads take from one list, while the caller's thread tells how it goes."""

    def __init__(self, work: Mapping[str, tuple[SpeechRequest, str]], total: int, make: Callable[..., Speech]) -> None:
        self._left = deque(work.items())
        self._done = dict.fromkeys(work, 0.0)  # fractions
        self._before = total - len(work)
        self._total = total
        self._make = make
        self._made: dict[str, Speech] = {}
        self._errors: list[BaseException] = []
        self._stop = threading.Event()

    def run(self, threads: int, on_progress: OnProgress | None, should_stop: ShouldStop | None) -> dict[str, Speech]:
        pool = [threading.Thread(target=self._serve, name="cosyvox render", daemon=True) for _ in range(threads)]
        told = -1
        try:
            for thread in pool:
                thread.start()
            while True:
                if should_stop is not None and should_stop():
                    raise Cancelled("stopped on request")
                told = self._tell(on_progress, told)
                if (working := next((thread for thread in pool if thread.is_alive()), None)) is None:
                    break
                working.join(_LOOK_SECONDS)
        finally:
            self._stop.set()
            for thread in pool:
                if thread.ident is not None:
                    thread.join()
        if self._errors:
            raise self._errors[0]
        self._tell(on_progress, told)
        return self._made

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                key, (request, label) = self._left.popleft()
            except IndexError:
                return
            try:
                self._made[key] = self._make(
                    key, request, on_progress=lambda now, key=key: self._note(key, now), should_stop=self._stop.is_set
                )
                self._done[key] = 1.0
            except BaseException as error:
                self._errors.append(_labelled(error, label))
                self._stop.set()

    def _note(self, key: str, progress: Progress) -> None:
        self._done[key] = max(self._done[key], progress.fraction)

    def _tell(self, on_progress: OnProgress | None, told: int) -> int:
        done = round(_PARTS * (self._before + sum(self._done.values())))
        if on_progress is not None and done > told:
            on_progress(Progress("speak", done, _PARTS * self._total))
        return max(done, told)


def _labelled(error: BaseException, label: str) -> BaseException:
    """The error, saying where it happened."""
    if not label or not isinstance(error, CosyVoxError) or isinstance(error, Cancelled):
        return error
    named = type(error)(f"{label}: {error}")
    named.__cause__ = error
    return named
