//! Predicates on one text.
//!
//! A comparison looks at the length first and then at whole words: the texts of events are short,
//! and a call to compare a few bytes costs more than the comparison.

use std::cmp::Ordering;

use memchr::memmem::Finder;

use super::number::Range;
use crate::ast::BinaryOp;
use crate::regex_re2::Pattern;

/// What a rule asks of a text.
#[derive(Debug, Clone)]
pub(crate) enum TextTest {
    /// `text == constant`
    Equal(Box<[u8]>),
    /// `text op constant` for one of `< <= > >=`: the orders for which it holds.
    Ordered(Box<[u8]>, BinaryOp),
    /// `text.startsWith(constant)`
    Prefix(Box<[u8]>),
    /// `text.endsWith(constant)`
    Suffix(Box<[u8]>),
    /// `text.contains(constant)`
    Contains(Box<Finder<'static>>),
    /// `text.matches(constant)`
    Matches(Pattern),
    /// `text in [constants]`
    In(TextSet),
    /// `text.size() op constant`, in code points; the flag stands for `!=`.
    Size(Range, bool),
}

impl TextTest {
    /// Returns whether the text passes.
    #[inline]
    pub(crate) fn holds(&self, text: &[u8]) -> bool {
        match self {
            TextTest::Equal(want) => equal(text, want),
            TextTest::Ordered(constant, op) => ordered(text.cmp(constant), *op),
            TextTest::Prefix(prefix) => starts_with(text, prefix),
            TextTest::Suffix(suffix) => ends_with(text, suffix),
            TextTest::Contains(part) => part.find(text).is_some(),
            TextTest::Matches(pattern) => pattern.is_match(text),
            TextTest::In(set) => set.has(text),
            TextTest::Size(range, negate) => range.has_int(code_points(text)) != *negate,
        }
    }

    /// Returns whether both ask the same.
    pub(crate) fn is_same(&self, other: &TextTest) -> bool {
        match (self, other) {
            (TextTest::Equal(a), TextTest::Equal(b)) => a == b,
            (TextTest::Ordered(a, op), TextTest::Ordered(b, other)) => a == b && op == other,
            (TextTest::Prefix(a), TextTest::Prefix(b)) => a == b,
            (TextTest::Suffix(a), TextTest::Suffix(b)) => a == b,
            (TextTest::Contains(a), TextTest::Contains(b)) => a.needle() == b.needle(),
            (TextTest::Matches(a), TextTest::Matches(b)) => a == b,
            (TextTest::In(a), TextTest::In(b)) => a == b,
            (TextTest::Size(a, x), TextTest::Size(b, y)) => a == b && x == y,
            _ => false,
        }
    }

    /// Returns roughly how many nanoseconds a text costs.
    pub(crate) fn cost(&self) -> u32 {
        match self {
            TextTest::Equal(_) | TextTest::Prefix(_) | TextTest::Suffix(_) => 2,
            TextTest::Ordered(..) => 4,
            TextTest::In(set) => 2 + set.texts.len().min(16) as u32,
            TextTest::Size(..) => 8,
            TextTest::Contains(_) => 30,
            TextTest::Matches(_) => 60,
        }
    }
}

/// Returns whether an order is one that the operator asks for.
#[inline(always)]
pub(crate) fn ordered(order: Ordering, op: BinaryOp) -> bool {
    match op {
        BinaryOp::Less => order.is_lt(),
        BinaryOp::LessEqual => order.is_le(),
        BinaryOp::Greater => order.is_gt(),
        BinaryOp::GreaterEqual => order.is_ge(),
        BinaryOp::NotEqual => order.is_ne(),
        _ => order.is_eq(),
    }
}

/// Returns whether two texts of one length are equal, by whole words: the last one overlaps the one
/// before it.
#[inline(always)]
fn same(left: &[u8], right: &[u8]) -> bool {
    let word = |text: &[u8; 8]| u64::from_le_bytes(*text);
    let half = |text: &[u8; 4]| u32::from_le_bytes(*text);
    if let (Some(a), Some(b)) = (left.last_chunk::<8>(), right.last_chunk::<8>()) {
        let mut differs = word(a) ^ word(b);
        if left.len() > 8 {
            for (a, b) in left.as_chunks::<8>().0.iter().zip(right.as_chunks::<8>().0) {
                differs |= word(a) ^ word(b);
            }
        }
        return differs == 0;
    }
    if let (Some(a), Some(b)) = (left.first_chunk::<4>(), right.first_chunk::<4>())
        && let (Some(c), Some(d)) = (left.last_chunk::<4>(), right.last_chunk::<4>())
    {
        return (half(a) ^ half(b)) | (half(c) ^ half(d)) == 0;
    }
    left == right
}

/// Past this many bytes a call to compare pays.
const WORDWISE_BYTES_MAX: usize = 64;

#[inline(always)]
fn equal(text: &[u8], want: &[u8]) -> bool {
    match text.len() == want.len() {
        true if want.len() > WORDWISE_BYTES_MAX => text == want,
        true => same(text, want),
        false => false,
    }
}

/// Returns whether a text starts with a prefix.
#[inline(always)]
pub(crate) fn starts_with(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len()).is_some_and(|start| equal(start, prefix))
}

