"""What the benchmark scripts share: data made once, runs in processes of their own, medians."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BENCHES = Path(__file__).parent
DATA = Path(os.environ.get("EVCORE_BENCH_DATA", BENCHES / "data"))
RESULTS = BENCHES / "results"


def events_file(count: int, *, seed: int = 1, shuffle_keys: bool = False) -> Path:
    """Return a file of generated events; it is made on first use and kept."""
    from evcore.testing import write_events

    path = DATA / f"events-{count}-{seed}{'-shuffled' if shuffle_keys else ''}.ndjson"
    if not path.exists():
        DATA.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        write_events(part, count, seed=seed, shuffle_keys=shuffle_keys)
        part.rename(path)
    return path


def renamed_file(path: Path) -> Path:
    """Return the file with every field under another name; see rename.py."""
    out = path.with_name(f"{path.stem}-renamed.ndjson")
    if not out.exists():
        part = out.with_suffix(".part")
        subprocess.run([sys.executable, BENCHES / "rename.py", path, part], check=True)
        part.rename(out)
    return out


@contextmanager
def on_cores(count: int) -> Iterator[None]:
    """Keep this process and those it starts on the first cores it may use."""
    if not hasattr(os, "sched_setaffinity"):  # only Linux can pin
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def warm(path: Path) -> None:
    """Read the file once, so that every run finds it in the page cache."""
    with path.open("rb") as file:
        while file.read(1 << 24):
            pass


@dataclass
class Contender:
    """A command that prints one JSON line, and the seconds that its runs took."""

    name: str
    command: Sequence[str | Path]
    cores: int = 1
    seconds: list[float] = field(default_factory=list)
    digest: Any = None

    def run_once(self) -> None:
        with on_cores(self.cores):
            done = subprocess.run(
                [sys.executable, *self.command], check=True, capture_output=True, text=True
            )
        line = json.loads(done.stdout)
        if self.digest not in (None, line["digest"]):
            raise SystemExit(f"{self.name}: the answer changed from one run to the next")
        self.digest = line["digest"]
        self.seconds.append(line["seconds"])

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def alternate(contenders: Sequence[Contender], runs: int) -> None:
    """Run all contenders in turn, so that a machine that speeds up or slows down treats them alike.

    Raises ``SystemExit`` if two of them give different answers.
    """
    for _ in range(runs):
        for contender in contenders:
            contender.run_once()
    first = contenders[0]
    for other in contenders[1:]:
        if other.digest != first.digest:
            raise SystemExit(
                f"{other.name} and {first.name} give different answers: compare nothing"
            )


def note_rate(benchmark: Any, *, size: int) -> None:
    """Add GB/s to a pytest-benchmark result; with benchmarks disabled there is no time."""
    if benchmark.stats is not None:
        benchmark.extra_info["GB/s"] = size / benchmark.stats.stats.median / 1e9


def note_cost(benchmark: Any, *, events: int) -> None:
    """Add nanoseconds an event to a pytest-benchmark result."""
    if benchmark.stats is not None:
        benchmark.extra_info["ns/event"] = benchmark.stats.stats.median / events * 1e9


def machine() -> dict[str, Any]:
    """Return what a reader must know of the machine: processor, cores, system, versions."""
    import importlib.metadata
    import platform

    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [
            line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        processor = models[0].split(":", 1)[1].strip() if models else processor
    versions = {}
    for package in ("evcore", "duckdb", "polars", "msgspec", "numpy"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": versions,
    }
