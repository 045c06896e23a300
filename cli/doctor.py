"""`cosyvox doctor`: what is installed, which device, which models, what is wrong and how to mend it.

It runs where nothing else does: every import that may fail is tried, and a failure is what it reports.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from .. import __version__, core
from .console import Console
from .interrupt import Interrupt
from .models import describe
from .parser import common_options

# Import name -> what pip calls it, with the versions that are known to work.
PACKAGES = {
    "numpy": "numpy",
    "PIL": "pillow>=10.1",
    "yaml": "pyyaml",
    "safetensors": "safetensors",
    "soundfile": "soundfile",
    "tokenizers": "tokenizers",
    "tqdm": "tqdm",
    "wetext": "wetext>=0.0.9,<0.1.1",
}
TORCH_HELP = "https://pytorch.org/get-started/locally"
VARIABLES = (
    *("COSYVOX_HOME", "COSYVOX_MODEL", "COSYVOX_OFFLINE", "COMFYUI_DIR", "COMFYUI_PATH"),
    *("HF_ENDPOINT", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "MODELSCOPE_CACHE", "MODELSCOPE_DOMAIN"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS"),
)
_PYTHON = f'"{sys.executable}"' if " " in sys.executable else sys.executable
_PIP = f"{_PYTHON} -m pip install"
_LITTLE = 6e9  # bytes of disk below which a model may not fit


@dataclass(frozen=True)
class Finding:
    """One line. state: "ok", "warning", or "wrong": without mending it, nothing is spoken."""

    subject: str
    state: str
    text: str
    mend: str = ""


def add_parser(verbs: argparse._SubParsersAction) -> None:
    parser = verbs.add_parser(
        "doctor",
        parents=[common_options()],
        help="say what is installed and found, and what is wrong",
        description="Say what is installed, which device and which models are found, what is wrong and how to mend "
        "it; exit code 1 if something is wrong without which nothing is spoken.",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, interrupt: Interrupt) -> None:
    """Print all findings. Raises Unwell if one of them is wrong."""
    findings = list(examine())
    wrong = list(dict.fromkeys(finding.subject for finding in findings if finding.state == "wrong"))
    marks = {"ok": "  ", "warning": "? ", "wrong": "! "}
    lines = []
    for finding in findings:
        lines.append(f"{marks[finding.state]}{finding.subject:<12} {finding.text}")
        if finding.mend:
            lines.append(f"{'':<14} -> {finding.mend}")
    console.result({"ok": not wrong, "findings": [asdict(finding) for finding in findings]}, "\n".join(lines))
    if wrong:
        raise Unwell(f"{', '.join(wrong)}: see above for what to do")


class Unwell(core.CosyVoxError):
    """Something is wrong on this machine."""


def examine() -> Iterator[Finding]:
    """Everything that can be said of this machine."""
    yield Finding("cosyvox", "ok", f"{__version__} in {Path(__file__).parents[1]}")
    yield _python()
    yield from _torch()
    yield from _onnxruntime()
    yield from _packages()
    yield _processor()
    yield from _home()
    yield from _models()
    yield from _environment()


def _python() -> Finding:
    text = f"{platform.python_version()} at {sys.executable}, {platform.platform()}"
    return Finding("python", "ok", text)


def _try(module: str) -> Any:
    """The module, or the exception that importing it ended with."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return import_module(module)
    except Exception as error:  # a broken package raises what it likes
        return error


def _absent(subject: str, error: Exception, requirement: str, mend: str) -> Finding:
    name = re.split(r"[<>=]", requirement)[0]
    if isinstance(error, ModuleNotFoundError) and error.name == subject:
        return Finding(name, "wrong", "not installed", mend)
    reason = " ".join(str(error).split()) or type(error).__name__
    return Finding(name, "wrong", f"installed, but it cannot be imported: {reason[:200]}", mend)


def _packages() -> Iterator[Finding]:
    absent = []
    for module, requirement in PACKAGES.items():
        finding = _package(module, requirement)
        yield finding
        if finding.state == "wrong":
            absent.append(f'"{requirement}"')
    if len(absent) > 1:
        mend = f"`{_PIP} {' '.join(absent)}`"
        yield Finding("packages", "wrong", f"{len(absent)} of {len(PACKAGES)} cannot be imported; all at once:", mend)


def _package(module: str, requirement: str) -> Finding:
    name = re.split(r"[<>=]", requirement)[0]
    mend = f'`{_PIP} "{requirement}"`'
    found = _try(module)
    if isinstance(found, Exception):
        return _absent(module, found, requirement, mend)
    version = _version(name) or str(getattr(found, "__version__", "of unknown version"))
    if not _satisfies(version, requirement):
        return Finding(name, "warning", f"{version}; tested with {requirement}", mend)
    return Finding(name, "ok", version)


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _satisfies(version: str, requirement: str) -> bool:
    """Whether a plain release number fits `name>=a,<b`."""

    def numbers(text: str) -> list[int]:
        return [int(part) for part in text.split("+")[0].split(".") if part.isdigit()]

    bounds = re.findall(r"(>=|<)\s*([\d.]+)", requirement)
    return all((numbers(version) >= numbers(bound)) == (operator == ">=") for operator, bound in bounds)


