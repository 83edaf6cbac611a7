//! The configuration: a text in TOML or JSON becomes typed values, each of which knows its place.
//!
//! | step | takes | gives |
//! |---|---|---|
//! | `toml`, `json` | text | one tree of values with spans, or the syntax errors |
//! | `reader` and a file per section | tree | typed values, or every problem at once |
//! | [`Config::place`] | a rule's problems | the same, pointing into the file |
//!
//! Rules stay texts here: what they mean is compiled by the pipeline, which knows all tags.
//! The reference for users is `docs/guide/config.md`.

use std::fmt;
use std::ops::Range;

use evcore_event::{Diagnostic, SourceText};

pub mod codes;
mod located;
mod value;
mod toml;
mod json;
mod text_map;
mod reader;
mod path_hint;
mod name;
mod duration;
mod rules;
mod aggregate;
mod output;
mod feed;
mod normal;

pub use aggregate::{AGGREGATES_MAX, Aggregate, BY_MAX, GROUPS_LIMIT, GroupKey, Measure, Window};
pub use duration::{DURATION_US_MAX, DurationError, format_duration, parse_duration};
pub use feed::{FEED_MAP_MAX, FEEDS_MAX, FeedField, FeedName, Skew, TimeUnit, UserFeed, WirePath};
pub use located::Located;
pub use name::{ENGINE_TAG_PREFIXES, NAME_BYTES_MAX};
pub use output::{COLUMNS_MAX, EVENT_BYTES_LIMIT, Limits, Output, OutputColumn, REJECTS_LIMIT};
pub use rules::{
    CATEGORIES_MAX, CategoryRule, FILTERS_MAX, FilterAction, FilterRule, TYPES_MAX, TagRule,
    TypeDeclaration, ValueType,
};

use reader::{Reader, Section};
use value::{Entry, Kind, Value};

/// Largest configuration text: 1 MiB. Written by hand they are a few KiB, and the checks look at
/// each byte several times.
pub const CONFIG_BYTES_MAX: usize = 1024 * 1024;

/// Problems that are shown: nobody reads more before the first are mended.
pub const PROBLEMS_MAX: usize = 100;

/// The version of the file format that this evcore reads.
pub const VERSION: u32 = 1;

/// Sections in force.
const SECTIONS: [&str; 12] = [
    "version",
    "feed",
    "timezone",
    "json",
    "types",
    "category",
    "tag",
    "filter",
    "aggregate",
    "output",
    "feeds",
    "limits",
];

/// Sections that are planned.
const LATER_SECTIONS: [&str; 16] = [
    "dedup",
    "late",
    "rambunctious",
    "wallflower",
    "session",
    "state",
    "identity",
    "privacy",
    "consent",
    "analysis",
    "funnel",
    "retention",
    "calculated",
    "audience",
    "destination",
    "gateway",
];

/// An enumeration whose values are words of the configuration.
pub trait Word: Copy + 'static {
    /// Every value.
    const ALL: &'static [Self];

    /// Returns the value as it is written.
    fn word(self) -> &'static str;
}

/// How JSON is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonMode {
    /// Lone surrogates, `NaN` and duplicate keys are mended and counted.
    Lenient,
    /// RFC 8259 to the letter.
    Strict,
}

impl Word for JsonMode {
    const ALL: &'static [JsonMode] = &[JsonMode::Lenient, JsonMode::Strict];

    fn word(self) -> &'static str {
        match self {
            JsonMode::Lenient => "lenient",
            JsonMode::Strict => "strict",
        }
    }
}

/// A configuration that was read without a problem.
///
/// Two are equal if they say the same: places and source text do not count.
#[derive(Debug, Clone)]
pub struct Config {
    /// The text that was read.
    pub source: SourceText,
    /// The format's version.
    pub version: Located<u32>,
    /// The feed that events come in, unless a call names another.
    pub feed: Located<FeedName>,
    /// The IANA name of the time zone of calendar windows and weekdays.
    pub timezone: Located<String>,
    /// How JSON is read.
    pub json: Located<JsonMode>,
    /// `[types]`, in the order of the file.
    pub types: Vec<TypeDeclaration>,
    /// `[[category]]`, in the order of the file.
    pub categories: Vec<CategoryRule>,
    /// `[[tag]]`, in the order of the file.
    pub tags: Vec<TagRule>,
    /// `[[filter]]`, in the order of the file.
    pub filters: Vec<FilterRule>,
    /// `[[aggregate]]`, in the order of the file.
    pub aggregates: Vec<Aggregate>,
    /// `[output]`.
    pub output: Output,
    /// `[feeds]`, in the order of the file.
    pub feeds: Vec<UserFeed>,
    /// `[limits]`.
    pub limits: Limits,
}

