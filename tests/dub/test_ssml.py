"""SSML as passages: what is read, when there is silence, and what is refused."""

from __future__ import annotations

import pytest
from cosyvox.core import TextError
from cosyvox.core.dub import Passage, Style, begins_ssml, read_ssml


def said(body: str) -> list[tuple[float, str]]:
    return [(passage.pause, passage.text) for passage in read_ssml(f"<speak>{body}</speak>")]


def style_of(body: str, base: Style | None = None) -> Style:
    return read_ssml(f"<speak>{body}</speak>", base or Style(), voice={"sad": Style(instruct="sadly")}.get)[0].style


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Hello   there\n you.", [(0, "Hello there you.")]),
        ("<p>One.</p><p><s>Two.</s><s>Three</s></p>", [(0, "One."), (0, "Two."), (0, "Three")]),
        ('One<break time="500ms"/>two', [(0, "One"), (0.5, "two")]),
        ('One<break time="1.5s"/><break strength="weak"/>two', [(0, "One"), (1.75, "two")]),
        ('One<break/>two<break time="1s"/>', [(0, "One"), (0.5, "two"), (1, "")]),
        ('<sub alias="World Wide Web">W<b>W</b>W</sub> page', [(0, "World Wide Web page")]),
        ('Code <say-as interpret-as="characters">ab1</say-as>.', [(0, "Code A, B, 1.")]),
        ('On <say-as interpret-as="date" format="ymd">2026-11-21</say-as>.', [(0, "On 2026-11-21.")]),
        ('Oh <say-as interpret-as="expletive">no</say-as> yes.', [(0, "Oh  yes.")]),
        ("It is <emphasis>very</emphasis> cold.", [(0, "It is <strong>very</strong> cold.")]),
        ('It is <emphasis level="none">very</emphasis> cold.', [(0, "It is very cold.")]),
        ('Hello <prosody rate="slow">friend</prosody>, in.', [(0, "Hello"), (0, "friend,"), (0, "in.")]),
        ("Tom &amp; Jerry, 1 &lt; 2, <unknown>known</unknown>", [(0, "Tom & Jerry, 1 < 2, known")]),
        ("<metadata><a>x</a></metadata>Hi<!-- no --> you", [(0, "Hi you")]),
        ("<amazon:effect name='x'>Hi</amazon:effect>", [(0, "Hi")]),
        ("<voice name='nobody'>Hi</voice>", [(0, "Hi")]),
        ("<![CDATA[Hi]]>", [(0, "Hi")]),
        ("<s> </s>", []),
    ],
)
def test_what_is_read(body: str, expected: list[tuple[float, str]]) -> None:
    assert said(body) == expected


@pytest.mark.parametrize(
    ("body", "style"),
    [
        ('<prosody rate="x-slow">a</prosody>', Style(speed=0.6)),
        ('<prosody rate="80%">a</prosody>', Style(speed=0.8)),
        ('<prosody rate="+20%">a</prosody>', Style(speed=1.2)),
        ('<prosody rate="-20%">a</prosody>', Style(speed=0.8)),
        ('<prosody rate="1.5">a</prosody>', Style(speed=1.5)),
        ('<prosody rate="900%">a</prosody>', Style(speed=2.0)),
        ('<prosody rate="50%"><prosody rate="150%">a</prosody></prosody>', Style(speed=0.75)),
        ('<prosody volume="soft" pitch="high">a</prosody>', Style(gain=-6.0)),
        ('<prosody volume="+3dB" rate="?">a</prosody>', Style(gain=3.0)),
        ('<lang xml:lang="de-DE">a</lang>', Style(language="de")),
        ('<p xml:lang="tlh">a</p>', Style()),
        ('<voice name="sad">a</voice>', Style(instruct="sadly")),
        ('<mstts:express-as style="sad">a</mstts:express-as>', Style(instruct="sadly")),
    ],
)
def test_how_it_is_said(body: str, style: Style) -> None:
    assert style_of(body) == style


def test_what_holds_besides() -> None:
    base = Style(speed=0.8, seed=4)
    assert style_of('<prosody rate="+25%">a</prosody>', base) == Style(speed=1.0, seed=4)
    found = read_ssml('<speak>a <prosody rate="fast">b</prosody> c</speak>', base)
    assert found == [Passage("a", base), Passage("b", Style(speed=1.25, seed=4)), Passage("c", base)]


def test_the_language_of_the_document() -> None:
    found = read_ssml('<?xml version="1.0" encoding="utf-16"?>\n<speak xmlns="x" xml:lang="ja">はい</speak>')
    assert found == [Passage("はい", Style(language="ja"))]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<speak>\n<p>a</s></speak>", "line 2, column 7: mismatched tag"),
        ("<speak>a & b</speak>", "line 1, column 11: not well-formed"),
        ("<speak>&nbsp;</speak>", "undefined entity"),
        ("<speak>a", "no element found"),
        ("", "no element found"),
        ("Hello", "syntax error"),
        ("<html>a</html>", "the first element is <html>"),
        ('<speak><break time="soon"/></speak>', "'soon' is no time"),
        ('<speak>a<break time="40s"/><break time="40s"/>b</speak>', "longer than 60 seconds"),
        ("<speak>" * 101, "more than 100 elements"),
        ("<speak>a\ud800</speak>", "not valid Unicode"),
        ("<speak>" + "a" * (1 << 20), "more than 1048576 characters"),
        ('<!DOCTYPE s [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><speak>&b;</speak>', "a document type is not read"),
        ('<!DOCTYPE s SYSTEM "file:///etc/passwd"><speak>a</speak>', "a document type is not read"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(TextError, match=message):
        read_ssml(text)


def test_what_looks_like_it() -> None:
    assert begins_ssml(' <?xml version="1.0"?>\n<speak xml:lang="de">')
    assert begins_ssml("<speak>Hi</speak>")
    assert not begins_ssml("Hello <speak>")
    assert not begins_ssml("<speaker>")
