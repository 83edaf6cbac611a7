//! What a rule costs: nanoseconds an event of the vectorised plan, by kind of predicate.
//!
//! ```text
//! cargo test --release -p evcore-rule --test plan_speed -- --ignored --nocapture
//! ```
//!
//! Each figure is the best of some runs over one block that stays in cache. Every rule's matches are
//! counted by the general evaluator too.

use std::hint::black_box;
use std::time::Instant;

use evcore_event::limits::BLOCK_ROWS;
use evcore_event::{Block, Cell, CellKind, Column, Dictionary, Mask, Path, Span};
use evcore_rule::plan::{Plan, Scope};
use evcore_rule::{Environment, Program, Row, compile, evaluate_bool};

const PATHS: [&str; 8] = [
    "name",
    "user",
    "context.ip",
    "time",
    "received",
    "attributes.revenue",
    "attributes.position",
    "attributes.path",
];
const TAGS: [&str; 2] = ["order", "promo"];
const NAMES: [&str; 13] = [
    "Order Completed",
    "Order Cancelled",
    "Product Viewed",
    "Product Added",
    "Product Removed",
    "Cart Viewed",
    "Checkout Started",
    "Coupon Applied",
    "Signed Up",
    "Signed In",
    "Search",
    "heartbeat",
    "miscellaneous",
];

