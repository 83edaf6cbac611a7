//! What comes out of a call: columns of the kept events, or their lines as NDJSON, and the rejects.

use std::sync::Arc;

use evcore_event::time::format_rfc3339;
use evcore_event::{Block, Cell, CellKind, Mask};

use crate::aggregate::{ResultColumn, Texts, Values};
use crate::config::ValueType;
use crate::decode::Reject;
use crate::normalise::resolve::push_json_text;

use super::compile::{BatchColumn, Compiled};
use super::counts::Counts;

/// What a call wants of the kept events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sink {
    /// Nothing: aggregates and counters only.
    None,
    /// An [`EventBatch`].
    Batch,
    /// Their lines, each with what evcore found.
    Ndjson,
}

/// Kept events as columns, and what was rejected on the way.
#[derive(Debug, Clone)]
pub struct EventBatch {
    /// Number of kept events.
    pub rows: usize,
    /// The columns of `[output]`.
    pub columns: Vec<ResultColumn>,
    /// A bit for each tag of each event.
    pub tags: Vec<u64>,
    /// What the bits stand for.
    pub tag_names: Arc<[String]>,
    /// The category of each event: 0 for none, otherwise 1 + its place in `category_names`.
    pub categories: Vec<u16>,
    /// In the configuration's order.
    pub category_names: Arc<[String]>,
    /// The line of each event in its source, from 1.
    pub lines: Vec<u64>,
    /// Rejected events, the first `max_rejects` of them.
    pub rejects: Vec<Reject>,
    /// Counters of the events that the batch was made of.
    pub counts: Counts,
}

impl EventBatch {
    /// Returns a batch of nothing.
    pub fn new(compiled: &Compiled) -> EventBatch {
        EventBatch {
            rows: 0,
            columns: compiled.batch.iter().map(empty_column).collect(),
            tags: Vec::new(),
            tag_names: compiled.tag_names.clone(),
            categories: Vec::new(),
            category_names: compiled.category_names.clone(),
            lines: Vec::new(),
            rejects: Vec::new(),
            counts: Counts::new(compiled),
        }
    }

    /// Appends a batch of the same configuration.
    pub fn append(&mut self, mut other: EventBatch) {
        if self.rows == 0 {
            std::mem::swap(&mut self.columns, &mut other.columns);
        } else {
            for (left, right) in self.columns.iter_mut().zip(other.columns) {
                append_column(left, right);
            }
        }
        self.rows += other.rows;
        self.tags.append(&mut other.tags);
        self.categories.append(&mut other.categories);
        self.lines.append(&mut other.lines);
        self.rejects.append(&mut other.rejects);
        self.counts.add(&other.counts);
    }
}

/// One block, judged.
pub(super) struct Judged<'a> {
    pub block: Block<'a>,
    pub kept: &'a Mask,
    pub tags: &'a [Mask],
    pub categories: &'a [u16],
    /// Where each row's line starts and ends in the block's input, and its number in its source.
    pub starts: &'a [u32],
    pub ends: &'a [u32],
    pub lines: &'a [u32],
    pub first_line: u64,
    /// Whether a row's line holds a bare `NaN` or `Infinity`.
    pub nonfinite: &'a dyn Fn(usize) -> bool,
}

/// Output of one call on one thread.
#[derive(Debug)]
pub(super) struct Collected {
    pub sink: Sink,
    pub batch: EventBatch,
    pub ndjson: Vec<u8>,
}

impl Collected {
    pub fn new(compiled: &Compiled, sink: Sink) -> Collected {
        Collected { sink, batch: EventBatch::new(compiled), ndjson: Vec::new() }
    }

    /// Appends what comes later in the input.
    pub fn append(&mut self, other: Collected, rejects_max: usize) {
        self.batch.append(other.batch);
        self.batch.rejects.truncate(rejects_max);
        if self.ndjson.is_empty() {
            self.ndjson = other.ndjson;
        } else {
            self.ndjson.extend_from_slice(&other.ndjson);
        }
    }

    /// Counts a reject, and keeps it if fewer than `rejects_max` are kept so far.
    pub fn take_reject(&mut self, reject: Reject, rejects_max: usize) {
        self.batch.counts.add_reject(reject.reason);
        if self.batch.rejects.len() < rejects_max {
            self.batch.rejects.push(reject);
        }
    }

