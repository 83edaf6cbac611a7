"""The whole engine, one event after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reference.aggregates import Answer, Spec, aggregate
from reference.feeds import Feed, correct_clocks, from_canonical, from_mine, from_segment
from reference.json_reader import Fault, Value, read_json
from reference.rules import ERROR, MISSING, Path, Row, Rule, quoted

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
TEXT_CHARS_MAX = 100
ENGINE_TAGS = ("data.surrogate", "data.nonfinite", "data.duplicate_key")


@dataclass(frozen=True)
class Filter:
    """``drop`` or ``keep`` by a rule."""

    name: str
    action: str
    rule: Rule


@dataclass(frozen=True)
class Config:
    """What a configuration file says, as Python values that can say themselves in TOML."""

    feed: str | Feed = "segment"
    zone: str = "UTC"
    is_strict: bool = False
    max_depth: int = 128
    max_event_bytes: int = 1024 * 1024
    types: Mapping[str, str] = field(default_factory=dict)
    categories: Sequence[tuple[str, Rule]] = ()
    tags: Sequence[tuple[str, Rule]] = ()
    filters: Sequence[Filter] = ()
    aggregates: Sequence[Spec] = ()
    columns: Mapping[str, Path] = field(default_factory=dict)

    def to_toml(self) -> str:
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield "version = 1"
        yield f"feed = {quoted(self.feed if isinstance(self.feed, str) else self.feed.name)}"
        yield f"timezone = {quoted(self.zone)}"
        yield f"json = {quoted('strict' if self.is_strict else 'lenient')}"
        yield "[limits]"
        yield f"max_depth = {self.max_depth}"
        yield f"max_event_bytes = {self.max_event_bytes}"
        if isinstance(self.feed, Feed):
            yield f"[feeds.{self.feed.name}]"
            wire = {name: wire_text(steps) for name, steps in self.feed.paths.items()}
            pairs = ", ".join(f"{name} = {quoted(text)}" for name, text in wire.items())
            yield f"map = {{ {pairs} }}"
            yield f"time_unit = {quoted(self.feed.time_unit)}"
            yield f"skew = {quoted(self.feed.skew)}"
        yield "[types]"
        for path, kind in self.types.items():
            yield f"{quoted(path)} = {quoted(kind)}"
        for section, rules in (("category", self.categories), ("tag", self.tags)):
            for name, rule in rules:
                yield f"[[{section}]]"
                yield f"name = {quoted(name)}"
                yield f"when = {quoted(rule.cel())}"
        for one in self.filters:
            yield "[[filter]]"
            yield f"name = {quoted(one.name)}"
            yield f"{one.action} = {quoted(one.rule.cel())}"
        for spec in self.aggregates:
            yield from spec_lines(spec)
        yield "[output]"
        pairs = ", ".join(
            f"{quoted(name)} = {quoted(path.cel())}" for name, path in self.columns.items()
        )
        yield f"columns = {{ {pairs} }}"


def wire_text(steps: tuple[str | int, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)[1:]


def spec_lines(spec: Spec) -> Iterator[str]:
    yield "[[aggregate]]"
    yield f"name = {quoted(spec.name)}"
    path = spec.measure.path
    yield f"{spec.measure.kind} = {'true' if path is None else quoted(path.cel())}"
    by = [quoted(part if isinstance(part, str) else part.cel()) for part in spec.by]
    yield f"by = [{', '.join(by)}]"
    if spec.window is not None:
        text = spec.window if isinstance(spec.window, str) else f"{spec.window // 1000}ms"
        yield f"window = {quoted(text)}"
    if spec.where is not None:
        yield f"where = {quoted(spec.where.cel())}"
    if spec.max_groups is not None:
        yield f"max_groups = {spec.max_groups}"


@dataclass(frozen=True)
class Reject:
    """A line that is no event. ``reasons`` has more than one where a line has several faults and
    which of them is found first is the engine's own business."""

    line: int
    start: int
    end: int
    reasons: frozenset[str]
    text: str


@dataclass
class Outcome:
    """Everything that a run gives."""

    rows: list[Row] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    received: int = 0
    filtered: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    rules: dict[tuple[str, str], list[int]] = field(
        default_factory=dict
    )  # matched, missing, errors
    answers: dict[str, Answer] = field(default_factory=dict)


