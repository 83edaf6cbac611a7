//! What the parts of a group's key mean: the order of the parts, their fixed hash, their values.

use evcore_event::{Cell, Dictionary, intern};

use super::block_cache::NO_HOUR;
use super::group::{Groups, NO_VALUE, code_of_part, part_of_code, window_of_part};
use super::limit::{hash_bytes, hash_value, mix};
use super::{AggregateSpec, KeyPart, Names, Window};

/// What one part of a packed key is. The window, if there is one, comes first: results are sorted
/// by it first, and on top of a packed key it keeps events of the same time together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartKind {
    Window(Window),
    Column { slot: usize },
    Tags,
    Category,
    WeekdayHour,
}

/// Returns the parts of an aggregate's keys.
pub(super) fn part_kinds(spec: &AggregateSpec) -> Vec<PartKind> {
    let window = spec.window.map(PartKind::Window);
    let by = spec.by.iter().map(|part| match part {
        KeyPart::Column { slot, .. } => PartKind::Column { slot: *slot },
        KeyPart::Tags => PartKind::Tags,
        KeyPart::Category => PartKind::Category,
        KeyPart::WeekdayHour => PartKind::WeekdayHour,
    });
    window.into_iter().chain(by).collect()
}

/// Returns how many keys there can be, if that is known.
pub(super) fn keys_max(kinds: &[PartKind]) -> Option<usize> {
    kinds.iter().try_fold(1_usize, |product, kind| match kind {
        PartKind::Window(_) | PartKind::Column { .. } => None,
        PartKind::Tags => product.checked_mul(u64::BITS as usize),
        PartKind::Category => product.checked_mul(usize::from(u16::MAX) + 1),
        PartKind::WeekdayHour => product.checked_mul(usize::from(NO_HOUR) + 1),
    })
}

impl<'a> Names<'a> {
    pub(super) fn dictionary(&self, slot: usize) -> Option<&'a Dictionary> {
        self.dictionaries.get(slot).and_then(Option::as_ref)
    }

    /// Returns the value of a part that is a dictionary code.
    pub(super) fn value(&self, slot: usize, part: u64) -> Cell<'a> {
        match self.dictionary(slot) {
            Some(dictionary) if part != NO_VALUE => dictionary.value(code_of_part(part)),
            _ => Cell::Missing,
        }
    }

    pub(super) fn tag(&self, part: u64) -> &'a str {
        self.tag_names.get(part as usize).map_or("", String::as_str)
    }

    /// Returns the name of a category; `""` for events without one.
    pub(super) fn category(&self, part: u64) -> &'a str {
        let name = (part as usize).checked_sub(1).and_then(|at| self.category_names.get(at));
        name.map_or("", String::as_str)
    }
}

/// Returns the fixed hash of one part's value.
fn hash_part(kind: PartKind, part: u64, names: &Names<'_>) -> u64 {
    match kind {
        PartKind::Window(_) => mix(16, window_of_part(part) as u64),
        PartKind::Column { slot } => hash_value(names.value(slot, part)),
        PartKind::Tags => hash_bytes(17, names.tag(part).as_bytes()),
        PartKind::Category => hash_bytes(18, names.category(part).as_bytes()),
        PartKind::WeekdayHour => mix(19, part),
    }
}

/// Hashes keys and remembers the hashes of dictionary values: past the limit of groups each row of a
/// group that was given up is hashed.
#[derive(Debug, Clone, Default)]
pub(super) struct KeyHasher {
    /// For each part, the hash by dictionary code; 0 where it is not known yet.
    by_code: Vec<Vec<u64>>,
}

impl KeyHasher {
    pub(super) fn hash(&mut self, kinds: &[PartKind], parts: &[u64], names: &Names<'_>) -> u64 {
        self.by_code.resize(kinds.len(), Vec::new());
        let mut hash = 0;
        for ((kind, part), known) in kinds.iter().zip(parts).zip(&mut self.by_code) {
            let part_hash = match *kind {
                PartKind::Column { slot } => {
                    if known.len() <= *part as usize {
                        let codes = names.dictionary(slot).map_or(0, Dictionary::code_end);
                        let len = part_of_code(codes.max(intern::FIRST_VALUE)) as usize;
                        known.resize(len.max(*part as usize + 1), 0);
                    }
                    let slot = &mut known[*part as usize];
                    if *slot == 0 {
                        *slot = hash_part(*kind, *part, names);
                    }
                    *slot
                }
                _ => hash_part(*kind, *part, names),
            };
            hash = mix(hash, part_hash);
        }
        hash
    }

    /// Returns the hash of every group's key.
    pub(super) fn hash_all(
        &mut self,
        kinds: &[PartKind],
        groups: &Groups,
        names: &Names<'_>,
    ) -> Vec<u64> {
        let mut parts = vec![0; kinds.len()];
        let hash = |group| {
            groups.parts(group, &mut parts);
            self.hash(kinds, &parts, names)
        };
        (0..groups.len()).map(hash).collect()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.by_code.iter().map(|known| known.capacity() * 8).sum()
    }
}
