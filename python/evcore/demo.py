"""`evcore demo` and `evcore bench`: sample events through a sample configuration."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import msgspec

from evcore import _core
from evcore.pipeline import Pipeline
from evcore.show import show_answer
from evcore.summary import size_text
from evcore.testing import write_events

CONFIG = """\
# What `evcore demo` runs: a shop that sends its events to Segment.
version = 1
feed = "segment"
timezone = "UTC"

[types]
"attributes.revenue" = "double"

[[category]]
name = "sales"
when = 'name.startsWith("Order") || name.startsWith("Checkout")'

[[category]]
name = "browsing"
when = 'name in ["Page Viewed", "Product Viewed", "Search", "Video Played"]'

[[tag]]
name = "purchase"
when = 'name == "Order Completed" && attributes.revenue >= 50.0'

[[tag]]
name = "promo"
when = 'attributes.discountCode.startsWith("SUMMER")'

[[tag]]
name = "mobile"
when = 'platform in ["ios", "android"]'

[[tag]]
name = "mobile_purchase"
when = '"purchase" in tags && "mobile" in tags'

[[tag]]
name = "slow"
when = 'received - time > duration("1h")'

[[filter]]
name = "noise"
drop = 'name in ["heartbeat", "miscellaneous", "debug"]'

[[filter]]
name = "test_users"
drop = 'traits.email.endsWith("@test.example")'

[[aggregate]]
name = "events_by_name"
count = true
by = ["name"]

[[aggregate]]
name = "best_hour_to_sell"
sum = "attributes.revenue"
by = ["weekday_hour"]
where = 'name == "Order Completed"'

[[aggregate]]
name = "busiest_hour"
count = true
by = ["weekday_hour"]

[[aggregate]]
name = "revenue_by_country"
sum = "attributes.revenue"
by = ["context.location.country"]
where = 'category == "sales" && name == "Order Completed"'

[[aggregate]]
name = "average_purchase_by_platform"
mean = "attributes.revenue"
by = ["platform"]
where = '"purchase" in tags'

[[aggregate]]
name = "users_by_week"
distinct = "user"
window = "week"

[[aggregate]]
name = "events_by_tag"
count = true
by = ["tags"]

[output.columns]
time = "time"
name = "name"
user = "user"
revenue = "attributes.revenue"
country = "context.location.country"
"""

BENCH_RUNS = 5
"""Runs of `evcore bench`: their median hides one hiccup of the machine."""


def demo(events: int, *, folder: str | os.PathLike[str], threads: int) -> None:
    """Make sample events and a configuration in a folder, run them, and print the answers.

    Parameters
    ----------
    events
        How many events.
    folder
        Where the files go; a sample of the same size that is there is used again.
    threads
        Threads of the engine.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    sample = place / f"events-{events}.ndjson"
    config = place / "demo.toml"
    config.write_text(CONFIG, encoding="utf-8")
    if not sample.exists():
        print(f"making {events:,} sample events: {sample}", flush=True)
        unfinished = sample.with_suffix(".part")
        write_events(unfinished, events)
        unfinished.replace(sample)
    print(f"$ evcore run {config} {sample} --threads {threads}\n", flush=True)
    pipeline = Pipeline(config, threads=threads)
    summary = pipeline.run(sample, progress=True)
    print(summary)
    results = pipeline.results()
    for result in results.values():
        show_answer(result, sys.stdout)
    print(f"\nBusiest: {results['busiest_hour'].best}.")
    print(f"Best time to sell: {results['best_hour_to_sell'].best}.")


def bench(events: int, *, threads: int, as_json: bool) -> None:
    """Measure the demo's configuration on this machine, file to results, and print the rates."""
    with tempfile.TemporaryDirectory(prefix="evcore-bench-") as folder:
        sample, config = Path(folder, "events.ndjson"), Path(folder, "bench.toml")
        config.write_text(CONFIG, encoding="utf-8")
        if not as_json:
            print(f"making {events:,} sample events …", file=sys.stderr, flush=True)
        size = write_events(sample, events)
        runs = []
        for _ in range(BENCH_RUNS):
            started = time.perf_counter()
            pipeline = Pipeline(config, threads=threads)
            summary = pipeline.run(sample)
            pipeline.results()
            runs.append(time.perf_counter() - started)
            if summary.received != events:
                raise RuntimeError(f"{summary.received} of {events} events were received")
        one = sample.read_bytes().partition(b"\n")[0]
        single = _one_call_seconds(Pipeline(config), one)
    seconds = median(runs)
    figures = {
        "events": events,
        "bytes": size,
        "threads": threads,
        "kernel": _core.simd_kernel(),
        "seconds": seconds,
        "events_per_second": events / seconds,
        "bytes_per_second": size / seconds,
        "process_one_event_us": single * 1e6,
    }
    if as_json:
        print(msgspec.json.encode(figures).decode())
        return
    print(
        f"{events:,} events, {size_text(size)}, {threads} thread(s), {_core.simd_kernel()} kernel"
    )
    print(f"run      {events / seconds / 1e6:8.2f} M events/s  {size / seconds / 1e9:6.2f} GB/s")
    print(f"process  {single * 1e6:8.2f} µs for one event of {len(one)} bytes")


def _one_call_seconds(pipeline: Pipeline, event: bytes) -> float:
    """Return the median seconds of `process` with one event."""
    calls, samples = 200, []
    for _ in range(15):
        started = time.perf_counter()
        for _ in range(calls):
            pipeline.process(event)
        samples.append((time.perf_counter() - started) / calls)
    return median(samples)
