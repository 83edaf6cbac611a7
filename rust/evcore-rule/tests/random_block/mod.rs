//! Random blocks of events for `plan_equals_eval.rs`.

use evcore_event::{Block, Cell, CellKind, Column, Dictionary, Mask, Path, Span};
use evcore_rule::{Program, Row};

/// The columns; the place in the list is the slot.
pub const PATHS: [&str; 17] = [
    "name",
    "user",
    "platform",
    "time",
    "received",
    "sent",
    "attributes.a",
    "attributes.b",
    "attributes.n",
    "attributes.m",
    "attributes.t",
    "attributes.u",
    "attributes.l",
    "attributes.double",
    "attributes.int",
    "attributes.moment",
    "attributes",
];
/// The tags.
pub const TAGS: [&str; 3] = ["t0", "t1", "t2"];
/// The categories, from number 1 on.
pub const CATEGORIES: [&str; 2] = ["sales", "browse"];

/// Texts around the lengths at which comparison changes its way.
pub const TEXTS: [&str; 16] = [
    "",
    "a",
    "ab",
    "abc",
    "Order",
    "Order Completed",
    "Order Cancelled",
    "Order Completed!",
    "user0000",
    "user00000001",
    "äöü",
    "€",
    "a long text of more than sixteen bytes, first",
    "a long text of more than sixteen bytes, other",
    "a text that is longer than sixty-four bytes, so that it is compared by a call: one",
    "a text that is longer than sixty-four bytes, so that it is compared by a call: two",
];
/// Doubles at the edges of exactness.
pub const NUMBERS: [f64; 12] = [
    0.0,
    -0.0,
    1.0,
    1.5,
    -2.5,
    12.0,
    9_007_199_254_740_992.0,
    9_223_372_036_854_775_808.0,
    18_446_744_073_709_551_616.0,
    1e300,
    f64::INFINITY,
    f64::NEG_INFINITY,
];
/// Integers at the edges of exactness.
pub const INTS: [i64; 10] = [
    0,
    1,
    -1,
    12,
    9_007_199_254_740_991,
    9_007_199_254_740_992,
    9_007_199_254_740_993,
    -9_007_199_254_740_993,
    i64::MAX,
    i64::MIN,
];
const MOMENTS: [i64; 12] = [
    0,
    -1,
    1,
    1_772_000_000_000_000,
    1_772_000_000_000_001,
    1_772_003_600_000_000,
    1_772_150_400_000_000,
    1 << 52,
    -(1 << 52),
    -(1 << 52) - 1,
    i64::MAX,
    i64::MIN,
];
const JSON: [&str; 6] =
    ["[]", "[1,2.5,\"a\"]", "[\"a\",\"b\"]", "{}", "{\"a\":1,\"k\":\"ab\"}", "[null,true]"];

/// xorshift64*: blocks come from a seed, so that a failing case is small to print.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % end
    }

    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// A block that owns its bytes.
pub struct Events {
    pub len: usize,
    pub columns: Vec<Column>,
    pub input: Vec<u8>,
    pub arena: Vec<u8>,
    pub tags: Vec<Mask>,
    pub categories: Vec<u16>,
}

