"""`EventBatch` and `AggregateResult`: columns out of the engine."""

import json
from datetime import UTC, datetime

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import evcore

CONFIG = evcore.Config(
    feed="canonical",
    types={
        "attributes.d": "double",
        "attributes.i": "int",
        "attributes.b": "bool",
        "attributes.t": "timestamp",
        "attributes.s": "string",
    },
    category=[evcore.Category("first", 'name == "a"')],
    tag=[evcore.Tag("has_d", "has(attributes.d)"), evcore.Tag("a", 'name == "a"')],
    aggregate=[
        evcore.Aggregate(name="sum", sum="attributes.d", by=["name", "attributes.s"]),
        evcore.Aggregate(name="slots", count=True, by=["weekday_hour"]),
        evcore.Aggregate(name="total", count=True),
        evcore.Aggregate(name="last", last="attributes.x", by=["name"]),
        evcore.Aggregate(name="daily", count=True, window="day"),
    ],
    output=evcore.Output(
        {
            "name": "name",
            "time": "time",
            "d": "attributes.d",
            "i": "attributes.i",
            "b": "attributes.b",
            "t": "attributes.t",
            "s": "attributes.s",
        }
    ),
)
MOMENT = "2026-03-03T14:30:00Z"  # a Tuesday
WHEN = datetime(2026, 3, 3, 14, 30, tzinfo=UTC)
EVENTS = [
    {
        "name": "a",
        "time": MOMENT,
        "attributes": {"d": 1.5, "i": 2**62 + 1, "b": True, "t": MOMENT, "s": "é<b>", "x": 1},
    },
    {"name": "b", "time": MOMENT, "attributes": {"x": "text"}},
    {"name": "b", "time": MOMENT, "attributes": {"d": "2.5", "i": 7, "b": False, "s": ""}},
]


@pytest.fixture
def pipeline():
    return evcore.Pipeline(CONFIG)


@pytest.fixture
def batch(pipeline):
    return pipeline.process(EVENTS)


def test_columns_are_numpy_arrays(batch):
    assert batch.columns == ("name", "time", "d", "i", "b", "t", "s")
    assert list(batch) == list(batch.columns)
    assert "d" in batch
    assert "x" not in batch
    np.testing.assert_array_equal(batch["d"], [1.5, np.nan, 2.5])
    assert batch["time"].dtype == np.dtype("datetime64[us]")
    assert batch["t"].tolist()[0] == WHEN.replace(tzinfo=None)
    assert np.isnat(batch["t"]).tolist() == [False, True, True]
    assert batch["i"].tolist() == [2**62 + 1, None, 7]
    assert batch["b"].tolist() == [True, None, False]
    assert batch["s"].tolist() == ["é<b>", None, ""]
    assert batch["d"] is batch["d"]
    with pytest.raises(KeyError, match="no column 'x'"):
        batch["x"]


def test_numbers_are_views_that_outlive_the_batch(pipeline):
    column = pipeline.process(EVENTS)["d"]
    assert not column.flags.owndata
    assert not column.flags.writeable
    for _ in range(100):
        pipeline.process(EVENTS)
    assert column[0] == 1.5


def test_tags_and_categories(batch):
    assert batch.tag_names == (
        "data.surrogate",
        "data.nonfinite",
        "data.duplicate_key",
        "has_d",
        "a",
    )
    assert batch.tags[:, 3:].tolist() == [[True, True], [False, False], [True, False]]
    assert not batch.tags[:, :3].any()
    assert batch.tag("a").tolist() == [True, False, False]
    assert batch.category.tolist() == ["first", "", ""]
    assert batch.lines.tolist() == [1, 2, 3]
    with pytest.raises(KeyError, match=r"no tag 'x'; the configuration has .*has_d, a"):
        batch.tag("x")


ROW = {
    "name": "a",
    "time": WHEN,
    "d": 1.5,
    "i": 2**62 + 1,
    "b": True,
    "t": WHEN,
    "s": "é<b>",
    "tags": ["has_d", "a"],
    "category": "first",
}
GAP = ROW | dict.fromkeys(("d", "i", "b", "t", "s")) | {"name": "b", "tags": [], "category": ""}


def test_rows_are_dictionaries(batch):
    assert batch.to_dicts()[:2] == [ROW, GAP]


def test_arrow_goes_to_every_library(batch):
    assert pl.DataFrame(batch).to_dicts()[:2] == [ROW, GAP]
    assert batch.to_polars().equals(pl.DataFrame(batch))
    frame = batch.to_arrow()
    assert frame.to_pylist()[:2] == [ROW, GAP]
    frame.validate(full=True)
    assert pa.table(batch).schema.field("time").type == pa.timestamp("us", tz="UTC")
    rows = duckdb.sql("select name, d, i, b, s, tags, category from frame").fetchall()
    assert rows[0] == ("a", 1.5, 2**62 + 1, True, "é<b>", ["has_d", "a"], "first")
    frame = batch.to_pandas()
    assert list(frame.columns) == list(ROW)
    assert frame["i"].tolist() == [2**62 + 1, pd.NA, 7]
    assert frame["t"][0] == pd.Timestamp(WHEN)
    assert frame["tags"].tolist() == [["has_d", "a"], [], ["has_d"]]


