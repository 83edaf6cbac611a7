//! Bytes to columns: the structural index, then one of three readers for each line.
//!
//! 1. [`shape`]: the line has the tokens and keys of one that was seen before.
//! 2. [`walk`]: any other good line.
//! 3. [`json`]: whatever the walk is not sure of; it names the faults.
//!
//! All three write the same cells and accept the same lines, which tests hold them to. Every byte of
//! every line is checked by whichever reader takes it, also where nothing is wanted.

pub mod scan;
pub mod key;
pub mod wanted;
pub mod escape;
pub mod walk;
pub mod shape;
pub mod json;
pub mod reject;
pub mod lines;

pub use reject::{Fault, Oddities, Reason, Reject};
pub use scan::{Index, Kernel, PADDING};
pub use wanted::{Leaf, SlotMode, Wanted, WantedPath};

use evcore_event::limits::{BLOCK_ROWS, REJECT_TEXT_CHARS};
use evcore_event::{Block, CellKind};

use json::Reading;
use shape::{Fit, Shapes};
use walk::{Cells, Line};

/// What decode does, for all chunks of a pipeline.
#[derive(Debug, Clone)]
pub struct DecodePlan {
    /// What is wanted of each event.
    pub wanted: Wanted,
    /// Columns of a block: those that decode fills and those that later stages add.
    pub columns: usize,
    /// Whether JSON is read by RFC 8259 to the letter.
    pub is_strict: bool,
    /// Deepest nesting of an event.
    pub depth_max: usize,
    /// Longest event in bytes.
    pub event_bytes_max: usize,
}

/// Where a chunk stands in its source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// Bytes before it.
    pub byte: u64,
    /// Lines before it.
    pub line: u64,
}

/// Where each event of a block stands in its chunk.
#[derive(Debug)]
pub struct Rows {
    /// First byte of the event's line.
    pub starts: Vec<u32>,
    /// One past its last byte, without the line feed.
    pub ends: Vec<u32>,
    /// Number of the line in its chunk, from 0.
    pub lines: Vec<u32>,
    /// [`Oddities::bits`] of the event.
    pub oddities: Vec<u8>,
}

/// Decodes chunks of lines to blocks. All its memory is reused.
#[derive(Debug)]
pub struct Decoder {
    kernel: Kernel,
    index: Index,
    shapes: Shapes,
    prints: Vec<u64>,
    /// The columns of the current block.
    pub cells: Cells,
    /// Where its events stand.
    pub rows: Rows,
    /// Events rejected since the caller last took them.
    pub rejects: Vec<Reject>,
    next: Next,
}

/// The next line of the chunk to decode.
#[derive(Debug, Clone, Copy, Default)]
struct Next {
    line: usize,
    start: usize,
    token: usize,
    escape: usize,
    suspect: usize,
}

impl Decoder {
    /// Returns a decoder that uses that kernel.
    pub fn new(kernel: Kernel, plan: &DecodePlan) -> Decoder {
        let mut cells = Cells::default();
        cells.columns.resize_with(plan.columns, Default::default);
        let rows = Rows {
            starts: Vec::with_capacity(BLOCK_ROWS),
            ends: Vec::with_capacity(BLOCK_ROWS),
            lines: Vec::with_capacity(BLOCK_ROWS),
            oddities: Vec::with_capacity(BLOCK_ROWS),
        };
        Decoder {
            kernel,
            index: Index::default(),
            shapes: Shapes::default(),
            prints: Vec::new(),
            cells,
            rows,
            rejects: Vec::new(),
            next: Next::default(),
        }
    }

    /// Opens a chunk: `bytes[..len]` are whole lines, each with its line feed, and [`PADDING`] bytes
    /// follow.
    pub fn open(&mut self, bytes: &[u8], len: usize) {
        self.index.build(self.kernel, bytes, len);
        self.next = Next::default();
    }

    /// Returns the number of lines of the open chunk.
    pub fn line_count(&self) -> usize {
        self.index.lines.len()
    }

    /// Decodes the next block of the open chunk and returns how many events it has; 0 at its end.
    pub fn fill(&mut self, plan: &DecodePlan, bytes: &[u8], place: Place) -> usize {
        let used = self.rows.starts.len();
        for column in &mut self.cells.columns {
            column.clear(used);
        }
        self.cells.arena.clear();
        self.rows.clear();
        let mut row = 0;
        while row < BLOCK_ROWS && self.next.line < self.index.lines.len() {
            row += usize::from(self.read_line(plan, bytes, place, row));
        }
        row
    }

