//! Holds `docs/guide/config.md` to what is built: its examples are read, its messages compared, and
//! its table has every code.

use evcore::config::{Config, codes};

const GUIDE: &str = include_str!("../../../docs/guide/config.md");

/// Returns the code blocks of the guide: what stands behind the backquotes, and the text.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let parts: Vec<&str> = GUIDE.split("```").collect();
    assert_eq!(parts.len() % 2, 1, "a code block is not closed");
    parts.iter().skip(1).step_by(2).map(|block| block.split_once('\n').unwrap()).collect()
}

#[test]
fn examples_are_valid() {
    let mut seen = 0;
    for (kind, text) in blocks() {
        let read = match kind {
            "toml" => Config::from_toml(text, "guide.toml"),
            "json" => Config::from_json(text, "guide.json"),
            _ => continue,
        };
        if let Err(error) = read {
            panic!("{error}");
        }
        seen += 1;
    }
    assert!(seen >= 5, "only {seen} examples");
}

#[test]
fn messages_are_as_shown() {
    let blocks = blocks();
    let wrong = blocks.iter().position(|(kind, _)| *kind == "toml wrong").unwrap();
    let error = Config::from_toml(blocks[wrong].1, "shop.toml").unwrap_err();
    assert_eq!(blocks[wrong + 1], ("text", format!("{error}\n").as_str()));
}

#[test]
fn every_code_is_listed() {
    let listed: Vec<&str> = GUIDE
        .lines()
        .filter_map(|line| line.strip_prefix("| E")?.split_once('|'))
        .flat_map(|(listed, _)| listed.split(','))
        .map(|code| code.trim().trim_start_matches('E'))
        .collect();
    let all: Vec<&str> = codes::ALL.iter().map(|code| &code[1..]).collect();
    assert_eq!(listed, all);
}
