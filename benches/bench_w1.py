"""W1 from file to answers, evcore beside its peers in one process; compare.py has the full
protocol.

python -m pytest benches/bench_w1.py
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from measure import note_rate

EVENTS = 100_000


@pytest.fixture(scope="module")
def expected(events_path: Path) -> Any:
    """The answer by the plainest of the peers: a loop with counters."""
    from peers import run_msgspec

    return run_msgspec(str(events_path))[1]()


def test_w1_evcore(benchmark: Any, events_path: Path, expected: Any) -> None:
    from w1 import digest_of, run

    benchmark.group = "w1/track"
    _, answer = benchmark(run, str(events_path))
    assert digest_of(answer) == expected
    note_rate(benchmark, size=events_path.stat().st_size)


def test_w1_evcore_with_20_more_rules(benchmark: Any, events_path: Path, expected: Any) -> None:
    from w1 import digest_of, run

    benchmark.group = "w1/track"
    config = Path(__file__).with_name("rules20.toml")
    _, answer = benchmark(run, str(events_path), config=config)
    assert digest_of(answer) == expected
    rules = tomllib.loads(config.read_text())["tag"]
    assert {rule["name"] for rule in rules} <= answer["summary"].tags.keys()


@pytest.mark.parametrize("peer", ["duckdb", "polars", "msgspec"])
def test_w1_peer(benchmark: Any, events_path: Path, expected: Any, peer: str) -> None:
    from peers import PEERS

    benchmark.group = "w1/track"
    _, answer = benchmark.pedantic(PEERS[peer], (str(events_path),), rounds=3, warmup_rounds=1)
    assert answer() == expected