impl PartialEq for Config {
    fn eq(&self, other: &Self) -> bool {
        // By name, so that a new field cannot be forgotten.
        let Config {
            source: _,
            version,
            feed,
            timezone,
            json,
            types,
            categories,
            tags,
            filters,
            aggregates,
            output,
            feeds,
            limits,
        } = self;
        (version, feed, timezone, json)
            == (&other.version, &other.feed, &other.timezone, &other.json)
            && (types, categories, tags) == (&other.types, &other.categories, &other.tags)
            && (filters, aggregates) == (&other.filters, &other.aggregates)
            && (output, feeds, limits) == (&other.output, &other.feeds, &other.limits)
    }
}

/// Why a text is no configuration: every problem that was found, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The text, to point into.
    pub source: SourceText,
    /// At least one problem.
    pub problems: Vec<Diagnostic>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().enumerate() {
            let gap = if at == 0 { "" } else { "\n\n" };
            write!(f, "{gap}{}", problem.render(&self.source))?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads a TOML text; `file_name` stands in messages.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] with all problems: those of the syntax if there are any, otherwise all
    /// others.
    ///
    /// ```
    /// use evcore::config::Config;
    /// let text = "feed = 'canonical'\n[[tag]]\nname = 'paid'\nwen = 'true'\n";
    /// let error = Config::from_toml(text, "shop.toml").unwrap_err();
    /// assert_eq!(error.problems[0].key_path, "tag[0].when");
    /// assert_eq!(error.problems[1].hint.as_deref(), Some("did you mean `when`?"));
    /// ```
    pub fn from_toml(text: &str, file_name: &str) -> Result<Config, ConfigError> {
        read(text, file_name, toml::read)
    }

    /// Reads a JSON text; `file_name` stands in messages.
    ///
    /// # Errors
    ///
    /// As [`Config::from_toml`]; JSON shows one syntax error at a time.
    ///
    /// ```
    /// use evcore::config::Config;
    /// let config = Config::from_json(r#"{"feed": "canonical"}"#, "shop.json").unwrap();
    /// assert_eq!(config.timezone.value, "UTC");
    /// ```
    pub fn from_json(text: &str, file_name: &str) -> Result<Config, ConfigError> {
        read(text, file_name, json::read)
    }

    /// Returns the configuration as JSON with all defaults; [`Config::from_json`] reads it back to
    /// an equal one.
    pub fn to_json(&self) -> String {
        normal::to_json(self)
    }

    /// Returns the bytes of the file that wrote the bytes `inner` of a text such as a rule: inside
    /// the TOML or JSON string, past its quotes and escapes.
    pub fn span_inside(&self, text: &Located<String>, inner: Range<usize>) -> Option<Range<usize>> {
        let span = text.span.as_ref()?;
        Some(text_map::span_inside(&self.source.text, span, &text.value, inner))
    }

    /// Returns the problems of a rule, whose spans are bytes of the rule's text, as problems of the
    /// file.
    pub fn place(&self, rule: &Located<String>, problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let place = |problem: Diagnostic| {
            let inner = problem.span.clone().unwrap_or(0..rule.value.len());
            let (span, key_path) = (self.span_inside(rule, inner), rule.key_path.clone());
            Diagnostic { span, key_path, ..problem }
        };
        problems.into_iter().map(place).collect()
    }

    /// Returns problems that were found after reading as an error, in the order of the text.
    pub fn error(&self, problems: Vec<Diagnostic>) -> ConfigError {
        finish(self.source.clone(), problems, 0)
    }
}

type Parse = fn(&str) -> Result<Value, Vec<Diagnostic>>;

