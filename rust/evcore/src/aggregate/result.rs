//! The answer of an aggregate: sorted, with names for the numbers.

use std::cmp::Ordering;

use evcore_event::{Cell, CellKind};

use super::best_slot::best_slot;
use super::block_cache::NO_HOUR;
use super::calendar::{Calendar, NO_WINDOW};
use super::extreme::{Extreme, compare_whole};
use super::group::{NO_VALUE, window_of_part};
use super::key::PartKind;
use super::state::States;
use super::table::ResultColumn;
use super::{Aggregate, KeyPart, Measure, Names, Window};

/// The answer of an aggregate: one row for each group, sorted by key (no value first, then bools,
/// numbers, moments, texts byte by byte; the window before all).
#[derive(Debug, Clone, PartialEq)]
pub struct AggregateResult {
    /// The aggregate's name.
    pub name: String,
    /// `window` if there is one, then the keys in the order of `by`; `weekday` and `hour` are two.
    pub key_columns: Vec<ResultColumn>,
    /// The measure, called by its name. No value where no event of the group had one.
    pub value: ResultColumn,
    /// Number of groups.
    pub rows: usize,
    /// Events that are in no group, because there were more than `max_groups` or because a value
    /// found its dictionary full. With `by` tags, one for each tag of an event.
    pub given_up_rows: u64,
    /// Events whose value is of a kind that the measure cannot take, such as a text in a sum. With
    /// `by` tags, one for each tag of an event.
    pub mistyped: u64,
    /// For hours of the week without another key: the hour with the greatest value, in words, such
    /// as `Tuesday 14:00–15:00`. The earliest hour of the week wins a tie.
    pub best_slot: Option<String>,
}

pub(super) fn build(aggregate: &Aggregate, names: &Names<'_>) -> AggregateResult {
    let fold = &aggregate.fold;
    let (groups, given_up_rows) = fold.settled(names);
    let width = fold.kinds.len();
    let mut keys = vec![0; groups.len() * width];
    if width > 0 {
        for (parts, group) in keys.chunks_exact_mut(width).zip(&groups) {
            fold.groups.parts(*group as usize, parts);
        }
    }
    let parts: Vec<SortedPart> = (0..width)
        .map(|at| {
            let values = keys.iter().skip(at).step_by(width).copied();
            SortedPart::new(fold.kinds[at], values, names)
        })
        .collect();
    let order = sorted(&keys, &parts, groups.len());
    let mut labels = aggregate.spec.by.iter();
    let mut calendar = aggregate.calendar.clone();
    let mut key_columns = Vec::with_capacity(width + 1);
    for (at, kind) in fold.kinds.iter().enumerate() {
        let values = order.iter().map(|row| keys[*row as usize * width + at]);
        let label = match kind {
            PartKind::Window(_) => None,
            _ => labels.next(),
        };
        push_key_columns(&mut key_columns, *kind, label, values, names, &mut calendar);
    }
    let ordered: Vec<u32> = order.iter().map(|row| groups[*row as usize]).collect();
    let value = value_column(aggregate.spec.measure, &fold.states, &ordered);
    let best_slot = match fold.kinds[..] {
        [PartKind::WeekdayHour] => best_slot(order.iter().map(|row| keys[*row as usize]), &value),
        _ => None,
    };
    AggregateResult {
        name: aggregate.spec.name.clone(),
        key_columns,
        value,
        rows: groups.len(),
        given_up_rows,
        mistyped: fold.mistyped,
        best_slot,
    }
}

/// The order of one part's values, as ranks of few bits.
struct SortedPart {
    /// Different values in their order.
    values: Vec<u64>,
    /// By value less `base`: its rank, where the values lie close together.
    ranks: Vec<u32>,
    base: u64,
}

