//! The three readers of decode say the same of every line: [`evcore::decode::json`], which is slow
//! and obvious, is the judge, and serde_json is the judge of it.

use evcore::decode::json::{Reading, read_event};
use evcore::decode::lines::{Piece, for_each_piece};
use evcore::decode::walk::Cells;
use evcore::decode::{
    DecodePlan, Decoder, Kernel, Leaf, PADDING, Place, Reject, SlotMode, Wanted, WantedPath, reject,
};
use evcore_event::path::parse_wire;
use evcore_event::{Block, Cell};
use proptest::prelude::*;

/// What the plans of these tests want: scalars, maps, times, values, a list's element, a map and
/// what is in it, the whole event, a path twice.
const WANTED: [(&str, SlotMode); 12] = [
    ("event", SlotMode::Scalar),
    ("userId", SlotMode::Scalar),
    ("time", SlotMode::Time),
    ("p", SlotMode::Map),
    ("p.a", SlotMode::Value),
    ("p.b.c", SlotMode::Value),
    ("p.a", SlotMode::Scalar),
    ("p.list", SlotMode::Value),
    ("p.list[1]", SlotMode::Value),
    ("p.list[0].x", SlotMode::Value),
    ("a rather long key of more than sixteen bytes", SlotMode::Value),
    ("context.größe", SlotMode::Value),
];

fn plan(is_strict: bool, depth_max: usize) -> DecodePlan {
    let mut paths: Vec<WantedPath> = WANTED
        .iter()
        .enumerate()
        .map(|(slot, (path, mode))| WantedPath {
            steps: parse_wire(path).unwrap(),
            leaf: Leaf { slot: slot as u16, mode: *mode },
        })
        .collect();
    let slot = paths.len() as u16;
    paths.push(WantedPath { steps: Vec::new(), leaf: Leaf { slot, mode: SlotMode::Map } });
    DecodePlan {
        wanted: Wanted::new(&paths, &[parse_wire("p").unwrap()]),
        columns: paths.len(),
        is_strict,
        depth_max,
        event_bytes_max: 600,
    }
}

/// A cell that owns its text, so that spans into different memory compare.
#[derive(Debug, PartialEq)]
enum Owned {
    Plain(String),
    Text(Vec<u8>),
}

fn owned(cell: Cell<'_>) -> Owned {
    match cell {
        Cell::Text(text) | Cell::List(text) | Cell::Map(text) => Owned::Text(text.to_vec()),
        // Bits, as NaN would not equal itself and -0.0 would equal 0.0.
        Cell::Double(value) => Owned::Plain(format!("double {:x}", value.to_bits())),
        other => Owned::Plain(format!("{other:?}")),
    }
}

fn rows_of(block: &Block<'_>, rows: usize, oddities: &[u8]) -> Vec<(Vec<Owned>, u8)> {
    let row = |row: usize| {
        let cells = (0..block.columns.len()).map(|slot| owned(block.cell(slot, row)));
        (cells.collect(), oddities[row])
    };
    (0..rows).map(row).collect()
}

type Read = (Vec<(Vec<Owned>, u8)>, Vec<Reject>);

/// Reads a document with the fast readers.
fn fast(plan: &DecodePlan, kernel: Kernel, document: &[u8]) -> Read {
    let mut decoder = Decoder::new(kernel, plan);
    let (mut rows, mut scratch, mut line) = (Vec::new(), Vec::new(), 0);
    for_each_piece(document, plan.event_bytes_max, &mut scratch, |piece, at| {
        let Piece::Chunk(bytes, len) = piece else { panic!("these lines are short") };
        decoder.open(bytes, len);
        loop {
            let count = decoder.fill(plan, bytes, Place { byte: at as u64, line });
            if count == 0 {
                break;
            }
            rows.extend(rows_of(&decoder.block(bytes), count, &decoder.rows.oddities));
        }
        line += decoder.line_count() as u64;
    });
    (rows, decoder.rejects)
}

/// Reads a document line by line with the slow reader.
fn slow(plan: &DecodePlan, document: &[u8]) -> Read {
    let (mut rows, mut rejects, mut start) = (Vec::new(), Vec::new(), 0);
    for (number, line) in document.split(|byte| *byte == b'\n').enumerate() {
        let is_blank = line.iter().all(|byte| b" \t\r".contains(byte));
        let mut bytes = line.to_vec();
        bytes.resize(line.len() + PADDING, 0);
        let mut cells = Cells::default();
        cells.columns.resize_with(plan.columns, Default::default);
        let reading =
            Reading { wanted: &plan.wanted, is_strict: plan.is_strict, depth_max: plan.depth_max };
        let too_large = evcore::decode::Fault {
            reason: evcore::decode::Reason::TooLarge,
            message: "longer than the limit",
            offset: 0,
        };
        let read = match line.len() > plan.event_bytes_max {
            true => Err(too_large),
            false => read_event(reading, &bytes, 0, line.len(), 0, &mut cells),
        };
        match read {
            _ if is_blank => {}
            Ok(oddities) => {
                let block =
                    Block { len: 1, columns: &cells.columns, input: &bytes, arena: &cells.arena };
                rows.extend(rows_of(&block, 1, &[oddities.bits()]));
            }
            Err(fault) => rejects.push(reject(&fault, number as u64 + 1, start as u64, line)),
        }
        start += line.len() + 1;
    }
    (rows, rejects)
}

