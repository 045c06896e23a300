"""What the hubs hold: their lists of files, with sizes and digests, read with distrust."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from ..families import Family
from .found import needed_files
from .transfer import RemoteFile
from .web import HubError, Patience, get_json

LARGEST_FILE = 32 << 30  # bytes
_MOST_FILES = 10_000
# The published tokenizer folder also holds a second copy of the language model: a gigabyte nobody reads.
_SECOND_COPY = (".safetensors", ".bin", ".pt")
_DIGESTS = {"sha256": re.compile(r"[0-9a-f]{64}"), "git": re.compile(r"[0-9a-f]{40}")}


def list_files(hub: str, family: Family, patience: Patience) -> list[RemoteFile]:
    """The files of a family that we need, as `hub` has them; the smallest first. Raises HubError."""
    listed = _HUBS[hub](family.repos[hub], patience)
    wanted = [file for file in listed if _is_needed(file.name, family)]
    names = [file.name for file in wanted]
    if absent := [name for name in needed_files(family) if name not in names]:
        raise HubError(f"its list of files lacks {', '.join(absent)}")
    if len(set(names)) < len(names):
        raise HubError("its list of files names a file twice")
    for file in wanted:
        if not 0 < file.size <= LARGEST_FILE:
            raise HubError(f"its list of files gives {file.name} {file.size} bytes")
        if not _DIGESTS[file.algorithm].fullmatch(file.digest):
            raise HubError(f"its list of files gives no digest for {file.name}")
    return sorted(wanted, key=lambda file: file.size)


def page(hub: str, family: Family) -> str:
    """Where a person can fetch the files."""
    if hub == "huggingface":
        return f"{_huggingface()}/{family.repos[hub]}/tree/main"
    return f"{_modelscope()}/models/{family.repos[hub]}/files"


def _is_needed(name: str, family: Family) -> bool:
    """Whether to fetch a file that a server named: one of ours, or a plain name in the tokenizer's folder."""
    if name in needed_files(family):
        return True
    folder, _, file = name.rpartition("/")
    return (
        folder == family.files["tokenizer"]
        and re.fullmatch(r"\w[\w.-]{0,99}", file, re.ASCII) is not None
        and not file.endswith(_SECOND_COPY)
    )


def _huggingface() -> str:
    return _endpoint(os.environ.get("HF_ENDPOINT") or "https://huggingface.co")


def _modelscope() -> str:
    return _endpoint(os.environ.get("MODELSCOPE_DOMAIN") or "www.modelscope.cn")


def _endpoint(named: str) -> str:
    """An address without a slash at its end; a bare domain is meant with https."""
    return (named if named.startswith(("http://", "https://")) else f"https://{named}").rstrip("/")


def _list_huggingface(repo: str, patience: Patience) -> list[RemoteFile]:
    """https://huggingface.co/docs/hub/api: large files have a sha256, small ones the name of their git blob."""
    entries = get_json(f"{_huggingface()}/api/models/{repo}/tree/main?recursive=true", patience)
    files = []
    for entry in _entries(entries):
        if entry.get("type") != "file":
            continue
        large = entry.get("lfs")
        lfs: Mapping[str, Any] = large if isinstance(large, dict) else {}
        name, algorithm = str(entry.get("path")), "sha256" if lfs else "git"
        digest = str((lfs or entry).get("oid")).removeprefix("sha256:")
        url = f"{_huggingface()}/{repo}/resolve/main/{quote(name)}"
        files.append(RemoteFile(name, url, _size(lfs.get("size", entry.get("size"))), algorithm, digest))
    return files


def _list_modelscope(repo: str, patience: Patience) -> list[RemoteFile]:
    api = f"{_modelscope()}/api/v1/models/{repo}/repo"
    answer = get_json(f"{api}/files?Revision=master&Recursive=true", patience)
    data = answer.get("Data") if isinstance(answer, dict) else None
    files = []
    for entry in _entries(data.get("Files") if isinstance(data, dict) else None):
        if entry.get("Type") != "blob":
            continue
        name = str(entry.get("Path"))
        url = f"{api}?Revision=master&FilePath={quote(name, safe='')}"
        files.append(RemoteFile(name, url, _size(entry.get("Size")), "sha256", str(entry.get("Sha256"))))
    return files


def _entries(listed: Any) -> list[Mapping[str, Any]]:
    if not isinstance(listed, list) or len(listed) > _MOST_FILES or not all(isinstance(one, dict) for one in listed):
        raise HubError("it answers with something else than a list of files")
    return listed


def _size(value: Any) -> int:
    return value if type(value) is int else 0


_HUBS: Mapping[str, Callable[[str, Patience], list[RemoteFile]]] = {
    "modelscope": _list_modelscope,
    "huggingface": _list_huggingface,
}
