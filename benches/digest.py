"""The answer to W1 in one comparable form, whoever computed it.

``sha256`` is over the counts by name, channel and hour, the counts by weekday and hour, and the
counts by country, as one JSON text; revenue is rounded to cents, because peers add in another
order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

TAGS = ("purchase", "promo", "mobile", "late")
NOISE = ("miscellaneous", "heartbeat", "debug")
HOUR_MS = 3_600_000


def digest(
    *,
    kept: int,
    tags: Mapping[str, int],
    groups: Mapping[tuple[str, str, int], int],
    revenue: Mapping[str, float | None],
    users: Mapping[str, int],
    heat: Mapping[tuple[int, int], int],
    countries: Mapping[str, int],
) -> dict[str, Any]:
    """Return the digest.

    Parameters
    ----------
    groups
        Events by name, channel and hours since 1970.
    heat
        Events by weekday (0 is Monday) and hour, UTC.
    """
    rows = sorted(
        (name, channel, int(hour), count) for (name, channel, hour), count in groups.items()
    )
    slots = [heat.get((weekday, hour), 0) for weekday in range(7) for hour in range(24)]
    text = json.dumps([rows, slots, sorted(countries.items())], ensure_ascii=False)
    return {
        "kept": kept,
        "tags": {name: tags.get(name, 0) for name in TAGS},
        "revenue": {name: round(total, 2) for name, total in sorted(revenue.items()) if total},
        "distinct": dict(sorted(users.items())),
        "groups": len(groups),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }


def heat_of_hours(hours: Mapping[int, int]) -> dict[tuple[int, int], int]:
    """Return counts by weekday and hour from counts by hours since 1970, a Thursday."""
    heat: dict[tuple[int, int], int] = {}
    for hour, count in hours.items():
        slot = ((hour // 24 + 3) % 7, hour % 24)
        heat[slot] = heat.get(slot, 0) + count
    return heat
