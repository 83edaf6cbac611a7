//! From the tree to typed values, gathering every problem on the way.
//!
//! A reading function returns `None` when there is nothing usable, and has reported why. The caller
//! goes on with the rest of the file, so that one run shows all problems.

use std::collections::HashMap;
use std::ops::{Range, RangeInclusive};

use evcore_event::diagnostic;
use evcore_event::path::PathError;
use evcore_event::{Diagnostic, Path};

use super::located::{Located, join};
use super::name::NAME_BYTES_MAX;
use super::path_hint::{check_steps, path_hint};
use super::text_map::span_inside;
use super::value::{Entry, Kind, Value, shorten};
use super::{PROBLEMS_MAX, Word, codes};

/// The text that is read and what is wrong with it.
pub(crate) struct Reader<'t> {
    pub source: &'t str,
    /// The first [`PROBLEMS_MAX`] problems.
    pub problems: Vec<Diagnostic>,
    /// How many more there were.
    pub left_out: usize,
}

/// A table whose keys are fixed.
pub(crate) struct Section<'v> {
    entries: &'v [Entry],
    /// The table's bytes; in TOML its header.
    pub span: Range<usize>,
    /// The table's key path.
    pub path: String,
}

impl<'v> Section<'v> {
    /// Returns the value of a key; JSON's `null` is as if the key were not there.
    pub fn get(&self, key: &str) -> Option<&'v Value> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        (entry.value.kind != Kind::Null).then_some(&entry.value)
    }

    /// Returns the span of a key, for a problem that is about the key.
    pub fn key_span(&self, key: &str) -> Option<Range<usize>> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| entry.key_span.clone())
    }

    /// Returns the key path of one of the table's keys.
    pub fn path_of(&self, key: &str) -> String {
        join(&self.path, key)
    }
}

