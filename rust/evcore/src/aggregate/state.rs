//! What an aggregate remembers of each group, by measure, and how a block of rows changes it.
//!
//! Each loop first lists the rows whose cell counts, without a branch, then works through the list:
//! whether an event has a revenue or a user is close to random, and a mispredicted branch costs more
//! than all else the loop does.

use evcore_event::limits::BLOCK_ROWS;
use evcore_event::{Block, CellKind, Column, intern};

use super::Measure;
use super::distinct::CodeSet;
use super::exact_sum::ExactSum;
use super::extreme::Extreme;
use super::owned_cell::OwnedCell;

/// What every group remembers.
#[derive(Debug, Clone)]
pub(super) enum States {
    Count(Vec<u64>),
    Sum(Vec<ExactSum>),
    Extreme { is_max: bool, values: Vec<Extreme> },
    Ordered { is_last: bool, held: Vec<Held>, changed: Vec<u32> },
    Distinct(Vec<CodeSet>),
}

/// The first or last value so far, and when it was.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    time_us: i64,
    /// The event's place in the input.
    order: u64,
    /// Nothing was seen yet; a value is held; or one is chosen from this block, still to be copied.
    stage: Stage,
    pub(super) value: OwnedCell,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Stage {
    #[default]
    Empty,
    Held,
    Chosen,
}

/// The rows of a block that go into groups: `rows[i]` into `groups[i]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Assigned<'a> {
    pub(super) block: &'a Block<'a>,
    pub(super) rows: &'a [u16],
    pub(super) groups: &'a [u32],
    pub(super) slot: usize,
    pub(super) time_slot: usize,
    pub(super) first_row: u64,
}

/// Rows whose value did not go in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Left {
    /// The value is of a kind that the measure cannot take.
    pub(super) mistyped: u64,
    /// The value found its dictionary full.
    pub(super) given_up: u64,
}

/// Whether a cell of a kind goes into a measure.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(u8)]
enum Use {
    Ignored,
    Counted,
    Mistyped,
}

/// By kind: what a measure does with a cell.
type Uses = [Use; 16];

const fn uses(counted: &[CellKind], others: Use) -> Uses {
    let mut uses = [others; 16];
    uses[CellKind::Missing as usize] = Use::Ignored;
    uses[CellKind::Null as usize] = Use::Ignored;
    let mut at = 0;
    while at < counted.len() {
        uses[counted[at] as usize] = Use::Counted;
        at += 1;
    }
    uses
}

const NUMBERS: Uses = uses(&[CellKind::Int, CellKind::Uint, CellKind::Double], Use::Mistyped);
const NUMBERS_AND_TIMES: Uses =
    uses(&[CellKind::Int, CellKind::Uint, CellKind::Double, CellKind::Time], Use::Mistyped);
const ALL_VALUES: Uses = uses(
    &[
        CellKind::Bool,
        CellKind::Int,
        CellKind::Uint,
        CellKind::Double,
        CellKind::Text,
        CellKind::List,
        CellKind::Map,
        CellKind::Time,
    ],
    Use::Ignored,
);

impl States {
    pub(super) fn new(measure: &Measure) -> States {
        match measure {
            Measure::Count => States::Count(Vec::new()),
            Measure::Sum(_) | Measure::Mean(_) => States::Sum(Vec::new()),
            Measure::Min(_) => States::Extreme { is_max: false, values: Vec::new() },
            Measure::Max(_) => States::Extreme { is_max: true, values: Vec::new() },
            Measure::First(_) => {
                States::Ordered { is_last: false, held: Vec::new(), changed: Vec::new() }
            }
            Measure::Last(_) => {
                States::Ordered { is_last: true, held: Vec::new(), changed: Vec::new() }
            }
            Measure::Distinct(_) => States::Distinct(Vec::new()),
        }
    }

    /// Makes empty states for new groups.
    pub(super) fn resize(&mut self, groups: usize) {
        match self {
            States::Count(counts) => counts.resize(groups, 0),
            States::Sum(sums) => sums.resize(groups, ExactSum::default()),
            States::Extreme { values, .. } => values.resize(groups, Extreme::None),
            States::Ordered { held, .. } => held.resize(groups, Held::default()),
            States::Distinct(sets) => sets.resize(groups, CodeSet::default()),
        }
    }

