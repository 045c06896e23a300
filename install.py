"""Set CosyVox up, with nothing but Python's standard library. Two jobs:

    python install.py              inside an environment that exists (ComfyUI-Manager runs this): add what
                                   is missing and move nothing that is there; never install torch.
    python install.py --venv DIR   on a fresh machine: make a complete environment in DIR, torch included.

Both may be repeated at any time. The exit code is 0 when CosyVox can run in that environment.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import http.client
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent
WINDOWS = os.name == "nt"
OLDEST_PYTHON = (3, 10)
EXTRAS = ("server", "test", "train")
TESTED_TORCH = "2.13.0"
TORCH_INDEX = "https://download.pytorch.org/whl"
TORCH_HELP = "https://pytorch.org/get-started/locally"
STATE_FILE = "cosyvox-install.json"
# A constraint that pip cannot parse stops it, so distributions with a home-made version get none.
VERSION = re.compile(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?(\+[a-z0-9]+([._-][a-z0-9]+)*)?", re.IGNORECASE)


class InstallError(Exception):
    """What went wrong and what to do about it, in one line."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--venv", metavar="DIR", type=Path, help="make or renew a complete environment in DIR")
    parser.add_argument("--extra", action="append", default=[], choices=EXTRAS, help="with --venv; may be repeated")
    parser.add_argument("--dry-run", action="store_true", help="without --venv: say what would be added, add nothing")
    options = parser.parse_args(arguments)
    if (options.extra and not options.venv) or (options.dry_run and options.venv):
        parser.error("--extra goes with --venv only, --dry-run without it only")
    try:
        if sys.version_info < OLDEST_PYTHON:
            raise InstallError(f"CosyVox needs Python 3.10 or newer; {sys.executable} is {sys.version.split()[0]}.")
        if options.venv is None:
            return complete_environment(options.dry_run)
        make_venv(options.venv.absolute(), set(options.extra))
        return 0
    except (InstallError, OSError) as error:
        print(f"install.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("install.py: interrupted; the same command starts over.", file=sys.stderr)
        return 130


def complete_environment(dry_run: bool) -> int:
    """Add what is missing to the running Python's environment; 1 if CosyVox still cannot run in it."""
    say(f"CosyVox, in the environment of {sys.executable}")
    before = installed()
    wanted = requirements()
    missing = [requirement for name, requirement in wanted.items() if name not in before]
    runtime_missing = not has_module("onnxruntime")
    for name, requirement in wanted.items():
        if name in before and not satisfies(before[name], requirement):
            say(f"Kept as it is: {name} {before[name]}. CosyVox is tested with {requirement}.")
    if dry_run:
        say("Would add: " + (", ".join(missing + ["onnxruntime"] * runtime_missing) or "nothing"))
    else:
        with tempfile.TemporaryDirectory() as folder:
            constraints = Path(folder) / "installed.txt"
            constraints.write_text(as_constraints(before), encoding="utf-8")
            if missing:
                pip_install(sys.executable, *missing, "--constraint", str(constraints))
            if runtime_missing:
                add_onnxruntime(sys.executable, "--constraint", str(constraints))
        added = {name: version for name, version in installed().items() if name not in before}
        say("Added: " + (", ".join(f"{name} {version}" for name, version in sorted(added.items())) or "nothing"))
    if not has_module("torch"):
        say(f"torch is missing, and never installed by this script: see {TORCH_HELP} for the build that fits.")
        return 1
    return 0


def requirements() -> dict[str, str]:
    """requirements.txt, by canonical name: {"wetext": "wetext>=0.0.9,<0.1.1"}."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line.partition("#")[0].strip() for line in lines]
    return {canonical(re.split(r"[<>=!~ ]", line, maxsplit=1)[0]): line for line in wanted if line}


def installed() -> dict[str, str]:
    """Versions of the distributions of the running Python, by canonical name."""
    importlib.invalidate_caches()
    found = {}
    for name in {distribution.name for distribution in metadata.distributions()}:
        # Asked for by name: the scan also finds the "~umpy" folders that an interrupted pip leaves behind.
        try:
            found[canonical(name)] = metadata.version(name)
        except (metadata.PackageNotFoundError, TypeError, ValueError):
            continue
    return found


def has_module(name: str) -> bool:
    """True if `import name` finds a file; onnxruntime comes from distributions of a dozen names."""
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.origin is not None


def satisfies(version: str, requirement: str) -> bool:
    """Whether a plain release number fits `name>=a,<b`: all that requirements.txt uses."""

    def numbers(text: str) -> list[int]:
        return [int(part) for part in text.split("+")[0].split(".") if part.isdigit()]

    bounds = re.findall(r"(>=|<)\s*([\d.]+)", requirement)
    return all((numbers(version) >= numbers(bound)) == (operator == ">=") for operator, bound in bounds)


def as_constraints(versions: dict[str, str]) -> str:
    """A pip constraints file that holds everything where it is."""
    return "".join(f"{name}=={version}\n" for name, version in versions.items() if VERSION.fullmatch(version))


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def make_venv(directory: Path, extras: set[str]) -> None:
    """Make or renew the environment in `directory`; returns at once if nothing changed since the last time.

    Its state is written last: an environment that an interruption left unfinished is made anew.
    """
    python = directory / ("Scripts/python.exe" if WINDOWS else "bin/python")
    state = read_state(directory)
    place, wants = place_of(directory), digest_of_wants()
    finished_here = state.get("place") == place and python.exists()
    had = set(state.get("extras", []))
    if finished_here and state.get("wants") == wants and extras <= had:
        return
    if not finished_here:
        start_over(directory)
        say(f"Making a Python environment in {directory}: a few minutes, once.")
        run([sys.executable, "-m", "venv", str(directory)], "Making the environment failed")
        add_torch(python)
    chosen = sorted(extras | had)
    say("Installing CosyVox" + (f" with {', '.join(chosen)}" if chosen else ""))
    # Named relative to ROOT: pip would read "[…]", "#" or "%" in an absolute path as its own syntax.
    pip_install(python, "--editable", f".[{','.join(chosen)}]" if chosen else ".")
    if not succeeds([str(python), "-c", "import onnxruntime"]):
        add_onnxruntime(python)
    write_state(directory, {"place": place, "wants": wants, "extras": chosen})
    say("Ready.")


def place_of(directory: Path) -> str:
    """What an environment is tied to: it is made anew when it, this folder or its Python moved."""
    return json.dumps([str(directory), str(ROOT), sys.base_prefix, sys.version])


def digest_of_wants() -> str:
    """Changes with every file that says what is to be installed."""
    digest = hashlib.sha256()
    for name in ("install.py", "pyproject.toml", "requirements.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def read_state(directory: Path) -> dict:
    try:
        state = json.loads((directory / STATE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def write_state(directory: Path, state: dict) -> None:
    (directory / STATE_FILE).write_text(json.dumps(state), encoding="utf-8")


def start_over(directory: Path) -> None:
    """Empty `directory`, if it is ours to empty, and check that this Python can make environments."""
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise InstallError("this Python cannot make environments; on Debian or Ubuntu: sudo apt install python3-venv")
    if Path(sys.prefix).resolve() == directory.resolve():
        raise InstallError(f"{directory} has to be made anew, but this Python is the one in it; deactivate it first.")
    directory.mkdir(parents=True, exist_ok=True)
    content = list(directory.iterdir())
    if content and directory / STATE_FILE not in content:
        raise InstallError(f"{directory} is not empty and was not made by this script; name another folder.")
    write_state(directory, {})
    for entry in content:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != STATE_FILE:
            entry.unlink()


def add_torch(python: Path) -> None:
    """The build that fits, from PyTorch's index; where that is out of reach, what pip's own index has.

    That last resort names the version CosyVox is tested with: an index may hold a CPU file of one version
    only, and pip prefers such a file (2.13.0+cpu) to the 2.13.0 of PyPI, which brings CUDA on Linux.
    """
    index = torch_index()
    if index and answers(f"{index}/torch/"):
        say(f"Installing torch from {index}")
        try:
            return pip_install(python, "torch", "--index-url", index)
        except InstallError as error:
            say(str(error))
    elif index:
        say(f"{index} does not answer.")
    requirement = f"torch=={TESTED_TORCH}" if index else "torch"
    say(f"Installing {requirement} from pip's own index, in the build it has: with CUDA that is several GB.")
    pip_install(python, requirement)


def torch_index() -> str | None:
    """Where the build that fits is; None where PyPI has it (CUDA 13 on Linux, CPU on Windows, Metal on Mac)."""
    cuda = cuda_of_driver()
    if sys.platform == "darwin" or (WINDOWS and cuda < 12) or (cuda >= 13 and not WINDOWS):
        return None
    return f"{TORCH_INDEX}/" + ("cpu" if cuda < 12 else "cu126" if cuda == 12 else "cu130")


def cuda_of_driver() -> int:
    """The highest major CUDA version that the NVIDIA driver runs; 0 without a driver."""
    version = ctypes.c_int()
    try:
        driver = ctypes.CDLL("nvcuda.dll" if WINDOWS else "libcuda.so.1")
        failed = driver.cuDriverGetVersion(ctypes.byref(version))
    except (OSError, AttributeError):
        return 0
    return 0 if failed else version.value // 1000


def answers(address: str) -> bool:
    """Whether a page is there within seconds: pip alone would try for minutes."""
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except (OSError, http.client.HTTPException):
        return False


def add_onnxruntime(python: str | Path, *options: str) -> None:
    """The GPU flavour where an NVIDIA driver is, if this system has one at all; else the plain one."""
    if cuda_of_driver():
        try:
            return pip_install(python, "onnxruntime-gpu", *options)
        except InstallError as error:
            say(f"{error} Taking the plain onnxruntime.")
    pip_install(python, "onnxruntime", *options)


def pip_install(python: str | Path, *arguments: str) -> None:
    if succeeds([str(python), "-c", "import pip"]):
        pip = [str(python), "-m", "pip", "install"]
    elif uv := shutil.which("uv"):
        pip = [uv, "pip", "install", "--python", str(python)]
    else:
        raise InstallError(f"there is no pip in this environment; run: {python} -m ensurepip")
    run([*pip, "--quiet", *arguments], "Installing failed")


def run(command: list[str], failure: str) -> None:
    """Run `command` in ROOT; if it fails, raise `failure` with what the command itself called an error."""
    environment = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, errors="replace")
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if line.lower().startswith("error")] or lines[-1:]
        raise InstallError(f"{failure}: {' '.join(errors)} Check the network, then run this again.")


def succeeds(command: list[str]) -> bool:
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def say(line: str) -> None:
    """Print at once, on consoles too that lack the characters of a path."""
    encoding = sys.stdout.encoding or "utf-8"
    print(line.encode(encoding, "replace").decode(encoding), flush=True)


if __name__ == "__main__":
    sys.exit(main())
