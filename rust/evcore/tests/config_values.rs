//! What good configurations mean: each section's values, its defaults, and places in rules.

use evcore::config::{
    Config, FeedName, FilterAction, GroupKey, JsonMode, Measure, Skew, TimeUnit, ValueType, Window,
};
use evcore_event::{Diagnostic, Field, Path, limits};

const DEFAULT: &str = include_str!("../../../python/evcore/evcore.default.toml");

fn toml(text: &str) -> Config {
    Config::from_toml(text, "a.toml").unwrap_or_else(|error| panic!("{error}"))
}

fn json(text: &str) -> Config {
    Config::from_json(text, "a.json").unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn an_empty_text_is_all_defaults() {
    let config = toml("");
    assert_eq!(config, json("{}"));
    assert_eq!(config, json("{\"tag\": null, \"limits\": {}, \"output\": {\"columns\": null}}"));
    assert_eq!((config.version.value, config.json.value), (1, JsonMode::Lenient));
    assert_eq!((config.feed.value, config.timezone.value.as_str()), (FeedName::Segment, "UTC"));
    assert_eq!(config.limits.max_depth.value, limits::DEPTH_MAX);
    assert_eq!(config.limits.max_event_bytes.value, limits::EVENT_BYTES_MAX);
    assert_eq!(config.limits.max_rejects.value, limits::REJECTS_MAX);
    assert!(config.tags.is_empty() && config.output.columns.is_empty());
}

#[test]
fn each_section_is_read() {
    let config = toml(
        r#"
        version = 1
        feed = "mine"
        timezone = "europe/berlin"
        json = "strict"
        types = { "attributes.revenue" = "double", "traits.since" = "timestamp" }
        category = [{ name = "Sales & more", when = "true" }]
        tag = [{ name = "a-b_c.d:e1", when = "x > 1" }]
        filter = [
            { name = "drop", drop = "a" },
            { name = "keep", keep = "b" },
            { name = "sample", sample_users_percent = 10 },
        ]
        output = { columns = { z = "traits.$country", a = "time" } }
        [feeds.mine]
        map = { user = "uid", name = "ev.n", time = "at", "traits.x" = 'l[0]["a b"]' }
        time_unit = "ms"
        source = "from"
        [limits]
        max_depth = 8
        "#,
    );
    assert_eq!(config.feed.value, FeedName::User("mine".into()));
    assert_eq!(
        (config.timezone.value.as_str(), config.json.value),
        ("Europe/Berlin", JsonMode::Strict)
    );
    let types: Vec<_> =
        config.types.iter().map(|t| (t.path.value.to_string(), t.value_type.value)).collect();
    assert_eq!(
        types,
        [
            ("attributes.revenue".to_owned(), ValueType::Double),
            ("traits.since".to_owned(), ValueType::Timestamp)
        ]
    );
    assert_eq!(config.categories[0].name.value, "Sales & more");
    assert_eq!(config.tags[0].when.value, "x > 1");
    assert_eq!(config.tags[0].when.key_path, "tag[0].when");
    assert!(matches!(&config.filters[0].action, FilterAction::Drop(rule) if rule.value == "a"));
    assert!(matches!(&config.filters[1].action, FilterAction::Keep(rule) if rule.value == "b"));
    assert!(
        matches!(&config.filters[2].action, FilterAction::SampleUsersPercent(p) if p.value == 10.0)
    );
    // Columns keep the order of the file.
    let names: Vec<&str> = config.output.columns.iter().map(|c| c.name.value.as_str()).collect();
    assert_eq!(names, ["z", "a"]);
    assert_eq!(config.output.columns[0].path.value, Path::field(Field::Traits).key("$country"));
    let feed = &config.feeds[0];
    let map: Vec<_> =
        feed.map.iter().map(|f| (f.target.value.to_string(), f.wire.value.to_string())).collect();
    let expected =
        [("user", "uid"), ("name", "ev.n"), ("time", "at"), ("traits.x", "l[0][\"a b\"]")];
    assert_eq!(map, expected.map(|(target, wire)| (target.to_owned(), wire.to_owned())));
    assert_eq!((feed.time_unit.value, feed.skew.value), (TimeUnit::Milliseconds, Skew::Off));
    assert_eq!(feed.source.as_ref().unwrap().value.to_string(), "from");
    assert_eq!(config.limits.max_depth.value, 8);
    assert_eq!(config.limits.max_rejects.value, limits::REJECTS_MAX);
    assert_eq!(json(&config.to_json()), config);
}

#[test]
fn each_measure_key_and_window_is_read() {
    let path = || Path::field(Field::Attributes).key("x");
    for (text, measure) in [
        ("count = true", Measure::Count),
        ("sum = 'attributes.x'", Measure::Sum(path())),
        ("mean = 'attributes.x'", Measure::Mean(path())),
        ("min = 'attributes.x'", Measure::Min(path())),
        ("max = 'time'", Measure::Max(Path::field(Field::Time))),
        ("first = 'attributes'", Measure::First(Path::field(Field::Attributes))),
        ("last = 'name'", Measure::Last(Path::field(Field::Name))),
        ("distinct = 'user'\ncount = false", Measure::Distinct(Path::field(Field::User))),
    ] {
        let config = toml(&format!("[[aggregate]]\nname = 'a'\n{text}\n"));
        assert_eq!(config.aggregates[0].measure.value, measure);
        assert_eq!(config.aggregates[0].max_groups.value, limits::GROUPS_MAX);
        assert_eq!(json(&config.to_json()), config);
    }
    for (text, window) in [
        ("15m", Window::EveryUs(900_000_000)),
        ("1d", Window::EveryUs(86_400_000_000)),
        ("day", Window::Day),
        ("week", Window::Week),
        ("month", Window::Month),
    ] {
        let by = "by = ['weekday_hour', 'tags', 'category', 'context.os']";
        let text = format!("[[aggregate]]\nname = 'a'\ncount = true\nwindow = '{text}'\n{by}\n");
        let aggregate = &toml(&text).aggregates[0];
        assert_eq!(aggregate.window.as_ref().unwrap().value, window);
        let by: Vec<_> = aggregate.by.iter().map(|part| part.value.clone()).collect();
        let os = GroupKey::Path(Path::field(Field::Context).key("os"));
        assert_eq!(by, [GroupKey::WeekdayHour, GroupKey::Tags, GroupKey::Category, os]);
    }
}

#[test]
fn the_default_configuration_is_valid() {
    let config = toml(DEFAULT);
    assert_eq!(config.feed.value, FeedName::Canonical);
    assert!(config.tags.iter().any(|tag| tag.name.value == "purchase"));
    assert_eq!(json(&config.to_json()), config);
}

/// A problem at the first `bad` of the rule of the first tag, as it is placed in the file.
fn placed(config: &Config) -> (Diagnostic, String) {
    let rule = &config.tags[0].when;
    let at = rule.value.find("bad").unwrap();
    let problem = Diagnostic {
        code: "E101",
        message: "not good".into(),
        span: Some(at..at + 3),
        key_path: String::new(),
        hint: None,
    };
    let placed = config.place(rule, vec![problem]).remove(0);
    let error = config.error(vec![placed.clone()]);
    (placed, error.to_string())
}

#[test]
fn a_rules_problem_points_inside_its_string() {
    let expected = "bad";
    for rule in [
        "'name == bad'",
        "\"name == \\\"\\u00e9\\\" && bad\"",
        "'''\nname == 'x' ||\r\nbad'''",
        "\"\"\"name == \\\n    bad\"\"\"",
    ] {
        let text = format!("[[tag]]\nname = 'a'\nwhen = {rule}\n");
        let config = toml(&text);
        let (problem, _) = placed(&config);
        assert_eq!(&text[problem.span.unwrap()], expected, "{rule}");
        assert_eq!(problem.key_path, "tag[0].when");
    }
    let text = r#"{"tag": [{"name": "a", "when": "name == \"\ud83d\ude00\" && bad"}]}"#;
    let (problem, _) = placed(&json(text));
    assert_eq!(&text[problem.span.unwrap()], expected);
}

#[test]
fn the_caret_stands_below_the_place_in_the_rule() {
    let (_, shown) = placed(&toml("[[tag]]\nname = 'a'\nwhen = 'name == bad'\n"));
    let expected = "error[E101]: not good\n --> a.toml:3:17\n  |\n3 | when = 'name == bad'\n  |                 ^^^\n  key: tag[0].when";
    assert_eq!(shown, expected);
}

#[test]
fn a_byte_order_mark_is_no_problem() {
    assert_eq!(toml("\u{feff}json = 'strict'"), json("\u{feff}{\"json\": \"strict\"}"));
}
