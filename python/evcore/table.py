"""Small tables for people: plain text for a terminal, HTML for a notebook."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

CELL_CHARACTERS_MAX = 40
"""Longer cells are cut: a table must fit beside its neighbours."""

ROWS_SHOWN_MAX = 10
"""Rows of a ``repr``: enough to see the shape."""

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(time_us: int) -> datetime | int:
    """Return a time in UTC, or the number itself where it is past what ``datetime`` can hold.

    >>> moment(0)
    datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    try:
        return _EPOCH + timedelta(microseconds=time_us)
    except OverflowError:
        return time_us


def cell_text(value: Any, *, column: str = "") -> str:
    """Return one value as a person would write it.

    >>> cell_text(1234567), cell_text(12.5), cell_text(None), cell_text(1, column="weekday")
    ('1,234,567', '12.5', '-', 'Tuesday')
    """
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if column == "weekday" and isinstance(value, int) and 0 <= value < len(WEEKDAYS):
        return WEEKDAYS[value]
    if column == "hour" and isinstance(value, int):
        return f"{value:02d}:00"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.2f}"
    if isinstance(value, datetime):
        text = value.strftime("%Y-%m-%d %H:%M:%S")
        return text.removesuffix(":00").removesuffix(" 00:00")
    if isinstance(value, list):
        return ", ".join(cell_text(item) for item in value)
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value))
    if len(text) > CELL_CHARACTERS_MAX:
        text = text[: CELL_CHARACTERS_MAX - 1] + "…"
    return text


def _width(text: str) -> int:
    """Return the columns that a text takes on a terminal: East Asian wide characters take two."""
    if text.isascii():
        return len(text)
    width = 0
    for character in text:
        if not unicodedata.combining(character):
            width += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return width


def text_table(
    headers: Sequence[str], rows: Sequence[Sequence[Any]], *, rows_total: int | None = None
) -> str:
    """Return a table as aligned plain text, numbers to the right.

    Parameters
    ----------
    headers
        One name per column.
    rows
        The rows to show.
    rows_total
        How many rows there are in all, if not all are shown.

    >>> print(text_table(["name", "count"], [["Order Completed", 1200], ["Signed Up", 7]]))
    name             count
    ---------------  -----
    Order Completed  1,200
    Signed Up            7
    """
    shown = [
        [cell_text(value, column=header) for header, value in zip(headers, row, strict=True)]
        for row in rows
    ]
    widths = [
        max([_width(header), *(_width(row[at]) for row in shown)])
        for at, header in enumerate(headers)
    ]
    to_right = [
        any(isinstance(row[at], int | float) for row in rows) and header not in ("weekday", "hour")
        for at, header in enumerate(headers)
    ]

    def line(cells: Sequence[str]) -> str:
        parts = []
        for cell, width, right in zip(cells, widths, to_right, strict=True):
            space = " " * (width - _width(cell))
            parts.append(space + cell if right else cell + space)
        return "  ".join(parts).rstrip()

    lines = [line(headers), "  ".join("-" * width for width in widths)]
    lines.extend(line(row) for row in shown)
    if rows_total is not None and rows_total > len(shown):
        lines.append(f"… {rows_total - len(shown):,} more")
    return "\n".join(lines)


def html_table(
    headers: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    caption: str,
    rows_total: int | None = None,
) -> str:
    """Return a table as HTML; every text in it is escaped.

    >>> html_table(["name"], [["<b>"]], caption="1 row")
    '<table><caption>1 row</caption><tr><th>name</th></tr><tr><td>&lt;b&gt;</td></tr></table>'
    """
    parts = [f"<table><caption>{html.escape(caption)}</caption><tr>"]
    parts.extend(f"<th>{html.escape(header)}</th>" for header in headers)
    parts.append("</tr>")
    for row in rows:
        cells = (
            cell_text(value, column=header) for header, value in zip(headers, row, strict=True)
        )
        parts.append("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>")
    if rows_total is not None and rows_total > len(rows):
        more = f"… {rows_total - len(rows):,} more"
        parts.append(f'<tr><td colspan="{len(headers)}">{more}</td></tr>')
    parts.append("</table>")
    return "".join(parts)
