//! `[[aggregate]]`: what is counted or summed, by what, over which windows.

use evcore_event::field::FieldType;
use evcore_event::{Path, limits};

use super::duration::{format_duration, parse_duration};
use super::reader::{Names, Reader, Section, did_you_mean, list_words};
use super::rules::{TypeDeclaration, ValueType};
use super::value::{Kind, Value};
use super::{Located, codes, name};

/// Aggregates of one configuration: each keeps groups of its own for every event.
pub const AGGREGATES_MAX: usize = 256;

/// Parts of a group's key: past it nearly every event is a group of its own.
pub const BY_MAX: usize = 16;

/// Largest `max_groups`: at 100 bytes a group, 10 GB.
pub const GROUPS_LIMIT: usize = 100_000_000;

/// The measures, as keys of the table.
const MEASURES: [&str; 8] = ["count", "sum", "mean", "min", "max", "first", "last", "distinct"];

/// Measures that are planned.
const LATER_MEASURES: [&str; 3] = ["quantile", "quantiles", "top"];

/// An `[[aggregate]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// The result's name, unique.
    pub name: Located<String>,
    /// What is measured.
    pub measure: Located<Measure>,
    /// The parts of the group's key; none: one total.
    pub by: Vec<Located<GroupKey>>,
    /// The windows of event time; none: all time.
    pub window: Option<Located<Window>>,
    /// The text of the rule that an event must match to be measured.
    pub condition: Option<Located<String>>,
    /// Groups kept.
    pub max_groups: Located<usize>,
}

/// What an aggregate measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measure {
    /// The number of events.
    Count,
    /// The exact sum of a path's numbers.
    Sum(Path),
    /// The mean of a path's numbers.
    Mean(Path),
    /// The least of a path's numbers or times.
    Min(Path),
    /// The greatest of a path's numbers or times.
    Max(Path),
    /// The value with the earliest time.
    First(Path),
    /// The value with the latest time.
    Last(Path),
    /// How many different values, exactly.
    Distinct(Path),
}

impl Measure {
    /// Returns the measure's key in the configuration.
    pub const fn key(&self) -> &'static str {
        match self {
            Measure::Count => "count",
            Measure::Sum(_) => "sum",
            Measure::Mean(_) => "mean",
            Measure::Min(_) => "min",
            Measure::Max(_) => "max",
            Measure::First(_) => "first",
            Measure::Last(_) => "last",
            Measure::Distinct(_) => "distinct",
        }
    }

    /// Returns the path that is measured; a count has none.
    pub const fn path(&self) -> Option<&Path> {
        match self {
            Measure::Count => None,
            Measure::Sum(path)
            | Measure::Mean(path)
            | Measure::Min(path)
            | Measure::Max(path)
            | Measure::First(path)
            | Measure::Last(path)
            | Measure::Distinct(path) => Some(path),
        }
    }
}

/// A part of a group's key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GroupKey {
    /// The value at a path.
    Path(Path),
    /// Each of the event's tags: an event counts once for each.
    Tags,
    /// The event's category.
    Category,
    /// Weekday and hour of the event's time, in the configuration's time zone.
    WeekdayHour,
}

impl GroupKey {
    /// Words that stand in `by` beside paths.
    const WORDS: [(&'static str, GroupKey); 3] = [
        ("tags", GroupKey::Tags),
        ("category", GroupKey::Category),
        ("weekday_hour", GroupKey::WeekdayHour),
    ];

    /// Returns the part as it is written in `by`.
    pub fn text(&self) -> String {
        match self {
            GroupKey::Path(path) => path.to_string(),
            GroupKey::Tags => "tags".to_owned(),
            GroupKey::Category => "category".to_owned(),
            GroupKey::WeekdayHour => "weekday_hour".to_owned(),
        }
    }
}

/// The windows of an aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// Tumbling windows of a fixed length in microseconds, from 1970-01-01 UTC.
    EveryUs(i64),
    /// Calendar days of the configuration's time zone.
    Day,
    /// Calendar weeks, from Monday.
    Week,
    /// Calendar months.
    Month,
}

