//! The steps from decoded columns to canonical ones, a column at a time.

use evcore_event::{Block, Cell, CellKind, Column, EventKind, Span};

use crate::decode::walk::Cells;

use super::feed::kind_of;
use super::overlay::overlay;

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolve {
    /// Where `to` has no value, take that of `from`.
    Fill {
        /// The slot to fill.
        to: usize,
        /// The slot to take from.
        from: usize,
    },
    /// As `Fill`, from an object that lies under another.
    FillUnder {
        /// The slot to fill.
        to: usize,
        /// The slot to take from.
        from: usize,
        /// The slot of the upper object: where it is one, what lies under it must be one too.
        upper: usize,
        /// The slot of an upper value that hides the lower one.
        hiding: Option<usize>,
    },
    /// Where `to` and `lower` are both objects, `to` is laid over `lower`; where only `lower` is
    /// there, it is taken.
    Overlay {
        /// The slot of the upper object.
        to: usize,
        /// The slot of the lower.
        lower: usize,
    },
    /// The name of a page or screen stands elsewhere.
    PageName {
        /// The slot of the name.
        to: usize,
        /// Where pages and screens have theirs.
        from: usize,
        /// The slot of the wire's kind.
        kind: usize,
    },
    /// The wire's kind becomes ours; none is `track`.
    Kind {
        /// The slot.
        slot: usize,
    },
    /// An event without a name is called by its kind.
    NameFromKind {
        /// The slot of the name.
        to: usize,
        /// The slots of the wire's kind; the first that has a value counts.
        kinds: Vec<usize>,
    },
    /// Lower case; `browser` is `web`.
    Platform {
        /// The slot.
        slot: usize,
    },
    /// An object of several scalars; the first of equal names that has a value counts.
    BuildMap {
        /// The slot of the object.
        to: usize,
        /// Keys and the slots of their values.
        parts: Vec<(&'static str, usize)>,
    },
}

impl Resolve {
    /// Takes the step for the first `len` rows. `input` is the chunk that spans point into.
    pub fn run(&self, cells: &mut Cells, input: &[u8], len: usize) {
        match self {
            Resolve::Fill { to, from } => fill(cells, *to, *from, len),
            Resolve::FillUnder { to, from, upper, hiding } => {
                fill_under(cells, *to, *from, *upper, *hiding, len);
            }
            Resolve::Overlay { to, lower } => lay_over(cells, input, *to, *lower, len),
            Resolve::PageName { to, from, kind } => page_name(cells, input, *to, *from, *kind, len),
            Resolve::Kind { slot } => kind(cells, input, *slot, len),
            Resolve::NameFromKind { to, kinds } => name_from_kind(cells, input, *to, kinds, len),
            Resolve::Platform { slot } => platform(cells, input, *slot, len),
            Resolve::BuildMap { to, parts } => build_map(cells, input, *to, parts, len),
        }
    }
}

const MISSING: u8 = CellKind::Missing as u8;
const TEXT: u8 = CellKind::Text as u8;

/// Returns two columns, the first to write.
fn pair(columns: &mut [Column], write: usize, read: usize) -> (&mut Column, &Column) {
    if write < read {
        let (left, right) = columns.split_at_mut(read);
        (&mut left[write], &right[0])
    } else {
        let (left, right) = columns.split_at_mut(write);
        (&mut right[0], &left[read])
    }
}

/// Where `to` has no value, takes that of `from`.
pub fn fill(cells: &mut Cells, to: usize, from: usize, len: usize) {
    let (to, from) = pair(&mut cells.columns, to, from);
    if !to.kinds[..len].contains(&MISSING) || from.is_empty(len) {
        return;
    }
    for row in 0..len {
        if to.kinds[row] == MISSING {
            to.kinds[row] = from.kinds[row];
            to.bits[row] = from.bits[row];
        }
    }
}

fn fill_under(
    cells: &mut Cells,
    to: usize,
    from: usize,
    upper: usize,
    hiding: Option<usize>,
    len: usize,
) {
    if cells.columns[from].is_empty(len) {
        return;
    }
    for row in 0..len {
        let kind = |slot: usize| cells.columns[slot].kind(row);
        let is_hidden = hiding.is_some_and(|slot| kind(slot) != CellKind::Missing)
            || kind(from) == CellKind::Mismatch && kind(upper) == CellKind::Map;
        if kind(to) == CellKind::Missing && !is_hidden {
            let (kind, bits) = (kind(from), cells.columns[from].bits[row]);
            cells.columns[to].set(row, kind, bits);
        }
    }
}

fn lay_over(cells: &mut Cells, input: &[u8], to: usize, lower: usize, len: usize) {
    for row in 0..len {
        let Cells { columns, arena } = cells;
        let block = Block { len, columns, input, arena };
        let (upper_cell, lower_cell) = (block.cell(to, row), block.cell(lower, row));
        if let (Cell::Map(upper), Cell::Map(under)) = (upper_cell, lower_cell) {
            let mut whole = Vec::new();
            overlay(under, upper, &mut whole);
            let bits = store(arena, &whole);
            columns[to].set(row, CellKind::Map, bits);
        } else if upper_cell == Cell::Missing {
            let (kind, bits) = (columns[lower].kind(row), columns[lower].bits[row]);
            columns[to].set(row, kind, bits);
        }
    }
}

/// Returns a cell's text, if it is one.
fn text<'a>(column: &Column, row: usize, input: &'a [u8], arena: &'a [u8]) -> Option<&'a [u8]> {
    let block = Block { len: 0, columns: &[], input, arena };
    (column.kinds[row] == TEXT).then(|| block.text(column.bits[row]))
}

/// Appends a text to the arena and returns its packed span.
fn store(arena: &mut Vec<u8>, text: &[u8]) -> u64 {
    let offset = Span::ARENA + arena.len() as u32;
    arena.extend_from_slice(text);
    Span { offset, len: text.len() as u32 }.pack()
}

fn page_name(cells: &mut Cells, input: &[u8], to: usize, from: usize, kind: usize, len: usize) {
    for row in 0..len {
        // Most events are tracks: the length alone tells them from pages and screens.
        let column = &cells.columns[kind];
        if column.kinds[row] != TEXT || !matches!(Span::unpack(column.bits[row]).len, 4 | 6) {
            continue;
        }
        let kind = text(column, row, input, &cells.arena);
        if matches!(kind, Some(b"page" | b"screen")) {
            let (to, from) = pair(&mut cells.columns, to, from);
            to.kinds[row] = from.kinds[row];
            to.bits[row] = from.bits[row];
        }
    }
}

fn kind(cells: &mut Cells, input: &[u8], slot: usize, len: usize) {
    let mut spans = [None; EventKind::ALL.len()];
    for row in 0..len {
        let column = &cells.columns[slot];
        let found = text(column, row, input, &cells.arena);
        let kind = found.map_or(EventKind::Track, kind_of);
        if found == Some(kind.name().as_bytes()) {
            continue;
        }
        let arena = &mut cells.arena;
        let bits =
            *spans[kind as usize].get_or_insert_with(|| store(arena, kind.name().as_bytes()));
        cells.columns[slot].set(row, CellKind::Text, bits);
    }
}

fn name_from_kind(cells: &mut Cells, input: &[u8], to: usize, kinds: &[usize], len: usize) {
    if !cells.columns[to].kinds[..len].contains(&MISSING) {
        return;
    }
    for row in 0..len {
        if cells.columns[to].kinds[row] != MISSING {
            continue;
        }
        let mut found =
            kinds.iter().map(|slot| text(&cells.columns[*slot], row, input, &cells.arena));
        let kind = found.find_map(|found| found).map_or(EventKind::Track, kind_of);
        let bits = store(&mut cells.arena, kind.name().as_bytes());
        cells.columns[to].set(row, CellKind::Text, bits);
    }
}

fn platform(cells: &mut Cells, input: &[u8], slot: usize, len: usize) {
    let mut web = None;
    for row in 0..len {
        let column = &cells.columns[slot];
        let block = Block { len, columns: &[], input, arena: &cells.arena };
        if column.kinds[row] == TEXT
            && let Some((first, last)) = block.short_text(column.bits[row])
            && capitals(first) | capitals(last) == 0
            && (first, last) != BROWSER
        {
            continue;
        }
        let Some(found) = text(column, row, input, &cells.arena) else {
            continue;
        };
        let is_browser = found.len() == 7 && found.eq_ignore_ascii_case(b"browser");
        if !is_browser && !found.iter().any(u8::is_ascii_uppercase) {
            continue;
        }
        let lower = found.to_ascii_lowercase();
        let arena = &mut cells.arena;
        let bits = match is_browser {
            true => *web.get_or_insert_with(|| store(arena, b"web")),
            false => store(arena, &lower),
        };
        cells.columns[slot].set(row, CellKind::Text, bits);
    }
}

/// `browser` as [`Block::short_text`] gives it.
const BROWSER: (u64, u64) = (u64::from_le_bytes(*b"browser\0"), 0);

/// Returns a bit in each byte that is an ASCII capital.
#[inline(always)]
const fn capitals(word: u64) -> u64 {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let low = word & !HIGH;
    let from_a = low + u64::from_ne_bytes([0x80 - b'A'; 8]);
    let past_z = low + u64::from_ne_bytes([0x80 - b'Z' - 1; 8]);
    from_a & !past_z & !word & HIGH
}

fn build_map(
    cells: &mut Cells,
    input: &[u8],
    to: usize,
    parts: &[(&'static str, usize)],
    len: usize,
) {
    let mut json = Vec::new();
    for row in 0..len {
        json.clear();
        let mut last = "";
        for (key, slot) in parts {
            let Some(found) = text(&cells.columns[*slot], row, input, &cells.arena) else {
                continue;
            };
            if *key == last {
                continue;
            }
            last = key;
            json.extend_from_slice(if json.is_empty() { b"{\"" } else { b",\"" });
            json.extend_from_slice(key.as_bytes());
            json.extend_from_slice(b"\":");
            push_json_text(&mut json, found);
        }
        json.extend_from_slice(if json.is_empty() { b"{}" } else { b"}" });
        let bits = store(&mut cells.arena, &json);
        cells.columns[to].set(row, CellKind::Map, bits);
    }
}

/// Appends a text as a JSON string.
pub fn push_json_text(json: &mut Vec<u8>, text: &[u8]) {
    json.push(b'"');
    for byte in text {
        match byte {
            b'"' | b'\\' => json.extend_from_slice(&[b'\\', *byte]),
            0..=31 => json.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            other => json.push(*other),
        }
    }
    json.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_are_found_wherever_they_stand() {
        for at in 0..8 {
            for byte in 0..=255 {
                let mut text = *b"az@[`{09";
                text[at] = byte;
                let found = capitals(u64::from_le_bytes(text)) != 0;
                assert_eq!(found, byte.is_ascii_uppercase(), "{text:?}");
            }
        }
    }
}
