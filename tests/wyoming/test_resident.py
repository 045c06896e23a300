"""A model that comes and goes, with engines that cost nothing."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable

import pytest
from cosyvox import core
from cosyvox.wyoming_cosyvoice.resident import Resident, _let_go

LONG = 20.0  # seconds that a test waits at most for what happens in the background


class Engine:
    def __init__(self) -> None:
        self.closed = threading.Event()

    def close(self, wait: float) -> None:
        self.closed.set()


class Loading:
    """`load`, whose next outcomes are told beforehand; without one it makes an engine."""

    def __init__(self, *outcomes: BaseException | threading.Event) -> None:
        self.outcomes = list(outcomes)
        self.calls = 0
        self.made: list[Engine] = []
        self.called = threading.Event()

    def __call__(self) -> Engine:
        self.calls += 1
        self.called.set()
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if isinstance(outcome, threading.Event):
            assert outcome.wait(LONG)
        elif outcome is not None:
            raise outcome
        self.made.append(Engine())
        return self.made[-1]


Make = Callable[..., "Resident[Engine]"]


@pytest.fixture
def make() -> Make:
    def made(load: Loading, retry: float = 0.01, idle: float = 0.0) -> Resident[Engine]:
        log = logging.getLogger("test")
        return Resident("the model x", load, retry_seconds=retry, idle_seconds=idle, meanwhile="; so it is", log=log)

    return made


def taken(resident: Resident[Engine]) -> Engine:
    """However often it failed before."""
    for _ in range(2000):
        if (engine := resident.take(0.01)) is not None:
            return engine
        time.sleep(0.01)
    raise AssertionError("it never came")


def test_it_is_loaded_once_when_first_wanted(make: Make) -> None:
    load = Loading()
    resident = make(load)
    assert not resident.ready and load.calls == 0
    first, second = resident.take(LONG), resident.take(LONG)
    assert first is second is load.made[0] and load.calls == 1 and resident.ready and resident.error is None


def test_who_does_not_wait_gets_nothing_while_it_loads(make: Make) -> None:
    gate = threading.Event()
    load = Loading(gate)
    resident = make(load)
    assert resident.take(0.0) is None
    assert load.called.wait(LONG) and resident.loading and resident.error is None
    gate.set()
    assert resident.take(LONG) is load.made[0] and not resident.loading


def test_a_failure_is_told_once_and_tried_again_with_growing_pauses(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    load = Loading(*(core.ModelNotFound("no model x: fetch it") for _ in range(4)))
    resident = make(load)
    taken(resident)
    told = [record for record in caplog.records if "cannot speak" in record.message]
    assert [record.levelname for record in told] == ["ERROR", "DEBUG", "DEBUG", "DEBUG"]
    assert told[0].message.startswith("the model x cannot speak: no model x: fetch it; it is tried again in")
    assert told[0].message.endswith("; so it is")
    pauses = [record.args[2] for record in told if isinstance(record.args, tuple)]
    assert pauses == [0.01, 0.02, 0.04, 0.08]
    assert resident.error is None and "is loaded" in caplog.text


def test_another_failure_is_told_and_a_defect_says_where(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    load = Loading(core.ModelNotFound("gone"), ZeroDivisionError("ours"))
    taken(make(load))
    first, second = (record for record in caplog.records if record.levelname == "ERROR")
    assert first.exc_info is None
    assert second.exc_info is not None and "ZeroDivisionError: ours" in second.message


def test_nobody_waits_for_what_failed(make: Make) -> None:
    load = Loading(core.ModelNotFound("gone"))
    resident = make(load, retry=3600.0)
    for _ in range(3):
        assert resident.take(LONG) is None
    assert isinstance(resident.error, core.ModelNotFound) and load.calls == 1


def test_idle_it_is_unloaded_and_comes_back_when_wanted(make: Make) -> None:
    load = Loading()
    resident = make(load, idle=0.05)
    engine = resident.take(LONG)
    assert engine is not None
    assert not engine.closed.wait(0.2) and resident.ready  # somebody has it
    resident.give()
    assert engine.closed.wait(LONG)
    assert resident.take(LONG) is load.made[1] is not engine


def test_after_a_fault_it_is_freed_when_nobody_has_it_and_loaded_again(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    load = Loading()
    resident = make(load)
    engine, other = resident.take(LONG), resident.take(LONG)
    assert engine is other is not None
    for _ in range(2):
        resident.fault(core.OutOfMemory("full: speak shorter sentences"))
    assert resident.take(LONG) is None and not resident.ready and isinstance(resident.error, core.OutOfMemory)
    resident.give()
    assert not engine.closed.wait(0.1)
    resident.give()
    assert engine.closed.wait(LONG)
    assert taken(resident) is load.made[1] and resident.error is None
    assert caplog.text.count("full: speak shorter sentences") == 1


def test_closing_waits_for_those_who_have_it_and_nobody_gets_it_any_more(make: Make) -> None:
    load = Loading()
    resident = make(load)
    engine = resident.take(LONG)
    assert engine is not None
    closing = threading.Thread(target=resident.close, args=(LONG,))
    closing.start()
    while resident.ready:
        time.sleep(0.001)
    assert not engine.closed.is_set() and resident.take(LONG) is None
    resident.give()
    closing.join(LONG)
    assert engine.closed.is_set() and not closing.is_alive()


def test_what_is_loaded_too_late_is_freed(make: Make) -> None:
    gate = threading.Event()
    load = Loading(gate)
    resident = make(load)
    resident.want()
    assert load.called.wait(LONG)
    threading.Timer(0.1, gate.set).start()
    resident.close(0.0)  # which waits for who loads
    assert load.made[0].closed.wait(LONG) and resident.take(0.0) is None
    resident.want()
    assert load.calls == 1


def test_to_be_alone_is_to_be_the_only_one_who_has_it(make: Make) -> None:
    resident = make(Loading())
    resident.take(LONG)
    assert resident.alone(0.0)
    resident.take(LONG)
    assert not resident.alone(0.0)
    resident.give()
    assert resident.alone(LONG)
    resident.fault(core.OutOfMemory("full"))
    assert not resident.alone(LONG)


def test_an_error_that_is_kept_holds_nothing_of_what_failed() -> None:
    class Big:
        pass

    held: list[weakref.ref[Big]] = []

    def load() -> None:
        big = Big()
        held.append(weakref.ref(big))
        try:
            raise ValueError("inner")
        except ValueError as error:
            raise core.OutOfMemory("outer") from error

    try:
        load()
    except core.OutOfMemory as error:
        kept = error
    _let_go(kept)
    assert held[0]() is None
