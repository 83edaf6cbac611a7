//! Sources larger than memory: pieces of a stream, and ranges of a file.

use std::fs::File;
use std::io;

use evcore_event::limits::CHUNK_BYTES;

use crate::decode::scan::PADDING;
use crate::decode::{Fault, Place, Reason, Reject, reject};
use crate::normalise::Arrival;

use super::collect::Collected;
use super::compile::Compiled;
use super::worker::{Origin, TOO_LARGE, Worker};
use super::{EventBatch, Sink};

/// The mark that some editors put before UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Bytes read past the end of a range at once, to find the end of its last line.
const TAIL_BYTES: u64 = 16 * 1024;

/// A source that is being read: where it stands, and what came out of it so far.
#[derive(Debug)]
pub struct Stream {
    pub(super) feed: String,
    pub(super) arrival: Arrival,
    pub(super) collected: Collected,
    pub(super) compiled: std::sync::Arc<Compiled>,
    /// Bytes and lines before `carry`.
    pub(super) place: Place,
    /// The open last line.
    pub(super) carry: Vec<u8>,
    /// Whether the source is inside a line that is too long.
    pub(super) is_skipping: bool,
    pub(super) is_started: bool,
    /// The length that a file had when it was first read.
    pub(super) file_bytes: Option<u64>,
    pub(super) rejects_given: usize,
}

impl Stream {
    /// Returns the kept events since the last call, with their rejects and counters.
    pub fn take_batch(&mut self) -> EventBatch {
        let fresh = EventBatch::new(&self.compiled);
        let batch = std::mem::replace(&mut self.collected.batch, fresh);
        self.rejects_given += batch.rejects.len();
        batch
    }

    /// Returns how many kept events wait in the batch.
    pub fn rows(&self) -> usize {
        self.collected.batch.rows
    }

    /// Returns the NDJSON since the last call.
    pub fn take_ndjson(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.collected.ndjson)
    }

    /// Returns how many bytes of the source were read.
    pub fn bytes_read(&self) -> u64 {
        self.place.byte + self.carry.len() as u64
    }

    /// Returns what the stream collects.
    pub fn sink(&self) -> Sink {
        self.collected.sink
    }

    /// Returns how many more rejects may be kept.
    pub(super) fn rejects_left(&self) -> usize {
        let max = self.compiled.config.limits.max_rejects.value;
        max.saturating_sub(self.rejects_given)
    }

    /// Takes in what a step over the bytes from `place.byte` on gave.
    pub(super) fn absorb(&mut self, mut part: Collected) {
        part.shift(self.place.line, 0);
        self.place.line += part.batch.counts.lines;
        let left = self.rejects_left();
        self.collected.append(part, left);
    }

    /// Rejects the line that the stream is in, which began at `place`, and skips the rest of it.
    pub(super) fn skip_long_line(&mut self, head: &[u8]) {
        let left = self.rejects_left();
        self.collected.take_reject(long_line(self.place, head), left);
        self.is_skipping = true;
    }
}

/// Returns the reject of a line that is longer than the limit, of which `head` is known.
pub(super) fn long_line(place: Place, head: &[u8]) -> Reject {
    let fault = Fault { reason: Reason::TooLarge, message: TOO_LARGE, offset: 0 };
    reject(&fault, place.line + 1, place.byte, head)
}

/// A range of a file for one worker: the lines that start in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub from: u64,
    pub to: u64,
    /// The order of the byte at `from`.
    pub order: u64,
}

/// Reads a range of a file and folds its lines. Lines of rejects count from the range's start.
pub(super) fn read_range(
    worker: &mut Worker,
    feed: usize,
    file: &File,
    range: Range,
    arrival: Arrival,
    out: &mut Collected,
) -> io::Result<()> {
    let mut buffer = std::mem::take(&mut worker.read_buffer);
    let read = RangeReader::new(range, &mut buffer).run(worker, feed, file, arrival, out);
    worker.read_buffer = buffer;
    read
}

struct RangeReader<'a> {
    range: Range,
    buffer: &'a mut Vec<u8>,
    /// Bytes of the buffer in use, and the file's byte at its start.
    filled: usize,
    start: u64,
    /// Whether the next line feed ends a line that is not ours or was rejected.
    is_skipping: bool,
    skips_own_line: bool,
}

