//! The vectorised plan and the general evaluator say the same about every row.
//!
//! Random rules over random blocks: every kind of cell in every column, also where a configuration
//! would never put it; with and without dictionary codes; several rules and several blocks to a
//! plan, so that shared nodes and what is kept from block to block are part of the test.

mod random_block;

use evcore_event::{CellKind, Dictionary, Path};
use evcore_rule::plan::{How, Plan, Scope};
use evcore_rule::{DeclaredType, Environment, FailureKind, Program, Value, compile, evaluate};
use proptest::prelude::*;
use proptest::sample::select;

use random_block::{
    CATEGORIES, Events, INTS, NUMBERS, OneRow, PATHS, Random, TAGS, TEXTS, slot_of,
};

fn declared(path: &Path) -> Option<DeclaredType> {
    match path.to_string().as_str() {
        "attributes.double" => Some(DeclaredType::Double),
        "attributes.int" => Some(DeclaredType::Int),
        "attributes.moment" => Some(DeclaredType::Timestamp),
        _ => None,
    }
}

fn names(all: &[&str]) -> Vec<String> {
    all.iter().map(|name| (*name).to_owned()).collect()
}

fn program(rule: &str) -> Option<Program> {
    let environment = Environment {
        earlier_tags: &names(&TAGS),
        later_tags: &[],
        has_category: true,
        declared: &declared,
    };
    compile(rule, &environment).ok()
}

fn plan(programs: &[Program]) -> Plan {
    Plan::new(programs, &mut slot_of, &names(&TAGS), &names(&CATEGORIES))
}

/// Returns `T`, `F`, `M` or `E` for true, false, missing, error.
fn letter(outcome: Result<Value<'_>, evcore_rule::EvalError>) -> char {
    match outcome {
        Ok(Value::Bool(true)) => 'T',
        Ok(Value::Bool(false)) => 'F',
        Err(failure) if failure.kind == FailureKind::Missing => 'M',
        Ok(_) | Err(_) => 'E',
    }
}

fn check(programs: &[Program], seed: u64, lengths: &[usize], limits: &[usize]) {
    let mut random = Random(seed | 1);
    let mut plan = plan(programs);
    let mut dictionaries: Vec<Option<Dictionary>> = PATHS
        .iter()
        .map(|_| match random.one_of(limits) {
            0 => None,
            limit => Some(Dictionary::new(limit)),
        })
        .collect();
    for len in lengths {
        let mut events = Events::random(&mut random, *len);
        events.encode(&mut dictionaries);
        let scope = Scope {
            dictionaries: &dictionaries,
            tags: &events.tags,
            categories: &events.categories,
        };
        plan.start_block();
        for (rule, program) in programs.iter().enumerate() {
            let verdict = plan.evaluate(rule, &events.block(), &scope);
            let masks = [&verdict.matched, &verdict.missing, &verdict.errors];
            assert!(masks.iter().all(|mask| mask.len() == *len), "{}", program.source);
            let counted: u64 = masks.iter().map(|mask| mask.count()).sum();
            let mut seen = 0;
            for row in 0..*len {
                let got = match masks.map(|mask| mask.get(row)) {
                    [true, false, false] => 'T',
                    [false, true, false] => 'M',
                    [false, false, true] => 'E',
                    [false, false, false] => 'F',
                    _ => panic!("{}: row {row} has two verdicts", program.source),
                };
                seen += u64::from(got != 'F');
                let one = OneRow { events: &events, program, row };
                let want = letter(evaluate(program, &one));
                if got != want {
                    let cell = |(slot, path)| {
                        let cell = events.block().cell(slot, row);
                        match cell.as_text() {
                            Some(text) => format!("{path} = {:?}", String::from_utf8_lossy(text)),
                            None => format!("{path} = {cell:?}"),
                        }
                    };
                    let cells: Vec<String> = PATHS.into_iter().enumerate().map(cell).collect();
                    let why = evaluate(program, &one);
                    panic!(
                        "{}\nrow {row}: the plan says {got}, the evaluator {want}: {why:?}\n{}\n{:?}",
                        program.source,
                        cells.join("\n"),
                        plan.describe(rule)
                    );
                }
            }
            assert_eq!(seen, counted, "{}: bits past the length", program.source);
        }
    }
}

fn path() -> impl Strategy<Value = String> {
    select(&PATHS[..16]).prop_map(str::to_owned)
}

fn json_path() -> impl Strategy<Value = String> {
    select(&PATHS[6..13]).prop_map(str::to_owned)
}

fn time_path() -> impl Strategy<Value = String> {
    select(vec!["time", "received", "sent", "attributes.moment"]).prop_map(str::to_owned)
}

fn comparison() -> impl Strategy<Value = &'static str> {
    select(vec!["==", "!=", "<", "<=", ">", ">="])
}

