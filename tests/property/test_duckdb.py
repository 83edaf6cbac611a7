"""DuckDB as a second oracle: W1 as a whole, and every measure and window by itself."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import evcore
from evcore.testing import events, write_events
from laws import assert_conserved

duckdb = pytest.importorskip("duckdb")
BENCHES = Path(__file__).parents[2] / "benches"
EVENTS = 20_000
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia")


@pytest.mark.parametrize("seed", [1, 7, 2026])
@pytest.mark.parametrize("threads", [1, 2])
def test_w1(seed: int, threads: int, tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    write_events(path, EVENTS, seed=seed, shuffle_keys=seed == 7)
    ours, theirs = (
        json.loads(
            subprocess.run([sys.executable, *command], check=True, capture_output=True).stdout
        )
        for command in (
            [str(BENCHES / "w1.py"), str(path), "--threads", str(threads)],
            [str(BENCHES / "peers.py"), "duckdb", str(path)],
        )
    )
    assert ours["digest"] == theirs["digest"]
    assert ours["digest"]["kept"] > EVENTS / 2


def test_w1_under_other_names(tmp_path: Path) -> None:
    plain, renamed = tmp_path / "plain.ndjson", tmp_path / "renamed.ndjson"
    write_events(plain, 3_000, seed=5)
    subprocess.run([sys.executable, BENCHES / "rename.py", plain, renamed], check=True)
    one, other = (
        json.loads(
            subprocess.run([sys.executable, *command], check=True, capture_output=True).stdout
        )
        for command in (
            [BENCHES / "w1.py", plain],
            [BENCHES / "w1.py", renamed, "--config", BENCHES / "w1_renamed.toml"],
        )
    )
    assert one["digest"] == other["digest"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Events over the hours in which Europe changes its clocks, some of them before 1970."""
    path = tmp_path_factory.mktemp("duckdb") / "events.ndjson"
    with path.open("w") as file:
        for number, event in enumerate(events(EVENTS, seed=3)):
            if number % 50 == 0:
                event["timestamp"] = f"19{number % 70:02d}-0{1 + number % 9}-01T00:30:00.000Z"
            if number % 7 == 0:
                event["properties"] = {**event["properties"], "price": number / 8 - 100}
            file.write(json.dumps(event) + "\n")
    return path


@pytest.fixture(scope="module")
def table(data: Path) -> Iterator[Any]:
    """The events in DuckDB, each with its place in the file."""
    db = duckdb.connect()
    db.execute("set timezone = 'UTC'")
    db.execute(
        f"""create table e as
        select
            row_number() over () as place, event as name, channel, userId as user, messageId as id,
            epoch_us("timestamp"::timestamptz) as us, "timestamp"::timestamptz as moment,
            properties.price as price, context.location.country as country
        from read_json('{data}', format = 'newline_delimited', columns = {{
            event: 'VARCHAR', channel: 'VARCHAR', userId: 'VARCHAR', messageId: 'VARCHAR',
            "timestamp": 'VARCHAR', properties: 'STRUCT(price DOUBLE)',
            context: 'STRUCT(location STRUCT(country VARCHAR))'}})"""
    )
    yield db
    db.close()


PRICE = "attributes.price"
MEASURES = {
    "count": ("true", "count(*)"),
    "sum": (f'"{PRICE}"', "fsum(price)"),
    "mean": (f'"{PRICE}"', "avg(price)"),
    "min": (f'"{PRICE}"', "min(price)"),
    "max": (f'"{PRICE}"', "max(price)"),
    "distinct": ('"user"', "count(distinct user)"),
    "first": ('"id"', "arg_min(id, (us, place))"),
    "last": ('"id"', "arg_max(id, (us, place))"),
}
KEYS = {
    "none": ("", ""),
    "name": ('by = ["name"]', "name"),
    "two": ('by = ["name", "context.location.country"]', "name, country"),
    "missing": ('by = ["user"]', "user"),
}


def answers(data: Path, aggregate: str, zone: str = "UTC") -> list[tuple[Any, ...]]:
    """Run one aggregate over the file and return its rows, in the order of the result."""
    path = data.with_name("config.toml")
    path.write_text(
        f'version = 1\nfeed = "segment"\ntimezone = "{zone}"\n'
        f'[[aggregate]]\nname = "a"\n{aggregate}\n'
    )
    pipeline = evcore.Pipeline(evcore.load_config(path))
    summary = pipeline.run(data)
    assert summary.kept == EVENTS
    assert_conserved(pipeline.metrics())
    return [tuple(row.values()) for row in pipeline.results()["a"].to_dicts()]


def assert_equal_rows(ours: list[tuple[Any, ...]], theirs: list[tuple[Any, ...]]) -> None:
    left, right = ({row[:-1]: row[-1] for row in rows} for rows in (ours, theirs))
    assert len(left) == len(ours) and left.keys() == right.keys()
    for key, value in right.items():
        if isinstance(value, float):
            assert math.isclose(left[key], value, rel_tol=1e-12, abs_tol=1e-9), key
        else:
            assert left[key] == value, key


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("measure", MEASURES)
def test_measures(measure: str, key: str, data: Path, table: Any) -> None:
    (argument, sql), (by, columns) = MEASURES[measure], KEYS[key]
    ours = answers(data, f"{measure} = {argument}\n{by}")
    group = f"{columns}, " if columns else ""
    theirs = table.execute(f"select {group}{sql} from e group by all").fetchall()
    assert_equal_rows(ours, theirs)


@pytest.mark.parametrize("window", ["1h", "90m", "7d", "250ms"])
def test_tumbling_windows(window: str, data: Path, table: Any) -> None:
    size = {"1h": 3_600_000_000, "90m": 5_400_000_000, "7d": 604_800_000_000, "250ms": 250_000}[
        window
    ]
    ours = answers(data, f'count = true\nwindow = "{window}"')
    theirs = table.execute(
        f"select us - ((us % {size}) + {size}) % {size} as start, count(*) from e group by all"
    ).fetchall()
    assert_equal_rows([(micros(start), count) for start, count in ours], theirs)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("window", ["day", "week", "month"])
def test_calendar_windows(window: str, zone: str, data: Path, table: Any) -> None:
    ours = answers(data, f'sum = "{PRICE}"\nby = ["name"]\nwindow = "{window}"', zone)
    theirs = table.execute(
        f"""select epoch_us(date_trunc('{window}', local) at time zone '{zone}'), name, fsum(price)
        from (select *, timezone('{zone}', moment) as local from e) group by all"""
    ).fetchall()
    assert_equal_rows([(micros(start), *rest) for start, *rest in ours], theirs)


@pytest.mark.parametrize("zone", ZONES)
def test_weekday_and_hour(zone: str, data: Path, table: Any) -> None:
    ours = answers(data, 'count = true\nby = ["weekday_hour"]', zone)
    theirs = table.execute(
        f"""select isodow(local) - 1 as weekday, hour(local) as hour, count(*)
        from (select timezone('{zone}', moment) as local from e) group by all"""
    ).fetchall()
    assert_equal_rows(ours, theirs)


def test_rows_come_sorted_by_their_keys(data: Path) -> None:
    ours = answers(data, 'count = true\nby = ["user", "name"]\nwindow = "week"')
    order = [(start, user is not None, user or "", name.encode()) for start, user, name, _ in ours]
    assert order == sorted(order)


def micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
