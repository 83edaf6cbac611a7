"""Reads what the generators need of Rust sources, by the few forms that these use.

A form that is not understood raises `SourceError` with the place: nothing is left out in silence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class SourceError(Exception):
    """A source does not have the form that this script reads."""


@dataclass
class Item:
    """A documented line of Rust: a variant or a constant."""

    name: str
    doc: str
    value: str


def read(path: Path) -> str:
    """Return a source's text."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SourceError(f"{path.relative_to(ROOT)}: {error.strerror}") from None


def body(text: str, head: str, where: str) -> str:
    """Return what stands between the braces after *head*."""
    start = text.find(head)
    if start < 0:
        raise SourceError(f"{where}: `{head}` is not there")
    at = text.index("{", start + len(head) - (1 if head.endswith("{") else 0))
    depth = 0
    for end in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        if depth == 0:
            return text[at + 1 : end]
    raise SourceError(f"{where}: the braces of `{head}` do not close")


def documented(text: str, form: str) -> list[Item]:
    """Return the documented lines that match *form*, which has the groups name and value."""
    items, doc = [], []
    for line in map(str.strip, text.splitlines()):
        if line.startswith("///"):
            doc.append(line.removeprefix("///").strip())
            continue
        found = re.match(form, line)
        if found:
            value = found.groupdict().get("value") or ""
            items.append(Item(found["name"], plain(" ".join(doc)), value))
        doc = []
    return items


def plain(doc: str) -> str:
    """Return a Rust doc text as Markdown: links become code."""
    return re.sub(r"\[`(?:crate::)?(?:\w+::)*(\w+)`\]", r"`\1`", doc).strip()


def head_doc(text: str) -> str:
    """Return the text of a module's head."""
    lines = [line for line in text.splitlines() if line.startswith("//!")]
    return plain("\n".join(line.removeprefix("//!").removeprefix(" ") for line in lines))


def arms(text: str, head: str, where: str) -> dict[str, str]:
    """Return the arms of a `match`, by each variant of `Function` or `Type` that they name."""
    found: dict[str, str] = {}
    inside = re.sub(r"\s+", " ", body(body(text, head, where), "match self", where))
    for pattern, value in re.findall(r"([^,]*?(?:\|[^,]*?)*) => ([^,]+),?", inside):
        for variant in re.findall(r"\w+::(\w+)|(?<![\w:])(_)(?![\w:])", pattern):
            found[variant[0] or variant[1]] = value.strip()
    return found
