//! From a configuration to what the stages need: slots, programs in the order of decisions, and
//! specifications of aggregates.

use std::sync::Arc;

use evcore_event::{Diagnostic, Field, FieldType, Path};
use evcore_rule::{DeclaredType, Environment, Program, compile as compile_rule};

use crate::aggregate::{AggregateSpec, KeyPart, Measure, Window};
use crate::config::{self, Config, ConfigError, FilterAction, GroupKey, Located, ValueType};
use crate::normalise::Slots;

/// Tags that decode gives, before those of the configuration. Their numbers are the bits of
/// [`crate::decode::Oddities`].
pub const ENGINE_TAGS: [&str; 3] = ["data.surrogate", "data.nonfinite", "data.duplicate_key"];

/// What a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleRole {
    /// The category of that number, from 0.
    Category(usize),
    /// The tag of that number, engine tags included.
    Tag(usize),
    /// The filter of that number.
    Filter(usize),
    /// The `where` of the aggregate of that number.
    Aggregate(usize),
}

impl RuleRole {
    /// Returns the configuration's section.
    pub const fn section(self) -> &'static str {
        match self {
            RuleRole::Category(_) => "category",
            RuleRole::Tag(_) => "tag",
            RuleRole::Filter(_) => "filter",
            RuleRole::Aggregate(_) => "aggregate",
        }
    }
}

/// A rule in its place.
#[derive(Debug, Clone)]
pub struct RuleInfo {
    /// The name of what it decides.
    pub name: String,
    /// What it decides.
    pub role: RuleRole,
}

/// What a filter does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Filter {
    /// Drops what matches the rule of that number.
    Drop(usize),
    /// Drops what does not match the rule of that number.
    Keep(usize),
    /// Keeps users whose hash is below this bound.
    SampleBelow(u64),
}

/// A column of a batch.
#[derive(Debug, Clone)]
pub struct BatchColumn {
    /// Its name.
    pub name: String,
    /// Its slot.
    pub slot: usize,
    /// Its type.
    pub value_type: ValueType,
}

/// A compiled configuration, shared by all threads.
#[derive(Debug)]
pub struct Compiled {
    /// What it was compiled from.
    pub config: Config,
    /// Which slot is which path.
    pub slots: Slots,
    /// All rules: categories, tags, filters, aggregates' `where`.
    pub programs: Vec<Program>,
    /// What each is for.
    pub rules: Vec<RuleInfo>,
    /// Names of the filters and what they do.
    pub filters: Vec<(String, Filter)>,
    /// Specifications of the aggregates, each with the number of its `where`.
    pub aggregates: Vec<(AggregateSpec, Option<usize>)>,
    /// Columns of a batch.
    pub batch: Vec<BatchColumn>,
    /// Engine tags, then the configuration's.
    pub tag_names: Arc<[String]>,
    /// In the configuration's order.
    pub category_names: Arc<[String]>,
    /// Slots whose dictionary codes aggregates need.
    pub coded_by_aggregates: Vec<usize>,
    /// The slots of `user` and `anonymous`, if a filter samples users.
    pub sample_slots: Option<(usize, usize)>,
}

/// Columns of a batch where the configuration names none.
const DEFAULT_COLUMNS: [Field; 4] = [Field::Time, Field::Name, Field::Kind, Field::User];

