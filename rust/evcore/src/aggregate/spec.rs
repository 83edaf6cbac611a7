//! What an aggregate is asked for, and what it reads beside the columns of a block.

use evcore_event::{Dictionary, Mask};

/// Groups that one aggregate may be asked to keep: group numbers are 32 bits, and a quarter more
/// groups than the limit are held for a while.
pub const GROUPS_MAX: usize = 1 << 31;

/// One `[[aggregate]]` of a configuration, its paths resolved to slots.
#[derive(Debug, Clone, PartialEq)]
pub struct AggregateSpec {
    /// The aggregate's name.
    pub name: String,
    /// What is measured.
    pub measure: Measure,
    /// What the groups are, in the order of the result's key columns.
    pub by: Vec<KeyPart>,
    /// The time windows that groups are cut into.
    pub window: Option<Window>,
    /// Groups kept at most: 1 to [`GROUPS_MAX`].
    pub max_groups: usize,
}

/// What is measured, with the slot of the column that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Number of events.
    Count,
    /// Exact sum of the numbers, as a double.
    Sum(usize),
    /// The rounded sum divided by the count of the numbers.
    Mean(usize),
    /// The least number, or the earliest moment.
    Min(usize),
    /// The greatest number, or the latest moment.
    Max(usize),
    /// The value of the earliest event that has one; ties go to the first in the input.
    First(usize),
    /// The value of the latest event that has one; ties go to the last in the input.
    Last(usize),
    /// Number of different values. The column needs dictionary codes.
    Distinct(usize),
}

impl Measure {
    /// Returns the measure's name in configurations; the result's value column is called so.
    pub const fn name(self) -> &'static str {
        match self {
            Measure::Count => "count",
            Measure::Sum(_) => "sum",
            Measure::Mean(_) => "mean",
            Measure::Min(_) => "min",
            Measure::Max(_) => "max",
            Measure::First(_) => "first",
            Measure::Last(_) => "last",
            Measure::Distinct(_) => "distinct",
        }
    }

    pub(super) const fn slot(self) -> Option<usize> {
        match self {
            Measure::Count => None,
            Measure::Sum(slot)
            | Measure::Mean(slot)
            | Measure::Min(slot)
            | Measure::Max(slot)
            | Measure::First(slot)
            | Measure::Last(slot)
            | Measure::Distinct(slot) => Some(slot),
        }
    }
}

/// One part of a group's key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum KeyPart {
    /// A column that has dictionary codes. Missing, null and a path through a non-object are one
    /// group.
    Column {
        /// The column's slot.
        slot: usize,
        /// What the result calls it.
        label: String,
    },
    /// Each of the event's tags: an event counts once in each, and nowhere if it has none.
    Tags,
    /// The event's category; `""` if it has none.
    Category,
    /// The hour of the week on the zone's clocks: two columns, `weekday` (0 is Monday) and `hour`.
    WeekdayHour,
}

/// A tumbling time window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Window {
    /// From `floor(time / us) * us` on, in UTC.
    Every {
        /// The length in microseconds, at least 1.
        us: i64,
    },
    /// A day of the zone's calendar.
    Day,
    /// A week of the zone's calendar, from Monday.
    Week,
    /// A month of the zone's calendar.
    Month,
}

/// What aggregates read of a block beside its columns.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// By slot; there for every column that a key or a distinct count reads.
    pub dictionaries: &'a [Option<Dictionary>],
    /// By tag: which events have it.
    pub tags: &'a [Mask],
    /// By tag.
    pub tag_names: &'a [String],
    /// By row: 0 for none, otherwise 1 + the category's place in `category_names`.
    pub categories: &'a [u16],
    /// In the configuration's order.
    pub category_names: &'a [String],
    /// The slot of event time.
    pub time_slot: usize,
    /// The place of row 0 in the input; rows count up from it.
    pub first_row: u64,
}

impl<'a> Scope<'a> {
    /// Returns what results need of it.
    pub fn names(&self) -> Names<'a> {
        Names {
            dictionaries: self.dictionaries,
            tag_names: self.tag_names,
            category_names: self.category_names,
        }
    }
}

/// What the numbers in a key stand for.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// By slot.
    pub dictionaries: &'a [Option<Dictionary>],
    /// By tag.
    pub tag_names: &'a [String],
    /// In the configuration's order.
    pub category_names: &'a [String],
}

/// Every way an aggregate can be impossible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AggregateError {
    /// There is no such time zone.
    #[error("there is no time zone `{name}`")]
    Zone {
        /// The name that was asked for.
        name: String,
    },
    /// A window has no length.
    #[error("a window must be longer than 0, got {us} microseconds")]
    Window {
        /// The length that was asked for.
        us: i64,
    },
    /// `max_groups` is not in 1 to [`GROUPS_MAX`].
    #[error("max_groups must be 1 to {GROUPS_MAX}, got {max_groups}")]
    Groups {
        /// The limit that was asked for.
        max_groups: usize,
    },
    /// `by` names the same thing twice.
    #[error("`by` names the same key twice")]
    RepeatedKey,
}