impl<'t> Reader<'t> {
    /// Returns a reader that has found nothing yet.
    pub fn new(source: &'t str) -> Reader<'t> {
        Reader { source, problems: Vec::new(), left_out: 0 }
    }

    /// Adds a problem.
    pub fn report(
        &mut self,
        code: &'static str,
        span: &Range<usize>,
        key_path: &str,
        message: String,
        hint: Option<String>,
    ) {
        if self.problems.len() == PROBLEMS_MAX {
            self.left_out += 1;
            return;
        }
        let (span, key_path) = (Some(span.clone()), key_path.to_owned());
        self.problems.push(Diagnostic { code, message, span, key_path, hint });
    }

    /// Adds the problem that a value is of another type.
    pub fn wrong_type(&mut self, value: &Value, path: &str, expected: &str, hint: Option<String>) {
        let message = format!("expected {expected}, got {}", value.describe());
        self.report(codes::WRONG_TYPE, &value.span, path, message, hint);
    }

    /// Adds a problem at a byte of a text.
    pub fn at_byte(
        &mut self,
        code: &'static str,
        text: &Located<&str>,
        offset: usize,
        message: String,
        hint: Option<String>,
    ) {
        let whole = text.span.clone().unwrap_or(0..0);
        let next = text.value.get(offset..).and_then(|rest| rest.chars().next());
        let inner = offset..offset + next.map_or(0, char::len_utf8);
        let span = span_inside(self.source, &whole, text.value, inner);
        self.report(code, &span, &text.key_path, message, hint);
    }

    /// Returns a table's entries.
    pub fn entries<'v>(&mut self, value: &'v Value, path: &str) -> Option<&'v [Entry]> {
        match &value.kind {
            Kind::Table(entries) => Some(entries),
            _ => {
                self.wrong_type(value, path, "a table", None);
                None
            }
        }
    }

    /// Returns the entries of a table whose keys are the user's, at most `max`; an absent table has
    /// none.
    pub fn open_table<'v>(&mut self, section: &Section<'v>, key: &str, max: usize) -> &'v [Entry] {
        let path = section.path_of(key);
        let Some(value) = section.get(key) else { return &[] };
        let entries = self.entries(value, &path).unwrap_or(&[]);
        if let Some(first_past) = entries.get(max) {
            let message = format!("{} keys: at most {max} are taken", entries.len());
            self.report(codes::TOO_MANY, &first_past.key_span, &path, message, None);
        }
        &entries[..entries.len().min(max)]
    }

    /// Returns a table whose keys are `keys`; reports the others, those of `later` as planned.
    pub fn section<'v>(
        &mut self,
        value: &'v Value,
        path: String,
        keys: &[&str],
        later: &[&str],
    ) -> Option<Section<'v>> {
        let entries = self.entries(value, &path)?;
        for entry in entries.iter().filter(|entry| !keys.contains(&entry.key.as_str())) {
            let key = entry.key.as_str();
            let key_path = join(&path, key);
            if later.contains(&key) {
                let message = format!("`{key}` comes in a later version of evcore");
                self.report(codes::LATER, &entry.key_span, &key_path, message, None);
                continue;
            }
            let hint = match did_you_mean(key, keys.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("the keys here are {}", list_words(keys)),
            };
            let message = format!("unknown key `{}`", key.escape_debug());
            self.report(codes::UNKNOWN_KEY, &entry.key_span, &key_path, message, Some(hint));
        }
        Some(Section { entries, span: value.span.clone(), path })
    }

    /// Returns the tables of a list of tables such as `[[tag]]`, each with its key path, at most
    /// `max`.
    pub fn tables<'v>(
        &mut self,
        root: &Section<'v>,
        key: &str,
        max: usize,
        keys: &[&str],
        later: &[&str],
    ) -> Vec<Section<'v>> {
        let Some(value) = root.get(key) else { return Vec::new() };
        let path = root.path_of(key);
        let Kind::List(items) = &value.kind else {
            let hint = matches!(value.kind, Kind::Table(_))
                .then(|| format!("write `[[{key}]]` in TOML, a list of objects in JSON"));
            self.wrong_type(value, &path, "a list of tables", hint);
            return Vec::new();
        };
        if let Some(first_past) = items.get(max) {
            let message = format!("{} of `{key}`: at most {max} are taken", items.len());
            self.report(codes::TOO_MANY, &first_past.span, &path, message, None);
        }
        let each = items.iter().take(max).enumerate();
        each.filter_map(|(at, item)| self.section(item, format!("{path}[{at}]"), keys, later))
            .collect()
    }

    /// Returns what `convert` makes of a key's value; `None` if the key is absent or wrong.
    pub fn optional<T>(
        &mut self,
        section: &Section<'_>,
        key: &str,
        convert: impl FnOnce(&mut Self, &Value, &str) -> Option<T>,
    ) -> Option<Located<T>> {
        let value = section.get(key)?;
        let key_path = section.path_of(key);
        let converted = convert(self, value, &key_path)?;
        Some(Located { value: converted, span: Some(value.span.clone()), key_path })
    }

    /// As [`Reader::optional`], with a default for an absent key.
    pub fn or_default<T>(
        &mut self,
        section: &Section<'_>,
        key: &str,
        default: T,
        convert: impl FnOnce(&mut Self, &Value, &str) -> Option<T>,
    ) -> Located<T> {
        let read = self.optional(section, key, convert);
        read.unwrap_or_else(|| Located::unwritten(default, section.path_of(key)))
    }

    /// As [`Reader::optional`], and reports an absent key.
    pub fn required<T>(
        &mut self,
        section: &Section<'_>,
        key: &str,
        convert: impl FnOnce(&mut Self, &Value, &str) -> Option<T>,
    ) -> Option<Located<T>> {
        if section.get(key).is_none() {
            let message = format!("the key `{key}` is missing");
            let path = section.path_of(key);
            self.report(codes::MISSING_KEY, &section.span, &path, message, None);
        }
        self.optional(section, key, convert)
    }

    /// Reads a text.
    pub fn text(&mut self, value: &Value, path: &str) -> Option<String> {
        match &value.kind {
            Kind::Text(text) => Some(text.clone()),
            _ => {
                self.wrong_type(value, path, "a text", None);
                None
            }
        }
    }

    /// Reads a rule's text.
    pub fn rule(&mut self, value: &Value, path: &str) -> Option<String> {
        let text = self.text(value, path)?;
        if !text.trim().is_empty() {
            return Some(text);
        }
        let hint = Some("`true` is the rule that every event meets".to_owned());
        self.report(codes::EMPTY_RULE, &value.span, path, "the rule is empty".to_owned(), hint);
        None
    }

    /// Reads a flag.
    pub fn flag(&mut self, value: &Value, path: &str) -> Option<bool> {
        match value.kind {
            Kind::Bool(flag) => Some(flag),
            _ => {
                self.wrong_type(value, path, "true or false", None);
                None
            }
        }
    }

    /// Reads a whole number.
    pub fn whole(
        &mut self,
        value: &Value,
        path: &str,
        range: RangeInclusive<usize>,
    ) -> Option<usize> {
        let Kind::Integer(number) = value.kind else {
            self.wrong_type(value, path, "a whole number", None);
            return None;
        };
        let inside = usize::try_from(number).ok().filter(|number| range.contains(number));
        if inside.is_none() {
            let message = format!("must be {} to {}, got {number}", range.start(), range.end());
            self.report(codes::OUT_OF_RANGE, &value.span, path, message, None);
        }
        inside
    }

    /// Reads a number.
    pub fn number(&mut self, value: &Value, path: &str, range: RangeInclusive<f64>) -> Option<f64> {
        let number = match value.kind {
            Kind::Integer(number) => number as f64,
            Kind::Float(number) => number,
            _ => {
                self.wrong_type(value, path, "a number", None);
                return None;
            }
        };
        if range.contains(&number) {
            return Some(number);
        }
        let message = format!("must be {} to {}, got {number}", range.start(), range.end());
        self.report(codes::OUT_OF_RANGE, &value.span, path, message, None);
        None
    }

    /// Reads one word of a few.
    pub fn word<W: Word>(&mut self, value: &Value, path: &str) -> Option<W> {
        let text = self.text(value, path)?;
        let found = W::ALL.iter().copied().find(|word| word.word() == text);
        if found.is_none() {
            let words: Vec<&str> = W::ALL.iter().map(|word| word.word()).collect();
            let hint = match did_you_mean(&text, words.iter().copied()) {
                Some(meant) => format!("did you mean \"{meant}\"?"),
                None => format!("it is one of {}", list_words(&words)),
            };
            let message = format!("{} is not known here", shorten(&text));
            self.report(codes::UNKNOWN_WORD, &value.span, path, message, Some(hint));
        }
        found
    }

    /// Reads a canonical path.
    pub fn path(&mut self, value: &Value, path: &str) -> Option<Path> {
        let text = self.text(value, path)?;
        let located = Located {
            value: text.as_str(),
            span: Some(value.span.clone()),
            key_path: path.to_owned(),
        };
        self.path_of(&located, &[])
    }

    /// Returns the path that a text is; `words` can stand there too, for the hint.
    pub fn path_of(&mut self, text: &Located<&str>, words: &[&str]) -> Option<Path> {
        match Path::parse(text.value).and_then(|path| check_steps(text.value, path)) {
            Ok(path) => Some(path),
            Err(error) => {
                let hint = path_hint(text.value, words).filter(|_| error.offset == 0);
                self.bad_path(text, error, hint);
                None
            }
        }
    }

    /// Adds the problem that a text is not a path.
    pub fn bad_path(&mut self, text: &Located<&str>, error: PathError, hint: Option<String>) {
        if error.offset != 0 || text.value.is_empty() {
            return self.at_byte(codes::BAD_PATH, text, error.offset, error.message, hint);
        }
        // The root is wrong: all of it is the place.
        let whole = text.span.clone().unwrap_or(0..0);
        let root = text.value.find(['.', '[']).unwrap_or(text.value.len());
        let span = span_inside(self.source, &whole, text.value, 0..root);
        self.report(codes::BAD_PATH, &span, &text.key_path, error.message, hint);
    }
}

/// Names that were given, to find those given twice.
#[derive(Default)]
pub(crate) struct Names {
    seen: HashMap<String, String>,
}

impl Names {
    /// Adds a name, and reports it if it was there.
    pub fn add(&mut self, reader: &mut Reader<'_>, kind: &str, name: &Located<String>) {
        let earlier = self.seen.get(&name.value);
        if let Some(first) = earlier {
            let message = format!("a {kind} named {} is there already", shorten(&name.value));
            let hint = Some(format!("the first is {first}"));
            let span = name.span.clone().unwrap_or(0..0);
            reader.report(codes::DUPLICATE_NAME, &span, &name.key_path, message, hint);
        } else {
            self.seen.insert(name.value.clone(), name.key_path.clone());
        }
    }
}

/// Returns the candidate that a word was meant to be.
pub(crate) fn did_you_mean<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    // Comparing costs the product of the lengths, and no slip turns a name into a page.
    (word.len() <= NAME_BYTES_MAX).then(|| diagnostic::did_you_mean(word, candidates)).flatten()
}

/// Returns words as `a, b or c`.
pub(crate) fn list_words(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}
