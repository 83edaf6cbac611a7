//! Rules: no text makes the compiler panic, and whatever compiles runs without a panic.
//!
//! The input's first line is the rule, the rest an event's JSON, from which every path of the rule
//! gets the same cell: rules must cope with any kind of value in any place.

#![no_main]

use evcore_event::{Cell, Field, FieldType};
use evcore_rule::{Environment, Program, Row, compile, evaluate_bool};
use libfuzzer_sys::fuzz_target;

/// An event in which every path holds the same.
struct Same<'a> {
    program: &'a Program,
    map: Cell<'a>,
    text: &'a str,
}

impl Row for Same<'_> {
    fn cell(&self, path: usize) -> Cell<'_> {
        let path = &self.program.paths[path];
        match path.root.field_type() {
            FieldType::Text => Cell::Text(self.text.as_bytes()),
            FieldType::Timestamp => Cell::Time(self.text.len() as i64 * 86_400_000_000),
            FieldType::Map if path.steps.is_empty() && path.root != Field::Flags => {
                Cell::Map(b"{}")
            }
            FieldType::Map => self.map,
        }
    }

    fn has_tag(&self, name: &str) -> bool {
        name == "known"
    }

    fn tags(&self) -> Vec<&str> {
        vec!["known"]
    }

    fn category(&self) -> &str {
        "sales"
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(input) = str::from_utf8(data) else { return };
    let (rule, text) = input.split_once('\n').unwrap_or((input, ""));
    let tags = ["known".to_owned()];
    let environment = Environment {
        earlier_tags: &tags,
        later_tags: &[],
        has_category: true,
        declared: &|_| None,
    };
    match compile(rule, &environment) {
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a reason");
            for problem in problems {
                let span = problem.span.clone().expect("a problem of a rule has a place");
                assert!(span.start <= span.end && span.end <= rule.len(), "{problem:?}");
                assert!(rule.is_char_boundary(span.start) && rule.is_char_boundary(span.end));
            }
        }
        Ok(program) => {
            let cells = [
                Cell::Missing,
                Cell::Null,
                Cell::Mismatch,
                Cell::Bool(true),
                Cell::Int(text.len() as i64 - 1),
                Cell::Uint(u64::MAX),
                Cell::Double(-0.5),
                Cell::Text(text.as_bytes()),
                Cell::List(br#"[1,"a",null,{"k":[2.5]}]"#),
                Cell::Map(br#"{"a":{"b":1},"c":"d"}"#),
            ];
            for map in cells {
                let _ = evaluate_bool(&program, &Same { program: &program, map, text });
            }
        }
    }
});
