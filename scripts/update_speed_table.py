"""Copies the speed table of README.md from benches/results/w1.json, which `make bench` writes.

    python scripts/update_speed_table.py            write the table
    python scripts/update_speed_table.py --check    exit 1 if the table is not that of the results

No figure of the README is typed by hand.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benches" / "results" / "w1.json"
README = ROOT / "README.md"
BEGIN, END = "<!-- speed: begin (scripts/update_speed_table.py) -->\n", "<!-- speed: end -->"


def section(report: dict[str, object]) -> str:
    """Return the text between the marks."""
    races, machine = report["races"], report["machine"]
    assert isinstance(races, list) and isinstance(machine, dict)
    first = races[0]
    lines = [
        f"{first['events']:,} events ({first['bytes'] / 1e6:.0f} MB), "
        f"medians of {first['runs']} runs, {report['date']}, {machine['processor']}, one core. "
        "More in "
        "[benches/results/w1.md](benches/results/w1.md).",
        "",
        "| | seconds | M events/s | GB/s | time, evcore = 1 |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row['name']} | {row['seconds']:.3f} | {row['events_per_second'] / 1e6:.2f} "
        f"| {row['gigabytes_per_second']:.2f} | {row['times_evcore']:.1f} |"
        for row in first["rows"]
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write or check the table and return the exit code."""
    parser = argparse.ArgumentParser(description="Copy the speed table into README.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if it is stale")
    options = parser.parse_args()
    if not RESULTS.exists():
        print("benches/results/w1.json is not there: run make bench", file=sys.stderr)
        # Nothing to compare with is no fault of the page.
        return 0 if options.check else 1
    text = README.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        print("README.md has lost the marks of its speed table", file=sys.stderr)
        return 1
    head, rest = text.split(BEGIN, 1)
    tail = rest[rest.index(END) :]
    fresh = head + BEGIN + section(json.loads(RESULTS.read_text(encoding="utf-8"))) + tail
    if options.check:
        if fresh != text:
            print("the speed table is stale: run scripts/update_speed_table.py", file=sys.stderr)
        return int(fresh != text)
    README.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
