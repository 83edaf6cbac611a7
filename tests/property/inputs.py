"""Documents and configurations that hypothesis draws: tidy, odd, broken, and all mixed."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from reference.aggregates import Measure, Spec
from reference.engine import Config, Filter
from reference.feeds import Feed
from reference.rules import (
    AnyElement,
    Both,
    CategoryIs,
    Choice,
    Compare,
    Has,
    HasTag,
    HourOfDay,
    Lag,
    Not,
    OneOf,
    Path,
    Rule,
    Size,
    TextTest,
    Truth,
)

NAMES = ("Order Completed", "Page Viewed", "heartbeat", "Größe", "靴", "")
TEXTS = (
    "",
    "a",
    "SUMMER21",
    "summer",
    "x@test.example",
    "ios",
    "Größe",
    "🪁 kite",
    'say "hi"\\',
    "1",
    "12.5",
    "line\nfeed",
)
NUMBERS = (0, 1, -1, 50, 49.99, 1e300, 2**53 + 1, 2**63, -(2**63), 2**64 - 1, 0.1, 1e-7)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia")
MOMENTS = (
    "2026-03-02T00:04:23.576Z",
    "2026-03-29T00:59:59.999Z",
    "2026-03-29T01:00:00.000Z",
    "2026-03-29T02:30:00+02:00",
    "2025-10-26T00:30:00Z",
    "2026-03-08T07:00:00Z",
    "2026-02-28T23:59:60Z",
    "2024-02-29T12:00:00.123456789Z",
    "1969-12-31T23:59:59.999999Z",
    "2011-12-30T10:00:00Z",
    "2026-06-01 12:00:00",
    "2026-06-01",
    "2026-06-30T23:59:59,5-0530",
    "not a time",
    "2026-02-30T00:00:00Z",
    1772409863576,
    1772409863.5,
    -1,
    2**63,
    1e300,
)
# What the keys of a call are in other feeds; a feed of the user's own reads Segment's.
RENAMES: dict[str, dict[str, str]] = {
    "segment": {},
    "mine": {},
    "canonical": {
        "type": "kind",
        "event": "name",
        "name": "other",
        "messageId": "id",
        "userId": "user",
        "anonymousId": "anonymous",
        "timestamp": "time",
        "originalTimestamp": "another",
        "receivedAt": "received",
        "sentAt": "sent",
        "channel": "platform",
        "properties": "attributes",
    },
}
RENAMES["logEvent"] = RENAMES["canonical"] | {
    "type": "messageType",
    "event": "eventName",
    "messageId": "sourceMessageId",
    "timestamp": "timestamp",
    "properties": "data",
    "traits": "userAttributes",
}
MINE = {
    "kind": ("type",),
    "name": ("event",),
    "id": ("messageId",),
    "time": ("timestamp",),
    "sent": ("sentAt",),
    "received": ("receivedAt",),
    "user": ("userId",),
    "anonymous": ("anonymousId",),
    "platform": ("channel",),
    "attributes": ("properties",),
    "context": ("context",),
    "traits": ("context", "traits"),
}
PATHS = (
    Path("attributes", ("revenue",)),
    Path("attributes", ("n",)),
    Path("attributes", ("s",)),
    Path("attributes", ("flag",)),
    Path("attributes", ("list",)),
    Path("attributes", ("deep", "x")),
    Path("attributes", ("a.b",)),
    Path("context", ("location", "country")),
    Path("context", ("traits", "email")),
    Path("traits", ("email",)),
    Path("wire", ("channel",)),
)
# A declared path takes no rule about texts: that is an error when the configuration is loaded.
DECLARED = Path("attributes", ("declared",))
SCALARS = tuple(Path(name) for name in ("name", "kind", "user", "anonymous", "platform", "id"))


def scalars() -> SearchStrategy[Any]:
    return st.one_of(st.none(), st.booleans(), st.sampled_from(NUMBERS), st.sampled_from(TEXTS))


def json_values() -> SearchStrategy[Any]:
    keys = st.sampled_from(["a", "b", "x", "a.b", "", "靴", "key of more than sixteen bytes"])
    return st.recursive(
        scalars(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
        max_leaves=6,
    )


def sometimes(strategy: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Draw from the strategy, or now and then something of a wrong kind."""
    return st.one_of(strategy, strategy, strategy, strategy, json_values())


