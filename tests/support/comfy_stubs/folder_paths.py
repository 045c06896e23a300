"""folder_paths: ComfyUI's folders, below `base`."""

from __future__ import annotations

from pathlib import Path

models_dir = ""
folder_names_and_paths: dict[str, tuple[list[str], set[str]]] = {}
_base = Path()


def set_base(base: Path) -> None:
    """Everything anew below a folder."""
    global _base, models_dir
    _base, models_dir = base, str(base / "models")
    folder_names_and_paths.clear()
    for name in ("models", "input", "temp"):
        (base / name).mkdir(parents=True, exist_ok=True)


def add_model_folder_path(folder_name: str, full_folder_path: str, is_default: bool = False) -> None:
    paths = folder_names_and_paths.setdefault(folder_name, ([], set()))[0]
    if full_folder_path not in paths:
        paths.insert(0 if is_default else len(paths), full_folder_path)


def get_input_directory() -> str:
    return str(_base / "input")


def get_temp_directory() -> str:
    return str(_base / "temp")


def get_annotated_filepath(name: str) -> str:
    return str(_base / "input" / name)
