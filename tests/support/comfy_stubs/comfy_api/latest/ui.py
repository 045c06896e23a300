"""comfy_api.latest.ui: what nodes show. AUDIO that ComfyUI's own nodes would stumble over is refused."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import folder_paths
from audio_rules import check_audio


class PreviewAudio:
    def __init__(self, audio: Any, cls: Any = None) -> None:
        check_audio(audio)
        self.values = []
        for _ in audio["waveform"]:
            name = f"ComfyUI_temp_{uuid.uuid4().hex}.flac"
            (Path(folder_paths.get_temp_directory()) / name).touch()
            self.values.append({"filename": name, "subfolder": "", "type": "temp"})

    def as_dict(self) -> dict[str, Any]:
        return {"audio": self.values}
