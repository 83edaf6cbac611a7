"""Process: what one call costs a service that hands over an event, or a hundred, at a time.

Goals: one event of 570 bytes in 5 µs, a hundred in 100 µs.

    python -m pytest benches/bench_process.py
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

import evcore

CONFIG = Path(__file__).with_name("w1.toml")
TRACK_BYTES = 570


@pytest.fixture(scope="module")
def lines(document: bytes) -> list[bytes]:
    """The events nearest to 570 bytes that W1 keeps, without their line feeds."""
    noise = (b'"heartbeat"', b'"miscellaneous"', b'"debug"', b"@test.example")
    kept = [line for line in document.splitlines() if not any(name in line for name in noise)]
    return sorted(kept, key=lambda line: abs(len(line) - TRACK_BYTES))[:1_000]


@pytest.fixture
def pipeline() -> evcore.Pipeline:
    return evcore.Pipeline(CONFIG)


def test_one_event(benchmark: Any, pipeline: evcore.Pipeline, lines: list[bytes]) -> None:
    benchmark.group = "process/track/one event"
    turn = itertools.cycle(lines)  # not the same event again and again
    batch = benchmark(lambda: pipeline.process(next(turn)))
    assert len(batch) == 1 and not batch.rejects


def test_a_hundred_events(benchmark: Any, pipeline: evcore.Pipeline, lines: list[bytes]) -> None:
    benchmark.group = "process/track/100 events"
    documents = [b"\n".join(lines[start : start + 100]) for start in range(0, 1_000, 100)]
    turn = itertools.cycle(documents)
    batch = benchmark(lambda: pipeline.process(next(turn)))
    assert len(batch) == 100 and not batch.rejects


def test_one_event_as_a_dictionary(
    benchmark: Any, pipeline: evcore.Pipeline, lines: list[bytes]
) -> None:
    import json

    benchmark.group = "process/track/one event"
    turn = itertools.cycle([json.loads(line) for line in lines])
    batch = benchmark(lambda: pipeline.process(next(turn)))
    assert len(batch) == 1


def test_log_event(benchmark: Any) -> None:
    """The service's side of `log_event`; folding what is pending is part of it now and then."""
    benchmark.group = "process/track/one event"
    evcore.init("bench")
    benchmark(lambda: evcore.log_event("Purchase", user="u1", attributes={"revenue": 12.5}))
    evcore.flush()
    assert evcore.counters().logged > 0
    evcore.shutdown()