    /// Moves the lines that it names by `lines` and `bytes`, which came before it.
    pub fn shift(&mut self, lines: u64, bytes: u64) {
        self.batch.lines.iter_mut().for_each(|line| *line += lines);
        for reject in &mut self.batch.rejects {
            reject.line += lines;
            reject.byte += bytes;
        }
    }

    /// Takes in the kept events of a block.
    pub fn take(&mut self, compiled: &Compiled, judged: &Judged<'_>) {
        match self.sink {
            Sink::None => {}
            Sink::Batch => self.take_batch(compiled, judged),
            Sink::Ndjson => self.take_ndjson(compiled, judged),
        }
    }

    fn take_batch(&mut self, compiled: &Compiled, judged: &Judged<'_>) {
        let batch = &mut self.batch;
        let first = batch.rows;
        batch.rows += judged.kept.count() as usize;
        for (column, wanted) in batch.columns.iter_mut().zip(&compiled.batch) {
            push_cells(column, wanted, judged, first);
        }
        for row in judged.kept.rows() {
            batch.tags.push(tag_bits(judged.tags, row));
            batch.categories.push(judged.categories[row]);
            batch.lines.push(judged.first_line + u64::from(judged.lines[row]) + 1);
        }
    }

    fn take_ndjson(&mut self, compiled: &Compiled, judged: &Judged<'_>) {
        for row in judged.kept.rows() {
            let line = &judged.block.input[judged.starts[row] as usize..judged.ends[row] as usize];
            let line = line.trim_ascii();
            // Decode has seen an object: its last byte is the brace.
            let inside = &line[..line.len() - 1];
            if (judged.nonfinite)(row) {
                push_finite(&mut self.ndjson, inside);
            } else {
                self.ndjson.extend_from_slice(inside);
            }
            let is_empty = inside.trim_ascii().len() == 1;
            self.ndjson.extend_from_slice(if is_empty { b"\"evcore\":" } else { b",\"evcore\":" });
            self.push_findings(compiled, judged, row);
            self.ndjson.extend_from_slice(b"}\n");
        }
    }

    fn push_findings(&mut self, compiled: &Compiled, judged: &Judged<'_>, row: usize) {
        let out = &mut self.ndjson;
        out.extend_from_slice(b"{\"tags\":[");
        let mut is_first = true;
        for (name, mask) in compiled.tag_names.iter().zip(judged.tags) {
            if mask.get(row) {
                if !is_first {
                    out.push(b',');
                }
                is_first = false;
                push_json_text(out, name.as_bytes());
            }
        }
        out.push(b']');
        if let Some(number) = judged.categories[row].checked_sub(1) {
            out.extend_from_slice(b",\"category\":");
            push_json_text(out, compiled.category_names[usize::from(number)].as_bytes());
        }
        out.push(b'}');
    }
}

/// Returns a row's tags as bits.
pub(super) fn tag_bits(tags: &[Mask], row: usize) -> u64 {
    tags.iter().enumerate().fold(0, |bits, (tag, mask)| bits | u64::from(mask.get(row)) << tag)
}

/// Appends JSON, with bare `NaN` and `Infinity` as `null`.
fn push_finite(out: &mut Vec<u8>, json: &[u8]) {
    let (mut at, mut in_string) = (0, false);
    while at < json.len() {
        let rest = &json[at..];
        let found = [&b"-Infinity"[..], b"Infinity", b"NaN"]
            .into_iter()
            .find(|word| rest.starts_with(word));
        match (in_string, rest[0], found) {
            (false, _, Some(word)) => {
                out.extend_from_slice(b"null");
                at += word.len();
                continue;
            }
            (true, b'\\', _) => {
                out.push(b'\\');
                at += 1;
            }
            (_, b'"', _) => in_string = !in_string,
            _ => {}
        }
        out.push(json[at]);
        at += 1;
    }
}

fn empty_column(column: &BatchColumn) -> ResultColumn {
    let values = match column.value_type {
        ValueType::Double => Values::Double(Vec::new()),
        ValueType::Int => Values::Int(Vec::new()),
        ValueType::Text => Values::Text(Texts::default()),
        ValueType::Bool => Values::Bool(Vec::new()),
        ValueType::Timestamp => Values::Time(Vec::new()),
    };
    ResultColumn { name: column.name.clone(), values, valid: None }
}

