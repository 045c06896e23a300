"""What a client is answered: the protocol as Home Assistant speaks it, and as nobody should."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from cosyvox.core import Busy, OutOfMemory, RequestError
from cosyvox.wyoming_cosyvoice.connection import MOST_WAITING
from cosyvox.wyoming_cosyvoice.narration import SILENCE
from talkers import ToneEngine, ToneHouse
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeVoice
from wyoming_server import STREAMED, WHOLE, Answer, Served, answer, say_stream, serving

Scene = Callable[[Served], Awaitable[Any]]


def play(scene: Scene, house: ToneHouse | None = None, **settings: Any) -> Any:
    """Run a scene against a server, for as long as tests may take."""

    async def run() -> Any:
        async with serving(house, **settings) as served:
            return await asyncio.wait_for(scene(served), 60)

    return asyncio.run(run())


def asked(*events: Event, until: str = "audio-stop") -> Scene:
    async def scene(served: Served) -> Answer:
        async with served.client() as client:
            for event in events:
                await client.write_event(event)
            return await answer(client, until)

    return scene


def streamed(*pieces: str) -> Scene:
    async def scene(served: Served) -> Answer:
        async with served.client() as client:
            await say_stream(client, *pieces)
            return await answer(client, "synthesize-stopped")

    return scene


async def until(condition: Callable[[], Any]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


def test_one_text() -> None:
    got = play(asked(Synthesize("Hello there.").event()))
    assert (got.text, got.outline, got.rates) == ("Hellothere", WHOLE, [24000])


def test_a_stream_as_home_assistant_sends_it() -> None:
    """It repeats the whole text in the middle, for servers that cannot read a stream."""
    chunks = [SynthesizeChunk("The light ").event(), SynthesizeChunk("is on.").event()]
    got = play(
        asked(
            SynthesizeStart().event(),
            *chunks,
            Synthesize("The light is on.").event(),
            SynthesizeStop().event(),
            until="synthesize-stopped",
        )
    )
    assert (got.text, got.outline, got.rates) == ("Thelightison", STREAMED, [24000])


def test_what_is_asked_for_reaches_the_order() -> None:
    house = ToneHouse()
    voice = {"name": "alice", "speaker": "用四川话说", "language": "zh"}
    data = {"text": "One.", "voice": voice, "context": {"cosyvox": {"seed": 1}}, "text_format": "ssml"}
    play(asked(Event("synthesize", data)), house)
    ((wish, _),) = house.orders
    assert (wish.name, wish.speaker, wish.language, wish.ssml) == ("alice", "用四川话说", "zh", True)
    assert wish.context == {"cosyvox": {"seed": 1}}


@pytest.mark.parametrize("voice", ["alice", 7, ["a"], {"name": 7}, {"name": None, "speaker": {}}, None])
def test_a_voice_of_the_wrong_type_is_none(voice: Any) -> None:
    house = ToneHouse()
    got = play(asked(Event("synthesize", {"text": "One.", "voice": voice, "context": 3})), house)
    assert got.text == "One"
    assert house.orders[0][0].name is None


@pytest.mark.parametrize("text", ["**", "", "  \n", "\x00", "\ud800", "😀"])
def test_what_cannot_be_spoken_is_valid_silence(text: str) -> None:
    assert play(asked(Synthesize(text).event())).pcm == SILENCE
    got = play(streamed(text))
    assert (got.pcm, got.outline) == (SILENCE, STREAMED)


def test_a_stream_without_any_text() -> None:
    got = play(streamed())
    assert (got.pcm, got.outline) == (SILENCE, STREAMED)


def test_one_character_per_chunk_and_empty_ones() -> None:
    text = "Every letter comes alone"
    got = play(streamed(*(piece for letter in text for piece in (letter, ""))))
    assert got.text == text.replace(" ", "")


def test_a_character_that_was_cut_in_two() -> None:
    """As by clients whose strings are UTF-16."""
    house = ToneHouse()
    play(streamed("a \ud83d", "\ude00 b", "\udc00 c \ud800"), house)
    assert "".join(house.engine.fed) == "a 😀 b c "


def test_nul_is_only_a_character() -> None:
    assert play(asked(Synthesize("One\x00two").event())).text == "Onetwo"


def test_several_requests_of_one_connection_are_answered_in_order() -> None:
    async def scene(served: Served) -> list[str]:
        async with served.client() as client:
            for text in ("One.", "Two.", "Three."):
                await client.write_event(Synthesize(text).event())
            return [(await answer(client)).text for _ in range(3)]

    assert play(scene) == ["One", "Two", "Three"]


def test_a_stream_that_begins_within_another_ends_that() -> None:
    async def scene(served: Served) -> list[str]:
        async with served.client() as client:
            await client.write_event(SynthesizeStart().event())
            await client.write_event(SynthesizeChunk("One.").event())
            await say_stream(client, "Two.")
            return [(await answer(client, "synthesize-stopped")).text for _ in range(2)]

    assert play(scene) == ["One", "Two"]


def test_text_before_a_stream_belongs_to_nothing() -> None:
    async def scene(served: Served) -> str:
        async with served.client() as client:
            await client.write_event(SynthesizeChunk("Zero.").event())
            await say_stream(client, "One.")
            return (await answer(client, "synthesize-stopped")).text

    assert play(scene) == "One"


def test_describe_and_ping_while_speech_is_made() -> None:
    house = ToneHouse()
    house.engine.may_speak.clear()

    async def scene(served: Served) -> tuple[list[str], str]:
        async with served.client() as client:
            await client.write_event(Synthesize("Slow.").event())
            await until(lambda: house.engine.streams)
            await client.write_event(Describe().event())
            await client.write_event(Ping("still there?").event())
            info, pong = await client.read_event(), await client.read_event()
            assert info and pong
            assert Info.from_event(info).tts[0].supports_synthesize_streaming
            assert pong.data == {"text": "still there?"}
            house.engine.may_speak.set()
            return [info.type, pong.type], (await answer(client)).text

    assert play(scene, house) == (["info", "pong"], "Slow")


def test_unknown_events_are_passed_over() -> None:
    got = play(
        asked(
            Event("transcribe", {"a": 1}),
            Event("", {}),
            Event("audio-chunk", {}, b"12"),
            Describe().event(),
            until="info",
        )
    )
    assert got.types == ["info"]


FAILED = ["error", "audio-stop", "closed"]
STREAM_FAILED = ["error", "audio-stop", "synthesize-stopped", "closed"]


@pytest.mark.parametrize(
    ("error", "code", "outcome"),
    [
        (Busy("64 requests are waiting"), "busy", "busy"),
        (OutOfMemory("cuda ran out of memory"), "out-of-memory", "error"),
        (RequestError("not this language"), "request", "error"),
        (OSError(28, "No space left on device"), "failed", "error"),
        (ZeroDivisionError("a defect"), "failed", "error"),
    ],
)
@pytest.mark.parametrize("where", ["open", "feed", "speak"])
def test_every_error_ends_as_home_assistant_needs_it(error: BaseException, code: str, outcome: str, where: str) -> None:
    def broken() -> ToneHouse:
        engine = ToneEngine(
            unfit={"One.": error} if where == "feed" else {}, failing={"One.": error} if where == "speak" else {}
        )
        return ToneHouse(engine, refusal=error if where == "open" else None)

    async def scene(served: Served, *, stream: bool) -> Answer:
        async with served.client() as client:
            if stream:
                await say_stream(client, "One.")
            else:
                await client.write_event(Synthesize("One.").event())
            got = await answer(client, until="closed")
        await until(lambda: served.tally.ends)
        assert served.tally.ends == [(outcome, code)]
        await until(lambda: not served.house.taken)
        return got

    whole = play(lambda served: scene(served, stream=False), broken())
    assert (whole.types, whole.pcm) == (FAILED, b"")
    assert whole.error and whole.error.data["code"] == code
    assert play(lambda served: scene(served, stream=True), broken()).types == STREAM_FAILED


def test_a_defect_of_ours_is_not_told_to_strangers() -> None:
    house = ToneHouse(refusal=ZeroDivisionError("secret"))
    got = play(asked(Synthesize("One.").event(), until="closed"), house)
    assert got.error and "secret" not in got.error.data["text"]


def test_what_was_said_before_an_error_is_heard() -> None:
    engine = ToneEngine(unfit={"你好": RequestError("not this language")})
    got = play(streamed("One. ", "你好"), ToneHouse(engine))
    assert (got.text, got.types[-3:]) == ("One", STREAM_FAILED[:3])


def test_stop_without_start_is_an_error_and_no_wait() -> None:
    got = play(asked(SynthesizeStop().event(), until="closed"))
    assert got.types == STREAM_FAILED


def test_a_text_that_is_too_long_is_refused_before_a_word_is_said() -> None:
    house = ToneHouse()
    got = play(asked(Synthesize("a" * 101).event(), until="closed"), house, max_text=100)
    assert (got.types, got.error and got.error.data["code"]) == (FAILED, "too-long")
    assert not house.engine.fed
    assert play(asked(Synthesize("a" * 100).event()), max_text=100).text == "a" * 100


def test_a_stream_that_becomes_too_long_ends() -> None:
    got = play(streamed("a" * 60, "b" * 60), max_text=100)
    assert got.types[-3:] == STREAM_FAILED[:3]


def test_what_is_refused_is_counted_once() -> None:
    async def scene(served: Served) -> None:
        async with served.client() as client:
            await client.write_event(SynthesizeStop().event())
            await answer(client, "closed")
        async with served.client() as client:
            await say_stream(client, "a" * 101)
            await answer(client, "closed")
        await until(lambda: not served.tally.open)
        assert served.tally.refusals == ["protocol", "too-long"]
        assert served.tally.begun == len(served.tally.ends) == 1

    play(scene, max_text=100)


def test_the_text_is_told_at_debug_only(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "cosyvox"):
        play(streamed("secret ", "words"))
    assert caplog.records
    assert "secret" not in caplog.text
    with caplog.at_level("DEBUG", "cosyvox"):
        play(streamed("secret ", "words"))
    assert "secret" in caplog.text


def test_more_requests_than_a_connection_may_have_waiting() -> None:
    house = ToneHouse()
    house.engine.may_speak.clear()
    requests = [Synthesize(f"{number}.").event() for number in range(MOST_WAITING + 2)]
    got = play(asked(*requests, until="closed"), house)
    assert (got.types, got.error and got.error.data["code"]) == (FAILED, "busy")
    house.engine.may_speak.set()


def test_a_stream_whose_text_stops_coming_ends_as_if_it_was_stopped() -> None:
    async def scene(served: Served) -> Answer:
        async with served.client() as client:
            await client.write_event(SynthesizeStart().event())
            await client.write_event(SynthesizeChunk("One.").event())
            return await answer(client, "closed")

    got = play(scene, text_idle_seconds=0.2)
    assert (got.text, got.outline) == ("One", [*STREAMED, "closed"])


def test_text_that_keeps_coming_is_not_idle() -> None:
    async def scene(served: Served) -> str:
        async with served.client() as client:
            await client.write_event(SynthesizeStart().event())
            for piece in "slowly":
                await client.write_event(SynthesizeChunk(piece).event())
                await asyncio.sleep(0.2)
            await client.write_event(SynthesizeStop().event())
            return (await answer(client, "synthesize-stopped")).text

    assert play(scene, text_idle_seconds=0.7) == "slowly"


def test_who_leaves_is_not_spoken_to() -> None:
    house = ToneHouse()
    house.engine.may_speak.clear()

    async def scene(served: Served) -> None:
        async with served.client() as client:
            await client.write_event(Synthesize("One.").event())
            await client.write_event(Synthesize("Two.").event())
            await until(lambda: house.engine.streams)
        await until(lambda: house.engine.streams[0].cancelled)
        house.engine.may_speak.set()
        await until(lambda: not house.taken and not served.tally.open)
        assert served.tally.ends == [("cancelled", "")] * 2
        assert len(house.engine.streams) == 1

    play(scene, house)


def test_who_says_nothing_is_closed() -> None:
    async def scene(served: Served) -> None:
        async with served.client() as client:
            assert await client.read_event() is None

    play(scene, idle_seconds=0.2)


def test_who_reads_nothing_is_closed() -> None:
    """A megabyte of speech, of which its socket takes a part."""

    async def scene(served: Served) -> None:
        reader, writer = await served.raw()
        reader._limit = 1  # type: ignore[attr-defined]  # so that asyncio reads nothing ahead
        await say_stream_raw(writer, "a" * 100_000)
        await until(lambda: served.tally.ends)
        assert served.tally.ends == [("cancelled", "")]
        await until(lambda: not served.house.taken)
        writer.transport.abort()

    play(scene, write_seconds=0.3)


async def say_stream_raw(writer: asyncio.StreamWriter, text: str) -> None:
    from cosyvox.wyoming_cosyvoice.wire import encode

    for event in (SynthesizeStart().event(), SynthesizeChunk(text).event(), SynthesizeStop().event()):
        writer.write(encode(event))
    await writer.drain()


def test_voice_objects_of_the_library() -> None:
    house = ToneHouse()
    play(asked(Synthesize("One.", voice=SynthesizeVoice(name="alice", speaker="whisper")).event()), house)
    wish = house.orders[0][0]
    assert (wish.name, wish.speaker) == ("alice", "whisper")
