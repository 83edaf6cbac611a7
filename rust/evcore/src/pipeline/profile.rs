//! Where the time goes: a stopwatch that the stages share, off unless it is asked for.

use std::time::{Duration, Instant};

/// A stage of the pipeline, as far as time is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The structural index.
    Index,
    /// From tokens to columns.
    Decode,
    /// Canonical fields, times, declared types.
    Normalise,
    /// Dictionary codes.
    Encode,
    /// Categories, tags and filters.
    Rules,
    /// Groups and their values.
    Aggregate,
    /// Batches and NDJSON.
    Output,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Stage; 7] = [
        Stage::Index,
        Stage::Decode,
        Stage::Normalise,
        Stage::Encode,
        Stage::Rules,
        Stage::Aggregate,
        Stage::Output,
    ];

    /// Returns the stage's name.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Index => "index",
            Stage::Decode => "decode",
            Stage::Normalise => "normalise",
            Stage::Encode => "encode",
            Stage::Rules => "rules",
            Stage::Aggregate => "aggregate",
            Stage::Output => "output",
        }
    }
}

/// A stopwatch with a total for each stage.
#[derive(Debug, Clone, Default)]
pub(super) struct Stopwatch {
    is_on: bool,
    last: Option<Instant>,
    spent: [Duration; Stage::ALL.len()],
}

impl Stopwatch {
    pub fn switch_on(&mut self) {
        self.is_on = true;
    }

    pub fn spent(&self) -> &[Duration; Stage::ALL.len()] {
        &self.spent
    }

    /// Starts a lap.
    #[inline(always)]
    pub fn start(&mut self) {
        if self.is_on {
            self.last = Some(Instant::now());
        }
    }

    /// Ends the lap of a stage and starts the next.
    #[inline(always)]
    pub fn lap(&mut self, stage: Stage) {
        if self.is_on {
            let now = Instant::now();
            if let Some(last) = self.last.replace(now) {
                self.spent[stage as usize] += now - last;
            }
        }
    }
}
