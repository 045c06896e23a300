"""A real ComfyUI for tests: a server of its own, with folders of its own, and what a browser would ask of it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

START = 180.0  # seconds that a slow machine may take until the server answers
SILENCE = 300.0  # seconds without a message after which a run is lost
PACK = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((PACK / "workflows").glob("*.json"))
FOLDERS = ("custom_nodes", "input", "output", "temp", "models", "user/default")
ENDS = {"execution_success": "success", "execution_error": "error", "execution_interrupted": "interrupted"}

Prompt = Mapping[str, Any]  # a graph in ComfyUI's API format


class Refused(Exception):
    """ComfyUI did not queue a graph. node_errors: by node, as it shows them."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(json.dumps(answer, ensure_ascii=False))
        self.node_errors: dict[str, Any] = answer.get("node_errors") or {}


@dataclass
class Run:
    """What became of one queued graph; everything by the node's id.

    end: "success", "error" or "interrupted". shown: what the nodes show. error: the message of the end, if it was none.
    progress: (node, value, of) in order.
    """

    prompt: str
    end: str = ""
    cached: set[str] = field(default_factory=set)
    executed: list[str] = field(default_factory=list)
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    progress: list[tuple[str, float, float]] = field(default_factory=list)
    error: dict[str, Any] = field(default_factory=dict)

    def take(self, kind: str, data: dict[str, Any]) -> None:
        """One message of the server about this run."""
        if kind == "execution_cached":
            self.cached.update(data["nodes"])
        elif kind == "executing" and data.get("node"):
            self.executed.append(data["node"])
        elif kind == "executed" and data.get("output"):
            self.shown[data["node"]] = data["output"]
        elif kind == "progress":
            self.progress.append((data["node"], data["value"], data["max"]))
        elif kind in ENDS:
            self.end = ENDS[kind]
            self.error = {} if self.end == "success" else data


@dataclass
class Comfy:
    """A running server. folder: its base directory. process: what runs it. log: what it prints."""

    folder: Path
    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def get(self, path: str, **query: str) -> bytes:
        return self._ask(path + ("?" + urllib.parse.urlencode(query) if query else ""), None)

    def json(self, path: str, **query: str) -> Any:
        return json.loads(self.get(path, **query))

    def post(self, path: str, body: Any) -> bytes:
        return self._ask(path, json.dumps(body).encode())

    def view(self, file: Mapping[str, str]) -> bytes:
        """A file that a node shows: {"filename": …, "subfolder": …, "type": …}."""
        return self.get("/view", **{key: file[key] for key in ("filename", "subfolder", "type")})

    def free(self) -> None:
        """What the buttons for unloading models and freeing memory do; the worker obeys when it is idle."""
        self.post("/free", {"unload_models": True, "free_memory": True})

    def run(self, prompt: Prompt) -> Run:
        """Queue a graph and wait for its end. Raises Refused."""
        with self.listening() as line:
            run = self.queue(prompt, line)
            for _ in self.events(line, run):
                pass
        return run

    @contextmanager
    def listening(self) -> Iterator[Line]:
        name = uuid.uuid4().hex
        address = self.address.replace("http", "ws") + f"/ws?clientId={name}"
        with connect(address, max_size=None, open_timeout=30, proxy=None) as socket:
            yield Line(name, socket)

    def queue(self, prompt: Prompt, line: Line) -> Run:
        try:
            answer = json.loads(self.post("/prompt", {"prompt": prompt, "client_id": line.name}))
        except urllib.error.HTTPError as error:
            raise Refused(json.loads(error.read())) from None
        return Run(answer["prompt_id"])

    def events(self, line: Line, run: Run) -> Iterator[str]:
        """The kinds of the messages about `run`, each after it was taken in, until the last."""
        while not run.end:
            message = line.socket.recv(timeout=SILENCE)
            if isinstance(message, bytes):  # pictures of work in progress
                continue
            parsed = json.loads(message)
            if parsed["data"].get("prompt_id") == run.prompt:
                run.take(parsed["type"], parsed["data"])
                yield parsed["type"]

    def resident(self) -> int:
        """Bytes of memory that the server holds. Linux only."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def _ask(self, path: str, body: bytes | None) -> bytes:
        request = urllib.request.Request(self.address + path, body, {"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=SILENCE) as answer:
            content: bytes = answer.read()
        return content


@dataclass(frozen=True)
class Line:
    """A web socket and the name under which the server knows it."""

    name: str
    socket: ClientConnection


@contextmanager
def started(comfyui: Path, python: str, folder: Path, **environment: str) -> Iterator[Comfy]:
    """ComfyUI on a CPU and a free port, `folder` its base directory with this pack in it; killed at the end."""
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "custom_nodes" / "cosyvox").symlink_to(PACK, target_is_directory=True)
    (folder / "user" / "default" / "comfy.settings.json").write_text('{"Comfy.TutorialCompleted": true}')
    port, log = _free_port(), folder / "comfyui.log"
    command = [
        *(python, str(comfyui / "main.py"), "--cpu", "--listen", "127.0.0.1", "--port", str(port)),
        *("--disable-auto-launch", "--disable-api-nodes", "--base-directory", str(folder)),
        *("--database-url", "sqlite:///:memory:"),
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=comfyui, env=os.environ | environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        comfy = Comfy(folder, f"http://127.0.0.1:{port}", process, log)
        _wait(comfy)
        yield comfy
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(comfy: Comfy) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end:
        if comfy.process.poll() is not None:
            raise RuntimeError(f"ComfyUI ended with {comfy.process.returncode}:\n{comfy.log.read_text()[-4000:]}")
        try:
            comfy.get("/queue")
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"ComfyUI does not answer:\n{comfy.log.read_text()[-4000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
