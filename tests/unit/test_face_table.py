"""Tables for people: widths, escapes, and what is left out."""

from datetime import UTC, datetime

from evcore.table import cell_text, html_table, moment, text_table


def test_numbers_stand_to_the_right_and_wide_characters_count_twice():
    table = text_table(["name", "count"], [["靴", 5], ["ab", 1234]], rows_total=7)
    assert table.splitlines() == [
        "name  count",
        "----  -----",
        "靴        5",
        "ab    1,234",
        "… 5 more",
    ]


def test_cells_cannot_break_the_table():
    assert cell_text("a\nb\x1b[31m") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}[31m"
    assert len(cell_text("x" * 1000)) == 40
    assert cell_text(None) == "-"
    assert cell_text(2, column="weekday") == "Wednesday"
    assert cell_text(7, column="hour") == "07:00"
    assert cell_text(datetime(2026, 3, 3, tzinfo=UTC)) == "2026-03-03"
    assert cell_text(datetime(2026, 3, 3, 14, 30, tzinfo=UTC)) == "2026-03-03 14:30"
    assert cell_text(["a", "b"]) == "a, b"


def test_html_is_escaped_everywhere():
    attack = "<script>alert('x')</script>"
    page = html_table([attack], [[attack]], caption=attack)
    assert "<script>" not in page
    assert page.count("&lt;script&gt;") == 3


def test_a_time_past_what_datetime_holds_stays_a_number():
    assert moment(2**62) == 2**62
    assert moment(1) == datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
