//! A configuration at work: bytes in; counters, batches and results out.
//!
//! This is the only module that knows more than one stage. It drives one block of about a thousand
//! events through all of them before the next is decoded:
//!
//! | step | module |
//! |---|---|
//! | lines to columns, rejects | [`crate::decode`] |
//! | canonical fields, clocks, declared types | [`crate::normalise`] |
//! | category, tags, filters | [`evcore_rule::plan`], by `worker` |
//! | groups | [`crate::aggregate`] |
//! | batch or NDJSON | `collect` |
//!
//! Threads share nothing but the compiled configuration. Each takes a part of the input, and parts
//! are put together in the order of the input, so that the answer does not depend on their number.

mod compile;
mod counts;
mod collect;
mod worker;
mod ingest;
mod profile;
mod explain;

use std::fs::File;
use std::sync::Arc;
use std::thread;

pub use collect::{EventBatch, Sink};
pub use compile::{Compiled, ENGINE_TAGS, RuleRole};
pub use counts::{Counts, FilterCounts, RuleCounts};
pub use explain::{ExplainedField, ExplainedRule, Explanation};
pub use ingest::Stream;
pub use profile::Stage;

use crate::aggregate::AggregateResult;
use crate::config::{Config, ConfigError};
use crate::decode::{Kernel, Place, Reason};
use crate::error::Error;
use crate::normalise::Arrival;

use collect::Collected;
use ingest::{BYTE_ORDER_MARK, Range, read_range};
use worker::{Origin, Worker};

/// Documents below this size are not worth a second thread: starting one costs about 20 µs.
const PARALLEL_BYTES_MIN: usize = 1024 * 1024;

/// A range of a file is at least so long: the byte order mark must lie in the first.
const RANGE_BYTES_MIN: usize = 64;

/// What a call says about its events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// The feed, if not that of the configuration.
    pub feed: Option<String>,
    /// The name of the source. Lateness will be judged per source; until then it changes nothing.
    pub source: Option<String>,
    /// When the document was received, in microseconds since 1970, for events that do not say.
    pub received_us: Option<i64>,
}

