"""The answers: one table per ``[[aggregate]]``, sorted by its keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evcore import frames
from evcore.column import to_numpy, to_rows, to_values
from evcore.table import ROWS_SHOWN_MAX, html_table, text_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas
    import polars
    import pyarrow

    from evcore import _core
    from evcore.column import Array


__all__ = ["AggregateResult", "Results"]


class AggregateResult:
    """One aggregate's answer: key columns and one value column, sorted by key.

    A missing key is ``None`` and stands first; windows are their start in UTC, ``weekday`` is 0 for
    Monday.

    >>> import evcore
    >>> count = evcore.Aggregate(name="by_name", count=True, by=["name"])
    >>> pipeline = evcore.Pipeline(evcore.Config(feed="canonical", aggregate=[count]))
    >>> batch = pipeline.process([
    ...     {"name": "Paid", "time": "2026-03-03T14:00:00Z"},
    ...     {"name": "Paid", "time": "2026-03-03T15:00:00Z"},
    ...     {"name": "Seen", "time": "2026-03-03T16:00:00Z"},
    ... ])
    >>> print(pipeline.results()["by_name"])
    by_name: count by name, 2 rows
    name  count
    ----  -----
    Paid      2
    Seen      1
    >>> pipeline.results()["by_name"].to_dict()
    {'name': ['Paid', 'Seen'], 'count': [2, 1]}
    """

    __slots__ = ("_result",)

    def __init__(self, result: _core.AggregateResult) -> None:
        self._result = result

    @property
    def name(self) -> str:
        """The aggregate's name in the configuration."""
        return self._result.name

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns: the keys, then the value."""
        return tuple(column.name for column in self._result.columns())

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the key columns."""
        return self.columns[:-1]

    @property
    def measure(self) -> str:
        """The name of the value column: ``count``, ``sum``, or another measure."""
        return self.columns[-1]

    @property
    def best(self) -> str | None:
        """The best slot of a ``weekday_hour`` aggregate in words: ``"Tuesday 14:00–15:00"``."""
        return self._result.best

    @property
    def given_up_rows(self) -> int:
        """Events of the groups that ``max_groups`` left no room for."""
        return self._result.given_up_rows

    @property
    def mistyped(self) -> int:
        """Events whose value is not a number, so that the measure skipped it."""
        return self._result.mistyped

    def __len__(self) -> int:
        return len(self._result)

    def __getitem__(self, name: str) -> Array:
        """Return one column as a numpy array; see :mod:`evcore.column`.

        Raises
        ------
        KeyError
            If there is no such column.
        """
        for column in self._result.columns():
            if column.name == name:
                return to_numpy(column)
        raise KeyError(f"no column {name!r} in {self.name}: it has {', '.join(self.columns)}")

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the columns as lists of Python values, times as aware ``datetime``."""
        columns = self._result.columns()
        return {column.name: to_values(column, 0, len(self)) for column in columns}

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return one dictionary per row."""
        return self._dicts(0, len(self))

    def _dicts(self, start: int, stop: int) -> list[dict[str, Any]]:
        columns = self._result.columns()
        names = [column.name for column in columns]
        return [dict(zip(names, row, strict=True)) for row in to_rows(columns, start, stop)]

    def top(self, count: int = ROWS_SHOWN_MAX) -> list[dict[str, Any]]:
        """Return the *count* rows of the greatest value, the greatest first; ties in key order."""
        column = self._result.columns()[-1]
        values = to_values(column, 0, len(self))
        best = sorted(
            (at for at, value in enumerate(values) if value is not None and value == value),
            key=lambda at: values[at],
            reverse=True,
        )
        return [self._dicts(at, at + 1)[0] for at in best[:count]]

    def to_json(self) -> bytes:
        """Return the answer as JSON: the rows, and what was left out of them."""
        import msgspec

        return msgspec.json.encode(self._document())

    def _document(self) -> dict[str, Any]:
        document: dict[str, Any] = {"rows": self.to_dicts()}
        if self.best is not None:
            document["best"] = self.best
        return document | {"given_up_rows": self.given_up_rows, "mistyped": self.mistyped}

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the answer as an Arrow stream: ``polars.DataFrame(result)``."""
        return self._result.__arrow_c_stream__(requested_schema)

    def to_polars(self) -> polars.DataFrame:
        """Return the answer as a Polars frame (``pip install 'evcore[polars]'``)."""
        return frames.to_polars(self)

    def to_arrow(self) -> pyarrow.Table:
        """Return the answer as a pyarrow table (``pip install 'evcore[arrow]'``)."""
        return frames.to_arrow(self)

    def to_pandas(self) -> pandas.DataFrame:
        """Return the answer as a pandas frame (``pip install 'evcore[pandas]'``)."""
        return frames.to_pandas(self._result.columns(), {})

    def _title(self) -> str:
        by = f" by {', '.join(self.keys)}" if self.keys else ""
        rows = "1 row" if len(self) == 1 else f"{len(self):,} rows"
        title = f"{self.name}: {self.measure}{by}, {rows}"
        if self.best is not None:
            title += f", best {self.best}"
        if self.given_up_rows:
            title += f", {self.given_up_rows:,} events in groups given up"
        return title

    def _shown(self) -> Sequence[tuple[Any, ...]]:
        return to_rows(self._result.columns(), 0, min(len(self), ROWS_SHOWN_MAX))

    def __repr__(self) -> str:
        if not len(self):
            return self._title()
        table = text_table(self.columns, self._shown(), rows_total=len(self))
        return f"{self._title()}\n{table}"

    def _repr_html_(self) -> str:
        return html_table(self.columns, self._shown(), caption=self._title(), rows_total=len(self))


class Results(Mapping[str, AggregateResult]):
    """The answers of all aggregates by name, in the order of the configuration."""

    __slots__ = ("_results",)

    def __init__(self, results: Sequence[AggregateResult]) -> None:
        self._results = {result.name: result for result in results}

    def __getitem__(self, name: str) -> AggregateResult:
        try:
            return self._results[name]
        except KeyError:
            known = ", ".join(self._results) or "none"
            raise KeyError(f"no aggregate {name!r}; the configuration has {known}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._results

    def __iter__(self) -> Iterator[str]:
        return iter(self._results)

    def __len__(self) -> int:
        return len(self._results)

    def to_dict(self) -> dict[str, dict[str, list[Any]]]:
        """Return every answer's columns, by aggregate."""
        return {name: result.to_dict() for name, result in self._results.items()}

    def to_json(self) -> bytes:
        """Return every answer as JSON: ``{"by_name": {"rows": [{"name": …, "count": …}]}}``."""
        import msgspec

        return msgspec.json.encode({name: r._document() for name, r in self._results.items()})

    def __repr__(self) -> str:
        return "\n\n".join(map(repr, self._results.values())) or "no aggregates"

    def _repr_html_(self) -> str:
        return "".join(result._repr_html_() for result in self._results.values())
