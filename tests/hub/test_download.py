"""Fetching a model: only what is needed, killed at any moment, offline; and removing it."""

from __future__ import annotations

import hashlib
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cosyvox.core import Cancelled, DownloadError, ModelNotFound, RequestError, StorageError, find_model, models_on_disk
from cosyvox.core.hub.download import download_model, own_model, remove_model
from cosyvox.core.hub.web import Patience
from hubs import FILES, HASTY, NAME, NEEDED, Hubs, check_whole, files, reply


def test_only_what_is_needed_is_fetched(hubs: Hubs, folder: Path) -> None:
    seen = []
    found = download_model(NAME, patience=HASTY, on_progress=seen.append)
    check_whole(folder)
    assert (found.path, found.place, found.complete) == (folder, "CosyVox", True)
    assert {progress.stage for progress in seen} == {f"download {name}" for name in NEEDED}
    ends = {progress.stage: progress for progress in seen}
    assert all(end.done == end.total == len(FILES[stage.split(" ")[1]]) for stage, end in ends.items())


@pytest.mark.parametrize(
    "name", ["CosyVoice2-0.5B", "cosyvoice2", "iic/CosyVoice2-0.5B", "funaudiollm/cosyvoice2-0.5b"]
)
@pytest.mark.parametrize("hub", ["modelscope", "huggingface"])
def test_any_name_from_either_hub(hubs: Hubs, folder: Path, name: str, hub: str) -> None:
    download_model(name, hub=hub, patience=HASTY)
    check_whole(folder)
    assert {asked[0] for asked in hubs.asked} == {hub}
    assert find_model(name) == folder


def test_what_is_here_is_not_fetched(hubs: Hubs, folder: Path) -> None:
    download_model(NAME, patience=HASTY)
    hubs.asked.clear()
    assert download_model(NAME, patience=HASTY).path == folder
    assert hubs.asked == []


def test_an_unknown_name_or_hub(hubs: Hubs) -> None:
    with pytest.raises(ModelNotFound, match=NAME):
        download_model("CosyVoice9", patience=HASTY)
    with pytest.raises(RequestError, match="modelscope"):
        download_model(NAME, hub="elsewhere", patience=HASTY)
    assert hubs.asked == []


def test_what_a_user_placed_is_kept(hubs: Hubs, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "llm.pt").write_bytes(FILES["llm.pt"])
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    download_model(NAME, patience=HASTY)
    assert hubs.count("llm.pt") == 0
    assert files(folder) == sorted([*NEEDED, "notes.txt"])


def test_another_file_in_its_place_is_not_touched(hubs: Hubs, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "llm.pt").write_bytes(b"fine-tuned")
    with pytest.raises(StorageError, match="another file than the published one"):
        download_model(NAME, patience=HASTY)
    assert (folder / "llm.pt").read_bytes() == b"fine-tuned"


def part_of(folder: Path, name: str) -> Path:
    return folder / f"{name}.{hashlib.sha256(FILES[name]).hexdigest()[:16]}.part"


@pytest.mark.parametrize("left", [b"damaged by a power cut", FILES["llm.pt"][::-1], FILES["llm.pt"] + b"too long", b""])
def test_a_damaged_leftover_is_not_trusted(hubs: Hubs, folder: Path, left: bytes) -> None:
    folder.mkdir(parents=True)
    part_of(folder, "llm.pt").write_bytes(left)
    (folder / "flow.pt.0123456789abcdef.part").write_bytes(b"of another revision")
    download_model(NAME, patience=HASTY)
    check_whole(folder)


def test_a_full_disk_is_said_before(hubs: Hubs, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cosyvox.core import storage

    monkeypatch.setattr(storage.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1000})())
    with pytest.raises(StorageError, match="1000 left"):
        download_model(NAME, patience=HASTY)
    assert not folder.exists()
    assert {file for _, file, _ in hubs.asked} == {"list"}