impl Window {
    /// Words that stand for calendar windows.
    const WORDS: [(&'static str, Window); 3] =
        [("day", Window::Day), ("week", Window::Week), ("month", Window::Month)];

    /// Returns the window as it is written.
    pub fn text(self) -> String {
        match self {
            Window::EveryUs(us) => format_duration(us),
            Window::Day => "day".to_owned(),
            Window::Week => "week".to_owned(),
            Window::Month => "month".to_owned(),
        }
    }
}

/// Reads the `[[aggregate]]` tables.
pub(crate) fn read_aggregates(
    reader: &mut Reader<'_>,
    root: &Section<'_>,
    types: &[TypeDeclaration],
) -> Vec<Aggregate> {
    let mut names = Names::default();
    let mut keys = vec!["name", "by", "window", "where", "max_groups"];
    keys.extend(MEASURES);
    let tables = reader.tables(root, "aggregate", AGGREGATES_MAX, &keys, &LATER_MEASURES);
    let each = tables.iter().filter_map(|table| {
        let name = reader.required(table, "name", name::label);
        if let Some(name) = &name {
            names.add(reader, "aggregate", name);
        }
        let measure = read_measure(reader, table, types);
        let by = reader.optional(table, "by", read_by).map_or(Vec::new(), |by| by.value);
        let window = reader.optional(table, "window", read_window);
        let condition = reader.optional(table, "where", Reader::rule);
        let groups = |r: &mut Reader<'_>, v: &_, p: &str| r.whole(v, p, 1..=GROUPS_LIMIT);
        let max_groups = reader.or_default(table, "max_groups", limits::GROUPS_MAX, groups);
        Some(Aggregate { name: name?, measure: measure?, by, window, condition, max_groups })
    });
    each.collect()
}

fn read_measure(
    reader: &mut Reader<'_>,
    table: &Section<'_>,
    types: &[TypeDeclaration],
) -> Option<Located<Measure>> {
    // `count = false` is no measure: typed front ends write all keys.
    let is_given =
        |key: &&str| table.get(key).is_some_and(|v| v.kind != Kind::Bool(false) || *key != "count");
    let given: Vec<&str> = MEASURES.into_iter().filter(|key| is_given(key)).collect();
    let [key] = given[..] else {
        one_measure(reader, table, &given);
        return None;
    };
    reader.optional(table, key, |reader, value, path| {
        if key == "count" {
            return reader.flag(value, path).map(|_| Measure::Count);
        }
        let measured = reader.path(value, path)?;
        let make = match key {
            "sum" => Measure::Sum,
            "mean" => Measure::Mean,
            "min" => Measure::Min,
            "max" => Measure::Max,
            "first" => Measure::First,
            "last" => Measure::Last,
            _ => Measure::Distinct,
        };
        if let Some(what) = misfit(key, &measured, types) {
            let message = format!("`{measured}` is {what}: it has no {key}");
            let hint = "`distinct`, `first` and `last` take any value".to_owned();
            reader.report(codes::UNFIT_PATH, &value.span, path, message, Some(hint));
            return None;
        }
        Some(make(measured))
    })
}

fn one_measure(reader: &mut Reader<'_>, table: &Section<'_>, given: &[&str]) {
    // A planned measure was reported as such.
    if given.is_empty() && LATER_MEASURES.iter().any(|key| table.get(key).is_some()) {
        return;
    }
    let hint = format!("give one of {}", list_words(&MEASURES));
    let (span, message) = match given {
        [_, second, ..] => {
            let given: Vec<String> = given.iter().map(|key| format!("`{key}`")).collect();
            let message = format!("an aggregate has one measure, this one {}", given.join(" and "));
            (table.key_span(second), message)
        }
        _ => (None, "the aggregate measures nothing".to_owned()),
    };
    let span = span.unwrap_or_else(|| table.span.clone());
    reader.report(codes::MEASURE, &span, &table.path, message, Some(hint));
}

/// Returns what a path leads to, if a measure can never take it.
fn misfit(measure: &str, path: &Path, types: &[TypeDeclaration]) -> Option<&'static str> {
    let is_sum = matches!(measure, "sum" | "mean");
    if !is_sum && !matches!(measure, "min" | "max") {
        return None;
    }
    let declared = types.iter().find(|line| line.path.value == *path);
    match (path.root.field_type(), declared.map(|line| line.value_type.value)) {
        (FieldType::Text, _) => Some("a text"),
        (FieldType::Timestamp, _) if is_sum => Some("a time"),
        (FieldType::Map, _) if path.steps.is_empty() => Some("a map"),
        (_, Some(ValueType::Text)) => Some("declared a string in [types]"),
        (_, Some(ValueType::Bool)) => Some("declared a bool in [types]"),
        (_, Some(ValueType::Timestamp)) if is_sum => Some("declared a timestamp in [types]"),
        _ => None,
    }
}

fn read_by(reader: &mut Reader<'_>, value: &Value, path: &str) -> Option<Vec<Located<GroupKey>>> {
    let Kind::List(items) = &value.kind else {
        let hint = match &value.kind {
            Kind::Text(text) => Some(format!("write [\"{}\"]", text.escape_debug())),
            _ => None,
        };
        reader.wrong_type(value, path, "a list of paths", hint);
        return None;
    };
    if let Some(first_past) = items.get(BY_MAX) {
        let message = format!("{} parts of a key: at most {BY_MAX} are taken", items.len());
        reader.report(codes::TOO_MANY, &first_past.span, path, message, None);
    }
    let mut by: Vec<Located<GroupKey>> = Vec::new();
    for (at, item) in items.iter().take(BY_MAX).enumerate() {
        let item_path = format!("{path}[{at}]");
        let Some(text) = reader.text(item, &item_path) else { continue };
        let located = name::located(&text, item, &item_path);
        let words = GroupKey::WORDS.map(|(word, _)| word);
        let word = GroupKey::WORDS.into_iter().find(|(word, _)| *word == text);
        let key = match word {
            Some((_, key)) => Some(key),
            None => reader.path_of(&located, &words).map(GroupKey::Path),
        };
        let Some(key) = key else { continue };
        if by.iter().any(|earlier| earlier.value == key) {
            let message = format!("`{}` is a part of the key already", key.text());
            reader.report(codes::DUPLICATE_PATH, &item.span, &item_path, message, None);
            continue;
        }
        by.push(located.with(key));
    }
    Some(by)
}

fn read_window(reader: &mut Reader<'_>, value: &Value, path: &str) -> Option<Window> {
    let text = reader.text(value, path)?;
    if let Some((_, window)) = Window::WORDS.into_iter().find(|(word, _)| *word == text) {
        return Some(window);
    }
    match parse_duration(&text) {
        Ok(us) => Some(Window::EveryUs(us)),
        Err(error) => {
            let is_word = text.starts_with(|c: char| c.is_alphabetic());
            let words = Window::WORDS.map(|(word, _)| word);
            let hint = match did_you_mean(&text, words).filter(|_| is_word) {
                Some(meant) => format!("did you mean \"{meant}\"?"),
                None => {
                    "such as \"15m\", \"1h30m\", \"1d\", or \"day\", \"week\", \"month\" of the \
                         calendar"
                        .to_owned()
                }
            };
            let located = name::located(&text, value, path);
            reader.at_byte(codes::BAD_DURATION, &located, error.offset, error.message, Some(hint));
            None
        }
    }
}
