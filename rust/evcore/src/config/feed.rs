//! `feed` and `[feeds.NAME]`: which wire format an event comes in.

use std::fmt;

use evcore_event::path::parse_wire;
use evcore_event::{Field, Path, Step};

use super::name::{self, LATER_FEEDS, READY_FEEDS};
use super::reader::{Reader, Section, did_you_mean, list_words};
use super::value::{Entry, Kind, Value, shorten};
use super::{Located, Word, codes};

/// Feeds of one configuration.
pub const FEEDS_MAX: usize = 64;

/// Lines of one feed's map: each is looked up in every event.
pub const FEED_MAP_MAX: usize = 256;

/// The feed that a configuration's events come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedName {
    /// Segment's `track`, `page`, … calls.
    Segment,
    /// Canonical events.
    Canonical,
    /// A feed of `[feeds.NAME]`.
    User(String),
}

impl FeedName {
    /// Returns the name as it is written.
    pub fn text(&self) -> &str {
        match self {
            FeedName::Segment => "segment",
            FeedName::Canonical => "canonical",
            FeedName::User(name) => name,
        }
    }
}

/// A `[feeds.NAME]`.
#[derive(Debug, Clone, PartialEq)]
pub struct UserFeed {
    /// The feed's name.
    pub name: Located<String>,
    /// Where each canonical field comes from.
    pub map: Vec<FeedField>,
    /// How times are written on the wire.
    pub time_unit: Located<TimeUnit>,
    /// Whether wrong device clocks are corrected.
    pub skew: Located<Skew>,
    /// Where the name of the event's source stands, if anywhere.
    pub source: Option<Located<WirePath>>,
}

/// A line of a feed's map.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedField {
    /// A canonical field, or a path of keys below a map field; its place is that of the key.
    pub target: Located<Path>,
    /// Where the value comes from.
    pub wire: Located<WirePath>,
}

/// A path into the event as it is on the wire: `ev.n`, `items[0]["unit price"]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WirePath {
    /// Keys and indices from the event's object on.
    pub steps: Vec<Step>,
}

impl fmt::Display for WirePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The canonical form knows how to write steps; its root and first dot go.
        let path = Path { root: Field::Wire, steps: self.steps.clone() }.to_string();
        let steps = &path[Field::Wire.name().len()..];
        f.write_str(steps.strip_prefix('.').unwrap_or(steps))
    }
}

/// How a feed writes times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// Texts such as `2026-03-02T00:04:23.576Z`.
    Rfc3339,
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
    /// Microseconds since 1970.
    Microseconds,
}

impl Word for TimeUnit {
    const ALL: &'static [TimeUnit] =
        &[TimeUnit::Rfc3339, TimeUnit::Seconds, TimeUnit::Milliseconds, TimeUnit::Microseconds];

    fn word(self) -> &'static str {
        match self {
            TimeUnit::Rfc3339 => "rfc3339",
            TimeUnit::Seconds => "s",
            TimeUnit::Milliseconds => "ms",
            TimeUnit::Microseconds => "us",
        }
    }
}

/// Whether a feed's device clocks are corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skew {
    /// Times are taken as they are.
    Off,
    /// As Segment does: `time` moves by `received - sent`.
    Segment,
}

impl Word for Skew {
    const ALL: &'static [Skew] = &[Skew::Off, Skew::Segment];

    fn word(self) -> &'static str {
        match self {
            Skew::Off => "off",
            Skew::Segment => "segment",
        }
    }
}

/// Reads `feed`; `user_feeds` are the names under `[feeds]`, also of feeds with problems.
pub(crate) fn read_feed_name(
    reader: &mut Reader<'_>,
    value: &Value,
    path: &str,
    user_feeds: &[&str],
) -> Option<FeedName> {
    let text = reader.text(value, path)?;
    match text.as_str() {
        "segment" => return Some(FeedName::Segment),
        "canonical" => return Some(FeedName::Canonical),
        _ if user_feeds.contains(&text.as_str()) => return Some(FeedName::User(text)),
        _ if LATER_FEEDS.contains(&text.as_str()) => {
            let message = format!("the feed \"{text}\" comes in a later version of evcore");
            reader.report(codes::LATER, &value.span, path, message, None);
            return None;
        }
        _ => {}
    }
    let known: Vec<&str> = READY_FEEDS.iter().chain(user_feeds).copied().collect();
    let hint = match did_you_mean(&text, known.iter().copied()) {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => format!("it is one of {}, or one you describe in [feeds.NAME]", list_words(&known)),
    };
    let message = format!("there is no feed {}", shorten(&text));
    reader.report(codes::UNKNOWN_FEED, &value.span, path, message, Some(hint));
    None
}

/// Reads `[feeds]`.
pub(crate) fn read_feeds(reader: &mut Reader<'_>, root: &Section<'_>) -> Vec<UserFeed> {
    let path = root.path_of("feeds");
    let entries = reader.open_table(root, "feeds", FEEDS_MAX);
    entries.iter().filter_map(|entry| read_feed(reader, entry, &path)).collect()
}