@pytest.mark.skipif(sys.platform == "win32", reason="no limits there")
def test_a_disk_that_fills_up(hubs: Hubs, folder: Path) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, limits[1]))
    try:
        with pytest.raises(StorageError, match=r"llm\.pt\..*part could not be written: File too large"):
            download_model(NAME, patience=HASTY)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert part_of(folder, "llm.pt").stat().st_size == 300_000
    hubs.asked.clear()
    download_model(NAME, patience=HASTY)
    check_whole(folder)
    assert [requested for _, file, requested in hubs.asked if file == "llm.pt"] == ["bytes=300000-"]


def test_stopping_keeps_what_has_arrived(hubs: Hubs, folder: Path) -> None:
    arrived = []
    with pytest.raises(Cancelled):
        download_model(NAME, patience=HASTY, on_progress=arrived.append, should_stop=lambda: len(arrived) > 6)
    assert len(files(folder)) >= 3
    download_model(NAME, patience=HASTY)
    check_whole(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_kill_9_in_the_middle(hubs: Hubs, folder: Path) -> None:
    def slow(handler, file, number):
        if file != "llm.pt" or number:
            return False
        reply(handler, FILES[file][:200_000], length=len(FILES[file]), pause=5.0)
        return True

    hubs.answer = slow
    script = f"from cosyvox.core import download_model; download_model({NAME!r}, hub='modelscope')"
    child = subprocess.Popen([sys.executable, "-c", script])
    part = part_of(folder, "llm.pt")
    deadline = time.monotonic() + 20
    while not (part.exists() and part.stat().st_size == 200_000):
        assert child.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    with pytest.raises(StorageError, match="another download runs"):
        download_model(NAME, patience=HASTY)
    child.send_signal(signal.SIGKILL)
    child.wait()
    (found,) = models_on_disk()
    assert "llm.pt" in found.missing
    hubs.asked.clear()
    download_model(NAME, hub="modelscope", patience=HASTY)
    check_whole(folder)
    assert ("modelscope", "llm.pt", "bytes=200000-") in hubs.asked
    assert hubs.count("CosyVoice-BlankEN/vocab.json") == 0


@pytest.mark.parametrize("how", ["argument", "COSYVOX_OFFLINE", "HF_HUB_OFFLINE"])
def test_offline_opens_no_socket(hubs: Hubs, folder: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*args: object, **options: object) -> None:
        raise AssertionError("a socket")

    if how != "argument":
        monkeypatch.setenv(how, "1")
    monkeypatch.setattr(socket, "socket", forbidden)
    monkeypatch.setattr(socket, "getaddrinfo", forbidden)
    with pytest.raises(DownloadError, match="by hand: put"):
        download_model(NAME, offline=how == "argument")
    assert not folder.exists()


def test_no_network_is_said_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_ENDPOINT", "MODELSCOPE_DOMAIN"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # the discard port: refused
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(DownloadError, match=r"refused.*refused.*by hand"):
        download_model(NAME, patience=Patience(first_wait=1000))
    assert not folder.exists()


def test_remove_is_for_our_own_home_only(hubs: Hubs, folder: Path, machine: Path) -> None:
    theirs = machine / "comfyui" / "models" / "CosyVoice" / NAME
    download_model(NAME, patience=HASTY)
    theirs.parent.mkdir(parents=True)
    folder.rename(theirs)
    assert find_model(NAME) == theirs
    with pytest.raises(ModelNotFound, match="only what lies there can be removed"):
        remove_model(NAME)
    with pytest.raises(ModelNotFound):
        remove_model(str(theirs))
    theirs.rename(folder)
    assert own_model("cosyvoice2").path == folder
    remove_model("cosyvoice2")
    assert not folder.exists() and models_on_disk() == []


def test_removing_a_link_keeps_what_it_points_to(hubs: Hubs, folder: Path, machine: Path) -> None:
    download_model(NAME, patience=HASTY)
    folder.rename(machine / "elsewhere")
    try:
        folder.symlink_to(machine / "elsewhere", target_is_directory=True)
    except OSError:
        pytest.skip("no links here")
    remove_model(NAME)
    assert not folder.exists()
    check_whole(machine / "elsewhere")
