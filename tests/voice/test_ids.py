"""Names that voices may have: what one file system would take for another's is one name or none."""

from __future__ import annotations

from pathlib import Path

import pytest
from cosyvox.core.errors import StorageError, VoiceError
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


COMPOSED, DECOMPOSED = "Zo\u00eb", "Zoe\u0308"


def test_both_forms_of_a_letter_are_one_name(store: VoiceStore, prompt: Prompt) -> None:
    store.add(DECOMPOSED, prompt)
    assert store.get(COMPOSED) == store.get(DECOMPOSED)
    with pytest.raises(StorageError, match="there is a voice"):
        store.add(COMPOSED, prompt)
    assert [path.name for path in store.folder.iterdir() if not path.name.startswith(".")] == [COMPOSED]


def test_a_folder_that_came_decomposed(store: VoiceStore, prompt: Prompt) -> None:
    """As one that was copied from a Mac."""
    store.add("a", prompt).path.rename(store.folder / DECOMPOSED)
    assert [voice.id for voice in store.list()] == [COMPOSED]
    assert store.add(COMPOSED, prompt, replace=True) == store.get(DECOMPOSED)
    store.remove(COMPOSED)
    assert store.list() == [] and store.problems() == {}


@pytest.mark.parametrize("twin", ["ALICE", "alice"])
def test_case_alone_makes_no_other_name(twin: str, store: VoiceStore, prompt: Prompt) -> None:
    store.add("Alice", prompt)
    store.add("bob", prompt)
    for operation in (lambda: store.add(twin, prompt, replace=True), lambda: store.rename("bob", twin)):
        with pytest.raises(StorageError, match="there is a voice Alice already, only its case differs"):
            operation()
    with pytest.raises(VoiceError, match=f"no voice {twin}.*there are Alice, bob"):
        store.get(twin)
