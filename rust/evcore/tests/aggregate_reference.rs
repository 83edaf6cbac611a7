//! Aggregates against a slow, obvious reference, for any events, keys, windows, zones and cuts.

mod aggregate_support;

use std::collections::{BTreeMap, BTreeSet};

use aggregate_support::{Event, NAME, PLACE, VALUE, Value, category_names, run, tag_names};
use evcore::aggregate::{AggregateResult, AggregateSpec, ExactSum, KeyPart, Measure, Window};
use evcore_event::Cell;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

const DAY_US: i64 = 86_400_000_000;

/// A value of a key, in the order of results.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    None,
    Bool(bool),
    /// Twice the number: the test's keys are multiples of a half.
    Number(i128),
    Time(i64),
    Text(String),
    List(String),
}

fn key_of(cell: Cell<'_>) -> Key {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    match cell {
        Cell::Missing | Cell::Null | Cell::Mismatch => Key::None,
        Cell::Bool(value) => Key::Bool(value),
        Cell::Int(value) => Key::Number(2 * i128::from(value)),
        Cell::Uint(value) => Key::Number(2 * i128::from(value)),
        Cell::Double(value) => Key::Number((2.0 * value) as i128),
        Cell::Time(value) => Key::Time(value),
        Cell::Text(bytes) => Key::Text(text(bytes)),
        Cell::List(bytes) | Cell::Map(bytes) => Key::List(text(bytes)),
    }
}

fn timestamp(time: i64) -> Timestamp {
    Timestamp::from_microsecond(time).unwrap()
}

fn local(zone: &TimeZone, time: i64) -> jiff::civil::DateTime {
    zone.to_offset(timestamp(time)).to_datetime(timestamp(time))
}

/// Names the calendar window of a moment: year and month, or the date of the day or the Monday.
fn window_name(zone: &TimeZone, window: Window, time: i64) -> (i16, i8, i8) {
    let date = local(zone, time).date();
    match window {
        Window::Month => (date.year(), date.month(), 0),
        Window::Day => (date.year(), date.month(), date.day()),
        _ => {
            let mut monday = date;
            while monday.weekday() != jiff::civil::Weekday::Monday {
                monday = monday.yesterday().unwrap();
            }
            (monday.year(), monday.month(), monday.day())
        }
    }
}

/// The first quarter of an hour whose local date is in the window.
fn window_start(zone: &TimeZone, window: Window, time: i64) -> i64 {
    if let Window::Every { us } = window {
        return time.div_euclid(us) * us;
    }
    const QUARTER_US: i64 = 900_000_000;
    let name = window_name(zone, window, time);
    let back = if window == Window::Month { 33 } else { 9 };
    let mut at = (time - back * DAY_US).div_euclid(QUARTER_US) * QUARTER_US;
    // No window is shorter than 12 hours.
    while window_name(zone, window, at + DAY_US / 2) != name {
        at += DAY_US / 2;
    }
    while window_name(zone, window, at) != name {
        at += QUARTER_US;
    }
    at
}

/// Exact rounding of a sum of doubles: Shewchuk's partials, as in Python's `math.fsum`.
fn fsum(values: impl Iterator<Item = f64>) -> f64 {
    let mut partials: Vec<f64> = Vec::new();
    for mut x in values {
        let mut kept = Vec::new();
        for mut y in std::mem::take(&mut partials) {
            if x.abs() < y.abs() {
                std::mem::swap(&mut x, &mut y);
            }
            let high = x + y;
            let low = y - (high - x);
            if low != 0.0 {
                kept.push(low);
            }
            x = high;
        }
        kept.push(x);
        partials = kept;
    }
    let Some(mut high) = partials.pop() else { return 0.0 };
    let mut low = 0.0;
    while let Some(y) = partials.pop() {
        let x = high;
        high = x + y;
        low = y - (high - x);
        if low != 0.0 {
            break;
        }
    }
    // Half-way cases: the rest decides.
    if let Some(rest) = partials.last()
        && (low < 0.0) == (*rest < 0.0)
    {
        let doubled = low * 2.0;
        let x = high + doubled;
        if x - high == doubled {
            high = x;
        }
    }
    high + 0.0
}

type Rows = Vec<(Vec<Key>, Key)>;

/// The answer as rows of keys and a value; doubles by their bits.
fn rows_of(result: &AggregateResult) -> Rows {
    (0..result.rows)
        .map(|row| {
            let keys = result.key_columns.iter().map(|column| key_of(column.cell(row)));
            (keys.collect(), value_key(result.value.cell(row)))
        })
        .collect()
}

