//! Counters: every event that came in is in exactly one of kept, filtered, duplicate or rejected.

use crate::decode::Reason;
use crate::normalise::clock::ClockNotes;

use super::compile::{Compiled, Filter};

/// How often one rule was true, lacked a field or failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RuleCounts {
    /// True.
    pub matched: u64,
    /// Read a key or field that was missing.
    pub missing: u64,
    /// Failed for another reason.
    pub errors: u64,
}

/// How often one filter dropped an event, and why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FilterCounts {
    /// By its rule, or its sample.
    pub dropped: u64,
    /// A keep filter whose rule lacked a field.
    pub missing: u64,
    /// A keep filter whose rule failed.
    pub errors: u64,
}

/// All counters of some input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events that came in, rejects included.
    pub received: u64,
    /// Events that were not filtered.
    pub kept: u64,
    /// Events that were seen before. Counted from the version that has `[dedup]` on.
    pub duplicate: u64,
    /// By filter.
    pub filtered: Vec<FilterCounts>,
    /// By [`Reason`].
    pub rejected: [u64; Reason::ALL.len()],
    /// By rule.
    pub rules: Vec<RuleCounts>,
    /// Kept events, by tag.
    pub tags: Vec<u64>,
    /// Kept events, by category.
    pub categories: Vec<u64>,
    /// Events with an oddity of JSON: surrogate, nonfinite, duplicate key.
    pub oddities: [u64; 3],
    /// Values that are not of their declared type.
    pub types_unread: u64,
    /// What was odd about times.
    pub clock: ClockNotes,
    /// Bytes of input.
    pub bytes: u64,
    /// Lines of input, blank ones included.
    pub lines: u64,
}

impl Counts {
    /// Returns counters at zero.
    pub fn new(compiled: &Compiled) -> Counts {
        Counts {
            filtered: vec![FilterCounts::default(); compiled.filters.len()],
            rules: vec![RuleCounts::default(); compiled.rules.len()],
            tags: vec![0; compiled.tag_names.len()],
            categories: vec![0; compiled.category_names.len()],
            ..Counts::default()
        }
    }

    /// Counts an event that came in and was rejected.
    pub fn add_reject(&mut self, reason: Reason) {
        self.received += 1;
        self.rejected[reason as usize] += 1;
    }

    /// Adds the counters of other input.
    pub fn add(&mut self, other: &Counts) {
        self.received += other.received;
        self.kept += other.kept;
        self.duplicate += other.duplicate;
        self.types_unread += other.types_unread;
        self.bytes += other.bytes;
        self.lines += other.lines;
        for (left, right) in self.filtered.iter_mut().zip(&other.filtered) {
            left.dropped += right.dropped;
            left.missing += right.missing;
            left.errors += right.errors;
        }
        for (left, right) in self.rules.iter_mut().zip(&other.rules) {
            left.matched += right.matched;
            left.missing += right.missing;
            left.errors += right.errors;
        }
        add_each(&mut self.rejected, &other.rejected);
        add_each(&mut self.tags, &other.tags);
        add_each(&mut self.categories, &other.categories);
        add_each(&mut self.oddities, &other.oddities);
        let (left, right) = (&mut self.clock, &other.clock);
        left.received_missing += right.received_missing;
        left.time_missing += right.time_missing;
        left.time_unreadable += right.time_unreadable;
        left.time_naive += right.time_naive;
        left.time_in_future += right.time_in_future;
        left.time_corrected += right.time_corrected;
    }

    /// Returns the dropped events by reason: a filter's name, or a keep filter's `name.missing` and
    /// `name.error`.
    pub fn filtered_by_reason(&self, compiled: &Compiled) -> Vec<(String, u64)> {
        let mut reasons = Vec::new();
        for ((name, filter), counts) in compiled.filters.iter().zip(&self.filtered) {
            reasons.push((name.clone(), counts.dropped));
            if matches!(filter, Filter::Keep(_)) {
                reasons.push((format!("{name}.missing"), counts.missing));
                reasons.push((format!("{name}.error"), counts.errors));
            }
        }
        reasons
    }

    /// Returns the rejected events by reason, those reasons only that there were.
    pub fn rejected_by_reason(&self) -> Vec<(&'static str, u64)> {
        let all = Reason::ALL.iter().zip(&self.rejected);
        all.filter(|(_, count)| **count > 0)
            .map(|(reason, count)| (reason.name(), *count))
            .collect()
    }

    /// Returns what was noticed about good events, by name; zeros too.
    pub fn notes(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("json.surrogate", self.oddities[0]),
            ("json.nonfinite", self.oddities[1]),
            ("json.duplicate_key", self.oddities[2]),
            ("types.unread", self.types_unread),
            ("time.received_missing", self.clock.received_missing),
            ("time.missing", self.clock.time_missing),
            ("time.unreadable", self.clock.time_unreadable),
            ("time.naive", self.clock.time_naive),
            ("time.in_future", self.clock.time_in_future),
            ("time.corrected", self.clock.time_corrected),
        ]
    }

    /// Returns how many events were filtered in all.
    pub fn filtered_total(&self) -> u64 {
        self.filtered.iter().map(|counts| counts.dropped + counts.missing + counts.errors).sum()
    }

    /// Returns how many events were rejected in all.
    pub fn rejected_total(&self) -> u64 {
        self.rejected.iter().sum()
    }

    /// Returns whether every event is accounted for.
    pub fn is_conserved(&self) -> bool {
        self.received == self.kept + self.filtered_total() + self.duplicate + self.rejected_total()
    }
}

fn add_each(left: &mut [u64], right: &[u64]) {
    left.iter_mut().zip(right).for_each(|(left, right)| *left += right);
}
