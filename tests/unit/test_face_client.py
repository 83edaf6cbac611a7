"""`init`, `log_event` and the rest: nothing lost, nothing twice, in threads and after a fork."""

import os
import threading
import time
from datetime import UTC, datetime

import pytest

import evcore
from evcore import client
from evcore.errors import ConfigError, EvcoreError, EventError

SEED = {
    "messageType": "event",
    "eventName": "Purchase",
    "customFlags": {"discountCode": "SUMMER21", "purchasingChannel": "web"},
}
CONFIG = evcore.Config(
    feed="canonical",
    aggregate=[
        evcore.Aggregate(name="by_name", count=True, by=["name"]),
        evcore.Aggregate(name="codes", count=True, by=["flags.discountCode"]),
        evcore.Aggregate(name="ids", distinct="id"),
        evcore.Aggregate(name="last_time", max="time"),
        evcore.Aggregate(name="last_received", max="received"),
    ],
)


@pytest.fixture(autouse=True)
def fresh():
    evcore.shutdown()
    client._client = None
    yield
    evcore.shutdown()
    client._client = None


@pytest.fixture
def started():
    evcore.init("KEY", config=CONFIG)


def assert_conserved():
    counters = evcore.counters()
    dropped = sum(counters.dropped.values())
    assert counters.logged == counters.accepted + counters.pending + dropped
    return counters


def value(name):
    return evcore.results()[name].to_dicts()


def test_both_forms_of_an_event_reach_the_results(started):
    assert evcore.log_event(SEED) is None
    evcore.log_event(
        "Purchase", user="u1", attributes={"revenue": 12.5}, flags={"discountCode": "X"}
    )
    assert assert_conserved().pending == 2
    assert value("by_name") == [{"name": "Purchase", "count": 2}]
    codes = evcore.results()["codes"].to_dict()
    assert sorted(codes[next(iter(codes))]) == ["SUMMER21", "X"]
    counters = assert_conserved()
    assert (counters.logged, counters.accepted, counters.pending) == (2, 2, 0)


def test_the_default_configuration_has_answers():
    evcore.init("API_KEY")
    evcore.log_event(SEED)
    assert evcore.results()["events"].to_dict()["name"] == ["Purchase"]


def test_time_received_and_id_are_added_where_they_are_missing(started):
    before = datetime.fromtimestamp(time.time_ns() // 1_000_000 / 1000, UTC)
    for _ in range(5):
        evcore.log_event("x")
    evcore.log_event({})
    assert value("ids") == [{"distinct": 6}]
    for name in ("last_time", "last_received"):
        (row,) = value(name)
        assert before <= row["max"] <= datetime.now(UTC)


def test_what_an_event_says_itself_stands(started):
    moment = datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC)
    evcore.log_event("x", time=moment, id="1", received=moment)
    evcore.log_event(
        {"eventName": "x", "timestamp": moment, "sourceMessageId": "1", "received": moment}
    )
    evcore.log_event("x", time=None, id=None, received=moment)
    assert value("ids") == [{"distinct": 2}]
    assert value("last_received") == [{"max": moment}]
    assert evcore.metrics()["notes"].get("json.duplicate_key", 0) == 0
    assert evcore.metrics()["rejected"].get("no_time", 0) == 0


def test_the_callers_dictionary_is_not_changed(started):
    event = {"eventName": "x", "time": None}
    evcore.log_event(event)
    assert event == {"eventName": "x", "time": None}


BAD = {
    "attributes.price": lambda: evcore.log_event("x", attributes={"price": object()}),
    r"attributes\.items\[2\]": lambda: evcore.log_event(
        "x", attributes={"items": [1, 2, object()]}
    ),
    "customFlags.x": lambda: evcore.log_event({"customFlags": {"x": object()}}),
    "user: the text is not valid Unicode": lambda: evcore.log_event("x", user="\ud800"),
    "time: the datetime has no time zone": lambda: evcore.log_event("x", time=datetime(2026, 1, 1)),
    "timestamp: the datetime has no": lambda: evcore.log_event({"timestamp": datetime(2026, 1, 1)}),
    "usr: not a field of an event; did you mean user": lambda: evcore.log_event("x", usr="u"),
    "name: not a field": lambda: evcore.log_event("x", name="y"),
    "either a dictionary or a name": lambda: evcore.log_event(SEED, user="u"),
    "not a int": lambda: evcore.log_event(5),
    "max_event_bytes is 1,048,576": lambda: evcore.log_event("x" * (1 << 20)),
}