/// Doubles by their bits: values are compared to the last one.
fn value_key(cell: Cell<'_>) -> Key {
    match cell.as_f64() {
        Some(number) => Key::Number(i128::from(number.to_bits())),
        None => key_of(cell),
    }
}

fn number(event: &Event) -> Option<f64> {
    event.value.cell().as_f64()
}

fn measure(spec: &AggregateSpec, events: &[&Event]) -> Key {
    let numbers: Vec<f64> = events.iter().filter_map(|event| number(event)).collect();
    let double = |value: f64| value_key(Cell::Double(value));
    let extreme = |want_max: bool| {
        let times = events.iter().filter_map(|event| match event.value {
            Value::Time(time) => Some(time),
            _ => None,
        });
        let (time, best) = if want_max {
            (times.max(), numbers.iter().copied().max_by(f64::total_cmp))
        } else {
            (times.min(), numbers.iter().copied().min_by(f64::total_cmp))
        };
        match (time, best) {
            // A column of both is odd; moments are above numbers.
            (Some(time), best) if want_max || best.is_none() => Key::Time(time),
            (_, Some(best)) => double(best),
            _ => Key::None,
        }
    };
    let mut in_time: Vec<&&Event> = events
        .iter()
        .filter(|event| event.time.is_some() && key_of(event.value.cell()) != Key::None)
        .collect();
    in_time.sort_by_key(|event| event.time);
    match spec.measure {
        Measure::Count => value_key(Cell::Int(events.len() as i64)),
        Measure::Sum(_) if numbers.is_empty() => Key::None,
        Measure::Sum(_) => double(fsum(numbers.iter().copied())),
        Measure::Mean(_) if numbers.is_empty() => Key::None,
        Measure::Mean(_) => double(fsum(numbers.iter().copied()) / numbers.len() as f64),
        Measure::Min(_) => extreme(false),
        Measure::Max(_) => extreme(true),
        Measure::First(_) => in_time.first().map_or(Key::None, |e| value_key(e.value.cell())),
        Measure::Last(_) => in_time.last().map_or(Key::None, |e| value_key(e.value.cell())),
        Measure::Distinct(_) => {
            let values: BTreeSet<Key> = events.iter().map(|e| key_of(e.place.cell())).collect();
            let count = values.iter().filter(|key| **key != Key::None).count();
            value_key(Cell::Int(count as i64))
        }
    }
}

fn expected(spec: &AggregateSpec, zone: &TimeZone, events: &[Event]) -> Rows {
    let mut groups: BTreeMap<Vec<Key>, Vec<&Event>> = BTreeMap::new();
    let mut starts: BTreeMap<(i16, i8, i8), i64> = BTreeMap::new();
    if spec.by.is_empty() && spec.window.is_none() {
        groups.insert(Vec::new(), Vec::new());
    }
    for event in events.iter().filter(|event| event.kept) {
        let mut keys = vec![Vec::new()];
        let mut push = |choices: Vec<Vec<Key>>| {
            keys = keys
                .iter()
                .flat_map(|key| {
                    choices.iter().map(move |choice| [key.clone(), choice.clone()].concat())
                })
                .collect();
        };
        match (spec.window, event.time) {
            (None, _) => {}
            (Some(_), None) => push(vec![vec![Key::None]]),
            (Some(window @ Window::Every { .. }), Some(time)) => {
                push(vec![vec![Key::Time(window_start(zone, window, time))]]);
            }
            (Some(window), Some(time)) => {
                let start = *starts
                    .entry(window_name(zone, window, time))
                    .or_insert_with(|| window_start(zone, window, time));
                push(vec![vec![Key::Time(start)]]);
            }
        }
        for part in &spec.by {
            match part {
                KeyPart::Column { slot, .. } => {
                    let value = if *slot == NAME { &event.name } else { &event.place };
                    push(vec![vec![key_of(value.cell())]]);
                }
                KeyPart::Tags => {
                    let tags = (0..3).filter(|tag| event.tags >> tag & 1 != 0);
                    push(tags.map(|tag| vec![Key::Text(tag_names()[tag].clone())]).collect());
                }
                KeyPart::Category => {
                    let name = match event.category {
                        0 => String::new(),
                        at => category_names()[usize::from(at) - 1].clone(),
                    };
                    push(vec![vec![Key::Text(name)]]);
                }
                KeyPart::WeekdayHour => {
                    let Some(time) = event.time else {
                        push(vec![vec![Key::None, Key::None]]);
                        continue;
                    };
                    let local = local(zone, time);
                    let weekday = local.date().weekday().to_monday_zero_offset();
                    push(vec![vec![
                        Key::Number(2 * i128::from(weekday)),
                        Key::Number(2 * i128::from(local.hour())),
                    ]]);
                }
            }
        }
        for key in keys {
            groups.entry(key).or_default().push(event);
        }
    }
    groups.into_iter().map(|(key, events)| (key, measure(spec, &events))).collect()
}

