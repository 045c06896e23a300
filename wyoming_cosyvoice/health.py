"""Whether a Wyoming server answers: `python -m cosyvox.wyoming_cosyvoice.health tcp://localhost:10200`.

For the HEALTHCHECK of a container: exit code 0 if Describe was answered with something that speaks, 1 if not. Without
an argument it asks the server that this environment starts, COSYVOX_URI.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys

from wyoming.client import AsyncClient
from wyoming.info import Describe, Info

DEFAULT_URI = "tcp://localhost:10200"
SECONDS = 5.0
MOST_EVENTS = 16  # that are passed over until Info comes


async def describe(uri: str, seconds: float = SECONDS) -> Info:
    """What the server there offers. Raises OSError, TimeoutError, and ValueError where no Wyoming server answers."""
    return await asyncio.wait_for(_describe(uri), seconds)


async def _describe(uri: str) -> Info:
    async with AsyncClient.from_uri(uri) as client:
        await client.write_event(Describe().event())
        for _ in range(MOST_EVENTS):
            event = await client.read_event()
            if event is None:
                break
            if Info.is_type(event.type):
                return Info.from_event(event)
    raise ValueError("it does not answer as Wyoming servers do")


def near(uri: str) -> str:
    """Where this machine reaches a server that listens at every address."""
    return re.sub(r"^tcp://(?:0\.0\.0\.0|\[::\]|\*)?:", "tcp://localhost:", uri)


def main(arguments: list[str]) -> int:
    """0 if the server at arguments[0] can speak, 1 with a line that says why not."""
    uri = near(arguments[0] if arguments else os.environ.get("COSYVOX_URI") or DEFAULT_URI)
    try:
        info = asyncio.run(describe(uri))
        reason = "" if any(program.installed for program in info.tts) else "it offers no speech"
    except asyncio.TimeoutError:
        reason = f"no answer within {SECONDS:g} s"
    except Exception as error:  # whatever is there: it is not well
        reason = str(error) or type(error).__name__
    if reason:
        sys.stderr.write(f"{uri}: {reason}\n")
    return 1 if reason else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
