//! `[types]`, `[[category]]`, `[[tag]]` and `[[filter]]`.

use std::collections::HashSet;

use evcore_event::field::FieldType;
use evcore_event::{Path, limits};

use super::reader::{Names, Reader, Section, list_words};
use super::{Located, Word, codes, name};

/// Categories of one configuration: an event holds the number of its category in 16 bits, and a
/// report of more has no reader.
pub const CATEGORIES_MAX: usize = 1024;

/// Filters of one configuration: each costs a pass over every block.
pub const FILTERS_MAX: usize = 256;

/// Declared types of one configuration: each is a column of the block.
pub const TYPES_MAX: usize = 1024;

/// What `[types]` says of the value at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// A 64-bit float.
    Double,
    /// A 64-bit signed integer.
    Int,
    /// A text.
    Text,
    /// True or false.
    Bool,
    /// A moment, in RFC 3339 where it is a text.
    Timestamp,
}

impl Word for ValueType {
    const ALL: &'static [ValueType] = &[
        ValueType::Double,
        ValueType::Int,
        ValueType::Text,
        ValueType::Bool,
        ValueType::Timestamp,
    ];

    fn word(self) -> &'static str {
        match self {
            ValueType::Double => "double",
            ValueType::Int => "int",
            ValueType::Text => "string",
            ValueType::Bool => "bool",
            ValueType::Timestamp => "timestamp",
        }
    }
}

/// A line of `[types]`.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeDeclaration {
    /// A path below a map field; its place is that of the key.
    pub path: Located<Path>,
    /// What is there.
    pub value_type: Located<ValueType>,
}

/// A `[[category]]`: an event is in the first whose rule matches.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryRule {
    /// The category's name, unique.
    pub name: Located<String>,
    /// The rule's text.
    pub when: Located<String>,
}

/// A `[[tag]]`: an event has it if its rule matches.
#[derive(Debug, Clone, PartialEq)]
pub struct TagRule {
    /// The tag's name, unique.
    pub name: Located<String>,
    /// The rule's text.
    pub when: Located<String>,
}

/// A `[[filter]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterRule {
    /// The filter's name, unique: dropped events are counted under it.
    pub name: Located<String>,
    /// Which events go.
    pub action: FilterAction,
}

/// Which events a filter drops.
#[derive(Debug, Clone, PartialEq)]
pub enum FilterAction {
    /// Those that match the rule.
    Drop(Located<String>),
    /// Those that do not match the rule.
    Keep(Located<String>),
    /// Those of all but this share of users, in percent, 0 to 100.
    SampleUsersPercent(Located<f64>),
}

/// Reads `[types]`.
pub(crate) fn read_types(reader: &mut Reader<'_>, root: &Section<'_>) -> Vec<TypeDeclaration> {
    let section_path = root.path_of("types");
    let mut seen = HashSet::new();
    let mut types = Vec::new();
    for entry in reader.open_table(root, "types", TYPES_MAX) {
        let key = super::entry_key(&section_path, entry);
        if super::is_unquoted_path(reader, entry, &key) {
            continue;
        }
        let value_type = reader.word(&entry.value, &key.key_path);
        let path = reader.path_of(&key, &[]).filter(|path| is_declarable(reader, &key, path));
        let (Some(path), Some(value_type)) = (path, value_type) else { continue };
        if !seen.insert(path.clone()) {
            let span = entry.key_span.clone();
            let message = format!("the type of `{path}` is declared already");
            reader.report(codes::DUPLICATE_PATH, &span, &key.key_path, message, None);
            continue;
        }
        let value_type = Located {
            value: value_type,
            span: Some(entry.value.span.clone()),
            key_path: key.key_path.clone(),
        };
        types.push(TypeDeclaration { path: key.with(path), value_type });
    }
    types
}