fn read_feed(reader: &mut Reader<'_>, entry: &Entry, feeds_path: &str) -> Option<UserFeed> {
    let key = super::entry_key(feeds_path, entry);
    let is_named = is_feed_name(reader, &key);
    let keys = ["map", "time_unit", "skew", "source"];
    let section = reader.section(&entry.value, key.key_path.clone(), &keys, &[])?;
    let map = reader.required(&section, "map", |reader, value, _| {
        reader.entries(value, &section.path_of("map")).map(|entries| entries.is_empty())
    });
    if let Some(Located { value: true, span: Some(span), key_path }) = &map {
        let message = "the map is empty: no field would have a value".to_owned();
        reader.report(codes::MISSING_KEY, span, key_path, message, None);
    }
    let fields = match map {
        Some(_) => read_map(reader, &section),
        None => Vec::new(),
    };
    let time_unit = reader.or_default(&section, "time_unit", TimeUnit::Rfc3339, Reader::word);
    let skew = reader.or_default(&section, "skew", Skew::Off, Reader::word);
    check_skew(reader, &skew, &section);
    let source = reader.optional(&section, "source", |reader, value, path| {
        let text = reader.text(value, path)?;
        wire_path(reader, &name::located(&text, value, path))
    });
    let name = key.with(entry.key.clone());
    is_named.then_some(UserFeed { name, map: fields, time_unit, skew, source })
}

fn is_feed_name(reader: &mut Reader<'_>, key: &Located<&str>) -> bool {
    if READY_FEEDS.iter().chain(&LATER_FEEDS).any(|ready| *ready == key.value) {
        let message = format!("\"{}\" is the name of a ready-made feed", key.value);
        let span = key.span.clone().unwrap_or(0..0);
        reader.report(codes::RESERVED_NAME, &span, &key.key_path, message, None);
        return false;
    }
    if !name::check_label(reader, key) {
        return false;
    }
    match name::misfit(key.value) {
        Some((offset, message)) => {
            reader.at_byte(codes::BAD_NAME, key, offset, message, None);
            false
        }
        None => true,
    }
}

fn read_map(reader: &mut Reader<'_>, section: &Section<'_>) -> Vec<FeedField> {
    let map_path = section.path_of("map");
    let mut fields: Vec<FeedField> = Vec::new();
    for entry in reader.open_table(section, "map", FEED_MAP_MAX) {
        let key = super::entry_key(&map_path, entry);
        if super::is_unquoted_path(reader, entry, &key) {
            continue;
        }
        let target = reader.path_of(&key, &[]).filter(|path| is_target(reader, &key, path));
        let text = reader.text(&entry.value, &key.key_path);
        let wire = text.and_then(|text| {
            let located = name::located(&text, &entry.value, &key.key_path);
            wire_path(reader, &located).map(|path| located.with(path))
        });
        let Some(target) = target else { continue };
        if let Some(earlier) = fields.iter().find(|field| overlap(&field.target.value, &target)) {
            let message = format!("`{target}` is mapped already");
            let hint = Some(format!("by {}", earlier.target.key_path));
            reader.report(codes::DUPLICATE_PATH, &entry.key_span, &key.key_path, message, hint);
            continue;
        }
        if let Some(wire) = wire {
            fields.push(FeedField { target: key.with(target), wire });
        }
    }
    fields
}

/// Returns whether one path is the other, or leads through it.
fn overlap(left: &Path, right: &Path) -> bool {
    let shorter = left.steps.len().min(right.steps.len());
    left.root == right.root && left.steps[..shorter] == right.steps[..shorter]
}

fn is_target(reader: &mut Reader<'_>, key: &Located<&str>, path: &Path) -> bool {
    let message = if path.root == Field::Wire {
        "`wire` is the event as it came: it is not mapped".to_owned()
    } else if path.steps.iter().any(|step| matches!(step, Step::Index(_))) {
        "a field is built from keys, not from indices".to_owned()
    } else {
        return true;
    };
    let span = key.span.clone().unwrap_or(0..0);
    reader.report(codes::UNFIT_PATH, &span, &key.key_path, message, None);
    false
}

fn wire_path(reader: &mut Reader<'_>, text: &Located<&str>) -> Option<WirePath> {
    match parse_wire(text.value) {
        Ok(steps) => Some(WirePath { steps }),
        Err(error) => {
            reader.at_byte(codes::BAD_PATH, text, error.offset, error.message, None);
            None
        }
    }
}

/// Reports a correction that could never be made: it needs the event's time and the time it was
/// sent.
fn check_skew(reader: &mut Reader<'_>, skew: &Located<Skew>, section: &Section<'_>) {
    let (Skew::Segment, Some(span)) = (skew.value, &skew.span) else { return };
    let Some(Value { kind: Kind::Table(map), .. }) = section.get("map") else {
        return;
    };
    for field in [Field::Time, Field::Sent] {
        if !map.iter().any(|entry| entry.key == field.name()) {
            let message = format!("skew = \"segment\" needs `{}` in the map", field.name());
            reader.report(codes::MISSING_KEY, span, &skew.key_path, message, None);
        }
    }
}
