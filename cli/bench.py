"""`cosyvox bench`: how fast a model speaks on this machine."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from statistics import median
from typing import TYPE_CHECKING, Any

from .. import core
from . import speaking
from .console import Console
from .interrupt import Interrupt
from .memory import peak_resident
from .parser import common_options, model_options

if TYPE_CHECKING:
    from ..core import Engine, Voice

_TEXT = (
    "the morning train is late again and nobody on the platform is surprised a boy counts the pigeons under the roof "
    "while his mother reads the notice twice then the light turns green the old clock above the door begins to strike "
    "and far down the line there is the sound that everybody has been waiting for"
)
_WORD_RATE = 3.3  # words per second of speech, about
_PLAYABLE = 0.1  # seconds of audio that are worth beginning to play


def add_parser(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser(
        "bench",
        parents=[common_options(), model_options()],
        help="time a model on this machine",
        description="Load a model, let it speak, alone and to many at once, and say how long that took. "
        "RTF is seconds of work per second of speech: below 1 it is faster than it is heard.",
    )
    parser.add_argument(
        "--seconds", type=_numbers(float), default=[3.0, 10.0], metavar="S,…", help="of speech, about (default: 3,10)"
    )
    parser.add_argument(
        "--concurrency",
        type=_numbers(int),
        default=[1, 4, 16],
        metavar="N,…",
        help="requests of the first length at once (default: 1,4,16)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """Measure and tell. Raises CosyVoxError."""
    model = speaking.named_model(args)
    with speaking.loaded(args, model, console) as session, interrupt.deferred() as should_stop:
        engine = session.engine
        voice = engine.load_voice(core.VoiceStore().get(core.DEFAULT_VOICE))

        def listen(seconds: float) -> Heard:
            return _listen(engine, voice, seconds, should_stop)

        console.note(f"{engine.family.name} on {engine.device}, loaded in {session.load_seconds:.1f} s")
        listen(1.0)  # what is first used is slow once
        alone = [listen(seconds) for seconds in args.seconds]
        together = [_together(listen, args.seconds[0], requests) for requests in args.concurrency]
        fields = {
            "model": engine.family.name,
            "device": str(engine.device),
            "load_seconds": session.load_seconds,
            "alone": [asdict(heard) | {"rtf": heard.took / heard.audio} for heard in alone],
            "together": together,
            "peak_memory": peak_resident(),
        }
    console.result(fields, _table(fields))


@dataclass(frozen=True)
class Heard:
    """One request, in seconds: audio made, from the call to its first 100 ms, and to its end."""

    audio: float
    first: float
    took: float


def _listen(engine: Engine, voice: Voice, seconds: float, should_stop: Callable[[], bool]) -> Heard:
    count = max(1, round(seconds * _WORD_RATE))
    text = " ".join(islice(cycle(_TEXT.split()), count)).capitalize() + "."
    started = time.perf_counter()
    first: float | None = None
    audio = 0.0
    with engine.stream(text, voice=voice, should_stop=should_stop) as stream:
        for chunk in stream:
            audio += len(chunk.audio) / chunk.sample_rate
            if first is None and audio >= _PLAYABLE:
                first = time.perf_counter() - started
    took = time.perf_counter() - started
    return Heard(audio, took if first is None else first, took)


def _together(listen: Callable[[float], Heard], seconds: float, requests: int) -> dict[str, Any]:
    started = time.perf_counter()
    with ThreadPoolExecutor(requests) as listeners:
        heard = list(listeners.map(listen, [seconds] * requests))
    took = time.perf_counter() - started
    audio = sum(one.audio for one in heard)
    return {
        "requests": requests,
        "audio": audio,
        "took": took,
        "audio_per_second": audio / took,
        "first_median": median(one.first for one in heard),
        "first_last": max(one.first for one in heard),
    }


def _table(fields: dict[str, Any]) -> str:
    lines = [f"{'':20}{'first audio':>14}{'RTF':>8}"]
    lines += [
        f"{heard['audio']:5.1f} s of speech   {heard['first']:>12.2f} s{heard['rtf']:>8.2f}"
        for heard in fields["alone"]
    ]
    lines += ["", f"{'':20}{'first audio':>14}{'of the last':>14}{'speech per second':>20}"]
    lines += [
        f"{crowd['requests']:5} at once       {crowd['first_median']:>12.2f} s{crowd['first_last']:>12.2f} s"
        f"{crowd['audio_per_second']:>18.2f} s"
        for crowd in fields["together"]
    ]
    return "\n".join([*lines, "", f"peak memory {fields['peak_memory'] / 1e9:.2f} GB"])


def _numbers(kind: type) -> Callable[[str], list[Any]]:
    def read(text: str) -> list[Any]:
        values = [kind(part) for part in text.split(",")]
        if not all(0 < value < 1e6 for value in values):
            raise ValueError
        return values

    read.__name__ = "list"  # argparse shows it: "invalid list value"
    return read