/// Counters with the names of what they count.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// Events that came in.
    pub received: u64,
    /// Events that were kept.
    pub kept: u64,
    /// Events that were seen before.
    pub duplicate: u64,
    /// Dropped events by reason.
    pub filtered: Vec<(String, u64)>,
    /// Rejected events by reason.
    pub rejected: Vec<(&'static str, u64)>,
    /// What was noticed about good events.
    pub notes: Vec<(&'static str, u64)>,
    /// Each rule's verdicts.
    pub rules: Vec<RuleMetrics>,
    /// Kept events by tag.
    pub tags: Vec<(String, u64)>,
    /// Kept events by category.
    pub categories: Vec<(String, u64)>,
    /// Bytes of input.
    pub bytes: u64,
    /// Lines of input.
    pub lines: u64,
}

/// How often a rule was true, lacked a field or failed.
#[derive(Debug, Clone)]
pub struct RuleMetrics {
    /// `category`, `tag`, `filter` or `aggregate`.
    pub section: &'static str,
    /// What it decides.
    pub name: String,
    /// The counts.
    pub counts: RuleCounts,
}

/// How one rule is evaluated.
#[derive(Debug, Clone)]
pub struct RulePlan {
    /// `category`, `tag`, `filter` or `aggregate`.
    pub section: &'static str,
    /// What it decides.
    pub name: String,
    /// Its text.
    pub source: String,
    /// The step of the order of decisions in which it is judged: 4 for now, as no rule reads state.
    pub step: u8,
    /// Its parts, indented by depth, and how each is evaluated.
    pub parts: Vec<String>,
}

/// A compiled configuration and all that it knows of its events.
pub struct Pipeline {
    compiled: Arc<Compiled>,
    kernel: Kernel,
    workers: Vec<Worker>,
    totals: Counts,
    /// Bytes of input so far: events are ordered by it.
    order: u64,
}

impl Pipeline {
    /// Compiles a configuration for some threads, 1 at least.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] with every problem of every rule; [`Error::Kernel`] if `EVCORE_SIMD` names
    /// a kernel that this machine lacks.
    ///
    /// ```
    /// use evcore::{Call, Config, Pipeline};
    /// let config = Config::from_toml(
    ///     "[[tag]]\nname = 'paid'\nwhen = 'attributes.revenue > 0.0'\n\
    ///      [[aggregate]]\nname = 'events'\ncount = true\nby = ['name']",
    ///     "shop.toml",
    /// )?;
    /// let mut pipeline = Pipeline::new(config, 1)?;
    /// let line = br#"{"type":"track","event":"Buy","timestamp":"2026-03-02T00:00:00Z","properties":{"revenue":5}}"#;
    /// let batch = pipeline.process(line, &Call::default())?;
    /// assert_eq!(batch.rows, 1);
    /// assert_eq!(pipeline.results()[0].rows, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(config: Config, threads: usize) -> Result<Pipeline, Error> {
        let kernel = Kernel::choose()?;
        let compiled = Arc::new(compile::compile(config)?);
        let workers: Result<Vec<Worker>, _> =
            (0..threads.max(1)).map(|_| Worker::new(compiled.clone(), kernel)).collect();
        let totals = Counts::new(&compiled);
        Ok(Pipeline { workers: workers?, compiled, kernel, totals, order: 0 })
    }

    /// Returns the configuration.
    pub fn config(&self) -> &Config {
        &self.compiled.config
    }

    /// Returns the kernel that indexes its input.
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// Takes in one whole document and returns its kept events.
    ///
    /// # Errors
    ///
    /// [`Error::Feed`] if the call names an unknown feed. Bad events are rejects in the batch.
    pub fn process(&mut self, document: &[u8], call: &Call) -> Result<EventBatch, Error> {
        let mut stream = self.stream(call, Sink::Batch)?;
        let body = document.strip_prefix(BYTE_ORDER_MARK).unwrap_or(document);
        stream.place.byte = (document.len() - body.len()) as u64;
        self.document(&mut stream, body);
        Ok(stream.take_batch())
    }

    /// Opens a source that comes in pieces or is read from a file.
    ///
    /// # Errors
    ///
    /// [`Error::Feed`] if the call names an unknown feed.
    pub fn stream(&mut self, call: &Call, sink: Sink) -> Result<Stream, Error> {
        let feed = match &call.feed {
            Some(name) => name.as_str(),
            None => self.compiled.config.feed.value.text(),
        };
        for worker in &mut self.workers {
            worker.feed(feed)?;
        }
        Ok(Stream {
            feed: feed.to_owned(),
            arrival: Arrival { received_us: call.received_us },
            collected: Collected::new(&self.compiled, sink),
            compiled: self.compiled.clone(),
            place: Place::default(),
            carry: Vec::new(),
            is_skipping: false,
            is_started: false,
            file_bytes: None,
            rejects_given: 0,
        })
    }

    /// Takes in the next piece of a source, cut anywhere.
    pub fn push(&mut self, stream: &mut Stream, piece: &[u8]) {
        let mut piece = piece;
        let head;
        if !stream.is_started {
            stream.carry.extend_from_slice(piece);
            if stream.carry.len() < BYTE_ORDER_MARK.len() {
                return;
            }
            head = self.start(stream);
            piece = &head;
        }
        if stream.is_skipping {
            let found = memchr::memchr(b'\n', piece);
            let skipped = found.map_or(piece.len(), |found| found + 1);
            self.skip(stream, skipped, found.is_some());
            piece = &piece[skipped..];
        }
        if !stream.carry.is_empty() {
            let end = memchr::memchr(b'\n', piece).map_or(piece.len(), |found| found + 1);
            stream.carry.extend_from_slice(&piece[..end]);
            piece = &piece[end..];
            if stream.carry.ends_with(b"\n") {
                let line = std::mem::take(&mut stream.carry);
                self.document(stream, &line);
                stream.carry = line;
                stream.carry.clear();
            }
        }
        if let Some(found) = memchr::memrchr(b'\n', piece) {
            self.document(stream, &piece[..=found]);
            piece = &piece[found + 1..];
        }
        stream.carry.extend_from_slice(piece);
        if stream.carry.len() > self.compiled.config.limits.max_event_bytes.value + 1 {
            let line = std::mem::take(&mut stream.carry);
            stream.skip_long_line(&line);
            self.totals.add_reject(Reason::TooLarge);
            self.skip(stream, line.len(), false);
        }
    }

    /// Ends a source that came in pieces: its last line may lack its line feed.
    pub fn push_end(&mut self, stream: &mut Stream) {
        let rest =
            if stream.is_started { std::mem::take(&mut stream.carry) } else { self.start(stream) };
        if !rest.is_empty() {
            self.document(stream, &rest);
        }
        if std::mem::take(&mut stream.is_skipping) {
            self.skip(stream, 0, true);
        }
    }

    /// Reads about `budget` bytes of a file, on all threads; returns false at its end.
    ///
    /// The file is read by position, so its own position neither matters nor moves. What is appended
    /// to it after the first step is not read.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if reading fails; what was read before counts.
    pub fn step_file(
        &mut self,
        stream: &mut Stream,
        file: &File,
        budget: usize,
    ) -> Result<bool, Error> {
        let size = match stream.file_bytes {
            Some(size) => size,
            None => *stream.file_bytes.insert(file.metadata()?.len()),
        };
        let from = stream.place.byte;
        let budget = budget.max(self.workers.len() * RANGE_BYTES_MIN) as u64;
        let to = size.min(from + budget);
        let share = (to - from).div_ceil(self.workers.len() as u64).max(RANGE_BYTES_MIN as u64);
        let ranges = (0..self.workers.len() as u64).map(|at| {
            let start = to.min(from + at * share);
            Range { from: start, to: to.min(start + share), order: self.order + (start - from) }
        });
        let (arrival, sink, compiled) = (stream.arrival, stream.collected.sink, &self.compiled);
        let feed = &stream.feed;
        let read = |worker: &mut Worker, range: Range| {
            let mut part = Collected::new(compiled, sink);
            if range.from == range.to {
                return Ok(part);
            }
            let feed = worker.feed(feed)?;
            read_range(worker, feed, file, range, arrival, &mut part)?;
            Ok(part)
        };
        let parts: Vec<Result<Collected, Error>> = on_each(&mut self.workers, ranges, read);
        self.order += to - from;
        for part in parts {
            let part = part?;
            self.totals.add(&part.batch.counts);
            stream.absorb(part);
        }
        stream.place.byte = to;
        Ok(to < size)
    }

    /// Returns the answers of the aggregates, in the configuration's order.
    pub fn results(&self) -> Vec<AggregateResult> {
        let [only] = &self.workers[..] else {
            let whole = self.merged();
            let names = whole.names();
            return whole.aggregates().iter().map(|aggregate| aggregate.result(&names)).collect();
        };
        let names = only.names();
        only.aggregates().iter().map(|aggregate| aggregate.result(&names)).collect()
    }

    /// Returns the counters of all input so far.
    pub fn counts(&self) -> &Counts {
        &self.totals
    }

    /// Returns the counters with their names.
    pub fn metrics(&self) -> Metrics {
        self.metrics_of(&self.totals)
    }

    /// Returns some counters of this pipeline with their names.
    pub fn metrics_of(&self, counts: &Counts) -> Metrics {
        let named = |names: &[String], counts: &[u64]| {
            names.iter().cloned().zip(counts.iter().copied()).collect()
        };
        let rules = self.compiled.rules.iter().zip(&counts.rules);
        Metrics {
            received: counts.received,
            kept: counts.kept,
            duplicate: counts.duplicate,
            filtered: counts.filtered_by_reason(&self.compiled),
            rejected: counts.rejected_by_reason(),
            notes: counts.notes(),
            rules: rules
                .map(|(rule, counts)| RuleMetrics {
                    section: rule.role.section(),
                    name: rule.name.clone(),
                    counts: *counts,
                })
                .collect(),
            tags: named(&self.compiled.tag_names, &counts.tags),
            categories: named(&self.compiled.category_names, &counts.categories),
            bytes: counts.bytes,
            lines: counts.lines,
        }
    }

    /// Switches a stopwatch on: see [`Pipeline::stage_seconds`]. It costs about a nanosecond an event.
    pub fn switch_stopwatch_on(&mut self) {
        self.workers.iter_mut().for_each(|worker| worker.judge.watch.switch_on());
    }

    /// Returns the seconds that each stage took, all threads together, since the stopwatch was
    /// switched on. Reading is not among the stages.
    pub fn stage_seconds(&self) -> Vec<(&'static str, f64)> {
        let seconds = |stage: &Stage| {
            let spent =
                self.workers.iter().map(|worker| worker.judge.watch.spent()[*stage as usize]);
            (stage.name(), spent.sum::<std::time::Duration>().as_secs_f64())
        };
        Stage::ALL.iter().map(seconds).collect()
    }

    /// Explains what would happen to one event; nothing is counted. `None` if there is no event.
    ///
    /// # Errors
    ///
    /// [`Error::Feed`] if the call names an unknown feed.
    pub fn explain(&self, event: &[u8], call: &Call) -> Result<Option<Explanation>, Error> {
        let mut worker = Worker::new(self.compiled.clone(), self.kernel)?;
        let feed = call.feed.as_deref().unwrap_or(self.compiled.config.feed.value.text());
        let arrival = Arrival { received_us: call.received_us };
        explain::explain(&mut worker, feed, event, arrival)
    }

    /// Returns how each rule is evaluated.
    pub fn plan(&self) -> Vec<RulePlan> {
        let describe = |(number, rule): (usize, &compile::RuleInfo)| RulePlan {
            section: rule.role.section(),
            name: rule.name.clone(),
            source: self.compiled.programs[number].source.clone(),
            step: 4,
            parts: self.workers[0]
                .plan()
                .describe(number)
                .iter()
                .map(ToString::to_string)
                .collect(),
        };
        self.compiled.rules.iter().enumerate().map(describe).collect()
    }

    /// Takes in all that another pipeline of the same configuration knows, as if its input had come
    /// after this one's.
    ///
    /// # Errors
    ///
    /// [`Error::Merge`] if the configurations differ.
    pub fn merge(&mut self, other: &Pipeline) -> Result<(), Error> {
        if self.compiled.config != other.compiled.config {
            return Err(Error::Merge("the pipelines have different configurations".to_owned()));
        }
        for worker in &other.workers {
            self.workers[0].absorb(worker, self.order);
        }
        self.order += other.order;
        self.totals.add(&other.totals);
        Ok(())
    }

    /// Settles what waits for more input. Nothing does until windows have lateness.
    pub fn finish(&mut self) {}

    fn merged(&self) -> Worker {
        let mut whole =
            Worker::new(self.compiled.clone(), self.kernel).expect("the same was made before");
        self.workers.iter().for_each(|worker| whole.absorb(worker, 0));
        whole
    }

    /// Takes off the byte order mark and returns what was carried so far.
    fn start(&mut self, stream: &mut Stream) -> Vec<u8> {
        stream.is_started = true;
        let mut head = std::mem::take(&mut stream.carry);
        if head.starts_with(BYTE_ORDER_MARK) {
            head.drain(..BYTE_ORDER_MARK.len());
            stream.place.byte += BYTE_ORDER_MARK.len() as u64;
            self.totals.bytes += BYTE_ORDER_MARK.len() as u64;
        }
        head
    }

    fn skip(&mut self, stream: &mut Stream, bytes: usize, ends_line: bool) {
        stream.place.byte += bytes as u64;
        self.totals.bytes += bytes as u64;
        self.order += bytes as u64;
        let lines = u64::from(ends_line);
        stream.place.line += lines;
        self.totals.lines += lines;
        if ends_line {
            stream.is_skipping = false;
        }
    }

    /// Takes in whole lines that stand at the stream's place.
    fn document(&mut self, stream: &mut Stream, document: &[u8]) {
        let (arrival, sink) = (stream.arrival, stream.collected.sink);
        let (compiled, order, start) = (&self.compiled, self.order, stream.place.byte);
        let feed = &stream.feed;
        let read = |worker: &mut Worker, (from, to): (usize, usize)| {
            let mut part = Collected::new(compiled, sink);
            let feed = worker.feed(feed).expect("the stream was opened with this feed");
            let place = Place { byte: start + from as u64, line: 0 };
            let origin = Origin { place, order: order + from as u64 };
            worker.document(feed, &document[from..to], origin, arrival, &mut part);
            part
        };
        let parts = if self.workers.len() == 1 || document.len() < PARALLEL_BYTES_MIN {
            vec![read(&mut self.workers[0], (0, document.len()))]
        } else {
            let parts = cut(document, self.workers.len());
            on_each(&mut self.workers, parts.into_iter(), read)
        };
        self.order += document.len() as u64;
        for part in parts {
            self.totals.add(&part.batch.counts);
            stream.absorb(part);
        }
        stream.place.byte += document.len() as u64;
    }
}