fn times() -> impl Strategy<Value = Option<i64>> {
    let near = prop::sample::select(vec![
        // Clock changes of Apia, Berlin and New York, the epoch, a leap day.
        "2011-12-30T10:00:00Z",
        "2026-03-29T01:00:00Z",
        "2026-10-25T01:00:00Z",
        "2026-03-08T07:00:00Z",
        "2026-11-01T06:00:00Z",
        "1970-01-01T00:00:00Z",
        "2024-02-29T12:00:00Z",
        "1969-12-31T18:30:00Z",
    ]);
    let near = near.prop_map(|text| text.parse::<Timestamp>().unwrap().as_microsecond());
    prop_oneof![
        8 => (near.clone(), -3 * DAY_US..3 * DAY_US).prop_map(|(near, by)| Some(near + by)),
        2 => (near, prop::sample::select(vec![-1, 0, 1, 3_599_999_999, -3_600_000_000]))
            .prop_map(|(near, by)| Some(near + by)),
        // 1951 to 2045: before, zones had offsets of odd minutes, which the reference cannot find.
        2 => (-599_000_000_000_000..2_366_000_000_000_000_i64).prop_map(Some),
        1 => Just(None),
    ]
}

fn keys() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => "[a-d]{1,2}".prop_map(Value::Text),
        1 => prop::sample::select(vec![
            Value::Missing,
            Value::Null,
            Value::Mismatch,
            Value::Bool(true),
            Value::Bool(false),
            Value::Int(1),
            Value::Double(1.0),
            Value::Double(-2.5),
            Value::Uint(1 << 63),
            Value::Text("1".into()),
            Value::Text(String::new()),
            Value::Text("a text of more than sixteen bytes".into()),
            Value::List("[1]".into()),
            Value::Time(5),
        ]),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => (0..100_000_i64).prop_map(|cents| Value::Double(cents as f64 / 100.0)),
        2 => (-50..50_i64).prop_map(Value::Int),
        1 => (-1e300..1e300_f64).prop_map(Value::Double),
        1 => (-300..300_i32, -1.0..1.0_f64).prop_map(|(e, m)| Value::Double(m * 10f64.powi(e))),
        1 => prop::num::f64::SUBNORMAL.prop_map(Value::Double),
        1 => keys(),
    ]
}

fn events(count: usize) -> impl Strategy<Value = Vec<Event>> {
    let event = (times(), keys(), keys(), values(), 0..8_u8, 0..3_u16, prop::bool::weighted(0.8))
        .prop_map(|(time, name, place, value, tags, category, kept)| Event {
            time,
            name,
            place,
            value,
            tags,
            category,
            kept,
        });
    prop::collection::vec(event, 0..count)
}

fn specs() -> impl Strategy<Value = AggregateSpec> {
    let column = |slot: usize| KeyPart::Column { slot, label: format!("slot {slot}") };
    let by = prop::sample::subsequence(
        vec![column(NAME), column(PLACE), KeyPart::Tags, KeyPart::Category, KeyPart::WeekdayHour],
        0..=3,
    )
    .prop_shuffle();
    let measure = prop::sample::select(vec![
        Measure::Count,
        Measure::Sum(VALUE),
        Measure::Mean(VALUE),
        Measure::Min(VALUE),
        Measure::Max(VALUE),
        Measure::First(VALUE),
        Measure::Last(VALUE),
        Measure::Distinct(PLACE),
    ]);
    let window = prop_oneof![
        3 => Just(None),
        1 => prop::sample::select(vec![1, 7, 3_600_000_000, 5 * DAY_US, 12_345_678_901])
            .prop_map(|us| Some(Window::Every { us })),
        2 => prop::sample::select(vec![Window::Day, Window::Week, Window::Month]).prop_map(Some),
    ];
    (by, measure, window).prop_map(|(by, measure, window)| AggregateSpec {
        name: "test".into(),
        measure,
        by,
        window,
        max_groups: 1_000_000,
    })
}

