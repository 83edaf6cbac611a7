//! What several aggregates need of the same block, computed once: the rows that are kept, the hour
//! of the week, the window of each event.
//!
//! A configuration has a handful of aggregates, most of them over the same rows and the same
//! windows, so each of these columns would otherwise be computed several times per event.

use evcore_event::limits::BLOCK_ROWS;
use evcore_event::{Block, CellKind, Mask};

use super::calendar::{
    Calendar, Divisor, NO_WINDOW, Stretch, day_of, first_of_month, hour_of, hour_of_week, month_of,
    week_of,
};
use super::{AggregateError, Window};

/// The number of hours of the week, and the hour of an event without a time.
pub(super) const NO_HOUR: u8 = 7 * 24;

/// One value for each row of a block.
pub(super) type Rows<T> = Box<[T; BLOCK_ROWS]>;

/// Shared work of all aggregates on one block; made once and reused for each block.
#[derive(Debug, Clone)]
pub struct BlockCache {
    calendar: Calendar,
    kept: Mask,
    has_rows: bool,
    rows: RowList,
    has_local: bool,
    local_us: Rows<i64>,
    no_time: Mask,
    has_hours: bool,
    hours: Rows<u8>,
    windows: Vec<WindowColumn>,
}

/// The rows of a block that an aggregate reads, in order.
#[derive(Debug, Clone)]
pub(super) struct RowList {
    rows: Rows<u16>,
    len: usize,
}

#[derive(Debug, Clone)]
struct WindowColumn {
    window: Window,
    is_current: bool,
    numbers: Rows<i64>,
}

impl Default for RowList {
    fn default() -> Self {
        RowList { rows: Box::new([0; BLOCK_ROWS]), len: 0 }
    }
}

impl RowList {
    pub(super) fn rows(&self) -> &[u16] {
        &self.rows[..self.len]
    }

    /// Lists the rows whose bits are set in words of 64 rows each.
    pub(super) fn fill(&mut self, words: impl Iterator<Item = u64>) {
        let mut len = 0;
        for (index, word) in words.enumerate().take(BLOCK_ROWS / 64) {
            let first = (index * 64) as u16;
            if word == u64::MAX {
                // A block without filtered rows is common: no bit is looked for.
                let whole = &mut self.rows[len..len + 64];
                whole.iter_mut().zip(first..).for_each(|(slot, row)| *slot = row);
                len += 64;
                continue;
            }
            let mut rest = word;
            while rest != 0 {
                self.rows[len] = first + rest.trailing_zeros() as u16;
                rest &= rest - 1;
                len += 1;
            }
        }
        self.len = len;
    }

    pub(super) fn copy_from(&mut self, rows: &[u16]) {
        self.rows[..rows.len()].copy_from_slice(rows);
        self.len = rows.len();
    }

    pub(super) fn heap_bytes(&self) -> usize {
        size_of_val(&*self.rows)
    }

    /// Keeps the rows for which `keep` says so, with their place in the list.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(usize, u16) -> bool) {
        let mut len = 0;
        for index in 0..self.len {
            let row = self.rows[index];
            self.rows[len] = row;
            len += usize::from(keep(index, row));
        }
        self.len = len;
    }
}

impl BlockCache {
    /// Returns a cache for aggregates of that IANA time zone.
    ///
    /// # Errors
    ///
    /// [`AggregateError::Zone`] if there is no such zone.
    pub fn new(zone: &str) -> Result<BlockCache, AggregateError> {
        Ok(BlockCache {
            calendar: Calendar::new(zone)?,
            kept: Mask::default(),
            has_rows: false,
            rows: RowList::default(),
            has_local: false,
            local_us: Box::new([0; BLOCK_ROWS]),
            no_time: Mask::default(),
            has_hours: false,
            hours: Box::new([0; BLOCK_ROWS]),
            windows: Vec::new(),
        })
    }

    /// Forgets the last block. Call it before the first aggregate folds a block.
    pub fn start_block(&mut self) {
        self.has_rows = false;
        self.has_local = false;
        self.has_hours = false;
        self.windows.iter_mut().for_each(|column| column.is_current = false);
    }

    pub(super) fn zone(&self) -> &str {
        self.calendar.name()
    }

