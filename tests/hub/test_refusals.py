"""Hubs, mirrors and proxies that lie: refused with the reason, and nothing of it under a file's name."""

from __future__ import annotations

import email
import gzip
import io
import urllib.request
import urllib.response
from pathlib import Path

import pytest
from cosyvox.core import DownloadError, ModelNotFound, find_model, models_on_disk
from cosyvox.core.hub.download import download_model
from cosyvox.core.hub.web import HubError, get
from hubs import FILES, HASTY, NAME, Hubs, check_whole, reply, serve_hubs


def web_page(handler, file, number):
    reply(handler, b"<html>Log in, please", kind="text/html; charset=utf-8")
    return True


def not_found(handler, file, number):
    reply(handler, b"", status=404)
    return True


def too_long_by_its_header(handler, file, number):
    reply(handler, b"", length=10**15)
    return True


def endless(handler, file, number):
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(FILES[file] + b"and more")
    return True


def other_content(handler, file, number):
    reply(handler, FILES[file][::-1])
    return True


def compressed(handler, file, number):
    content = gzip.compress(FILES[file])
    reply(handler, content, headers={"Content-Encoding": "gzip"})
    return True


def to(address: str):
    def redirect(handler, file, number):
        reply(handler, b"", status=302, headers={"Location": address})
        return True

    return redirect


def in_circles(handler, file, number):
    reply(handler, b"", status=302, headers={"Location": handler.path})
    return True


LIES = [
    (web_page, "a web page: a proxy or a login page"),
    (not_found, "404"),
    (too_long_by_its_header, "1000000000000000 are sent"),
    (endless, "does not end after"),
    (other_content, "is not what the list of files says"),
    (compressed, "in the encoding 'gzip', which was not asked for"),
    (to("file:///etc/passwd"), "file:///etc/passwd' is not allowed"),
    (to("ftp://127.0.0.1/llm.pt"), "sends us on to ftp://127.0.0.1/llm.pt: not followed"),
    (in_circles, "infinite loop"),
]


@pytest.mark.parametrize(("lie", "reason"), LIES, ids=lambda value: getattr(value, "__name__", ""))
def test_what_is_not_the_file_is_refused(hubs: Hubs, folder: Path, lie, reason: str) -> None:
    hubs.answer = lambda handler, file, number: file == "llm.pt" and lie(handler, file, number)
    with pytest.raises(DownloadError, match=reason) as raised:
        download_model(NAME, hub="huggingface", patience=HASTY)
    assert not (folder / "llm.pt").exists()
    message = str(raised.value)
    assert "by hand: put cosyvoice2.yaml, llm.pt" in message and str(folder) in message
    (found,) = models_on_disk()
    assert not found.complete and found.missing == ("llm.pt",)
    with pytest.raises(ModelNotFound, match=r"incomplete: llm\.pt missing"):
        find_model(NAME)
    hubs.answer = lambda handler, file, number: False  # the hub comes to its senses
    download_model(NAME, hub="huggingface", patience=HASTY)
    check_whole(folder)


@pytest.mark.parametrize(("lie", "reason"), LIES, ids=lambda value: getattr(value, "__name__", ""))
def test_the_other_hub_helps_out(hubs: Hubs, folder: Path, lie, reason: str) -> None:
    def one_lies(handler, file, number):
        return file == "llm.pt" and "resolve" in handler.path and lie(handler, file, number)

    hubs.answer = one_lies
    download_model(NAME, patience=HASTY)
    check_whole(folder)


def test_hubs_keep_their_files_elsewhere(hubs: Hubs, folder: Path) -> None:
    with serve_hubs() as store:

        def elsewhere(handler, file, number):
            return file != "list" and to(store.address + handler.path)(handler, file, number)

        hubs.answer = elsewhere
        download_model(NAME, patience=HASTY)
        assert store.count("llm.pt") == 1
    check_whole(folder)


def test_encryption_is_not_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def https_open(self: object, request: urllib.request.Request) -> urllib.response.addinfourl:
        headers = email.message_from_string("Location: http://127.0.0.1:9/llm.pt\n\n")
        answer = urllib.response.addinfourl(io.BytesIO(), headers, request.full_url, 302)
        answer.msg = "Found"
        return answer

    monkeypatch.setattr(urllib.request.HTTPSHandler, "https_open", https_open)
    with pytest.raises(HubError, match=r"sends us on to http://127\.0\.0\.1:9/llm\.pt: not followed"):
        get("https://127.0.0.1:9/llm.pt", {}, HASTY)


def replace(name: str, **fields: object):
    return lambda entries: [{**entry, **fields} if entry.get("path") == name else entry for entry in entries]


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        (lambda entries: [entry for entry in entries if entry["path"] != "flow.pt"], "lacks flow.pt"),
        (lambda entries: entries * 2, "names a file twice"),
        (lambda entries: entries * 1000, "something else than a list of files"),
        (lambda entries: {"error": "gone"}, "something else than a list of files"),
        (lambda entries: ["llm.pt"], "something else than a list of files"),
        (replace("llm.pt", size=10**15, lfs=None), "gives llm.pt 1000000000000000 bytes"),
        (replace("llm.pt", size=-1, lfs=None), "gives llm.pt -1 bytes"),
        (replace("llm.pt", size="big", lfs=None), "gives llm.pt 0 bytes"),
        (replace("llm.pt", lfs={"size": 512_000}), "no digest for llm.pt"),
        (replace("llm.pt", lfs=None, oid="../../etc"), "no digest for llm.pt"),
    ],
)
def test_lists_that_lie(hubs: Hubs, folder: Path, lie, reason: str) -> None:
    hubs.lists["huggingface"] = lie
    with pytest.raises(DownloadError, match=reason):
        download_model(NAME, hub="huggingface", patience=HASTY)
    assert not folder.exists()


@pytest.mark.parametrize("answer", [web_page, not_found, lambda *_: reply(_[0], b"not json") or True])
def test_no_list_at_all(hubs: Hubs, folder: Path, answer) -> None:
    hubs.answer = answer
    with pytest.raises(DownloadError, match=r"ModelScope: .*Hugging Face: |Hugging Face: .*ModelScope: "):
        download_model(NAME, patience=HASTY)
    assert not folder.exists()


@pytest.mark.parametrize(
    "name",
    [
        *("../../escape.json", "CosyVoice-BlankEN/../../../escape.json", "/escape.json", "CosyVoice-BlankEN/.."),
        *("CosyVoice-BlankEN\\..\\e.txt", "CosyVoice-BlankEN/sub/e.json", "CosyVoice-BlankEN/c:e.json"),
        "CosyVoice-BlankEN/",
    ],
)
def test_a_listed_path_cannot_escape(hubs: Hubs, folder: Path, machine: Path, name: str) -> None:
    hubs.files[name] = b"escaped"
    download_model(NAME, patience=HASTY)
    check_whole(folder)
    assert name not in {file for _, file, _ in hubs.asked}
