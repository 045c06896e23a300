"""`python3 -m wyoming_relay [OPTIONS]`: OPTIONS is the app's options as the Supervisor writes them, a JSON file."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from pathlib import Path
from typing import Any

from .server import Relay
from .supervisor import announce
from .upstream import OptionError, Upstreams

OPTIONS = "/data/options.json"
PORT = 10200


async def serve(options: dict[str, Any]) -> None:
    """Until SIGTERM. Raises OptionError, OSError."""
    addresses = [options.get("server"), options.get("fallback")]
    upstreams = Upstreams([address for address in addresses if address])
    relay = Relay(upstreams, port=PORT)
    await relay.start()
    logging.info("relaying port %d to %s", PORT, ", else ".join(str(upstream) for upstream in upstreams.all))
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    tasks = [asyncio.create_task(upstreams.watch()), asyncio.create_task(announce(upstreams, PORT))]
    await ended.wait()
    for task in tasks:
        task.cancel()
    await relay.stop()


def main(arguments: list[str]) -> int:
    path = Path(arguments[0] if arguments else OPTIONS)
    try:
        options = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(options, dict):
            raise OptionError(f"{path} holds no options")
        level = "DEBUG" if options.get("debug") else "INFO"
        logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
        asyncio.run(serve(options))
    except (OptionError, OSError, ValueError) as error:
        sys.stderr.write(f"relay: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