    /// Makes the columns that the getters below return.
    pub(super) fn prepare(
        &mut self,
        block: &Block<'_>,
        time_slot: usize,
        kept: &Mask,
        window: Option<Window>,
        needs_hours: bool,
    ) {
        if !self.has_rows || self.kept != *kept {
            self.has_rows = true;
            self.kept.copy_from(kept);
            self.rows.fill(kept.words().iter().copied());
        }
        if needs_hours && !self.has_hours {
            self.has_hours = true;
            self.fill_local(block, time_slot);
            for (hour, local) in self.hours.iter_mut().zip(&self.local_us[..block.len]) {
                *hour = hour_of_week(hour_of(*local));
            }
            self.no_time.rows().for_each(|row| self.hours[row] = NO_HOUR);
        }
        if let Some(window) = window {
            self.fill_window(block, time_slot, window);
        }
    }

    pub(super) fn rows(&self) -> &[u16] {
        self.rows.rows()
    }

    pub(super) fn hours(&self) -> &[u8; BLOCK_ROWS] {
        &self.hours
    }

    /// Returns the window numbers that [`BlockCache::prepare`] made.
    pub(super) fn windows(&self, window: Window) -> &[i64; BLOCK_ROWS] {
        let at = self.windows.iter().position(|column| column.window == window);
        &self.windows[at.expect("prepare made the column")].numbers
    }

    /// Writes each event's local time, as if it were UTC.
    fn fill_local(&mut self, block: &Block<'_>, time_slot: usize) {
        if self.has_local {
            return;
        }
        self.has_local = true;
        let column = &block.columns[time_slot];
        let times = &column.bits[..block.len];
        let timeless = column.kinds[..block.len].iter().any(|kind| *kind != CellKind::Time as u8);
        self.no_time.reset(block.len);
        if timeless {
            self.no_time.fill_with(block.len, |row| column.kinds[row] != CellKind::Time as u8);
        }
        if let Some(first) = times.first()
            && !timeless
        {
            // Nearly always the whole block is in one stretch. Whether it is, is a sum and not a
            // branch: the least and greatest time of shuffled events cannot be predicted.
            let stretch = self.calendar.stretch(*first as i64);
            let mut outside = 0;
            for (local, time) in self.local_us.iter_mut().zip(times) {
                *local = stretch.local(*time as i64);
                outside |= stretch.outside(*time as i64);
            }
            if outside == 0 {
                return;
            }
        }
        let mut stretch: Option<Stretch> = None;
        for (row, time) in times.iter().enumerate() {
            let time = *time as i64;
            if self.no_time.get(row) {
                self.local_us[row] = 0;
                continue;
            }
            let here = match stretch {
                Some(stretch) if stretch.contains(time) => stretch,
                _ => self.calendar.stretch(time),
            };
            stretch = Some(here);
            self.local_us[row] = here.local(time);
        }
    }

    fn fill_window(&mut self, block: &Block<'_>, time_slot: usize, window: Window) {
        let at = match self.windows.iter().position(|column| column.window == window) {
            Some(at) => at,
            None => {
                let numbers = Box::new([0; BLOCK_ROWS]);
                self.windows.push(WindowColumn { window, is_current: false, numbers });
                self.windows.len() - 1
            }
        };
        if self.windows[at].is_current {
            return;
        }
        self.fill_local(block, time_slot);
        let column = &mut self.windows[at];
        column.is_current = true;
        let numbers = &mut column.numbers[..block.len];
        let local = &self.local_us[..block.len];
        match window {
            Window::Every { us } => {
                let size = Divisor::new(us);
                for (number, time) in numbers.iter_mut().zip(block.columns[time_slot].bits.iter()) {
                    *number = size.floor(*time as i64);
                }
            }
            Window::Day => map(numbers, local, day_of),
            Window::Week => map(numbers, local, |local| week_of(day_of(local))),
            Window::Month => {
                // Events of a block share a month or two.
                let (mut days, mut month) = (0..0, 0);
                map(numbers, local, |local| {
                    let day = day_of(local);
                    if !days.contains(&day) {
                        month = month_of(day);
                        days = first_of_month(month)..first_of_month(month + 1);
                    }
                    month
                });
            }
        }
        self.no_time.rows().for_each(|row| numbers[row] = NO_WINDOW);
    }
}

#[inline(always)]
fn map(numbers: &mut [i64], local: &[i64], mut number: impl FnMut(i64) -> i64) {
    numbers.iter_mut().zip(local).for_each(|(slot, local)| *slot = number(*local));
}
