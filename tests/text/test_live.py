"""Text on its way into a speech model, word by word: the same words as in one piece, and the same ids."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
from cosyvox.core import Lexicon, TextError
from cosyvox.core.families.cosyvoice2 import COSYVOICE2
from cosyvox.core.families.embedded import EMBEDDED
from cosyvox.core.seeded.tokenizer import write_tokenizer
from cosyvox.core.text import front
from cosyvox.core.text.front import Encoder, Sentences, prepare, speakable
from cosyvox.core.text.live import Increment, LiveReader
from cosyvox.core.text.phones import PhoneTokenizer
from cosyvox.core.text.split import clauses
from cosyvox.core.text.tags import Spans
from cosyvox.core.text.tokenizer import Tokenizer
from hypothesis import given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
TABLE = [text for text, _ in json.loads((DATA / "text/spoken.json").read_text(encoding="utf-8"))]
BETTER = [entry["text"] for entry in json.loads((DATA / "text/better.json").read_text(encoding="utf-8")).values()]
GOLDEN = [
    entry["text"] for entry in json.loads((DATA / "parity/common/text.json").read_text(encoding="utf-8"))["entries"]
]
TEXTS = list(dict.fromkeys(TABLE + BETTER + GOLDEN))
TAGS = frozenset(token for token in COSYVOICE2.control_tokens if not token.startswith("<|"))
PAIRS = re.compile(r"</?(?:strong|laughter)>")
LEXICON = Lexicon({"行长": "航掌", "hello": "hallo", "New York": "nu york", "gif": "jif"})


@pytest.fixture(scope="module")
def pieces_of_words(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    folder = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(folder, COSYVOICE2.control_tokens[:3])
    return Tokenizer(folder, COSYVOICE2.control_tokens)


@pytest.fixture(scope="module")
def phones() -> PhoneTokenizer:
    return PhoneTokenizer(ROOT / "core/embedded/model/tokenizer", EMBEDDED.control_tokens)


@pytest.fixture(scope="module", params=["pieces_of_words", "phones"])
def tokenizer(request: pytest.FixtureRequest) -> Encoder:
    return request.getfixturevalue(request.param)


@pytest.fixture(autouse=True, scope="module")
def _sentences_are_read_once() -> Iterator[None]:
    """A sentence's words are a pure function of it; what is tested here is which are given out when."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(front, "normalize", cache(front.normalize))
        yield


def read(tokenizer: Encoder, pieces: Iterable[str], *, words: bool, lexicon: Lexicon | None = None) -> list[Increment]:
    reader = LiveReader(tokenizer, TAGS, lexicon, words=words)
    return [*chain.from_iterable(map(reader.feed, pieces)), *reader.finish()]


def segments(increments: list[Increment], tokenizer: Encoder) -> list[str]:
    """The text of every segment, of which all that an increment promises was checked."""
    found: list[str] = []
    ids: list[int] = []
    going_on = False
    for increment in increments:
        assert increment.begins != going_on
        if increment.begins:
            found.append("")
            ids = []
        found[-1] += increment.text
        ids += increment.ids
        going_on = not increment.ends
        if increment.ends:
            assert ids == tokenizer.encode(found[-1], allowed=TAGS)
            assert found[-1] == found[-1].strip() and speakable(found[-1])
    assert not going_on
    return found


def sentences(text: str, lexicon: Lexicon | None = None) -> str:
    """All that the ordinary reader packs into segments, in one line; tags closed and opened again at sentences."""
    reader, spoken, said = Sentences(TAGS, lexicon), Spans(TAGS), ""
    for sentence in reader.feed(text) + reader.finish():
        words = "".join(clauses(sentence.text, sentence.language))
        blank = " " if words.startswith(" ") and not sentence.silent else ""
        whole = spoken.whole(words.strip())
        said += blank + whole if speakable(spoken.words(whole)) else ""
    return said


