//! Runs the rows of `tests/cases/config_errors.toml`: every problem of each, with its place.

use std::collections::BTreeSet;

use evcore::config::{Config, ConfigError, codes};
use evcore_event::Diagnostic;
use toml::de::{DeTable, DeValue};

const TABLE: &str = include_str!("../../../tests/cases/config_errors.toml");

fn rows() -> Vec<DeTable<'static>> {
    let mut table = DeTable::parse(TABLE).expect("the table is TOML").into_inner();
    tables(&mut table, "case")
}

fn tables(table: &mut DeTable<'static>, key: &str) -> Vec<DeTable<'static>> {
    match table.remove(key).map(|value| value.into_inner()) {
        Some(DeValue::Array(items)) => items
            .into_iter()
            .map(|item| match item.into_inner() {
                DeValue::Table(table) => table,
                other => panic!("expected a table, got {other:?}"),
            })
            .collect(),
        other => panic!("expected tables, got {other:?}"),
    }
}

fn text<'t>(table: &'t DeTable<'_>, key: &str) -> Option<&'t str> {
    table.get(key).map(|value| value.get_ref().as_str().expect(key))
}

fn number(table: &DeTable<'_>, key: &str) -> Option<usize> {
    let number = table.get(key)?.get_ref().as_integer().expect(key);
    Some(number.as_str().parse().expect(key))
}

fn read(row: &DeTable<'_>) -> Result<Config, ConfigError> {
    let repeat = text(row, "repeat").unwrap_or("").repeat(number(row, "times").unwrap_or(0));
    let config = text(row, "config").unwrap().to_owned() + &repeat;
    match text(row, "format").unwrap_or("toml") {
        "json" => Config::from_json(&config, "row.json"),
        _ => Config::from_toml(&config, "row.toml"),
    }
}

/// Returns what of a problem is not as expected.
fn differences(problem: &Diagnostic, expected: &DeTable<'_>, error: &ConfigError) -> Vec<String> {
    let (line, column) = problem.position(&error.source).unwrap_or((0, 0));
    let place = (number(expected, "line").unwrap(), number(expected, "column").unwrap());
    let part = |key| text(expected, key).unwrap_or("");
    let hint = problem.hint.as_deref().unwrap_or("");
    let checks = [
        (problem.code == part("code"), format!("expected {}", part("code"))),
        ((line, column) == place, format!("expected at {place:?}, is at {line}, {column}")),
        (problem.key_path == part("key"), format!("expected key {:?}", part("key"))),
        (problem.message.contains(part("message")), format!("expected {:?}", part("message"))),
        (hint.contains(part("hint")), format!("expected hint {:?}", part("hint"))),
    ];
    checks.into_iter().filter(|(holds, _)| !holds).map(|(_, difference)| difference).collect()
}

#[test]
fn every_row_holds() {
    let mut failures = Vec::new();
    for mut row in rows() {
        let expected = tables(&mut row, "problem");
        let name = text(&row, "name").unwrap().to_owned();
        let Err(error) = read(&row) else {
            failures.push(format!("{name}: no error"));
            continue;
        };
        let shown = number(&row, "shown").unwrap_or(expected.len());
        if error.problems.len() != shown {
            failures.push(format!("{name}: expected {shown} problems:\n{error}"));
            continue;
        }
        // A row that says how many are shown lists the first and the last.
        let (last, listed) = (error.problems.len() - 1, expected.len() - 1);
        for (at, expected) in expected.iter().enumerate() {
            let problem = &error.problems[if at == listed { last } else { at }];
            let differences = differences(problem, expected, &error);
            if !differences.is_empty() {
                let shown = problem.render(&error.source);
                failures.push(format!("{name}: {}\n{shown}", differences.join("; ")));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn every_code_has_a_row() {
    let mut seen = BTreeSet::new();
    for mut row in rows() {
        for problem in tables(&mut row, "problem") {
            seen.insert(text(&problem, "code").unwrap().to_owned());
        }
    }
    let all: BTreeSet<String> = codes::ALL.iter().map(|code| (*code).to_owned()).collect();
    assert_eq!(all.len(), codes::ALL.len(), "a code stands for two problems");
    assert_eq!(seen, all);
}

#[test]
fn spans_lie_in_the_text() {
    for row in rows() {
        let error = read(&row).unwrap_err();
        for problem in &error.problems {
            let Some(span) = &problem.span else { continue };
            assert!(error.source.text.get(span.clone()).is_some(), "{problem:?}");
        }
    }
}