fn zones() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kolkata",
        "Pacific/Apia",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_aggregate_is_what_the_reference_says(
        spec in specs(),
        zone in zones(),
        events in events(120),
        block in 1..130_usize,
    ) {
        let result = run(&spec, zone, &events, 1, block);
        let expected = expected(&spec, &TimeZone::get(zone).unwrap(), &events);
        prop_assert_eq!(rows_of(&result), expected);
        prop_assert_eq!(result.given_up_rows, 0);
        let in_tags = |event: &Event| match spec.by.contains(&KeyPart::Tags) {
            true => u64::from(event.tags.count_ones()),
            false => 1,
        };
        let is_number = |event: &Event| match spec.measure {
            Measure::Sum(_) | Measure::Mean(_) => number(event).is_some(),
            Measure::Min(_) | Measure::Max(_) => {
                number(event).is_some() || matches!(event.value, Value::Time(_))
            }
            _ => true,
        };
        let mistyped: u64 = events
            .iter()
            .filter(|event| event.kept && !is_number(event))
            .filter(|event| !matches!(event.value, Value::Missing | Value::Null))
            .map(in_tags)
            .sum();
        prop_assert_eq!(result.mistyped, mistyped);
    }

    /// Few bits at random places: half-way cases, cancellation, carries over many limbs.
    #[test]
    fn a_sum_is_rounded_as_fsum_rounds(
        values in prop::collection::vec((-1074..960_i32, -9..9_i64, any::<bool>()), 0..40),
        near in -60..60_i32,
        cut in 0..40_usize,
    ) {
        let values: Vec<f64> = values
            .iter()
            .map(|(exponent, odd, is_near)| {
                let exponent = if *is_near { near + exponent % 110 } else { *exponent };
                // In two steps: 2^-1074 is not `powi` of anything near.
                *odd as f64 * 2f64.powi(exponent / 2) * 2f64.powi(exponent - exponent / 2)
            })
            .collect();
        let (left, right) = values.split_at(cut.min(values.len()));
        let (mut sum, mut rest) = (ExactSum::default(), ExactSum::default());
        left.iter().for_each(|value| sum.add(*value));
        right.iter().for_each(|value| rest.add(*value));
        sum.merge(&rest);
        prop_assert_eq!(sum.value().to_bits(), fsum(values.iter().copied()).to_bits());
    }

    #[test]
    fn parts_merged_in_order_are_one_fold(
        spec in specs(),
        zone in zones(),
        events in events(300),
        parts in 2..9_usize,
        block in 1..400_usize,
    ) {
        let whole = run(&spec, zone, &events, 1, 1024);
        let merged = run(&spec, zone, &events, parts, block);
        // Not `==`: -0.0 and 0.0 must not be mixed up.
        prop_assert_eq!(format!("{whole:?}"), format!("{merged:?}"));
    }

    #[test]
    fn the_groups_that_stay_do_not_depend_on_order_or_cuts(
        spec in specs(),
        events in events(300),
        max_groups in 1..40_usize,
        parts in 1..6_usize,
        block in 1..400_usize,
        seed: u64,
    ) {
        let all = run(&spec, "Europe/Berlin", &events, 1, 1024);
        let spec = AggregateSpec { max_groups, ..spec };
        let limited = run(&spec, "Europe/Berlin", &events, 1, 1024);
        let merged = run(&spec, "Europe/Berlin", &events, parts, block);
        prop_assert_eq!(format!("{limited:?}"), format!("{merged:?}"));
        prop_assert_eq!(limited.rows, all.rows.min(max_groups));
        let all_rows = rows_of(&all);
        prop_assert!(rows_of(&limited).iter().all(|row| all_rows.contains(row)));
        prop_assert_eq!(limited.given_up_rows > 0, all.rows > max_groups);
        if spec.measure == Measure::Count {
            let total = |result: &AggregateResult| (0..result.rows).map(|row| match result.value.cell(row) {
                Cell::Int(count) => count as u64,
                _ => 0,
            }).sum::<u64>();
            prop_assert_eq!(total(&limited) + limited.given_up_rows, total(&all));
        }
        if !matches!(spec.measure, Measure::First(_) | Measure::Last(_)) {
            let mut shuffled = events.clone();
            shuffled.sort_by_key(|event| {
                let text = format!("{seed}{event:?}");
                text.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
            });
            let other = run(&spec, "Europe/Berlin", &shuffled, parts, block);
            prop_assert_eq!(format!("{limited:?}"), format!("{other:?}"));
        }
    }
}