def lines_of(document: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield number, first byte and bytes of each line that is not blank."""
    start = len(BYTE_ORDER_MARK) if document.startswith(BYTE_ORDER_MARK) else 0
    for number, line in enumerate(document[start:].split(b"\n"), 1):
        if line.strip(b" \t\r"):
            yield number, start, line
        start += len(line) + 1


def decode(line: bytes, config: Config) -> tuple[Value, set[str]] | frozenset[str]:
    """Return the line's object and its notes, or the reasons that could be given against it."""
    if len(line) > config.max_event_bytes:
        return frozenset(["too_large"])
    reasons: set[str] = set()
    for is_strict in {False, config.is_strict}:
        try:
            found = read_json(line, is_strict=is_strict, max_depth=config.max_depth)
        except Fault as fault:
            reasons.add(fault.reason)
    if reasons:
        return frozenset(reasons)
    value, notes = found
    return (value, notes) if value.kind == "map" else frozenset(["not_an_object"])


def normalise(wire: Value, config: Config, received: int | None) -> dict[str, Any] | None:
    """Return the canonical event, which holds its notes, or None if it has no time."""
    if isinstance(config.feed, Feed):
        event, skew = from_mine(wire, config.feed), config.feed.skew
    elif config.feed == "segment":
        event, skew = from_segment(wire), "segment"
    else:
        event, skew = from_canonical(wire), "off"
    event["wire"] = wire
    if not correct_clocks(event, received, skew):
        return None
    for text, kind in config.types.items():
        if declare(event, text, kind):
            event["notes"]["types.unread"] += 1
    return event


def declare(event: dict[str, Any], path: str, kind: str) -> bool:
    """Make what stands at a declared path a double; return whether that could not be done."""
    root, *steps = path.split(".")
    parent = event.get(root)
    for step in steps[:-1]:
        parent = parent.value.get(step) if parent is not None and parent.kind == "map" else None
    if parent is None or parent.kind != "map" or steps[-1] not in parent.value:
        return False
    assert kind == "double"
    found = number = parent.value[steps[-1]]
    if found.kind == "null":
        return False
    if found.kind == "text":
        try:
            number, _ = read_json(found.value.strip(" \t\n\r\f").encode(), is_strict=True)
        except Fault:
            number = found
    if number.kind in ("int", "double"):
        parent.value[steps[-1]] = Value("double", float(number.value), found.raw)
        return False
    del parent.value[steps[-1]]
    return True


def run(config: Config, document: bytes, received: int | None = None) -> Outcome:
    """Process one whole document."""
    out = Outcome()
    for number, start, line in lines_of(document):
        out.received += 1
        found = decode(line, config)
        normal = None if isinstance(found, frozenset) else normalise(found[0], config, received)
        if isinstance(found, frozenset) or normal is None:
            reasons = found if isinstance(found, frozenset) else frozenset(["no_time"])
            text = line.decode(errors="replace").rstrip("\r")[:TEXT_CHARS_MAX]
            out.rejects.append(Reject(number, start, start + len(line), reasons, text))
            continue
        event = normal
        out.notes.update(event["notes"] + Counter(f"json.{note}" for note in found[1]))
        oddities = frozenset(f"data.{note}" for note in found[1])
        row = tag(config, Row(event, oddities), out)
        dropped_by = filter_of(config, row, out)
        if dropped_by is None:
            out.rows.append(row)
            out.lines.append(number)
        else:
            out.filtered[dropped_by] += 1
    for spec in config.aggregates:
        out.answers[spec.name] = aggregate(spec, out.rows, config.zone)
    return out


def judge(out: Outcome, section: str, name: str, rule: Rule, row: Row) -> Any:
    """Return a rule's verdict and count it."""
    verdict = rule.verdict(row)
    counts = out.rules.setdefault((section, name), [0, 0, 0])
    for place, outcome in enumerate((True, MISSING, ERROR)):
        counts[place] += verdict is outcome
    return verdict


def tag(config: Config, row: Row, out: Outcome) -> Row:
    category = ""
    for name, rule in config.categories:
        if judge(out, "category", name, rule, row) is True and not category:
            category = name
    tags = set(row.tags)
    for name, rule in config.tags:
        if judge(out, "tag", name, rule, Row(row.event, frozenset(tags), category)) is True:
            tags.add(name)
    return Row(row.event, frozenset(tags), category)


def filter_of(config: Config, row: Row, out: Outcome) -> str | None:
    """Return the counter of the first filter that drops the event."""
    dropped_by = []
    for one in config.filters:
        verdict = judge(out, "filter", one.name, one.rule, row)
        if one.action == "drop" and verdict is True:
            dropped_by.append(one.name)
        if one.action == "keep" and verdict is not True:
            suffix = {MISSING: ".missing", ERROR: ".error"}.get(verdict, "")
            dropped_by.append(one.name + suffix)
    return dropped_by[0] if dropped_by else None