    /// Keeps some groups, which get their numbers from their places in `kept`.
    pub(super) fn keep(&mut self, kept: &[u32]) {
        fn pick<T: Default>(states: &mut Vec<T>, kept: &[u32]) {
            *states = kept.iter().map(|at| std::mem::take(&mut states[*at as usize])).collect();
        }
        match self {
            States::Count(counts) => pick(counts, kept),
            States::Sum(sums) => pick(sums, kept),
            States::Extreme { values, .. } => {
                *values = kept.iter().map(|group| values[*group as usize]).collect();
            }
            States::Ordered { held, .. } => pick(held, kept),
            States::Distinct(sets) => pick(sets, kept),
        }
    }

    /// Returns 1 if a row has a value that the measure cannot take, otherwise 0.
    pub(super) fn mistyped(&self, column: &Column, row: u16) -> u64 {
        u64::from(use_of(self.uses(), column, row) == Use::Mistyped)
    }

    fn uses(&self) -> &'static Uses {
        match self {
            States::Sum(_) => &NUMBERS,
            States::Extreme { .. } => &NUMBERS_AND_TIMES,
            _ => &ALL_VALUES,
        }
    }

    /// Takes the rows of a block in. `picked` is scratch.
    pub(super) fn fold(&mut self, input: Assigned<'_>, picked: &mut [u16; BLOCK_ROWS]) -> Left {
        if let States::Count(counts) = self {
            input.groups.iter().for_each(|group| counts[*group as usize] += 1);
            return Left::default();
        }
        if let States::Distinct(sets) = self {
            return fold_distinct(sets, input, picked);
        }
        let column = &input.block.columns[input.slot];
        let (len, mistyped) = pick(self.uses(), column, input.rows, picked);
        let picked = picked[..len].iter().map(|at| {
            let row = usize::from(input.rows[usize::from(*at)]) % BLOCK_ROWS;
            (row, input.groups[usize::from(*at)])
        });
        match self {
            States::Sum(sums) => {
                for (row, group) in picked {
                    let (sum, bits) = (&mut sums[group as usize], column.bits[row]);
                    match column.kind(row) {
                        CellKind::Double => sum.add(f64::from_bits(bits)),
                        CellKind::Int => sum.add_int(bits as i64),
                        _ => sum.add_uint(bits),
                    }
                }
            }
            States::Extreme { is_max, values } => {
                for (row, group) in picked {
                    let value = Extreme::from_cell(column.kinds[row], column.bits[row]);
                    let held = &mut values[group as usize];
                    if value.beats(*held, *is_max) {
                        *held = value;
                    }
                }
            }
            States::Ordered { is_last, held, changed } => {
                let times = &input.block.columns[input.time_slot];
                for (row, group) in picked {
                    if times.kind(row) == CellKind::Time {
                        let place = (times.bits[row] as i64, input.first_row + row as u64);
                        held[group as usize].choose(place, *is_last, group, changed);
                    }
                }
                // A group's value is copied once a block, however often it changed.
                for group in changed.drain(..) {
                    let held = &mut held[group as usize];
                    let row = (held.order - input.first_row) as usize;
                    held.value.set(input.block.cell(input.slot, row));
                    held.stage = Stage::Held;
                }
            }
            States::Count(_) | States::Distinct(_) => {}
        }
        Left { mistyped, given_up: 0 }
    }

    /// Takes in what another aggregate knows of one of its groups. `translate` gives the code here of
    /// a dictionary code there. Returns how many values found the dictionary here full.
    pub(super) fn merge_group(
        &mut self,
        group: usize,
        other: &States,
        others_group: usize,
        translate: &dyn Fn(u32) -> u32,
    ) -> u64 {
        let mut lost = 0;
        match (self, other) {
            (States::Count(mine), States::Count(others)) => mine[group] += others[others_group],
            (States::Sum(mine), States::Sum(others)) => mine[group].merge(&others[others_group]),
            (States::Extreme { is_max, values }, States::Extreme { values: others, .. }) => {
                if others[others_group].beats(values[group], *is_max) {
                    values[group] = others[others_group];
                }
            }
            (States::Ordered { is_last, held, .. }, States::Ordered { held: others, .. }) => {
                let (mine, other) = (&mut held[group], &others[others_group]);
                if other.stage == Stage::Held && mine.yields_to(other.place(), *is_last) {
                    mine.clone_from(other);
                }
            }
            (States::Distinct(mine), States::Distinct(others)) => {
                others[others_group].for_each(|code| {
                    let code = translate(code);
                    if code == intern::OVERFLOW {
                        lost += 1;
                    } else {
                        mine[group].insert(code);
                    }
                });
            }
            _ => debug_assert!(false, "aggregates of two measures were merged"),
        }
        lost
    }

    /// Returns the bytes of all groups.
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            States::Count(counts) => counts.capacity() * size_of::<u64>(),
            States::Sum(sums) => {
                let behind: usize = sums.iter().map(ExactSum::heap_bytes).sum();
                sums.capacity() * size_of::<ExactSum>() + behind
            }
            States::Extreme { values, .. } => values.capacity() * size_of::<Extreme>(),
            States::Ordered { held, .. } => {
                let behind: usize = held.iter().map(|held| held.value.heap_bytes()).sum();
                held.capacity() * size_of::<Held>() + behind
            }
            States::Distinct(sets) => {
                let behind: usize = sets.iter().map(CodeSet::heap_bytes).sum();
                sets.capacity() * size_of::<CodeSet>() + behind
            }
        }
    }
}

