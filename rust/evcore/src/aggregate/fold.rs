//! A list of rows folded into groups, and groups merged into groups.

use evcore_event::limits::BLOCK_ROWS;
use evcore_event::{Block, Mask, intern};

use super::block_cache::{BlockCache, RowList};
use super::group::{Found, Groups, PartColumn, code_of_part, part_of_code};
use super::group_index::NO_GROUP;
use super::key::{KeyHasher, PartKind, keys_max};
use super::limit::Limit;
use super::state::{Assigned, States};
use super::{AggregateSpec, Measure, Names, Scope};

/// Key parts that need no memory of their own while a block is folded.
const COLUMNS_INLINE: usize = 8;

/// The part of an aggregate that a list of rows is folded into.
#[derive(Debug, Clone)]
pub(super) struct Folding {
    pub(super) kinds: Vec<PartKind>,
    slot: Option<usize>,
    pub(super) groups: Groups,
    pub(super) states: States,
    /// Rows by group, if the states do not say it and groups may be given up.
    rows_by_group: Option<Vec<u64>>,
    limit: Limit,
    hasher: KeyHasher,
    /// Rows whose value the measure cannot take.
    pub(super) mistyped: u64,
    group_of_row: Box<[u32; BLOCK_ROWS]>,
    picked: Box<[u16; BLOCK_ROWS]>,
    admitted: RowList,
}

impl Folding {
    pub(super) fn new(spec: &AggregateSpec, kinds: Vec<PartKind>) -> Folding {
        let gives_up = keys_max(&kinds).is_none_or(|keys| keys > spec.max_groups);
        let counts_rows = gives_up && spec.measure != Measure::Count;
        let mut fold = Folding {
            slot: spec.measure.slot(),
            groups: Groups::new(kinds.len()),
            states: States::new(&spec.measure),
            rows_by_group: counts_rows.then(Vec::new),
            limit: Limit::new(spec.max_groups),
            hasher: KeyHasher::default(),
            mistyped: 0,
            group_of_row: Box::new([NO_GROUP; BLOCK_ROWS]),
            picked: Box::new([0; BLOCK_ROWS]),
            admitted: RowList::default(),
            kinds,
        };
        if fold.kinds.is_empty() {
            // A total is there even of no events.
            fold.groups.group_of(&[]);
            fold.states.resize(1);
        }
        fold
    }

    /// Counts rows that all fall in one group, or in one a tag: only bits are counted.
    pub(super) fn count_whole(&mut self, kept: &Mask, scope: &Scope<'_>, by_tags: bool) {
        let total = Mask::default();
        let tags = if by_tags { scope.tags } else { std::slice::from_ref(&total) };
        for (tag, mask) in (0..).zip(tags) {
            let rows = if by_tags {
                let words = kept.words().iter().zip(mask.words());
                words.map(|(kept, tag)| u64::from((kept & tag).count_ones())).sum()
            } else {
                kept.count()
            };
            if rows > 0 {
                let key = [tag];
                let group = self.groups.group_of(&key[..self.kinds.len()]);
                self.states.resize(self.groups.len());
                if let States::Count(counts) = &mut self.states {
                    counts[group as usize] += rows;
                }
            }
        }
    }

    pub(super) fn fold_rows(
        &mut self,
        rows: &[u16],
        tag: u64,
        block: &Block<'_>,
        scope: &Scope<'_>,
        cache: &BlockCache,
    ) {
        let mut columns = [PartColumn::Constant(tag); COLUMNS_INLINE];
        let mut many = Vec::new();
        let columns = if self.kinds.len() <= COLUMNS_INLINE {
            &mut columns[..self.kinds.len()]
        } else {
            many.resize(self.kinds.len(), PartColumn::Constant(tag));
            &mut many[..]
        };
        for (column, kind) in columns.iter_mut().zip(&self.kinds) {
            *column = match *kind {
                PartKind::Window(window) => PartColumn::Windows(cache.windows(window)),
                PartKind::Column { slot } => PartColumn::Codes(&block.columns[slot].codes),
                PartKind::Tags => PartColumn::Constant(tag),
                PartKind::Category => PartColumn::Categories(scope.categories),
                PartKind::WeekdayHour => PartColumn::Hours(cache.hours()),
            };
        }
        let rows = match self.assign(rows, columns, block, &scope.names()) {
            Some(len) => &self.admitted.rows()[..len],
            None => rows,
        };
        let groups = &self.group_of_row[..rows.len()];
        self.states.resize(self.groups.len());
        if let Some(by_group) = &mut self.rows_by_group {
            by_group.resize(self.groups.len(), 0);
            groups.iter().for_each(|group| by_group[*group as usize] += 1);
        }
        let left = self.states.fold(
            Assigned {
                block,
                rows,
                groups,
                slot: self.slot.unwrap_or(0),
                time_slot: scope.time_slot,
                first_row: scope.first_row,
            },
            &mut self.picked,
        );
        self.mistyped += left.mistyped;
        self.limit.given_up_rows += left.given_up;
        if self.limit.is_past(self.groups.len()) {
            self.give_up(&scope.names());
        }
    }