fn is_declarable(reader: &mut Reader<'_>, key: &Located<&str>, path: &Path) -> bool {
    let message = match path.root.field_type() {
        FieldType::Text => format!("`{path}` is always a string"),
        FieldType::Timestamp => format!("`{path}` is always a timestamp"),
        FieldType::Map if path.steps.is_empty() => format!("`{path}` is always a map"),
        FieldType::Map => return true,
    };
    let hint = "types are declared for what stands in a map, such as `attributes.revenue`";
    let span = key.span.clone().unwrap_or(0..0);
    reader.report(codes::UNFIT_PATH, &span, &key.key_path, message, Some(hint.to_owned()));
    false
}

/// Reads the `[[category]]` tables.
pub(crate) fn read_categories(reader: &mut Reader<'_>, root: &Section<'_>) -> Vec<CategoryRule> {
    let mut names = Names::default();
    let tables = reader.tables(root, "category", CATEGORIES_MAX, &["name", "when"], &[]);
    let each = tables.iter().filter_map(|table| {
        let name = reader.required(table, "name", name::label);
        if let Some(name) = &name {
            names.add(reader, "category", name);
        }
        let when = reader.required(table, "when", Reader::rule);
        Some(CategoryRule { name: name?, when: when? })
    });
    each.collect()
}

/// Reads the `[[tag]]` tables.
pub(crate) fn read_tags(reader: &mut Reader<'_>, root: &Section<'_>) -> Vec<TagRule> {
    let mut names = Names::default();
    let tables = reader.tables(root, "tag", limits::TAGS_MAX, &["name", "when"], &[]);
    let each = tables.iter().filter_map(|table| {
        let name = reader.required(table, "name", name::tag_name);
        if let Some(name) = &name {
            names.add(reader, "tag", name);
        }
        let when = reader.required(table, "when", Reader::rule);
        Some(TagRule { name: name?, when: when? })
    });
    each.collect()
}

/// Reads the `[[filter]]` tables.
pub(crate) fn read_filters(reader: &mut Reader<'_>, root: &Section<'_>) -> Vec<FilterRule> {
    const ACTIONS: [&str; 3] = ["drop", "keep", "sample_users_percent"];
    let mut names = Names::default();
    let keys = ["name", ACTIONS[0], ACTIONS[1], ACTIONS[2]];
    let tables = reader.tables(root, "filter", FILTERS_MAX, &keys, &[]);
    let each = tables.iter().filter_map(|table| {
        let name = reader.required(table, "name", name::filter_name);
        if let Some(name) = &name {
            names.add(reader, "filter", name);
        }
        let drop = reader.optional(table, "drop", Reader::rule).map(FilterAction::Drop);
        let keep = reader.optional(table, "keep", Reader::rule).map(FilterAction::Keep);
        let percent = |r: &mut Reader<'_>, v: &_, p: &str| r.number(v, p, 0.0..=100.0);
        let sample = reader.optional(table, "sample_users_percent", percent);
        let sample = sample.map(FilterAction::SampleUsersPercent);
        let given: Vec<&str> = ACTIONS.into_iter().filter(|key| table.get(key).is_some()).collect();
        if given.len() != 1 {
            one_action(reader, table, &given, &ACTIONS);
            return None;
        }
        Some(FilterRule { name: name?, action: drop.or(keep).or(sample)? })
    });
    each.collect()
}

fn one_action(reader: &mut Reader<'_>, table: &Section<'_>, given: &[&str], actions: &[&str]) {
    let (span, message) = match given {
        [_, second, ..] => {
            let given: Vec<String> = given.iter().map(|key| format!("`{key}`")).collect();
            (
                table.key_span(second),
                format!("a filter does one thing, this one {}", given.join(" and ")),
            )
        }
        _ => (None, "the filter says nothing of what to drop".to_owned()),
    };
    let hint = Some(format!("give {}", list_words(actions)));
    let span = span.unwrap_or_else(|| table.span.clone());
    reader.report(codes::FILTER_ACTION, &span, &table.path, message, hint);
}