/// Cuts a document at line feeds into parts of about the same size.
fn cut(document: &[u8], parts: usize) -> Vec<(usize, usize)> {
    let mut from = 0;
    (1..=parts)
        .map(|part| {
            let target = (document.len() * part / parts).max(from);
            let to = match memchr::memchr(b'\n', &document[target..]) {
                Some(found) if part < parts => target + found + 1,
                _ => document.len(),
            };
            let range = (from, to);
            from = to;
            range
        })
        .collect()
}

/// Does `work` on each worker with its part, the first on this thread, and returns what came out in
/// the order of the parts.
fn on_each<P: Send, T: Send>(
    workers: &mut [Worker],
    parts: impl Iterator<Item = P>,
    work: impl Fn(&mut Worker, P) -> T + Sync,
) -> Vec<T> {
    let mut jobs: Vec<(&mut Worker, P)> = workers.iter_mut().zip(parts).collect();
    let work = &work;
    thread::scope(|scope| {
        let rest = jobs.split_off(1);
        let threads: Vec<_> = rest
            .into_iter()
            .map(|(worker, part)| scope.spawn(move || work(worker, part)))
            .collect();
        let first = jobs.pop().map(|(worker, part)| work(worker, part));
        let others = threads.into_iter().map(|thread| match thread.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        first.into_iter().chain(others).collect()
    })
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Error {
        Error::Config(Box::new(error))
    }
}