@pytest.mark.parametrize("message", BAD)
def test_a_bad_value_is_named_and_not_counted(started, message):
    with pytest.raises(EventError, match=message):
        BAD[message]()
    assert assert_conserved().logged == 0


def test_blocks_are_folded_on_the_way(started):
    for _ in range(client.BLOCK_EVENTS * 2 + 5):
        evcore.log_event("x")
    counters = assert_conserved()
    assert (counters.accepted, counters.pending) == (client.BLOCK_EVENTS * 2, 5)
    evcore.log_event("x", attributes={"large": "x" * 900_000})
    evcore.log_event("x", attributes={"large": "x" * 900_000})
    assert assert_conserved().pending == 0


def test_flush_and_shutdown(started):
    evcore.log_event("x")
    assert evcore.flush(timeout=5) is True
    assert assert_conserved().accepted == 1
    evcore.log_event("x")
    assert evcore.shutdown(timeout=5) is True
    assert evcore.shutdown() is True
    evcore.log_event("x")
    counters = assert_conserved()
    assert counters.dropped == {"closed": 1}
    assert value("by_name") == [{"name": "x", "count": 2}]


def test_init_comes_first():
    for call in (lambda: evcore.log_event("x"), evcore.results, evcore.flush, evcore.counters):
        with pytest.raises(EvcoreError, match=r"evcore\.init\(\)"):
            call()
    assert evcore.shutdown() is True


def test_init_twice(started):
    evcore.log_event("x")
    evcore.init("KEY", config=CONFIG)
    assert evcore.counters().logged == 1
    with pytest.raises(EvcoreError, match="other arguments"):
        evcore.init("KEY2", config=CONFIG)
    evcore.shutdown()
    evcore.init("KEY2", config=CONFIG)
    assert evcore.counters().logged == 0


def test_a_wrong_configuration_is_an_error_at_init(tmp_path):
    with pytest.raises(ConfigError):
        evcore.init("KEY", config=tmp_path / "none.toml")
    with pytest.raises(EvcoreError, match=r"evcore\.init\(\)"):
        evcore.log_event("x")


def test_threads_lose_nothing(started):
    def work():
        for number in range(3000):
            evcore.log_event("x", user=f"u{number}")
            if number % 1000 == 0:
                assert_conserved()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    assert value("by_name") == [{"name": "x", "count": 18_000}]
    assert value("ids") == [{"distinct": 18_000}]
    assert assert_conserved().logged == 18_000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_starts_empty_and_works(started):
    evcore.log_event("parent")
    lock_held = threading.Event()
    release = threading.Event()

    def hold():
        with client._client._lock:
            lock_held.set()
            release.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    lock_held.wait(30)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            evcore.log_event("child")
            counters = evcore.counters()
            assert (counters.logged, counters.pending) == (1, 1)
            assert value("by_name") == [{"name": "child", "count": 1}]
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    release.set()
    holder.join()
    assert os.waitstatus_to_exitcode(status) == 0
    evcore.log_event("parent")
    assert value("by_name") == [{"name": "parent", "count": 2}]
    assert value("ids") == [{"distinct": 2}]


def test_a_signal_handler_may_log(started):
    import signal

    def handler(number, frame):
        evcore.log_event("signal")

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.0005)
        for _ in range(20_000):
            evcore.log_event("loop")
        signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, before)
    counters = assert_conserved()
    names = {row["name"]: row["count"] for row in value("by_name")}
    assert names["loop"] == 20_000
    assert names["signal"] == counters.logged - 20_000 > 0
