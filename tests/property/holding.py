"""Runs the engine and the reference on the same input and compares everything both give."""

from __future__ import annotations

import math
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import evcore
import reference
from laws import assert_conserved
from reference.aggregates import find, plain
from reference.engine import ENGINE_TAGS, Config, Outcome
from reference.feeds import TIMES
from reference.rules import Path as EventPath
from reference.rules import Row

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KERNELS = ("avx512", "portable")


class Pieces:
    """A binary file whose ``read`` gives pieces of the sizes that a test chose, then the rest."""

    name = "<pieces>"

    def __init__(self, document: bytes, sizes: Sequence[int]) -> None:
        self.document, self.sizes, self.at = document, list(sizes), 0

    def read(self, size: int = -1) -> bytes:
        length = self.sizes.pop(0) if self.sizes else len(self.document) - self.at
        piece = self.document[self.at : self.at + length]
        self.at += length
        return piece


@contextmanager
def kernel_of(name: str) -> Iterator[None]:
    """Make the pipelines that are built inside use one kernel."""
    before = os.environ.get("EVCORE_SIMD")
    os.environ["EVCORE_SIMD"] = name
    try:
        yield
    finally:
        del os.environ["EVCORE_SIMD"]
        if before is not None:
            os.environ["EVCORE_SIMD"] = before


def available_kernels() -> list[str]:
    found = []
    for name in KERNELS:
        with kernel_of(name):
            try:
                evcore.Pipeline()
            except evcore.EvcoreError:
                continue
        found.append(name)
    return found


def pipeline_of(config: Config, *, kernel: str | None = None, threads: int = 1) -> evcore.Pipeline:
    """Compile the configuration that the reference holds as Python values."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text(config.to_toml(), encoding="utf-8")
        loaded = evcore.load_config(path)
    if kernel is None:
        return evcore.Pipeline(loaded, threads=threads)
    with kernel_of(kernel):
        return evcore.Pipeline(loaded, threads=threads)


def moment(time_us: int) -> datetime:
    return EPOCH + timedelta(microseconds=time_us)


def to_us(value: datetime) -> int:
    return (value - EPOCH) // timedelta(microseconds=1)


def shown(config: Config, path: EventPath, row: Row) -> Any:
    """Return what the column of a path shows of a row."""
    if not path.steps:
        value = row.event.get(path.root)
        if path.root in TIMES or value is None or isinstance(value, str):
            return value
        return value.raw.decode()
    value = plain(find(path, row))
    is_double = ".".join([path.root, *map(str, path.steps)]) in doubles_of(config)
    if is_double:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return float(value) if number else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return value


def doubles_of(config: Config) -> set[str]:
    """Return the paths whose columns hold doubles: declared, summed or averaged."""
    summed = {
        ".".join([path.root, *map(str, path.steps)])
        for spec in config.aggregates
        if spec.measure.kind in ("sum", "mean") and (path := spec.measure.path) is not None
    }
    return summed | {path for path, kind in config.types.items() if kind == "double"}


def rows_of(batches: Sequence[evcore.EventBatch]) -> list[dict[str, Any]]:
    """Return the kept events of some batches as dictionaries, times in microseconds."""
    rows = []
    for batch in batches:
        for row, line in zip(batch.to_dicts(), batch.lines.tolist(), strict=True):
            plain = {
                key: to_us(value) if isinstance(value, datetime) else value
                for key, value in row.items()
            }
            rows.append({**plain, "line": line})
    return rows


def expected_rows(config: Config, outcome: Outcome) -> list[dict[str, Any]]:
    order = [*ENGINE_TAGS, *(name for name, _ in config.tags)]
    return [
        {
            **{name: shown(config, path, row) for name, path in config.columns.items()},
            "tags": [name for name in order if name in row.tags],
            "category": row.category,
            "line": line,
        }
        for row, line in zip(outcome.rows, outcome.lines, strict=True)
    ]


def same(left: Any, right: Any) -> bool:
    """Return whether two values are equal; a float's text and its value are."""
    if isinstance(left, float) and isinstance(right, str):
        left, right = right, left
    if isinstance(left, str) and isinstance(right, float):
        return same(float(left), right) if is_number_text(left) else False
    if isinstance(left, float) and isinstance(right, float):
        return left == right or (math.isnan(left) and math.isnan(right))
    return type(left) is type(right) and bool(left == right)