/// The rules that are measured together, under the name of what they have in common.
const RULES: [(&str, &[&str]); 13] = [
    (
        "equality and in on few names",
        &[
            r#"name == "Order Completed""#,
            r#"name != "heartbeat""#,
            r#"name in ["Product Added", "Product Removed", "Coupon Applied"]"#,
            r#"name == "Signed Up""#,
        ],
    ),
    ("prefix and suffix on few names", &[r#"name.startsWith("Order")"#, r#"name.endsWith("ed")"#]),
    (
        "matches on few names",
        &[
            r#"name.matches("^(Order|Product) (Completed|Viewed)$")"#,
            r#"name.matches("(?i)cart|coupon")"#,
        ],
    ),
    ("equality on many users", &[r#"user == "user00000123@mail.example""#]),
    ("prefix on many addresses", &[r#"context.ip.startsWith("198.51.100.")"#]),
    ("suffix on many users", &[r#"user.endsWith("@mail.example")"#]),
    ("contains on few paths", &[r#"attributes.path.contains("ment/1")"#]),
    ("doubles", &["attributes.revenue > 150.0", "attributes.revenue < 5.0"]),
    ("integers", &["attributes.position <= 3"]),
    ("arithmetic", &["attributes.revenue * 1.19 + 5.0 > 100.0"]),
    (
        "time differences",
        &[r#"received - time > duration("12h")"#, r#"received - time <= duration("1h")"#],
    ),
    ("hours", &["time.getHours() >= 8"]),
    ("tags", &[r#""order" in tags && "promo" in tags"#]),
];

/// One block, its columns filled as a shop's events are.
struct Events {
    columns: Vec<Column>,
    input: Vec<u8>,
    tags: Vec<Mask>,
    dictionaries: Vec<Option<Dictionary>>,
}

impl Events {
    fn new(is_coded: bool) -> Events {
        let mut events = Events {
            columns: vec![Column::default(); PATHS.len()],
            input: Vec::new(),
            tags: vec![Mask::ones(BLOCK_ROWS); TAGS.len()],
            dictionaries: vec![None; PATHS.len()],
        };
        let mut state = 12_345_u64;
        let mut below = move |end: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % end
        };
        for row in 0..BLOCK_ROWS {
            events.text(0, row, NAMES[below(13) as usize]);
            events.text(1, row, &format!("user{:08}@mail.example", below(10_000)));
            events.text(2, row, &format!("198.51.{}.{}", below(2) + 99, below(256)));
            let time_us = 1_772_000_000_000_000 + below(86_400) * 1_000_000;
            events.columns[3].set(row, CellKind::Time, time_us);
            events.columns[4].set(row, CellKind::Time, time_us + below(100_000) * 1_000_000);
            if below(3) > 0 {
                let revenue = below(100_000) as f64 / 100.0;
                events.columns[5].set(row, CellKind::Double, revenue.to_bits());
            }
            events.columns[6].set(row, CellKind::Int, below(20));
            events.text(7, row, &format!("/department/{}", below(300)));
        }
        events.tags[0].fill_with(BLOCK_ROWS, |_| below(2) == 0);
        if is_coded {
            for slot in [0, 7] {
                let mut dictionary = Dictionary::new(1000);
                let mut codes = [0; BLOCK_ROWS];
                dictionary.encode(&events.block(), slot, &mut codes);
                *events.columns[slot].codes = codes;
                events.dictionaries[slot] = Some(dictionary);
            }
        }
        events
    }

    fn text(&mut self, slot: usize, row: usize, text: &str) {
        let span = Span { offset: self.input.len() as u32, len: text.len() as u32 };
        self.input.extend_from_slice(text.as_bytes());
        // The rest of the event stands between the texts.
        self.input.resize(self.input.len() + 100, b' ');
        self.columns[slot].set(row, CellKind::Text, span.pack());
    }

    fn block(&self) -> Block<'_> {
        Block { len: BLOCK_ROWS, columns: &self.columns, input: &self.input, arena: &[] }
    }
}

struct OneRow<'a>(&'a Events, &'a Program, usize);

impl Row for OneRow<'_> {
    fn cell(&self, path: usize) -> Cell<'_> {
        self.0.block().cell(slot_of(&self.1.paths[path]), self.2)
    }

    fn has_tag(&self, name: &str) -> bool {
        TAGS.iter().zip(&self.0.tags).any(|(tag, mask)| *tag == name && mask.get(self.2))
    }

    fn tags(&self) -> Vec<&str> {
        Vec::new()
    }

    fn category(&self) -> &str {
        ""
    }
}

fn slot_of(path: &Path) -> usize {
    let text = path.to_string();
    PATHS.iter().position(|known| *known == text).expect("a path of the benchmark")
}

fn nanoseconds(rules: &[&str], events: &Events) -> f64 {
    let tags = TAGS.map(str::to_owned);
    let environment = Environment {
        earlier_tags: &tags,
        later_tags: &[],
        has_category: false,
        declared: &|_| None,
    };
    let compiled = rules.iter().map(|rule| compile(rule, &environment).expect("a valid rule"));
    let programs: Vec<Program> = compiled.collect();
    let mut plan = Plan::new(&programs, &mut slot_of, &tags, &[]);
    let scope = Scope { dictionaries: &events.dictionaries, tags: &events.tags, categories: &[] };
    let block = events.block();
    for (rule, program) in programs.iter().enumerate() {
        let holds =
            |row: &usize| evaluate_bool(program, &OneRow(events, program, *row)) == Ok(true);
        let want = (0..BLOCK_ROWS).filter(holds).count() as u64;
        assert_eq!(plan.evaluate(rule, &block, &scope).matched.count(), want, "{}", rules[rule]);
        assert!(want > 0 || rules[rule].contains("user00000123"), "{}", rules[rule]);
    }
    let mut best = f64::INFINITY;
    for _ in 0..9 {
        const BLOCKS: u32 = 500;
        let start = Instant::now();
        for _ in 0..BLOCKS {
            plan.start_block();
            for rule in 0..programs.len() {
                black_box(plan.evaluate(rule, black_box(&block), &scope));
            }
        }
        best = best.min(start.elapsed().as_nanos() as f64 / f64::from(BLOCKS));
    }
    best / BLOCK_ROWS as f64
}

#[test]
#[ignore = "a measurement: run it alone, in release"]
fn nanoseconds_of_rules() {
    for is_coded in [true, false] {
        println!("names and paths have codes: {is_coded}");
        let events = Events::new(is_coded);
        for (name, rules) in RULES {
            let event_ns = nanoseconds(rules, &events);
            let rule_ns = event_ns / rules.len() as f64;
            println!("  {name:32} {} rules: {rule_ns:6.2} ns a rule and event", rules.len());
        }
        let all: Vec<&str> = RULES.iter().flat_map(|(_, rules)| rules.iter().copied()).collect();
        println!("  all {} together: {:.1} ns an event", all.len(), nanoseconds(&all, &events));
    }
}
