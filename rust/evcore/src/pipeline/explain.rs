//! Why one event was judged as it was: each rule's verdict and what it read.

use evcore_event::{Block, Cell, Mask};
use evcore_rule::{FailureKind, Program, Row, Value, evaluate};

use crate::decode::scan::PADDING;
use crate::decode::{Place, Reject};
use crate::error::Error;
use crate::normalise::Arrival;

use super::collect::{Collected, kind_name};
use super::worker::Worker;
use super::{Compiled, Sink};

/// What happened to one event.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// Why it was rejected, if it was; then nothing else is known.
    pub reject: Option<Reject>,
    /// `kept`, or the filter that dropped it.
    pub outcome: String,
    /// Its category, if it has one.
    pub category: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// The canonical fields and paths that the configuration reads.
    pub fields: Vec<ExplainedField>,
    /// Each rule, in the order in which they are decided.
    pub rules: Vec<ExplainedRule>,
}

/// A field of the event.
#[derive(Debug, Clone)]
pub struct ExplainedField {
    /// Its path.
    pub path: String,
    /// `missing`, `string`, `double`, …
    pub kind: &'static str,
    /// Its value as text.
    pub value: String,
}

/// A rule's verdict on the event.
#[derive(Debug, Clone)]
pub struct ExplainedRule {
    /// `category`, `tag`, `filter` or `aggregate`.
    pub section: &'static str,
    /// What it decides.
    pub name: String,
    /// Its text.
    pub source: String,
    /// `true`, `false`, `missing` or `error`.
    pub verdict: &'static str,
    /// Why it has no value, if it has none.
    pub message: Option<String>,
    /// The paths it reads, with their values.
    pub reads: Vec<ExplainedField>,
}

/// Explains the first event of a text; line feeds between its tokens do not matter.
pub(super) fn explain(
    worker: &mut Worker,
    feed: &str,
    event: &[u8],
    arrival: Arrival,
) -> Result<Option<Explanation>, Error> {
    let feed = worker.feed(feed)?;
    let mut line: Vec<u8> =
        event.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }).collect();
    line.push(b'\n');
    let len = line.len();
    line.resize(len + PADDING, 0);
    let compiled = worker.compiled.clone();
    let mut out = Collected::new(&compiled, Sink::Batch);
    let Worker { feeds, judge, .. } = worker;
    let state = &mut feeds[feed];
    state.decoder.open(&line, len);
    let rows = state.decoder.fill(&state.plan.decode, &line, Place::default());
    if rows == 0 {
        return Ok(state.decoder.rejects.pop().map(rejected));
    }
    let decoder = &mut state.decoder;
    judge.normalise(
        &compiled,
        &state.plan,
        decoder,
        &line,
        rows,
        Place::default(),
        arrival,
        &mut out,
    );
    if let Some(reject) = out.batch.rejects.pop() {
        return Ok(Some(rejected(reject)));
    }
    judge.block(&compiled, decoder, &line, Place::default(), 0, &mut out);
    let block = decoder.block(&line);
    let filtered = out.batch.counts.filtered_by_reason(&compiled);
    let dropped = filtered.into_iter().find(|(_, count)| *count > 0);
    let read = |slot: usize, path: String| {
        let cell = block.cell(slot, 0);
        ExplainedField { path, kind: kind_name(block.columns[slot].kind(0)), value: show(cell) }
    };
    let fields = compiled.slots.paths().iter().enumerate();
    let event = ExplainedEvent {
        compiled: &compiled,
        block,
        tags: judge.tags(),
        category: judge.category(0),
    };
    Ok(Some(Explanation {
        reject: None,
        outcome: dropped.map_or("kept".to_owned(), |(reason, _)| format!("filtered: {reason}")),
        category: event.category_name().map(str::to_owned),
        tags: event.tag_names().into_iter().map(str::to_owned).collect(),
        fields: fields.map(|(slot, path)| read(slot, path.to_string())).collect(),
        rules: (0..compiled.rules.len()).map(|rule| event.rule(rule)).collect(),
    }))
}

fn rejected(reject: Reject) -> Explanation {
    Explanation {
        outcome: format!("rejected: {}", reject.reason.name()),
        reject: Some(reject),
        category: None,
        tags: Vec::new(),
        fields: Vec::new(),
        rules: Vec::new(),
    }
}

struct ExplainedEvent<'a> {
    compiled: &'a Compiled,
    block: Block<'a>,
    tags: &'a [Mask],
    category: u16,
}

impl<'a> ExplainedEvent<'a> {
    fn tag_names(&self) -> Vec<&'a str> {
        let tags = self.compiled.tag_names.iter().zip(self.tags);
        tags.filter(|(_, mask)| mask.get(0)).map(|(name, _)| name.as_str()).collect()
    }

    fn category_name(&self) -> Option<&'a str> {
        let number = self.category.checked_sub(1)?;
        Some(&self.compiled.category_names[usize::from(number)])
    }

    fn rule(&self, rule: usize) -> ExplainedRule {
        let info = &self.compiled.rules[rule];
        let program = &self.compiled.programs[rule];
        let row = ExplainedRow { event: self, program };
        let (verdict, message) = match evaluate(program, &row) {
            Ok(Value::Bool(true)) => ("true", None),
            Ok(Value::Bool(false)) => ("false", None),
            Ok(_) => ("error", Some("the rule is not a bool".to_owned())),
            Err(error) => {
                let verdict = if error.kind == FailureKind::Missing { "missing" } else { "error" };
                (verdict, Some(error.describe(&program.source)))
            }
        };
        let reads = program.paths.iter().enumerate().map(|(at, path)| {
            let cell = row.cell(at);
            let slot = self.compiled.slots.find(path).expect("compile gave every path a slot");
            let kind = kind_name(self.block.columns[slot].kind(0));
            ExplainedField { path: path.to_string(), kind, value: show(cell) }
        });
        ExplainedRule {
            section: info.role.section(),
            name: info.name.clone(),
            source: program.source.clone(),
            verdict,
            message,
            reads: reads.collect(),
        }
    }
}

/// The event as one rule sees it.
struct ExplainedRow<'a> {
    event: &'a ExplainedEvent<'a>,
    program: &'a Program,
}

impl Row for ExplainedRow<'_> {
    fn cell(&self, path: usize) -> Cell<'_> {
        let slots = &self.event.compiled.slots;
        let slot = slots.find(&self.program.paths[path]).expect("compile gave every path a slot");
        self.event.block.cell(slot, 0)
    }

    fn has_tag(&self, name: &str) -> bool {
        self.event.tag_names().contains(&name)
    }

    fn tags(&self) -> Vec<&str> {
        self.event.tag_names()
    }

    fn category(&self) -> &str {
        self.event.category_name().unwrap_or("")
    }
}

/// Returns a cell as text.
fn show(cell: Cell<'_>) -> String {
    match cell {
        Cell::Missing | Cell::Mismatch => String::new(),
        Cell::Null => "null".to_owned(),
        Cell::Bool(value) => value.to_string(),
        Cell::Int(value) => value.to_string(),
        Cell::Uint(value) => value.to_string(),
        Cell::Double(value) => value.to_string(),
        Cell::Text(text) | Cell::List(text) | Cell::Map(text) => {
            String::from_utf8_lossy(text).into_owned()
        }
        Cell::Time(time_us) => evcore_event::time::format_rfc3339(time_us),
    }
}