fn quoted() -> impl Strategy<Value = String> {
    select(&TEXTS[..]).prop_map(|text| format!("{text:?}"))
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        select(&NUMBERS[..10]).prop_map(|number| format!("{number:?}")),
        select(&INTS[..]).prop_map(|int| int.to_string()),
        select(vec!["0u", "12u", "9223372036854775808u", "18446744073709551615u"])
            .prop_map(str::to_owned),
    ]
}

fn constant() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => number(),
        3 => quoted(),
        1 => select(vec!["true", "false", "null", "b\"a\"", "duration(\"1h\")"])
            .prop_map(str::to_owned),
        1 => moment(),
    ]
}

fn moment() -> impl Strategy<Value = String> {
    select(vec![
        "timestamp(\"2026-02-25T06:13:20Z\")",
        "timestamp(\"2026-02-25T06:13:20.000000500Z\")",
        "timestamp(\"1970-01-01T00:00:00Z\")",
        "timestamp(\"0001-01-01T00:00:00Z\")",
        "timestamp(\"9999-12-31T23:59:59.999999999Z\")",
    ])
    .prop_map(str::to_owned)
}

fn length() -> impl Strategy<Value = String> {
    let lengths = vec!["0s", "1h", "-1h", "1us", "500ns", "-1500ns", "41h46m40s", "2000000h"];
    select(lengths).prop_map(|length| format!("duration(\"{length}\")"))
}

fn list(of: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop::collection::vec(of, 0..14).prop_map(|items| format!("[{}]", items.join(", ")))
}

/// Arithmetic on numbers, and on what is not one.
fn term() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => json_path(),
        1 => select(vec!["attributes.double", "attributes.int"]).prop_map(str::to_owned),
        2 => select(vec!["1.5", "0.0", "-2.0", "1e300", "1", "\"a\""]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            4 => (inner.clone(), select(vec!["+", "-", "*", "/", "%"]), inner.clone())
                .prop_map(|(left, op, right)| format!("({left} {op} {right})")),
            1 => inner.prop_map(|operand| format!("-({operand})")),
        ]
    })
}

fn on_text() -> impl Strategy<Value = String> {
    let target = prop_oneof![6 => path(), 1 => Just("category".to_owned()), 1 => json_path().prop_map(|path| format!("string({path})"))];
    let pattern = select(vec!["^Order", "a", "(?i)ORDER C", "^$", "[äö]", "\\\\d+$", "ted!?$"]);
    prop_oneof![
        (path(), comparison(), quoted()).prop_map(|(p, op, c)| format!("{p} {op} {c}")),
        (target.clone(), select(vec!["startsWith", "endsWith", "contains"]), quoted())
            .prop_map(|(target, function, text)| format!("{target}.{function}({text})")),
        (target.clone(), pattern).prop_map(|(target, p)| format!("{target}.matches(\"{p}\")")),
        (target, list(quoted())).prop_map(|(target, list)| format!("{target} in {list}")),
        (path(), comparison(), number()).prop_map(|(p, op, c)| format!("size({p}) {op} {c}")),
        (comparison(), select(vec!["", "sales", "browse"]))
            .prop_map(|(op, name)| format!("category {op} {name:?}")),
    ]
}

