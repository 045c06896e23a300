"""ComfyUI takes the model away and gives it back: what is freed is free, and what is said is the same."""

from __future__ import annotations

import gc
import threading
import weakref
from pathlib import Path
from typing import Any

import comfy.model_management as management
import pytest
import torch
from comfy.model_patcher import ModelPatcher
from cosyvox.core import OutOfMemory
from cosyvox.core.flow.flow import Flow
from cosyvox.cosy_nodes.clear_cache import CosyVoxClearCache
from cosyvox.cosy_nodes.comfy import Watch
from cosyvox.cosy_nodes.load_model import CosyVoxLoadModel
from cosyvox.cosy_nodes.synthesize import CosyVoxSynthesize
from noderun import run


def say(model: Any) -> torch.Tensor:
    """Computed, not remembered."""
    run(CosyVoxClearCache)
    return run(CosyVoxSynthesize, model=model, text="Good morning.")["audio"]["waveform"]


def workers() -> set[threading.Thread]:
    """Of all engines; other tests may have theirs."""
    return {thread for thread in threading.enumerate() if thread.name == "cosyvox"}


def test_the_weights_are_comfyui_s_while_they_are_used(model: Any) -> None:
    say(model)
    assert [loaded.model for loaded in management.current_loaded_models] == [model.patcher]
    assert model.patcher.loaded == model.patcher.model_size() > 10e6
    assert management.required[-1] > 0


def test_unloading_frees_the_weights_and_the_worker_and_the_next_run_is_the_same(model: Any) -> None:
    before = say(model)
    weights = [weakref.ref(weight) for weight in model.patcher.model.parameters()]
    running = workers()
    management.unload_all_models()
    assert management.current_loaded_models == []
    assert [weight() for weight in weights] == [None] * len(weights), "the weights are still held"
    assert len(running - workers()) == 1
    assert torch.equal(say(model), before)


def test_another_model_survives_ours_being_unloaded(model: Any) -> None:
    """ComfyUI unloads by place in its list: a model that vanished meanwhile would take its neighbour with it."""
    other = ModelPatcher(torch.nn.Linear(2, 2), torch.device("cpu"), torch.device("cpu"))
    for first, second in ((model, None), (None, model)):
        for one in (first, second):
            if one is None:
                management.load_models_gpu([other], force_full_load=True)
            else:
                say(one)
        assert len(management.current_loaded_models) == 2
        management.unload_all_models()
        assert management.current_loaded_models == []
        assert next(other.model.parameters()).device.type == "cpu"


def test_the_engine_stays_while_the_weights_do(model: Any) -> None:
    """ComfyUI lists a model anew on every use; nothing is built again for that."""
    watch = Watch()
    engine = model.engine(watch)
    assert model.engine(watch) is engine


def test_weights_that_were_moved_meanwhile(model: Any) -> None:
    """Another model needed a little room, so that a part of ours lies elsewhere when it is used again."""
    before, engine = say(model), model.engine(Watch())
    model.patcher.partially_unload(20)
    assert torch.equal(say(model), before)
    assert model.engine(Watch()) is not engine, "what it had derived from the old places is void"


def test_nothing_outlives_the_last_graph_that_holds_it(comfyui: Path) -> None:
    model = run(CosyVoxLoadModel, model="embedded", guidance=False)["model"]
    say(model)
    ref, module = weakref.ref(model), weakref.ref(model.patcher.model)
    count = len(management.current_loaded_models)
    del model
    gc.collect()
    assert ref() is None and module() is None
    assert len(management.current_loaded_models) == count - 1


@pytest.mark.parametrize("unload_first", [False, True])
def test_a_handle_that_is_read_anew_is_the_same_one(model: Any, unload_first: bool) -> None:
    if unload_first:
        management.unload_all_models()
    assert run(CosyVoxLoadModel, model="embedded")["model"] is model
    assert next(model.patcher.model.parameters()).device.type == "cpu"


def test_a_device_that_is_full_is_emptied_and_the_error_says_what_to_do(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for ComfyUI's own nodes: the next run begins with an empty device."""

    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")

    before = say(model)
    with monkeypatch.context() as patch, pytest.raises(OutOfMemory, match="ran out of memory: speak shorter"):
        patch.setattr(Flow, "steps", full)
        say(model)
    assert management.current_loaded_models == []
    assert torch.equal(say(model), before)
