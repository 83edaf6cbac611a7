//! Times: from the wire's texts and numbers to microseconds, and the correction of device clocks.
//!
//! An event's time is what the device's clock said; the collector's clock says when it came. If the
//! device also said when it sent the event, the difference of its two times is right even if its
//! clock is wrong: `time = received - max(0, sent - time)`. A time after its receipt is clamped to
//! it, so that one broken clock cannot move anybody else's watermark.
//!
//! Source: Segment's Spec, "Timestamps"; the bound of five minutes without correction is ours.

use evcore_event::time::DateCache;
use evcore_event::{Block, CellKind, Column, Mask};

use crate::config::TimeUnit;
use crate::decode::walk::Cells;

use super::Slots;
use super::resolve::fill;

/// How far an uncorrected time may lie after its receipt: clocks that are set differ by less.
const FUTURE_US_MAX: i64 = 5 * 60 * 1_000_000;

const TIME: u8 = CellKind::Time as u8;

/// How a feed's times are read.
#[derive(Debug, Clone)]
pub struct Clock {
    /// Microseconds of one unit of a number.
    unit_us: i64,
    takes_texts: bool,
    takes_numbers: bool,
    corrects_skew: bool,
    /// A time's slot, and one to take it from where the first has none that can be read.
    fallbacks: Vec<(usize, usize)>,
}

/// What a call knows of the arrival of its events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Arrival {
    /// When the document was received, where the events do not say.
    pub received_us: Option<i64>,
}

/// What is odd about one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Oddity {
    Naive,
    Unreadable,
}

/// What was odd about the times of a block's good events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClockNotes {
    /// Events whose time of receipt was made up from `sent` or `time`.
    pub received_missing: u64,
    /// Events without a time of their own, which got that of their receipt.
    pub time_missing: u64,
    /// Times that could not be read; they count as missing.
    pub time_unreadable: u64,
    /// Times without an offset, taken as UTC.
    pub time_naive: u64,
    /// Times after their receipt, clamped to it.
    pub time_in_future: u64,
    /// Times that were corrected by the device's time of sending.
    pub time_corrected: u64,
}

impl Clock {
    /// Returns the clock of a feed. Numbers have the unit `unit`; texts are RFC 3339.
    pub fn new(
        unit: TimeUnit,
        takes_texts: bool,
        corrects_skew: bool,
        fallbacks: Vec<(usize, usize)>,
    ) -> Clock {
        let unit_us = match unit {
            TimeUnit::Seconds => 1_000_000,
            TimeUnit::Milliseconds | TimeUnit::Rfc3339 => 1_000,
            TimeUnit::Microseconds => 1,
        };
        let takes_numbers = unit != TimeUnit::Rfc3339;
        Clock { unit_us, takes_texts, takes_numbers, corrects_skew, fallbacks }
    }

    /// Makes the three times of a block moments, and returns which events have none at all.
    pub fn run(
        &self,
        cells: &mut Cells,
        input: &[u8],
        len: usize,
        arrival: Arrival,
        notes: &mut ClockNotes,
    ) -> Mask {
        let mut odd = Vec::new();
        for slot in [Slots::TIME, Slots::SENT, Slots::RECEIVED] {
            self.read(&mut cells.columns[slot], input, &cells.arena, len, &mut odd);
        }
        for (to, from) in &self.fallbacks {
            self.fall_back(cells, *to, *from, input, len, &mut odd);
        }
        let (head, rest) = cells.columns.split_at_mut(Slots::SENT);
        let (sent, received) = rest.split_at_mut(1);
        let without_time =
            self.settle(&mut head[Slots::TIME], &sent[0], &mut received[0], len, arrival, notes);
        for (row, oddity) in odd {
            if !without_time.get(row) {
                match oddity {
                    Oddity::Naive => notes.time_naive += 1,
                    Oddity::Unreadable => notes.time_unreadable += 1,
                }
            }
        }
        without_time
    }

