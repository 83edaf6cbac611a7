//! One thread's share of a pipeline: its decoders, dictionaries and aggregates, and the order of
//! decisions for a block.

use std::sync::Arc;

use evcore_event::intern::OVERFLOW;
use evcore_event::limits::{BLOCK_ROWS, RULE_DICTIONARY_MAX};
use evcore_event::{Block, Cell, Dictionary, Mask, Path};
use evcore_rule::plan::{Plan, Scope as RuleScope};

use crate::aggregate::{Aggregate, AggregateError, BlockCache, Names, Scope};
use crate::decode::lines::{Piece, for_each_piece};
use crate::decode::{Decoder, Fault, Kernel, Place, Reason, reject};
use crate::error::Error;
use crate::normalise::{Arrival, FeedPlan, Slots, plan_feed};

use super::collect::{Collected, Judged};
use super::compile::{Compiled, ENGINE_TAGS, Filter, RuleRole};
use super::counts::Counts;
use super::ingest::long_line;
use super::profile::{Stage, Stopwatch};

/// A feed that this thread has decoded, with its decoder.
pub(super) struct FeedState {
    pub plan: FeedPlan,
    pub decoder: Decoder,
}

/// One thread's state.
pub(super) struct Worker {
    pub compiled: Arc<Compiled>,
    kernel: Kernel,
    pub feeds: Vec<FeedState>,
    pub judge: Judge,
    scratch: Vec<u8>,
    /// Where a file is read to.
    pub read_buffer: Vec<u8>,
}

/// Everything after decode.
pub(super) struct Judge {
    plan: Plan,
    dictionaries: Vec<Option<Dictionary>>,
    /// Slots to encode before rules run, because a rule reads their codes or may.
    coded_early: Vec<usize>,
    /// Slots that only aggregates need codes of.
    coded_late: Vec<usize>,
    aggregates: Vec<Aggregate>,
    cache: BlockCache,
    tags: Vec<Mask>,
    categories: Box<[u16; BLOCK_ROWS]>,
    kept: Mask,
    dropped: Mask,
    counted: Mask,
    spare_codes: Box<[u32; BLOCK_ROWS]>,
    pub watch: Stopwatch,
}

/// Where a document stands: in its source, for rejects, and in all input, for the order of events.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Origin {
    pub place: Place,
    pub order: u64,
}

impl Worker {
    pub fn new(compiled: Arc<Compiled>, kernel: Kernel) -> Result<Worker, AggregateError> {
        let judge = Judge::new(&compiled)?;
        Ok(Worker {
            compiled,
            kernel,
            feeds: Vec::new(),
            judge,
            scratch: Vec::new(),
            read_buffer: Vec::new(),
        })
    }

    /// Returns the number of a feed.
    pub fn feed(&mut self, name: &str) -> Result<usize, Error> {
        if let Some(at) = self.feeds.iter().position(|feed| feed.plan.name == name) {
            return Ok(at);
        }
        let plan = plan_feed(&self.compiled.config, name, &self.compiled.slots)?;
        let decoder = Decoder::new(self.kernel, &plan.decode);
        self.feeds.push(FeedState { plan, decoder });
        Ok(self.feeds.len() - 1)
    }

    /// Takes in a document of whole lines; the last may lack its line feed.
    pub fn document(
        &mut self,
        feed: usize,
        document: &[u8],
        origin: Origin,
        arrival: Arrival,
        out: &mut Collected,
    ) {
        let Worker { compiled, feeds, judge, scratch, .. } = self;
        let feed = &mut feeds[feed];
        let line_bytes_max = feed.plan.decode.event_bytes_max;
        let mut line = origin.place.line;
        for_each_piece(document, line_bytes_max, scratch, |piece, at| {
            let place = Place { byte: origin.place.byte + at as u64, line };
            let origin = Origin { place, order: origin.order + at as u64 };
            line += match piece {
                Piece::Chunk(bytes, len) => {
                    chunk(compiled, feed, judge, bytes, len, origin, arrival, out)
                }
                Piece::LongLine(text) => {
                    let rejects_max = compiled.config.limits.max_rejects.value;
                    out.take_reject(long_line(place, text), rejects_max);
                    1
                }
            };
        });
        let counts = &mut out.batch.counts;
        counts.lines += line - origin.place.line;
        counts.bytes += document.len() as u64;
    }

