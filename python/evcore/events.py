"""Python values to JSON bytes for the engine, with errors that name the key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from evcore.errors import EventError

_encoder = msgspec.json.Encoder()


def encode(event: Mapping[str, Any], *, place: str = "") -> bytes:
    """Return one event as JSON.

    Dates, decimals, UUIDs, sets, enums, dataclasses and msgspec Structs are written as msgspec
    writes them; NaN and infinity become ``null``.

    Parameters
    ----------
    event
        The event's fields.
    place
        What stands before the key path in an error: ``"[3]"`` for the fourth event of a list.

    Raises
    ------
    EventError
        If a value has no JSON form; the message names its key path.

    >>> encode({"name": "Paid", "attributes": {"revenue": 12.5}})
    b'{"name":"Paid","attributes":{"revenue":12.5}}'
    """
    try:
        return _encoder.encode(event)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise EventError(_explain(event, place, error)) from None


def encode_lines(events: Iterable[Mapping[str, Any]]) -> bytes:
    """Return events as NDJSON."""
    events = events if isinstance(events, list) else list(events)
    try:
        return _encoder.encode_lines(events)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return b"\n".join(encode(event, place=f"[{at}]") for at, event in enumerate(events))


def _explain(event: object, place: str, error: Exception) -> str:
    if isinstance(error, RecursionError):
        return f"{place or 'event'}: nested too deep, or holds itself"
    path, value, reason = _fault(event, place, error)
    kind = type(value).__name__
    if isinstance(value, str):
        return f"{path or 'event'}: the text is not valid Unicode: {reason}"
    return f"{path or 'event'}: cannot write a {kind} as JSON: {reason}"


def _fault(value: object, path: str, error: Exception) -> tuple[str, object, Exception]:
    """Return the path, the value and the error of the innermost part that cannot be written."""
    parts: Iterable[tuple[str, object]] = ()
    if isinstance(value, Mapping):
        parts = ((f"{path}.{key}" if path else str(key), part) for key, part in value.items())
    elif isinstance(value, list | tuple):
        parts = ((f"{path}[{at}]", part) for at, part in enumerate(value))
    for part_path, part in parts:
        try:
            _encoder.encode(part)
        except (TypeError, ValueError, OverflowError) as inner:
            return _fault(part, part_path, inner)
    return path, value, error


def check_time(event: Mapping[str, Any], key: str) -> None:
    """Refuse a time without a zone: nobody can tell which hour it means.

    Raises
    ------
    EventError
        If ``event[key]`` is a naive ``datetime``.
    """
    value = event.get(key)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise EventError(f"{key}: the datetime has no time zone; use datetime.now(UTC)")
