//! Aggregates: counts, sums, extremes, first and last values and distinct counts, by group.
//!
//! A block is folded in three steps, each a short loop over columns: which rows count, which group
//! each is in, what the group learns. Group keys are dictionary codes and other small numbers, so
//! nothing but a new group looks at a text; what several aggregates need of a block is computed
//! once, in a [`BlockCache`].
//!
//! The answer is a function of the set of events: not of their order, of how the input was cut into
//! blocks, or of which thread folded what. Sums are exact until they are rounded once, ties between
//! first values go by input order, and which groups stay where there are too many goes by a fixed
//! hash of the key. So [`Aggregate::merge`] of parts equals one fold of the whole, bit by bit.

mod spec;
mod calendar;
mod block_cache;
mod key;
mod group_index;
mod group;
mod exact_sum;
mod extreme;
mod distinct;
mod owned_cell;
mod state;
mod limit;
mod fold;
mod table;
mod result;
mod best_slot;

use evcore_event::{Block, Mask};

pub use block_cache::BlockCache;
pub use exact_sum::ExactSum;
pub use owned_cell::OwnedCell;
pub use result::AggregateResult;
pub use spec::{AggregateError, AggregateSpec, GROUPS_MAX, KeyPart, Measure, Names, Scope, Window};
pub use table::{ResultColumn, Texts, Values};

use block_cache::RowList;
use calendar::Calendar;
use fold::Folding;
use key::PartKind;

/// One aggregate and all it knows so far.
///
/// ```
/// use evcore::aggregate::{Aggregate, AggregateSpec, BlockCache, Measure, Scope};
/// use evcore_event::{Block, CellKind, Column, Mask};
///
/// let spec = AggregateSpec {
///     name: "revenue".into(),
///     measure: Measure::Sum(1),
///     by: Vec::new(),
///     window: None,
///     max_groups: 1000,
/// };
/// let mut aggregate = Aggregate::new(spec, "UTC").unwrap();
/// let mut columns = vec![Column::default(), Column::default()];
/// for (row, revenue) in [0.1, 0.2, 0.3].into_iter().enumerate() {
///     columns[0].set(row, CellKind::Time, 0);
///     columns[1].set(row, CellKind::Double, f64::to_bits(revenue));
/// }
/// let block = Block { len: 3, columns: &columns, input: b"", arena: b"" };
/// let scope = Scope {
///     dictionaries: &[],
///     tags: &[],
///     tag_names: &[],
///     categories: &[0; 3],
///     category_names: &[],
///     time_slot: 0,
///     first_row: 0,
/// };
/// let mut cache = BlockCache::new("UTC").unwrap();
/// cache.start_block();
/// aggregate.fold(&block, &Mask::ones(3), &scope, &mut cache);
/// assert_eq!(aggregate.result(&scope.names()).value.cell(0).as_f64(), Some(0.6));
/// ```
#[derive(Debug, Clone)]
pub struct Aggregate {
    spec: AggregateSpec,
    calendar: Calendar,
    fold: Folding,
    /// The rows of one tag.
    tagged: RowList,
}

impl Aggregate {
    /// Returns an aggregate of nothing yet; calendar windows and hours are those of the IANA zone.
    ///
    /// # Errors
    ///
    /// An [`AggregateError`]: what of the specification is impossible.
    pub fn new(spec: AggregateSpec, zone: &str) -> Result<Aggregate, AggregateError> {
        if let Some(Window::Every { us }) = spec.window
            && us < 1
        {
            return Err(AggregateError::Window { us });
        }
        if !(1..=GROUPS_MAX).contains(&spec.max_groups) {
            return Err(AggregateError::Groups { max_groups: spec.max_groups });
        }
        let kinds = key::part_kinds(&spec);
        if (1..kinds.len()).any(|at| kinds[..at].contains(&kinds[at])) {
            return Err(AggregateError::RepeatedKey);
        }
        let fold = Folding::new(&spec, kinds);
        let calendar = Calendar::new(zone)?;
        Ok(Aggregate { spec, calendar, fold, tagged: RowList::default() })
    }

    /// Returns what it was made from.
    pub fn spec(&self) -> &AggregateSpec {
        &self.spec
    }

    /// Takes in the rows of a block that are kept and pass the aggregate's `where`.
    ///
    /// `cache` must be of the same zone, and know that the block began
    /// ([`BlockCache::start_block`]).
    pub fn fold(
        &mut self,
        block: &Block<'_>,
        kept: &Mask,
        scope: &Scope<'_>,
        cache: &mut BlockCache,
    ) {
        debug_assert_eq!(cache.zone(), self.calendar.name(), "a cache of another zone");
        let fold = &mut self.fold;
        let by_tags = fold.kinds.contains(&PartKind::Tags);
        if self.spec.measure == Measure::Count
            && fold.kinds.iter().all(|kind| *kind == PartKind::Tags)
        {
            fold.count_whole(kept, scope, by_tags);
            return;
        }
        let needs_hours = fold.kinds.contains(&PartKind::WeekdayHour);
        cache.prepare(block, scope.time_slot, kept, self.spec.window, needs_hours);
        if !by_tags {
            fold.fold_rows(cache.rows(), 0, block, scope, cache);
            return;
        }
        for (tag, mask) in (0..).zip(scope.tags) {
            self.tagged.fill(kept.words().iter().zip(mask.words()).map(|(kept, tag)| kept & tag));
            fold.fold_rows(self.tagged.rows(), tag, block, scope, cache);
        }
    }

    /// Takes in all that `other`, of the same specification and zone, knows. `translate` gives the
    /// dictionary code here of a slot's code there; [`OVERFLOW`](evcore_event::intern::OVERFLOW) if it has none.
    pub fn merge(&mut self, other: &Aggregate, translate: &dyn Fn(usize, u32) -> u32) {
        debug_assert_eq!(self.spec, other.spec, "aggregates of two specifications were merged");
        self.fold.merge(&other.fold, translate);
    }

    /// Moves all that was folded by `places` in the order of the input, so that it comes after what
    /// another aggregate has folded: ties between first and last values go by that order.
    pub fn shift_order(&mut self, places: u64) {
        self.fold.states.shift_order(places);
    }

    /// Returns the groups sorted by key, their values, and what was left out.
    pub fn result(&self, names: &Names<'_>) -> AggregateResult {
        result::build(self, names)
    }

    /// Returns about how many bytes this holds.
    pub fn memory_bytes(&self) -> usize {
        size_of::<Aggregate>() + self.fold.heap_bytes() + self.tagged.heap_bytes()
    }
}