    /// Finds the group of each row; returns how many rows stay, then listed in `admitted`, or `None`
    /// if all do.
    fn assign(
        &mut self,
        rows: &[u16],
        columns: &[PartColumn<'_>],
        block: &Block<'_>,
        names: &Names<'_>,
    ) -> Option<usize> {
        let mut stayed = None;
        loop {
            let list = stayed.map_or(rows, |len| &self.admitted.rows()[..len]);
            let Folding { groups, group_of_row, kinds, limit, hasher, .. } = self;
            let found = match limit.hash_max {
                None => groups.assign(list, columns, group_of_row, None),
                Some(most) => {
                    let mut admit = |key: &[u64]| hasher.hash(kinds, key, names) <= most;
                    groups.assign(list, columns, group_of_row, Some(&mut admit))
                }
            };
            if found == Found::All {
                return stayed;
            }
            if stayed.is_none() {
                self.admitted.copy_from(rows);
            }
            let (before, column) =
                (self.admitted.rows().len(), self.slot.map(|s| &block.columns[s]));
            let (states, group_of_row) = (&self.states, &mut self.group_of_row);
            let (mut mistyped, mut len) = (0, 0);
            self.admitted.retain(|at, row| {
                let stays = match found {
                    Found::Overflow => !columns.iter().any(|column| column.is_overflow(row.into())),
                    _ => group_of_row[at] != NO_GROUP,
                };
                if stays {
                    group_of_row[len] = group_of_row[at];
                    len += 1;
                } else if let Some(column) = column {
                    mistyped += states.mistyped(column, row);
                }
                stays
            });
            self.mistyped += mistyped;
            self.limit.given_up_rows += (before - len) as u64;
            stayed = Some(len);
            if found == Found::Some {
                return stayed;
            }
        }
    }

    /// Brings the groups down to the limit.
    #[cold]
    fn give_up(&mut self, names: &Names<'_>) {
        let hashes = self.hasher.hash_all(&self.kinds, &self.groups, names);
        let Some((kept, hash_max)) = self.limit.choose(&hashes) else { return };
        self.limit.given_up_rows += self.rows_outside(&kept);
        self.limit.hash_max = Some(hash_max);
        self.groups.keep(&kept);
        self.states.keep(&kept);
        if let Some(rows) = &mut self.rows_by_group {
            *rows = kept.iter().map(|group| rows[*group as usize]).collect();
        }
    }

    /// Returns the groups that a result shows, and how many rows it leaves out.
    pub(super) fn settled(&self, names: &Names<'_>) -> (Vec<u32>, u64) {
        let given_up = self.limit.given_up_rows;
        if self.groups.len() > self.limit.groups_max {
            let hashes = KeyHasher::default().hash_all(&self.kinds, &self.groups, names);
            if let Some((kept, _)) = self.limit.choose(&hashes) {
                let outside = self.rows_outside(&kept);
                return (kept, given_up + outside);
            }
        }
        ((0..self.groups.len() as u32).collect(), given_up)
    }

    fn rows_of(&self, group: u32) -> u64 {
        match (&self.states, &self.rows_by_group) {
            (States::Count(counts), _) => counts[group as usize],
            (_, Some(rows)) => rows[group as usize],
            (_, None) => 0,
        }
    }

    /// Returns how many rows are in groups other than these.
    fn rows_outside(&self, kept: &[u32]) -> u64 {
        let all: u64 = (0..self.groups.len() as u32).map(|group| self.rows_of(group)).sum();
        all - kept.iter().map(|group| self.rows_of(*group)).sum::<u64>()
    }

    pub(super) fn merge(&mut self, other: &Folding, translate: &dyn Fn(usize, u32) -> u32) {
        self.mistyped += other.mistyped;
        self.limit.merge(&other.limit);
        let mut parts = vec![0; self.kinds.len()];
        'groups: for others_group in 0..other.groups.len() {
            other.groups.parts(others_group, &mut parts);
            let rows = other.rows_of(others_group as u32);
            for (part, kind) in parts.iter_mut().zip(&self.kinds) {
                if let PartKind::Column { slot } = *kind {
                    let code = match code_of_part(*part) {
                        intern::MISSING => intern::MISSING,
                        code => translate(slot, code),
                    };
                    if code == intern::OVERFLOW {
                        self.limit.given_up_rows += rows;
                        continue 'groups;
                    }
                    *part = part_of_code(code);
                }
            }
            let group = self.groups.group_of(&parts) as usize;
            self.states.resize(self.groups.len());
            if let Some(by_group) = &mut self.rows_by_group {
                by_group.resize(self.groups.len(), 0);
                by_group[group] += rows;
            }
            let slot = self.slot.unwrap_or(0);
            let lost = self
                .states
                .merge_group(group, &other.states, others_group, &|code| translate(slot, code));
            self.limit.given_up_rows += lost;
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let rows = self.rows_by_group.as_ref().map_or(0, |rows| rows.capacity() * 8);
        let scratch = size_of_val(&*self.group_of_row) + size_of_val(&*self.picked);
        scratch
            + rows
            + self.admitted.heap_bytes()
            + self.groups.heap_bytes()
            + self.states.heap_bytes()
            + self.hasher.heap_bytes()
    }
}
