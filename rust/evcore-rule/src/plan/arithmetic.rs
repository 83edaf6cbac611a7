//! Arithmetic on the numbers of columns: `attributes.price * attributes.quantity >= 100.0`.
//!
//! A JSON number is a CEL `double`, so all of it is IEEE arithmetic on doubles. A row with anything
//! else in it (a text to concatenate, a list) is left to the general evaluator.

use evcore_event::limits::BLOCK_ROWS;
use evcore_event::{CellKind, Column};

use super::bits::{Bits, NONE, word_of};
use super::kinds::KindRows;
use crate::ast::BinaryOp;

/// An expression over numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Term {
    /// The number in a column.
    Column(usize),
    /// A double.
    Constant(f64),
    /// `-operand`
    Negate(Box<Term>),
    /// `left op right` for one of `+ - * /`.
    Binary(BinaryOp, Box<Term>, Box<Term>),
}

impl Term {
    /// Calls `visit` with the slot of each column, from left to right.
    pub(crate) fn visit_slots(&self, visit: &mut impl FnMut(usize)) {
        match self {
            Term::Column(slot) => visit(*slot),
            Term::Constant(_) => {}
            Term::Negate(operand) => operand.visit_slots(visit),
            Term::Binary(_, left, right) => {
                left.visit_slots(visit);
                right.visit_slots(visit);
            }
        }
    }

    /// Returns how many vectors the evaluation needs.
    pub(crate) fn depth(&self) -> usize {
        match self {
            Term::Column(_) | Term::Constant(_) => 1,
            Term::Negate(operand) => operand.depth(),
            Term::Binary(_, left, right) => left.depth().max(1 + right.depth()),
        }
    }

    /// Writes the values of the first `chunks` times 64 rows into `vectors[0]`. What stands there
    /// means something where every column of the term holds one of the [`plain_numbers`].
    pub(crate) fn evaluate(
        &self,
        columns: &[Column],
        kinds: &[KindRows],
        chunks: usize,
        vectors: &mut [Vector],
    ) {
        match self {
            Term::Column(slot) => vectors[0].read(&columns[*slot], &kinds[*slot], chunks),
            Term::Constant(value) => vectors[0].0.fill(*value),
            Term::Negate(operand) => {
                operand.evaluate(columns, kinds, chunks, vectors);
                vectors[0].0[..chunks * 64].iter_mut().for_each(|value| *value = -*value);
            }
            Term::Binary(op, left, right) => {
                left.evaluate(columns, kinds, chunks, vectors);
                let (left, rest) = vectors.split_at_mut(1);
                right.evaluate(columns, kinds, chunks, rest);
                let pairs = left[0].0.iter_mut().zip(rest[0].0.iter()).take(chunks * 64);
                match op {
                    BinaryOp::Add => pairs.for_each(|(a, b)| *a += b),
                    BinaryOp::Subtract => pairs.for_each(|(a, b)| *a -= b),
                    BinaryOp::Multiply => pairs.for_each(|(a, b)| *a *= b),
                    _ => pairs.for_each(|(a, b)| *a /= b),
                }
            }
        }
    }
}

/// One double for each row.
#[derive(Debug, Clone)]
pub(crate) struct Vector(pub Box<[f64; BLOCK_ROWS]>);

impl Default for Vector {
    fn default() -> Self {
        Vector(Box::new([0.0; BLOCK_ROWS]))
    }
}

impl Vector {
    fn read(&mut self, column: &Column, kinds: &KindRows, chunks: usize) {
        let ints = kinds.of(CellKind::Int);
        let from = column.bits.as_chunks::<64>().0.iter();
        let to = self.0.as_chunks_mut::<64>().0.iter_mut();
        for (index, (values, bits)) in to.zip(from).take(chunks).enumerate() {
            let pairs = values.iter_mut().zip(bits);
            if ints[index] == u64::MAX {
                pairs.for_each(|(value, bits)| *value = *bits as i64 as f64);
                continue;
            }
            pairs.for_each(|(value, bits)| *value = f64::from_bits(*bits));
            for at in set_bits(ints[index]) {
                values[at] = bits[at] as i64 as f64;
            }
        }
    }
}

/// Returns the rows whose number is a double or an integer that a double holds: on these, exact
/// comparison and comparison of doubles are one.
pub(crate) fn plain_numbers(column: &Column, kinds: &KindRows) -> Bits {
    const LIMIT: i64 = 1 << 53;
    let mut rows = *kinds.of(CellKind::Double);
    for (index, bits) in column.bits.as_chunks::<64>().0.iter().enumerate() {
        let ints = kinds.of(CellKind::Int)[index];
        if ints != 0 {
            rows[index] |=
                ints & word_of(bits, |bits| (bits as i64).unsigned_abs() <= LIMIT as u64);
        }
    }
    rows
}

fn set_bits(word: u64) -> impl Iterator<Item = usize> {
    let mut rest = word;
    std::iter::from_fn(move || {
        let at = rest.trailing_zeros() as usize;
        rest &= rest.wrapping_sub(1);
        (at < 64).then_some(at)
    })
}

/// What the columns of an expression say about failure, taken from left to right.
#[derive(Debug, Clone)]
pub(crate) struct Operands {
    /// The rows where every operand so far has a value of the wanted kind.
    pub good: Bits,
    /// The rows whose first failure is a missing key.
    pub missing: Bits,
    /// The rows whose first failure is another.
    pub error: Bits,
    /// The rows that only the general evaluator can tell about.
    pub odd: Bits,
}

impl Operands {
    /// Returns that the rows of `live` are good so far.
    pub(crate) fn new(live: &Bits) -> Operands {
        Operands { good: *live, missing: NONE, error: NONE, odd: NONE }
    }

    /// Adds a column, of which `wanted` are the rows with a value of the wanted kind.
    pub(crate) fn add(&mut self, kinds: &KindRows, wanted: &Bits) {
        let (missing, mismatch) = (kinds.of(CellKind::Missing), kinds.of(CellKind::Mismatch));
        for (index, good) in self.good.iter_mut().enumerate() {
            let before = *good;
            self.missing[index] |= before & missing[index];
            self.error[index] |= before & mismatch[index];
            self.odd[index] |= before & !(missing[index] | mismatch[index] | wanted[index]);
            *good &= wanted[index];
        }
    }
}