    /// Takes in a chunk of whole lines with its padding; the bytes and lines are not counted.
    pub fn chunk(
        &mut self,
        feed: usize,
        bytes: &[u8],
        len: usize,
        origin: Origin,
        arrival: Arrival,
        out: &mut Collected,
    ) {
        let Worker { compiled, feeds, judge, .. } = self;
        let lines = chunk(compiled, &mut feeds[feed], judge, bytes, len, origin, arrival, out);
        out.batch.counts.lines += lines;
        out.batch.counts.bytes += len as u64;
    }

    pub fn aggregates(&self) -> &[Aggregate] {
        &self.judge.aggregates
    }

    pub fn plan(&self) -> &Plan {
        &self.judge.plan
    }

    /// Takes in the aggregates of a worker of the same configuration, whose input is ordered from
    /// `order` on.
    pub fn absorb(&mut self, other: &Worker, order: u64) {
        let translations: Vec<Option<Vec<u32>>> = self
            .judge
            .dictionaries
            .iter_mut()
            .zip(&other.judge.dictionaries)
            .map(|(mine, theirs)| Some(mine.as_mut()?.absorb(theirs.as_ref()?)))
            .collect();
        let translate = |slot: usize, code: u32| {
            let table = translations[slot].as_ref();
            table.and_then(|table| table.get(code as usize)).copied().unwrap_or(OVERFLOW)
        };
        for (mine, theirs) in self.judge.aggregates.iter_mut().zip(&other.judge.aggregates) {
            if order == 0 {
                mine.merge(theirs, &translate);
            } else {
                let mut later = theirs.clone();
                later.shift_order(order);
                mine.merge(&later, &translate);
            }
        }
    }

    pub fn names(&self) -> Names<'_> {
        Names {
            dictionaries: &self.judge.dictionaries,
            tag_names: &self.compiled.tag_names,
            category_names: &self.compiled.category_names,
        }
    }
}

pub(super) const TOO_LARGE: &str = "longer than the limit";

/// Takes in a chunk and returns how many lines it has.
#[allow(clippy::too_many_arguments)]
fn chunk(
    compiled: &Compiled,
    feed: &mut FeedState,
    judge: &mut Judge,
    bytes: &[u8],
    len: usize,
    origin: Origin,
    arrival: Arrival,
    out: &mut Collected,
) -> u64 {
    let FeedState { plan, decoder } = feed;
    judge.watch.start();
    decoder.open(bytes, len);
    judge.watch.lap(Stage::Index);
    loop {
        let rows = decoder.fill(&plan.decode, bytes, origin.place);
        judge.watch.lap(Stage::Decode);
        if rows == 0 {
            take_rejects(compiled, &mut decoder.rejects, out);
            return decoder.line_count() as u64;
        }
        let first_row = origin.order + u64::from(decoder.rows.starts[0]);
        judge.normalise(compiled, plan, decoder, bytes, rows, origin.place, arrival, out);
        judge.block(compiled, decoder, bytes, origin.place, first_row, out);
    }
}

fn take_rejects(
    compiled: &Compiled,
    rejects: &mut Vec<crate::decode::Reject>,
    out: &mut Collected,
) {
    for reject in rejects.drain(..) {
        out.take_reject(reject, compiled.config.limits.max_rejects.value);
    }
}

