//! Aggregates on small tables: what a result looks like, and the limits at work.

mod aggregate_support;

use aggregate_support::{Event, NAME, PLACE, Part, VALUE, Value, run};
use evcore::aggregate::{
    Aggregate, AggregateError, AggregateResult, AggregateSpec, BlockCache, GROUPS_MAX, KeyPart,
    Measure, Names, Scope, Values, Window,
};
use evcore_event::time::parse_rfc3339;
use evcore_event::{Block, Cell, CellKind, Column, Dictionary, Mask};
use proptest::prelude::*;

fn us(text: &str) -> i64 {
    parse_rfc3339(text.as_bytes()).unwrap().time_us
}

fn event(time: &str, name: &str, value: Value) -> Event {
    Event {
        time: Some(us(time)),
        name: Value::Text(name.into()),
        place: Value::Missing,
        value,
        tags: 0,
        category: 0,
        kept: true,
    }
}

fn spec(measure: Measure, by: Vec<KeyPart>, window: Option<Window>) -> AggregateSpec {
    AggregateSpec { name: "table".into(), measure, by, window, max_groups: 1000 }
}

fn name() -> KeyPart {
    KeyPart::Column { slot: NAME, label: "name".into() }
}

fn show(result: &AggregateResult) -> Vec<String> {
    let columns = || result.key_columns.iter().chain([&result.value]);
    let cell = |cell: Cell<'_>| match cell {
        Cell::Text(text) => String::from_utf8_lossy(text).into_owned(),
        Cell::Missing => "-".into(),
        Cell::Time(us) => evcore_event::time::format_rfc3339(us),
        Cell::Int(value) => value.to_string(),
        other => format!("{other:?}"),
    };
    let header = columns().map(|column| column.name.clone()).collect::<Vec<_>>().join(" ");
    let row = |row: usize| columns().map(|c| cell(c.cell(row))).collect::<Vec<_>>().join(" ");
    [header].into_iter().chain((0..result.rows).map(row)).collect()
}

#[test]
fn a_result_reads_like_a_table() {
    let events = [
        event("2026-03-29T00:30:00Z", "Buy", Value::Double(2.5)),
        event("2026-03-29T01:30:00Z", "Buy", Value::Int(1)),
        event("2026-03-29T22:00:00Z", "View", Value::Missing),
        event("2026-03-29T21:59:59Z", "View", Value::Text("2".into())),
        event("2026-03-28T23:00:00Z", "buy", Value::Null),
    ];
    let sum = run(
        &spec(Measure::Sum(VALUE), vec![name()], Some(Window::Day)),
        "Europe/Berlin",
        &events,
        1,
        9,
    );
    assert_eq!(
        show(&sum),
        [
            "window name sum",
            "2026-03-28T23:00:00Z Buy Double(3.5)",
            "2026-03-28T23:00:00Z View -",
            "2026-03-28T23:00:00Z buy -",
            "2026-03-29T22:00:00Z View -",
        ]
    );
    assert_eq!(sum.mistyped, 1);
    let count = run(
        &spec(Measure::Count, vec![KeyPart::WeekdayHour], None),
        "Europe/Berlin",
        &events,
        2,
        1,
    );
    assert_eq!(show(&count), ["weekday hour count", "0 0 1", "6 0 1", "6 1 1", "6 3 1", "6 23 1"]);
    assert_eq!(count.best_slot.as_deref(), Some("Monday 00:00–01:00"));
    assert!(matches!(&count.value.values, Values::Int(counts) if counts.len() == 5));
    let with_name =
        run(&spec(Measure::Count, vec![KeyPart::WeekdayHour, name()], None), "UTC", &events, 1, 9);
    assert_eq!(with_name.best_slot, None);
}

#[test]
fn a_total_of_nothing_is_one_row() {
    let table = [
        (Measure::Count, "0"),
        (Measure::Sum(VALUE), "-"),
        (Measure::Mean(VALUE), "-"),
        (Measure::Max(VALUE), "-"),
        (Measure::First(VALUE), "-"),
        (Measure::Distinct(PLACE), "0"),
    ];
    for (measure, value) in table {
        let result = run(&spec(measure, Vec::new(), None), "UTC", &[], 1, 1);
        assert_eq!(show(&result), [measure.name(), value]);
        let grouped = run(&spec(measure, vec![name()], None), "UTC", &[], 1, 1);
        assert_eq!(grouped.rows, 0);
    }
}