impl SortedPart {
    fn new(kind: PartKind, values: impl Iterator<Item = u64>, names: &Names<'_>) -> SortedPart {
        let mut distinct: Vec<u64> = Vec::new();
        // Neighbours are often equal, and the rest is few against the rows.
        values.for_each(|value| {
            if distinct.last() != Some(&value) {
                distinct.push(value);
            }
        });
        distinct.sort_unstable();
        distinct.dedup();
        let base = distinct.first().copied().unwrap_or(0);
        let span = distinct.last().map_or(0, |last| last - base);
        match kind {
            PartKind::Window(_) => {}
            PartKind::Column { slot } => {
                distinct.sort_by(|a, b| compare_cells(names.value(slot, *a), names.value(slot, *b)))
            }
            PartKind::Tags => distinct.sort_by_key(|tag| names.tag(*tag)),
            PartKind::Category => distinct.sort_by_key(|category| names.category(*category)),
            // The hour of events without a time comes first.
            PartKind::WeekdayHour => {
                distinct.sort_by_key(|hour| (*hour + 1) % (u64::from(NO_HOUR) + 1));
            }
        }
        let mut ranks = Vec::new();
        if span < 4 * distinct.len() as u64 + 4096 {
            ranks.resize(span as usize + 1, 0);
            for (value, rank) in distinct.iter().zip(0..) {
                ranks[(*value - base) as usize] = rank;
            }
        }
        SortedPart { values: distinct, ranks, base }
    }

    fn bits(&self) -> u32 {
        usize::BITS - self.values.len().leading_zeros()
    }

    fn rank(&self, value: u64) -> u32 {
        if self.ranks.is_empty() {
            // Only windows are spread this far, and they are in the order of their numbers.
            return self.values.partition_point(|other| *other < value) as u32;
        }
        self.ranks[(value - self.base) as usize]
    }
}

/// Returns the rows in the order of their keys.
fn sorted(keys: &[u64], parts: &[SortedPart], rows: usize) -> Vec<u32> {
    let width = parts.len();
    let mut order: Vec<u32> = (0..rows as u32).collect();
    if parts.iter().map(SortedPart::bits).sum::<u32>() <= 64 {
        let rank = |row: u32| {
            let key = &keys[row as usize * width..][..width];
            parts.iter().zip(key).fold(0_u64, |rank, (part, value)| {
                rank.checked_shl(part.bits()).unwrap_or(0) | u64::from(part.rank(*value))
            })
        };
        let mut ranked: Vec<(u64, u32)> = order.iter().map(|row| (rank(*row), *row)).collect();
        ranked.sort_unstable();
        return ranked.into_iter().map(|(_, row)| row).collect();
    }
    let ranks = |row: u32| {
        let key = &keys[row as usize * width..][..width];
        parts.iter().zip(key).map(|(part, value)| part.rank(*value))
    };
    order.sort_unstable_by(|a, b| ranks(*a).cmp(ranks(*b)));
    order
}

fn push_key_columns(
    columns: &mut Vec<ResultColumn>,
    kind: PartKind,
    label: Option<&KeyPart>,
    values: impl Iterator<Item = u64> + Clone,
    names: &Names<'_>,
    calendar: &mut Calendar,
) {
    let text = CellKind::Text;
    match kind {
        PartKind::Window(window) => {
            let starts = window_starts(window, values, calendar);
            let cells = starts.iter().map(|start| start.map_or(Cell::Missing, Cell::Time));
            columns.push(ResultColumn::of_cells("window", cells, CellKind::Time));
        }
        PartKind::Column { slot } => {
            let name = match label {
                Some(KeyPart::Column { label, .. }) => label,
                _ => "",
            };
            let cells = values.map(|part| names.value(slot, part));
            columns.push(ResultColumn::of_cells(name, cells, text));
        }
        PartKind::Tags => {
            let cells = values.map(|tag| Cell::Text(names.tag(tag).as_bytes()));
            columns.push(ResultColumn::of_cells("tag", cells, text));
        }
        PartKind::Category => {
            let cells = values.map(|part| Cell::Text(names.category(part).as_bytes()));
            columns.push(ResultColumn::of_cells("category", cells, text));
        }
        PartKind::WeekdayHour => {
            let part = |of: fn(i64) -> i64| {
                values.clone().map(move |hour| match hour {
                    hour if hour == u64::from(NO_HOUR) => Cell::Missing,
                    hour => Cell::Int(of(hour as i64)),
                })
            };
            columns.push(ResultColumn::of_cells("weekday", part(|hour| hour / 24), CellKind::Int));
            columns.push(ResultColumn::of_cells("hour", part(|hour| hour % 24), CellKind::Int));
        }
    }
}