impl States {
    /// Moves the events behind first and last values by `places` in the order of the input.
    pub(super) fn shift_order(&mut self, places: u64) {
        if let States::Ordered { held, .. } = self {
            held.iter_mut().for_each(|held| held.order += places);
        }
    }
}

impl Held {
    fn place(&self) -> (i64, u64) {
        (self.time_us, self.order)
    }

    #[inline(always)]
    fn yields_to(&self, place: (i64, u64), is_last: bool) -> bool {
        self.stage == Stage::Empty
            || if is_last { place > self.place() } else { place < self.place() }
    }

    #[inline(always)]
    fn choose(&mut self, place: (i64, u64), is_last: bool, group: u32, changed: &mut Vec<u32>) {
        if self.yields_to(place, is_last) {
            (self.time_us, self.order) = place;
            if self.stage != Stage::Chosen {
                self.stage = Stage::Chosen;
                changed.push(group);
            }
        }
    }
}

#[inline(always)]
fn use_of(uses: &Uses, column: &Column, row: u16) -> Use {
    uses[usize::from(column.kinds[usize::from(row) % BLOCK_ROWS]) % 16]
}

/// Lists the places in `rows` whose cell counts; returns how many, and how many are mistyped.
#[inline(always)]
fn pick(
    uses: &Uses,
    column: &Column,
    rows: &[u16],
    picked: &mut [u16; BLOCK_ROWS],
) -> (usize, u64) {
    let (mut len, mut mistyped) = (0, 0);
    for (at, row) in (0..).zip(rows) {
        let use_of = use_of(uses, column, *row);
        picked[len % BLOCK_ROWS] = at;
        len += usize::from(use_of == Use::Counted);
        mistyped += u64::from(use_of == Use::Mistyped);
    }
    (len, mistyped)
}

fn fold_distinct(
    sets: &mut [CodeSet],
    input: Assigned<'_>,
    picked: &mut [u16; BLOCK_ROWS],
) -> Left {
    let codes = &input.block.columns[input.slot].codes;
    let code_of = |row: u16| codes[usize::from(row) % BLOCK_ROWS];
    let (mut len, mut left) = (0, Left::default());
    for (at, row) in (0..).zip(input.rows) {
        let code = code_of(*row);
        let is_value =
            code.wrapping_sub(intern::FIRST_VALUE) < intern::OVERFLOW - intern::FIRST_VALUE;
        picked[len % BLOCK_ROWS] = at;
        len += usize::from(is_value);
        left.given_up += u64::from(code == intern::OVERFLOW);
    }
    for at in &picked[..len] {
        let at = usize::from(*at);
        sets[input.groups[at] as usize].insert(code_of(input.rows[at]));
    }
    left
}
