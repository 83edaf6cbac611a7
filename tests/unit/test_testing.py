"""The generator: the same bytes everywhere, and everything that it promises is in them."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evcore.testing import DAYS, NOISE, START, events, write_events

COUNT = 20_000


@pytest.fixture(scope="module")
def story() -> list[dict[str, Any]]:
    return list(events(COUNT, seed=11))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    """The hash holds on every machine and Python version; it changes only when the story does."""
    path = tmp_path / "events.ndjson"
    size = write_events(path, 1_000, seed=4)
    assert size == path.stat().st_size
    assert hashlib.sha256(path.read_bytes()).hexdigest() == (
        "f1239bb72cfd1d446636e7c0c7d4eb793b9be87db0c91551d2dd5ec0d33f8951"
    )
    write_events(tmp_path / "other.ndjson", 1_000, seed=5)
    assert (tmp_path / "other.ndjson").read_bytes() != path.read_bytes()


@pytest.mark.parametrize("count", [0, 1, 2, 17, 1_999, 2_000, 2_001])
def test_there_are_as_many_events_as_asked_for(count: int) -> None:
    assert sum(1 for _ in events(count)) == count


def test_events_come_in_order_of_receipt(story: list[dict[str, Any]]) -> None:
    received = [event["receivedAt"] for event in story]
    assert received == sorted(received)
    assert all(event["timestamp"] < event["receivedAt"] for event in story)


def test_shares_are_as_promised(story: list[dict[str, Any]]) -> None:
    ids = Counter(event["messageId"] for event in story)
    assert 0.02 < (COUNT - len(ids)) / COUNT < 0.04
    first = {event["messageId"]: event for event in reversed(story)}.values()
    delays = [moment(event["receivedAt"]) - moment(event["timestamp"]) for event in first]
    assert 0.015 < sum(delay > timedelta(hours=1) for delay in delays) / len(delays) < 0.025
    slow = sum(timedelta(minutes=5) <= delay < timedelta(hours=1) for delay in delays)
    assert 0.03 < slow / len(delays) < 0.05
    names = Counter(event["event"] for event in story)
    assert all(names[name] > 0 for name in NOISE)
    assert names["Order Completed"] > COUNT / 200
    emails = Counter(event["context"]["traits"]["email"].split("@")[1] for event in story)
    assert 0 < emails["test.example"] < COUNT / 10
    assert {event["channel"] for event in story} == {"web", "ios", "android", "server"}


def test_tuesday_afternoon_is_the_best_time(story: list[dict[str, Any]]) -> None:
    slots = Counter(
        (moment(event["timestamp"]).weekday(), moment(event["timestamp"]).hour) for event in story
    )
    assert {slot for slot, _ in slots.most_common(3)} <= {(1, hour) for hour in range(13, 17)}


def test_there_are_bursts_and_silences(story: list[dict[str, Any]]) -> None:
    times: dict[str, list[datetime]] = {}
    for event in story:
        times.setdefault(event["anonymousId"], []).append(moment(event["timestamp"]))
    busiest = max(
        sum(start <= other < start + timedelta(minutes=1) for other in each)
        for each in times.values()
        for start in each[::50]
    )
    assert busiest >= 50
    weeks = (START + timedelta(days=DAYS / 4), START + timedelta(days=DAYS * 3 / 4))
    silent = [
        each
        for each in times.values()
        if not any(weeks[0] + timedelta(hours=3) < time < weeks[1] for time in each)
    ]
    assert 0.04 < len(silent) / len(times) < 0.2


def test_text_and_values_are_untidy(tmp_path: Path, story: list[dict[str, Any]]) -> None:
    path = tmp_path / "events.ndjson"
    write_events(path, 3_000)
    text = path.read_bytes()
    for piece in (
        b"\\u00",
        b"\\ud83e",
        "靴".encode(),
        "🪁".encode(),
        b'\\"',
        b"\\\\",
        b"\\t",
        b"\\n",
        b"null",
    ):
        assert piece in text, piece
    assert any("userId" not in event for event in story)
    assert any(event.get("userId", "") is None for event in story)
    orders = [event["properties"] for event in story if event["event"] == "Order Completed"]
    for order in orders:
        cents = sum(round(item["price"] * 100) * item["quantity"] for item in order["products"])
        assert round(order["revenue"] * 100) == cents > 0
    assert {"SUMMER21"} < {order.get("discountCode") for order in orders}


def test_shuffled_keys_are_the_same_events() -> None:
    plain, shuffled = list(events(200)), list(events(200, shuffle_keys=True))
    assert plain == shuffled
    assert [list(event) for event in plain] != [list(event) for event in shuffled]
    assert [list(event["context"]) for event in plain] != [
        list(event["context"]) for event in shuffled
    ]


@pytest.mark.parametrize("arguments", [{"count": -1}, {"count": 5, "users": 0}])
def test_bad_arguments_are_refused(arguments: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be at least"):
        events(**arguments)


def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "evcore.testing", *arguments]
    return subprocess.run(command, check=False, capture_output=True)


def test_command_line(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    assert run("50", str(path), "--seed", "3", "--users", "4", "--shuffle-keys").returncode == 0
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == list(events(50, seed=3, users=4))
    assert (
        run("50", "-", "--seed", "3", "--users", "4", "--shuffle-keys").stdout == path.read_bytes()
    )


@pytest.mark.parametrize("arguments", [("-5", "-"), ("5", "/no/such/folder/file")])
def test_command_line_errors_are_one_line(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode != 0
    assert b"Traceback" not in done.stderr and done.stderr.strip()
