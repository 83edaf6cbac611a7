"""Columns of the engine as numpy arrays and as Python values.

The numbers are not copied: numpy looks at the engine's memory, read-only, and keeps it alive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evcore.table import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy
    import numpy.typing

    from evcore import _core

    Array = numpy.typing.NDArray[Any]


NUMPY_TYPES = {"int": "int64", "uint": "uint64", "bool": "bool"}


def to_numpy(column: _core.Column) -> Array:
    """Return a column as a numpy array.

    ``double`` gives float64 with NaN for a missing value, ``time`` gives datetime64[us] in UTC with
    NaT, ``int``, ``uint`` and ``bool`` give a masked array, as they have no value to spare, and
    ``text`` and ``mixed`` give an object array with ``None``.
    """
    import numpy as np

    match column.kind:
        case "double":
            return np.frombuffer(column.data(), dtype=np.float64)
        case "time":
            return np.frombuffer(column.data(), dtype="datetime64[us]")
        case "int" | "uint" | "bool":
            data = np.frombuffer(column.data(), dtype=NUMPY_TYPES[column.kind])
            present = column.present()
            if present is None:
                return np.ma.MaskedArray(data)
            return np.ma.MaskedArray(data, mask=~np.frombuffer(present, dtype=np.bool_))
    values = np.empty(len(column), dtype=object)
    values[:] = column.to_list(0, len(column))
    return values


def to_values(column: _core.Column, start: int, stop: int) -> list[Any]:
    """Return the rows from *start* up to *stop* as Python values, times as aware datetimes."""
    values = column.to_list(start, stop)
    if column.kind == "time":
        return [None if value is None else moment(value) for value in values]
    return values


def to_rows(columns: Sequence[_core.Column], start: int, stop: int) -> list[tuple[Any, ...]]:
    """Return the rows from *start* up to *stop*, one tuple per row."""
    return list(zip(*(to_values(column, start, stop) for column in columns), strict=True))
