"""Data for the benchmarks that pytest-benchmark runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def events_path() -> Path:
    """100,000 events: large enough to fill the engine's blocks, small enough for many rounds."""
    from measure import events_file, warm

    path = events_file(100_000)
    warm(path)
    return path


@pytest.fixture(scope="session")
def document(events_path: Path) -> bytes:
    """The same events in memory."""
    return events_path.read_bytes()