impl Events {
    pub fn random(random: &mut Random, len: usize) -> Events {
        let mut events = Events {
            len,
            columns: vec![Column::default(); PATHS.len()],
            input: Vec::new(),
            arena: Vec::new(),
            tags: Vec::new(),
            categories: (0..len).map(|_| random.below(CATEGORIES.len() + 1) as u16).collect(),
        };
        for (slot, path) in PATHS.into_iter().enumerate() {
            // What the column mostly holds; how often it holds anything else, in eighths.
            let usual = match path {
                "name" | "user" | "platform" | "attributes.t" | "attributes.u" => CellKind::Text,
                "time" | "received" | "sent" | "attributes.moment" => CellKind::Time,
                "attributes.m" | "attributes.int" => CellKind::Int,
                "attributes.n" | "attributes.double" => CellKind::Double,
                "attributes.b" => CellKind::Bool,
                "attributes.l" => CellKind::List,
                "attributes" => CellKind::Map,
                _ => CellKind::from_u8(random.below(11) as u8),
            };
            let unusual = random.one_of(&[0, 1, 4, 8]);
            for row in 0..1024 {
                // Past the length lies what the last block left there.
                let kind = match random.below(8) < unusual {
                    true => CellKind::from_u8(random.below(11) as u8),
                    false => usual,
                };
                let bits = events.value(random, kind);
                events.columns[slot].set(row, kind, bits);
            }
        }
        for _ in TAGS {
            let mut mask = Mask::zeros(len);
            mask.fill_with(len, |_| random.below(2) == 0);
            events.tags.push(mask);
        }
        events
    }

    fn value(&mut self, random: &mut Random, kind: CellKind) -> u64 {
        match kind {
            CellKind::Missing | CellKind::Null | CellKind::Mismatch => random.below(3) as u64,
            CellKind::Bool => random.below(2) as u64,
            CellKind::Int => random.one_of(&INTS) as u64,
            CellKind::Uint => random.one_of(&[1 << 63, (1 << 63) + 1, u64::MAX]),
            CellKind::Double => random.one_of(&NUMBERS).to_bits(),
            CellKind::Text => {
                let text = random.one_of(&TEXTS);
                self.span(random, text)
            }
            CellKind::List | CellKind::Map => {
                let open = if kind == CellKind::List { '[' } else { '{' };
                let fitting = JSON.iter().copied().filter(|json| json.starts_with(open));
                let fitting: Vec<&str> = fitting.collect();
                let json = random.one_of(&fitting);
                self.span(random, json)
            }
            CellKind::Time => random.one_of(&MOMENTS) as u64,
        }
    }

    pub fn span(&mut self, random: &mut Random, text: &str) -> u64 {
        let (bytes, base) = match random.below(2) {
            0 => (&mut self.input, 0),
            _ => (&mut self.arena, Span::ARENA),
        };
        let offset = base + bytes.len() as u32;
        bytes.extend_from_slice(text.as_bytes());
        Span { offset, len: text.len() as u32 }.pack()
    }

    pub fn block(&self) -> Block<'_> {
        Block { len: self.len, columns: &self.columns, input: &self.input, arena: &self.arena }
    }

    pub fn encode(&mut self, dictionaries: &mut [Option<Dictionary>]) {
        for (slot, dictionary) in dictionaries.iter_mut().enumerate() {
            if let Some(dictionary) = dictionary {
                let mut codes = [0; 1024];
                dictionary.encode(&self.block(), slot, &mut codes);
                *self.columns[slot].codes = codes;
            }
        }
    }
}

/// One row of a block, for the general evaluator.
pub struct OneRow<'a> {
    pub events: &'a Events,
    pub program: &'a Program,
    pub row: usize,
}

impl Row for OneRow<'_> {
    fn cell(&self, path: usize) -> Cell<'_> {
        let slot = slot_of(&self.program.paths[path]);
        self.events.block().cell(slot, self.row)
    }

    fn has_tag(&self, name: &str) -> bool {
        TAGS.iter()
            .position(|tag| *tag == name)
            .is_some_and(|tag| self.events.tags[tag].get(self.row))
    }

    fn tags(&self) -> Vec<&str> {
        TAGS.into_iter().filter(|tag| self.has_tag(tag)).collect()
    }

    fn category(&self) -> &str {
        match self.events.categories[self.row] {
            0 => "",
            number => CATEGORIES[usize::from(number) - 1],
        }
    }
}

/// Returns the slot of a path.
pub fn slot_of(path: &Path) -> usize {
    let text = path.to_string();
    PATHS.iter().position(|known| *known == text).expect("a path of the test")
}