impl Judge {
    fn new(compiled: &Compiled) -> Result<Judge, AggregateError> {
        let mut slot_of =
            |path: &Path| compiled.slots.find(path).expect("compile gave every path a slot");
        let plan = Plan::new(
            &compiled.programs,
            &mut slot_of,
            &compiled.tag_names,
            &compiled.category_names,
        );
        let zone = compiled.config.timezone.value.as_str();
        let aggregates: Result<Vec<Aggregate>, AggregateError> = compiled
            .aggregates
            .iter()
            .map(|(spec, _)| Aggregate::new(spec.clone(), zone))
            .collect();
        let by_rules: Vec<usize> = compiled
            .programs
            .iter()
            .flat_map(|program| &program.paths)
            .filter_map(|path| compiled.slots.find(path))
            .collect();
        let mut dictionaries: Vec<Option<Dictionary>> = vec![None; compiled.slots.paths().len()];
        for slot in plan.coded_slots() {
            dictionaries[*slot] = Some(Dictionary::new(RULE_DICTIONARY_MAX));
        }
        for slot in &compiled.coded_by_aggregates {
            dictionaries[*slot] = Some(Dictionary::new(VALUES_MAX));
        }
        let coded = (0..dictionaries.len()).filter(|slot| dictionaries[*slot].is_some());
        let (coded_early, coded_late) = coded.partition(|slot| by_rules.contains(slot));
        Ok(Judge {
            plan,
            dictionaries,
            coded_early,
            coded_late,
            aggregates: aggregates?,
            cache: BlockCache::new(zone)?,
            tags: vec![Mask::default(); compiled.tag_names.len()],
            categories: Box::new([0; BLOCK_ROWS]),
            kept: Mask::default(),
            dropped: Mask::default(),
            counted: Mask::default(),
            spare_codes: Box::new([0; BLOCK_ROWS]),
            watch: Stopwatch::default(),
        })
    }

    /// Makes the decoded columns canonical and rejects events without any time.
    #[allow(clippy::too_many_arguments)]
    pub fn normalise(
        &mut self,
        compiled: &Compiled,
        plan: &FeedPlan,
        decoder: &mut Decoder,
        bytes: &[u8],
        rows: usize,
        place: Place,
        arrival: Arrival,
        out: &mut Collected,
    ) {
        for step in &plan.steps {
            step.run(&mut decoder.cells, bytes, rows);
        }
        let counts = &mut out.batch.counts;
        let without_time =
            plan.clock.run(&mut decoder.cells, bytes, rows, arrival, &mut counts.clock);
        for declared in &plan.declared {
            counts.types_unread += declared.run(&mut decoder.cells, bytes, rows, &without_time);
        }
        counts.received += rows as u64;
        self.kept.reset(rows);
        self.kept.fill(true);
        if without_time.any() {
            self.kept.and_not(&without_time);
            for row in without_time.rows() {
                let (start, end) =
                    (decoder.rows.starts[row] as usize, decoder.rows.ends[row] as usize);
                let fault = Fault { reason: Reason::NoTime, message: NO_TIME, offset: 0 };
                let line = place.line + u64::from(decoder.rows.lines[row]) + 1;
                let byte = place.byte + start as u64;
                decoder.rejects.push(reject(&fault, line, byte, &bytes[start..end]));
            }
            // These rows were counted as received above, and are again as rejects.
            counts.received -= without_time.count();
            decoder.rejects.sort_by_key(|reject| reject.line);
        }
        take_rejects(compiled, &mut decoder.rejects, out);
    }

    /// Decides on the events of a block: category, tags, filters, aggregates, outputs.
    pub fn block(
        &mut self,
        compiled: &Compiled,
        decoder: &mut Decoder,
        bytes: &[u8],
        place: Place,
        first_row: u64,
        out: &mut Collected,
    ) {
        let rows = decoder.rows.starts.len();
        self.watch.lap(Stage::Normalise);
        for slot in &self.coded_early {
            encode(&mut self.dictionaries, decoder, bytes, *slot, &mut self.spare_codes);
        }
        self.watch.lap(Stage::Encode);
        self.plan.start_block();
        self.engine_tags(decoder, rows, &mut out.batch.counts);
        self.rules(compiled, &decoder.block(bytes), &mut out.batch.counts);
        self.filters(compiled, &decoder.block(bytes), &mut out.batch.counts);
        self.watch.lap(Stage::Rules);
        for slot in &self.coded_late {
            encode(&mut self.dictionaries, decoder, bytes, *slot, &mut self.spare_codes);
        }
        self.watch.lap(Stage::Encode);
        let block = decoder.block(bytes);
        self.count_kept(&mut out.batch.counts);
        self.aggregate(compiled, &block, first_row, &mut out.batch.counts);
        self.watch.lap(Stage::Aggregate);
        let judged = Judged {
            block,
            kept: &self.kept,
            tags: &self.tags,
            categories: &self.categories[..],
            starts: &decoder.rows.starts,
            ends: &decoder.rows.ends,
            lines: &decoder.rows.lines,
            first_line: place.line,
            nonfinite: &|row| decoder.rows.oddities[row] & 2 != 0,
        };
        out.take(compiled, &judged);
        self.watch.lap(Stage::Output);
    }

