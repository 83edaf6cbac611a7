//! Laws of the configuration: no text makes it panic, and its normalised form reads back equal.

use evcore::config::{
    AGGREGATES_MAX, BY_MAX, CATEGORIES_MAX, COLUMNS_MAX, CONFIG_BYTES_MAX, Config, FEED_MAP_MAX,
    FEEDS_MAX, FILTERS_MAX, PROBLEMS_MAX, TYPES_MAX, codes,
};
use evcore_event::limits::TAGS_MAX;
use proptest::prelude::*;

/// A JSON string of a text.
fn quote(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            c if c < ' ' => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

/// Paths below a map, each in a form that is easy to get wrong.
fn paths() -> impl Strategy<Value = String> {
    let step = prop_oneof![
        "\\.[a-z$_ é\"]{1,4}",
        "\\[\"[a-z. é'\\[]{0,4}\"\\]",
        (0_u32..20).prop_map(|index| format!("[{index}]")),
    ];
    let root = prop_oneof![Just("attributes"), Just("traits"), Just("context"), Just("wire")];
    (root, prop::collection::vec(step, 1..4))
        .prop_map(|(root, steps)| root.to_owned() + &steps.concat())
}

fn durations() -> impl Strategy<Value = String> {
    let units = ["w", "d", "h", "m", "s", "ms"];
    let part = prop::option::of(1_u32..90);
    prop::array::uniform6(part).prop_filter_map("a duration is not empty", move |parts| {
        let text: String = parts
            .iter()
            .zip(units)
            .filter_map(|(count, unit)| count.map(|count| format!("{count}{unit}")))
            .collect();
        (!text.is_empty()).then_some(text)
    })
}

fn aggregates() -> impl Strategy<Value = String> {
    let measure = prop_oneof![
        Just("\"count\": true".to_owned()),
        (
            prop::sample::select(vec!["sum", "mean", "min", "max", "first", "last", "distinct"]),
            paths()
        )
            .prop_map(|(key, path)| format!("\"{key}\": {}", quote(&path))),
    ];
    let window = prop_oneof![
        durations(),
        prop::sample::select(vec!["day", "week", "month"]).prop_map(str::to_owned),
    ];
    let by = prop::sample::subsequence(
        vec!["name", "tags", "category", "weekday_hour", "time", "traits.$country"],
        0..6,
    );
    (measure, prop::option::of(window), by, prop::option::of(rules()), 1_usize..1000).prop_map(
        |(measure, window, by, condition, groups)| {
            let by: Vec<String> = by.into_iter().map(quote).collect();
            let mut out =
                format!("{measure}, \"by\": [{}], \"max_groups\": {groups}", by.join(","));
            if let Some(window) = window {
                out += &format!(", \"window\": {}", quote(&window));
            }
            if let Some(condition) = condition {
                out += &format!(", \"where\": {}", quote(&condition));
            }
            out
        },
    )
}

/// Any text that is not blank: what rules mean is not looked at here.
fn rules() -> impl Strategy<Value = String> {
    any::<String>().prop_filter("a rule has a text", |text| !text.trim().is_empty())
}

/// A valid configuration in JSON.
fn configs() -> impl Strategy<Value = String> {
    let filter = prop_oneof![
        rules().prop_map(|rule| format!("\"drop\": {}", quote(&rule))),
        rules().prop_map(|rule| format!("\"keep\": {}", quote(&rule))),
        (0.0..=100.0_f64).prop_map(|percent| format!("\"sample_users_percent\": {percent}")),
    ];
    let words = (
        prop::sample::select(vec!["segment", "canonical", "mine"]),
        prop::sample::select(vec!["UTC", "Europe/Berlin", "america/new_york", "Asia/Kolkata"]),
        prop::sample::select(vec!["lenient", "strict"]),
        prop::sample::select(vec!["double", "int", "string", "bool", "timestamp"]),
        prop::sample::select(vec!["s", "ms", "us", "rfc3339"]),
    );
    (
        words,
        prop::collection::vec(rules(), 0..4),
        prop::collection::vec(filter, 0..4),
        prop::collection::vec(aggregates(), 0..4),
        prop::collection::btree_map("[a-z é\"\\\\]{1,8}x", paths(), 0..4),
        (1_usize..=128, 1_usize..1 << 30, 0_usize..1_000_000),
    )
        .prop_map(|(words, tags, filters, aggregates, columns, limits)| {
            let (feed, zone, json, value_type, unit) = words;
            let list = |items: Vec<String>, key: &str| {
                let items: Vec<String> = items
                    .iter()
                    .enumerate()
                    .map(|(at, rest)| format!("{{\"name\": \"{key}{at}\", {rest}}}"))
                    .collect();
                format!("\"{key}\": [{}]", items.join(","))
            };
            let whens = |rules: &[String]| -> Vec<String> {
                rules.iter().map(|rule| format!("\"when\": {}", quote(rule))).collect()
            };
            let columns: Vec<String> =
                columns.iter().map(|(name, path)| format!("{}:{}", quote(name), quote(path))).collect();
            format!(
                "{{\"feed\": \"{feed}\", \"timezone\": \"{zone}\", \"json\": \"{json}\",
                \"types\": {{\"traits.declared\": \"{value_type}\"}}, {}, {}, {}, {},
                \"output\": {{\"columns\": {{{}}}}},
                \"feeds\": {{\"mine\": {{\"map\": {{\"user\": \"a.b[0]\", \"traits.x\": \"[\\\"y.z\\\"]\"}},
                \"time_unit\": \"{unit}\", \"source\": \"[3].s\"}}}},
                \"limits\": {{\"max_depth\": {}, \"max_event_bytes\": {}, \"max_rejects\": {}}}}}",
                list(whens(&tags), "category"),
                list(whens(&tags), "tag"),
                list(filters, "filter"),
                list(aggregates, "aggregate"),
                columns.join(","),
                limits.0,
                limits.1,
                limits.2
            )
        })
}

proptest! {
    #[test]
    fn the_normalised_form_reads_back_equal(text in configs()) {
        let config = match Config::from_json(&text, "a.json") {
            Ok(config) => config,
            Err(error) => panic!("{error}"),
        };
        let normal = config.to_json();
        let again = match Config::from_json(&normal, "b.json") {
            Ok(config) => config,
            Err(error) => panic!("{error}"),
        };
        prop_assert_eq!(&again, &config);
        prop_assert_eq!(again.to_json(), normal);
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = Config::from_toml(&text, "a.toml");
        let _ = Config::from_json(&text, "a.json");
    }

    #[test]
    fn no_text_of_toml_pieces_panics(pieces in prop::collection::vec(prop::sample::select(vec![
        "[", "]", "[[", "]]", "{", "}", "=", ".", ",", "\n", "'", "\"", "'''", "\"\"\"", "\\", "\\u00e9",
        "\\U0001F600", "é", "😀", " ", "#", "tag", "name", "when", "types", "aggregate", "by", "sum",
        "window", "feeds", "map", "true", "1", "-", "nan", "1979-05-27", "\"attributes.x\"", "\r\n", "null",
        "output", "columns", "filter", "sample_users_percent", "version", ":", "feed", "timezone",
    ]), 0..40)) {
        let text = pieces.concat();
        for read in [Config::from_toml(&text, "a"), Config::from_json(&text, "a")] {
            let Err(error) = read else { continue };
            prop_assert!(!error.problems.is_empty() && !error.to_string().is_empty());
            for problem in &error.problems {
                let Some(span) = problem.span.clone() else { continue };
                prop_assert!(error.source.text.get(span).is_some(), "{:?}", problem);
            }
        }
    }

    /// One character of a good file changed, taken out or put in.
    #[test]
    fn no_slip_in_a_good_text_panics(at in any::<prop::sample::Index>(), with in ".{0,2}") {
        const GOOD: &str = include_str!("../../../python/evcore/evcore.default.toml");
        let good: Vec<char> = GOOD.chars().collect();
        let at = at.index(good.len());
        let text: String = good[..at].iter().copied().chain(with.chars()).chain(good[at + 1..].iter().copied()).collect();
        if let Err(error) = Config::from_toml(&text, "a.toml") {
            prop_assert!(!error.to_string().is_empty());
        }
        let json = Config::from_toml(GOOD, "a.toml").unwrap().to_json();
        let json: Vec<char> = json.chars().collect();
        let at = at % json.len();
        let text: String = json[..at].iter().copied().chain(with.chars()).chain(json[at + 1..].iter().copied()).collect();
        if let Err(error) = Config::from_json(&text, "a.json") {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}

#[test]
fn each_limit_is_exact() {
    let repeat =
        |count: usize, line: &dyn Fn(usize) -> String| -> String { (0..count).map(line).collect() };
    let named = |kind: &'static str, rest: &'static str| {
        move |count: usize| repeat(count, &|at| format!("[[{kind}]]\nname = 'n{at}'\n{rest}\n"))
    };
    let keyed = |head: &'static str, line: &'static str| {
        move |count: usize| {
            head.to_owned() + &repeat(count, &|at| line.replace('%', &at.to_string()) + "\n")
        }
    };
    type Make<'m> = &'m dyn Fn(usize) -> String;
    let by = |count: usize| {
        let parts = repeat(count, &|at| format!("'attributes.a{at}',"));
        format!("[[aggregate]]\nname = 'a'\ncount = true\nby = [{parts}]\n")
    };
    let cases: [(&str, usize, Make<'_>); 9] = [
        ("tag", TAGS_MAX, &named("tag", "when = 'true'")),
        ("category", CATEGORIES_MAX, &named("category", "when = 'true'")),
        ("filter", FILTERS_MAX, &named("filter", "drop = 'true'")),
        ("aggregate", AGGREGATES_MAX, &named("aggregate", "count = true")),
        ("types", TYPES_MAX, &keyed("[types]\n", "'attributes.a%' = 'int'")),
        ("output.columns", COLUMNS_MAX, &keyed("[output.columns]\n", "c% = 'name'")),
        ("feeds.mine.map", FEED_MAP_MAX, &keyed("[feeds.mine.map]\n", "'attributes.a%' = 'a'")),
        ("feeds", FEEDS_MAX, &keyed("", "[feeds.f%]\nmap = { name = 'n' }")),
        ("aggregate[0].by", BY_MAX, &by),
    ];
    for (key, max, make) in cases {
        if let Err(error) = Config::from_toml(&make(max), "a.toml") {
            panic!("{key}: {error}");
        }
        let error = Config::from_toml(&make(max + 1), "a.toml").unwrap_err();
        let found: Vec<_> = error.problems.iter().map(|p| (p.code, p.key_path.as_str())).collect();
        assert_eq!(found, [(codes::TOO_MANY, key)]);
    }
}

#[test]
fn the_text_and_problem_limits_are_exact() {
    let comment = |bytes: usize| "#".repeat(bytes);
    assert!(Config::from_toml(&comment(CONFIG_BYTES_MAX), "a.toml").is_ok());
    let error = Config::from_toml(&comment(CONFIG_BYTES_MAX + 1), "a.toml").unwrap_err();
    assert_eq!(error.problems[0].code, codes::TOO_LARGE);

    let unknown =
        |count: usize| -> String { (0..count).map(|at| format!("k{at} = 1\n")).collect() };
    let shown = |count| Config::from_toml(&unknown(count), "a.toml").unwrap_err().problems;
    assert!(shown(PROBLEMS_MAX).iter().all(|problem| problem.code == codes::UNKNOWN_KEY));
    let past = shown(PROBLEMS_MAX + 1);
    assert_eq!(past.len(), PROBLEMS_MAX + 1);
    assert_eq!(past[PROBLEMS_MAX].code, codes::MORE_PROBLEMS);
}
