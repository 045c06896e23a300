"""One utterance as its host sees it: what has been said, what is to be read next, when it is over.

No tensors and no model in here: `Batch` asks what is `due`, and hands over every id that was drawn.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Literal

from .config import SpeechLMConfig

START, TURN = 0, 1  # ids of the task embedding

# Ids and the embedding they belong to: what the model is fed is a list of these.
Piece = tuple[Literal["task", "text", "speech"], Sequence[int]]

_LONGEST_CYCLE = 25  # ids: one second
_LOOP_LENGTH = 100  # ids: what goes round for four seconds is no speech


class Utterance:
    """Speaks a text that is all there: start, text, turn, speech.

    ids: the sounds so far. ending: None while there is more to say, then "stop" (the model ended it), "limit"
    (too long for its text or for the cache) or "loop" (it went round in circles: `ids` is cut back to the first
    round). drawn: every id so far, those that ask for more text included. position: how many positions of its
    cache are filled. capacity: how many there are; None as long as it is in no batch.
    """

    def __init__(
        self,
        config: SpeechLMConfig,
        text: Sequence[int],
        *,
        prompt_text: Sequence[int] = (),
        prompt_speech: Sequence[int] = (),
        seed: int = 0,
    ) -> None:
        """seed: int64; with the number of an id it decides the randomness of that id."""
        self.config, self.seed = config, seed
        self.ids: list[int] = []
        self.drawn: list[int] = []
        self.ending: str | None = None
        self.position = 0
        self.capacity: int | None = None
        self.due: deque[list[Piece]] = deque()
        self._text = deque([*prompt_text, *text])
        self._prompt = deque(prompt_speech)
        self._count = len(text)
        self._prefix = 2 + len(self._text) + len(self._prompt)
        self._gathered: list[Piece] = [("task", [START])]
        self._final = self._asking = False
        self._line_up()

    @property
    def waiting(self) -> bool:
        """Whether nothing can be done before more text comes."""
        return self.ending is None and not self.due and not self.drawing

    @property
    def drawing(self) -> bool:
        """Whether the next thing to do is to draw an id."""
        return self.ending is None and not self.due and not self._asking

    @property
    def prefix(self) -> int:
        """How many positions everything but the sounds will fill, by the text that is there."""
        return self._prefix

    @property
    def least(self) -> int:
        """How many sounds its text makes at least."""
        return int(self._count * self.config.min_token_text_ratio)

    @property
    def most(self) -> int:
        """How many sounds it may have, by the text that is there."""
        wanted = int(self._count * self.config.max_token_text_ratio)
        return wanted if self.capacity is None else min(wanted, self.capacity - self.prefix + 1)

    @property
    def min_steps(self) -> int:
        """How many ids must have been drawn before one may be drawn that is no sound."""
        return self.least - len(self.ids) + len(self.drawn)

    @property
    def barred(self) -> list[bool]:
        """Of the ids that are no sounds, in order, which are never drawn as things are."""
        return [False] * (self.config.head_size - self.config.speech_vocab)

    def take(self, token: int) -> None:
        """Note the id that was drawn."""
        self.drawn.append(token)
        if token >= self.config.speech_vocab:
            self._take_other()
        else:
            self.ids.append(token)
            self._take_sound()
        if self.ending is None and self.capacity is not None and self.position >= self.capacity:
            self.ending = "limit"  # the id that was just drawn could not be fed
        self._line_up()

    def _take_other(self) -> None:
        self.ending = "stop"

    def _take_sound(self) -> None:
        kept = without_loop(self.ids)
        if kept is not None:
            del self.ids[kept:]
            self.ending = "loop"
        elif self._final and len(self.ids) >= self.most:
            self.ending = "limit"

    def _line_up(self) -> None:
        """Move what can be fed now to `due`."""
        if not self._final:
            self._finish()

    def _finish(self) -> None:
        """The rest of the text, the turn and what the prompt's speech has left."""
        self._gather("text", self._text, len(self._text))
        self._gathered.append(("task", [TURN]))
        self._gather("speech", self._prompt, len(self._prompt))
        self._final, self._asking = True, False
        self._seal()
        if len(self.ids) >= self.most:
            self.ending = "limit"

    def _gather(self, kind: Literal["text", "speech"], source: deque[int], count: int) -> int:
        """Move up to `count` ids from `source` to what is gathered; how many there were."""
        taken = [source.popleft() for _ in range(min(count, len(source)))]
        if taken:
            self._gathered.append((kind, taken))
        return len(taken)

    def _seal(self) -> None:
        """What is gathered will be fed in one go."""
        if not self._gathered:
            return
        self.due.append(self._gathered)
        self._gathered = []
        if self.capacity is not None and self.position + sum(map(length, self.due)) > self.capacity:
            self.ending = "limit"


