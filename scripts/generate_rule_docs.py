"""Writes docs/rule-language.md from the sources of the rule language.

    python scripts/generate_rule_docs.py            write the page
    python scripts/generate_rule_docs.py --check    exit 1 if it is not what would be written

What the page says is taken from where it is decided: functions and their types from the registry in
``rust/evcore-rule/src/function.rs``, fields from ``evcore-event``, operators, macros, limits and
codes from the files that define them, and every example from ``tests/cases/rule_eval.toml`` and
``rule_errors.toml``, which the tests run. What stands between is in ``rule-language.in.md``.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rust_source import ROOT, SourceError, arms, body, documented, head_doc, read

TEMPLATE = Path(__file__).with_name("rule-language.in.md")
PAGE = ROOT / "docs" / "rule-language.md"
RULE = ROOT / "rust" / "evcore-rule" / "src"
EVENT = ROOT / "rust" / "evcore-event" / "src"
CASES = ROOT / "tests" / "cases"

EXAMPLE_CHARACTERS_MAX = 150
"""Longer rules of the tables test limits and teach nothing; a table must stay readable."""

FUNCTION_EXAMPLES_MAX = 5
"""Examples beside one function; all of them stand in the last section."""

TIME_PARTS = "time_part.rs"
"""Where the functions stand that take a time apart: many of one kind, told in one section."""

TYPE_NAMES = {
    "google.protobuf.Timestamp": "timestamp",
    "google.protobuf.Duration": "duration",
    "null_type": "null",
}
"""Types whose CEL name says less than a word."""


MEANING = {
    "startsWith": "Whether the string begins with the other; case counts",
    "endsWith": "Whether the string ends with the other; case counts",
    "contains": "Whether the other string stands somewhere in the string; case counts",
    "matches": "Whether a part of the string fits the pattern; see Patterns",
    "timestamp": "The moment of an RFC 3339 text with an offset, or of seconds since 1970",
    "duration": "The length of a text such as `1h30m` or `-1.5s`; h is the longest unit",
    "int": "See Conversions",
    "uint": "See Conversions",
    "double": "See Conversions",
    "string": "See Conversions",
    "bool": "The bool, or that of `true`, `True`, `TRUE`, `t`, `T`, `1` and their opposites",
    "bytes": "The UTF-8 bytes of a string",
    "type": "The type of a value, which is itself a value",
    "dyn": "The value itself; the checker then expects any type of it",
    "getFullYear": "The year",
    "getHours": "The hour of the day; of a duration, all of it in whole hours",
    "getMinutes": "The minute of the hour; of a duration, all of it in whole minutes",
    "getSeconds": "The second of the minute; of a duration, all of it in whole seconds",
    "getMilliseconds": "The milliseconds of the second",
}
"""What functions do whose registry entry does not say it."""


@dataclass
class Function:
    """One function of the language."""

    name: str
    doc: str
    style: str
    file: str
    overloads: list[tuple[list[str], str]]

    def signatures(self) -> Iterator[str]:
        """Yield each way to call it."""
        for arguments, result in self.overloads:
            target, rest = arguments[0], ", ".join(arguments[1:])
            if self.style in ("Call", "Both"):
                yield f"{self.name}({', '.join(arguments)}) → {result}"
            if self.style in ("Method", "Both"):
                shown = f"({target})" if " or " in target else target
                yield f"{shown}.{self.name}({rest}) → {result}"


class Types:
    """Sets of types, as the Rust sources write them."""

    def __init__(self) -> None:
        value = read(RULE / "value.rs")
        self.names = {
            variant: text.strip('"')
            for variant, text in arms(value, "fn name(self) -> &'static str {", "value.rs").items()
        }
        # The name of each type on its own, then the sets made of them.
        type_set = read(RULE / "type_set.rs")
        self.sets: dict[str, frozenset[str]] = {}
        for name, text in re.findall(r"const (\w+): TypeSet =\s*([^;]+);", type_set):
            if name == "NONE":
                self.sets[name] = frozenset()
            elif name == "ALL":
                self.sets[name] = frozenset(self.names)
            else:
                self.sets[name] = self.value(text, {}, "type_set.rs")

    def value(self, text: str, local: dict[str, str], where: str) -> frozenset[str]:
        """Return the types that an expression such as ``TypeSet::INT.or(TypeSet::TEXT)`` names."""
        text = re.sub(r"\s+", "", text)
        found: set[str] = set()
        rest = text
        part = re.compile(
            r"\.or\((.*?)\)(?=\.or\(|$)|TypeSet::of\(Type::(\w+)\)|TypeSet::(\w+)|(\w+)"
        )
        while rest:
            match = part.match(rest)
            if match is None:
                raise SourceError(f"{where}: cannot read the types {text}")
            inner, single, known, named = match.groups()
            if inner is not None:
                found |= self.value(inner, local, where)
            elif single is not None:
                found.add(single)
            elif known is not None:
                if known not in self.sets:
                    raise SourceError(f"{where}: there is no TypeSet::{known}")
                found |= self.sets[known]
            elif named in local:
                found |= self.value(local[named], local, where)
            else:
                raise SourceError(f"{where}: cannot read the types {text}")
            rest = rest[match.end() :]
        return frozenset(found)

    def words(self, types: frozenset[str]) -> str:
        """Return a set in words, in the order of the sources."""
        if types == frozenset(self.names):
            return "any"
        names = [self.names[variant] for variant in self.names if variant in types]
        return " or ".join(TYPE_NAMES.get(name, name) for name in names)


def overload_tables(types: Types) -> dict[str, tuple[str, list[tuple[list[str], str]]]]:
    """Return the overloads of each table, by ``module::CONSTANT``, with the file they stand in."""
    tables = {}
    for path in sorted((RULE / "function").glob("*.rs")):
        where = str(path.relative_to(ROOT))
        text = read(path)
        local = dict(re.findall(r"const (\w+): TypeSet =\s*([^;]+);", text))
        for name, inside in re.findall(r"const (\w+): &\[Overload\] =\s*&\[(.*?)\];\n", text, re.S):
            overloads = []
            for arguments, result in re.findall(
                r"arguments:\s*&\[(.*?)\],\s*result:\s*([^},]+)", inside, re.S
            ):
                parts = [part for part in split_arguments(arguments) if part]
                overloads.append(
                    (
                        [types.words(types.value(part, local, where)) for part in parts],
                        types.words(types.value(result, local, where)),
                    )
                )
            if not overloads:
                raise SourceError(f"{where}: {name} has no overload that can be read")
            tables[f"{path.stem}::{name}"] = (path.name, overloads)
    return tables


def split_arguments(text: str) -> list[str]:
    """Split at the commas that stand in no brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def functions(types: Types) -> list[Function]:
    """Return every function of the registry, in its order."""
    where = "function.rs"
    text = read(RULE / "function.rs")
    docs = {
        item.name: item.doc
        for item in documented(body(text, "pub enum Function {", where), r"(?P<name>\w+)")
    }
    names = arms(text, "pub const fn name(self)", where)
    styles = arms(text, "const fn style(self)", where)
    tables = overload_tables(types)
    chosen = arms(text, "const fn overloads(self)", where)
    zone = read(RULE / "time_zone.rs")
    parts = documented(body(zone, "pub enum TimePart {", "time_zone.rs"), r"(?P<name>\w+),")
    part_names = arms(zone, "pub const fn name(self)", "time_zone.rs")
    of_duration = re.findall(r"matches!\(self, ([\w |]+)\)", zone)[0].split(" | ")
    found = []
    for variant, doc in docs.items():
        if variant == "TimePart":
            for part in parts:
                table = "OF_BOTH" if part.name in of_duration else "OF_TIMESTAMP"
                file, overloads = tables[f"time_part::{table}"]
                name = part_names[part.name].strip('"')
                extra = doc_after_name(part.doc, name)
                found.append(Function(name, extra, "Method", file, overloads))
            continue
        name = names[variant].strip('"')
        style = styles.get(variant, styles["_"]).removeprefix("Style::")
        if variant not in chosen:
            raise SourceError(f"{where}: no overloads for {variant}")
        file, overloads = tables[chosen[variant]]
        found.append(Function(name, doc_after_name(doc, name), style, file, overloads))
    count = int(re.findall(r"ALL: \[Function; (\d+)\]", text)[0])
    if len(found) != count:
        raise SourceError(f"{where}: Function::ALL has {count} functions, {len(found)} were read")
    return found


