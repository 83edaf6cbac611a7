"""A bar chart as SVG, by hand: it is a dozen rectangles, and a plotting library is 50 MB."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, LABEL_WIDTH, VALUE_WIDTH = 720, 150, 70
BAR_HEIGHT, GAP, TOP = 26, 12, 56
OURS, OTHERS, TEXT, PAPER = "#1f6f5c", "#9aa5ab", "#22292d", "#ffffff"


def bars(title: str, rows: Sequence[tuple[str, float]]) -> str:
    """Return a chart of horizontal bars; the first row is the one that the chart is about."""
    longest = max((value for _, value in rows), default=0.0) or 1.0
    height = TOP + len(rows) * (BAR_HEIGHT + GAP) + GAP
    room = WIDTH - LABEL_WIDTH - VALUE_WIDTH
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}" font-family="system-ui, sans-serif" fill="{TEXT}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>',
        f'<text x="16" y="32" font-size="16" font-weight="600">{escape(title)}</text>',
    ]
    for number, (name, value) in enumerate(rows):
        top = TOP + number * (BAR_HEIGHT + GAP)
        middle = top + BAR_HEIGHT * 0.7
        length = max(1.0, room * value / longest)
        parts += [
            f'<text x="{LABEL_WIDTH - 10}" y="{middle:.1f}" font-size="14" text-anchor="end">'
            f"{escape(name)}</text>",
            f'<rect x="{LABEL_WIDTH}" y="{top}" width="{length:.1f}" height="{BAR_HEIGHT}" rx="3" '
            f'fill="{OURS if number == 0 else OTHERS}"/>',
            f'<text x="{LABEL_WIDTH + length + 8:.1f}" y="{middle:.1f}" font-size="14">'
            f"{value:.2f}</text>",
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"
