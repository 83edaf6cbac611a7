//! The laws of the pipeline: the same events give the same answer however the input is cut and on
//! however many threads, and every event is accounted for.

use std::fs::File;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use evcore::aggregate::AggregateResult;
use evcore::pipeline::Counts;
use evcore::{Call, Config, EventBatch, Pipeline, Sink};
use proptest::prelude::*;

const CONFIG: &str = r#"
[limits]
max_event_bytes = 400
max_rejects = 5
[types]
"attributes.n" = "double"
[[category]]
name = "sales"
when = 'name.startsWith("O")'
[[tag]]
name = "big"
when = 'attributes.n > 10.0'
[[tag]]
name = "odd"
when = '"data.nonfinite" in tags || category == "sales" && !("big" in tags)'
[[filter]]
name = "noise"
drop = 'name == "noise"'
[[filter]]
name = "known"
keep = 'attributes.n >= 0.0 || name != "O1"'
[[filter]]
name = "sample"
sample_users_percent = 80
[[aggregate]]
name = "count"
count = true
by = ["name", "tags"]
window = "1h"
[[aggregate]]
name = "sum"
sum = "attributes.n"
by = ["category"]
where = '!("odd" in tags)'
[[aggregate]]
name = "first"
first = "id"
by = ["name"]
[[aggregate]]
name = "last"
last = "id"
[[aggregate]]
name = "few"
distinct = "user"
by = ["attributes.n"]
max_groups = 3
[output]
columns = { n = "attributes.n", id = "id", at = "time", all = "attributes" }
"#;

fn pipeline(threads: usize) -> Pipeline {
    Pipeline::new(Config::from_toml(CONFIG, "laws.toml").unwrap(), threads).unwrap()
}