/// JSON texts, most of them good, in few shapes, so that shapes are learnt and then not quite fit.
fn value(depth: u32) -> BoxedStrategy<String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        any::<i64>().prop_map(|n| n.to_string()),
        any::<u64>().prop_map(|n| n.to_string()),
        any::<f64>()
            .prop_filter("JSON has no NaN", |f| f.is_finite())
            .prop_map(|f| format!("{f:?}")),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
        "[ -~]{0,12}".prop_map(|text| format!("{text:?}").replace("\\'", "'")),
        "\"[a-zà-ÿ靴😀]{0,9}\"",
        "\"(\\\\[\"\\\\/bfnrt]|\\\\u[0-9a-fA-F]{4}|\\\\ud83d\\\\ude00|x){0,4}\"",
    ];
    // What is wrong, or odd, or only looks so.
    let odd = prop_oneof![
        "-?0[0-9]{1,3}",
        "[0-9]{0,2}\\.[0-9]{0,2}",
        "[-+.eE0-9]{1,6}",
        Just("NaN".to_owned()),
        Just("-Infinity".to_owned()),
        Just("nul".to_owned()),
        Just("truex".to_owned()),
        Just("\"\\x\"".to_owned()),
        Just("\"\u{1}\"".to_owned()),
        Just("\"open".to_owned()),
        Just(String::new()),
    ];
    let leaf = prop_oneof![40 => scalar, 1 => odd];
    if depth == 0 {
        return leaf.boxed();
    }
    let list =
        prop::collection::vec(value(depth - 1), 0..4).prop_map(|v| format!("[{}]", v.join(",")));
    let map = object(depth - 1);
    prop_oneof![4 => leaf, 1 => list, 2 => map].boxed()
}

fn object(depth: u32) -> BoxedStrategy<String> {
    let names = WANTED.iter().flat_map(|(path, _)| path.split(['.', '[']));
    let mut names: Vec<String> = names.map(|name| name.trim_end_matches(']').to_owned()).collect();
    names.extend(
        ["x", "y", "z", "another key that is long", "", "\\u0061", "n\\\"q"].map(str::to_owned),
    );
    let entry =
        (prop::sample::select(names), value(depth), prop::sample::select(vec!["", " ", "\t"]))
            .prop_map(|(key, value, space)| format!("\"{key}\"{space}:{space}{value}"));
    prop::collection::vec(entry, 0..6)
        .prop_map(|entries| format!("{{{}}}", entries.join(",")))
        .boxed()
}

fn line() -> BoxedStrategy<Vec<u8>> {
    let mutated =
        (object(2), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(text, at, byte)| {
            let mut bytes = text.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        });
    prop_oneof![
        20 => object(3).prop_map(String::into_bytes),
        4 => mutated,
        1 => value(2).prop_map(String::into_bytes),
        1 => "[ \t\r]{0,3}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..20),
        1 => (0..9_usize).prop_map(|n| [b"{\"p\":".repeat(n), b"1".to_vec(), b"}".repeat(n)].concat()),
        1 => (590..610_usize).prop_map(|n| format!("{{\"y\":\"{}\"}}", "x".repeat(n - 8)).into_bytes()),
    ]
    .boxed()
}

/// Lines, each several times over, so that their shapes are known the last times.
fn document() -> impl Strategy<Value = Vec<u8>> {
    let lines = prop::collection::vec((line(), 1..4_usize), 1..12);
    (lines, prop::sample::select(vec!["\n", "\r\n", "\n\n"]), any::<bool>(), any::<u64>()).prop_map(
        |(lines, end, is_ended, seed)| {
            let mut all: Vec<&Vec<u8>> =
                lines.iter().flat_map(|(line, times)| std::iter::repeat_n(line, *times)).collect();
            let len = all.len();
            (0..len).for_each(|at| all.swap(at, (seed as usize).wrapping_mul(at + 7) % len));
            let mut document: Vec<u8> = Vec::new();
            for (at, line) in all.into_iter().enumerate() {
                if at > 0 {
                    document.extend_from_slice(end.as_bytes());
                }
                document.extend_from_slice(line);
            }
            if is_ended {
                document.extend_from_slice(end.as_bytes());
            }
            document
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn fast_readers_equal_the_slow_one(document in document(), is_strict: bool) {
        let plan = plan(is_strict, 6);
        let (rows, rejects) = slow(&plan, &document);
        for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()) {
            let found = fast(&plan, kernel, &document);
            prop_assert_eq!(&found.0, &rows, "rows by {}", kernel.name());
            prop_assert_eq!(&found.1, &rejects, "rejects by {}", kernel.name());
        }
    }

    #[test]
    fn the_slow_reader_accepts_what_serde_json_accepts(line in line()) {
        let plan = plan(true, 100);
        let (rows, rejects) = slow(&plan, &line);
        if line.contains(&b'\n') || line.len() > plan.event_bytes_max {
            return Ok(());
        }
        let judged = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&line);
        // serde_json takes equal keys and rejects numbers past f64; RFC 8259 leaves both open.
        if rejects.iter().any(|reject| reject.reason.name() == "duplicate_key")
            || judged.as_ref().is_err_and(|error| error.to_string().contains("number out of range"))
        {
            return Ok(());
        }
        let is_blank = line.iter().all(|byte| b" \t\r".contains(byte));
        prop_assert_eq!(rows.len() == 1, judged.is_ok() && !is_blank, "{:?} {:?}", judged, rejects);
    }
}
