"""What one call of the engine gives back: the kept events as columns, and the rejects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evcore import frames
from evcore.column import to_numpy, to_rows
from evcore.table import ROWS_SHOWN_MAX, html_table, text_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas
    import polars
    import pyarrow

    from evcore import _core
    from evcore.column import Array


__all__ = ["EventBatch", "Reject"]


class Reject:
    """One piece of input that was not an event; its neighbours were not touched.

    Attributes
    ----------
    line
        Its line in the source, from 1.
    byte
        Where in the source the fault is, in bytes from 0.
    reason
        A stable name: ``"bad_json"``, ``"bad_utf8"``, ``"no_time"``, …
    message
        What is wrong, in one sentence.
    text
        Its first 100 characters.
    """

    __slots__ = ("byte", "line", "message", "reason", "text")

    def __init__(self, line: int, byte: int, reason: str, message: str, text: str) -> None:
        self.line = line
        self.byte = byte
        self.reason = reason
        self.message = message
        self.text = text

    def to_dict(self) -> dict[str, Any]:
        """Return the reject as a dictionary, ready for JSON."""
        return {name: getattr(self, name) for name in ("line", "byte", "reason", "message", "text")}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reject) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.line, self.byte, self.reason))

    def __repr__(self) -> str:
        return f"Reject(line {self.line}, byte {self.byte}: {self.reason}: {self.message})"


class EventBatch:
    """The kept events of one call, as columns.

    The columns are those of ``[output] columns`` in the configuration; without that section they
    are ``time``, ``name``, ``kind`` and ``user``. Filtered and rejected events are not in it.

    >>> import evcore
    >>> tags = [evcore.Tag("sale", 'name == "Paid"')]
    >>> pipeline = evcore.Pipeline(evcore.Config(feed="canonical", tag=tags))
    >>> batch = pipeline.process('{"name": "Paid", "user": "u1", "time": "2026-03-03T14:00:00Z"}')
    >>> len(batch), batch.columns, batch["user"].tolist(), batch.tag("sale").tolist()
    (1, ('time', 'name', 'kind', 'user'), ['u1'], [True])
    """

    __slots__ = ("_arrays", "_batch")

    def __init__(self, batch: _core.EventBatch) -> None:
        self._batch = batch
        self._arrays: dict[str, Array] = {}

    def __len__(self) -> int:
        return len(self._batch)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in the order of the configuration."""
        return tuple(column.name for column in self._batch.columns())

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __getitem__(self, name: str) -> Array:
        """Return one column as a numpy array of shape ``(n,)``; see :mod:`evcore.column`.

        Raises
        ------
        KeyError
            If there is no such column.
        """
        array = self._arrays.get(name)
        if array is None:
            array = self._arrays[name] = to_numpy(self._column(name))
        return array

    def _column(self, name: str) -> _core.Column:
        for column in self._batch.columns():
            if column.name == name:
                return column
        known = ", ".join(self.columns)
        raise KeyError(f"no column {name!r} in this batch; [output] columns names {known}")

    @property
    def tag_names(self) -> tuple[str, ...]:
        """The names of all tags: the engine's own (``data.…``), then the configuration's."""
        return tuple(self._batch.tag_names)

    @property
    def tags(self) -> Array:
        """Which event has which tag: booleans of shape ``(n, number of tags)``."""
        import numpy as np

        bits = np.frombuffer(self._batch.tag_bits(), dtype=np.uint64)
        shifts = np.arange(len(self._batch.tag_names), dtype=np.uint64)
        return (bits[:, None] >> shifts[None, :] & np.uint64(1)).astype(np.bool_)

    def tag(self, name: str) -> Array:
        """Return which events have one tag: booleans of shape ``(n,)``.

        Raises
        ------
        KeyError
            If the configuration has no such tag.
        """
        import numpy as np

        names = self._batch.tag_names
        if name not in names:
            raise KeyError(f"no tag {name!r}; the configuration has {', '.join(names) or 'none'}")
        bits = np.frombuffer(self._batch.tag_bits(), dtype=np.uint64)
        return (bits >> np.uint64(names.index(name)) & np.uint64(1)).astype(np.bool_)

    @property
    def category(self) -> Array:
        """The category of each event, ``""`` where no ``[[category]]`` rule matched."""
        import numpy as np

        codes = np.frombuffer(self._batch.category_codes(), dtype=np.uint16)
        names = np.array(["", *self._batch.category_names], dtype=object)
        chosen: Array = names[codes]
        return chosen

    @property
    def lines(self) -> Array:
        """The line of each event in its source, from 1."""
        import numpy as np

        return np.frombuffer(self._batch.lines(), dtype=np.uint64)

    @property
    def rejects(self) -> list[Reject]:
        """What was not an event, in the order of the input, up to ``limits.max_rejects``."""
        return [Reject(*fields) for fields in self._batch.rejects()]

    @property
    def counts(self) -> dict[str, Any]:
        """Return what became of this call's events.

        ``received = kept + filtered + duplicate + rejected`` holds, where ``filtered`` and
        ``rejected`` count by reason.
        """
        return self._batch.counts()

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return one dictionary per event: its columns, ``tags`` and ``category``.

        A column that is itself called ``tags`` or ``category`` wins.
        """
        return self._dicts(0, len(self))

    def _dicts(self, start: int, stop: int) -> list[dict[str, Any]]:
        columns = self._batch.columns()
        names = [column.name for column in columns]
        rows = to_rows(columns, start, stop) if columns else [()] * (stop - start)
        tags = self._batch.tag_lists(start, stop)
        categories = self._batch.category_list(start, stop)
        return [
            {"tags": tag, "category": category} | dict(zip(names, row, strict=True))
            for row, tag, category in zip(rows, tags, categories, strict=True)
        ]

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the batch as an Arrow stream (a PyCapsule): the columns, ``tags``, ``category``.

        Polars, DuckDB, pandas and pyarrow take the batch itself: ``polars.DataFrame(batch)``.
        """
        return self._batch.__arrow_c_stream__(requested_schema)

    def to_polars(self) -> polars.DataFrame:
        """Return the batch as a Polars frame (``pip install 'evcore[polars]'``)."""
        return frames.to_polars(self)

    def to_arrow(self) -> pyarrow.Table:
        """Return the batch as a pyarrow table (``pip install 'evcore[arrow]'``)."""
        return frames.to_arrow(self)

    def to_pandas(self) -> pandas.DataFrame:
        """Return the batch as a pandas frame (``pip install 'evcore[pandas]'``)."""
        count = len(self)
        extra: dict[str, list[Any]] = {
            "tags": self._batch.tag_lists(0, count),
            "category": self._batch.category_list(0, count),
        }
        names = self.columns
        more = {name: values for name, values in extra.items() if name not in names}
        return frames.to_pandas(self._batch.columns(), more)

    def _frame_columns(self) -> list[str]:
        extra = [name for name in ("tags", "category") if name not in self.columns]
        return [*self.columns, *extra]

    def _shown(self) -> tuple[list[str], list[list[Any]]]:
        headers = self._frame_columns()
        rows = self._dicts(0, min(len(self), ROWS_SHOWN_MAX))
        return headers, [[row[header] for header in headers] for row in rows]

    def _title(self) -> str:
        title = f"EventBatch: {len(self):,} events"
        rejected = sum(self.counts["rejected"].values())
        return title + (f", {rejected:,} rejected" if rejected else "")

    def __repr__(self) -> str:
        headers, rows = self._shown()
        if not rows:
            return self._title()
        return self._title() + "\n" + text_table(headers, rows, rows_total=len(self))

    def _repr_html_(self) -> str:
        headers, rows = self._shown()
        return html_table(headers, rows, caption=self._title(), rows_total=len(self))
