"""What a type checker sees of the public names; `mypy --strict` reads this, nothing runs it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, assert_type

import evcore

config = evcore.load_config("shop.toml")
assert_type(config, evcore.Config)
assert_type(config.check(), evcore.Config)
assert_type(evcore.load_config(Path("shop.toml")).timezone, str | None)

pipeline = evcore.Pipeline(config, threads=2)
evcore.Pipeline()
evcore.Pipeline("shop.toml")

batch = pipeline.process(b"{}", feed="segment", source="web", received=datetime.now(UTC))
assert_type(batch, evcore.EventBatch)
assert_type(len(batch), int)
assert_type(batch.columns, tuple[str, ...])
assert_type(batch.rejects, list[evcore.Reject])
assert_type(batch.to_dicts(), list[dict[str, Any]])
for document in (
    "{}",
    bytearray(b"{}"),
    memoryview(b"{}"),
    {"name": "x"},
    [{"name": "x"}],
    iter([b"{}"]),
):
    pipeline.process(document)
pipeline.process(5)  # type: ignore[arg-type]
pipeline.process(b"", "segment")  # type: ignore[call-arg]

for part in pipeline.scan("events/*.ndjson"):
    assert_type(part, evcore.EventBatch)
pipeline.scan(Path("events"))
pipeline.scan([Path("a.ndjson"), "b.ndjson"])
with open("events.ndjson", "rb") as file:
    pipeline.scan(file)

summary = pipeline.run("events", output="tagged.ndjson", progress=True)
assert_type(summary, evcore.Summary)
assert_type(summary.files, list[evcore.FileSummary])
pipeline.run("events", progress=lambda progress: print(progress.seconds_left))

results = pipeline.results()
assert_type(results, evcore.Results)
assert_type(results["revenue"], evcore.AggregateResult)
assert_type(results["revenue"].best, str | None)
assert_type(pipeline.merge(evcore.Pipeline(config)), evcore.Pipeline)
assert_type(pipeline.explain(b"{}"), evcore.Explanation)
assert_type(pipeline.plan(), evcore.Plan)

evcore.init("KEY", config=config)
evcore.log_event({"messageType": "event"})
evcore.log_event("Purchase", user="u1", attributes={"revenue": 12.5}, time=datetime.now(UTC))
evcore.log_event("Purchase", usr="u1")  # type: ignore[call-arg]
assert_type(evcore.counters(), evcore.Counters)
assert_type(evcore.flush(timeout=5), bool)
assert_type(evcore.results(), evcore.Results)

evcore.Filter("x", drop="true")
evcore.Aggregate(name="x", count=True, by=["name"])
evcore.Tag("x")  # type: ignore[call-arg]
