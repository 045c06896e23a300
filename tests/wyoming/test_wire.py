"""Events on the wire: what is written can be read, and nothing that is sent breaks who reads."""

from __future__ import annotations

import asyncio
import json
import random
import struct

import pytest
from cosyvox.wyoming_cosyvoice.errors import PeerError
from cosyvox.wyoming_cosyvoice.settings import Settings
from cosyvox.wyoming_cosyvoice.wire import EventReader, encode
from hypothesis import given
from hypothesis import strategies as st
from wyoming.event import Event, async_read_event

SMALL = Settings(max_header=256, max_data=1000, max_payload=500, event_seconds=0.2)

text = st.text(st.characters(exclude_categories=["Cs"]))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)


def read(sent: bytes, settings: Settings = SMALL, *, end: bool = True) -> Event | None:
    async def run() -> Event | None:
        reader = asyncio.StreamReader(settings.max_header)
        reader.feed_data(sent)
        if end:
            reader.feed_eof()
        return await EventReader(reader, settings).read()

    return asyncio.run(run())


@given(text.filter(bool), st.dictionaries(text, json_values, max_size=4), st.none() | st.binary(min_size=1))
def test_what_is_written_is_read(kind: str, data: dict[str, object], payload: bytes | None) -> None:
    """By us, and by the library."""
    event = Event(kind, data, payload)
    assert read(encode(event), Settings()) == event

    async def library() -> Event | None:
        reader = asyncio.StreamReader()
        reader.feed_data(encode(event))
        return await async_read_event(reader)

    assert asyncio.run(library()) == event


def test_data_may_be_in_the_line_behind_it_or_both() -> None:
    more = b'{"b": 2}'
    line = json.dumps({"type": "x", "data": {"a": 1, "b": 1}, "data_length": len(more)}).encode()
    assert read(line + b"\n" + more) == Event("x", {"a": 1, "b": 2})


def test_the_end_between_events_is_the_end() -> None:
    assert read(b"") is None


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\n", "protocol"),
        (b"GET / HTTP/1.1\r\n", "protocol"),
        (b"\x16\x03\x01\x02\x00\x01\n", "protocol"),
        (b"[]\n", "protocol"),
        (b"null\n", "protocol"),
        (b"{}\n", "protocol"),
        (b'{"type": 7}\n', "protocol"),
        (b'{"type": "x", "data": []}\n', "protocol"),
        (b'{"type": "x", "data": "y"}\n', "protocol"),
        (b'{"type": "x", "data": [1]}\n', "protocol"),
        (b'{"type": "x", "data_length": -1}\n', "protocol"),
        (b'{"type": "x", "data_length": 1.5}\n..', "protocol"),
        (b'{"type": "x", "data_length": true}\n..', "protocol"),
        (b'{"type": "x", "data_length": "9"}\n', "protocol"),
        (b'{"type": "x", "data_length": 2}\n[]', "protocol"),
        (b'{"type": "x", "data_length": 2}\n\xff\xfe', "protocol"),
        (b'{"type": "x", "data_length": 9}\n{}', "protocol"),
        (b'{"type": "x", "payload_length": 9}\nabc', "protocol"),
        (b'{"type": "x"', "protocol"),
        (b'{"type": "x", "data_length": 1001}\n', "too-large"),
        (b'{"type": "x", "payload_length": 501}\n', "too-large"),
        (b'{"type": "x", "data_length": ' + b"9" * 100 + b"}\n", "too-large"),
        (b'{"type": "' + b"x" * 300 + b'"}\n', "too-large"),
        (b"[" * 200 + b"\n", "protocol"),
    ],
)
def test_what_is_no_event(sent: bytes, code: str) -> None:
    with pytest.raises(PeerError) as error:
        read(sent)
    assert error.value.code == code
    assert "\n" not in str(error.value)


def test_json_as_deep_as_it_may_be_long() -> None:
    with pytest.raises(PeerError):
        read(b'{"type": "x", "data_length": 900000}\n' + b"[" * 900_000, Settings())


@pytest.mark.parametrize(
    "sent", [b"{", b'{"type": "x", "data_length": 5}\n{', b'{"type": "x", "payload_length": 5}\nab']
)
def test_an_event_that_does_not_go_on(sent: bytes) -> None:
    with pytest.raises(PeerError) as error:
        read(sent, end=False)
    assert error.value.code == "too-slow"


def test_half_a_character_can_be_sent() -> None:
    event = read(encode(Event("error", {"text": "a\ud800b"})))
    assert event and event.data == {"text": "a?b"}


@pytest.mark.parametrize("seed", range(300))
def test_bytes_that_were_broken_on_their_way(seed: int) -> None:
    """An event or an error, never anything else."""
    chance = random.Random(seed)
    good = encode(Event("synthesize", {"text": "Hello.", "voice": {"name": "a"}}, b"payload"))
    sent = bytearray(good * 2)
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(sent))
        sent[place : place + chance.randint(0, 3)] = struct.pack("B", chance.randrange(256)) * chance.randint(0, 3)
    try:
        event = read(bytes(sent))
    except PeerError:
        return
    assert event is None or (isinstance(event.type, str) and isinstance(event.data, dict))
