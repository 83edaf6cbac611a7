//! Runs the tables of `tests/cases`: what rules give, and what is wrong with them.

use std::collections::BTreeSet;

use evcore_event::number::{Number, number_len, parse_number};
use evcore_event::time::parse_rfc3339;
use evcore_event::{Cell, FieldType, Path, Step};
use evcore_rule::value::equal;
use evcore_rule::{
    DeclaredType, Environment, EvalError, FailureKind, Program, Row, Value, codes, compile,
    compile_expression, evaluate, evaluate_bool, value_json,
};
use toml::{Table, Value as Toml};

fn table(name: &str) -> Table {
    let path = format!("{}/../../tests/cases/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn cases(table: &Table) -> Vec<&Table> {
    let rows = table["case"].as_array().expect("an array of cases");
    rows.iter().map(|row| row.as_table().expect("a table")).collect()
}

fn text<'t>(row: &'t Table, key: &str) -> Option<&'t str> {
    row.get(key).map(|value| value.as_str().expect("a string"))
}

fn texts(row: &Table, key: &str) -> Vec<String> {
    let list = row.get(key).map(|value| value.as_array().expect("an array"));
    let text = |value: &Toml| value.as_str().expect("a string").to_owned();
    list.into_iter().flatten().map(text).collect()
}

fn declared(row: &Table, path: &Path) -> Option<DeclaredType> {
    let types = row.get("types")?.as_table().expect("a table");
    Some(match types.get(&path.to_string())?.as_str().expect("a string") {
        "double" => DeclaredType::Double,
        "int" => DeclaredType::Int,
        "string" => DeclaredType::Text,
        "bool" => DeclaredType::Bool,
        "timestamp" => DeclaredType::Timestamp,
        other => panic!("no type {other}"),
    })
}

/// An event with the cells that a program reads, made from JSON by the rules of the design.
struct Event {
    cells: Vec<OwnedCell>,
    tags: Vec<String>,
    category: String,
}

#[derive(Clone)]
enum OwnedCell {
    Plain(Cell<'static>),
    Text(String),
    List(Vec<u8>),
    Map(Vec<u8>),
}

impl Event {
    fn new(json: &str, row: &Table, program: &Program) -> Event {
        let paths = program.paths.iter().zip(&program.declared);
        let cells = paths.map(|(path, declared)| typed(cell_of(json, path), *declared)).collect();
        let category = text(row, "category").unwrap_or_default().to_owned();
        Event { cells, tags: texts(row, "tags"), category }
    }
}

impl Row for Event {
    fn cell(&self, path: usize) -> Cell<'_> {
        match &self.cells[path] {
            OwnedCell::Plain(cell) => *cell,
            OwnedCell::Text(text) => Cell::Text(text.as_bytes()),
            OwnedCell::List(json) => Cell::List(json),
            OwnedCell::Map(json) => Cell::Map(json),
        }
    }

    fn has_tag(&self, name: &str) -> bool {
        self.tags.iter().any(|tag| tag == name)
    }

    fn tags(&self) -> Vec<&str> {
        self.tags.iter().map(String::as_str).collect()
    }

    fn category(&self) -> &str {
        &self.category
    }
}

fn cell_of(json: &str, path: &Path) -> OwnedCell {
    let event = value_json::value(json.trim().as_bytes()).expect("an event");
    let Value::JsonMap(whole) = event else { panic!("an object: {json}") };
    let root = match path.root.name() {
        "wire" => Some(Value::JsonMap(whole)),
        name => value_json::get(whole, name),
    };
    let missing = OwnedCell::Plain(Cell::Missing);
    let Some(mut value) = root else { return missing };
    match (path.root.field_type(), &value) {
        (_, Value::Null) => return missing,
        (FieldType::Timestamp, Value::Text(text)) => {
            let time = parse_rfc3339(text.as_bytes()).expect("a time");
            return OwnedCell::Plain(Cell::Time(time.time_us));
        }
        _ => {}
    }
    for step in &path.steps {
        let Step::Key(key) = step else { panic!("rules have no positions in paths") };
        value = match value {
            Value::JsonMap(json) => match value_json::get(json, key) {
                Some(value) => value,
                None => return missing,
            },
            _ => return OwnedCell::Plain(Cell::Mismatch),
        };
    }
    match value {
        Value::Null => OwnedCell::Plain(Cell::Null),
        Value::Bool(value) => OwnedCell::Plain(Cell::Bool(value)),
        Value::Double(value) => OwnedCell::Plain(Cell::Double(value)),
        Value::Integral(value) => OwnedCell::Plain(match i64::try_from(value) {
            Ok(value) => Cell::Int(value),
            Err(_) => Cell::Uint(u64::try_from(value).expect("64 bits")),
        }),
        Value::Text(text) => OwnedCell::Text(text.into_owned()),
        Value::JsonList(json) => OwnedCell::List(json.to_vec()),
        Value::JsonMap(json) => OwnedCell::Map(json.to_vec()),
        other => panic!("not of JSON: {other:?}"),
    }
}