def same(found: list[str], expected: str) -> None:
    """The segments are `expected`, cut anywhere, without the blanks where it is cut."""
    if PAIRS.search(expected):  # they are closed and opened again where a segment ends, and the blanks beside them
        assert bare(found) == bare([expected])
        return
    rest = expected
    for text in found:
        rest = rest.lstrip(" ")
        assert rest.startswith(text), (found, expected)
        rest = rest[len(text) :]
    assert not rest.strip(), (found, expected)


def bare(texts: Iterable[str]) -> str:
    return "".join("".join(PAIRS.sub("", text).split()) for text in texts)


def letters(texts: Iterable[str]) -> str:
    """Signs that come to stand alone, where a segment ends, are left out."""
    return "".join(filter(str.isalnum, bare(texts)))


def ordinary(text: str, tokenizer: Encoder, lexicon: Lexicon | None = None) -> list[str]:
    try:
        return [segment.text for segment in prepare(text, tokenizer, TAGS, lexicon)]
    except TextError:
        return []


def random_pieces(text: str, choose: random.Random, longest: int) -> list[str]:
    pieces = []
    while text:
        size = choose.randint(1, longest)
        pieces.append(text[:size])
        text = text[size:]
    return pieces


def check(text: str, cuts: Iterable[Iterable[str]], tokenizer: Encoder, lexicon: Lexicon | None) -> None:
    expected, whole = sentences(text, lexicon), letters(ordinary(text, tokenizer, lexicon))
    for pieces in cuts:
        for words in (True, False):
            increments = read(tokenizer, pieces, words=words, lexicon=lexicon)
            assert words or all(increment.begins and increment.ends for increment in increments)
            found = segments(increments, tokenizer)
            same(found, expected)
            assert letters(found) == whole


@pytest.mark.parametrize("lexicon", [None, LEXICON], ids=["plain", "lexicon"])
@pytest.mark.parametrize("text", TEXTS)
def test_a_text_in_pieces(text: str, tokenizer: Encoder, lexicon: Lexicon | None) -> None:
    check(text, [[text], list(text), random_pieces(text, random.Random(text), 9)], tokenizer, lexicon)


@pytest.mark.parametrize("seed", range(10))
def test_long_texts_in_random_pieces(seed: int, tokenizer: Encoder) -> None:
    """Neighbours matter: languages change, segments grow full, spans, lists and code begin and end."""
    choose = random.Random(seed)
    text = "".join(row + choose.choice([" ", "\n", "\n\n", ""]) for row in choose.sample(TEXTS, 40))
    check(text, [random_pieces(text, choose, longest) for longest in (1, 3, 30, 300)], tokenizer, LEXICON)


# What comes near the plain words and must not change them, and words that look plain and are read otherwise.
NASTY = """
the of in I part Part Henry World War II IV V X century certainly Elizabeth was vs etc Mr Dr Mrs Jones St St. No No.
no. p. fig Chapter AD USD km in ft mc New York Yorkshire hello Hello gif can't I'm I’d O’Brien's e.g. a.m. well-known
pro-vs-con Zoë über café der die und OK TV C F e\u0301a w/o and/or & + = * # 5 21.5 3:45 1,000 $3 5th 1914 20-25 °C %
我 今天 你好，世界 银行行长 第 号 りんご ー 、 ， 안녕 세계 мир ﬁ 🙂 <strong> </strong> [laughter] [breath] <b>
`x` **b** [a](b.c)
"""
WORDS = NASTY.split()
JOINS = [
    *[" "] * 12,
    "",
    ", ",
    ". ",
    ".",
    "? ",
    "。",
    "，",
    ": ",
    " - ",
    "\n",
    "\n- ",
    "\n# ",
    "\n```\n",
    "; ",
    "…",
    "’",
    "-",
    "_",
]
PLAIN = [word for word in WORDS if word.isascii() and word.isalpha()] + ["day,", "well,"]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(PLAIN), max_size=6),
    st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(JOINS)), min_size=1, max_size=20),
    st.sampled_from([None, LEXICON]),
    st.randoms(use_true_random=False),
)
def test_nothing_that_follows_changes_a_word(
    tokenizer: Encoder,
    plain: list[str],
    mixture: list[tuple[str, str]],
    lexicon: Lexicon | None,
    choose: random.Random,
) -> None:
    text = " ".join([*plain, "".join(word + join for word, join in mixture)])
    check(text, [list(text), random_pieces(text, choose, 12)], tokenizer, lexicon)


