"""Hugging Face and ModelScope on this machine: one local server that speaks both APIs, and misbehaves on demand."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from cosyvox.core.hub.web import Patience

NAME = "CosyVoice2-0.5B"
HASTY = Patience(stall=0.3, tries=3, first_wait=0.01, longest_wait=0.2)
FILES = {
    "cosyvoice2.yaml": b"sample_rate: 24000\n",
    "llm.pt": bytes(range(256)) * 2000,
    "flow.pt": b"flow" * 5000,
    "hift.pt": b"hift" * 3000,
    "speech_tokenizer_v2.onnx": b"tokens" * 4000,
    "campplus.onnx": b"speaker" * 1000,
    "CosyVoice-BlankEN/config.json": b"{}",
    "CosyVoice-BlankEN/vocab.json": b'{"a": 0}',
    "CosyVoice-BlankEN/merges.txt": b"#version: 0.2\n",
    "CosyVoice-BlankEN/tokenizer_config.json": b"{ }",
    "CosyVoice-BlankEN/model.safetensors": b"a second copy of the language model",
    "asset/dingding.png": b"a picture",
}
NEEDED = sorted(name for name in FILES if not name.endswith((".safetensors", ".png")))
SMALL = 1000  # bytes; Hugging Face keeps larger files apart and gives their sha256

Answer = Callable[[BaseHTTPRequestHandler, str, int], bool]


class Hubs:
    """What the server holds, how it answers, and what it was asked.

    answer: called with (handler, file, number of requests for that file so far) before the file is served;
    True means that it has answered already. With file "list" it is called for the lists of files.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.files = dict(FILES)
        self.asked: list[tuple[str, str, str | None]] = []  # hub, file, Range
        self.answer: Answer = lambda handler, file, number: False
        self.lists: dict[str, Callable[[list], object]] = {}  # hub -> what it makes of its list
        self.environment = {"HF_ENDPOINT": address, "MODELSCOPE_DOMAIN": address, "NO_PROXY": "*", "no_proxy": "*"}

    def count(self, file: str) -> int:
        return sum(name == file for _, name, _ in self.asked)

    def list_of(self, hub: str) -> object:
        make = self._huggingface if hub == "huggingface" else self._modelscope
        entries: object = [make(name, content) for name, content in self.files.items()]
        if hub in self.lists:
            entries = self.lists[hub](entries)  # type: ignore[arg-type]
        return entries if hub == "huggingface" else {"Code": 200, "Data": {"Files": entries}, "Success": True}

    def _huggingface(self, name: str, content: bytes) -> dict:
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        entry: dict = {"type": "file", "path": name, "size": len(content), "oid": blob}
        if len(content) > SMALL:
            entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
        return entry

    def _modelscope(self, name: str, content: bytes) -> dict:
        digest = hashlib.sha256(content).hexdigest()
        return {"Type": "blob", "Path": name, "Size": len(content), "Sha256": digest}


@contextmanager
def serve_hubs() -> Iterator[Hubs]:
    """A server on a free port, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            hub, file = _meaning(self.path)
            self.close_connection = True
            requested = self.headers.get("Range")
            number = hubs.count(file)
            hubs.asked.append((hub, file, requested))
            if hubs.answer(self, file, number):
                return
            if file == "list":
                return reply(self, json.dumps(hubs.list_of(hub)).encode(), kind="application/json")
            content = hubs.files.get(file)
            if content is None:
                return reply(self, b"no such file", status=404)
            if requested:
                start = int(requested.removeprefix("bytes=").removesuffix("-"))
                whole = f"bytes {start}-{len(content) - 1}/{len(content)}"
                return reply(self, content[start:], status=206, headers={"Content-Range": whole})
            reply(self, content)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hubs = Hubs(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield hubs
    finally:
        server.shutdown()
        server.server_close()


def reply(
    handler: BaseHTTPRequestHandler,
    content: bytes,
    *,
    status: int = 200,
    kind: str = "application/octet-stream",
    headers: dict[str, str] | None = None,
    length: int | None = None,
    pause: float = 0.0,
) -> None:
    """Answer with `content`. length: what the header says. pause: seconds of silence after the content."""
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(content) if length is None else length))
    handler.end_headers()
    handler.wfile.write(content)
    handler.wfile.flush()
    time.sleep(pause)


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def check_whole(folder: Path) -> None:
    """The files that are needed, bit for bit, and nothing else."""
    assert files(folder) == NEEDED
    assert all((folder / name).read_bytes() == FILES[name] for name in NEEDED)


def _meaning(path: str) -> tuple[str, str]:
    """(hub, file or "list") of a request."""
    parts = urlsplit(path)
    if match := re.fullmatch(r"/FunAudioLLM/CosyVoice2-0\.5B/resolve/main/(.+)", parts.path):
        return "huggingface", unquote(match[1])
    if parts.path == "/api/models/FunAudioLLM/CosyVoice2-0.5B/tree/main":
        return "huggingface", "list"
    if parts.path == "/api/v1/models/iic/CosyVoice2-0.5B/repo/files":
        return "modelscope", "list"
    if parts.path == "/api/v1/models/iic/CosyVoice2-0.5B/repo":
        return "modelscope", parse_qs(parts.query)["FilePath"][0]
    return "", path
