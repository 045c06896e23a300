"""Text in, samples out: pieces, manners, silence, errors, and that nothing is left when it ends early."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

import pytest
from cosyvox.core import Cancelled, RequestError, TextError
from cosyvox.wyoming_cosyvoice.narration import RATE, SILENCE, Narration, Rest
from talkers import ToneEngine, ToneHouse, spoken


class Marked:
    """Cuts at "|": what stands in front of a colon is the manner, a number of seconds to rest in between."""

    def feed(self, piece: str) -> list[tuple[Hashable, str]]:
        found: list[tuple[Hashable, str]] = []
        for part in piece.split("|"):
            manner, colon, text = part.rpartition(":")
            found.append((Rest(float(manner[1:])), "") if manner.startswith("~") else (manner if colon else None, text))
        return found

    def finish(self) -> list[tuple[Hashable, str]]:
        return []


def narrate(house: ToneHouse, scene: Callable[[Narration], Awaitable[Any]], reader: Any = None, **options: Any) -> Any:
    async def run() -> Any:
        narration = Narration(house, lambda manner: manner, reader, **options)  # type: ignore[arg-type, return-value]
        return await asyncio.wait_for(scene(narration), 30)

    return asyncio.run(run())


async def all_of(narration: Narration) -> bytes:
    pcm = b""
    while (samples := await narration.next()) is not None:
        pcm += samples
    return pcm


def whole(*pieces: str) -> Callable[[Narration], Awaitable[bytes]]:
    async def scene(narration: Narration) -> bytes:
        for piece in pieces:
            narration.feed(piece)
        narration.finish()
        return await all_of(narration)

    return scene


def test_what_is_fed_is_said() -> None:
    house = ToneHouse()
    pcm = narrate(house, whole("One. ", "Two."))
    assert spoken(pcm) == "OneTwo"
    assert house.orders == [None]
    fields = house.engine.streams[0].fields
    assert fields == {"voice": "a voice", "sample_rate": RATE}


def test_long_text_is_fed_in_slices_so_that_it_can_be_left() -> None:
    house = ToneHouse()
    narrate(house, whole("a" * 3000))
    assert max(map(len, house.engine.fed)) < 1000
    assert "".join(house.engine.fed) == "a" * 3000


def test_every_manner_has_an_order_and_one_follows_the_other() -> None:
    house = ToneHouse()
    pcm = narrate(house, whole("One.|sad:Two.|sad:Three.|happy:Four.|Five."), Marked())
    assert spoken(pcm) == "OneTwoThreeFourFive"
    assert house.orders == [None, "sad", "happy", None]
    assert not house.taken


def test_more_manners_than_can_be_spoken_at_once() -> None:
    """They wait for each other, so that one text does not fill the engine's queue."""
    house = ToneHouse()
    most = 0

    class Watched(ToneHouse):
        def open(self, order: Any) -> Any:
            nonlocal most
            chair = super().open(order)
            most = max(most, self.taken)
            return chair

    house = Watched()
    text = "|".join(f"{number}:x" for number in range(50))
    assert spoken(narrate(house, whole(text), Marked())) == "x" * 50
    assert most <= 3


def test_a_rest_is_silence_of_its_length() -> None:
    with_rest = narrate(ToneHouse(), whole("a|~0.5:|b"), Marked())
    one = narrate(ToneHouse(), whole("a"))
    assert spoken(with_rest) == "ab"
    assert len(with_rest) == 2 * len(one) + RATE // 2 * 2


@pytest.mark.parametrize("pieces", [(), ("",), ("  ", "\n"), ("**",), ("**|sad:!!",)])
def test_nothing_to_say_is_a_tenth_of_a_second(pieces: tuple[str, ...]) -> None:
    house = ToneHouse()
    assert narrate(house, whole(*pieces), Marked()) == SILENCE
    assert not house.taken


def test_a_part_with_nothing_to_say_leaves_the_others_alone() -> None:
    assert spoken(narrate(ToneHouse(), whole("One.|sad:**|Two."), Marked())) == "OneTwo"


@pytest.mark.parametrize("error", [RequestError("no"), ZeroDivisionError("a defect")])
@pytest.mark.parametrize("where", ["open", "feed", "speak"])
def test_errors_come_behind_what_was_said(error: BaseException, where: str) -> None:
    engine = ToneEngine(
        unfit={"bad": error} if where == "feed" else {}, failing={"bad": error} if where == "speak" else {}
    )

    class Choosy(ToneHouse):
        def open(self, order: Any) -> Any:
            if order == "sad" and where == "open":
                raise error
            return super().open(order)

    house = Choosy(engine)
    heard = b""

    async def scene(narration: Narration) -> None:
        nonlocal heard
        narration.feed("One.|sad:bad")
        narration.finish()
        while (samples := await narration.next()) is not None:
            heard += samples

    with pytest.raises(type(error)):
        narrate(house, scene, Marked())
    assert spoken(heard) == "One"


def test_text_that_is_refused_as_text_is_nothing_to_say() -> None:
    house = ToneHouse(ToneEngine(unfit={"x": TextError("a tag")}))
    assert narrate(house, whole("x")) == SILENCE


@pytest.mark.parametrize("moment", ["before text", "while it waits", "while it speaks", "at the end"])
def test_cancelled_at_any_moment_nothing_is_left(moment: str) -> None:
    house = ToneHouse()
    if moment != "at the end":
        house.engine.may_speak.clear()
    before = threading.active_count()

    async def scene(narration: Narration) -> None:
        waiting = asyncio.create_task(narration.next())
        await asyncio.sleep(0.01)
        if moment != "before text":
            narration.feed("One.")
            while not house.engine.streams:
                await asyncio.sleep(0.01)
        if moment == "at the end":
            narration.finish()
            await waiting
            assert await narration.next() is None
            narration.cancel()
            return
        narration.cancel()
        with pytest.raises(Cancelled):
            await waiting
        house.engine.may_speak.set()
        assert await narration.next() is None

    async def settled(narration: Narration) -> None:
        await scene(narration)
        while house.taken or threading.active_count() > before:
            await asyncio.sleep(0.01)

    narrate(house, settled)
    assert all(stream.cancelled for stream in house.engine.streams)


def test_who_does_not_read_holds_back_who_speaks() -> None:
    """What is made and not read is bounded: the rest waits in the engine, which stops making it."""
    house = ToneHouse()
    said = 0

    async def scene(narration: Narration) -> None:
        nonlocal said
        for _ in range(100):
            narration.feed("word ")
        narration.finish()
        await narration.next()
        await asyncio.sleep(0.3)
        said = house.engine.streams[0]._text.qsize()
        narration.cancel()

    narrate(house, scene)
    assert said > 80


def test_silence_keeps_a_player_alive_while_the_text_pauses() -> None:
    async def scene(narration: Narration) -> tuple[int, bytes]:
        narration.feed("a")
        pcm = await narration.next() or b""
        silent = 0
        while silent < 3:
            samples = await narration.next()
            assert samples == SILENCE
            silent += 1
        narration.feed("b")
        narration.finish()
        return silent, pcm + await all_of(narration)

    silent, pcm = narrate(ToneHouse(), scene, keep_alive=True)
    assert (silent, spoken(pcm)) == (3, "ab")


def test_without_it_nothing_is_sent_while_the_text_pauses() -> None:
    async def scene(narration: Narration) -> None:
        narration.feed("a")
        await narration.next()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(narration.next(), 0.3)
        narration.cancel()

    narrate(ToneHouse(), scene)