fn push_cells(column: &mut ResultColumn, wanted: &BatchColumn, judged: &Judged<'_>, first: usize) {
    for (at, row) in judged.kept.rows().enumerate() {
        let cell = judged.block.cell(wanted.slot, row);
        let is_valid = match &mut column.values {
            Values::Double(values) => push(values, cell.as_f64(), 0.0),
            Values::Int(values) => push(values, whole(cell), 0),
            Values::Time(values) => push(values, whole(cell), 0),
            Values::Bool(values) => push(values, truth(cell), false),
            Values::Text(texts) => push_text(texts, cell, (judged.nonfinite)(row)),
            Values::Uint(_) | Values::Mixed(_) => unreachable!("a batch has no such column"),
        };
        if !is_valid && column.valid.is_none() {
            column.valid = Some(vec![true; first + at]);
        }
        if let Some(valid) = &mut column.valid {
            valid.push(is_valid);
        }
    }
}

fn push<T>(values: &mut Vec<T>, value: Option<T>, none: T) -> bool {
    let is_valid = value.is_some();
    values.push(value.unwrap_or(none));
    is_valid
}

fn whole(cell: Cell<'_>) -> Option<i64> {
    match cell {
        Cell::Int(value) | Cell::Time(value) => Some(value),
        _ => None,
    }
}

fn truth(cell: Cell<'_>) -> Option<bool> {
    match cell {
        Cell::Bool(value) => Some(value),
        _ => None,
    }
}

/// Appends a cell to a text column: a string as it is, any other value as its JSON text.
fn push_text(texts: &mut Texts, cell: Cell<'_>, is_nonfinite: bool) -> bool {
    match cell {
        Cell::List(json) | Cell::Map(json) if is_nonfinite => {
            let mut finite = Vec::new();
            push_finite(&mut finite, json);
            texts.push(&finite);
        }
        Cell::Missing | Cell::Null | Cell::Mismatch => texts.push(b""),
        Cell::Text(text) | Cell::List(text) | Cell::Map(text) => texts.push(text),
        Cell::Bool(value) => texts.push(value.to_string().as_bytes()),
        Cell::Int(value) => texts.push(value.to_string().as_bytes()),
        Cell::Uint(value) => texts.push(value.to_string().as_bytes()),
        Cell::Double(value) => texts.push(json_number(value).as_bytes()),
        Cell::Time(time_us) => texts.push(format_rfc3339(time_us).as_bytes()),
    }
    cell.is_present() && cell != Cell::Null
}

/// Returns the shortest JSON number that reads back as the same double.
fn json_number(value: f64) -> String {
    match value {
        // A number past the doubles came in, so one goes out: JSON has no infinity.
        f64::INFINITY => "1e999".to_owned(),
        f64::NEG_INFINITY => "-1e999".to_owned(),
        value => format!("{value:?}"),
    }
}

fn append_column(left: &mut ResultColumn, right: ResultColumn) {
    let (left_len, right_len) = (left.len(), right.len());
    if left.valid.is_some() || right.valid.is_some() {
        let valid = left.valid.get_or_insert_with(|| vec![true; left_len]);
        valid.extend(right.valid.unwrap_or_else(|| vec![true; right_len]));
    }
    match (&mut left.values, right.values) {
        (Values::Double(left), Values::Double(right)) => left.extend(right),
        (Values::Int(left), Values::Int(right)) | (Values::Time(left), Values::Time(right)) => {
            left.extend(right);
        }
        (Values::Bool(left), Values::Bool(right)) => left.extend(right),
        (Values::Text(left), Values::Text(right)) => {
            let base = left.bytes.len() as i64;
            left.bytes.extend_from_slice(&right.bytes);
            left.offsets.extend(right.offsets[1..].iter().map(|offset| offset + base));
        }
        _ => unreachable!("batches of one configuration have the same columns"),
    }
}

/// Returns what a cell is called in explanations.
pub(super) fn kind_name(kind: CellKind) -> &'static str {
    match kind {
        CellKind::Missing => "missing",
        CellKind::Null => "null",
        CellKind::Mismatch => "not a map on the way",
        CellKind::Bool => "bool",
        CellKind::Int | CellKind::Uint | CellKind::Double => "double",
        CellKind::Text => "string",
        CellKind::List => "list",
        CellKind::Map => "map",
        CellKind::Time => "timestamp",
    }
}
