"""What must hold after every run, whatever the input."""

from __future__ import annotations

from typing import Any


def assert_conserved(counts: dict[str, Any]) -> None:
    """Assert that no event was lost or counted twice, on metrics or on the counts of a batch."""
    filtered, rejected = (
        sum(part.values()) if isinstance(part, dict) else part
        for part in (counts["filtered"], counts["rejected"])
    )
    assert counts["received"] == counts["kept"] + filtered + counts["duplicate"] + rejected, counts
