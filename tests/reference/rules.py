"""Rules as trees that can say themselves in CEL and can say what they mean for one event.

A rule is true, false, MISSING (it asked for a key or field that is not there) or ERROR (all else
that can go wrong). A row of a block is in at most one of the engine's masks matched, missing and
errors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from reference.json_reader import Value
from reference.times import in_zone


class Failure:
    """MISSING and ERROR, which nothing equals but themselves."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


MISSING, ERROR = Failure("MISSING"), Failure("ERROR")
Verdict = bool | Failure
Step = str | int
TIMES = ("time", "sent", "received")
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass
class Row:
    """What a rule sees: the canonical event, the tags so far and the category."""

    event: Mapping[str, Any]
    tags: frozenset[str] = frozenset()
    category: str = ""


class Rule(Protocol):
    def cel(self) -> str: ...

    def verdict(self, row: Row) -> Verdict: ...


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def literal(value: str | float | bool) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


@dataclass(frozen=True)
class Path:
    """A canonical field and the keys below it."""

    root: str
    steps: tuple[Step, ...] = ()

    def cel(self) -> str:
        out = self.root
        for step in self.steps:
            if isinstance(step, str) and IDENTIFIER.fullmatch(step):
                out += f".{step}"
            else:
                out += f"[{literal(step)}]"
        return out

    def find(self, event: Mapping[str, Any]) -> Any:
        """Return the plain value (text, number, bool, None, list or dict of Values) or why not."""
        here = event.get(self.root)
        if here is None:
            return MISSING
        for step in self.steps:
            here = child(here, step)
            if isinstance(here, Failure):
                return here
        return here.value if isinstance(here, Value) else here


def child(parent: Any, step: Step) -> Any:
    if isinstance(parent, Value) and parent.kind == "map" and isinstance(step, str):
        return parent.value.get(step, MISSING)
    if isinstance(parent, Value) and parent.kind == "list" and isinstance(step, int):
        return parent.value[step] if step < len(parent.value) else ERROR
    return ERROR


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def equal(left: Any, right: Any) -> bool:
    """Return CEL's equality with a constant: values of two kinds are not equal, 1 and 1.0 are."""
    if is_number(left) and is_number(right):
        return bool(left == right)
    return type(left) is type(right) and bool(left == right)


@dataclass(frozen=True)
class Truth:
    """A path that should hold a bool."""

    path: Path

    def cel(self) -> str:
        return self.path.cel()

    def verdict(self, row: Row) -> Verdict:
        value = self.path.find(row.event)
        return value if isinstance(value, bool | Failure) else ERROR


@dataclass(frozen=True)
class Compare:
    """A path, ``== != < <= > >=``, and a constant."""

    path: Path
    operator: str
    constant: str | float | bool

    def cel(self) -> str:
        return f"{self.path.cel()} {self.operator} {literal(self.constant)}"

    def verdict(self, row: Row) -> Verdict:
        value, constant = self.path.find(row.event), self.constant
        if isinstance(value, Failure):
            return value
        if self.operator in ("==", "!="):
            return equal(value, constant) == (self.operator == "==")
        if is_number(value) and is_number(constant):
            order = (value > constant) - (value < constant)
        elif isinstance(value, str) and isinstance(constant, str):
            left, right = value.encode(), constant.encode()
            order = (left > right) - (left < right)
        else:
            return ERROR
        return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[self.operator]


@dataclass(frozen=True)
class OneOf:
    """A path ``in`` a list of constants."""

    path: Path
    constants: tuple[str | float, ...]

    def cel(self) -> str:
        return f"{self.path.cel()} in [{', '.join(literal(value) for value in self.constants)}]"

    def verdict(self, row: Row) -> Verdict:
        value = self.path.find(row.event)
        if isinstance(value, Failure):
            return value
        return any(equal(value, constant) for constant in self.constants)


@dataclass(frozen=True)
class TextTest:
    """``startsWith``, ``endsWith``, ``contains`` or ``matches`` of a path."""

    path: Path
    function: str
    text: str

    def cel(self) -> str:
        return f"{self.path.cel()}.{self.function}({quoted(self.text)})"

    def verdict(self, row: Row) -> Verdict:
        value = self.path.find(row.event)
        if isinstance(value, Failure):
            return value
        if not isinstance(value, str):
            return ERROR
        if self.function == "startsWith":
            return value.startswith(self.text)
        if self.function == "endsWith":
            return value.endswith(self.text)
        if self.function == "contains":
            return self.text in value
        return re.search(self.text, value, re.ASCII) is not None


