"""Names that voices may have: what one file system would take for another's is one name or none."""

from __future__ import annotations

from pathlib import Path

import pytest
from cosyvox.core.errors import VoiceError
from cosyvox.core.voice.prompt import Prompt
from cosyvox.core.voice.store import VoiceStore

IDS = [
    *("", ".", "..", "../a", "a/b", "a\\b", "/etc/passwd", "C:a", ".hidden", "-rf", "a.", "a ", " a", "a\0b", "a\nb"),
    *("a\u202eb", "con", "NUL", "com1.txt", "Lpt9 ", "a*b", "a?", 'a"b', "a<b", "a|b", "x" * 65, "x" * 300, "\ud800"),
    *("𠀀" * 60, "~", "$HOME", "%TEMP%"),
]


@pytest.mark.parametrize("id", IDS)
def test_unsafe_ids(id: str, store: VoiceStore, prompt: Prompt, tmp_path: Path) -> None:
    store.add("a", prompt)
    for operation in (
        lambda: store.add(id, prompt),
        lambda: store.get(id),
        lambda: store.remove(id),
        lambda: store.rename("a", id),
        lambda: store.rename(id, "b"),
        lambda: store.export(id, tmp_path),
    ):
        with pytest.raises(VoiceError, match="cannot be called") as caught:
            operation()
        assert "\n" not in str(caught.value).replace(repr(id), "")
    assert [voice.id for voice in store.list()] == ["a"]
    assert store.problems() == {}
    assert [path.name for path in tmp_path.iterdir()] == ["voices"]


@pytest.mark.parametrize("id", ["a", "Alice B.", "x" * 64, "中" * 64, "O'Brien", "voice_1-2.3", "देवी", "Zoë"])
def test_safe_ids(id: str, store: VoiceStore, prompt: Prompt) -> None:
    if id.endswith("."):
        id += "x"
    assert store.add(id, prompt) == store.get(id)