def _torch() -> Iterator[Finding]:
    torch = _try("torch")
    if isinstance(torch, Exception):
        yield _absent("torch", torch, "torch", f"install the build that fits this machine: {TORCH_HELP}")
        return
    build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "ROCm" if torch.version.hip else "CPU"
    yield Finding("torch", "ok", f"{torch.__version__}, built for {build}")
    if not torch.cuda.is_available():
        if torch.version.cuda or torch.version.hip:
            mend = "without a GPU there is nothing to mend; with one, see to its driver"
            yield Finding("device", "warning", "the CPU: torch finds no GPU", mend)
        elif shutil.which("nvidia-smi"):
            yield Finding(
                "device", "warning", "the CPU: there is an NVIDIA driver, but this torch has no CUDA",
                f"install a build with CUDA: {TORCH_HELP}",
            )  # fmt: skip
        else:
            yield Finding("device", "ok", "the CPU")
        return
    for index in range(torch.cuda.device_count()):
        try:
            free, total = torch.cuda.mem_get_info(index)
            memory = f"{free / 1e9:.1f} of {total / 1e9:.1f} GB free"
        except RuntimeError as error:
            yield Finding("device", "warning", f"cuda:{index} cannot be used: {str(error).splitlines()[0]}")
            continue
        yield Finding("device", "ok", f"cuda:{index}: {torch.cuda.get_device_name(index)}, {memory}")


def _onnxruntime() -> Iterator[Finding]:
    flavours = sorted(
        {
            f"{distribution.name} {distribution.version}"
            for distribution in metadata.distributions()
            if (distribution.name or "").lower().startswith(("onnxruntime", "ort-nightly"))
        }
    )
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # 1.31 reports to its maker, and keeps an id for that in ~
    runtime = _try("onnxruntime")
    if isinstance(runtime, Exception):
        mend = f"`{_PIP} onnxruntime` (onnxruntime-gpu with an NVIDIA GPU)"
        yield _absent("onnxruntime", runtime, "onnxruntime", mend)
        return
    named = ", ".join(flavours) or str(getattr(runtime, "__version__", "of unknown version"))
    yield Finding("onnxruntime", "ok", f"{named}; providers: {', '.join(runtime.get_available_providers())}")
    if len(flavours) > 1:
        yield Finding(
            "onnxruntime", "warning", f"{len(flavours)} flavours lie over each other: {', '.join(flavours)}",
            "uninstall all of them, then install the one that fits",
        )  # fmt: skip


def _processor() -> Finding:
    text = f"{os.cpu_count()} logical cores"
    with suppress(AttributeError, ValueError, OSError):  # Windows has no sysconf
        text += f", {os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 1e9:.1f} GB of memory"
    return Finding("processor", "ok", text)


def _home() -> Iterator[Finding]:
    try:
        home = core.models_home().parent
    except core.StorageError as error:
        yield Finding("home", "warning", str(error))
        return
    # Unlike `exists`, this is also answered where nobody may look.
    existing = next((folder for folder in (home, *home.absolute().parents) if os.access(folder, os.F_OK)), home)
    made = "" if existing == home else " (not there yet; made when it is needed)"
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        yield Finding(
            "home", "warning", f"{home}: {existing} is not a folder that can be written: no model or voice can be kept",
            "name another one in COSYVOX_HOME",
        )  # fmt: skip
    else:
        yield Finding("home", "ok", f"{home}{made}")
    with suppress(OSError):
        free = shutil.disk_usage(existing).free
        text = f"{free / 1e9:.1f} GB free where {home} is"
        if free < _LITTLE:
            yield Finding("disk", "warning", text, "make room before you download a model, or move COSYVOX_HOME")
        else:
            yield Finding("disk", "ok", text)


def _models() -> Iterator[Finding]:
    try:
        found = core.models_on_disk()
    except core.StorageError:  # no home, as said already
        found = []
    named = os.environ.get("COSYVOX_MODEL")
    usable = any(model.complete for model in found)
    for model in found:
        mend = "" if model.complete else f"`cosyvox models download {model.family}` completes it in COSYVOX_HOME"
        yield Finding("model", "ok" if model.complete else "warning", f"{model.family}: {describe(model)}", mend)
    if named:
        try:
            path = core.find_model(named)
        except core.CosyVoxError as error:
            yield Finding("model", "wrong", f"COSYVOX_MODEL: {error}")
        else:
            there = core.inspect_model(path)
            if there is None or not there.complete:
                lacks = f"lacks {', '.join(there.missing)}" if there else "holds no model that is known here"
                yield Finding("model", "wrong", f"COSYVOX_MODEL names {path}, which {lacks}", "name another folder")
            else:
                yield Finding("model", "ok", f"COSYVOX_MODEL names {path}, which is complete")
                usable = True
    if not usable:
        names = ", ".join(family.name for family in core.FAMILIES)
        yield Finding(
            "model", "warning", f"only the embedded one, English; no complete published one (known: {names})",
            f"`cosyvox models download {core.FAMILIES[0].name}`, or name a folder with --model",
        )  # fmt: skip


def _environment() -> Iterator[Finding]:
    for name in VARIABLES:
        for spelled in (name, name.lower()) if os.name != "nt" else (name,):  # Windows knows no difference
            if value := os.environ.get(spelled):
                shown = re.sub(r"(^|//)[^/]*@", r"\1…@", value)  # without the password of a proxy
                yield Finding("environment", "ok", f"{spelled}={shown}")
