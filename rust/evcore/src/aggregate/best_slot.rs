//! The best hour of the week, in words: what a marketer asks of a heat map.

use evcore_event::Cell;

use super::block_cache::NO_HOUR;
use super::result::compare_cells;
use super::table::ResultColumn;

const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Returns the hour of the week with the greatest number, as `Tuesday 14:00–15:00`; the earliest of
/// equal ones. `None` if no hour has a number.
///
/// `hours` are the rows' hours of the week, 0 for Monday 00:00, in ascending order.
pub(super) fn best_slot(hours: impl Iterator<Item = u64>, value: &ResultColumn) -> Option<String> {
    let mut best: Option<(u64, Cell<'_>)> = None;
    for (row, hour) in hours.enumerate() {
        let cell = value.cell(row);
        if hour == u64::from(NO_HOUR) || cell.as_f64().is_none_or(f64::is_nan) {
            continue;
        }
        if best.is_none_or(|(_, most)| compare_cells(cell, most).is_gt()) {
            best = Some((hour, cell));
        }
    }
    best.map(|(hour, _)| in_words(hour))
}

fn in_words(hour_of_week: u64) -> String {
    let (weekday, hour) = (WEEKDAYS[hour_of_week as usize / 24 % 7], hour_of_week % 24);
    format!("{weekday} {hour:02}:00–{:02}:00", hour + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use evcore_event::CellKind;

    #[test]
    fn the_earliest_of_the_greatest_is_named() {
        type Rows = &'static [(u64, Cell<'static>)];
        let table: &[(Rows, Option<&str>)] = &[
            (&[], None),
            (&[(38, Cell::Int(5)), (39, Cell::Int(5))], Some("Tuesday 14:00–15:00")),
            (&[(0, Cell::Int(5)), (167, Cell::Int(6))], Some("Sunday 23:00–24:00")),
            (&[(168, Cell::Int(9)), (0, Cell::Int(1))], Some("Monday 00:00–01:00")),
            (&[(3, Cell::Missing), (4, Cell::Double(-1.5))], Some("Monday 04:00–05:00")),
            (&[(3, Cell::Text(b"x"))], None),
            (&[(3, Cell::Double(f64::NAN)), (9, Cell::Double(0.0))], Some("Monday 09:00–10:00")),
        ];
        for (rows, expected) in table {
            let cells = rows.iter().map(|(_, cell)| *cell);
            let value = ResultColumn::of_cells("x", cells, CellKind::Double);
            let found = best_slot(rows.iter().map(|(hour, _)| *hour), &value);
            assert_eq!(found.as_deref(), *expected, "{rows:?}");
        }
    }
}
