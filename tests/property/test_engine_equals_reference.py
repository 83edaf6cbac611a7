"""The engine against the reference: any document, configuration, cut, kernel and thread count."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import evcore
import reference
from evcore.testing import events
from holding import (
    Pieces,
    answer_of,
    assert_metrics,
    assert_rejects,
    assert_results,
    assert_rows,
    assert_same,
    available_kernels,
    pipeline_of,
)
from inputs import PATHS, SCALARS, cases
from reference.aggregates import Measure, Spec
from reference.engine import Config, Filter
from reference.rules import Compare, HasTag, Lag, OneOf, TextTest
from reference.rules import Path as EventPath

KERNELS = available_kernels()
REVENUE = EventPath("attributes", ("revenue",))
NAME = EventPath("name")


@pytest.mark.parametrize("kernel_name", KERNELS)
@given(case=cases())
def test_whole_documents(kernel_name: str, case: tuple[Config, list[bytes]]) -> None:
    config, (document,) = case
    assert_same(config, document, kernel=kernel_name)


@pytest.mark.parametrize("kernel_name", KERNELS)
@given(case=cases(), cuts=st.lists(st.integers(1, 700), max_size=12))
def test_documents_in_pieces(
    kernel_name: str, case: tuple[Config, list[bytes]], cuts: list[int]
) -> None:
    config, (document,) = case
    assert_same(config, document, kernel=kernel_name, cuts=cuts)


@given(case=cases(count=2))
def test_merge_equals_one_run(case: tuple[Config, list[bytes]]) -> None:
    config, (first, second) = case
    whole, left, right = (pipeline_of(config) for _ in range(3))
    whole.process([first, second])
    left.process(first)
    right.process(second)
    left.merge(right)
    for spec in config.aggregates:
        merged, one = left.results()[spec.name], whole.results()[spec.name]
        assert repr(answer_of(merged)) == repr(answer_of(one)), spec
        assert merged.mistyped == one.mistyped
    sizes = {"bytes": 0, "lines": 0}  # a document that does not end its last line is given an end
    assert left.metrics() | sizes == whole.metrics() | sizes


SMALL = Config(
    tags=[("big", Compare(REVENUE, ">=", 50.0)), ("late", Lag("received", "time", ">", 3600))],
    filters=[Filter("noise", "drop", OneOf(NAME, ("heartbeat", "debug", "miscellaneous")))],
    aggregates=[
        Spec("by_name", Measure("count"), (NAME,), "day"),
        Spec("sum", Measure("sum", REVENUE)),
        Spec("users", Measure("distinct", EventPath("user")), ("tags",)),
        Spec("last", Measure("last", EventPath("attributes", ("n",)))),
    ],
    columns={
        "name": NAME,
        "revenue": REVENUE,
        "s": EventPath("attributes", ("s",)),
        "time": EventPath("time"),
    },
)
SMALL_DOCUMENT = b"\xef\xbb\xbf" + b"\r\n".join(
    [
        b'{"type":"track","event":"Order Completed","timestamp":"2026-03-02T10:00:00Z",'
        b'"properties":{"revenue":51.5,"s":"\xc3\xb6 \\ud83e\\ude81","n":1},"userId":"u1"}',
        b"",
        b'{"event":"Page Viewed","timestamp":"2026-03-01T10:00:00.5Z","properties":{"s":"a\\"b"}}',
        b'{"event":"broken',
        b'{"event":"bad \xff","timestamp":"2026-03-01T10:00:00Z"}',
        b'{"event":"heartbeat","timestamp":"2026-03-01T10:00:00Z"}',
        b'{"event":"\xe9\x9d\xb4","receivedAt":"2026-03-01T10:00:00Z","properties":{"revenue":NaN}}',
        b" \t",
        b'[{"event":"in a list"}]',
        b'{"event":"last","timestamp":"2026-03-02T10:00:00Z","properties":{"revenue":1e2,"n":4}}',
    ]
)


@pytest.mark.parametrize("kernel_name", KERNELS)
def test_a_small_file_cut_at_every_byte(kernel_name: str) -> None:
    outcome = reference.run(SMALL, SMALL_DOCUMENT)
    for at in range(1, len(SMALL_DOCUMENT)):
        pipeline = pipeline_of(SMALL, kernel=kernel_name)
        batches = list(pipeline.scan(Pieces(SMALL_DOCUMENT, [at])))
        assert_rows(SMALL, outcome, batches)
        assert_rejects(outcome, batches)
        assert_metrics(outcome, pipeline.metrics())
        assert_results(SMALL, outcome, pipeline.results())


@pytest.mark.parametrize("kernel_name", KERNELS)
def test_a_small_file_in_pieces_of_every_size(kernel_name: str) -> None:
    for size in range(1, len(SMALL_DOCUMENT) + 1):
        assert_same(
            SMALL, SMALL_DOCUMENT, kernel=kernel_name, cuts=[size] * (len(SMALL_DOCUMENT) // size)
        )


def untidy_document(seed: int, count: int) -> bytes:
    """A few megabytes of events, of which some are odd or broken, in many shapes."""
    dice = random.Random(seed)
    lines = []
    for number, event in enumerate(events(count, seed=seed, shuffle_keys=seed % 2 == 0)):
        if dice.random() < 0.1:
            event.pop(dice.choice(list(event)))
        if dice.random() < 0.05:
            event["properties"] = {
                **event.get("properties", {}),
                "revenue": dice.choice(["1.5", None, [], True]),
            }
        line = json.dumps(event, ensure_ascii=dice.random() < 0.5).encode()
        if dice.random() < 0.02:
            at = dice.randrange(len(line))
            line = (
                line[:at] + dice.choice([b"", b'"', b"\\", b"}", b"\xff", b"\n"]) + line[at + 1 :]
            )
        if dice.random() < 0.01:
            line = line.replace(b'"context"', b'"properties":{"n":1},"context"')
        if number % 700 == 0:
            line += b"\n" * dice.randrange(3)
        if number % 900 == 0:
            line = line[:-1] + b',"long":"' + b"x" * dice.choice([1_000, 300_000]) + b'"}'
        lines.append(line)
    return b"\n".join(lines)


LARGE = Config(
    zone="Europe/Berlin",
    types={"attributes.revenue": "double"},
    categories=[("sales", TextTest(NAME, "startsWith", "Order"))],
    tags=[
        ("purchase", Compare(REVENUE, ">=", 50.0)),
        ("promo", TextTest(EventPath("attributes", ("discountCode",)), "startsWith", "SUMMER")),
        ("late", Lag("received", "time", ">", 3600)),
        ("both", HasTag("purchase")),
    ],
    filters=[
        Filter("noise", "drop", OneOf(NAME, ("heartbeat", "debug", "miscellaneous"))),
        Filter(
            "known",
            "keep",
            TextTest(EventPath("context", ("traits", "email")), "contains", "@mail"),
        ),
    ],
    aggregates=[
        Spec("hours", Measure("count"), (NAME, EventPath("wire", ("channel",))), 3_600_000_000),
        Spec("revenue", Measure("sum", REVENUE), (NAME, "category"), "week"),
        Spec("mean", Measure("mean", REVENUE), ("tags",)),
        Spec("users", Measure("distinct", EventPath("user")), (NAME,), "month"),
        Spec("heat", Measure("count"), ("weekday_hour",)),
        Spec("first", Measure("first", EventPath("id")), (EventPath("platform"),)),
        Spec("last", Measure("last", EventPath("id")), ("weekday_hour",)),
        Spec("max", Measure("max", EventPath("attributes", ("price",))), (), "day", HasTag("late")),
    ],
    columns={
        f"c{number}": path for number, path in enumerate((*PATHS, *SCALARS, EventPath("time")))
    },
)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_file_of_megabytes_on_one_thread_and_two(seed: int, tmp_path: Path) -> None:
    document = untidy_document(seed, 4_000)
    outcome = reference.run(LARGE, document)
    path = tmp_path / "events.ndjson"
    path.write_bytes(document)
    answers = set()
    for kernel_name in KERNELS:
        for threads in (1, 2):
            pipeline = pipeline_of(LARGE, kernel=kernel_name, threads=threads)
            batches = list(pipeline.scan(path))
            assert_rows(LARGE, outcome, batches)
            assert_rejects(outcome, batches)
            assert_metrics(outcome, pipeline.metrics())
            assert_results(LARGE, outcome, pipeline.results())
            answers.add(pipeline.results().to_json())
            again = pipeline_of(LARGE, kernel=kernel_name, threads=threads)
            assert again.run(path).kept == len(outcome.rows)
            answers.add(again.results().to_json())
    assert len(answers) == 1, "the answer depends on the kernel, the threads or the face"


@pytest.mark.parametrize("seed", [3])
def test_any_number_of_parts_merges_to_one_run(seed: int) -> None:
    parts = untidy_document(seed, 1_500).split(b"\n")
    whole = pipeline_of(LARGE)
    whole.process(b"\n".join(parts))
    merged = pipeline_of(LARGE)
    for start in range(0, len(parts), 311):
        part = pipeline_of(LARGE)
        part.process(b"\n".join(parts[start : start + 311]))
        merged.merge(part)
    assert merged.results().to_json() == whole.results().to_json()


def test_max_groups_keeps_the_same_groups_whatever_the_order() -> None:
    lines = untidy_document(4, 1_500).split(b"\n")
    spec = Spec("few", Measure("count"), (EventPath("anonymous"),), None, None, 5)
    config = Config(aggregates=[spec], columns={"name": NAME})
    forward, backward = pipeline_of(config), pipeline_of(config)
    forward.process(b"\n".join(lines))
    for line in reversed(lines):
        backward.process(line)
    one, other = forward.results()["few"], backward.results()["few"]
    assert len(one) == 5 and one.given_up_rows > 0
    assert one.to_json() == other.to_json()
    everyone = reference.run(
        Config(aggregates=[Spec("all", spec.measure, spec.by)]), b"\n".join(lines)
    )
    groups = everyone.answers["all"].groups
    assert answer_of(one).items() <= groups.items()
    assert one.given_up_rows == sum(groups.values()) - sum(answer_of(one).values())


def test_processing_dictionaries_equals_processing_their_json() -> None:
    some = list(events(50))
    left, right = pipeline_of(SMALL), pipeline_of(SMALL)
    one = left.process(some)
    other = right.process("\n".join(json.dumps(event) for event in some))
    assert one.to_dicts() == other.to_dicts()
    assert left.results().to_json() == right.results().to_json()
    assert isinstance(one, evcore.EventBatch)
