"""The prose is held to the engine: shown outputs, tables of rules and of bad input, links, paths.

`test_docs.py` runs every block of code. Here stands what a page says about the result:

* a `text output` block holds what the Python or shell block before it prints;
* a table `| rule | verdict |` is judged on the page's `json event`; tags and types are those of the
  page's first `toml` block;
* a table `| line | reason | lenient | strict |` is run, line by line, in both modes.

In an output, `…` stands for any text, and a line of `…` for any lines.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import evcore

ROOT = Path(__file__).parents[2]
GUIDE = sorted((ROOT / "docs" / "guide").glob("*.md"))
README = ROOT / "README.md"
PAGES = [README, *GUIDE]
ALL_PAGES = [
    *ROOT.glob("*.md"),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "benches").glob("*.md")),
]
BLOCK = re.compile(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^evcore(?= )", re.MULTILINE)
MADE = {"benches/results/"}
"""What is made by a command, and so may not be there."""

TIME = '"time":"2026-03-03T14:00:00Z"'


class Block(NamedTuple):
    """A block of code."""

    page: Path
    line: int
    language: str
    info: str
    text: str


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text[: match.start()].count("\n") + 1, match[1], match[2], match[3])
        for match in BLOCK.finditer(text)
    ]


def pairs(info: str, before: tuple[str, ...]) -> list[Any]:
    """Return the blocks of one info, each with the block before it."""
    found = []
    for page in PAGES:
        every = blocks(page)
        for first, second in itertools.pairwise(every):
            if f"{second.language} {second.info}".strip() == info and (
                f"{first.language} {first.info}".strip() in before
            ):
                name = f"{page.name}:{second.line}"
                found.append(pytest.param(first, second, id=name))
    return found


def first_block(page: Path, head: str) -> str:
    """Return the text of the page's first block with that language and info."""
    for block in blocks(page):
        if f"{block.language} {block.info}".strip() == head:
            return block.text
    raise AssertionError(f"{page.name} has no block ```{head}")


def rows(page: Path, header: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of every table with that header, with their line numbers."""
    is_inside = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if line == header:
            is_inside = True
        elif is_inside and not line.startswith("|"):
            is_inside = False
        elif is_inside and not line.startswith("|---"):
            cells = re.split(r"(?<!\\)\|", line.strip("|"))
            yield number, [cell.strip().replace("\\|", "|") for cell in cells]


def code_of(cell: str) -> str:
    """Return what a cell's backquotes hold."""
    match = re.fullmatch(r"(`+) ?(.*?) ?\1", cell)
    assert match, cell
    return match[2]


def assert_shown(expected: str, found: str) -> None:
    parts = []
    for line in expected.rstrip("\n").split("\n"):
        if line == "…":
            parts.append(r"(?:[^\n]*\n)*")
        else:
            parts.append(r"[^\n]*".join(map(re.escape, line.rstrip().split("…"))) + " *\n")
    if not re.fullmatch("".join(parts), found.rstrip("\n") + "\n"):
        # Compared as texts, so that pytest shows where they part.
        assert found == expected


# What is printed


@pytest.mark.parametrize(("code", "output"), pairs("text output", ("python",)))
def test_python_prints_what_is_shown(code: Block, output: Block, shop: Path) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code.text, f"{code.page}:{code.line}", "exec"), {"__name__": "__main__"})
    assert_shown(output.text, printed.getvalue())


@pytest.mark.parametrize(("code", "output"), pairs("text output", ("sh",)))
def test_commands_print_what_is_shown(code: Block, output: Block, shop: Path) -> None:
    done = subprocess.run(
        COMMAND.sub(f"{sys.executable} -m evcore", code.text),
        shell=True,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert_shown(output.text, done.stdout + done.stderr)


def test_every_output_stands_after_what_prints_it() -> None:
    outputs = [block for page in PAGES for block in blocks(page) if block.info == "output"]
    assert len(outputs) == len(pairs("text output", ("python", "sh"))) >= 8


def test_the_readme_runs_on_its_own_configuration(shop: Path) -> None:
    Path("shop.toml").write_text(first_block(README, "toml"))
    code = [block.text for block in blocks(README) if block.language == "python"]
    assert any("shop.toml" in text for text in code)
    for text in code:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(text, "README.md", "exec"), {"__name__": "__main__"})


# Rules


RULES_HEADER = "| rule | verdict | |"


def rule_rows() -> list[Any]:
    return [
        pytest.param(page, cells, id=f"{page.name}:{line}")
        for page in GUIDE
        for line, cells in rows(page, RULES_HEADER)
    ]