    /// Returns the tags of the block, by tag.
    pub fn tags(&self) -> &[Mask] {
        &self.tags
    }

    /// Returns the category of a row: 0 for none.
    pub fn category(&self, row: usize) -> u16 {
        self.categories[row]
    }

    fn engine_tags(&mut self, decoder: &Decoder, rows: usize, counts: &mut Counts) {
        let any = decoder.rows.oddities.iter().fold(0, |any, bits| any | bits);
        for (tag, mask) in self.tags.iter_mut().enumerate() {
            mask.reset(rows);
            if tag < ENGINE_TAGS.len() && any >> tag & 1 != 0 {
                mask.fill_with(rows, |row| decoder.rows.oddities[row] >> tag & 1 != 0);
                mask.and(&self.kept);
                counts.oddities[tag] += mask.count();
            }
        }
    }

    /// Gives categories and tags.
    fn rules(&mut self, compiled: &Compiled, block: &Block<'_>, counts: &mut Counts) {
        self.categories[..block.len].fill(0);
        for (number, rule) in compiled.rules.iter().enumerate() {
            match rule.role {
                RuleRole::Category(category) => {
                    let matched = self.evaluate(number, block, counts);
                    for row in matched.rows() {
                        if self.categories[row] == 0 {
                            self.categories[row] = category as u16 + 1;
                        }
                    }
                    self.dropped = matched;
                }
                RuleRole::Tag(tag) => {
                    let matched = self.evaluate(number, block, counts);
                    self.dropped = std::mem::replace(&mut self.tags[tag], matched);
                }
                RuleRole::Filter(_) | RuleRole::Aggregate(_) => return,
            }
        }
    }

    /// Returns the kept rows that a rule matches, and counts its verdicts on them. The mask is the
    /// scratch mask `dropped`: give it back.
    fn evaluate(&mut self, rule: usize, block: &Block<'_>, counts: &mut Counts) -> Mask {
        let scope = RuleScope {
            dictionaries: &self.dictionaries,
            tags: &self.tags,
            categories: &self.categories[..block.len],
        };
        let verdict = self.plan.evaluate(rule, block, &scope);
        let counted = &mut counts.rules[rule];
        let mut matched = std::mem::take(&mut self.dropped);
        if verdict.missing.any() {
            matched.copy_from(&verdict.missing);
            matched.and(&self.kept);
            counted.missing += matched.count();
        }
        if verdict.errors.any() {
            matched.copy_from(&verdict.errors);
            matched.and(&self.kept);
            counted.errors += matched.count();
        }
        matched.copy_from(&verdict.matched);
        matched.and(&self.kept);
        counted.matched += matched.count();
        matched
    }

    /// Drops events, each under the first filter that drops it.
    fn filters(&mut self, compiled: &Compiled, block: &Block<'_>, counts: &mut Counts) {
        // Every rule of a filter is judged on all events, so that its counters do not depend on the
        // filters before it.
        let alive = self.kept.clone();
        for (at, (_, filter)) in compiled.filters.iter().enumerate() {
            let kept = std::mem::replace(&mut self.kept, alive.clone());
            let mut dropped = match *filter {
                Filter::Drop(rule) => self.evaluate(rule, block, counts),
                Filter::Keep(rule) => {
                    let mut dropped = self.evaluate(rule, block, counts);
                    dropped.not();
                    dropped
                }
                Filter::SampleBelow(bound) => sample(compiled, block, bound),
            };
            self.kept = kept;
            dropped.and(&self.kept);
            if let Filter::Keep(rule) = *filter {
                self.count_failures(rule, at, &mut dropped, block, counts);
            }
            self.kept.and_not(&dropped);
            counts.filtered[at].dropped += dropped.count();
            self.dropped = dropped;
        }
    }