def doc_after_name(doc: str, name: str) -> str:
    """Return what a doc line says beyond the call itself."""
    rest = re.sub(r"^(`[^`]*`(, )?)+", "", doc).strip().removeprefix(":").strip()
    if rest.startswith("with a pattern that is not") or rest.startswith("and its family"):
        return ""
    return rest[:1].upper() + rest[1:] if rest else ""


def cell(text: str) -> str:
    """Return a text for a cell of a table."""
    return re.sub(r"\s+", " ", text).replace("|", "\\|").strip()


def code(text: str) -> str:
    """Return a text as code in a cell of a table."""
    text = text.replace("\n", "⏎").replace("|", "\\|")
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


@dataclass
class Example:
    """A row of rule_eval.toml."""

    section: str
    row: dict[str, Any]

    @property
    def rule(self) -> str:
        """Return the rule."""
        return str(self.row["rule"])

    def gives(self) -> str:
        """Return what comes out, as a cell."""
        for key, words in (("missing", "missing"), ("error", "error")):
            if key in self.row:
                return f"{words}: {cell(self.row[key])}"
        return code(
            str(self.row["equals"]) if "equals" in self.row else str(self.row["value"]).lower()
        )

    def given(self) -> str:
        """Return what the row has beside the common event."""
        parts = []
        if "event" in self.row:
            parts.append(f"event {code(self.row['event'])}")
        if "tags" in self.row:
            parts.append("tags " + ", ".join(map(code, self.row["tags"])))
        if self.row.get("category"):
            parts.append(f"category {code(self.row['category'])}")
        parts += [
            f"{code(path)} is declared `{kind}`" for path, kind in self.row.get("types", {}).items()
        ]
        return "; ".join(parts)