#[test]
fn numbers_past_the_doubles_are_infinite() {
    let infinite = |sign: f64| Value::Double(sign * f64::INFINITY);
    let table = [
        (vec![infinite(1.0), Value::Int(-5)], f64::INFINITY),
        (vec![Value::Double(1e308), infinite(-1.0)], f64::NEG_INFINITY),
        (vec![Value::Double(1.7e308), Value::Double(1.7e308)], f64::INFINITY),
        (vec![infinite(1.0), infinite(-1.0), Value::Int(1)], f64::NAN),
    ];
    for (values, expected) in table {
        let events: Vec<Event> =
            values.into_iter().map(|value| event("2026-01-01T00:00:00Z", "x", value)).collect();
        for parts in [1, 2] {
            let result =
                run(&spec(Measure::Sum(VALUE), Vec::new(), None), "UTC", &events, parts, 1);
            let found = result.value.cell(0).as_f64().unwrap();
            assert_eq!(found.to_bits(), expected.to_bits());
        }
    }
}

#[test]
fn ties_go_by_input_order() {
    let at = "2026-01-01T00:00:00Z";
    let events: Vec<Event> =
        ["a", "b", "c"].into_iter().map(|text| event(at, "x", Value::Text(text.into()))).collect();
    for (measure, expected) in [(Measure::First(VALUE), "a"), (Measure::Last(VALUE), "c")] {
        for parts in 1..=3 {
            let result = run(&spec(measure, Vec::new(), None), "UTC", &events, parts, 2);
            assert_eq!(result.value.cell(0), Cell::Text(expected.as_bytes()));
        }
    }
    // Parts that are merged in another order say the same.
    let spec = spec(Measure::First(VALUE), Vec::new(), None);
    let (mut late, mut early) = (Part::new(&spec, "UTC"), Part::new(&spec, "UTC"));
    late.fold(&events[1..], 1);
    early.fold(&events[..1], 0);
    late.merge(&early);
    assert_eq!(late.result().value.cell(0), Cell::Text(b"a"));
}

#[test]
fn impossible_specifications_are_refused() {
    let with = |window, max_groups, by: Vec<KeyPart>| {
        let spec = AggregateSpec { window, max_groups, ..spec(Measure::Count, by, None) };
        Aggregate::new(spec, "UTC").err()
    };
    assert_eq!(
        with(Some(Window::Every { us: 0 }), 1, vec![]),
        Some(AggregateError::Window { us: 0 })
    );
    assert_eq!(with(None, 0, vec![]), Some(AggregateError::Groups { max_groups: 0 }));
    assert_eq!(with(None, GROUPS_MAX, vec![]), None);
    assert_eq!(
        with(None, GROUPS_MAX + 1, vec![]),
        Some(AggregateError::Groups { max_groups: GROUPS_MAX + 1 })
    );
    assert_eq!(
        with(None, 1, vec![name(), KeyPart::Tags, name()]),
        Some(AggregateError::RepeatedKey)
    );
    let zone = Aggregate::new(spec(Measure::Count, vec![], None), "Mars/Olympus").err();
    assert_eq!(zone, Some(AggregateError::Zone { name: "Mars/Olympus".into() }));
    assert_eq!(zone.unwrap().to_string(), "there is no time zone `Mars/Olympus`");
}

/// Blocks whose name column has the given codes.
fn fold_codes(aggregate: &mut Aggregate, dictionaries: &[Option<Dictionary>], codes: &[u32]) {
    let mut cache = BlockCache::new("UTC").unwrap();
    for (block, chunk) in codes.chunks(1024).enumerate() {
        let mut columns = vec![Column::default(); 4];
        columns[NAME].codes[..chunk.len()].copy_from_slice(chunk);
        for row in 0..chunk.len() {
            columns[0].set(row, CellKind::Time, 0);
            columns[VALUE].set(row, CellKind::Text, 0);
        }
        let block_of = Block { len: chunk.len(), columns: &columns, input: b"", arena: b"" };
        let scope = Scope {
            dictionaries,
            tags: &[],
            tag_names: &[],
            categories: &[],
            category_names: &[],
            time_slot: 0,
            first_row: block as u64 * 1024,
        };
        cache.start_block();
        aggregate.fold(&block_of, &Mask::ones(chunk.len()), &scope, &mut cache);
    }
}

