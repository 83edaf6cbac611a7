//! Whatever text a rule is, compiling it ends with a program or with problems that have places; and
//! every program ends with a value or a failure.

use evcore_event::Cell;
use evcore_rule::{Environment, Row, compile, compile_expression, evaluate};
use proptest::prelude::*;

struct Event;

impl Row for Event {
    fn cell(&self, path: usize) -> Cell<'_> {
        match path % 8 {
            0 => Cell::Text("Zoë".as_bytes()),
            1 => Cell::Int(3),
            2 => Cell::Map(br#"{"a":[1,{"b":null}],"c":"d"}"#),
            3 => Cell::List(br#"[1,2.5,"x",null,[true]]"#),
            4 => Cell::Missing,
            5 => Cell::Time(1_772_409_863_576_000),
            6 => Cell::Mismatch,
            _ => Cell::Null,
        }
    }

    fn has_tag(&self, name: &str) -> bool {
        name == "t"
    }

    fn tags(&self) -> Vec<&str> {
        vec!["t"]
    }

    fn category(&self) -> &str {
        ""
    }
}

fn holds(source: &str) -> Result<(), TestCaseError> {
    let tags = ["t".to_owned()];
    let environment = Environment {
        earlier_tags: &tags,
        later_tags: &[],
        has_category: true,
        declared: &|_| None,
    };
    for compiled in [compile, compile_expression] {
        match compiled(source, &environment) {
            Ok(program) => {
                if let Err(error) = evaluate(&program, &Event) {
                    prop_assert!(source.get(error.span.clone()).is_some(), "{error:?}");
                }
            }
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                for problem in problems {
                    let span = problem.span.clone().expect("a place");
                    prop_assert!(source.get(span).is_some(), "{problem:?}");
                }
            }
        }
    }
    Ok(())
}

fn token() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "name",
        "attributes",
        "event",
        "time",
        "tags",
        "category",
        "wire",
        ".a",
        ".b[0]",
        "[\"k\"]",
        "[0]",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "?",
        "+",
        "-",
        "*",
        "/",
        "%",
        "==",
        "!=",
        "<",
        "<=",
        "&&",
        "||",
        "!",
        " in ",
        "1",
        "2u",
        "1.5",
        "0x1F",
        "\"s\"",
        "r'x'",
        "b'y'",
        "true",
        "null",
        "\"t\"",
        "has(",
        "size(",
        ".size()",
        "dyn(",
        "int(",
        "string(",
        "type(",
        "timestamp(\"2026-01-01T00:00:00Z\")",
        "duration(\"1h\")",
        ".getHours(",
        ".matches(\"a\")",
        ".startsWith(",
        ".all(x, ",
        ".exists(x, ",
        ".map(x, ",
        ".filter(x, ",
        "x",
        "'''q'''",
        "// c\n",
        "1 == 1",
        "attributes.n",
        "google.protobuf.Timestamp",
        ".",
    ])
}

/// Expressions that parse, and often check.
fn expression() -> impl Strategy<Value = String> {
    let leaf = proptest::sample::select(vec![
        "name",
        "attributes.n",
        "attributes.m",
        "attributes.l",
        "time",
        "received",
        "1",
        "2u",
        "1.5",
        "\"s\"",
        "true",
        "null",
        "tags",
        "category",
        "duration(\"1h\")",
        "x",
        "b\"a\"",
        "[]",
        "{}",
        "dyn(attributes)",
        "-1",
        "9223372036854775807",
        "[1, \"a\", null]",
        "{\"a\": 1}",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(5, 60, 3, |inner| {
        let op = proptest::sample::select(vec![
            "+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||", "in",
        ]);
        let function = proptest::sample::select(vec![
            "size",
            "dyn",
            "int",
            "uint",
            "double",
            "string",
            "bool",
            "bytes",
            "type",
            "timestamp",
            "duration",
        ]);
        let method = proptest::sample::select(vec![
            "startsWith",
            "contains",
            "matches",
            "getHours",
            "all(x, x ==",
            "exists(x,",
            "map(x,",
            "filter(x, dyn(x) <",
            "exists_one(x, x in",
        ]);
        prop_oneof![
            (inner.clone(), op, inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            (function, inner.clone()).prop_map(|(f, a)| format!("{f}({a})")),
            (inner.clone(), method, inner.clone()).prop_map(|(a, m, b)| {
                let open = if m.contains('(') { " " } else { "(" };
                format!("dyn({a}).{m}{open}{b})")
            }),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("(dyn({a}) ? {b} : {c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("dyn({a})[{b}]")),
            inner.clone().prop_map(|a| format!("!dyn({a})")),
            inner.prop_map(|a| format!("has(dyn({a}).a)")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_compiles_or_is_refused(source in "\\PC{0,60}") {
        holds(&source)?;
    }

    #[test]
    fn any_ascii_compiles_or_is_refused(source in "[ -~\n]{0,80}") {
        holds(&source)?;
    }

    #[test]
    fn any_tokens_compile_or_are_refused(tokens in proptest::collection::vec(token(), 0..30)) {
        holds(&tokens.concat())?;
    }

    #[test]
    fn any_expression_ends(source in expression()) {
        holds(&source)?;
    }

    #[test]
    fn any_pattern_translates_or_is_refused(pattern in "[a-zA-Z0-9\\\\\\[\\](){}|*+?.^$:<>=!,PpQE\\-&é]{0,24}") {
        if let Ok(pattern) = evcore_rule::regex_re2::Pattern::new(&pattern) {
            pattern.is_match("aZé09 -".as_bytes());
        }
    }
}