def examples() -> tuple[str, list[Example]]:
    """Return the common event, and the rows."""
    text = read(CASES / "rule_eval.toml")
    document = tomllib.loads(text)
    sections: dict[str, str] = {}
    section = ""
    for line in map(str.strip, text.split("case = [", 1)[1].splitlines()):
        if line.startswith("# "):
            section = line.removeprefix("# ")
        found = re.match(r'\{ name = "([^"]*)"', line)
        if found:
            sections[found[1]] = section
    return document["event"].strip(), [
        Example(sections[row["name"]], row) for row in document["case"]
    ]


def calls(rule: str, name: str) -> bool:
    """Return whether a rule calls a function."""
    return re.search(rf"(?<![\w.]){name}\(|\.{name}\(", rule) is not None


def fields() -> str:
    """Return the table of the canonical fields."""
    text = read(EVENT / "field.rs")
    items = documented(body(text, "pub enum Field {", "field.rs"), r"(?P<name>\w+),")
    names = arms(text, "pub const fn name(self)", "field.rs")
    kinds = arms(text, "pub const fn field_type(self)", "field.rs")
    words = {"Text": "string", "Timestamp": "timestamp", "Map": "map"}
    event_kinds = arms(read(EVENT / "event_kind.rs"), "pub const fn name(self)", "event_kind.rs")
    listed = " ".join(name.strip('"') for name in event_kinds.values())
    rows = []
    for item in items:
        kind = kinds.get(item.name, kinds["_"]).removeprefix("FieldType::")
        if item.name == "Kind":
            item.doc = f"What sort of event it is, one of `{listed}`."
        rows.append([f"`{names[item.name].strip(chr(34))}`", words[kind], cell(item.doc)])
    return table(["name", "type", "what it is"], rows)