@st.composite
def events(draw: DrawFn, feed: str = "segment") -> dict[str, Any]:
    """A call, most of it as it should be."""
    properties = st.fixed_dictionaries(
        {},
        optional={
            "revenue": sometimes(st.sampled_from(NUMBERS)),
            "n": sometimes(st.integers(-100, 100)),
            "s": sometimes(st.sampled_from(TEXTS)),
            "flag": sometimes(st.booleans()),
            "list": sometimes(st.lists(scalars(), max_size=4)),
            "deep": sometimes(st.fixed_dictionaries({}, optional={"x": scalars()})),
            "a.b": scalars(),
            "declared": sometimes(st.sampled_from(["12.5", " -7e1\t", "0x1", "", 3, 1e300])),
            "other": json_values(),
        },
    )
    context = st.fixed_dictionaries(
        {},
        optional={
            "location": sometimes(
                st.fixed_dictionaries({"country": st.sampled_from(["US", "DE", None])})
            ),
            "traits": sometimes(st.fixed_dictionaries({"email": st.sampled_from(TEXTS)})),
        },
    )
    fields: dict[str, SearchStrategy[Any]] = {
        "type": st.sampled_from(["track", "track", "track", "page", "identify", "strange", None]),
        "event": sometimes(st.sampled_from(NAMES)),
        "name": st.sampled_from(["Home", None]),
        "messageId": st.sampled_from(["m1", "m2", 5, None]),
        "userId": st.sampled_from(["u1", "u2", "", None, 7, True]),
        "anonymousId": st.sampled_from(["a1", None]),
        "timestamp": st.sampled_from(MOMENTS),
        "receivedAt": st.sampled_from([*MOMENTS, None]),
        "sentAt": st.sampled_from(MOMENTS[:4]),
        "originalTimestamp": st.sampled_from(MOMENTS[:4]),
        "channel": st.sampled_from(["web", "iOS", "android", "browser", None]),
        "properties": sometimes(properties),
        "context": sometimes(context),
        "traits": sometimes(st.fixed_dictionaries({}, optional={"email": st.sampled_from(TEXTS)})),
        "extra": json_values(),
    }
    always = {key: fields.pop(key) for key in ("type", "event", "timestamp", "properties")}
    drawn: dict[str, Any] = draw(st.fixed_dictionaries(always, optional=fields))
    keys = draw(st.permutations(list(drawn)))
    return {RENAMES[feed].get(key, key): drawn[key] for key in keys}


@st.composite
def spelt(draw: DrawFn, value: Any) -> str:
    """A JSON value as text, with white space and escapes where they may stand."""
    space = draw(st.sampled_from(["", "", "", " ", "\t", "  \r"]))
    if isinstance(value, dict):
        members = [
            f"{draw(spelt(key))}{space}:{space}{draw(spelt(item))}" for key, item in value.items()
        ]
        return "{" + space + f",{space}".join(members) + space + "}"
    if isinstance(value, list):
        return "[" + space + f",{space}".join(draw(spelt(item)) for item in value) + space + "]"
    return json.dumps(value, ensure_ascii=draw(st.booleans()))


ODDITIES = (
    (b'"a"', b'"\\ud83d"'),
    (b'"ios"', b'"\\u0069os"'),
    (b'"n"', b'"\\u006e"'),
    (b"null", b"NaN"),
    (b"true", b"-Infinity"),
    (b'"properties"', b'"properties":{"n":5},"properties"'),
    (b'"s"', b'"n":1,"s"'),
    (b"{", b'{"messageId":"twice","messageId":"m1",'),
)


