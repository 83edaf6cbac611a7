"""Aggregates over a list of kept events: one dictionary, one list of values for each group."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from reference.json_reader import Value
from reference.rules import ERROR, MISSING, Failure, Path, Row, Rule, is_number
from reference.times import in_zone, window_start

KINDS = ("count", "sum", "mean", "min", "max", "first", "last", "distinct")
NUMERIC = ("sum", "mean", "min", "max")


@dataclass(frozen=True)
class Measure:
    """One of KINDS, and the path it reads; count reads none."""

    kind: str
    path: Path | None = None


@dataclass(frozen=True)
class Spec:
    """One ``[[aggregate]]``. A window is a length in microseconds or day, week, month."""

    name: str
    measure: Measure
    by: tuple[Path | str, ...] = ()
    window: int | str | None = None
    where: Rule | None = None
    max_groups: int | None = None


@dataclass
class Group:
    rows: int = 0
    values: list[tuple[int, int, Any]] = field(default_factory=list)  # time, input order, value


@dataclass
class Answer:
    """Groups by key, and how many values had the wrong kind."""

    groups: dict[tuple[Any, ...], Any]
    mistyped: int


def plain(found: Any) -> Any:
    """Return a value as a key or an answer shows it: None for nothing, containers as JSON."""
    if isinstance(found, Failure):
        return None
    return (
        found.raw.decode() if isinstance(found, Value) and found.kind in ("list", "map") else found
    )


def find(path: Path, row: Row) -> Any:
    """Return what is at a path: None for nothing, ERROR where it runs through no object."""
    if not path.steps:
        here = row.event.get(path.root)
        return plain(here)
    parent = Path(path.root, path.steps[:-1]).find(row.event)
    step = path.steps[-1]
    if parent is MISSING:
        return None
    if isinstance(parent, dict) and isinstance(step, str):
        value = parent.get(step)
    elif isinstance(parent, list) and isinstance(step, int):
        value = parent[step] if step < len(parent) else None
    else:
        return ERROR
    if value is None:
        return None
    return value.raw.decode() if value.kind in ("list", "map") else value.value


def keys_of(spec: Spec, row: Row, zone: str) -> Iterable[tuple[Any, ...]]:
    """Return the keys of the groups that an event counts in: more than one only by its tags."""
    time_us = row.event["time"]
    keys: list[tuple[Any, ...]] = [()]
    if spec.window is not None:
        keys = [(window_start(time_us, spec.window, zone),)]
    for part in spec.by:
        if part == "tags":
            keys = [(*key, tag) for key in keys for tag in sorted(row.tags)]
        elif part == "category":
            keys = [(*key, row.category) for key in keys]
        elif part == "weekday_hour":
            moment = in_zone(time_us, zone)
            keys = [(*key, moment.weekday(), moment.hour) for key in keys]
        else:
            assert isinstance(part, Path)
            keys = [(*key, tagged(plain(find(part, row)))) for key in keys]
    return keys


def tagged(value: Any) -> Any:
    """Return the value so that True and 1 are two keys of a dictionary, as they are two values."""
    return ("bool", value) if isinstance(value, bool) else value


def aggregate(spec: Spec, rows: Sequence[Row], zone: str = "UTC") -> Answer:
    """Fold the rows, which stand in input order."""
    # Without keys there is one total, of nothing too.
    groups: dict[tuple[Any, ...], Group] = {}
    if not spec.by and spec.window is None:
        groups[()] = Group()
    mistyped = 0
    for order, row in enumerate(rows):
        if spec.where is not None and spec.where.verdict(row) is not True:
            continue
        value = None if spec.measure.path is None else find(spec.measure.path, row)
        keys = list(keys_of(spec, row, zone))
        for key in keys:
            group = groups.setdefault(key, Group())
            group.rows += 1
            if value is None or (value is ERROR and spec.measure.kind not in NUMERIC):
                continue
            is_time = spec.measure.path is not None and not spec.measure.path.steps
            if spec.measure.kind in NUMERIC and not (is_number(value) or is_time):
                mistyped += 1
                continue
            group.values.append((row.event["time"], order, value))
    return Answer(
        {key: result(spec.measure.kind, group) for key, group in groups.items()}, mistyped
    )


def result(kind: str, group: Group) -> Any:
    if kind == "count":
        return group.rows
    values = [value for _, _, value in group.values]
    if kind == "distinct":
        return len({tagged(value) for value in values})
    if not values:
        return None
    if kind == "sum":
        return exact_sum(values)
    if kind == "mean":
        return exact_sum(values) / len(values)
    if kind in ("min", "max"):
        return min(values) if kind == "min" else max(values)
    ordered = sorted(group.values, key=lambda entry: entry[:2])
    return (ordered[0] if kind == "first" else ordered[-1])[2]


def exact_sum(values: Sequence[float]) -> float:
    """Return the double nearest to the sum of the doubles nearest to the values."""
    doubles = [float(value) for value in values]
    if not all(math.isfinite(value) for value in doubles):
        return sum(value for value in doubles if not math.isfinite(value))
    total = sum((Fraction(value) for value in doubles), Fraction(0))
    try:
        return float(total)
    except OverflowError:
        return math.inf if total > 0 else -math.inf