def limit_values() -> Iterator[tuple[str, int, str]]:
    """Yield each limit: its name, its value, its text."""
    form = r"pub const (?P<name>\w+): \w+ = (?P<value>[^;]+);"
    for item in documented(read(RULE / "limits.rs"), form):
        factors = [int(part.replace("_", "")) for part in item.value.split("*")]
        yield item.name, math.prod(factors), item.doc


def limits() -> str:
    """Return the table of the limits."""
    rows = [[f"{number:,}", cell(doc)] for _, number, doc in limit_values()]
    return table(["limit", "of what, and why"], rows)


def diagnostics() -> str:
    """Return the table of the codes, each with a rule that has it."""
    text = read(RULE / "codes.rs")
    items = documented(text, r'pub const (?P<name>\w+): &str = "(?P<value>E\d+)";')
    count = int(re.findall(r"ALL: \[&str; (\d+)\]", text)[0])
    if len(items) != count:
        raise SourceError(f"codes.rs: ALL has {count} codes, {len(items)} were read")
    numbers = {name: number for name, number, _ in limit_values()}
    cases = tomllib.loads(read(CASES / "rule_errors.toml"))["case"]
    rows = []
    for item in items:
        doc = re.sub(r"`(\w+_MAX)`", lambda found: f"{numbers[found[1]]:,}", item.doc)
        shown = [
            case
            for case in cases
            if case["code"][0] == item.value and "times" not in case and case["rule"].strip()
        ]
        example = code(shown[0]["rule"]) if shown else ""
        hint = cell(shown[0].get("hint", "")) if shown else ""
        rows.append(
            [item.value, cell(doc), example, code(hint) if hint and "`" not in hint else hint]
        )
    return table(["code", "what is wrong", "for example", "the hint names"], rows)


def operators() -> str:
    """Return the table of the operators, loosest first."""
    text = read(RULE / "ast.rs")
    known = {
        item.doc.strip("`")
        for head in ("pub enum UnaryOp {", "pub enum BinaryOp {")
        for item in documented(body(text, head, "ast.rs"), r"(?P<name>\w+),")
    }
    rows = [
        ("c ? a : b", (), "the one branch that `c` chooses; the other is not evaluated"),
        ("a || b", ("||",), "bool; true if a side is, whatever the other side is"),
        ("a && b", ("&&",), "bool; false if a side is, whatever the other side is"),
        (
            "a == b, a != b, a < b, a <= b, a > b, a >= b, a in b",
            ("==", "!=", "<", "<=", ">", ">=", "in"),
            "bool; numbers by their exact values; `in`: an element of a list, a key of a map",
        ),
        (
            "a + b, a - b",
            ("+", "-"),
            "two numbers of one type, times and durations; `+` joins strings, bytes, lists",
        ),
        ("a * b, a / b, a % b", ("*", "/", "%"), "two numbers of one type; `%` not of doubles"),
        ("!a, -a", ("!", "-"), "of a bool; of an int or double"),
        ("a.k, a[i], a.f(…)", (), "key of a map, element of a list or map, call"),
    ]
    listed = {symbol for _, symbols, _ in rows for symbol in symbols}
    if listed != known:
        raise SourceError(f"ast.rs: operators {sorted(known ^ listed)} are in one list only")
    return table(
        ["operator", "gives"],
        [[", ".join(code(part) for part in form.split(", ")), words] for form, _, words in rows],
    )


def macros() -> str:
    """Return the table of the macros."""
    text = read(RULE / "ast.rs")
    items = documented(body(text, "pub enum Quantifier {", "ast.rs"), r"(?P<name>\w+),")
    meaning = {
        "All": "bool: whether `p` is true of every element; failures count if none is false",
        "Exists": "bool: whether `p` is true of any element; failures count if none is true",
        "ExistsOne": "bool: whether `p` is true of exactly one element; every failure counts",
        "Filter": "list of the elements of which `p` is true",
        "Map": "list of what `t` makes of each element, or of those of which `p` is true",
    }
    if [item.name for item in items] != list(meaning):
        raise SourceError("ast.rs: other macros than this script knows")
    rows = [
        ["`has(e.k)`", "bool: whether the map `e` has the key `k`, also if its value is `null`"]
    ]
    rows += [[item.doc.replace("|", "\\|"), meaning[item.name]] for item in items]
    return table(["macro", "gives"], rows)


