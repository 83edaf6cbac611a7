//! Events for the tests of aggregates, and a fold of them in any number of parts.

#![allow(dead_code)] // Each test file uses its part of this.

use evcore::aggregate::{Aggregate, AggregateResult, AggregateSpec, BlockCache, Names, Scope};
use evcore_event::{Block, Cell, CellKind, Column, Dictionary, Mask, Span};

/// The columns of the test's events, by slot.
pub const TIME: usize = 0;
pub const NAME: usize = 1;
pub const PLACE: usize = 2;
pub const VALUE: usize = 3;

/// A cell that owns its text.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Missing,
    Null,
    Mismatch,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(String),
    List(String),
    Time(i64),
}

impl Value {
    pub fn cell(&self) -> Cell<'_> {
        match self {
            Value::Missing => Cell::Missing,
            Value::Null => Cell::Null,
            Value::Mismatch => Cell::Mismatch,
            Value::Bool(value) => Cell::Bool(*value),
            Value::Int(value) => Cell::Int(*value),
            Value::Uint(value) => Cell::Uint(*value),
            Value::Double(value) => Cell::Double(*value),
            Value::Text(text) => Cell::Text(text.as_bytes()),
            Value::List(json) => Cell::List(json.as_bytes()),
            Value::Time(value) => Cell::Time(*value),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Event {
    pub time: Option<i64>,
    pub name: Value,
    pub place: Value,
    pub value: Value,
    /// One bit a tag.
    pub tags: u8,
    pub category: u16,
    pub kept: bool,
}

pub fn tag_names() -> Vec<String> {
    ["vip", "purchase", "new"].map(String::from).to_vec()
}

pub fn category_names() -> Vec<String> {
    ["sales", "browse"].map(String::from).to_vec()
}

/// One thread's work: an aggregate, its dictionaries and its cache.
pub struct Part {
    pub aggregate: Aggregate,
    pub dictionaries: Vec<Option<Dictionary>>,
    cache: BlockCache,
}

impl Part {
    pub fn new(spec: &AggregateSpec, zone: &str) -> Part {
        Part {
            aggregate: Aggregate::new(spec.clone(), zone).unwrap(),
            dictionaries: (0..4)
                .map(|slot| (slot != TIME).then(|| Dictionary::new(1 << 20)))
                .collect(),
            cache: BlockCache::new(zone).unwrap(),
        }
    }

    /// Folds events as one block.
    pub fn fold(&mut self, events: &[Event], first_row: u64) {
        let mut columns = vec![Column::default(); 4];
        let (mut input, mut arena) = (Vec::new(), Vec::new());
        for (row, event) in events.iter().enumerate() {
            if let Some(time) = event.time {
                columns[TIME].set(row, CellKind::Time, time as u64);
            } else {
                // What bits a missing cell has must not matter.
                columns[TIME].set(row, CellKind::Missing, 0x7FFF_1234_5678_9ABC);
            }
            for (slot, value) in [(NAME, &event.name), (PLACE, &event.place), (VALUE, &event.value)]
            {
                let mut text = |text: &str| {
                    let (bytes, base) =
                        if row % 2 == 0 { (&mut input, 0) } else { (&mut arena, Span::ARENA) };
                    let offset = base + bytes.len() as u32;
                    bytes.extend_from_slice(text.as_bytes());
                    Span { offset, len: text.len() as u32 }.pack()
                };
                let (kind, bits) = match value {
                    Value::Missing => (CellKind::Missing, 0),
                    Value::Null => (CellKind::Null, 0),
                    Value::Mismatch => (CellKind::Mismatch, 0),
                    Value::Bool(value) => (CellKind::Bool, u64::from(*value)),
                    Value::Int(value) => (CellKind::Int, *value as u64),
                    Value::Uint(value) => (CellKind::Uint, *value),
                    Value::Double(value) => (CellKind::Double, value.to_bits()),
                    Value::Text(value) => (CellKind::Text, text(value)),
                    Value::List(value) => (CellKind::List, text(value)),
                    Value::Time(value) => (CellKind::Time, *value as u64),
                };
                columns[slot].set(row, kind, bits);
            }
        }
        for slot in [NAME, PLACE, VALUE] {
            let mut codes = columns[slot].codes.clone();
            let block =
                Block { len: events.len(), columns: &columns, input: &input, arena: &arena };
            self.dictionaries[slot].as_mut().unwrap().encode(&block, slot, &mut codes[..]);
            columns[slot].codes = codes;
        }
        let block = Block { len: events.len(), columns: &columns, input: &input, arena: &arena };
        let (tag_names, category_names) = (tag_names(), category_names());
        let tags: Vec<Mask> = (0..tag_names.len())
            .map(|tag| events.iter().map(|event| event.tags >> tag & 1 != 0).collect())
            .collect();
        let categories: Vec<u16> = events.iter().map(|event| event.category).collect();
        let scope = Scope {
            dictionaries: &self.dictionaries,
            tags: &tags,
            tag_names: &tag_names,
            categories: &categories,
            category_names: &category_names,
            time_slot: TIME,
            first_row,
        };
        let kept: Mask = events.iter().map(|event| event.kept).collect();
        self.cache.start_block();
        self.aggregate.fold(&block, &kept, &scope, &mut self.cache);
    }

    pub fn merge(&mut self, other: &Part) {
        let maps: Vec<Vec<u32>> = self
            .dictionaries
            .iter_mut()
            .zip(&other.dictionaries)
            .map(|(mine, others)| match (mine, others) {
                (Some(mine), Some(others)) => mine.absorb(others),
                _ => Vec::new(),
            })
            .collect();
        self.aggregate.merge(&other.aggregate, &|slot, code| maps[slot][code as usize]);
    }

    pub fn result(&self) -> AggregateResult {
        self.aggregate.result(&Names {
            dictionaries: &self.dictionaries,
            tag_names: &tag_names(),
            category_names: &category_names(),
        })
    }
}

/// Folds events cut into parts and blocks at the given places, and merges the parts in order.
pub fn run(
    spec: &AggregateSpec,
    zone: &str,
    events: &[Event],
    parts: usize,
    block: usize,
) -> AggregateResult {
    let size = events.len().div_ceil(parts).max(1);
    let mut whole: Option<Part> = None;
    for (at, chunk) in events.chunks(size).enumerate() {
        let mut part = Part::new(spec, zone);
        for (block_at, events) in chunk.chunks(block).enumerate() {
            part.fold(events, (at * size + block_at * block) as u64);
        }
        match &mut whole {
            None => whole = Some(part),
            Some(whole) => whole.merge(&part),
        }
    }
    whole.unwrap_or_else(|| Part::new(spec, zone)).result()
}
