"""Moments as microseconds since 1970, UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# The date alone, or with a time; the time may lack its seconds, its fraction and its offset.
RFC_3339 = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?([Zz]|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)


def parse_rfc3339(text: str) -> int | None:
    """Return the moment that a text names, or None. No offset is UTC; finer digits are cut off."""
    match = RFC_3339.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part) for part in match.group(1, 2, 3))
    days = days_since_1970(year, month, day)
    hour, minute, second = (int(part or 0) for part in match.group(4, 5, 6))
    if days is None or hour > 23 or minute > 59 or second > 60:
        return None
    fraction_us = int(((match[7] or "") + "000000")[:6])
    if second == 60:  # a leap second is the last moment before it
        second, fraction_us = 59, 999_999
    offset_us = parse_offset(match[8] or "Z")
    if offset_us is None:
        return None
    in_day_us = hour * HOUR_US + minute * MINUTE_US + second * SECOND_US + fraction_us
    return days * DAY_US + in_day_us - offset_us


def has_no_offset(text: str) -> bool:
    """Return whether a time names no offset, so that UTC is a guess."""
    match = RFC_3339.fullmatch(text)
    return match is not None and match[8] is None


def days_since_1970(year: int, month: int, day: int) -> int | None:
    """Return the number of a date, or None if there is no such date."""
    try:
        # 400 years are 146,097 days; Python's calendar has no year 0.
        return date(year + 400, month, day).toordinal() - 146_097 - date(1970, 1, 1).toordinal()
    except ValueError:
        if year + 400 <= 9999:
            return None
    try:
        return date(year, month, day).toordinal() - date(1970, 1, 1).toordinal()
    except ValueError:
        return None


def parse_offset(text: str) -> int | None:
    if text in "Zz":
        return 0
    digits = text[1:].replace(":", "") + "00"
    hours, minutes = int(digits[:2]), int(digits[2:4])
    if hours > 23 or minutes > 59:
        return None
    return (-1 if text[0] == "-" else 1) * (hours * HOUR_US + minutes * MINUTE_US)


def in_zone(time_us: int, zone: str) -> datetime:
    """Return what clocks and calendars of a zone show."""
    return (EPOCH + timedelta(microseconds=time_us)).astimezone(ZoneInfo(zone))


def to_us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def window_start(time_us: int, window: int | str, zone: str) -> int:
    """Return the start of the window that holds a moment.

    A window is a length in microseconds, counted from 1970, or day, week (from Monday) or month of
    the zone's calendar.
    """
    if isinstance(window, int):
        return time_us // window * window
    today = in_zone(time_us, zone).date()
    if window == "week":
        today -= timedelta(days=today.weekday())
    if window == "month":
        today = today.replace(day=1)
    return first_moment(today, zone)


def first_moment(day: date, zone: str) -> int:
    """Return the first moment of a day; where clocks skip midnight, it comes after the gap."""
    # Python maps a time in a gap to the moment the old offset gives, which reads as a later hour.
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    moment = to_us(midnight.astimezone(UTC))
    while in_zone(moment, zone).date() < day:
        moment += MINUTE_US
    while in_zone(moment - MINUTE_US, zone).date() == day:
        moment -= MINUTE_US
    return moment