    /// Returns the current block.
    pub fn block<'a>(&'a self, bytes: &'a [u8]) -> Block<'a> {
        Block {
            len: self.rows.starts.len(),
            columns: &self.cells.columns,
            input: bytes,
            arena: &self.cells.arena,
        }
    }

    /// Reads the next line to a row. Returns false if the row stays free.
    #[inline(always)]
    fn read_line(&mut self, plan: &DecodePlan, bytes: &[u8], place: Place, row: usize) -> bool {
        let found = self.index.lines[self.next.line];
        let (start, end) = (self.next.start, found.end as usize);
        let first_token = self.next.token;
        let last_token = found.token as usize;
        let number = self.next.line as u32;
        self.next.line += 1;
        self.next.start = end + 1;
        self.next.token = last_token + 1;
        let first_escape = self.next.escape;
        while self.index.escapes.get(self.next.escape).is_some_and(|at| *at as usize <= end) {
            self.next.escape += 1;
        }
        let first_suspect = self.next.suspect;
        while self.index.suspects.get(self.next.suspect).is_some_and(|at| *at as usize <= end) {
            self.next.suspect += 1;
        }
        if first_token == last_token && !found.is_open {
            return false;
        }
        let is_suspect = found.is_open
            || first_suspect != self.next.suspect
            || end - start > plan.event_bytes_max;
        let line = Line {
            bytes,
            tokens: &self.index.tokens[first_token..=last_token],
            kinds: &self.index.kinds[first_token..=last_token],
            escapes: &self.index.escapes[first_escape..self.next.escape],
        };
        let mut oddities = Oddities::default();
        let is_read = !is_suspect
            && (line.escapes.is_empty() || escape::are_plain(bytes, line.escapes))
            && read_tokens(&mut self.shapes, &mut self.prints, &mut self.cells, plan, line, row);
        if !is_read {
            match read_slowly(plan, bytes, start, end, row, &mut self.cells) {
                Ok(found) => oddities = found,
                Err(fault) => {
                    let line = place.line + u64::from(number) + 1;
                    let text = &bytes[start..end];
                    self.rejects.push(reject(&fault, line, place.byte + start as u64, text));
                    return false;
                }
            }
        }
        self.rows.starts.push(start as u32);
        self.rows.ends.push(end as u32);
        self.rows.lines.push(number);
        self.rows.oddities.push(oddities.bits());
        true
    }
}

impl Rows {
    fn clear(&mut self) {
        self.starts.clear();
        self.ends.clear();
        self.lines.clear();
        self.oddities.clear();
    }
}

/// Reads a line by its tokens. Returns false, with the row in any state, if it is odd.
#[inline(always)]
fn read_tokens(
    shapes: &mut Shapes,
    prints: &mut Vec<u64>,
    cells: &mut Cells,
    plan: &DecodePlan,
    line: Line<'_>,
    row: usize,
) -> bool {
    let fit = shapes.apply(&line, row, cells);
    if fit == Fit::Done {
        return true;
    }
    // A shape that failed may have written a value that the walk does not.
    clear_row(cells, row);
    if shape::walk(line, &plan.wanted, plan.depth_max, row, prints, cells).is_err() {
        return false;
    }
    if let Fit::Learn(hash) = fit {
        shapes.learn(hash, line, &plan.wanted, plan.depth_max);
    }
    true
}

#[cold]
fn read_slowly(
    plan: &DecodePlan,
    bytes: &[u8],
    start: usize,
    end: usize,
    row: usize,
    cells: &mut Cells,
) -> Result<Oddities, Fault> {
    clear_row(cells, row);
    let reading =
        Reading { wanted: &plan.wanted, is_strict: plan.is_strict, depth_max: plan.depth_max };
    let read = if end - start > plan.event_bytes_max {
        Err(Fault { reason: Reason::TooLarge, message: "longer than the limit", offset: 0 })
    } else {
        json::read_event(reading, bytes, start, end, row, cells)
    };
    if read.is_err() {
        clear_row(cells, row);
    }
    read
}

fn clear_row(cells: &mut Cells, row: usize) {
    for column in &mut cells.columns {
        column.set(row, CellKind::Missing, 0);
    }
}

/// Returns the reject of a fault in a line that starts at byte `start` of the source.
pub fn reject(fault: &Fault, line: u64, start: u64, text: &[u8]) -> Reject {
    // Four bytes a character at most; the cut may leave half of one, which the lossy reading mends.
    let head = &text[..text.len().min(4 * REJECT_TEXT_CHARS)];
    let shown = String::from_utf8_lossy(head);
    Reject {
        line,
        byte: start + fault.offset as u64,
        reason: fault.reason,
        message: fault.message,
        text: shown.trim_end_matches('\r').chars().take(REJECT_TEXT_CHARS).collect(),
    }
}