def meaning(function: Function) -> str:
    """Return what a function does, in words."""
    text = function.doc or MEANING.get(function.name)
    if text is None:
        raise SourceError(f"function.rs: {function.name} has no text, and MEANING has none either")
    return text.rstrip(".") + "."


def example_table(rows: list[Example], names: list[str], most: int) -> str:
    """Return the first examples that call a function, the plain ones first."""
    shown = [e for e in rows if not e.given() and any(calls(e.rule, name) for name in names)]
    shown.sort(key=lambda e: ("error" in e.row, len(e.rule) > EXAMPLE_CHARACTERS_MAX))
    if not shown:
        raise SourceError(f"rule_eval.toml: no example calls {names[0]}")
    return table(["example", "gives"], [[code(e.rule), e.gives()] for e in shown[:most]])


def function_section(function: Function, rows: list[Example]) -> str:
    """Return the section of one function."""
    signatures = "\n".join(function.signatures())
    examples_of = example_table(rows, [function.name], FUNCTION_EXAMPLES_MAX)
    head = f"### `{function.name}`\n\n{meaning(function)}"
    return f"{head}\n\n```text\n{signatures}\n```\n\n{examples_of}"


def time_parts(parts: list[Function], rows: list[Example]) -> str:
    """Return the section of the functions that take a time apart."""
    cells = []
    for part in parts:
        takes = part.overloads[0][0][0]
        cells.append([f"`{part.name}`", takes, cell(meaning(part))])
    for part in parts:
        example_table(rows, [part.name], 1)
    names = [part.name for part in parts]
    return (
        f"{table(['function', 'of', 'gives'], cells)}\n\n{example_table(rows, names, len(parts))}"
    )


def page() -> str:
    """Return the whole page."""
    types = Types()
    event, rows = examples()
    registry = functions(types)
    parts = [function for function in registry if function.file == TIME_PARTS]
    others = [function for function in registry if function.file != TIME_PARTS]
    values = {
        "fields": fields(),
        "types": ", ".join(f"`{name}`" for name in types.names.values()),
        "operators": operators(),
        "macros": macros(),
        "functions": "\n\n".join(function_section(function, rows) for function in others),
        "time_parts": time_parts(parts, rows),
        "conversions": head_doc(read(RULE / "function" / "convert.rs")).split("\n\n", 1)[1],
        "patterns": head_doc(read(RULE / "regex_re2.rs")).split("\n\n", 1)[1],
        "limits": limits(),
        "diagnostics": diagnostics(),
        "event": event,
        "examples": all_examples(rows),
    }
    text = read(TEMPLATE)
    for name, value in values.items():
        if f"{{{{{name}}}}}" not in text:
            raise SourceError(f"{TEMPLATE.name}: {{{{{name}}}}} is not there")
        text = text.replace(f"{{{{{name}}}}}", value)
    return text


def all_examples(rows: list[Example]) -> str:
    """Return every example that fits into a table, by section."""
    rows = [example for example in rows if len(example.rule) <= EXAMPLE_CHARACTERS_MAX]
    parts = []
    for section in dict.fromkeys(example.section for example in rows):
        inside = [example for example in rows if example.section == section]
        cells = [[cell(e.row["name"]), code(e.rule), e.gives(), e.given()] for e in inside]
        parts.append(f"### {section}\n\n" + table(["", "rule", "gives", "given"], cells))
    return "\n\n".join(parts)


def main() -> int:
    """Write or check the page and return the exit code."""
    parser = argparse.ArgumentParser(description="Write docs/rule-language.md from the sources.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if it is stale")
    options = parser.parse_args()
    try:
        text = page()
    except SourceError as error:
        print(f"generate_rule_docs: {error}", file=sys.stderr)
        return 1
    if options.check:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            print(
                "docs/rule-language.md is stale: run python scripts/generate_rule_docs.py",
                file=sys.stderr,
            )
            return 1
        return 0
    PAGE.write_text(text, encoding="utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