    /// Drops what a keep filter could not judge, under its own reasons, and takes it out of
    /// `dropped`.
    fn count_failures(
        &mut self,
        rule: usize,
        filter: usize,
        dropped: &mut Mask,
        block: &Block<'_>,
        counts: &mut Counts,
    ) {
        let scope = RuleScope {
            dictionaries: &self.dictionaries,
            tags: &self.tags,
            categories: &self.categories[..block.len],
        };
        let verdict = self.plan.evaluate(rule, block, &scope);
        for (failures, is_missing) in [(&verdict.missing, true), (&verdict.errors, false)] {
            let mut failed = dropped.clone();
            failed.and(failures);
            let counted = &mut counts.filtered[filter];
            *(if is_missing { &mut counted.missing } else { &mut counted.errors }) +=
                failed.count();
            self.kept.and_not(&failed);
            dropped.and_not(&failed);
        }
    }

    fn count_kept(&mut self, counts: &mut Counts) {
        counts.kept += self.kept.count();
        for (tag, mask) in self.tags.iter_mut().enumerate() {
            mask.and(&self.kept);
            counts.tags[tag] += mask.count();
        }
        if !counts.categories.is_empty() {
            for row in self.kept.rows() {
                if let Some(category) = self.categories[row].checked_sub(1) {
                    counts.categories[usize::from(category)] += 1;
                }
            }
        }
    }

    fn aggregate(
        &mut self,
        compiled: &Compiled,
        block: &Block<'_>,
        first_row: u64,
        counts: &mut Counts,
    ) {
        self.cache.start_block();
        let mut aggregates = std::mem::take(&mut self.aggregates);
        for (aggregate, (_, condition)) in aggregates.iter_mut().zip(&compiled.aggregates) {
            let counted = match condition {
                None => std::mem::take(&mut self.counted),
                Some(rule) => self.evaluate(*rule, block, counts),
            };
            let kept = if condition.is_some() { &counted } else { &self.kept };
            let scope = Scope {
                dictionaries: &self.dictionaries,
                tags: &self.tags,
                tag_names: &compiled.tag_names,
                categories: &self.categories[..block.len],
                category_names: &compiled.category_names,
                time_slot: Slots::TIME,
                first_row,
            };
            aggregate.fold(block, kept, &scope, &mut self.cache);
            match condition {
                None => self.counted = counted,
                Some(_) => self.dropped = counted,
            }
        }
        self.aggregates = aggregates;
    }
}

pub(super) const NO_TIME: &str = "neither a time nor a time of receipt";

/// Values of a dictionary that aggregates read: groups are bounded elsewhere, codes have 32 bits.
const VALUES_MAX: usize = 1 << 30;

fn encode(
    dictionaries: &mut [Option<Dictionary>],
    decoder: &mut Decoder,
    bytes: &[u8],
    slot: usize,
    spare: &mut Box<[u32; BLOCK_ROWS]>,
) {
    let Some(dictionary) = &mut dictionaries[slot] else {
        return;
    };
    // The block is borrowed while its codes are written, so they are written beside it.
    std::mem::swap(&mut decoder.cells.columns[slot].codes, spare);
    dictionary.encode(&decoder.block(bytes), slot, &mut spare[..]);
    std::mem::swap(&mut decoder.cells.columns[slot].codes, spare);
}

/// Returns the rows whose user is not in the sample. Without a user and a device an event stays.
fn sample(compiled: &Compiled, block: &Block<'_>, bound: u64) -> Mask {
    let (user, anonymous) = compiled.sample_slots.expect("compile gave the slots");
    let mut dropped = Mask::default();
    dropped.fill_with(block.len, |row| {
        let key = match block.cell(user, row) {
            Cell::Text(text) => text,
            _ => match block.cell(anonymous, row) {
                Cell::Text(text) => text,
                _ => return false,
            },
        };
        stable_hash(key) >= bound && bound != u64::MAX
    });
    dropped
}

/// Returns the same 64 bits for the same text, always and everywhere (FNV-1a, then a finaliser that
/// spreads short texts over all bits).
fn stable_hash(text: &[u8]) -> u64 {
    let hash = text.iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
    });
    let mixed = (hash ^ hash >> 33).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    mixed ^ mixed >> 33
}
