"""What the server counts, read back as Prometheus reads it."""

from __future__ import annotations

import threading

import cosyvox
import prometheus
import pytest
from cosyvox.wyoming_cosyvoice.metrics import MOST_LABELS, Counter, Metrics, number
from cosyvox.wyoming_cosyvoice.protocols import Outcome


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return prometheus.parse(metrics.text())[name].samples[name, tuple(labels.items())]


def counts(metrics: Metrics, name: str) -> dict[str, float]:
    samples = prometheus.parse(metrics.text())[name].samples
    return {"".join(value for _, value in labels): count for (_, labels), count in samples.items() if count}


def test_everything_is_there_before_anything_happened() -> None:
    found = prometheus.parse(Metrics().text())
    assert found["cosyvox_info"].samples == {("cosyvox_info", (("version", cosyvox.__version__),)): 1}
    assert {name for name, measure in found.items() if measure.kind == "histogram"} == {
        *("cosyvox_first_audio_seconds", "cosyvox_rtf", "cosyvox_audio_seconds")
    }
    assert all(measure.help for measure in found.values())
    others = [measure for name, measure in found.items() if name != "cosyvox_info"]
    assert {value for measure in others for value in measure.samples.values()} == {0}
    assert len(found["cosyvox_requests_total"].samples) == 5  # a rate needs a beginning


def test_a_request_is_waiting_then_heard_then_over() -> None:
    metrics = Metrics()
    metrics.connected()
    metrics.began()
    assert value(metrics, "cosyvox_queue") == value(metrics, "cosyvox_requests_active") == 1
    metrics.first_audio(0.3)
    assert value(metrics, "cosyvox_queue") == 0 and value(metrics, "cosyvox_requests_active") == 1
    metrics.ended("said", audio_seconds=4.0, seconds=1.0)
    metrics.disconnected()
    assert value(metrics, "cosyvox_requests_active") == value(metrics, "cosyvox_connections") == 0
    assert value(metrics, "cosyvox_connections_total") == 1
    found = prometheus.parse(metrics.text())
    first, rtf = found["cosyvox_first_audio_seconds"].samples, found["cosyvox_rtf"].samples
    assert first["cosyvox_first_audio_seconds_sum", ()] == 0.3
    assert first["cosyvox_first_audio_seconds_bucket", (("le", "0.2"),)] == 0
    assert first["cosyvox_first_audio_seconds_bucket", (("le", "0.3"),)] == 1  # a bound is inside
    assert rtf["cosyvox_rtf_sum", ()] == 0.25 and rtf["cosyvox_rtf_count", ()] == 1


def test_every_way_to_end_leaves_nobody_waiting() -> None:
    metrics = Metrics()
    outcomes: tuple[Outcome, ...] = ("said", "silent", "cancelled", "busy", "error")
    for outcome in outcomes:
        for heard in (False, True):
            metrics.began()
            if heard:
                metrics.first_audio(0.1)
            metrics.ended(outcome, audio_seconds=1.0 if heard else 0.0, seconds=1.0)
    assert value(metrics, "cosyvox_queue") == value(metrics, "cosyvox_requests_active") == 0
    assert counts(metrics, "cosyvox_requests_total") == dict.fromkeys(outcomes, 2)
    assert value(metrics, "cosyvox_cancelled_total") == 2
    assert counts(metrics, "cosyvox_errors_total") == {"busy": 2, "error": 2}


def test_errors_are_told_apart_by_code() -> None:
    metrics = Metrics()
    metrics.began()
    metrics.ended("error", audio_seconds=0, seconds=1.0, code="out-of-memory")
    metrics.refused("too-large")
    metrics.refused("too-large")
    assert counts(metrics, "cosyvox_errors_total") == {"out-of-memory": 1, "too-large": 2}


def test_labels_of_strangers_are_escaped_and_bounded() -> None:
    metrics = Metrics()
    nasty = 'a"b\\c\nd} 1\n# TYPE evil counter'
    metrics.refused(nasty)
    assert counts(metrics, "cosyvox_errors_total") == {nasty: 1}
    many = Counter("many_total", "…", "code")
    for index in range(10 * MOST_LABELS):
        many.add(value=str(index))
    samples = prometheus.parse("\n".join(many.lines()) + "\n")["many_total"].samples
    assert len(samples) == MOST_LABELS + 1 and sum(samples.values()) == 10 * MOST_LABELS


def test_what_is_looked_at_when_somebody_asks() -> None:
    memory = [1.5e9]
    metrics = Metrics(lambda: {"device_memory_bytes": ("Of the device.", memory[0])})
    assert value(metrics, "cosyvox_device_memory_bytes") == 1.5e9
    memory[0] = 2.0**53 + 2
    assert value(metrics, "cosyvox_device_memory_bytes") == 2.0**53 + 2


def test_a_look_that_fails_costs_only_itself() -> None:
    def broken() -> dict[str, tuple[str, float]]:
        raise RuntimeError("the driver is gone")

    metrics = Metrics(broken)
    assert value(metrics, "cosyvox_metrics_failures_total") == 1
    assert value(metrics, "cosyvox_metrics_failures_total") == 2


@pytest.mark.parametrize(
    ("given", "written"),
    [(0, "0"), (2.0, "2"), (0.25, "0.25"), (float("inf"), "+Inf"), (float("-inf"), "-Inf"), (float("nan"), "NaN")],
)
def test_numbers_as_the_format_spells_them(given: float, written: str) -> None:
    assert number(given) == written


def test_nothing_is_lost_between_threads() -> None:
    metrics = Metrics()

    def work() -> None:
        for _ in range(500):
            metrics.began()
            metrics.first_audio(0.1)
            metrics.ended("said", audio_seconds=1.0, seconds=1.0)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    prometheus.parse(metrics.text())
    for thread in threads:
        thread.join()
    assert counts(metrics, "cosyvox_requests_total") == {"said": 2000}
    assert value(metrics, "cosyvox_queue") == 0
