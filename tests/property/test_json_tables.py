"""The JSON tables: each row as a whole line, as a skipped value, deeper in what is skipped, and
wanted.

The reference is held to the tables first, so that a wrong row shows as a wrong row.
"""

from __future__ import annotations

import math
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import evcore
from holding import pipeline_of
from reference.engine import Config, decode
from reference.json_reader import REASONS
from reference.rules import Path as EventPath

CASES = Path(__file__).parents[1] / "cases"
VALID, INVALID, DEPTH = (
    tomllib.loads((CASES / f"json_{name}.toml").read_text(encoding="utf-8"))["case"]
    for name in ("valid", "invalid", "depth")
)
START = b'{"type":"track","event":"e","timestamp":"2026-03-02T00:00:00Z",'
GOOD = START + b'"properties":{"wanted":"good"}}'
# Only `wanted` is named by the configuration; the other keys are skipped.
PLACES = {
    "line": (b"", b""),
    "skipped": (START + b'"skipped":', b',"properties":{"wanted":1}}'),
    "nested": (START + b'"context":{"deep":[[{"k":', b'}]]},"properties":{"wanted":1,"more":{}}}'),
    "wanted": (START + b'"properties":{"before":[{}],"wanted":', b',"after":"x"}}'),
}


def bytes_of(row: dict[str, Any]) -> bytes:
    return bytes.fromhex(row["hex"]) if "hex" in row else row["text"].encode()


def config_of(is_strict: bool) -> Config:
    wanted = EventPath("attributes", ("wanted",))
    return Config(is_strict=is_strict, columns={"wanted": wanted})


@cache
def pipeline(kernel: str, is_strict: bool, kind: str = "text") -> evcore.Pipeline:
    """One pipeline serves all rows: each test looks at its own batch only."""
    config = config_of(is_strict)
    if kind == "double":
        config = Config(
            is_strict=is_strict, columns=config.columns, types={"attributes.wanted": "double"}
        )
    return pipeline_of(config, kernel=kernel)


def process(
    kernel: str, line: bytes, is_strict: bool, kind: str = "text"
) -> tuple[str | None, Any, dict[str, int]]:
    """Return why the line was rejected, what the wanted column shows, and the line's notes.

    The line stands between two good ones, which must both come through.
    """
    before = pipeline(kernel, is_strict, kind).metrics()["notes"]
    batch = pipeline(kernel, is_strict, kind).process(GOOD + b"\n" + line + b"\n" + GOOD)
    after = pipeline(kernel, is_strict, kind).metrics()["notes"]
    notes = {name: count - before.get(name, 0) for name, count in after.items()}
    lines = batch.lines.tolist()
    assert lines[0] == 1 and lines[-1] == 3
    shown = batch["wanted"].tolist()
    if batch.rejects:
        (reject,) = batch.rejects
        assert lines == [1, 3] and reject.line == 2
        assert len(GOOD) + 1 <= reject.byte <= len(GOOD) + 1 + len(line)
        return reject.reason, None, notes
    assert lines == [1, 2, 3]
    return None, shown[1], notes


def check(
    kernel: str, line: bytes, is_strict: bool, expected: str | None
) -> tuple[Any, dict[str, int]]:
    found = decode(line, config_of(is_strict))
    reasons = found if isinstance(found, frozenset) else {None}
    assert expected in reasons, "the reference does not agree with the table"
    reason, shown, notes = process(kernel, line, is_strict)
    assert reason in reasons
    return shown, notes


@pytest.mark.parametrize("is_strict", [False, True], ids=["lenient", "strict"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("row", VALID, ids=lambda row: row["name"])
def test_valid(row: dict[str, Any], place: str, is_strict: bool, kernel: str) -> None:
    before, after = PLACES[place]
    note = row.get("note")
    expected = REASONS.get(note, note) if note and is_strict else None
    if place == "line" and expected is None:
        is_object = bytes_of(row).lstrip().startswith(b"{")
        expected = "no_time" if is_object else "not_an_object"
        reason, _, _ = process(kernel, bytes_of(row), is_strict)
        assert reason == expected
        return
    shown, notes = check(kernel, before + bytes_of(row) + after, is_strict, expected)
    if expected is not None:
        return
    odd = {name for name, count in notes.items() if count and name.startswith("json.")}
    assert odd == ({f"json.{note}"} if note else set())
    if place == "wanted" and not row.get("hidden") and "number" not in row:
        assert shown == row.get("shown")
    if place == "wanted" and "shown" in row:
        assert shown == row["shown"]


@pytest.mark.parametrize(
    "row", [row for row in VALID if "number" in row], ids=lambda row: row["name"]
)
def test_numbers(row: dict[str, Any], kernel: str) -> None:
    before, after = PLACES["wanted"]
    _, shown, _ = process(kernel, before + bytes_of(row) + after, False, "double")
    assert shown == row["number"] and math.copysign(1, shown) == math.copysign(1, row["number"])


@pytest.mark.parametrize("is_strict", [False, True], ids=["lenient", "strict"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("row", INVALID, ids=lambda row: row["name"])
def test_invalid(row: dict[str, Any], place: str, is_strict: bool, kernel: str) -> None:
    if place in row.get("except", ()):
        pytest.skip("part of something else in this place")
    before, after = PLACES[place]
    check(kernel, before + bytes_of(row) + after, is_strict, row.get("reason", "bad_json"))


@pytest.mark.parametrize("row", DEPTH, ids=lambda row: row["name"])
def test_depth(row: dict[str, Any], kernel: str) -> None:
    count = row["count"]
    text = row["before"] + row["open"] * count + row["inside"] + row["close"] * count + row["after"]
    line = START + text[1:].encode()
    check(kernel, line, False, row.get("reason"))


def test_the_longest_event_is_read_and_one_byte_more_is_not(kernel: str) -> None:
    config = Config(max_event_bytes=1000, columns={"wanted": EventPath("attributes", ("wanted",))})
    line = GOOD[:-1] + b" " * (1000 - len(GOOD)) + b"}"
    batch = pipeline_of(config, kernel=kernel).process(line + b"\n" + line + b" \n" + line)
    assert batch.lines.tolist() == [1, 3]
    assert [reject.reason for reject in batch.rejects] == ["too_large"]
