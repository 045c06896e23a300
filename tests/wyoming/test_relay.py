"""Speech whose speaker changes, with streams that are told what to do."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from cosyvox import core
from cosyvox.core import AudioChunk, Cancelled, RequestError, TextError
from cosyvox.wyoming_cosyvoice.relay import Help, Relay
from numpy.typing import NDArray

RATE = 24_000


class Talk:
    """A stream: every piece is a chunk, whose samples are the piece's length; some pieces it cannot say."""

    def __init__(self, unspeakable: str = "", fails: BaseException | None = None) -> None:
        """fails: raised to the listener instead of the first chunk."""
        self.sample_rate = RATE
        self.unspeakable, self.fails = unspeakable, fails
        self.fed: list[str] = []
        self.cancelled = False
        self._made: queue.Queue[str | BaseException | None] = queue.Queue()

    def feed(self, piece: str) -> None:
        if self.unspeakable and self.unspeakable in piece:
            raise RequestError(f"cannot say {piece}")
        self.fed.append(piece)
        self._made.put(self.fails or piece)

    def flush(self) -> None:
        self.fed.append("|")

    def finish(self) -> None:
        self.fed.append(".")
        self._made.put(None)

    def cancel(self) -> None:
        self.cancelled = True
        self._made.put(Cancelled("stopped"))

    def __iter__(self) -> Iterator[AudioChunk]:
        while isinstance(made := self._made.get(timeout=20), str):
            yield AudioChunk(np.full(len(made), 0.5, np.float32), RATE, final=False)
        if made is not None:
            raise made


class Aid:
    """Offers these, one after the other."""

    def __init__(self, *helps: Help) -> None:
        self.helps = list(helps)
        self.asked: list[tuple[str, bool]] = []
        self.heard: list[int] = []

    def help(self, error: BaseException, *, heard: bool) -> Help | None:
        self.asked.append((type(error).__name__, heard))
        return self.helps.pop(0) if self.helps else None

    def hear(self, audio: NDArray[np.float32], rate: int) -> None:
        self.heard.append(len(audio))


def words(text: str) -> Talk:
    """A stream that has its text already."""
    talk = Talk()
    talk.feed(text)
    talk.finish()
    return talk


def lengths(relay: Relay) -> list[int]:
    return [len(chunk.audio) for chunk in relay]


def test_without_trouble_it_is_the_stream() -> None:
    talk, aid = Talk(), Aid()
    relay = Relay(talk, aid)
    for piece in ("a", "bb"):
        relay.feed(piece)
    relay.flush()
    relay.finish()
    assert lengths(relay) == [1, 2] and talk.fed == ["a", "bb", "|", "."]
    assert relay.sample_rate == RATE and aid.heard == [3] and not aid.asked


def test_what_cannot_be_said_is_excused_behind_what_was_said_and_the_rest_is_left_out() -> None:
    talk = Talk(unspeakable="?")
    aid = Aid(Help(words("excuse!"), again=False))
    relay = Relay(talk, aid)
    for piece in ("a", "??", "bb", "??"):
        relay.feed(piece)
    relay.flush()
    relay.finish()
    assert lengths(relay) == [1, 7]
    assert talk.fed == ["a", "."] and aid.asked == [("RequestError", False)] and aid.heard == [1]


def test_somebody_else_begins_again_with_all_that_was_fed() -> None:
    full, small = Talk(fails=core.OutOfMemory("full")), Talk()
    aid = Aid(Help(small, again=True))
    relay = Relay(full, aid)
    relay.feed("a")
    relay.flush()
    relay.feed("bb")
    chunks = iter(relay)
    assert len(next(chunks).audio) == 1
    relay.feed("cccc")
    relay.finish()
    assert [len(chunk.audio) for chunk in chunks] == [2, 4]
    assert full.cancelled and small.fed == ["a", "|", "bb", "cccc", "."] and aid.heard == [7]


def test_somebody_else_begins_again_also_when_the_text_is_over() -> None:
    aid = Aid(Help(small := Talk(), again=True))
    relay = Relay(Talk(fails=core.OutOfMemory("full")), aid)
    relay.feed("a")
    relay.finish()
    assert lengths(relay) == [1] and small.fed == ["a", "."]


def test_who_begins_again_may_need_an_excuse() -> None:
    aid = Aid(Help(Talk(unspeakable="a"), again=True), Help(words("excuse!"), again=False))
    relay = Relay(Talk(fails=core.OutOfMemory("full")), aid)
    relay.feed("a")
    relay.feed("b")
    relay.finish()
    assert lengths(relay) == [7]
    assert aid.asked == [("OutOfMemory", False), ("RequestError", False)]


def test_a_listener_who_waits_follows_who_begins_again() -> None:
    aid = Aid(Help(Talk(), again=True))
    first = Talk(unspeakable="?")
    relay = Relay(first, aid)
    heard: list[int] = []
    listener = threading.Thread(target=lambda: heard.extend(lengths(relay)))
    listener.start()
    relay.feed("??")
    relay.finish()
    listener.join(20)
    assert heard == [2] and first.cancelled


def test_without_help_the_error_is_told_to_whom_it_happened() -> None:
    relay = Relay(Talk(unspeakable="?"), aid := Aid())
    with pytest.raises(RequestError):
        relay.feed("?")
    relay = Relay(Talk(fails=core.OutOfMemory("full")), aid)
    relay.feed("a")
    with pytest.raises(core.OutOfMemory):
        next(relay)


def test_an_error_behind_something_heard_says_so() -> None:
    talk = Talk()
    relay = Relay(talk, aid := Aid(Help(words("excuse!"), again=False)))
    relay.feed("a")
    assert len(next(relay).audio) == 1
    talk.fails = RequestError("a word of the text")
    relay.feed("b")
    assert lengths(relay) == [7] and aid.asked == [("RequestError", True)]


def test_nothing_to_say_before_an_excuse_is_no_error() -> None:
    talk = Talk(unspeakable="?")
    talk.finish = lambda: talk._made.put(TextError("nothing to say"))  # type: ignore[method-assign]
    relay = Relay(talk, Aid(Help(words("excuse!"), again=False)))
    relay.feed("?")
    assert lengths(relay) == [7]


def test_who_is_cancelled_gets_no_help() -> None:
    talk, excuse = Talk(unspeakable="?"), words("excuse!")
    aid = Aid(Help(excuse, again=False))
    relay = Relay(talk, aid)
    relay.feed("?")
    relay.cancel()
    assert talk.cancelled and excuse.cancelled
    relay = Relay(talk := Talk(unspeakable="?"), aid := Aid(Help(words("x"), again=False)))
    relay.cancel()
    with pytest.raises(RequestError):
        relay.feed("?")
    with pytest.raises(Cancelled):
        next(relay)
    assert not aid.asked


def test_who_is_cancelled_while_help_is_looked_for_does_not_wait_for_it() -> None:
    excuse, looking, found = words("excuse!"), threading.Event(), threading.Event()

    class Slow(Aid):
        def help(self, error: BaseException, *, heard: bool) -> Help | None:
            looking.set()
            assert found.wait(20)
            return super().help(error, heard=heard)

    relay = Relay(talk := Talk(unspeakable="?"), Slow(Help(excuse, again=False)))
    feeder = threading.Thread(target=relay.feed, args=("?",))
    feeder.start()
    assert looking.wait(20)
    relay.cancel()
    assert talk.cancelled and not excuse.cancelled
    found.set()
    feeder.join(20)
    assert excuse.cancelled
