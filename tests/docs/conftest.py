"""What the tests of the docs share."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import evcore


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Be in a folder that has what the examples name."""
    from evcore.demo import CONFIG
    from evcore.testing import write_events

    monkeypatch.chdir(tmp_path)
    Path("shop.toml").write_text(CONFIG)
    Path("events").mkdir()
    write_events(Path("events/march.ndjson"), 2000)
    shutil.copy("events/march.ndjson", "events.ndjson")
    with Path("events.ndjson").open("rb") as file:
        Path("event.json").write_bytes(file.readline())
    yield tmp_path
    evcore.shutdown()
    if "evcore.client" in sys.modules:
        sys.modules["evcore.client"]._client = None
