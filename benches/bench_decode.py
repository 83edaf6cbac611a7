"""Decode: nothing but reading and checking JSON, then reading more of it.

python -m pytest benches/bench_decode.py
"""

from __future__ import annotations

from typing import Any

import pytest

import evcore
from measure import note_rate

EVENTS = 100_000
HEAD = 'version = 1\nfeed = "segment"\n'
COLUMNS = {
    "nothing but time": 'columns = { time = "time" }',
    "five columns": 'columns = { name = "name", user = "user", revenue = "attributes.revenue", '
    'country = "context.location.country", email = "context.traits.email" }',
    "every field": 'columns = { name = "name", wire = "wire" }',
}


@pytest.fixture
def pipeline(request: pytest.FixtureRequest, tmp_path: Any) -> evcore.Pipeline:
    path = tmp_path / "config.toml"
    path.write_text(HEAD + "[output]\n" + COLUMNS[request.param])
    return evcore.Pipeline(evcore.load_config(path))


@pytest.mark.parametrize("pipeline", COLUMNS, indirect=True, ids=list(COLUMNS))
def test_decode_to_batch(benchmark: Any, pipeline: evcore.Pipeline, document: bytes) -> None:
    benchmark.group = "decode/track/to a batch"
    batch = benchmark(pipeline.process, document)
    assert len(batch) == EVENTS and not batch.rejects
    note_rate(benchmark, size=len(document))


@pytest.mark.parametrize("pipeline", ["nothing but time"], indirect=True)
def test_decode_of_a_file(benchmark: Any, pipeline: evcore.Pipeline, events_path: Any) -> None:
    """Nothing is kept: what is left is index, walk and checks."""
    benchmark.group = "decode/track/check only"
    summary = benchmark(pipeline.run, events_path)
    assert summary.kept == EVENTS and not summary.rejects
    note_rate(benchmark, size=events_path.stat().st_size)


@pytest.mark.parametrize("peer", ["json", "msgspec"])
def test_decode_by_peers(benchmark: Any, document: bytes, peer: str) -> None:
    """Decoding to Python objects: what a user would do without the engine."""
    benchmark.group = "decode/track/to a batch"
    if peer == "json":
        import json

        lines = document.splitlines()
        found = benchmark.pedantic(lambda: [json.loads(line) for line in lines], rounds=3)
    else:
        import msgspec

        decoder = msgspec.json.Decoder()
        found = benchmark.pedantic(lambda: decoder.decode_lines(document), rounds=3)
    assert len(found) == EVENTS
    note_rate(benchmark, size=len(document))