/// Returns when each window starts. Rows are sorted by window, so each start is worked out once.
fn window_starts(
    window: Window,
    parts: impl Iterator<Item = u64>,
    calendar: &mut Calendar,
) -> Vec<Option<i64>> {
    let mut last = (NO_VALUE, None);
    parts
        .map(|part| {
            if part != last.0 {
                let number = window_of_part(part);
                debug_assert_ne!(number, NO_WINDOW);
                last = (part, Some(calendar.window_start(window, number)));
            }
            last.1
        })
        .collect()
}

fn value_column(measure: Measure, states: &States, groups: &[u32]) -> ResultColumn {
    let at = groups.iter().map(|group| *group as usize);
    let double = CellKind::Double;
    let name = measure.name();
    match states {
        States::Count(counts) => {
            ResultColumn::of_cells(name, at.map(|at| count_cell(counts[at])), CellKind::Int)
        }
        States::Distinct(sets) => {
            ResultColumn::of_cells(name, at.map(|at| count_cell(sets[at].len())), CellKind::Int)
        }
        States::Sum(sums) => {
            let is_mean = matches!(measure, Measure::Mean(_));
            let value = |at: usize| match sums[at].count() {
                0 => None,
                count if is_mean => Some(sums[at].value() / count as f64),
                _ => Some(sums[at].value()),
            };
            let values: Vec<Option<f64>> = at.map(value).collect();
            let cells = values.iter().map(|value| value.map_or(Cell::Missing, Cell::Double));
            ResultColumn::of_cells(name, cells, double)
        }
        States::Extreme { values, .. } => {
            let cells = at.map(|at| match values[at] {
                Extreme::None => Cell::Missing,
                Extreme::Int(value) => Cell::Int(value),
                Extreme::Uint(value) => Cell::Uint(value),
                Extreme::Double(value) => Cell::Double(value),
                Extreme::Time(value) => Cell::Time(value),
            });
            ResultColumn::of_cells(name, cells, double)
        }
        States::Ordered { held, .. } => {
            ResultColumn::of_cells(name, at.map(|at| held[at].value.cell()), CellKind::Text)
        }
    }
}

fn count_cell(count: u64) -> Cell<'static> {
    Cell::Int(count as i64)
}

/// Compares values for sorting: no value, bools, numbers, moments, texts, lists, maps.
pub(super) fn compare_cells(left: Cell<'_>, right: Cell<'_>) -> Ordering {
    let class = |cell: Cell<'_>| match cell {
        Cell::Missing | Cell::Null | Cell::Mismatch => 0,
        Cell::Bool(_) => 1,
        Cell::Int(_) | Cell::Uint(_) | Cell::Double(_) => 2,
        Cell::Time(_) => 3,
        Cell::Text(_) => 4,
        Cell::List(_) => 5,
        Cell::Map(_) => 6,
    };
    let whole = |cell: Cell<'_>| match cell {
        Cell::Int(value) => i128::from(value),
        Cell::Uint(value) => i128::from(value),
        _ => 0,
    };
    match (left, right) {
        (Cell::Bool(left), Cell::Bool(right)) => left.cmp(&right),
        (Cell::Time(left), Cell::Time(right)) => left.cmp(&right),
        (Cell::Text(left), Cell::Text(right))
        | (Cell::List(left), Cell::List(right))
        | (Cell::Map(left), Cell::Map(right)) => left.cmp(right),
        (Cell::Double(left), Cell::Double(right)) => left.total_cmp(&right),
        (left, Cell::Double(right)) if class(left) == 2 => compare_whole(whole(left), right),
        (Cell::Double(left), right) if class(right) == 2 => {
            compare_whole(whole(right), left).reverse()
        }
        (left, right) if class(left) == 2 && class(right) == 2 => whole(left).cmp(&whole(right)),
        (left, right) => class(left).cmp(&class(right)),
    }
}
