"""Aggregate: what one aggregate of each sort adds to reading the same columns.

python -m pytest benches/bench_aggregate.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import evcore
from measure import note_cost

EVENTS = 100_000
AGGREGATES = {
    "none": "",
    "count": "count = true",
    "count by name": 'count = true\nby = ["name"]',
    "count by name, channel, hour": 'count = true\nby = ["name", "wire.channel"]\nwindow = "1h"',
    "count by weekday and hour": 'count = true\nby = ["weekday_hour"]',
    "count by weekday and hour in a zone": 'count = true\nby = ["weekday_hour"]',
    "count by user": 'count = true\nby = ["user"]',
    "sum by name": 'sum = "attributes.price"\nby = ["name"]',
    "mean by day": 'mean = "attributes.price"\nwindow = "day"',
    "distinct users by name": 'distinct = "user"\nby = ["name"]',
    "last by user": 'last = "id"\nby = ["user"]',
}


@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_aggregate(benchmark: Any, aggregate: str, events_path: Path, tmp_path: Path) -> None:
    benchmark.group = "aggregate/track/one aggregate"
    path = tmp_path / "config.toml"
    zone = "Europe/Berlin" if aggregate.endswith("zone") else "UTC"
    text = f'version = 1\nfeed = "segment"\ntimezone = "{zone}"\n'
    if AGGREGATES[aggregate]:
        text += f"[[aggregate]]\nname = 'a'\n{AGGREGATES[aggregate]}\n"
    path.write_text(text)
    config = evcore.load_config(path)

    def run() -> evcore.Pipeline:
        pipeline = evcore.Pipeline(config)
        assert pipeline.run(events_path).kept == EVENTS
        return pipeline

    results = benchmark(run).results()
    assert list(results) == (["a"] if AGGREGATES[aggregate] else [])
    if aggregate.startswith("count"):
        assert sum(results["a"]["count"].tolist()) == EVENTS
    note_cost(benchmark, events=EVENTS)