class Interleaved(Utterance):
    """Speaks a text that is still arriving, from its first few ids on.

    The model reads blocks of `mix_ratio[0]` text ids, each followed by up to `mix_ratio[1]` sounds: the prompt's
    as long as there are any, then its own, behind which the fill id asks for the next block. Its own come behind
    a block that holds text of its own. The last text ids,
    fewer than a block, are followed by the turn and the sounds that end it. This is the layout of
    `prepare_lm_input_target` in the official `cosyvoice/llm/llm.py`; what is fed depends on the text alone, never
    on when and in which pieces it came.
    """

    def __init__(
        self,
        config: SpeechLMConfig,
        *,
        prompt_text: Sequence[int] = (),
        prompt_speech: Sequence[int] = (),
        seed: int = 0,
    ) -> None:
        """seed: see `Utterance`."""
        self._open, self._begun = True, False
        self._ahead = len(prompt_text)  # ids until the prompt's text has been read
        self._left = 0  # sounds until the next block of text is due
        super().__init__(config, (), prompt_text=prompt_text, prompt_speech=prompt_speech, seed=seed)

    def feed(self, text: Sequence[int]) -> None:
        """More text ids; of no use to an utterance that has ended."""
        if not self._open:
            raise ValueError("feed() behind end(): this text has no more to come")
        self._text.extend(text)
        self._count += len(text)
        self._prefix += len(text)
        self._line_up()

    def end(self) -> None:
        """There is no more text."""
        self._open = False
        self._line_up()

    @property
    def barred(self) -> list[bool]:
        """Between blocks the model can ask for text but not end, behind the turn the reverse."""
        others = range(self.config.speech_vocab, self.config.head_size)
        return [(token == self.config.fill_id) == self._final for token in others]

    @property
    def min_steps(self) -> int:
        return super().min_steps if self._final else 0

    def _take_other(self) -> None:
        if self._final:
            super()._take_other()
        else:
            self._asking = True

    def _take_sound(self) -> None:
        super()._take_sound()
        self._left -= 1
        if self._left == 0 and not self._final:
            # The fill id is certain here: instead of drawing it, the sound before it is read with what follows.
            self._gathered.append(("speech", self.ids[-1:]))
            self.drawn.append(self.config.fill_id)
            self._asking = True

    def _line_up(self) -> None:
        if not self._begun:
            self._begun = self._asking = True
            self._blocks()
            # The prompt's own blocks are read at once, whenever the text comes: what is read together must
            # not depend on time, or its last bit would.
            if len(self._gathered) > 1:
                self._seal()
        elif self._asking and self.ending is None:
            self._blocks()
            if self._asking and not self._open:
                self._finish()

    def _blocks(self) -> None:
        more, reach = self.config.mix_ratio
        while self._asking and len(self._text) >= more:
            self._gather("text", self._text, more)
            said = self._gather("speech", self._prompt, reach)
            self._ahead -= more
            # A prompt that says more than a block's text with a block's sounds has text left: nobody speaks that.
            self._asking = bool(self._prompt) or self._ahead >= 0
            self._left = reach - said or reach
        if not self._asking:
            self._seal()


def length(pieces: Sequence[Piece]) -> int:
    """How many positions they fill."""
    return sum(len(ids) for _, ids in pieces)


def without_loop(ids: Sequence[int]) -> int | None:
    """How many ids to keep if the last ones go round in a circle, the first round included; None if they do not."""
    if len(ids) < _LOOP_LENGTH:
        return None
    tail = ids[-_LOOP_LENGTH:]
    for period in range(1, _LONGEST_CYCLE + 1):
        if tail[period:] == tail[:-period]:
            return len(ids) - _LOOP_LENGTH + period
    return None
