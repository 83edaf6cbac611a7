"""Inputs on which the engine and the reference once differed, smallest first; each stays here."""

from __future__ import annotations

import pytest

import evcore
from holding import assert_same, available_kernels
from inputs import PATHS, SCALARS
from reference.aggregates import Measure, Spec
from reference.engine import Config
from reference.rules import Has, Path

TIME = b'"timestamp":"2026-03-02T00:00:00Z"'
CONFIG = Config(
    tags=[("email", Has(Path("traits", ("email",)))), ("name", Has(Path("name")))],
    aggregates=[
        Spec("max", Measure("max", Path("attributes", ("n",))), ("tags",)),
        Spec("names", Measure("count"), (Path("name"), Path("platform"))),
    ],
    columns={f"c{at}": path for at, path in enumerate((*PATHS, *SCALARS, Path("time")))},
)
FOUND = {
    "a place that runs through no object does not hide the next": (
        b'{"channel":"iOS","context":5,' + TIME + b"}"
    ),
    "a scalar that is an object is missing": b'{"event":{},"userId":[],' + TIME + b"}",
    "a page without a name is called by its kind": b'{"type":"page","event":"E",' + TIME + b"}",
    "a page without a name, before one with": (
        b'{"type":"page","event":"E",' + TIME + b'}\n{"type":"page","name":"Home",' + TIME + b"}"
    ),
    "rejects come in input order": b'{"event":"no time"}\n{"event":\n{"event":"no time"}',
    "notes are about good events": b'{"timestamp":"not a time"}\n{"sentAt":"2026-03-02"}',
    "a time that is not needed is not noted": (
        b'{"originalTimestamp":"2026-03-02T00:00:00Z","timestamp":"2026-06-01 12:00:00"}'
    ),
    "an unreadable time does not hide a good one": b'{"originalTimestamp":"then",' + TIME + b"}",
    "upper traits hide lower ones that are no object": (
        b'{"traits":{},"context":{"traits":[1]},' + TIME + b"}"
    ),
    "upper traits hide a context that is no object": b'{"traits":{},"context":"x",' + TIME + b"}",
    "a list shows null for NaN": b'{"properties":{"list":[NaN,"NaN"]},' + TIME + b"}",
    "a path through no object is of a wrong kind": b'{"properties":[],' + TIME + b"}",
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    for kernel in available_kernels():
        assert_same(CONFIG, FOUND[name], kernel=kernel)
        assert_same(CONFIG, FOUND[name], kernel=kernel, cuts=[10, 1, 30])


def test_as_many_tags_as_are_allowed_do_not_share_bits() -> None:
    for count in range(64, 0, -1):
        tags = [(f"t{number}", Has(Path("user"))) for number in range(count - 1)]
        config = Config(tags=[*tags, ("last", Has(Path("group")))], columns={"name": Path("name")})
        try:
            assert_same(config, b'{"groupId":"g",' + TIME + b"}\n{" + TIME + b"}")
        except evcore.ConfigError as error:
            assert "of `tag`" in str(error)
            continue
        return
    pytest.fail("no number of tags is allowed")