fn read(text: &str, file_name: &str, parse: Parse) -> Result<Config, ConfigError> {
    let source = SourceText { name: file_name.to_owned(), text: text.to_owned() };
    if text.len() > CONFIG_BYTES_MAX {
        let problem = Diagnostic {
            code: codes::TOO_LARGE,
            message: format!("{} bytes: at most {CONFIG_BYTES_MAX} are read", text.len()),
            span: None,
            key_path: String::new(),
            hint: None,
        };
        return Err(ConfigError { source, problems: vec![problem] });
    }
    let root = parse(text).map_err(|problems| finish(source.clone(), problems, 0))?;
    let mut reader = Reader::new(text);
    let config = read_root(&mut reader, &root, &source);
    match config {
        Some(config) if reader.problems.is_empty() => Ok(config),
        _ => Err(finish(source, reader.problems, reader.left_out)),
    }
}

/// Puts problems in the order of the text, and cuts what nobody would read.
fn finish(source: SourceText, mut problems: Vec<Diagnostic>, left_out: usize) -> ConfigError {
    let left_out = left_out + problems.len().saturating_sub(PROBLEMS_MAX);
    problems.truncate(PROBLEMS_MAX);
    problems.sort_by_key(|problem| problem.span.as_ref().map_or(usize::MAX, |span| span.start));
    if left_out > 0 {
        problems.push(Diagnostic {
            code: codes::MORE_PROBLEMS,
            message: format!("{left_out} more problems are not shown"),
            span: None,
            key_path: String::new(),
            hint: None,
        });
    }
    ConfigError { source, problems }
}

fn read_root(reader: &mut Reader<'_>, value: &Value, source: &SourceText) -> Option<Config> {
    let entries = reader.entries(value, "")?;
    // A file of another version means something else throughout: only its version is reported.
    let version = entries.iter().find(|entry| entry.key == "version");
    if let Some(Value { kind: Kind::Integer(number), span }) = version.map(|entry| &entry.value)
        && *number != VERSION.into()
    {
        let message = format!("version {number} is not known: this evcore reads version {VERSION}");
        reader.report(codes::VERSION, span, "version", message, None);
        return None;
    }
    let root = reader.section(value, String::new(), &SECTIONS, &LATER_SECTIONS)?;
    let whole = |r: &mut Reader<'_>, v: &_, p: &str| r.whole(v, p, 1..=1).map(|_| VERSION);
    let version = reader.or_default(&root, "version", VERSION, whole);
    let user_feeds = feed_names(&root);
    let feed = reader.or_default(&root, "feed", FeedName::Segment, |r, v, p| {
        feed::read_feed_name(r, v, p, &user_feeds)
    });
    let types = rules::read_types(reader, &root);
    let aggregates = aggregate::read_aggregates(reader, &root, &types);
    Some(Config {
        source: source.clone(),
        version,
        feed,
        timezone: reader.or_default(&root, "timezone", "UTC".to_owned(), name::time_zone),
        json: reader.or_default(&root, "json", JsonMode::Lenient, Reader::word),
        types,
        categories: rules::read_categories(reader, &root),
        tags: rules::read_tags(reader, &root),
        filters: rules::read_filters(reader, &root),
        aggregates,
        output: output::read_output(reader, &root),
        feeds: feed::read_feeds(reader, &root),
        limits: output::read_limits(reader, &root),
    })
}

/// Returns the names under `[feeds]`, those with problems too: `feed` may name them.
fn feed_names<'v>(root: &Section<'v>) -> Vec<&'v str> {
    match root.get("feeds").map(|value| &value.kind) {
        Some(Kind::Table(entries)) => entries.iter().map(|entry| entry.key.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// Returns a key of a table with its place.
fn entry_key<'v>(table_path: &str, entry: &'v Entry) -> Located<&'v str> {
    Located {
        value: &entry.key,
        span: Some(entry.key_span.clone()),
        key_path: located::join(table_path, &entry.key),
    }
}

/// Returns whether a path was written as nested keys, which TOML makes of `a.b = …` without quotes,
/// and reports it.
fn is_unquoted_path(reader: &mut Reader<'_>, entry: &Entry, key: &Located<&str>) -> bool {
    if !matches!(entry.value.kind, Kind::Table(_)) {
        return false;
    }
    let hint =
        Some(format!("put the whole path in quotes: \"{}.…\" = …", entry.key.escape_debug()));
    reader.wrong_type(&entry.value, &key.key_path, "a text", hint);
    true
}