/// Compiles a configuration.
///
/// # Errors
///
/// A [`ConfigError`] with every problem of every rule.
pub fn compile(config: Config) -> Result<Compiled, ConfigError> {
    let mut compiler = Compiler {
        config: &config,
        programs: Vec::new(),
        rules: Vec::new(),
        problems: Vec::new(),
        tag_names: ENGINE_TAGS
            .into_iter()
            .map(str::to_owned)
            .chain(config.tags.iter().map(|tag| tag.name.value.clone()))
            .collect(),
    };
    let filters = compiler.rules();
    let conditions = compiler.conditions();
    let Compiler { programs, rules, problems, tag_names, .. } = compiler;
    if !problems.is_empty() {
        return Err(config.error(problems));
    }
    let mut slots = Slots::new();
    for path in programs.iter().flat_map(|program| &program.paths) {
        slots.slot_of(path);
    }
    let mut coded_by_aggregates = Vec::new();
    let aggregates = config
        .aggregates
        .iter()
        .zip(conditions)
        .map(|(aggregate, condition)| {
            (spec(aggregate, &mut slots, &mut coded_by_aggregates), condition)
        })
        .collect();
    let samples = filters.iter().any(|(_, filter)| matches!(filter, Filter::SampleBelow(_)));
    let sample_slots = samples.then(|| {
        (slots.slot_of(&Path::field(Field::User)), slots.slot_of(&Path::field(Field::Anonymous)))
    });
    let batch = batch_columns(&config, &mut slots);
    Ok(Compiled {
        slots,
        programs,
        rules,
        filters,
        aggregates,
        batch,
        tag_names: tag_names.into(),
        category_names: config.categories.iter().map(|rule| rule.name.value.clone()).collect(),
        coded_by_aggregates,
        sample_slots,
        config,
    })
}

struct Compiler<'a> {
    config: &'a Config,
    programs: Vec<Program>,
    rules: Vec<RuleInfo>,
    problems: Vec<Diagnostic>,
    tag_names: Vec<String>,
}

impl Compiler<'_> {
    /// Compiles categories, tags and filters, in the order in which they are decided.
    fn rules(&mut self) -> Vec<(String, Filter)> {
        let config = self.config;
        for (at, category) in config.categories.iter().enumerate() {
            self.add(&category.name.value, &category.when, RuleRole::Category(at), 0);
        }
        for (at, tag) in config.tags.iter().enumerate() {
            let number = ENGINE_TAGS.len() + at;
            self.add(&tag.name.value, &tag.when, RuleRole::Tag(number), number);
        }
        let all_tags = self.tag_names.len();
        let mut filters = Vec::new();
        for (at, filter) in config.filters.iter().enumerate() {
            let name = &filter.name.value;
            let action = match &filter.action {
                FilterAction::Drop(rule) => {
                    Filter::Drop(self.add(name, rule, RuleRole::Filter(at), all_tags))
                }
                FilterAction::Keep(rule) => {
                    Filter::Keep(self.add(name, rule, RuleRole::Filter(at), all_tags))
                }
                FilterAction::SampleUsersPercent(percent) => {
                    Filter::SampleBelow(sample_bound(percent.value))
                }
            };
            filters.push((name.clone(), action));
        }
        filters
    }

    fn conditions(&mut self) -> Vec<Option<usize>> {
        let config = self.config;
        let all_tags = self.tag_names.len();
        let condition = |(at, aggregate): (usize, &config::Aggregate)| {
            let rule = aggregate.condition.as_ref()?;
            Some(self.add(&aggregate.name.value, rule, RuleRole::Aggregate(at), all_tags))
        };
        config.aggregates.iter().enumerate().map(condition).collect()
    }

    /// Compiles a rule that may read the first `tags` tags, and returns its number.
    fn add(&mut self, name: &str, rule: &Located<String>, role: RuleRole, tags: usize) -> usize {
        let declared = |path: &Path| declared_type(self.config, path);
        let (earlier_tags, later_tags) = self.tag_names.split_at(tags);
        let environment = Environment {
            earlier_tags,
            later_tags,
            has_category: !matches!(role, RuleRole::Category(_)),
            declared: &declared,
        };
        match compile_rule(&rule.value, &environment) {
            Ok(program) => self.programs.push(program),
            Err(problems) => {
                let placed = self.config.place(rule, problems);
                self.problems.extend(placed);
            }
        }
        self.rules.push(RuleInfo { name: name.to_owned(), role });
        self.rules.len() - 1
    }
}

