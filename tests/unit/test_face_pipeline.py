"""`process`, `scan` and `run`: one meaning, whatever the input is."""

import io
import json
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

import evcore
from evcore.errors import ConfigError, DecodeError, EventError, InputError, OutputError

HOUR_US = 3_600_000_000


def line(number, **fields):
    event = {"name": f"n{number % 3}", "time": number * 1000, "user": f"u{number}"}
    return json.dumps(event | fields).encode() + b"\n"


LINES = b"".join(line(number) for number in range(3000))

CONFIG = evcore.Config(
    feed="canonical",
    tag=[evcore.Tag("zero", 'name == "n0"'), evcore.Tag("one", 'name == "n1"')],
    filter=[evcore.Filter("two", drop='name == "n2"')],
    aggregate=[evcore.Aggregate(name="by_name", count=True, by=["name"])],
)


@pytest.fixture
def pipeline():
    return evcore.Pipeline(CONFIG)


def assert_conserved(counts):
    parts = sum(counts["filtered"].values()) + sum(counts["rejected"].values())
    assert counts["received"] == counts["kept"] + counts["duplicate"] + parts


def answers(pipeline):
    return pipeline.results().to_dict()


FORMS = {
    "bytes": LINES,
    "bytearray": bytearray(LINES),
    "memoryview": memoryview(LINES),
    "text": LINES.decode(),
    "dictionaries": [json.loads(text) for text in LINES.splitlines()],
    "documents": [
        LINES[:100_000].rpartition(b"\n")[0],
        LINES[:100_000].rpartition(b"\n")[2] + LINES[100_000:],
    ],
    "mixed documents": [LINES.splitlines()[0], *(json.loads(t) for t in LINES.splitlines()[1:])],
    "a generator": None,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_input_gives_the_same(pipeline, form):
    data = FORMS[form] or (text for text in LINES.decode().splitlines())
    batch = pipeline.process(data)
    assert len(batch) == 2000
    assert batch["user"].tolist() == [f"u{n}" for n in range(3000) if n % 3 != 2]
    assert batch.tag("zero").sum() == batch.tag("one").sum() == 1000
    assert batch.counts["received"] == 3000
    assert batch.counts["filtered"] == {"two": 1000}
    assert_conserved(batch.counts)
    assert_conserved(pipeline.metrics())
    assert answers(pipeline) == {"by_name": {"name": ["n0", "n1"], "count": [1000, 1000]}}


def test_scan_and_run_equal_process(pipeline, tmp_path):
    pipeline.process(LINES)
    path = tmp_path / "x.ndjson"
    path.write_bytes(LINES)
    for source in (path, str(path), tmp_path, str(tmp_path / "*"), LINES):
        other = evcore.Pipeline(CONFIG)
        assert sum(map(len, other.scan(source))) == 2000
        assert answers(other) == answers(pipeline)
        for threads in (1, 2):
            other = evcore.Pipeline(CONFIG, threads=threads)
            summary = other.run(source)
            assert (summary.received, summary.kept) == (3000, 2000)
            assert answers(other) == answers(pipeline)
            assert_conserved(other.metrics())
    assert sum(map(len, evcore.Pipeline(CONFIG).scan(io.BytesIO(LINES)))) == 2000
    assert evcore.Pipeline(CONFIG).run(io.BytesIO(LINES)).kept == 2000


def test_a_large_document_equals_its_pieces(pipeline):
    data = LINES * 60
    assert len(data) > 8 << 20
    assert len(pipeline.process(data)) == 120_000
    assert pipeline.metrics()["received"] == 180_000


def test_scan_yields_bounded_batches_and_all_counts(pipeline, tmp_path):
    path = tmp_path / "x.ndjson"
    path.write_bytes(LINES * 400)
    batches = list(pipeline.scan(path))
    assert len(batches) > 1
    assert sum(map(len, batches)) == 800_000
    assert max(map(len, batches)) < 600_000
    assert sum(batch.counts["received"] for batch in batches) == 1_200_000


def test_scan_checks_its_input_at_once(pipeline):
    with pytest.raises(InputError, match="no such file"):
        pipeline.scan("missing.ndjson")


def test_an_input_with_nothing_in_it(pipeline, tmp_path):
    (tmp_path / "empty.ndjson").write_bytes(b"")
    assert list(pipeline.scan(tmp_path)) == []
    summary = pipeline.run(tmp_path)
    assert (summary.received, summary.bytes_read, len(summary.files)) == (0, 0, 1)
    assert "0 events" in repr(summary)
    assert len(pipeline.process(b"")) == len(pipeline.process([])) == 0
    assert repr(pipeline.process(b"")) == "EventBatch: 0 events"


def test_a_reject_costs_one_event_and_names_its_place(pipeline, tmp_path):
    bad = b'{"name": nope}\n'
    data = line(0) + bad + line(1) + b"\xff\n" + line(3)
    batch = pipeline.process(data)
    assert len(batch) == 3
    first, second = batch.rejects
    assert (first.line, first.byte, first.reason) == (2, len(line(0)) + 9, "bad_json")
    assert first.text == '{"name": nope}'
    assert (second.line, second.reason) == (4, "bad_utf8")
    (tmp_path / "a.ndjson").write_bytes(line(0))
    (tmp_path / "b.ndjson").write_bytes(data)
    summary = pipeline.run(tmp_path)
    assert [f.rejected for f in summary.files] == [0, 2]
    assert summary.rejected == {"bad_json": 1, "bad_utf8": 1}
    assert summary.rejects[0]["file"].endswith("b.ndjson")
    assert (summary.rejects[0]["line"], summary.rejects[0]["byte"]) == (2, len(line(0)) + 9)


def test_a_run_counts_only_its_own_events(pipeline):
    pipeline.process(LINES)
    summary = pipeline.run(LINES)
    assert (summary.received, summary.kept, summary.filtered) == (3000, 2000, {"two": 1000})
    assert (summary.tags["zero"], summary.tags["one"]) == (1000, 1000)
    assert pipeline.metrics()["received"] == 6000


def test_run_writes_ndjson_whole_or_not_at_all(pipeline, tmp_path):
    path = tmp_path / "out.ndjson"
    summary = pipeline.run(LINES, output=path)
    rows = [json.loads(text) for text in path.read_bytes().splitlines()]
    assert len(rows) == summary.kept == 2000
    assert rows[0]["evcore"] == {"tags": ["zero"]}
    assert rows[0]["user"] == "u0"

    class Fails:
        def __init__(self):
            self.left = 2

        def read(self, size):
            self.left -= 1
            if not self.left:
                raise OSError("the disk is gone")
            return LINES

    before = path.read_bytes()
    with pytest.raises(InputError, match="the disk is gone"):
        pipeline.run(Fails(), output=path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["out.ndjson"]


def test_the_output_may_not_be_the_input(pipeline, tmp_path):
    path = tmp_path / "x.ndjson"
    path.write_bytes(LINES)
    with pytest.raises(OutputError, match="is also an input"):
        pipeline.run(path, output=path)
    with pytest.raises(OutputError, match=r"\.ndjson"):
        pipeline.run(path, output=tmp_path / "x.parquet")
    assert path.read_bytes() == LINES


def test_progress_goes_up_to_the_end(pipeline, tmp_path):
    path = tmp_path / "x.ndjson"
    path.write_bytes(LINES * 200)
    seen = []
    pipeline.run(path, progress=seen.append)
    assert [p.bytes_read for p in seen] == sorted(p.bytes_read for p in seen)
    assert seen[-1].bytes_read == seen[-1].bytes_total == path.stat().st_size
    assert seen[-1].events == 600_000
    assert seen[-1].seconds_left == 0


def test_a_path_or_file_is_not_a_document(pipeline, tmp_path):
    with pytest.raises(InputError, match=r"use run\(\) or scan\(\)"):
        pipeline.process(Path("x.ndjson"))
    with pytest.raises(InputError, match=r"use run\(\) or scan\(\)"):
        pipeline.process(io.BytesIO(LINES))
    for wrong in (5, None, 1.5):
        with pytest.raises(InputError, match="cannot process a"):
            pipeline.process(wrong)
    with pytest.raises(InputError, match=r"\[1\]: cannot process a int"):
        pipeline.process([LINES, 5])


def test_a_value_that_json_lacks_names_its_key(pipeline):
    with pytest.raises(EventError, match=r"attributes\.items\[1\]\.price: cannot write a object"):
        pipeline.process({"name": "x", "attributes": {"items": [1, {"price": object()}]}})
    with pytest.raises(EventError, match=r"\[1\]\.user: cannot write a object"):
        pipeline.process([{"name": "x"}, {"name": "y", "user": object()}])
    with pytest.raises(EventError, match="user: the text is not valid Unicode"):
        pipeline.process({"user": "\ud800"})
    loop = {}
    loop["self"] = loop
    with pytest.raises(EventError, match="too deep"):
        pipeline.process(loop)
    with pytest.raises(InputError, match="not valid Unicode"):
        pipeline.process("\ud800")
    assert pipeline.metrics()["received"] == 0


def test_received_is_a_moment_or_microseconds():
    config = evcore.Config(feed="canonical", output=evcore.Output({"received": "received"}), tag=[])
    pipeline = evcore.Pipeline(config)
    moment = datetime(2026, 3, 3, 14, tzinfo=UTC)
    for received in (moment, int(moment.timestamp()) * 1_000_000):
        batch = pipeline.process(line(1), received=received)
        assert batch.to_dicts()[0]["received"] == moment
    with pytest.raises(InputError, match="no time zone"):
        pipeline.process(line(1), received=datetime(2026, 3, 3))
    with pytest.raises(InputError, match="received: give"):
        pipeline.process(line(1), received="now")
    with pytest.raises(InputError, match="received: give"):
        pipeline.process(line(1), received=2**63)


def test_a_call_may_name_its_feed(pipeline):
    event = {"type": "track", "event": "n0", "timestamp": "2026-03-03T14:00:00Z", "userId": "u"}
    batch = pipeline.process(event, feed="segment")
    assert batch.to_dicts()[0]["user"] == "u"
    with pytest.raises(InputError, match="unknown feed `segmnt`"):
        pipeline.process(event, feed="segmnt")
    with pytest.raises(InputError, match="unknown feed"):
        pipeline.scan(b"", feed="nope")


def test_threads_are_checked():
    for threads in (0, -1, 257):
        with pytest.raises(ConfigError, match="threads"):
            evcore.Pipeline(CONFIG, threads=threads)


def test_merge_equals_one_run():
    half = LINES.index(b"\n", len(LINES) // 2) + 1
    whole, first, second = (evcore.Pipeline(CONFIG) for _ in range(3))
    whole.run(LINES)
    first.run(LINES[:half])
    second.run(LINES[half:])
    assert first.merge(second) is first
    assert answers(first) == answers(whole)
    assert first.metrics() == whole.metrics()
    with pytest.raises(InputError, match="with itself"):
        first.merge(first)
    with pytest.raises(InputError, match="cannot merge"):
        first.merge(evcore.Pipeline(evcore.Config(feed="canonical")))


def test_results_stand_still_while_events_go_on(pipeline):
    pipeline.process(LINES)
    results = pipeline.results()
    pipeline.process(LINES)
    assert results["by_name"].to_dict()["count"] == [1000, 1000]
    assert pipeline.results()["by_name"].to_dict()["count"] == [2000, 2000]


def test_threads_share_one_pipeline():
    pipeline = evcore.Pipeline(CONFIG, threads=2)
    faults = []

    def work(number):
        try:
            for _ in range(30):
                if number % 2:
                    assert len(pipeline.process(LINES)) == 2000
                else:
                    assert sum(map(len, pipeline.scan(LINES))) == 2000
                pipeline.results()
                pipeline.metrics()
        except BaseException as fault:  # shown by the assertion below
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    assert not faults
    assert pipeline.metrics()["received"] == 6 * 30 * 3000


def test_two_pipelines_merge_crosswise_without_deadlock():
    left, right = evcore.Pipeline(CONFIG), evcore.Pipeline(CONFIG)
    threads = [
        threading.Thread(target=lambda a=a, b=b: [a.merge(b) for _ in range(20)])
        for a, b in ((left, right), (right, left))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive()


def test_the_gil_is_free_while_the_engine_works(pipeline):
    data = LINES * 40
    ticks = 0
    done = threading.Event()

    def work():
        for _ in range(5):
            pipeline.process(data)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.wait(0.0005):
        ticks += 1
    thread.join()
    assert ticks > 3


def test_a_bytearray_cannot_shrink_while_it_is_read(pipeline):
    data = bytearray(LINES)
    stream = iter(pipeline.scan(data))
    with pytest.raises(BufferError):
        data.clear()
    assert sum(map(len, stream)) == 2000
    del stream
    data.clear()


def test_explain_shows_every_rule(pipeline):
    explanation = pipeline.explain({"name": "n0", "time": 0, "user": "u"})
    assert explanation.tags == ["zero"]
    text = str(explanation)
    for part in ("zero", "one", "two", "n0"):
        assert part in text
    assert json.loads(explanation.to_json())["tags"] == ["zero"]
    assert pipeline.metrics()["received"] == 0
    for bad in (b"{", b"", b"[1]", b"{}\n{}"):
        with pytest.raises(DecodeError):
            pipeline.explain(bad)


def test_the_plan_names_every_rule(pipeline):
    plan = pipeline.plan()
    for part in ("zero", "one", "two"):
        assert part in str(plan)
    assert json.loads(plan.to_json())