@dataclass(frozen=True)
class Size:
    """The size of a path's text (in characters), list or map, compared with a number."""

    path: Path
    operator: str
    number: int

    def cel(self) -> str:
        return f"size({self.path.cel()}) {self.operator} {self.number}"

    def verdict(self, row: Row) -> Verdict:
        value = self.path.find(row.event)
        if isinstance(value, Failure):
            return value
        if not isinstance(value, str | list | dict):
            return ERROR
        size = len(value)
        return size > self.number if self.operator == ">" else size == self.number


@dataclass(frozen=True)
class Has:
    """``has()`` of a path with steps, or of a field by ``event``.

    False wherever on the path a key is missing: what is not there has no keys either.
    """

    path: Path

    def cel(self) -> str:
        return f"has({self.path.cel() if self.path.steps else 'event.' + self.path.root})"

    def verdict(self, row: Row) -> Verdict:
        if not self.path.steps:
            return row.event.get(self.path.root) is not None
        found = self.path.find(row.event)
        return found if found is ERROR else found is not MISSING


@dataclass(frozen=True)
class Lag:
    """The difference of two times compared with a number of seconds."""

    later: str
    earlier: str
    operator: str
    seconds: int

    def cel(self) -> str:
        return f'{self.later} - {self.earlier} {self.operator} duration("{self.seconds}s")'

    def verdict(self, row: Row) -> Verdict:
        later, earlier = row.event.get(self.later), row.event.get(self.earlier)
        if later is None or earlier is None:
            return MISSING
        lag_us, limit_us = later - earlier, self.seconds * 1_000_000
        return lag_us > limit_us if self.operator == ">" else lag_us <= limit_us


@dataclass(frozen=True)
class HourOfDay:
    """The hour of event time in a zone, compared with a number."""

    zone: str
    operator: str
    hour: int

    def cel(self) -> str:
        return f'time.getHours("{self.zone}") {self.operator} {self.hour}'

    def verdict(self, row: Row) -> Verdict:
        if row.event.get("time") is None:
            return MISSING
        hour = in_zone(row.event["time"], self.zone).hour
        return hour < self.hour if self.operator == "<" else hour >= self.hour


@dataclass(frozen=True)
class HasTag:
    """Whether an earlier rule set a tag."""

    tag: str

    def cel(self) -> str:
        return f"{quoted(self.tag)} in tags"

    def verdict(self, row: Row) -> Verdict:
        return self.tag in row.tags


@dataclass(frozen=True)
class CategoryIs:
    """Whether the event has a category; ``""`` is none."""

    name: str

    def cel(self) -> str:
        return f"category == {quoted(self.name)}"

    def verdict(self, row: Row) -> Verdict:
        return row.category == self.name


@dataclass(frozen=True)
class Not:
    inner: Rule

    def cel(self) -> str:
        return f"!({self.inner.cel()})"

    def verdict(self, row: Row) -> Verdict:
        value = self.inner.verdict(row)
        return value if isinstance(value, Failure) else not value


@dataclass(frozen=True)
class Both:
    """``&&`` or ``||``: a side that decides makes the other's failure not matter."""

    left: Rule
    operator: str
    right: Rule

    def cel(self) -> str:
        return f"({self.left.cel()}) {self.operator} ({self.right.cel()})"

    def verdict(self, row: Row) -> Verdict:
        decides = self.operator == "||"
        left, right = self.left.verdict(row), self.right.verdict(row)
        if left is decides or right is decides:
            return decides
        if isinstance(left, Failure):
            return left
        if isinstance(right, Failure):
            return right
        return not decides


@dataclass(frozen=True)
class Choice:
    """``condition ? then : otherwise``."""

    condition: Rule
    then: Rule
    otherwise: Rule

    def cel(self) -> str:
        return f"({self.condition.cel()}) ? ({self.then.cel()}) : ({self.otherwise.cel()})"

    def verdict(self, row: Row) -> Verdict:
        condition = self.condition.verdict(row)
        if isinstance(condition, Failure):
            return condition
        return (self.then if condition else self.otherwise).verdict(row)


@dataclass(frozen=True)
class AnyElement:
    """``path.exists(x, x == constant)``: a failure matters only where no element decides."""

    path: Path
    constant: str | float

    def cel(self) -> str:
        return f"{self.path.cel()}.exists(x, x == {literal(self.constant)})"

    def verdict(self, row: Row) -> Verdict:
        value = self.path.find(row.event)
        if isinstance(value, Failure):
            return value
        if isinstance(value, list):
            return any(equal(item.value, self.constant) for item in value)
        if isinstance(value, dict):
            return any(equal(key, self.constant) for key in value)
        return ERROR