def test_a_batch_without_rows_keeps_its_columns(pipeline):
    batch = pipeline.process(b"")
    assert len(batch) == 0
    assert batch["d"].shape == batch["i"].shape == batch["s"].shape == (0,)
    assert batch.tags.shape == (0, 5)
    assert batch.to_polars().shape == (0, 9)
    assert batch.to_pandas().shape == (0, 9)
    assert batch.to_dicts() == []


def test_a_repr_is_a_small_table(batch, pipeline):
    lines = repr(batch).splitlines()
    assert lines[0] == "EventBatch: 3 events"
    assert "é<b>" in lines[3]
    assert "é&lt;b&gt;" in batch._repr_html_()
    assert "<b>" not in batch._repr_html_()
    many = pipeline.process([*EVENTS * 100, {"name": 5}])
    assert repr(many).endswith("… 290 more")
    assert "300 events, 1 rejected" in repr(many)


def test_without_an_output_section_four_columns_come():
    batch = evcore.Pipeline(evcore.Config(feed="canonical")).process(EVENTS)
    assert batch.columns == ("time", "name", "kind", "user")
    assert batch["kind"].tolist() == ["track"] * 3


def test_an_aggregate_is_sorted_columns(pipeline, batch):
    result = pipeline.results()["sum"]
    assert result.columns == ("name", "s", "sum") or result.columns[-1] == "sum"
    assert result.keys == result.columns[:-1]
    assert result.measure == "sum"
    assert result["name"].tolist() == ["a", "b", "b"]
    assert result["sum"].tolist()[0] == 1.5
    assert result.to_dict()[result.keys[1]] == ["é<b>", None, ""]
    assert result.to_dict()["sum"] == [1.5, None, 2.5]
    assert len(result) == 3
    assert result.mistyped == result.given_up_rows == 0
    with pytest.raises(KeyError, match="no column 'nope'"):
        result["nope"]


def test_the_best_slot_has_words(pipeline, batch):
    result = pipeline.results()["slots"]
    assert result.best == "Tuesday 14:00–15:00"
    assert result.to_dict() == {"weekday": [1], "hour": [14], "count": [3]}
    assert "best Tuesday 14:00–15:00" in repr(result)
    assert repr(result).splitlines()[-1].split() == ["Tuesday", "14:00", "3"]


def test_windows_are_moments(pipeline, batch):
    result = pipeline.results()["daily"]
    assert result.to_dicts() == [{"window": datetime(2026, 3, 3, tzinfo=UTC), "count": 3}]
    assert result["window"].dtype == np.dtype("datetime64[us]")


def test_values_of_several_kinds_keep_them(pipeline, batch):
    result = pipeline.results()["last"]
    assert result.to_dict() == {"name": ["a", "b"], "last": [1, "text"]}
    assert result["last"].tolist() == [1, "text"]
    assert result.to_polars()["last"].to_list() == ["1", "text"]


def test_an_answer_goes_to_every_library(pipeline, batch):
    results = pipeline.results()
    assert results["total"].to_dict() == {"count": [3]}
    frame = results["sum"].to_polars()
    assert frame["sum"].to_list() == [1.5, None, 2.5]
    assert pl.DataFrame(results["sum"]).equals(frame)
    assert results["sum"].to_arrow().num_rows == 3
    assert results["slots"].to_pandas()["hour"].tolist() == [14]
    assert "&lt;b&gt;" in results["sum"]._repr_html_()
    assert results["sum"].top(1)[0]["sum"] == 2.5


def test_results_are_a_mapping_with_json(pipeline, batch):
    results = pipeline.results()
    assert list(results) == ["sum", "slots", "total", "last", "daily"]
    assert len(results) == 5
    assert "sum" in results
    with pytest.raises(KeyError, match="no aggregate 'x'; the configuration has sum"):
        results["x"]
    document = json.loads(results.to_json())
    assert document["slots"]["rows"] == [{"weekday": 1, "hour": 14, "count": 3}]
    assert document["slots"]["best"] == "Tuesday 14:00–15:00"
    assert document["daily"]["rows"][0]["window"] == "2026-03-03T00:00:00Z"
    assert document["total"] == json.loads(results["total"].to_json())
    assert repr(results).startswith("sum: sum by name")
    assert results._repr_html_().count("<table>") == 5