def given_out(text: str, tokenizer: Encoder, *, words: bool, lexicon: Lexicon | None = None) -> list[str]:
    """What a text gives before anybody knows that it has ended."""
    reader = LiveReader(tokenizer, TAGS, lexicon, words=words)
    return [increment.text for character in text for increment in reader.feed(character)]


@pytest.mark.parametrize(
    ("text", "early"),
    [
        ("Sure, I can help", "Sure, I can"),
        ("Sure, I c", "Sure,"),  # a century
        ("And I'm well-known, don’t y", "And I'm well-known, don’t"),
        ("Part I of it", "Part"),
        ("They saw Henry I was", "They saw Henry"),
        ("World War II ended", "World War"),
        ("Tom vs the world", "Tom"),
        ("Then Mr Smith came", "Then"),
        ("We paid 5 dollars for it", "We"),
        ("In New York, Hello there", "In"),  # both begin an entry of the lexicon
        ("It is **bold and", "It"),
        ("Look at [the", "Look"),
        ("See example.com for it", "See"),
        ("Hallo **", ""),
        ("café or tea", ""),  # beside é a Chinese sentence has no blank
        ("über alles gut", ""),
        ("- Buy the milk", "Buy the"),
        ("1. Buy the milk", ""),  # the number is read by what follows
        ("```\nBuy the milk", ""),
        ("<strong>Buy the milk", ""),
        ("<strong>Buy it. Fetch the milk", "<strong>Buy it.</strong>"),
        ("好的，我来帮你打开", "好的，我来帮你打"),
        ("你好，", "你"),
        ("打开WiFi吧", "打"),
        ("去银行行长那里", "去银"),
        ("私は元気、です", "私は元気、で"),
        ("안녕 세계 여러분", ""),
        ("Hi there. OK we know", "Hi there. OK we"),
        ("好的。OK we know", "好的。OK we"),
    ],
)
def test_what_is_said_early(text: str, early: str, pieces_of_words: Tokenizer) -> None:
    said = "".join(given_out(text, pieces_of_words, words=True, lexicon=LEXICON))
    assert said == early


FIRST = "The process by which green plants use the light of the sun,"
LONG = FIRST + " and some water, makes the sugar that nearly everything that lives on earth lives from. "


def test_sentences_are_given_out_as_soon_as_they_end(tokenizer: Encoder) -> None:
    text = "Yes. It is on. Shall I turn it off? Then"
    assert given_out(text, tokenizer, words=False) == ["Yes.", "It is on.", "Shall I turn it off?"]
    reader = LiveReader(tokenizer, words=False)
    assert [increment.text for increment in reader.feed(text)] == ["Yes.", "It is on. Shall I turn it off?"]


def test_the_first_clause_of_a_long_sentence_is_not_waited_for(tokenizer: Encoder) -> None:
    sooner = given_out(FIRST + " a", tokenizer, words=False)
    assert sooner == [FIRST]
    for pieces in ([LONG + "Well"], LONG + "Well"):
        reader = LiveReader(tokenizer, words=False)
        first, *others = [increment.text for piece in pieces for increment in reader.feed(piece)]
        assert (first, " ".join(others)) == (FIRST, LONG[len(FIRST) :].strip())
        assert [increment.text for increment in reader.feed(", " + LONG[4:80])] == [], "what is heard gives time"
        assert reader.flush()[0].text.startswith("Well, process")
        assert [increment.text for increment in reader.feed(LONG[:-30])] == [FIRST]