@st.composite
def lines(draw: DrawFn, feed: str) -> bytes:
    """One line without its end: a good event, an odd one, a broken one, or none at all."""
    text = draw(spelt(draw(events(feed)))).encode()
    how = draw(st.sampled_from(["good"] * 5 + ["odd", "odd", "broken", "broken", "blank", "other"]))
    if how == "odd":
        old, new = draw(st.sampled_from(ODDITIES))
        return text.replace(old, new, 1)
    if how == "broken":
        at = draw(st.integers(0, len(text) - 1))
        piece = draw(
            st.sampled_from(
                [
                    b"",
                    b'"',
                    b"\\",
                    b"{",
                    b"]",
                    b",",
                    b":",
                    b"\xff",
                    b"\x00",
                    b"\xc3",
                    b"0",
                    b"x",
                    b" ",
                ]
            )
        )
        length = draw(st.sampled_from([0, 1, 1, 5, len(text)]))
        return text[:at] + piece + text[at + length :]
    if how == "blank":
        return draw(st.sampled_from([b"", b" ", b"\t \t"]))
    if how == "other":
        return draw(
            st.sampled_from(
                [
                    b"[]",
                    b"5",
                    b'"text"',
                    b"null",
                    b"NaN",
                    b"{}",
                    b"[{}]",
                    b"{} {}",
                    b"\xef\xbb\xbf{}",
                ]
            )
        )
    return text


@st.composite
def documents(draw: DrawFn, feed: str = "segment", *, max_lines: int = 8) -> bytes:
    """Some lines, with one kind of line end or mixed ones, maybe a BOM, maybe no last line feed."""
    ends = st.sampled_from([[b"\n"], [b"\r\n"], [b"\n", b"\r\n", b"\n\n", b"\n \r\n"]])
    end = st.sampled_from(draw(ends))
    mark = draw(st.sampled_from([b"", b"", b"", b"\xef\xbb\xbf"]))
    body = b"".join(line + draw(end) for line in draw(st.lists(lines(feed), max_size=max_lines)))
    return mark + (body if draw(st.booleans()) else body.rstrip(b"\n"))


def paths() -> SearchStrategy[Path]:
    return st.sampled_from(PATHS)


def leaf_rules(tags: tuple[str, ...], categories: tuple[str, ...]) -> SearchStrategy[Rule]:
    order = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
    equality = st.sampled_from(["==", "!="])
    texts, doubles = st.sampled_from(TEXTS), st.sampled_from([0.0, 1.0, 50.0, 49.99, 1e300, 0.1])
    functions = st.sampled_from(["startsWith", "endsWith", "contains"])
    patterns = st.sampled_from(
        ["^SUMMER", r"\d", "[a-m]+$", "Gr.ße", "(?i)summer", r"\bhi\b", "a|1"]
    )
    either = st.one_of(paths(), st.sampled_from(SCALARS))
    times = st.sampled_from(["time", "received", "sent"])
    options: list[SearchStrategy[Rule]] = [
        st.builds(Compare, st.one_of(paths(), st.just(DECLARED)), order, doubles),
        st.builds(Compare, paths(), order, st.sampled_from([0, 1, 50, 2**53 + 1])),
        st.builds(Compare, paths(), order, texts),
        st.builds(Compare, paths(), equality, st.booleans()),
        st.builds(Compare, st.sampled_from(SCALARS), order, texts),
        st.builds(OneOf, either, st.lists(texts, min_size=1, max_size=4).map(tuple)),
        st.builds(
            OneOf,
            paths(),
            st.lists(st.sampled_from([0.0, 1.0, 50.0]), min_size=1, max_size=3).map(tuple),
        ),
        st.builds(TextTest, either, functions, texts),
        st.builds(TextTest, either, st.just("matches"), patterns),
        st.builds(Size, paths(), st.sampled_from([">", "=="]), st.integers(0, 3)),
        # has() takes a selection, which a key with a dot cannot be.
        st.builds(Has, either.filter(lambda path: "a.b" not in path.steps)),
        st.builds(Truth, paths()),
        st.builds(
            Lag, times, times, st.sampled_from([">", "<="]), st.sampled_from([0, 60, 3600, 86400])
        ),
        st.builds(
            HourOfDay, st.sampled_from(ZONES), st.sampled_from(["<", ">="]), st.integers(0, 23)
        ),
        st.builds(AnyElement, st.just(Path("attributes", ("list",))), texts),
        st.builds(AnyElement, paths(), st.sampled_from([0.0, 1.0])),
    ]
    if tags:
        options.append(st.builds(HasTag, st.sampled_from(tags)))
    if categories:
        options.append(st.builds(CategoryIs, st.sampled_from(categories)))
    return st.one_of(options)