/// Parses a text at a path with a declared type.
fn typed(cell: OwnedCell, declared: Option<DeclaredType>) -> OwnedCell {
    let OwnedCell::Text(text) = &cell else { return cell };
    let number =
        || (number_len(text.as_bytes()) == Some(text.len())).then(|| parse_number(text.as_bytes()));
    let parsed = match declared {
        Some(DeclaredType::Double) => number().map(|number| match number {
            Number::Int(value) => Cell::Double(value as f64),
            Number::Uint(value) => Cell::Double(value as f64),
            Number::Double(value) => Cell::Double(value),
        }),
        Some(DeclaredType::Int) => number().and_then(|number| match number {
            Number::Int(value) => Some(Cell::Int(value)),
            _ => None,
        }),
        Some(DeclaredType::Timestamp) => {
            parse_rfc3339(text.as_bytes()).map(|time| Cell::Time(time.time_us))
        }
        _ => return cell,
    };
    OwnedCell::Plain(parsed.unwrap_or(Cell::Missing))
}

fn same(left: &Value<'_>, right: &Value<'_>) -> bool {
    left.type_of() == right.type_of()
        && equal(left, right)
        && match (left, right) {
            (Value::List(a), Value::List(b)) => a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
            _ => true,
        }
}

fn run_eval_case(row: &Table, default_event: &str) -> Result<(), String> {
    let rule = text(row, "rule").expect("a rule");
    let tags = texts(row, "tags");
    let environment = Environment {
        earlier_tags: &tags,
        later_tags: &[],
        has_category: true,
        declared: &|path| declared(row, path),
    };
    let compiled = if row.contains_key("equals") { compile_expression } else { compile };
    let program = compiled(rule, &environment).map_err(|problems| format!("{problems:?}"))?;
    let event = Event::new(text(row, "event").unwrap_or(default_event), row, &program);
    let failed = |kind: FailureKind, part: &str, result: Result<bool, EvalError>| match result {
        Err(error) if error.kind == kind && error.describe(rule).contains(part) => Ok(()),
        other => Err(format!("expected {kind:?} {part:?}, got {other:?}")),
    };
    if let Some(part) = text(row, "missing") {
        return failed(FailureKind::Missing, part, evaluate_bool(&program, &event));
    }
    if let Some(part) = text(row, "error") {
        return failed(FailureKind::Other, part, evaluate_bool(&program, &event));
    }
    let found = evaluate(&program, &event).map_err(|error| error.describe(rule))?;
    if let Some(expected) = row.get("value") {
        let expected = Value::Bool(expected.as_bool().expect("a bool"));
        return if same(&found, &expected) { Ok(()) } else { Err(format!("got {found:?}")) };
    }
    let expected = compile_expression(text(row, "equals").expect("an outcome"), &environment)
        .map_err(|problems| format!("{problems:?}"))?;
    let nothing = Event { cells: Vec::new(), tags: Vec::new(), category: String::new() };
    let expected = evaluate(&expected, &nothing).map_err(|error| error.describe(rule))?;
    if same(&found, &expected) { Ok(()) } else { Err(format!("got {found:?}, not {expected:?}")) }
}

fn run_all(rows: &[&Table], run: impl Fn(&Table) -> Result<(), String>) {
    let failures: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let name = text(row, "name").expect("a name");
            run(row).err().map(|failure| format!("{name}: {failure}"))
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} rows:\n{}",
        failures.len(),
        rows.len(),
        failures.join("\n")
    );
}

#[test]
fn rules_give_what_the_table_says() {
    let table = table("rule_eval.toml");
    let event = text(&table, "event").expect("a default event");
    run_all(&cases(&table), |row| run_eval_case(row, event));
}

fn problems_of(row: &Table) -> (String, Vec<evcore_event::Diagnostic>) {
    let times = row.get("times").map_or(1, |value| value.as_integer().expect("a number"));
    let body = text(row, "rule").expect("a rule").repeat(times as usize);
    let (start, end) = (text(row, "starts").unwrap_or(""), text(row, "ends").unwrap_or(""));
    let rule = format!("{start}{body}{end}");
    let (earlier, later) = (texts(row, "earlier"), texts(row, "later"));
    let environment = Environment {
        earlier_tags: &earlier,
        later_tags: &later,
        has_category: !row.contains_key("no_category"),
        declared: &|path| declared(row, path),
    };
    let problems = compile(&rule, &environment).err().unwrap_or_default();
    (rule, problems)
}

#[test]
fn bad_rules_are_reported_as_the_table_says() {
    let table = table("rule_errors.toml");
    run_all(&cases(&table), |row| {
        let (rule, problems) = problems_of(row);
        let found: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
        if found != texts(row, "code") {
            return Err(format!("got {problems:?}"));
        }
        let first = &problems[0];
        let place = rule.get(first.span.clone().ok_or("no span")?).ok_or("a span out of range")?;
        let hint = first.hint.as_deref().unwrap_or_default();
        let is_right = text(row, "at").is_none_or(|at| at == place)
            && text(row, "says").is_none_or(|part| first.message.contains(part))
            && text(row, "hint").is_none_or(|part| hint.contains(part));
        if is_right { Ok(()) } else { Err(format!("at {place:?}: {first:?}")) }
    });
}

#[test]
fn every_code_has_a_row() {
    let table = table("rule_errors.toml");
    let seen: BTreeSet<String> =
        cases(&table).into_iter().flat_map(|row| texts(row, "code")).collect();
    let all: BTreeSet<String> = codes::ALL.into_iter().map(str::to_owned).collect();
    assert_eq!(all.len(), codes::ALL.len(), "two codes are the same");
    assert_eq!(seen, all);
}