@pytest.mark.parametrize("words", [True, False])
def test_a_pause_gives_all_that_is_held(words: bool, pieces_of_words: Tokenizer) -> None:
    reader = LiveReader(pieces_of_words, TAGS, words=words)
    parts = [reader.feed("- One moment, **I am loo"), reader.flush(), reader.flush(), reader.feed("king - it up** - 2"),
             reader.finish()]  # fmt: skip
    assert segments(parts[0] + parts[1], pieces_of_words) == ["One moment, I am loo."]
    assert parts[1][-1].ends and parts[2] == []
    assert segments(parts[3] + parts[4], pieces_of_words) == ["king - it up - two."]


# The text as it came, with a pause after every part but the last, and what was said before each of them.
PAUSES = [
    (None, ["One moment... ", "It is on."], ["One moment...", "It is on."]),
    (None, ["Checking your", " calendar."], ["Checking your.", "calendar."]),
    (None, ["It is 21.", "5 °C today."], ["It is twenty one.", "point five degrees Celsius today."]),
    (None, ["It is 21. ", "5 lamps."], ["It is twenty one.", "five lamps."]),
    (None, ["It is 2", "1", " lamps."], ["It is.", "", "twenty one lamps."]),
    (None, ["It is 2", "1", ".", "5", " °", "C."],
     ["It is.", "", "twenty one.", "", "", "point five degrees Celsius."]),
    (None, ["It costs $", "5."], ["It costs.", "five dollars."]),
    (None, ["Be there at 14:", "30."], ["Be there at.", "two thirty PM."]),
    (None, ["See [the ", "docs](https://exa", "mple.com) now."], ["See.", "", "the docs now."]),
    (None, ["See https://exam", "ple.com now."], ["See.", "example dot com now."]),
    (None, ["Mail foo@ba", "r.com now."], ["Mail.", "foo at bar dot com now."]),
    (None, ["Meet Dr.", " Smith at 5 p.m. today."], ["Meet.", "Doctor Smith at five PM today."]),
    (None, ["Now <stro", "ng>yes</strong>."], ["Now.", "<strong>yes</strong>."]),
    (None, ["That is fun. [laug", "hter] Yes."], ["That is fun.", "[laughter] Yes."]),
    (None, ["```\na 2", "1\n```\n"], ["a two.", "one."]),
    ("de", ["Es sind 21,", "5 °C."], ["Es sind einundzwanzig.", "Komma fünf Grad Celsius."]),
    ("de", ["Um 14:", "30 Uhr."], ["Um.", "vierzehn Uhr dreißig."]),
    (None, ["现在21.", "5℃。"], ["现在二十一。", "点五摄氏度。"]),
    (None, ["现在2", "1℃。好。"], ["现在。", "二十一摄氏度。好。"]),
    (None, ["室温は21.", "5℃です。"], ["室温は二十一.", "点五度です。"]),
]  # fmt: skip


@pytest.mark.parametrize("words", [True, False])
@pytest.mark.parametrize(("language", "parts", "said"), PAUSES)
def test_a_pause_cuts_nothing_that_goes_on(
    language: str | None, parts: list[str], said: list[str], words: bool, pieces_of_words: Tokenizer
) -> None:
    reader = LiveReader(pieces_of_words, TAGS, words=words, language=language)
    heard = [reader.feed(part) + reader.pause() for part in parts[:-1]]
    heard.append(reader.feed(parts[-1]) + reader.finish())
    # A stop that no word needs, because it was said already, is left out.
    found = [bare(increment.text for increment in increments).rstrip(".") for increments in heard]
    assert found == [bare([text]).rstrip(".") for text in said]


def test_a_number_that_ends_the_text_is_said(pieces_of_words: Tokenizer) -> None:
    for words in (True, False):
        reader = LiveReader(pieces_of_words, TAGS, words=words)
        reader.feed("Lamp 2")
        assert segments(reader.pause() + reader.finish(), pieces_of_words)[-1] == "two."
        assert reader.feed("It is 21.") + reader.pause() and reader.finish() == []
        flushed = reader.feed("Lamp 2") + reader.flush()
        assert bare(increment.text for increment in flushed) == "Lamptwo." and flushed[-1].ends
        assert segments(reader.feed("5 lamps.") + reader.finish(), pieces_of_words) == ["five lamps."]