/// Returns the type that `[types]` declares for a path.
fn declared_value_type(config: &Config, path: &Path) -> Option<ValueType> {
    let found = config.types.iter().find(|line| line.path.value == *path);
    found.map(|line| line.value_type.value)
}

fn declared_type(config: &Config, path: &Path) -> Option<DeclaredType> {
    declared_value_type(config, path).map(|value_type| match value_type {
        ValueType::Double => DeclaredType::Double,
        ValueType::Int => DeclaredType::Int,
        ValueType::Text => DeclaredType::Text,
        ValueType::Bool => DeclaredType::Bool,
        ValueType::Timestamp => DeclaredType::Timestamp,
    })
}

/// Returns the bound of a user's hash for a share in percent.
fn sample_bound(percent: f64) -> u64 {
    // 100 % is out of reach of a 64-bit bound by one: saturating keeps all but one hash in 2^64.
    (percent / 100.0 * 2f64.powi(64)) as u64
}

fn spec(aggregate: &config::Aggregate, slots: &mut Slots, coded: &mut Vec<usize>) -> AggregateSpec {
    let measure = match &aggregate.measure.value {
        config::Measure::Count => Measure::Count,
        config::Measure::Sum(path) => Measure::Sum(slots.slot_of(path)),
        config::Measure::Mean(path) => Measure::Mean(slots.slot_of(path)),
        config::Measure::Min(path) => Measure::Min(slots.slot_of(path)),
        config::Measure::Max(path) => Measure::Max(slots.slot_of(path)),
        config::Measure::First(path) => Measure::First(slots.slot_of(path)),
        config::Measure::Last(path) => Measure::Last(slots.slot_of(path)),
        config::Measure::Distinct(path) => Measure::Distinct(slots.slot_of(path)),
    };
    if let Measure::Distinct(slot) = measure {
        coded.push(slot);
    }
    let mut part = |key: &Located<GroupKey>| match &key.value {
        GroupKey::Tags => KeyPart::Tags,
        GroupKey::Category => KeyPart::Category,
        GroupKey::WeekdayHour => KeyPart::WeekdayHour,
        GroupKey::Path(path) => {
            let slot = slots.slot_of(path);
            coded.push(slot);
            KeyPart::Column { slot, label: path.to_string() }
        }
    };
    AggregateSpec {
        name: aggregate.name.value.clone(),
        measure,
        by: aggregate.by.iter().map(&mut part).collect(),
        window: aggregate.window.as_ref().map(|window| match window.value {
            config::Window::EveryUs(us) => Window::Every { us },
            config::Window::Day => Window::Day,
            config::Window::Week => Window::Week,
            config::Window::Month => Window::Month,
        }),
        max_groups: aggregate.max_groups.value,
    }
}

fn batch_columns(config: &Config, slots: &mut Slots) -> Vec<BatchColumn> {
    let mut column = |name: &str, path: &Path| BatchColumn {
        name: name.to_owned(),
        slot: slots.slot_of(path),
        value_type: column_type(config, path),
    };
    if config.output.columns.is_empty() {
        return DEFAULT_COLUMNS
            .into_iter()
            .map(|field| column(field.name(), &Path::field(field)))
            .collect();
    }
    let columns = config.output.columns.iter();
    columns.map(|line| column(&line.name.value, &line.path.value)).collect()
}

/// Returns the type of a path's column: that of its field, the declared one, a double if an
/// aggregate adds the path up, otherwise text.
fn column_type(config: &Config, path: &Path) -> ValueType {
    if path.root.field_type() == FieldType::Timestamp {
        return ValueType::Timestamp;
    }
    let is_added = || {
        config.aggregates.iter().any(|aggregate| match &aggregate.measure.value {
            config::Measure::Sum(added) | config::Measure::Mean(added) => added == path,
            _ => false,
        })
    };
    declared_value_type(config, path).unwrap_or(if is_added() {
        ValueType::Double
    } else {
        ValueType::Text
    })
}
