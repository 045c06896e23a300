"""The Wyoming server with the embedded voice, as its clients see it.

    python benchmarks/wyoming.py [--minutes 10] [--leaving 500] [--nonsense 5000] [--json]

Every connection is a new one, as Home Assistant's are. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median

from wyoming_peer import Heard, Server, describe, server, spoken, typed
from wyoming_siege import Leaving, Nonsense, leaving, nonsense

SENTENCES = (
    "The kitchen light is on.",
    "It is twenty degrees in the living room, and the window is open.",
    "I have added milk to the list.",
    "The washing machine will be ready in about ten minutes.",
    "Good morning. There are two appointments today, and it will rain in the afternoon.",
    "Sorry, I could not find a lamp with that name.",
    "The front door is locked. The garage is still open, shall I close it?",
    "The timer for the pasta has ended.",
)
THINKING = "I am looking at the lights in the living room.", " All of them are off now."
TOKENS_PER_SECOND = 20.0
TOKEN = 4  # characters
PAUSE = 6.0  # seconds
EVERY = 0.05  # seconds, between two Describes
WARM_UP = 60.0  # seconds, until memory is as large as it gets
SEED = 7


@dataclass
class Together:
    """first: of each client, the median of its first audio. lost: answers that were errors, or shorter than others to
    the same text. memory: MB, every ten seconds."""

    clients: int
    seconds: float
    requests: int
    audio: float
    lost: int
    first: list[float]
    describe: list[float]
    memory: list[float]


@dataclass
class Results:
    """Seconds. first: from the last byte of a text to its first audio. sentence: from the last word of a sentence that
    a pause follows to its first audio. next: the same of the sentence behind the pause, after its last word."""

    machine: str
    starting: list[float] = field(default_factory=list)
    until_speech: float = 0.0
    first: list[float] = field(default_factory=list)
    sentence: list[float] = field(default_factory=list)
    next: list[float] = field(default_factory=list)
    together: Together | None = None
    leaving: Leaving | None = None
    nonsense: Nonsense | None = None
    complaints: list[str] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20, help="of one request alone")
    parser.add_argument("--typed", type=int, default=5, help="streams of text with a pause")
    parser.add_argument("--clients", type=int, default=16, help="at once")
    parser.add_argument("--minutes", type=float, default=10, help="that they speak")
    parser.add_argument("--leaving", type=int, default=500, help="requests whose client leaves")
    parser.add_argument("--nonsense", type=int, default=5000, help="malformed sessions")
    parser.add_argument("--json", action="store_true", help="every single sample instead of a table")
    options = parser.parse_args()
    results = Results(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with server("--model", "embedded", "--queue", "256") as running:
        asyncio.run(measure(running, options, results))
        results.complaints = running.complaints()
    print(json.dumps(asdict(results)) if options.json else table(results))


async def measure(running: Server, options: argparse.Namespace, results: Results) -> None:
    results.starting, results.until_speech = await starting(running.port)
    for index in range(options.repeats):
        sent, heard = await spoken(running.port, SENTENCES[index % len(SENTENCES)])
        results.first.append(begun(heard) - sent)
    for _ in range(options.typed):
        await type_with_a_pause(running.port, results)
    if options.minutes:
        results.together = await together(running, options.clients, 60 * options.minutes)
    if options.leaving:
        results.leaving = await leaving(running, options.leaving, random.Random(SEED))
    if options.nonsense:
        results.nonsense = await nonsense(running, options.nonsense, random.Random(SEED))


async def starting(port: int) -> tuple[list[float], float]:
    """Describe while the model is loaded, and how long the first request takes until it is heard."""
    times: list[float] = []
    asking = asyncio.create_task(keep_describing(port, times))
    sent, heard = await spoken(port, SENTENCES[0])
    asking.cancel()
    return times, begun(heard) - sent


async def keep_describing(port: int, times: list[float]) -> None:
    while True:
        times.append(await describe(port))
        await asyncio.sleep(EVERY)


async def type_with_a_pause(port: int, results: Results) -> None:
    pieces, last = [], []
    for index, sentence in enumerate(THINKING):
        tokens = [sentence[start : start + TOKEN] for start in range(0, len(sentence), TOKEN)]
        waits = [PAUSE * (index > 0) or 1 / TOKENS_PER_SECOND, *[1 / TOKENS_PER_SECOND] * (len(tokens) - 1)]
        pieces += list(zip(waits, tokens, strict=True))
        last.append(len(pieces) - 1)
    sent, heard = await typed(port, pieces)
    if heard.error:
        raise SystemExit(f"a stream of text ended in {heard.error}")
    behind = sent[last[0] + 1]
    results.sentence.append(begun(heard) - sent[last[0]])
    results.next.append(min(at for at, _ in heard.at if at > behind) - sent[last[1]])


async def together(running: Server, clients: int, seconds: float) -> Together:
    """Clients that ask for the next text when they have heard the last one, half of them token by token."""
    answers: list[list[tuple[int, float, Heard]]] = [[] for _ in range(clients)]
    end = time.perf_counter() + seconds

    async def talk(client: int) -> None:
        index = client
        while time.perf_counter() < end:
            text, voice = SENTENCES[index % len(SENTENCES)], f"emma|seed={SEED}"
            if client % 2:
                pieces = [(0.0, text[start : start + TOKEN]) for start in range(0, len(text), TOKEN)]
                times, heard = await typed(running.port, pieces, voice)
                sent = times[-1]
            else:
                sent, heard = await spoken(running.port, text, voice)
            answers[client].append((index % len(SENTENCES), heard.at[0][0] - sent if heard.at else math.inf, heard))
            index += 1

    times: list[float] = []
    memory: list[float] = []
    asking = asyncio.create_task(keep_describing(running.port, times))
    watching = asyncio.create_task(watch(running, memory))
    started = time.perf_counter()
    await asyncio.gather(*(talk(client) for client in range(clients)))
    took = time.perf_counter() - started
    for task in (asking, watching):
        task.cancel()
    all_ = [answer for one in answers for answer in one]
    return Together(
        clients=clients,
        seconds=took,
        requests=len(all_),
        audio=sum(heard.seconds for _, _, heard in all_),
        lost=count_lost(all_),
        first=[median(first for _, first, _ in one) for one in answers],
        describe=times,
        memory=memory,
    )


def count_lost(answers: Sequence[tuple[int, float, Heard]]) -> int:
    longest: dict[int, float] = {}
    for index, _, heard in answers:
        longest[index] = max(longest.get(index, 0.0), heard.seconds)
    return sum(bool(heard.error) or heard.seconds < longest[index] - 1e-6 for index, _, heard in answers)


async def watch(running: Server, memory: list[float]) -> None:
    while True:
        memory.append(running.resident())
        await asyncio.sleep(10)


def begun(heard: Heard) -> float:
    """When its first audio came. Raises SystemExit."""
    if heard.error or not heard.at:
        raise SystemExit(f"an answer ended in {heard.error or 'silence'}")
    return heard.at[0][0]


def part(values: Sequence[float], share: float) -> float:
    """The value that so much of them are not above."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def table(results: Results) -> str:
    lines = [results.machine, f"{'':42}{'median':>9}{'p99':>9}{'largest':>9}"]

    def row(title: str, values: Sequence[float], scale: float = 1.0, form: str = ".2f") -> None:
        if values:
            shown = (median(values), part(values, 0.99), max(values))
            lines.append(f"{title:42}" + "".join(f"{format(scale * value, form):>9}" for value in shown))

    row("Describe while the model is loaded, ms", results.starting, 1000, ".0f")
    row("first request of all: first audio, s", [results.until_speech])
    row("one request: first audio, s", results.first)
    row("sentence before a pause: first audio, s", results.sentence)
    row("sentence behind it: first audio, s", results.next)
    if crowd := results.together:
        name = f"{crowd.clients} clients"
        row(f"{name}: first audio, s (medians of each)", crowd.first)
        row(f"{name}: Describe, ms", crowd.describe, 1000, ".0f")
        warm = crowd.memory[min(int(WARM_UP / 10), len(crowd.memory) - 1) :]
        lines += [
            f"{name}: {crowd.requests} requests in {crowd.seconds:.0f} s, {crowd.lost} lost",
            f"{name}: first audio, largest median {max(crowd.first) / min(crowd.first):.2f} times the smallest",
            f"{name}: memory {crowd.memory[0]:.0f} MB, after a minute {warm[0]:.0f}, at most {max(warm):.0f}, "
            f"at the end {warm[-1]:.0f}",
        ]
    if left := results.leaving:
        row("client leaves: until nothing computes, s", left.stops)
        lines.append(f"{len(left.stops)} clients left: memory {', '.join(f'{mb:.0f}' for mb in left.memory)} MB")
    if siege := results.nonsense:
        row("malformed session: until it is closed, s", siege.seconds)
        lines.append(
            f"{len(siege.seconds)} malformed sessions: {siege.hung} hung; memory {siege.memory[0]:.0f} to "
            f"{siege.memory[1]:.0f} MB, files {siege.files[0]} to {siege.files[1]}, threads {siege.threads[0]} to "
            f"{siege.threads[1]}; {'the next request was served' if siege.served else 'the next request FAILED'}"
        )
    lines += [f"in the log: {line}" for line in results.complaints] or ["nothing unexpected in the log"]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