fn on_time() -> impl Strategy<Value = String> {
    let part = select(vec![
        "getFullYear",
        "getMonth",
        "getDate",
        "getDayOfMonth",
        "getDayOfWeek",
        "getDayOfYear",
        "getHours",
        "getMinutes",
        "getSeconds",
        "getMilliseconds",
    ]);
    let zone = select(vec!["", "\"UTC\"", "\"Europe/Berlin\"", "\"-03:30\""]);
    let part = (time_path(), part, zone)
        .prop_map(|(path, part, zone)| format!("{path}.{part}({zone})"))
        .boxed();
    let small = select(vec!["0", "2", "6", "8", "25", "2026", "1969", "1.5", "0u"]);
    prop_oneof![
        (time_path(), comparison(), moment()).prop_map(|(p, op, c)| format!("{p} {op} {c}")),
        (moment(), comparison(), time_path()).prop_map(|(c, op, p)| format!("{c} {op} {p}")),
        (time_path(), time_path(), comparison(), length())
            .prop_map(|(a, b, op, c)| format!("{a} - {b} {op} {c}")),
        (length(), comparison(), time_path(), time_path())
            .prop_map(|(c, op, a, b)| format!("{c} {op} {a} - {b}")),
        (time_path(), select(vec!["+", "-"]), length(), comparison(), time_path())
            .prop_map(|(a, sign, c, op, b)| format!("{a} {sign} {c} {op} {b}")),
        (time_path(), comparison(), length(), time_path(), select(vec!["+", "-"]), length())
            .prop_map(|(a, op, c, b, sign, d)| format!("{c} + {a} {op} {b} {sign} {d}")),
        (time_path(), comparison(), time_path()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (part.clone(), comparison(), small.clone())
            .prop_map(|(part, op, number)| format!("{part} {op} {number}")),
        (part, prop::collection::vec(small, 0..12))
            .prop_map(|(part, numbers)| format!("{part} in [{}]", numbers.join(", "))),
    ]
}

fn predicate() -> impl Strategy<Value = String> {
    let rows = select(vec![
        "attributes.l.exists(x, x == 1)",
        "attributes.l.all(x, x != \"a\")",
        "attributes.l[0] == 1",
        "attributes.l[1] > 2.0",
        "\"a\" in attributes.l",
        "attributes.a in attributes.l",
        "size(tags) > 1",
        "tags.exists(t, t == \"t1\")",
        "type(attributes.a) == string",
        "int(attributes.n) > 2",
        "double(attributes.a) >= 1.5",
        "attributes.t + \"x\" == \"ax\"",
        "(attributes.b ? attributes.n : attributes.m) >= 1.0",
        "(received - time).getHours() > 1",
        "dyn(attributes.n) > 1",
        "attributes.a == [1, 2.5, \"a\"]",
        "attributes.a in [1, \"a\", true, null]",
        "name in {\"a\": 1}",
        "attributes.int + 1 > 1",
        "true",
        "false",
    ])
    .prop_map(str::to_owned);
    prop_oneof![
        3 => (path(), comparison(), constant()).prop_map(|(p, op, c)| format!("{p} {op} {c}")),
        2 => (constant(), comparison(), path()).prop_map(|(c, op, p)| format!("{c} {op} {p}")),
        4 => on_text(),
        4 => on_time(),
        2 => (path(), comparison(), path()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        2 => (json_path(), list(number())).prop_map(|(path, list)| format!("{path} in {list}")),
        1 => (path(), list(constant())).prop_map(|(path, list)| format!("{path} in {list}")),
        3 => (term(), comparison(), term()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        1 => json_path(),
        1 => json_path().prop_map(|path| format!("has({path})")),
        1 => select(vec!["user", "time", "platform"]).prop_map(|f| format!("has(event.{f})")),
        1 => select(&TAGS[..]).prop_map(|tag| format!("{tag:?} in tags")),
        2 => rows,
    ]
}

fn rule() -> impl Strategy<Value = String> {
    predicate().prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            3 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            3 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            2 => inner.clone().prop_map(|a| format!("!({a})")),
            1 => (inner.clone(), inner.clone(), inner)
                .prop_map(|(c, a, b)| format!("({c} ? {a} : {b})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plan_and_evaluator_agree(
        rules in prop::collection::vec(rule(), 1..6),
        seed in any::<u64>(),
        lengths in prop::collection::vec(select(vec![0, 1, 63, 64, 65, 200]), 1..4),
        limits in select(vec![vec![0], vec![1000], vec![0, 1, 3, 1000]]),
    ) {
        let programs: Vec<Program> = rules.iter().filter_map(|rule| program(rule)).collect();
        check(&programs, seed, &lengths, &limits);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plan_and_evaluator_agree_on_full_blocks(
        rules in prop::collection::vec(rule(), 6..12),
        seed in any::<u64>(),
    ) {
        let programs: Vec<Program> = rules.iter().filter_map(|rule| program(rule)).collect();
        check(&programs, seed, &[1024, 1000, 1024], &[0, 5, 1000]);
    }
}

fn described(rule: &str) -> Vec<How> {
    let program = program(rule).unwrap_or_else(|| panic!("{rule} does not compile"));
    plan(&[program]).describe(0).into_iter().map(|part| part.how).collect()
}

/// Without this the property would also hold for a plan without kernels.
#[test]
fn each_kernel_is_used() {
    for (rule, how) in [
        ("name == \"a\"", How::Text),
        ("\"a\" != name", How::Text),
        ("name < \"a\"", How::Text),
        ("name in [\"a\", \"b\"]", How::Text),
        ("name.startsWith(\"a\")", How::Text),
        ("name.endsWith(\"a\")", How::Text),
        ("size(name) > 3", How::Text),
        ("name.contains(\"a\")", How::Codes),
        ("name.matches(\"a\")", How::Codes),
        ("attributes.n >= 1.5", How::Numbers),
        ("-1 < attributes.n", How::Numbers),
        ("attributes.n in [1, 2u, 2.5]", How::Numbers),
        ("attributes.n * 2.0 + attributes.m > 3.0", How::Numbers),
        ("attributes.n / 2.0 == attributes.m", How::Numbers),
        ("-attributes.n <= 1.0", How::Numbers),
        ("time > timestamp(\"2026-01-01T00:00:00Z\")", How::Times),
        ("received - time > duration(\"1h\")", How::Times),
        ("received > time + duration(\"1h\")", How::Times),
        ("duration(\"1h\") + time < received - duration(\"1m\")", How::Times),
        ("time <= received", How::Times),
        ("time.getHours() >= 8", How::Times),
        ("time.getDayOfWeek(\"Europe/Berlin\") in [0, 6]", How::Times),
        ("attributes.n < attributes.m", How::Columns),
        ("attributes.b", How::Flags),
        ("attributes.b == true", How::Flags),
        ("attributes.a != null", How::Flags),
        ("has(attributes.a)", How::Flags),
        ("has(event.user)", How::Flags),
        ("\"t1\" in tags", How::Flags),
        ("category == \"sales\"", How::Flags),
        ("category in [\"sales\", \"x\"]", How::Flags),
        ("category.startsWith(\"sa\")", How::Flags),
        ("true", How::Flags),
    ] {
        assert_eq!(described(rule), [how], "{rule}");
    }
}

#[test]
fn only_the_smallest_expression_goes_row_by_row() {
    let parts = described("name == \"a\" && !attributes.l.exists(x, x == 1)");
    assert!(matches!(parts[..], [How::Logic, How::Text, How::Logic, How::Rows(_)]), "{parts:?}");
}

#[test]
fn a_plan_prints_as_a_tree() {
    let program = program("name == \"a\" && size(tags) > 1").unwrap();
    let lines: Vec<String> = plan(&[program]).describe(0).iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "name == \"a\" && size(tags) > 1  [vectorised: bitmaps]",
            "  name == \"a\"  [vectorised: text of each row]",
            "  size(tags) > 1  [row by row: a side of the comparison is computed for each row]",
        ]
    );
}

#[test]
fn expensive_predicates_and_many_cheap_ones_ask_for_codes() {
    let slots = |rules: &[&str]| {
        let programs: Vec<Program> = rules.iter().map(|rule| program(rule).unwrap()).collect();
        plan(&programs).coded_slots().to_vec()
    };
    assert_eq!(slots(&["name == \"a\""]), []);
    assert_eq!(slots(&["name.matches(\"a\")"]), [0]);
    assert_eq!(slots(&["user.contains(\"a\") || name == \"b\""]), [1]);
    let many = "abcdefghijkl".chars().map(|c| format!("\"{c}\"")).collect::<Vec<_>>().join(",");
    assert_eq!(slots(&[&format!("attributes.t in [{many}]")]), [10]);
    let cheap: Vec<String> = (0..6).map(|n| format!("user == \"{n}\"")).collect();
    assert_eq!(slots(&cheap.iter().map(String::as_str).collect::<Vec<_>>()), [1]);
    // The same predicate in several rules costs once.
    assert_eq!(slots(&["user == \"0\""; 6]), []);
}

/// A sum that leaves the range of timestamps fails before the other side is looked at.
#[test]
fn a_far_moment_fails_before_a_missing_one() {
    let programs = [program("sent + duration(\"1h\") == time").unwrap()];
    let mut plan = plan(&programs);
    let mut events = Events::random(&mut Random(7), 2);
    for (row, sent) in [i64::MAX, 0].into_iter().enumerate() {
        events.columns[3].set(row, CellKind::Missing, 0);
        events.columns[5].set(row, CellKind::Time, sent as u64);
    }
    let scope = Scope { dictionaries: &[], tags: &[], categories: &[] };
    plan.start_block();
    let verdict = plan.evaluate(0, &events.block(), &scope);
    assert_eq!(verdict.errors.rows().collect::<Vec<_>>(), [0]);
    assert_eq!(verdict.missing.rows().collect::<Vec<_>>(), [1]);
}

#[test]
fn a_replaced_dictionary_is_forgotten_on_demand() {
    let programs = [program("name == \"a\"").unwrap()];
    let mut plan = plan(&programs);
    let mut events = Events::random(&mut Random(7), 2);
    for (row, text) in ["a", "ab"].into_iter().enumerate() {
        let bits = events.span(&mut Random(1), text);
        events.columns[0].set(row, CellKind::Text, bits);
    }
    for first in [0, 1] {
        let mut dictionary = Dictionary::new(10);
        let mut codes = [0; 1024];
        for row in [first, 1 - first] {
            codes[row] = dictionary.code_of(events.block().cell(0, row));
        }
        *events.columns[0].codes = codes;
        let dictionaries = [Some(dictionary)];
        let scope = Scope { dictionaries: &dictionaries, tags: &[], categories: &[] };
        plan.start_block();
        plan.forget_codes();
        let verdict = plan.evaluate(0, &events.block(), &scope);
        assert_eq!(verdict.matched.rows().collect::<Vec<_>>(), [0]);
    }
}
