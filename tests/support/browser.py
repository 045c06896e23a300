"""A headless Chromium over its DevTools protocol: as much of it as looking at a ComfyUI graph needs."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE = 60.0  # seconds
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
    *("--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--remote-debugging-port=0"),
    *("--remote-allow-origins=*", "--autoplay-policy=no-user-gesture-required"),
)


def executable() -> str | None:
    """The browser that COMFYUI_BROWSER names, or the first one on the PATH."""
    return os.environ.get("COMFYUI_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One page. errors: what its scripts threw. asked: the addresses it asked servers for."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self._calls = socket, 0
        self.errors: list[str] = []
        self.asked: list[str] = []
        for domain in ("Page", "Runtime", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._calls += 1
        self._socket.send(json.dumps({"id": self._calls, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=PATIENCE))
            if message.get("id") == self._calls:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                result: dict[str, Any] = message["result"]
                return result
            self._event(message)

    def js(self, expression: str) -> Any:
        """The value of `expression`, awaited. What it throws is raised."""
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if failure := result.get("exceptionDetails"):
            raise RuntimeError(failure.get("exception", {}).get("description", failure["text"]))
        return result["result"].get("value")

    def wait(self, expression: str, patience: float = PATIENCE) -> Any:
        """The value of `expression` once it is true."""
        end = time.monotonic() + patience
        while not (value := self.js(expression)):
            if time.monotonic() > end:
                raise TimeoutError(f"still not true: {expression}")
            time.sleep(0.1)
        return value

    def size(self, width: int, height: int, scale: float = 1.0) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False
        )

    def picture(self, box: tuple[int, int, int, int], quality: int) -> bytes:
        """What is seen in a box (left, top, width, height), as JPEG."""
        clip = dict(zip(("x", "y", "width", "height"), box, strict=True), scale=1)
        return base64.b64decode(self.call("Page.captureScreenshot", format="jpeg", quality=quality, clip=clip)["data"])

    def _event(self, message: dict[str, Any]) -> None:
        data = message.get("params", {})
        if message["method"] == "Runtime.exceptionThrown":
            details = data["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif message["method"] == "Network.requestWillBeSent":
            address = urllib.parse.urlsplit(data["request"]["url"])
            if address.scheme.startswith("http"):
                self.asked.append(f"{address.scheme}://{address.netloc}{address.path}")


@contextmanager
def opened(address: str, folder: Path, browser: str) -> Iterator[Page]:
    """`address` in a browser with a fresh profile in `folder`; killed at the end."""
    profile = folder / "profile"
    process = subprocess.Popen(
        [browser, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with connect(_page(profile), max_size=None, proxy=None, compression=None) as socket:
            page = Page(socket)
            page.call("Page.navigate", url=address)
            yield page
    finally:
        process.kill()
        process.wait()


def _page(profile: Path) -> str:
    """The address at which the browser's first page can be driven."""
    end, told = time.monotonic() + PATIENCE, profile / "DevToolsActivePort"
    while time.monotonic() < end:
        if told.exists() and (lines := told.read_text().split()):
            with urllib.request.urlopen(f"http://127.0.0.1:{lines[0]}/json/list", timeout=PATIENCE) as answer:
                targets = json.load(answer)
            pages = [target["webSocketDebuggerUrl"] for target in targets if target["type"] == "page"]
            if pages:
                address: str = pages[0]
                return address
        time.sleep(0.1)
    raise TimeoutError("the browser did not open a page")