def is_number_text(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def assert_rows(config: Config, outcome: Outcome, batches: Sequence[evcore.EventBatch]) -> None:
    got, wanted = rows_of(batches), expected_rows(config, outcome)
    assert [row["line"] for row in got] == [row["line"] for row in wanted]
    for one, other in zip(got, wanted, strict=True):
        assert one.keys() == other.keys()
        for key in other:
            value = None if isinstance(one[key], float) and math.isnan(one[key]) else one[key]
            assert same(value, other[key]), (key, one, other)


def assert_rejects(outcome: Outcome, batches: Sequence[evcore.EventBatch]) -> None:
    got = [reject for batch in batches for reject in batch.rejects]
    assert [reject.line for reject in got] == [reject.line for reject in outcome.rejects], got
    for one, other in zip(got, outcome.rejects, strict=True):
        assert one.reason in other.reasons, (one, other)
        assert other.start <= one.byte <= other.end, (one, other)
        assert one.text == other.text, (one, other)


def assert_metrics(outcome: Outcome, metrics: dict[str, Any]) -> None:
    assert_conserved(metrics)
    assert metrics["received"] == outcome.received
    assert metrics["kept"] == len(outcome.rows)
    assert nonzero(metrics["filtered"]) == dict(outcome.filtered)
    assert nonzero(metrics["notes"]) == dict(outcome.notes)
    assert sum(metrics["rejected"].values()) == len(outcome.rejects)
    tags = Counter(tag for row in outcome.rows for tag in row.tags)
    assert nonzero(metrics["tags"]) == dict(tags)
    categories = Counter(row.category for row in outcome.rows if row.category)
    assert nonzero(metrics["categories"]) == dict(categories)
    for rule in metrics["rules"]:
        if (key := (rule["section"], rule["name"])) in outcome.rules:
            counted = [rule["matched"], rule["missing"], rule["errors"]]
            assert counted == outcome.rules[key], rule


def nonzero(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}


def answer_of(result: evcore.AggregateResult) -> dict[tuple[Any, ...], Any]:
    """Return an aggregate's answer as a dictionary by key, times in microseconds."""
    answer: dict[tuple[Any, ...], Any] = {}
    for row in result.to_dicts():
        *key, value = (to_us(cell) if isinstance(cell, datetime) else cell for cell in row.values())
        plain = tuple(("bool", part) if isinstance(part, bool) else part for part in key)
        assert plain not in answer, f"{plain} stands twice"
        answer[plain] = None if isinstance(value, float) and math.isnan(value) else value
    return answer


def assert_results(config: Config, outcome: Outcome, results: evcore.Results) -> None:
    for spec in config.aggregates:
        got, wanted = answer_of(results[spec.name]), outcome.answers[spec.name]
        assert got.keys() == wanted.groups.keys(), spec
        for key, value in wanted.groups.items():
            close = got[key] == value or (
                isinstance(value, float) and isinstance(got[key], float) and math.isnan(value)
            )
            assert close, (spec, key, got[key], value)
        assert results[spec.name].mistyped == wanted.mistyped, spec


def assert_same(
    config: Config,
    document: bytes,
    *,
    kernel: str | None = None,
    threads: int = 1,
    cuts: Sequence[int] | None = None,
) -> None:
    """Hold the engine to the reference on one document, whole or in pieces of given sizes."""
    outcome = reference.run(config, document)
    pipeline = pipeline_of(config, kernel=kernel, threads=threads)
    if cuts is None:
        batches = [pipeline.process(document)]
    else:
        batches = list(pipeline.scan(Pieces(document, cuts)))
    assert_rows(config, outcome, batches)
    assert_rejects(outcome, batches)
    assert_metrics(outcome, pipeline.metrics())
    assert_results(config, outcome, pipeline.results())
