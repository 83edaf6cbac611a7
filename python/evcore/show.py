"""Answers on a terminal: plain text, or with colours where rich is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from evcore.table import cell_text, text_table

if TYPE_CHECKING:
    from evcore.aggregate import AggregateResult

ANSWER_ROWS = 5
"""Rows of an answer: with seven aggregates it all stays on one screen."""


def show_answer(result: AggregateResult, file: TextIO) -> None:
    """Print the greatest values of an aggregate as a small table, after an empty line."""
    by = ", ".join(result.keys) or "nothing"
    title = f"{result.name}: {result.measure} by {by}"
    if result.best is not None:
        title += f"; best: {result.best}"
    rows = [list(row.values()) for row in result.top(ANSWER_ROWS)]
    if not rows:
        print(f"\n{title}: no events", file=file)
    elif not (file.isatty() and _show_rich(title, result, rows, file)):
        table = text_table(result.columns, rows, rows_total=len(result))
        print(f"\n{title}\n{table}", file=file)


def _show_rich(title: str, result: AggregateResult, rows: list[list[object]], file: TextIO) -> bool:
    try:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ModuleNotFoundError:
        return False
    more = len(result) - len(rows)
    table = Table(title=title, title_justify="left", caption=f"… {more:,} more" if more else None)
    for name in result.columns:
        table.add_column(Text(name), justify="right" if name == result.measure else "left")
    for row in rows:
        cells = zip(result.columns, row, strict=True)
        # Text, not str: square brackets in a value are no markup.
        table.add_row(*(Text(cell_text(value, column=name)) for name, value in cells))
    console = Console(file=file)
    console.print()
    console.print(table)
    return True
