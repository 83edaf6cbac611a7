"""Tag: what one rule of each sort adds to reading the same columns.

python -m pytest benches/bench_tag.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import evcore
from measure import note_cost

EVENTS = 100_000
RULES = {
    "no rule": None,
    "equality": 'name == "Order Completed"',
    "in": 'name in ["Order Completed", "Signed Up", "Search"]',
    "prefix": 'name.startsWith("Order")',
    "suffix, many values": 'context.traits.email.endsWith("@test.example")',
    "number": "attributes.price > 150.0",
    "time difference": 'received - time > duration("1h")',
    "regular expression": 'context.userAgent.matches("(iPhone|Android)")',
    "row by row": "attributes.products.exists(p, p.price > 150.0)",
}


@pytest.mark.parametrize("rule", RULES)
def test_tag(benchmark: Any, rule: str, events_path: Path, tmp_path: Path) -> None:
    benchmark.group = "tag/track/one rule"
    path = tmp_path / "config.toml"
    text = 'version = 1\nfeed = "segment"\n'
    if RULES[rule] is not None:
        text += f"[[tag]]\nname = 'found'\nwhen = '''{RULES[rule]}'''\n"
    path.write_text(text)
    config = evcore.load_config(path)
    summary = benchmark(lambda: evcore.Pipeline(config).run(events_path))
    assert summary.kept == EVENTS
    assert rule == "no rule" or 0 < summary.tags["found"] < EVENTS
    note_cost(benchmark, events=EVENTS)
