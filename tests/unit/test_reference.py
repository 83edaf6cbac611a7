"""The reference is held to Python's own library, where that has an opinion."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.aggregates import exact_sum
from reference.json_reader import Fault, Value, read_json
from reference.times import EPOCH, parse_rfc3339, to_us, window_start


def plain(value: Value) -> Any:
    if value.kind == "list":
        return [plain(item) for item in value.value]
    if value.kind == "map":
        return {key: plain(item) for key, item in value.value.items()}
    return value.value


def by_json(text: bytes) -> Any:
    def refuse(name: str) -> None:
        raise ValueError(name)

    return json.loads(text.decode(), parse_constant=refuse, parse_int=number)


def number(text: str) -> float:
    whole = int(text)
    return whole if -(2**63) <= whole < 2**64 and text != "-0" else float(text)


@given(
    st.text(alphabet='[]{}",:\\/ \tnulltrefas0123456789.eE+-u\u00e9', max_size=40)
    | st.text(max_size=10)
)
def test_strict_reading_agrees_with_python(text: str) -> None:
    try:
        expected, is_json = by_json(text.encode()), True
    except (ValueError, RecursionError):
        is_json = False
    try:
        value, _ = read_json(text.encode(), is_strict=True)
    except Fault as fault:
        # Python takes a lone surrogate and a key that stands twice.
        assert not is_json or fault.reason in ("lone_surrogate", "duplicate_key")
    else:
        assert is_json and repr(plain(value)) == repr(expected)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_python_writes_is_read_back(value: Any) -> None:
    for escaped in (True, False):
        text = json.dumps(value, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
        found, notes = read_json(text)
        assert repr(plain(found)) == repr(value) and not notes


@given(
    st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),
    st.integers(-1439, 1439),
)
def test_times_agree_with_python(naive: datetime, offset: int) -> None:
    sign, minutes = "-" if offset < 0 else "+", abs(offset)
    text = f"{naive.isoformat(timespec='microseconds')}{sign}{minutes // 60:02d}:{minutes % 60:02d}"
    try:
        expected = datetime.fromisoformat(text) - EPOCH
    except OverflowError:
        return
    assert parse_rfc3339(text) == expected // (
        datetime(1970, 1, 1, 0, 0, 0, 1) - datetime(1970, 1, 1)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01", 0),
        ("1970-01-01T00:00Z", 0),
        ("1969-12-31T23:59:60Z", -1),
        ("1970-01-01t00:00:00,0000019z", 1),
        ("1970-01-01 01:00:00+01", 0),
        ("0000-01-01T00:00:00Z", -62_167_219_200_000_000),
        ("1970-01-01T24:00:00Z", None),
        ("1970-02-30", None),
        ("1970-1-1", None),
        ("1970-01-01T00:00:00.Z", None),
        ("1970-01-01T00:00:00+24:00", None),
        ("1970-01-01T", None),
        ("٢٠٢٦-01-01", None),
        ("", None),
    ],
)
def test_odd_times(text: str, expected: int | None) -> None:
    assert parse_rfc3339(text) == expected


@pytest.mark.parametrize(
    ("zone", "window", "moment", "start"),
    [
        ("UTC", 3_600_000_000, "1969-12-31T23:30:00", "1969-12-31T23:00:00"),
        ("UTC", "week", "2026-03-01T10:00:00", "2026-02-23T00:00:00"),
        ("Europe/Berlin", "day", "2026-03-29T20:00:00", "2026-03-29T00:00:00"),
        ("Europe/Berlin", "month", "2026-03-31T23:59:59", "2026-03-01T00:00:00"),
        (
            "America/Sao_Paulo",
            "day",
            "2018-11-04T12:00:00",
            "2018-11-04T01:00:00",
        ),  # midnight is skipped
        ("America/Havana", "day", "2026-11-01T12:00:00", "2026-11-01T00:00:00"),
    ],
)
def test_windows(zone: str, window: int | str, moment: str, start: str) -> None:
    here = ZoneInfo(zone)
    time_us = to_us(datetime.fromisoformat(moment).replace(tzinfo=here).astimezone(UTC))
    found = window_start(time_us, window, zone)
    assert found == to_us(datetime.fromisoformat(start).replace(tzinfo=here).astimezone(UTC))


@given(st.lists(st.floats(-1e300, 1e300)))
def test_sums_are_those_of_fsum(values: list[float]) -> None:
    assert exact_sum(values) == math.fsum(values)