    /// Takes the times of another slot where the first has none that can be read.
    fn fall_back(
        &self,
        cells: &mut Cells,
        to: usize,
        from: usize,
        input: &[u8],
        len: usize,
        odd: &mut Vec<(usize, Oddity)>,
    ) {
        if cells.columns[from].is_empty(len) {
            return;
        }
        for row in 0..len {
            if cells.columns[to].kinds[row] == TIME {
                cells.columns[from].set(row, CellKind::Missing, 0);
            }
        }
        self.read(&mut cells.columns[from], input, &cells.arena, len, odd);
        fill(cells, to, from, len);
    }

    fn read(
        &self,
        column: &mut Column,
        input: &[u8],
        arena: &[u8],
        len: usize,
        odd: &mut Vec<(usize, Oddity)>,
    ) {
        if column.is_empty(len) {
            return;
        }
        let mut cache = DateCache::default();
        let block = Block { len, columns: &[], input, arena };
        for row in 0..len {
            let bits = column.bits[row];
            let time_us = match column.kind(row) {
                CellKind::Missing | CellKind::Time => continue,
                CellKind::Text if self.takes_texts => cache.parse(block.text(bits)).map(|parsed| {
                    if parsed.is_naive {
                        odd.push((row, Oddity::Naive));
                    }
                    parsed.time_us
                }),
                CellKind::Int if self.takes_numbers => (bits as i64).checked_mul(self.unit_us),
                CellKind::Double if self.takes_numbers => {
                    whole_micros(f64::from_bits(bits) * self.unit_us as f64)
                }
                _ => None,
            };
            match time_us {
                Some(time_us) => column.set(row, CellKind::Time, time_us as u64),
                None => {
                    column.set(row, CellKind::Missing, 0);
                    odd.push((row, Oddity::Unreadable));
                }
            }
        }
    }

    fn settle(
        &self,
        time: &mut Column,
        sent: &Column,
        received: &mut Column,
        len: usize,
        arrival: Arrival,
        notes: &mut ClockNotes,
    ) -> Mask {
        let mut without_time = Mask::zeros(len);
        let is_usual = sent.is_empty(len)
            && time.is_all(len, CellKind::Time)
            && received.is_all(len, CellKind::Time);
        for row in 0..len {
            if !is_usual {
                self.settle_odd(time, sent, received, row, arrival, notes, &mut without_time);
                continue;
            }
            let (at, limit) = (time.bits[row] as i64, received.bits[row] as i64);
            if at > limit.saturating_add(FUTURE_US_MAX) {
                time.bits[row] = limit as u64;
                notes.time_in_future += 1;
            }
        }
        without_time
    }

    /// Settles a row that lacks a time or has one of sending.
    #[allow(clippy::too_many_arguments)]
    fn settle_odd(
        &self,
        time: &mut Column,
        sent: &Column,
        received: &mut Column,
        row: usize,
        arrival: Arrival,
        notes: &mut ClockNotes,
        without_time: &mut Mask,
    ) {
        let get = |column: &Column| (column.kinds[row] == TIME).then(|| column.bits[row] as i64);
        let (own_us, sent_us, wire_us) = (get(time), get(sent), get(received));
        let known_us = wire_us.or(arrival.received_us);
        let Some(received_us) = known_us.or(sent_us).or(own_us) else {
            without_time.set(row, true);
            return;
        };
        notes.received_missing += u64::from(known_us.is_none());
        received.set(row, CellKind::Time, received_us as u64);
        let Some(own_us) = own_us else {
            notes.time_missing += 1;
            time.set(row, CellKind::Time, received_us as u64);
            return;
        };
        let mut time_us = own_us;
        let mut future_us_max = FUTURE_US_MAX;
        if let (Some(known_us), Some(sent_us), true) = (known_us, sent_us, self.corrects_skew) {
            time_us = known_us.saturating_sub(sent_us.saturating_sub(own_us).max(0));
            notes.time_corrected += u64::from(time_us != own_us);
            future_us_max = 0;
        }
        if time_us > received_us.saturating_add(future_us_max) {
            time_us = received_us;
            notes.time_in_future += 1;
        }
        time.set(row, CellKind::Time, time_us as u64);
    }
}

/// Returns a number of microseconds as an integer, its fraction cut off towards the past.
fn whole_micros(micros: f64) -> Option<i64> {
    let floor = micros.floor();
    // Both bounds are exact powers of two.
    (-(2f64.powi(63))..2f64.powi(63)).contains(&floor).then_some(floor as i64)
}