fn numbers(count: i64, first: i64) -> Vec<Option<Dictionary>> {
    let mut dictionary = Dictionary::new(usize::MAX);
    (first..first + count).for_each(|value| {
        dictionary.code_of(Cell::Int(value));
    });
    vec![None, Some(dictionary), None, None]
}

#[test]
fn many_more_groups_than_the_limit_are_given_up_while_folding() {
    for (measure, mistyped) in [(Measure::Count, 0), (Measure::Sum(VALUE), 60_000)] {
        let spec = AggregateSpec { max_groups: 10, ..spec(measure, vec![name()], None) };
        let dictionaries = numbers(20_000, 0);
        let names = Names { dictionaries: &dictionaries, tag_names: &[], category_names: &[] };
        let up: Vec<u32> = (3..20_003).chain(3..20_003).chain(3..20_003).collect();
        let mut down = up.clone();
        down.reverse();
        let mut aggregates = [&up, &down].map(|codes| {
            let mut aggregate = Aggregate::new(spec.clone(), "UTC").unwrap();
            fold_codes(&mut aggregate, &dictionaries, codes);
            assert!(aggregate.memory_bytes() < 400_000, "{}", aggregate.memory_bytes());
            aggregate
        });
        let [one, other] = aggregates.each_ref().map(|aggregate| aggregate.result(&names));
        assert_eq!(one, other);
        assert_eq!((one.rows, one.given_up_rows, one.mistyped), (10, 60_000 - 30, mistyped));
        let [whole, part] = &mut aggregates;
        whole.merge(part, &|_, code| code);
        let merged = whole.result(&names);
        assert_eq!((merged.rows, merged.given_up_rows), (10, 120_000 - 60));
        assert_eq!(merged.key_columns, one.key_columns);
    }
}

#[test]
fn a_full_dictionary_gives_rows_up_and_counts_them() {
    let spec = spec(Measure::Sum(VALUE), vec![name()], None);
    let dictionaries = numbers(2, 0);
    let names = Names { dictionaries: &dictionaries, tag_names: &[], category_names: &[] };
    let mut aggregate = Aggregate::new(spec.clone(), "UTC").unwrap();
    fold_codes(&mut aggregate, &dictionaries, &[3, u32::MAX, 4, u32::MAX, 0, 1, 2]);
    let result = aggregate.result(&names);
    assert_eq!((result.rows, result.given_up_rows, result.mistyped), (3, 2, 7));
    let mut merged = Aggregate::new(spec, "UTC").unwrap();
    merged.merge(&aggregate, &|_, code| if code == 4 { u32::MAX } else { code });
    let result = merged.result(&names);
    assert_eq!((result.rows, result.given_up_rows), (2, 3));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Thousands of groups, three times over, in parts with their own dictionaries.
    #[test]
    fn what_was_given_up_is_the_same_for_any_cut(
        max_groups in 1..3000_usize,
        groups in 1..6000_u32,
        cut in 0.0..1.0_f64,
        stride in 1..50_u32,
    ) {
        let spec = AggregateSpec { max_groups, ..spec(Measure::Count, vec![name()], None) };
        let values: Vec<u32> = (0..3 * groups).map(|at| 3 + at.wrapping_mul(stride) % groups).collect();
        let dictionaries = numbers(i64::from(groups), 0);
        let names = Names { dictionaries: &dictionaries, tag_names: &[], category_names: &[] };
        let mut whole = Aggregate::new(spec.clone(), "UTC").unwrap();
        fold_codes(&mut whole, &dictionaries, &values);
        let (first, second) = values.split_at((cut * values.len() as f64) as usize);
        let mut left = Aggregate::new(spec.clone(), "UTC").unwrap();
        fold_codes(&mut left, &dictionaries, first);
        // The same values under other codes: the dictionary begins with 7 values of its own.
        let others = numbers(i64::from(groups) + 7, -7);
        let mut right = Aggregate::new(spec, "UTC").unwrap();
        fold_codes(&mut right, &others, &second.iter().map(|code| code + 7).collect::<Vec<_>>());
        left.merge(&right, &|_, code| code - 7);
        prop_assert_eq!(left.result(&names), whole.result(&names));
        let distinct = values.iter().collect::<std::collections::BTreeSet<_>>().len();
        prop_assert_eq!(whole.result(&names).rows, distinct.min(max_groups));
    }
}