impl<'a> RangeReader<'a> {
    fn new(range: Range, buffer: &'a mut Vec<u8>) -> RangeReader<'a> {
        if buffer.len() < CHUNK_BYTES + PADDING {
            buffer.resize(CHUNK_BYTES + PADDING, 0);
        }
        // From one byte before: if that is a line feed, the first line is ours.
        let start = range.from.saturating_sub(1);
        let is_skipping = range.from > 0;
        RangeReader { range, buffer, filled: 0, start, is_skipping, skips_own_line: false }
    }

    fn run(
        mut self,
        worker: &mut Worker,
        feed: usize,
        file: &File,
        arrival: Arrival,
        out: &mut Collected,
    ) -> io::Result<()> {
        loop {
            let position = self.start + self.filled as u64;
            let room = self.buffer.len() - PADDING - self.filled;
            let wanted = self.range.to.saturating_sub(position).max(TAIL_BYTES).min(room as u64);
            let space = &mut self.buffer[self.filled..self.filled + wanted as usize];
            let count = read_at(file, space, position)?;
            let is_end = count == 0;
            self.filled += count;
            if self.range.from == 0
                && self.start == 0
                && self.buffer[..self.filled].starts_with(BYTE_ORDER_MARK)
            {
                self.drop_front(BYTE_ORDER_MARK.len());
                out.batch.counts.bytes += BYTE_ORDER_MARK.len() as u64;
            }
            if self.is_skipping && !self.skip_line(out) {
                if is_end {
                    return Ok(());
                }
                continue;
            }
            let (len, is_last) = self.whole_lines(is_end);
            if len > 0 {
                let place = Place { byte: self.start, line: out.batch.counts.lines };
                let order = self.range.order + (self.start - self.range.from);
                let origin = Origin { place, order };
                let bytes = out.batch.counts.bytes + len.min(self.filled) as u64;
                worker.chunk(feed, &self.buffer[..len + PADDING], len, origin, arrival, out);
                out.batch.counts.bytes = bytes;
                self.drop_front(len.min(self.filled));
            }
            if is_last || is_end || self.start >= self.range.to {
                return Ok(());
            }
            if self.filled + PADDING == self.buffer.len() {
                self.grow(worker, feed, out);
            }
        }
    }

    /// Returns how many bytes of the buffer are whole lines of the range, and whether they are its
    /// last.
    fn whole_lines(&mut self, is_end: bool) -> (usize, bool) {
        if self.start >= self.range.to || self.filled == 0 {
            return (0, true);
        }
        // The last line of the range is the one with its last byte.
        let last_byte = (self.range.to - 1 - self.start) as usize;
        if last_byte < self.filled
            && let Some(found) = memchr::memchr(b'\n', &self.buffer[last_byte..self.filled])
        {
            return (last_byte + found + 1, true);
        }
        let in_range = &self.buffer[..self.filled.min(last_byte)];
        match memchr::memrchr(b'\n', in_range) {
            Some(found) if !is_end => (found + 1, false),
            _ if is_end => {
                self.buffer[self.filled] = b'\n';
                let has_line_feed = self.buffer[self.filled - 1] == b'\n';
                (self.filled + usize::from(!has_line_feed), true)
            }
            _ => (0, false),
        }
    }

    /// Skips to the end of the current line. Returns false if it is not in the buffer.
    fn skip_line(&mut self, out: &mut Collected) -> bool {
        let found = memchr::memchr(b'\n', &self.buffer[..self.filled]);
        let skipped = found.map_or(self.filled, |found| found + 1);
        if self.skips_own_line {
            out.batch.counts.bytes += skipped as u64;
            out.batch.counts.lines += u64::from(found.is_some());
        }
        self.drop_front(skipped);
        if found.is_some() {
            self.is_skipping = false;
            self.skips_own_line = false;
        }
        found.is_some()
    }

    /// Makes room for a line that fills the buffer, or rejects it.
    fn grow(&mut self, worker: &Worker, feed: usize, out: &mut Collected) {
        let limit = worker.feeds[feed].plan.decode.event_bytes_max;
        if self.filled <= limit {
            let len = (2 * self.buffer.len()).min(limit + 2 + PADDING).max(self.buffer.len() + 1);
            self.buffer.resize(len, 0);
            return;
        }
        let place = Place { byte: self.start, line: out.batch.counts.lines };
        let rejects_max = worker.compiled.config.limits.max_rejects.value;
        out.take_reject(long_line(place, &self.buffer[..self.filled]), rejects_max);
        (self.is_skipping, self.skips_own_line) = (true, true);
    }

    fn drop_front(&mut self, len: usize) {
        self.buffer.copy_within(len..self.filled, 0);
        self.filled -= len;
        self.start += len as u64;
    }
}

#[cfg(unix)]
fn read_at(file: &File, space: &mut [u8], position: u64) -> io::Result<usize> {
    use std::os::unix::fs::FileExt;
    retry(|| file.read_at(space, position))
}

#[cfg(windows)]
fn read_at(file: &File, space: &mut [u8], position: u64) -> io::Result<usize> {
    use std::os::windows::fs::FileExt;
    retry(|| file.seek_read(space, position))
}

fn retry(mut read: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match read() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
