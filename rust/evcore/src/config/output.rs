//! `[output]` and `[limits]`.

use evcore_event::{Path, limits};

use super::reader::{Reader, Section};
use super::{Located, codes, name};

/// Output columns of one configuration: each is filled for every event.
pub const COLUMNS_MAX: usize = 256;

/// Largest `max_event_bytes`: 1 GiB, so that a position in an event fits 32 bits with room.
pub const EVENT_BYTES_LIMIT: usize = 1 << 30;

/// Largest `max_rejects`: a reject holds a few hundred bytes, a million of them some hundred MB.
pub const REJECTS_LIMIT: usize = 1_000_000;

/// Columns that every batch has.
const OWN_COLUMNS: [&str; 2] = ["tags", "category"];

/// A column of `[output]`.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputColumn {
    /// The column's name; its place is that of the key.
    pub name: Located<String>,
    /// What it holds.
    pub path: Located<Path>,
}

/// `[output]`: the columns of a batch beside tags and category, in the order of the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Output {
    /// The columns.
    pub columns: Vec<OutputColumn>,
}

/// `[limits]`: what is too much for one event.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Deepest nesting of an event's JSON.
    pub max_depth: Located<usize>,
    /// Largest event in bytes.
    pub max_event_bytes: Located<usize>,
    /// Rejects that are kept with their text; all are counted.
    pub max_rejects: Located<usize>,
}

impl Default for Limits {
    fn default() -> Self {
        let of = |value, key: &str| Located::unwritten(value, format!("limits.{key}"));
        Limits {
            max_depth: of(limits::DEPTH_MAX, "max_depth"),
            max_event_bytes: of(limits::EVENT_BYTES_MAX, "max_event_bytes"),
            max_rejects: of(limits::REJECTS_MAX, "max_rejects"),
        }
    }
}

/// Reads `[output]`.
pub(crate) fn read_output(reader: &mut Reader<'_>, root: &Section<'_>) -> Output {
    let Some(value) = root.get("output") else { return Output::default() };
    let Some(section) = reader.section(value, root.path_of("output"), &["columns"], &[]) else {
        return Output::default();
    };
    let columns_path = section.path_of("columns");
    let mut columns = Vec::new();
    for entry in reader.open_table(&section, "columns", COLUMNS_MAX) {
        let key = super::entry_key(&columns_path, entry);
        let is_named = name::check_label(reader, &key) && is_free(reader, &key);
        let path = reader.path(&entry.value, &key.key_path);
        let (true, Some(path)) = (is_named, path) else { continue };
        let path = Located {
            value: path,
            span: Some(entry.value.span.clone()),
            key_path: key.key_path.clone(),
        };
        columns.push(OutputColumn { name: key.with(entry.key.clone()), path });
    }
    Output { columns }
}

fn is_free(reader: &mut Reader<'_>, key: &Located<&str>) -> bool {
    if !OWN_COLUMNS.contains(&key.value) {
        return true;
    }
    let message = format!("every output has the column `{}` already", key.value);
    let span = key.span.clone().unwrap_or(0..0);
    reader.report(codes::RESERVED_NAME, &span, &key.key_path, message, None);
    false
}

/// Reads `[limits]`.
pub(crate) fn read_limits(reader: &mut Reader<'_>, root: &Section<'_>) -> Limits {
    let mut read = Limits::default();
    let Some(value) = root.get("limits") else { return read };
    let keys = ["max_depth", "max_event_bytes", "max_rejects"];
    let Some(section) = reader.section(value, root.path_of("limits"), &keys, &[]) else {
        return read;
    };
    for (key, limit, range) in [
        (keys[0], &mut read.max_depth, 1..=limits::DEPTH_MAX),
        (keys[1], &mut read.max_event_bytes, 1..=EVENT_BYTES_LIMIT),
        (keys[2], &mut read.max_rejects, 0..=REJECTS_LIMIT),
    ] {
        let whole = |r: &mut Reader<'_>, v: &_, p: &str| r.whole(v, p, range);
        *limit = reader.or_default(&section, key, limit.value, whole);
    }
    read
}
