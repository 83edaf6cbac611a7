"""Wire formats to the canonical event.

A canonical event is a dictionary: scalars are text, times are microseconds, maps are JSON values.
What is missing is None.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reference.json_reader import Value
from reference.times import has_no_offset, parse_rfc3339

KINDS = (
    *("track", "page", "screen", "identify", "group", "alias", "commerce"),
    *("session_start", "session_end", "app_state", "opt_out", "other"),
)
SCALARS = (
    *("kind", "name", "wire_category", "id", "user", "anonymous", "previous", "group"),
    *("wire_session", "platform"),
)
TIMES = ("time", "sent", "received")
MAPS = ("attributes", "flags", "traits", "identities", "context")
FIELDS = (*SCALARS, *TIMES, *MAPS)

UNIT_US = {"s": 1_000_000, "ms": 1_000, "us": 1, "any": 1_000}
TEXT_UNITS = ("rfc3339", "any")
# Numbers are the message types of mParticle's web SDK.
KIND_ALIASES = {
    **dict.fromkeys(("event", "custom_event", "4"), "track"),
    **dict.fromkeys(("screen_view", "3"), "screen"),
    **dict.fromkeys(("commerce_event", "16"), "commerce"),
    **dict.fromkeys(("application_state_transition", "10"), "app_state"),
    **{"1": "session_start", "2": "session_end", "6": "opt_out"},
}

# The dictionary of the web SDK's logEvent, read as canonical input; the canonical name wins.
ALIASES = {
    "kind": "messageType",
    "name": "eventName",
    "wire_category": "eventType",
    "attributes": "data",
    "flags": "customFlags",
    "id": "sourceMessageId",
    "traits": "userAttributes",
    "identities": "userIdentities",
    "time": "timestamp",
}
SECOND_ALIASES = {"attributes": "customAttributes"}


@dataclass(frozen=True)
class Feed:
    """A feed that a user described: canonical field to the keys and indices of the wire."""

    name: str
    paths: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict)
    time_unit: str = "rfc3339"
    skew: str = "segment"


def follow(value: Value | None, steps: tuple[str | int, ...]) -> Value | None:
    """Return what is at a path of the wire, None if there is nothing."""
    for step in steps:
        if value is None:
            return None
        if value.kind == "map" and isinstance(step, str):
            value = value.value.get(step)
        elif value.kind == "list" and isinstance(step, int) and step < len(value.value):
            value = value.value[step]
        else:
            return None
    return value


def scalar(value: Value | None) -> str | None:
    """Return the text of a canonical scalar: numbers and bools as they are written."""
    if value is None or value.kind in ("null", "list", "map"):
        return None
    return value.value if value.kind == "text" else value.raw.decode()


def moment(value: Value | None, unit: str, notes: Counter[str]) -> int | None:
    """Return a time of the wire: RFC 3339 text, or a number of the feed's unit."""
    if value is None or value.kind == "null":
        return None
    time_us = None
    if value.kind == "text" and unit in TEXT_UNITS:
        time_us = parse_rfc3339(value.value)
        notes["time.naive"] += time_us is not None and has_no_offset(value.value)
    if value.kind in ("int", "double") and unit in UNIT_US and math.isfinite(value.value):
        number_us = math.floor(value.value * UNIT_US[unit])
        time_us = number_us if -(2**63) <= number_us < 2**63 else None
    notes["time.unreadable"] += time_us is None
    return time_us


def first_moment(values: Iterable[Value | None], notes: Counter[str]) -> int | None:
    """Return the first that can be read; later ones are not looked at."""
    for value in values:
        if (time_us := moment(value, "any", notes)) is not None:
            return time_us
    return None


def present(value: Value | None) -> Value | None:
    """Return a canonical map; null is the same as nothing."""
    return None if value is None or value.kind == "null" else value


def overlay(below: Value | None, above: Value | None) -> Value | None:
    """Return two objects as one, in which the keys of the second win."""
    if below is None or above is None:
        return above if below is None else below
    if below.kind != "map" or above.kind != "map":
        return above
    return Value("map", {**below.value, **above.value}, b"")