def test_a_long_sentence_without_a_comma_is_not_waited_for(tokenizer: Encoder) -> None:
    text = "The process by which green plants use the light of the sun and some water to make all of the sugar " * 2
    early = given_out(text, tokenizer, words=False)
    assert early == ["The process by which green plants use the light of the sun and some water"]
    without = given_out("Nobody knows how " + "very " * 30, tokenizer, words=False)
    assert len(without) == 1 and 85 < len(without[0]) < 100
    assert " ".join(segments(read(tokenizer, list(text), words=False), tokenizer)) == " ".join(
        ordinary(text, tokenizer)
    )


def test_a_reader_is_as_new_afterwards(tokenizer: Encoder) -> None:
    for words in (True, False):
        reader = LiveReader(tokenizer, TAGS, words=words)
        for text in ("我有一个苹果。", "```\ncode", "<strong>Open. Still open", "The plain, plain words", "12.", LONG):
            assert reader.feed(text) + reader.finish() == read(tokenizer, [text], words=words)
        with pytest.raises(TextError, match="not valid Unicode"):
            reader.feed("\ud800")
        assert reader.finish() == []


@pytest.mark.parametrize(
    "unit", ["It is one of the many sentences of a long text. ", "word, ", "word ", "今天天气很好。", "字，"]
)
def test_segments_are_neither_short_nor_endless(unit: str, pieces_of_words: Tokenizer) -> None:
    increments = read(pieces_of_words, unit * (3000 // len(unit)), words=True)
    sizes = [len(pieces_of_words.encode(text)) for text in segments(increments, pieces_of_words)]
    assert all(60 < size <= 240 for size in sizes[:-1]), sizes  # three ids make a Chinese character here
    languages = [increment.language for increment in increments]
    assert len(set(languages)) == 1


def test_another_script_begins_a_segment(tokenizer: Encoder) -> None:
    text = "The light is on. 灯已经打开了。Die Heizung ist jetzt aus. It is off."
    found = segments(read(tokenizer, text, words=True), tokenizer)
    assert found == ["The light is on.", "灯已经打开了。", "Die Heizung ist jetzt aus. It is off."]


def test_the_cost_of_a_character_does_not_grow(pieces_of_words: Tokenizer) -> None:
    """What is tokenized for a text twice as long is twice as much."""

    class Counting:
        count = 0

        def encode(self, text: str, *, allowed: Iterable[str] = ()) -> list[int]:
            self.count += len(text)
            return pieces_of_words.encode(text, allowed=allowed)

    costs = []
    for times in (20, 40):
        counting = Counting()
        read(counting, LONG * times, words=True)
        costs.append(counting.count)
    assert costs[1] == pytest.approx(2 * costs[0], rel=0.05)


class Greedy:
    """A tokenizer whose tokens reach over blanks: no text can be continued without changing what was said."""

    def encode(self, text: str, *, allowed: Iterable[str] = ()) -> list[int]:
        return [len(text), *map(ord, text)]


def test_ids_are_never_wrong() -> None:
    """Where a token reaches over the border of two increments the second begins a segment."""
    text = "It is so, and the light is on."
    assert segments(read(Greedy(), text, words=True), Greedy()) == text.split()


def test_nothing_is_said_twice(pieces_of_words: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should a sentence not begin as it seemed to, what is left of it is said."""
    monkeypatch.setattr(front, "normalize", lambda text, *_: text.replace("light", "lamp").replace("今天", "今日"))
    for text, said in (
        ("The light is on and it is warm.", "The light is on and it is warm."),
        ("今天天气好。", "今天天气好。"),
    ):
        assert segments(read(pieces_of_words, text, words=True), pieces_of_words) == [said]