/// Returns whether a text ends with a suffix.
#[inline(always)]
pub(crate) fn ends_with(text: &[u8], suffix: &[u8]) -> bool {
    let start = text.len().wrapping_sub(suffix.len());
    text.get(start..).is_some_and(|end| equal(end, suffix))
}

/// Returns the number of code points of UTF-8: all bytes but those that continue one.
fn code_points(text: &[u8]) -> i64 {
    text.iter().filter(|byte| **byte & 0xC0 != 0x80).count() as i64
}

/// Constants, sorted by length and then by bytes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TextSet {
    texts: Vec<Box<[u8]>>,
    /// Bit n: a constant has n bytes, or 63 and more. Most texts are told apart by it.
    lengths: u64,
}

impl TextSet {
    /// Returns the set of the constants.
    pub(crate) fn new<'a>(constants: impl IntoIterator<Item = &'a [u8]>) -> TextSet {
        let mut texts: Vec<Box<[u8]>> = constants.into_iter().map(Box::from).collect();
        texts.sort_unstable_by(|a, b| by_length(a, b));
        texts.dedup();
        let lengths = texts.iter().fold(0, |all, text| all | 1 << text.len().min(63));
        TextSet { texts, lengths }
    }

    #[inline]
    fn has(&self, text: &[u8]) -> bool {
        if self.lengths >> text.len().min(63) & 1 == 0 {
            return false;
        }
        if self.texts.len() <= 8 {
            return self.texts.iter().any(|want| equal(text, want));
        }
        self.texts.binary_search_by(|want| by_length(want, text)).is_ok()
    }
}

fn by_length(left: &[u8], right: &[u8]) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_comparisons_equal_the_plain_ones() {
        let base = "abcdefghijklmnopqrstuvwxyzäöü€abcdefgh".as_bytes();
        let mut texts: Vec<Vec<u8>> = Vec::new();
        for len in 0..=base.len() {
            texts.push(base[..len].to_vec());
            texts.push(base[base.len() - len..].to_vec());
            for at in [0, len / 2, len.saturating_sub(1)] {
                let mut changed = base[..len].to_vec();
                if let Some(byte) = changed.get_mut(at) {
                    *byte ^= 1;
                }
                texts.push(changed);
            }
        }
        for text in &texts {
            for want in &texts {
                let constant = || Box::from(want.as_slice());
                assert_eq!(TextTest::Equal(constant()).holds(text), text == want);
                assert_eq!(TextTest::Prefix(constant()).holds(text), text.starts_with(want));
                assert_eq!(TextTest::Suffix(constant()).holds(text), text.ends_with(want));
                let found = want.is_empty() || text.windows(want.len()).any(|part| part == want);
                let finder = Finder::new(want).into_owned();
                assert_eq!(TextTest::Contains(Box::new(finder)).holds(text), found);
            }
        }
        for step in [1, 40] {
            let constants = || texts.iter().step_by(step).map(Vec::as_slice);
            let set = TextSet::new(constants());
            for text in &texts {
                assert_eq!(set.has(text), constants().any(|want| want == text));
            }
        }
    }

    #[test]
    fn size_counts_code_points() {
        let range = Range::new(BinaryOp::Equal, &crate::ast::Literal::Int(3)).unwrap();
        assert!(TextTest::Size(range, false).holds("aä€".as_bytes()));
        assert!(!TextTest::Size(range, true).holds("aä€".as_bytes()));
        assert!(!TextTest::Size(range, false).holds(b"abcd"));
    }
}