def first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def map_at(wire: Value, steps: tuple[str | int, ...]) -> Value | None:
    """Return a canonical map's value. Where its path runs through something that is no object, that
    stands for the map: to look for a key in it is an error, not a key that is missing."""
    here = present(wire)
    for step in steps:
        if here is None or here.kind != "map":
            return here
        here = present(here.value.get(step))
    return here


def from_segment(wire: Value) -> dict[str, Any]:
    get = wire.value.get
    # Pages and screens are told by the wire's own word.
    kind = scalar(get("type"))
    notes: Counter[str] = Counter()
    event: dict[str, Any] = {
        "notes": notes,
        "kind": kind,
        "name": scalar(get("name" if kind in ("page", "screen") else "event")),
        "id": scalar(get("messageId")),
        "user": scalar(get("userId")),
        "anonymous": scalar(get("anonymousId")),
        "previous": scalar(get("previousId")),
        "group": scalar(get("groupId")),
        "wire_session": scalar(follow(wire, ("context", "sessionId"))),
        "platform": first(
            scalar(follow(wire, ("context", "device", "type"))), scalar(get("channel"))
        ),
        "time": first_moment((get("originalTimestamp"), get("timestamp")), notes),
        "sent": moment(get("sentAt"), "any", notes),
        "received": moment(get("receivedAt"), "any", notes),
        "attributes": present(get("properties")),
        "traits": overlay(map_at(wire, ("context", "traits")), present(get("traits"))),
        "context": present(get("context")),
    }
    return finish(event)


def from_canonical(wire: Value) -> dict[str, Any]:
    event: dict[str, Any] = {"notes": Counter()}
    for name in FIELDS:
        keys = [
            key for key in (name, ALIASES.get(name), SECOND_ALIASES.get(name)) if key is not None
        ]
        values = [present(wire.value.get(key)) for key in keys]
        if name in SCALARS:
            event[name] = first(*map(scalar, values))
        elif name in TIMES:
            event[name] = first_moment(values, event["notes"])
        else:
            event[name] = first(*values)
    return finish(event)


def from_mine(wire: Value, feed: Feed) -> dict[str, Any]:
    event: dict[str, Any] = {"notes": Counter()}
    for name, steps in feed.paths.items():
        value = follow(wire, steps)
        if name in SCALARS:
            event[name] = scalar(value)
        elif name in TIMES:
            event[name] = moment(value, feed.time_unit, event["notes"])
        else:
            event[name] = map_at(wire, steps)
    return finish(event)


def finish(event: dict[str, Any]) -> dict[str, Any]:
    """Settle the kind, give an event without a name its kind, and platforms one spelling."""
    kind = event.get("kind")
    kind = "track" if kind is None else KIND_ALIASES.get(kind, kind)
    event["kind"] = kind if kind in KINDS else "other"
    if event.get("name") is None:
        event["name"] = event["kind"]
    if (platform := event.get("platform")) is not None:
        lower = "".join(letter.lower() if letter.isascii() else letter for letter in platform)
        event["platform"] = "web" if lower == "browser" else lower
    return event


def correct_clocks(event: dict[str, Any], call_received: int | None, skew: str) -> bool:
    """Settle ``time`` and ``received``; return False where the event has neither.

    A device whose clock is wrong says when it sent the event by the same wrong clock, so the event
    happened as long before its receipt as it says it waited.
    """
    notes: Counter[str] = event["notes"]
    original, sent = event.get("time"), event.get("sent")
    collected = first(event.get("received"), call_received)
    received = first(collected, sent, original)
    if received is None:
        return False
    notes["time.received_missing"] += collected is None
    time, limit_us = original, 5 * 60 * 1_000_000
    if time is None:
        time = received
        notes["time.missing"] += 1
    elif skew == "segment" and collected is not None and sent is not None:
        time, limit_us = received - max(0, sent - time), 0
        notes["time.corrected"] += time != original
    if time > received + limit_us:
        time = received
        notes["time.in_future"] += 1
    event["time"], event["received"] = time, received
    return True