fn line() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["O1", "O2", "noise", "Search", "é靴"]);
    let number =
        prop::sample::select(vec!["1", "2.5", "\"12.5\"", "1e2", "NaN", "null", "\"x\"", "[1]"]);
    let hour = 0..4_u32;
    let good = (name, number, hour, 0..6_u32, any::<u16>()).prop_map(|(name, n, hour, user, id)| {
        format!(
            r#"{{"type":"track","event":"{name}","messageId":"m{id}","userId":"u{user}","timestamp":"2026-03-02T0{hour}:00:00.000Z","properties":{{"n":{n}}}}}"#
        )
    });
    prop_oneof![
        20 => good,
        1 => Just(r#"{"type":"track","event":"without a time"}"#.to_owned()),
        1 => Just(r#"{"type":"page","name":"Home","timestamp":"2026-03-02 01:00"}"#.to_owned()),
        1 => Just("{\"event\":\"open".to_owned()),
        1 => Just("[1]".to_owned()),
        1 => Just(String::new()),
        1 => (380..420_usize).prop_map(|n| format!(r#"{{"timestamp":"2026-03-02T00:00:00Z","x":"{}"}}"#, "y".repeat(n - 46))),
        1 => Just("z".repeat(1500)),
    ]
}

fn document() -> impl Strategy<Value = Vec<u8>> {
    let end = prop::sample::select(vec!["\n", "\r\n"]);
    (prop::collection::vec(line(), 0..40), end, any::<bool>(), any::<bool>()).prop_map(
        |(lines, end, is_ended, has_mark)| {
            let mark = if has_mark { "\u{FEFF}" } else { "" };
            format!("{mark}{}{}", lines.join(end), if is_ended { end } else { "" }).into_bytes()
        },
    )
}

/// What one run gave, as far as it must not depend on how it was run.
#[derive(Debug, PartialEq)]
struct Run {
    counts: Counts,
    batch: String,
    ndjson: Vec<u8>,
    results: Vec<AggregateResult>,
}

fn shown(batch: &EventBatch) -> String {
    let EventBatch { rows, columns, tags, categories, lines, rejects, .. } = batch;
    // A column without a gap may or may not say so.
    let cells: Vec<String> = columns
        .iter()
        .map(|column| (0..*rows).map(|row| format!("{:?};", column.cell(row))).collect())
        .collect();
    format!("{rows} {cells:?} {tags:?} {categories:?} {lines:?} {rejects:#?}")
}

fn run(threads: usize, mut feed: impl FnMut(&mut Pipeline, Sink) -> (EventBatch, Vec<u8>)) -> Run {
    let mut whole = pipeline(threads);
    let (batch, _) = feed(&mut whole, Sink::Batch);
    let (_, ndjson) = feed(&mut pipeline(threads), Sink::Ndjson);
    let counts = whole.counts().clone();
    assert!(counts.is_conserved(), "{counts:?}");
    assert_eq!(batch.counts.received, counts.received);
    Run { counts, batch: shown(&batch), ndjson, results: whole.results() }
}

fn in_pieces(document: &[u8], cuts: &[usize]) -> Run {
    run(1, |pipeline, sink| {
        let mut stream = pipeline.stream(&Call::default(), sink).unwrap();
        let mut start = 0;
        for cut in cuts {
            pipeline.push(&mut stream, &document[start..*cut]);
            start = *cut;
        }
        pipeline.push(&mut stream, &document[start..]);
        pipeline.push_end(&mut stream);
        assert_eq!(stream.bytes_read(), document.len() as u64);
        (stream.take_batch(), stream.take_ndjson())
    })
}

fn from_file(file: &File, threads: usize, budget: usize) -> Run {
    run(threads, |pipeline, sink| {
        let mut stream = pipeline.stream(&Call::default(), sink).unwrap();
        while pipeline.step_file(&mut stream, file, budget).unwrap() {}
        (stream.take_batch(), stream.take_ndjson())
    })
}

fn temporary(document: &[u8]) -> (std::path::PathBuf, File) {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("evcore-laws-{}-{number}", std::process::id()));
    File::create(&path).unwrap().write_all(document).unwrap();
    let file = File::open(&path).unwrap();
    (path, file)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn the_answer_does_not_depend_on_the_cut(
        document in document(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        budget in 1..3000_usize,
    ) {
        let whole = in_pieces(&document, &[]);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(document.len() + 1)).collect();
        cuts.sort_unstable();
        prop_assert_eq!(&in_pieces(&document, &cuts), &whole);
        let at_every_byte: Vec<usize> = (0..document.len()).collect();
        prop_assert_eq!(&in_pieces(&document, &at_every_byte), &whole);
        let (path, file) = temporary(&document);
        for threads in 1..=3 {
            prop_assert_eq!(&from_file(&file, threads, budget), &whole, "{} threads", threads);
        }
        prop_assert_eq!(&from_file(&file, 1, 1 << 20), &whole);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn merged_pipelines_equal_one(left in document(), right in document(), threads in 1..3_usize) {
        let call = Call::default();
        let (mut whole, mut first, mut second) = (pipeline(threads), pipeline(threads), pipeline(1));
        for document in [&left, &right] {
            whole.process(document, &call).unwrap();
        }
        first.process(&left, &call).unwrap();
        second.process(&right, &call).unwrap();
        first.merge(&second).unwrap();
        prop_assert_eq!(first.results(), whole.results());
        prop_assert_eq!(first.counts(), whole.counts());
    }
}

/// A document that is worth two threads gives what one gives.
#[test]
fn threads_share_a_large_document() {
    let line = |n: usize| {
        format!(
            "{{\"type\":\"track\",\"event\":\"O{}\",\"messageId\":\"{n}\",\"timestamp\":\"2026-03-02T00:00:00Z\",\"properties\":{{\"n\":{}.25}}}}\n",
            n % 7,
            n % 100
        )
    };
    let document: String = (0..20_000).map(line).chain(["broken\n".to_owned()]).collect();
    let runs = [1, 2, 3].map(|threads| {
        run(threads, |pipeline, sink| match sink {
            Sink::Batch => {
                (pipeline.process(document.as_bytes(), &Call::default()).unwrap(), Vec::new())
            }
            _ => {
                let mut stream = pipeline.stream(&Call::default(), sink).unwrap();
                pipeline.push(&mut stream, document.as_bytes());
                pipeline.push_end(&mut stream);
                (stream.take_batch(), stream.take_ndjson())
            }
        })
    });
    assert_eq!(runs[0], runs[1]);
    assert_eq!(runs[0], runs[2]);
    assert_eq!(runs[0].counts.rejected_total(), 1);
}

#[test]
fn pipelines_of_different_configurations_do_not_merge() {
    let other = Config::from_toml("[[tag]]\nname = 'x'\nwhen = 'true'", "other.toml").unwrap();
    let error = pipeline(1).merge(&Pipeline::new(other, 1).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "cannot merge: the pipelines have different configurations");
}
