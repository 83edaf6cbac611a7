"""W1 by evcore: one file in, six answers out.

    python w1.py FILE [track|batch] [--threads N] [--repeat N] [--config FILE]

Prints one JSON line: the seconds (the median, if repeated) from before the configuration is loaded
to the answers as evcore gives them, and their digest (see digest.py), which is made after the clock
has stopped. Imports are left out. Every repetition does all of it again.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from math import isnan
from pathlib import Path
from typing import Any

import numpy  # noqa: F401

import evcore

# Modules that evcore and numpy load on first use: the protocol leaves imports out.
import evcore.aggregate
import evcore.config
import evcore.pipeline
import evcore.run
import evcore.steps
import evcore.summary
from digest import digest

CONFIG = Path(__file__).with_name("w1.toml")
HOUR_US = 3_600_000_000


def run(
    path: str, *, config: str | Path = CONFIG, threads: int = 1
) -> tuple[float, dict[str, Any]]:
    """Return the seconds, and what the digest is made of."""
    started = time.perf_counter()
    pipeline = evcore.Pipeline(evcore.load_config(config), threads=threads)
    summary = pipeline.run(path)
    results = pipeline.results()
    seconds = time.perf_counter() - started
    return seconds, {"summary": summary, "results": results}


def digest_of(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the digest of one run's answer."""
    results = answer["results"]
    events, revenue, users, heat, countries = (
        [results[name][column].tolist() for column in results[name].columns]
        for name in ("events", "revenue", "users", "heat", "countries")
    )
    hours = results["events"][results["events"].columns[0]].astype("int64") // HOUR_US
    return digest(
        kept=answer["summary"].kept,
        tags=answer["summary"].tags,
        groups=dict(
            zip(zip(events[1], events[2], hours.tolist(), strict=True), events[3], strict=True)
        ),
        revenue=dict(
            zip(revenue[0], (0.0 if isnan(total) else total for total in revenue[1]), strict=True)
        ),
        users=dict(zip(*users, strict=True)),
        heat=dict(zip(zip(heat[0], heat[1], strict=True), heat[2], strict=True)),
        countries=dict(zip(*countries, strict=True)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("file")
    parser.add_argument("shape", nargs="?", choices=["track", "batch"], default="track")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument(
        "--config", default=CONFIG, help="another configuration of the same workload"
    )
    chosen = parser.parse_args()
    if chosen.shape == "batch":
        sys.exit("w1.py: batches need the mparticle feed, which comes in a later version of evcore")
    runs = [
        run(chosen.file, config=chosen.config, threads=chosen.threads) for _ in range(chosen.repeat)
    ]
    seconds = statistics.median(run[0] for run in runs)
    print(
        json.dumps(
            {"peer": "evcore", "seconds": round(seconds, 4), "digest": digest_of(runs[-1][1])}
        )
    )


if __name__ == "__main__":
    main()
