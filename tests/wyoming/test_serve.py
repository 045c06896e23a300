"""`cosyvox serve` as it is run: the embedded voice, signals, pipes."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from wyoming.audio import AudioStart
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize
from wyoming_server import STREAMED, WHOLE, Client, answer, say_stream

SECONDS = 120.0
posix_only = pytest.mark.skipif(os.name != "posix", reason="signals and pipes of a posix system")


@dataclass
class Running:
    process: subprocess.Popen[bytes]
    port: int = 0
    log: list[str] = field(default_factory=list)

    def client(self) -> Client:
        return Client("127.0.0.1", self.port, connect_timeout=SECONDS, read_timeout=SECONDS)


def command(*flags: str) -> list[str]:
    return [sys.executable, "-m", "cosyvox.wyoming_cosyvoice", "--model", "embedded", *flags]


def _listens_to_signals() -> None:
    """Whoever runs the tests in the background has interrupts ignored, and so would the server."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def running(home: Path, *flags: str) -> Iterator[Running]:
    """A server of its own, killed if it is still there at the end."""
    environment = os.environ | {"COSYVOX_HOME": str(home), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command("--uri", "tcp://127.0.0.1:0", *flags),
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=_listens_to_signals if os.name == "posix" else None,
    )
    server, listening = Running(process), threading.Event()

    def read() -> None:
        assert process.stderr
        for line in process.stderr:
            server.log.append(line.decode(errors="replace").rstrip())
            if found := re.search(r"listening at tcp://127.0.0.1:(\d+)", server.log[-1]):
                server.port = int(found[1])
                listening.set()
        listening.set()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert listening.wait(SECONDS) and server.port, server.log
        yield server
    finally:
        process.kill()
        process.wait()
        reader.join()
        assert process.stderr
        process.stderr.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("home")) as server:
        yield server


def test_what_holds_up_every_thread_is_done_before_it_listens(tmp_path: Path) -> None:
    """Imports, which would keep Describe waiting; and a user's own word on how threads wait is the last one."""
    code = (
        "import gc, os, sys\n"
        "from cosyvox.wyoming_cosyvoice import app\n"
        "from cosyvox.wyoming_cosyvoice.settings import Settings\n"
        "async def listening(settings):\n"
        "    print('torch' in sys.modules, gc.get_freeze_count() > 10_000, os.environ.get('GOMP_SPINCOUNT'))\n"
        "app._serve = listening\n"
        "app.serve(Settings())\n"
    )
    for own, wanted in (({}, "3000"), ({"GOMP_SPINCOUNT": "7"}, "7")):
        bare = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"}
        environment = bare | own | {"COSYVOX_HOME": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=300
        )
        assert done.stdout.split() == ["True", "True", wanted]


def test_describe_is_answered_and_there_is_a_voice(served: Running) -> None:
    async def scene() -> Info:
        async with served.client() as client:
            await client.write_event(Describe().event())
            event = await client.read_event()
            assert event
            return Info.from_event(event)

    (program,) = asyncio.run(scene()).tts
    assert program.installed and program.supports_synthesize_streaming
    assert program.voices and all("en" in voice.languages for voice in program.voices)


def test_the_embedded_voice_speaks(served: Running) -> None:
    """Also what was streamed, and with styles and markup in it."""

    async def scene() -> None:
        async with served.client() as client:
            await client.write_event(Synthesize("The kitchen light is on.").event())
            whole = await answer(client)
            await say_stream(client, "**The kit", "chen** ", "[cheerful] light ", "is on.")
            streamed = await answer(client, "synthesize-stopped")
        assert (whole.outline, streamed.outline) == (WHOLE, STREAMED)
        assert whole.rates == streamed.rates == [24000]
        for said in (whole, streamed):
            samples = np.frombuffer(said.pcm, "<i2") / 32768
            assert 0.8 < len(samples) / 24000 < 4
            assert np.sqrt(np.mean(samples**2)) > 0.01

    asyncio.run(scene())


@pytest.mark.parametrize("text", ["**", "😀", "\x00", "...", "[cheerful]"])
def test_what_it_cannot_speak_is_silence(served: Running, text: str) -> None:
    async def scene() -> bytes:
        async with served.client() as client:
            await client.write_event(Synthesize(text).event())
            got = await answer(client)
            assert got.outline == WHOLE
            return got.pcm

    assert asyncio.run(scene()) == bytes(4800)


def test_ssml(served: Running) -> None:
    async def scene(text: str) -> bytes:
        async with served.client() as client:
            event = Synthesize(text, text_format="ssml").event()
            await client.write_event(event)
            return (await answer(client, "audio-stop")).pcm

    plain = asyncio.run(scene("<speak>One.</speak>"))
    waits = asyncio.run(scene('<speak>One.<break time="2s"/></speak>'))
    assert len(waits) - len(plain) == 2 * 24000 * 2
    assert asyncio.run(scene("<speak>One.")) == b""  # an error


def test_who_leaves_frees_the_device_for_the_next(served: Running) -> None:
    long = "This is one of very many sentences that nobody will wait for. " * 200

    async def scene() -> None:
        for _ in range(5):
            async with served.client() as client:
                await client.write_event(Synthesize(long).event())
                event = await client.read_event()
                assert event and AudioStart.is_type(event.type)
        async with served.client() as client:
            await client.write_event(Synthesize("Still here.").event())
            assert (await answer(client)).outline == WHOLE

    asyncio.run(scene())


@posix_only
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_it_finish_its_sentence(number: signal.Signals, tmp_path: Path) -> None:
    async def scene(server: Running) -> list[str]:
        async with server.client() as client:
            await client.write_event(Synthesize("This sentence is long enough to be interrupted.").event())
            await client.read_event()
            server.process.send_signal(number)
            return (await answer(client, "closed")).outline

    with running(tmp_path, "--stop-seconds", "60") as server:
        assert asyncio.run(scene(server)) == ["audio-chunk", "audio-stop", "closed"]
        assert server.process.wait(SECONDS) == 0
    assert not [line for line in server.log if "Traceback" in line or " error " in line]


@posix_only
def test_a_port_in_use_is_one_line(served: Running, tmp_path: Path) -> None:
    environment = os.environ | {"COSYVOX_HOME": str(tmp_path)}
    flags = ["--uri", f"tcp://127.0.0.1:{served.port}"]
    done = subprocess.run(command(*flags), env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"cosyvox: 127.0.0.1, port {served.port} is in use: stop the other server, or name another port in --uri"
    )


@posix_only
def test_standard_input_and_output(tmp_path: Path) -> None:
    """What was asked for is said though the input has ended; then the server ends."""
    from cosyvox.wyoming_cosyvoice.wire import encode
    from wyoming.event import read_event

    environment = os.environ | {"COSYVOX_HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
    sent = encode(Describe().event()) + encode(Synthesize("One.").event())
    done = subprocess.run(
        command("--uri", "stdio://"), input=sent, env=environment, capture_output=True, timeout=SECONDS
    )
    assert done.returncode == 0, done.stderr
    out = tmp_path / "out"
    out.write_bytes(done.stdout)
    with out.open("rb") as file:
        types = [event.type for event in iter(lambda: read_event(file), None)]
    assert types[:2] == ["info", "audio-start"]
    assert types[-1] == "audio-stop"
    assert set(types[2:-1]) == {"audio-chunk"}
