"""What `Pipeline.run` did: counts for each file, rejects, and the rate."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec

from evcore.batch import Reject
from evcore.table import html_table, text_table

__all__ = ["FileSummary", "Progress", "Summary"]

REJECTS_SHOWN_MAX = 5
"""Rejects that a printed summary quotes; all of them are in :attr:`Summary.rejects`."""


class FileSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one input; ``received = kept + filtered + duplicate + rejected``."""

    name: str
    bytes_read: int
    received: int
    kept: int
    filtered: int
    duplicate: int
    rejected: int


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What one run did. ``msgspec.json.encode(summary)`` is its JSON.

    Attributes
    ----------
    files
        One entry for each input, in the order they were read.
    filtered, rejected
        Counts by reason.
    rejects
        The first rejects, each with its ``file``, ``line``, ``byte``, ``reason``, ``message``, and
        its first 100 characters as ``text``.
    seconds
        Wall clock from the first byte to the end of the last input.
    """

    files: list[FileSummary]
    bytes_read: int
    received: int
    kept: int
    filtered: dict[str, int]
    duplicate: int
    rejected: dict[str, int]
    notes: dict[str, int]
    tags: dict[str, int]
    categories: dict[str, int]
    rejects: list[dict[str, Any]]
    seconds: float
    events_per_second: float
    bytes_per_second: float
    output: str | None = None

    def to_json(self) -> bytes:
        """Return the summary as JSON."""
        return msgspec.json.encode(self)

    def __str__(self) -> str:
        return self.__repr__()

    def __repr__(self) -> str:
        millions, gigabytes = self.events_per_second / 1e6, self.bytes_per_second / 1e9
        lines = [
            f"{self.received:,} events, {size_text(self.bytes_read)}"
            f" in {seconds_text(self.seconds)}: {millions:.2f} M events/s, {gigabytes:.2f} GB/s",
            f"received {self.received:,} = kept {self.kept:,}"
            f" + filtered {sum(self.filtered.values()):,}"
            f" + duplicate {self.duplicate:,}"
            f" + rejected {sum(self.rejected.values()):,}",
        ]
        for label in ("filtered", "rejected", "notes", "tags", "categories"):
            counts: dict[str, int] = getattr(self, label)
            shown = ", ".join(f"{name} {count:,}" for name, count in counts.items() if count)
            if shown:
                lines.append(f"{label}: {shown}")
        if len(self.files) > 1:
            lines.append("")
            lines.append(text_table(FILE_COLUMNS, self._file_rows()))
        for reject in self.rejects[:REJECTS_SHOWN_MAX]:
            place = f"{reject['file']}:{reject['line']} (byte {reject['byte']})"
            lines.append(f"reject {place}: {reject['reason']}: {reject['message']}")
        more = sum(self.rejected.values()) - min(len(self.rejects), REJECTS_SHOWN_MAX)
        if more > 0:
            lines.append(f"… {more:,} more rejects")
        if self.output is not None:
            lines.append(f"output: {self.output}")
        return "\n".join(lines)

    def _file_rows(self) -> list[list[Any]]:
        return [
            [f.name, f.bytes_read, f.received, f.kept, f.filtered, f.duplicate, f.rejected]
            for f in self.files
        ]

    def _repr_html_(self) -> str:
        caption = (
            f"{self.received:,} events in {seconds_text(self.seconds)}, "
            f"{self.events_per_second / 1e6:.2f} M events/s"
        )
        return html_table(FILE_COLUMNS, self._file_rows(), caption=caption)


FILE_COLUMNS = ("file", "bytes", "received", "kept", "filtered", "duplicate", "rejected")


def size_text(count: float) -> str:
    """Return a number of bytes as a person would write it.

    >>> size_text(999), size_text(226_746_701)
    ('999 B', '226.7 MB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def seconds_text(seconds: float) -> str:
    """Return a duration as a person would write it.

    >>> seconds_text(0.0123), seconds_text(3.21), seconds_text(754)
    ('12.3 ms', '3.21 s', '12 min 34 s')
    """
    if seconds < 1:
        return f"{seconds * 1e3:.1f} ms"
    if seconds < 60:
        return f"{seconds:.2f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min"


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is."""

    bytes_read: int
    """Bytes read so far, of all inputs."""
    bytes_total: int | None
    """Bytes in all, if every input's size is known."""
    events: int
    """Events received so far."""
    seconds: float
    """Seconds since the run began."""

    @property
    def seconds_left(self) -> float | None:
        """Seconds that the rest will take at the rate so far, if the size is known."""
        if not self.bytes_total or not self.bytes_read:
            return None
        return self.seconds * (self.bytes_total - self.bytes_read) / self.bytes_read


class ProgressLine:
    """Draws a run's progress on one line of the terminal, and wipes it at the end."""

    INTERVAL = 0.1
    """Seconds between two drawings: smooth to the eye, and no load on the terminal."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._width = 0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._last < self.INTERVAL:
            return
        self._last = now
        rate = progress.bytes_read / max(progress.seconds, 1e-9)
        parts = [
            f"{progress.events:,} events",
            size_text(progress.bytes_read),
            f"{size_text(rate)}/s",
        ]
        if progress.bytes_total:
            parts.insert(0, f"{100 * progress.bytes_read / progress.bytes_total:3.0f} %")
        if progress.seconds_left is not None:
            parts.append(f"{seconds_text(progress.seconds_left)} left")
        text = "  ".join(parts)
        sys.stderr.write("\r" + text.ljust(self._width))
        sys.stderr.flush()
        self._width = len(text)

    def close(self) -> None:
        """Wipe the line."""
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()
            self._width = 0


def listener(progress: bool | Callable[[Progress], None]) -> Callable[[Progress], None] | None:
    """Return what a run's *progress* argument asks for; none where nobody would see it."""
    if progress is True:
        return ProgressLine() if sys.stderr.isatty() else None
    return progress or None


def reject_entry(file: str, reject: Reject) -> dict[str, Any]:
    """Return a reject as the summary keeps it."""
    return {"file": file, **reject.to_dict()}