@pytest.mark.parametrize(("page", "cells"), rule_rows())
def test_a_rule_gives_the_verdict_that_is_shown(page: Path, cells: list[str], shop: Path) -> None:
    rule, verdict = code_of(cells[0]), cells[1]
    Path("rules.toml").write_text(first_block(page, "toml"))
    base = evcore.load_config("rules.toml")
    config = evcore.Config(
        feed=base.feed,
        timezone=base.timezone,
        types=base.types,
        category=base.category,
        tag=[*base.tag, evcore.Tag("shown", rule)],
    )
    if verdict.startswith("E"):
        with pytest.raises(evcore.RuleError) as raised:
            evcore.Pipeline(config)
        assert [problem["code"] for problem in raised.value.problems] == [verdict]
        return
    event = json.dumps(json.loads(first_block(page, "json event")))
    pipeline = evcore.Pipeline(config)
    # The general evaluator and the vectorised one must both say so.
    explained = [rule for rule in pipeline.explain(event).rules if rule["name"] == "shown"]
    assert explained[0]["verdict"] == verdict, explained[0]["message"]
    pipeline.process(event)
    counts = next(rule for rule in pipeline.metrics()["rules"] if rule["name"] == "shown")
    found = {"true": "matched", "missing": "missing", "error": "errors"}
    for name, key in found.items():
        assert counts[key] == (name == verdict), counts


def test_the_guide_shows_enough_rules() -> None:
    verdicts = {parameter.values[1][1] for parameter in rule_rows()}
    assert {"true", "false", "missing", "error"} <= verdicts
    assert len(rule_rows()) >= 30


# Bad input


INPUT_HEADER = "| line | reason | lenient | strict |"
TOO_MUCH = {
    "too_deep": ('{"a":' * 129 + "1" + "}" * 129).encode(),
    "too_large": b'{"name":"' + b"x" * 1_048_576 + b'",' + TIME.encode() + b"}",
}
"""Lines that no table can hold, by reason."""


def input_rows() -> list[Any]:
    return [
        pytest.param(cells, id=f"{page.name}:{line}")
        for page in PAGES
        for line, cells in rows(page, INPUT_HEADER)
    ]


def line_of(cells: list[str]) -> bytes:
    """Return the bytes of a row's line: `<E9>` is a byte, `…` the rest of a good event."""
    reason = cells[1].strip("`")
    if reason in TOO_MUCH:
        return TOO_MUCH[reason]
    text = code_of(cells[0]).replace("…", TIME).encode()
    return re.sub(rb"<([0-9A-F]{2})>", lambda found: bytes.fromhex(found[1].decode()), text)


@pytest.mark.parametrize("cells", input_rows())
@pytest.mark.parametrize("mode", ["lenient", "strict"])
def test_bad_input_gets_what_is_shown(cells: list[str], mode: str) -> None:
    config = evcore.Config(feed="canonical", json="strict" if mode == "strict" else "lenient")
    pipeline = evcore.Pipeline(config)
    good = b'{"name":"neighbour",' + TIME.encode() + b"}"
    batch = pipeline.process(good + b"\n" + line_of(cells) + b"\n" + good)
    shown = cells[2 if mode == "lenient" else 3]
    if shown.startswith("rejected"):
        assert [(reject.line, reject.reason) for reject in batch.rejects] == [
            (2, cells[1].strip("`"))
        ]
        assert len(batch) == 2
    else:
        assert not batch.rejects
        tags = [name for name in batch.tag_names if f"`{name}`" in shown]
        assert batch.to_dicts()[1]["tags"] == tags
        assert len(batch) == 3


def test_the_tables_have_every_reason() -> None:
    source = (ROOT / "rust/evcore/src/decode/reject.rs").read_text()
    names = set(re.findall(r'=> "(\w+)"', source))
    assert len(names) >= 9
    for page in (README, ROOT / "docs/guide/bad-input.md"):
        shown = {cells[1].strip("`") for _, cells in rows(page, INPUT_HEADER)}
        assert shown == names, page.name


# Links and paths


def anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    text = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return text.replace(" ", "-")


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, fragment = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if fragment:
            headings = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert fragment in {anchor(heading) for heading in headings}, target


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_paths_exist(name: str) -> None:
    """A path in backquotes is there; `*` and `<…>` stand for names."""
    text = BLOCK.sub("", (ROOT / name).read_text(encoding="utf-8"))
    folders = "rust|python|tests|benches|docs|scripts|\\.ci"
    paths = set(re.findall(rf"`((?:{folders})/[^`\s]*)`", text))
    assert paths or name == "README.md"
    for path in paths - MADE:
        pattern = re.sub(r"<[^>]+>", "*", path).rstrip("/")
        assert list(ROOT.glob(pattern)), path


def test_decisions_are_all_listed() -> None:
    index = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs/decisions").glob("0*.md"):
        assert f"({page.name})" in index, page.name


@pytest.mark.parametrize("script", ["generate_rule_docs.py", "update_speed_table.py"])
def test_what_is_generated_is_up_to_date(script: str) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / script, "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
