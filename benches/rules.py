"""What 20 more rules cost: nanoseconds an event that rules20.toml adds to w1.toml, on one core.

    python rules.py [--events 400000] [--runs 7]

The rules: 6 of string equality or `in`, 4 of prefix or suffix, 4 of numbers, 2 of time differences,
2 of regular expressions, 2 that read tags. The cost includes decoding the columns that only they
read.
"""

from __future__ import annotations

import argparse
import json

from measure import BENCHES, RESULTS, Contender, alternate, events_file, machine, warm


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--events", type=int, default=400_000)
    parser.add_argument("--runs", type=int, default=7)
    chosen = parser.parse_args()
    path = events_file(chosen.events)
    warm(path)
    plain, more = (
        Contender(name, [BENCHES / "w1_seconds.py", path, BENCHES / name])
        for name in ("w1.toml", "rules20.toml")
    )
    alternate([plain, more], chosen.runs)
    added_ns = (more.median - plain.median) / chosen.events * 1e9
    report = {
        "machine": machine(),
        "events": chosen.events,
        "w1_seconds": plain.median,
        "rules20_seconds": more.median,
        "added_ns_per_event": added_ns,
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "rules20.json").write_text(json.dumps(report, indent=1) + "\n")
    print(
        f"W1 {plain.median:.4f} s, with 20 more rules {more.median:.4f} s: "
        f"{added_ns:.1f} ns an event, {added_ns / 20:.2f} ns a rule and event"
    )


if __name__ == "__main__":
    main()
