//! Decode against `serde_json`: the same lines are JSON, and the same values come out of them.
//!
//! The input is a document. Each of its lines is read by serde_json; the engine reads the whole, by
//! every kernel of the machine, strict and lenient. Strict must accept exactly what serde_json
//! accepts, but for equal keys, which RFC 8259 only advises against and strict mode refuses; lenient
//! must accept at least that. Whatever strict accepts must give the values that serde_json gives.

#![no_main]

use evcore::decode::{
    DecodePlan, Decoder, Kernel, Leaf, PADDING, Place, Reason, SlotMode, Wanted, WantedPath,
};
use evcore_event::{Cell, Step};
use evcore_fuzz::Tree;
use libfuzzer_sys::fuzz_target;

const DEPTH_MAX: usize = 16;
const PATHS: [&[&str]; 6] = [
    &["a"],
    &["b"],
    &["b", "a"],
    &["b", "c", "a"],
    &["event"],
    &["a key of more than sixteen bytes"],
];

fn plan(is_strict: bool) -> DecodePlan {
    let wanted: Vec<WantedPath> = PATHS
        .iter()
        .enumerate()
        .map(|(slot, keys)| WantedPath {
            steps: keys.iter().map(|key| Step::Key((*key).to_owned())).collect(),
            leaf: Leaf { slot: slot as u16, mode: SlotMode::Value },
        })
        .collect();
    DecodePlan {
        wanted: Wanted::new(&wanted, &[]),
        columns: PATHS.len(),
        is_strict,
        depth_max: DEPTH_MAX,
        event_bytes_max: 1 << 20,
    }
}

/// What the engine made of one line.
#[derive(Debug, Clone, PartialEq)]
enum Line {
    Rejected(Reason, u64),
    Read(Vec<Value>),
}

/// A cell, with texts and containers as owned bytes.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Missing,
    Mismatch,
    Scalar(Tree),
    /// The JSON text of an array or object.
    Container(Vec<u8>),
}

/// Runs the engine and returns its verdict on each line, by number.
///
/// It reads the document twice: the second time it knows the shapes of the lines, and must say the
/// same.
fn decode(kernel: Kernel, is_strict: bool, document: &[u8]) -> Vec<(u64, Line)> {
    let plan = plan(is_strict);
    let mut bytes = document.to_vec();
    bytes.push(b'\n');
    let len = bytes.len();
    // The padding is hostile: a kernel that reads on sees quotes and braces.
    bytes.extend(b"\"}{\\".iter().cycle().take(PADDING));
    let mut decoder = Decoder::new(kernel, &plan);
    let first = pass(&mut decoder, &plan, &bytes, len);
    assert_eq!(pass(&mut decoder, &plan, &bytes, len), first, "the second reading differs");
    first
}

fn pass(decoder: &mut Decoder, plan: &DecodePlan, bytes: &[u8], len: usize) -> Vec<(u64, Line)> {
    let mut lines = Vec::new();
    decoder.open(bytes, len);
    loop {
        let rows = decoder.fill(plan, bytes, Place::default());
        let block = decoder.block(bytes);
        for row in 0..rows {
            let values = (0..PATHS.len()).map(|slot| value_of(block.cell(slot, row))).collect();
            lines.push((u64::from(decoder.rows.lines[row]) + 1, Line::Read(values)));
        }
        for reject in decoder.rejects.drain(..) {
            assert!(reject.byte as usize <= len, "{reject:?}");
            lines.push((reject.line, Line::Rejected(reject.reason, reject.byte)));
        }
        if rows == 0 {
            break;
        }
    }
    lines.sort_by_key(|(number, _)| *number);
    lines
}

fn value_of(cell: Cell<'_>) -> Value {
    let text = |text: &[u8]| String::from_utf8(text.to_vec()).expect("texts are UTF-8");
    match cell {
        Cell::Missing => Value::Missing,
        Cell::Mismatch => Value::Mismatch,
        Cell::Null => Value::Scalar(Tree::Null),
        Cell::Bool(value) => Value::Scalar(Tree::Bool(value)),
        Cell::Int(value) => Value::Scalar(Tree::Int(value)),
        Cell::Uint(value) => Value::Scalar(Tree::Uint(value)),
        Cell::Double(value) => Value::Scalar(Tree::Double(value)),
        Cell::Text(bytes) => Value::Scalar(Tree::Text(text(bytes))),
        Cell::List(bytes) | Cell::Map(bytes) => Value::Container(bytes.to_vec()),
        Cell::Time(_) => unreachable!("decode makes no times"),
    }
}