def rules(tags: tuple[str, ...] = (), categories: tuple[str, ...] = ()) -> SearchStrategy[Rule]:
    """A rule that reads fields, earlier tags and the category."""
    return st.recursive(
        leaf_rules(tags, categories),
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.builds(Both, inner, st.sampled_from(["&&", "||"]), inner),
            st.builds(Choice, inner, inner, inner),
        ),
        max_leaves=4,
    )


@st.composite
def aggregates(draw: DrawFn, name: str, tags: tuple[str, ...]) -> Spec:
    kind = draw(
        st.sampled_from(["count", "sum", "mean", "min", "max", "first", "last", "distinct"])
    )
    numbers = st.one_of(paths(), st.just(DECLARED))
    texts_too = kind in ("first", "last", "distinct")
    path = draw(st.one_of(paths(), st.sampled_from(SCALARS[2:4])) if texts_too else numbers)
    parts = st.one_of(
        st.sampled_from(["tags", "category", "weekday_hour"]),
        st.sampled_from(SCALARS),
        st.sampled_from(PATHS),
    )
    by = draw(st.lists(parts, max_size=2, unique=True))
    window = draw(
        st.sampled_from(
            [None, None, 3_600_000_000, 90_000_000, 86_400_000_000, "day", "week", "month"]
        )
    )
    where = draw(st.none() | rules(tags))
    measure = Measure(kind, None if kind == "count" else path)
    return Spec(name, measure, tuple(by), window, where)


@st.composite
def configs(draw: DrawFn, feed: str = "segment") -> Config:
    """A configuration with a few rules of each sort and a few aggregates."""
    unit, skew = st.sampled_from(["rfc3339", "ms", "s", "us"]), st.sampled_from(["segment", "off"])
    own = Feed("mine", MINE, draw(unit), draw(skew)) if feed == "mine" else None
    categories = draw(st.lists(rules(), max_size=2))
    names = tuple(f"c{number}" for number in range(len(categories)))
    tags: list[tuple[str, Rule]] = []
    for number in range(draw(st.integers(0, 3))):
        earlier = tuple(name for name, _ in tags)
        tags.append((f"t{number}", draw(rules(earlier, names))))
    tag_names = tuple(name for name, _ in tags)
    actions = st.sampled_from(["drop", "drop", "keep"])
    filters = [
        Filter(f"f{number}", draw(actions), draw(rules(tag_names, names)))
        for number in range(draw(st.integers(0, 2)))
    ]
    specs = [draw(aggregates(f"g{number}", tag_names)) for number in range(draw(st.integers(0, 3)))]
    columns = {
        f"x{number}": path
        for number, path in enumerate((*PATHS, DECLARED, *SCALARS, Path("time"), Path("received")))
    }
    return Config(
        feed=own or ("canonical" if feed == "logEvent" else feed),
        zone=draw(st.sampled_from(ZONES)),
        is_strict=draw(st.booleans()),
        types=draw(st.sampled_from([{}, {"attributes.declared": "double"}])),
        categories=list(zip(names, categories, strict=True)),
        tags=tags,
        filters=filters,
        aggregates=specs,
        columns=columns,
    )


@st.composite
def cases(draw: DrawFn, *, count: int = 1) -> tuple[Config, list[bytes]]:
    """A configuration of some feed, and documents of that feed."""
    feed = draw(st.sampled_from(["segment", "segment", *RENAMES]))
    return draw(configs(feed)), [draw(documents(feed)) for _ in range(count)]
