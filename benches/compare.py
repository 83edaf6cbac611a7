"""evcore beside its peers on W1, by one protocol.

    python compare.py [--runs 5] [--quick]

One core, pinned; the files in the page cache; each run in a process of its own, imports left out;
all contenders in turn, at least five times, medians; all answers equal, or nothing is reported.
400,000 and 2,000,000 events, another seed, keys in random order, every field under another name,
two threads on two cores. Writes results/w1.json, results/w1.md and results/w1.svg.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chart import bars
from measure import BENCHES, RESULTS, Contender, alternate, events_file, machine, renamed_file, warm

PEERS = ("duckdb", "polars", "msgspec")


def evcore(
    path: Path, *, threads: int = 1, config: str = "w1.toml", name: str = "evcore"
) -> Contender:
    command = [BENCHES / "w1.py", path, "--threads", str(threads), "--config", BENCHES / config]
    return Contender(name, command, cores=threads)


def peers(path: Path) -> list[Contender]:
    return [Contender(name, [BENCHES / "peers.py", name, path]) for name in PEERS]


def race(
    title: str, path: Path, contenders: list[Contender], count: int, runs: int
) -> dict[str, Any]:
    """Run one comparison and return its figures."""
    warm(path)
    alternate(contenders, runs)
    ours = contenders[0].median
    print(f"\n{title}: {count:,} events, {path.stat().st_size / 1e6:.0f} MB, {runs} runs each")
    rows = []
    for one in contenders:
        rows.append(
            {
                "name": one.name,
                "seconds": one.median,
                "fastest": min(one.seconds),
                "slowest": max(one.seconds),
                "events_per_second": count / one.median,
                "gigabytes_per_second": path.stat().st_size / one.median / 1e9,
                "times_evcore": one.median / ours,
            }
        )
        rate = count / one.median / 1e6
        print(
            f"  {one.name:24} {one.median:8.4f} s {rate:6.2f} M events/s {one.median / ours:6.2f}×"
        )
    return {
        "title": title,
        "events": count,
        "bytes": path.stat().st_size,
        "runs": runs,
        "rows": rows,
    }


def races(runs: int, small: int, large: int) -> list[dict[str, Any]]:
    plain = events_file(small)
    other_seed, shuffled = events_file(small, seed=7), events_file(small, shuffle_keys=True)
    renamed, big = renamed_file(plain), events_file(large)
    return [
        race("W1", plain, [evcore(plain), *peers(plain)], small, runs),
        race("W1, another seed", other_seed, [evcore(other_seed), *peers(other_seed)], small, runs),
        race("W1, a larger file", big, [evcore(big), *peers(big)], large, runs),
        race(
            "W1, keys in random order and fields renamed",
            plain,
            [
                evcore(plain),
                evcore(shuffled, name="evcore, keys shuffled"),
                evcore(renamed, config="w1_renamed.toml", name="evcore, fields renamed"),
            ],
            small,
            runs,
        ),
        race(
            "W1, two threads on two cores",
            big,
            [evcore(big), evcore(big, threads=2, name="evcore, 2 threads")],
            large,
            runs,
        ),
    ]


def table(report: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    facts = report["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    lines = [
        f"{report['date']}, {facts['processor']}, Python {facts['python']}; {versions}.",
        "Medians; one core unless the row says otherwise.",
    ]
    for one in report["races"]:
        size = one["bytes"] / 1e6
        lines += [
            "",
            f"**{one['title']}**: {one['events']:,} events, {size:.0f} MB, {one['runs']} runs each",
            "",
            "| | seconds | fastest to slowest | M events/s | GB/s | time, evcore = 1 |",
            "|---|---:|---:|---:|---:|---:|",
        ]
        lines += [
            f"| {row['name']} | {row['seconds']:.3f} "
            f"| {row['fastest']:.3f} to {row['slowest']:.3f} "
            f"| {row['events_per_second'] / 1e6:.2f} | {row['gigabytes_per_second']:.2f} "
            f"| {row['times_evcore']:.2f} |"
            for row in one["rows"]
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument(
        "--quick", action="store_true", help="small files and one run: does it work?"
    )
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the reports")
    chosen = parser.parse_args()
    small, large = (5_000, 10_000) if chosen.quick else (400_000, 2_000_000)
    found = races(1 if chosen.quick else max(1, chosen.runs), small, large)
    report = {"date": datetime.now(UTC).date().isoformat(), "machine": machine(), "races": found}
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "w1.json").write_text(json.dumps(report, indent=1) + "\n")
    (chosen.out / "w1.md").write_text(table(report))
    first = found[0]
    chart = bars(
        f"W1 on one core: millions of events a second ({first['events']:,} events)",
        [(row["name"], row["events_per_second"] / 1e6) for row in first["rows"]],
    )
    (chosen.out / "w1.svg").write_text(chart)
    print(f"\nwritten: {chosen.out}/w1.json, w1.md, w1.svg")


if __name__ == "__main__":
    main()