/// Returns what serde_json finds at a path; `None` where the path runs through something else than
/// an object.
fn expected<'a>(tree: &'a Tree, keys: &[&str]) -> Option<Option<&'a Tree>> {
    let mut here = Some(tree);
    for key in keys {
        match here {
            None => return Some(None),
            Some(map @ Tree::Map(_)) => here = map.get(key),
            Some(_) => return None,
        }
    }
    Some(here)
}

fn check_values(tree: &Tree, values: &[Value]) {
    for (keys, value) in PATHS.iter().zip(values) {
        match (expected(tree, keys), value) {
            (None, Value::Mismatch) | (Some(None), Value::Missing) => {}
            (Some(Some(wanted)), Value::Container(text)) => {
                assert_eq!(&Tree::read(text).expect("a container's text is JSON"), wanted);
            }
            (Some(Some(Tree::Double(wanted))), Value::Scalar(Tree::Double(found))) => {
                assert_eq!(wanted.to_bits(), found.to_bits(), "{keys:?}");
            }
            (Some(Some(wanted)), Value::Scalar(found)) => assert_eq!(found, wanted, "{keys:?}"),
            (wanted, found) => panic!("{keys:?}: {found:?} instead of {wanted:?}"),
        }
    }
}

fn check_line(line: &[u8], strict: Option<&Line>, lenient: Option<&Line>) {
    if line.iter().all(|byte| b" \t\r".contains(byte)) {
        assert!(strict.is_none() && lenient.is_none(), "a blank line is no event");
        return;
    }
    let (strict, lenient) = (strict.expect("a line is lost"), lenient.expect("a line is lost"));
    if matches!(strict, Line::Rejected(Reason::TooDeep, _)) {
        return;
    }
    match (Tree::read(line), strict) {
        (Ok(tree), Line::Read(values)) => {
            assert!(matches!(tree, Tree::Map(_)) && !tree.has_equal_keys());
            assert!(tree.depth() <= DEPTH_MAX);
            check_values(&tree, values);
            assert_eq!(strict, lenient);
        }
        (Ok(tree), Line::Rejected(Reason::NotAnObject, _)) => {
            assert!(!matches!(tree, Tree::Map(_)))
        }
        (Ok(tree), Line::Rejected(Reason::DuplicateKey, _)) => {
            assert!(tree.has_equal_keys());
            assert!(!matches!(lenient, Line::Rejected(Reason::BadJson | Reason::BadUtf8, _)));
        }
        (Ok(_), Line::Rejected(reason, _)) => panic!("JSON was rejected as {reason:?}"),
        // serde_json refuses numbers that no double holds; they are JSON.
        (Err(error), Line::Read(_)) if error.to_string().starts_with("number out of range") => {}
        (Err(error), Line::Read(_)) => panic!("accepted, but {error}"),
        (Err(_), Line::Rejected(..)) => {}
    }
}

fuzz_target!(|document: &[u8]| {
    let available = || Kernel::ALL.into_iter().filter(|kernel| kernel.is_available());
    let first = available().next().expect("one kernel runs everywhere");
    let (strict, lenient) = (decode(first, true, document), decode(first, false, document));
    for kernel in available().skip(1) {
        assert_eq!(decode(kernel, true, document), strict, "{}", kernel.name());
        assert_eq!(decode(kernel, false, document), lenient, "{}", kernel.name());
    }
    for (number, line) in document.split(|byte| *byte == b'\n').enumerate() {
        let find = |lines: &[(u64, Line)]| {
            let mut found = lines.iter().filter(|(at, _)| *at == number as u64 + 1);
            let line = found.next().map(|(_, line)| line.clone());
            assert!(found.next().is_none(), "a line came out twice");
            line
        };
        check_line(line, find(&strict).as_ref(), find(&lenient).as_ref());
    }
});
