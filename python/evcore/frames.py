"""The way from columns to the frames of other libraries; each is an extra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evcore.column import to_numpy
from evcore.lazy import require

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas
    import polars
    import pyarrow

    from evcore import _core


def to_polars(source: object) -> polars.DataFrame:
    """Return a Polars frame of anything with an Arrow stream."""
    module = require("polars", extra="polars", purpose="to_polars()")
    frame: polars.DataFrame = module.DataFrame(source)
    return frame


def to_arrow(source: object) -> pyarrow.Table:
    """Return a pyarrow table of anything with an Arrow stream."""
    table: pyarrow.Table = require("pyarrow", extra="arrow", purpose="to_arrow()").table(source)
    return table


def to_pandas(columns: Sequence[_core.Column], more: Mapping[str, object]) -> pandas.DataFrame:
    """Return a pandas frame of columns, then of the arrays in *more*.

    Integers and booleans keep their values beside missing ones (``Int64``, ``boolean``); times are
    in UTC.
    """
    module = require("pandas", extra="pandas", purpose="to_pandas()")
    frame: pandas.DataFrame = module.DataFrame(
        {column.name: _series(module, column) for column in columns} | dict(more)
    )
    return frame


def _series(module: Any, column: _core.Column) -> object:
    import numpy as np

    array = to_numpy(column)
    if column.kind == "time":
        return module.Series(array).dt.tz_localize("UTC")
    if isinstance(array, np.ma.MaskedArray):
        kinds = module.arrays
        whole = kinds.BooleanArray if column.kind == "bool" else kinds.IntegerArray
        return whole(array.data, np.ma.getmaskarray(array))
    return array
