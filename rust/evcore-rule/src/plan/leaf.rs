//! The boolean expressions that stand under `&&`, `||`, `!` and `?:`, each on whole columns.

use evcore_event::{Block, CellKind, Column};

use super::Scope;
use super::arithmetic::{Operands, Term, Vector, plain_numbers};
use super::bits::{Bits, NONE, Truth, any, for_each_row, without, word_of};
use super::codes::CodeGroup;
use super::kinds::KindRows;
use super::moment::{self, MicroRange, PartTest};
use super::number::{NumberSet, Range};
use super::text::{TextTest, ends_with, ordered, starts_with};
use crate::ast::BinaryOp;
use crate::time_zone::{TimePart, Zone};

/// Values of a dictionary past which a cheap predicate reads the text instead: the table of verdicts
/// would leave the cache.
const TABLE_CODES: usize = 1 << 18;

/// Nanoseconds past which a predicate on text is worth a look-up in a large table.
pub(crate) const EXPENSIVE: u32 = 16;

/// What a cell that has a value of another kind than the constant's gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Other {
    /// `==`, `in`: not equal.
    False,
    /// `!=`
    True,
    /// `<` and functions: no such overload.
    Error,
}

/// A predicate of columns.
#[derive(Debug, Clone)]
pub(crate) enum Leaf {
    /// `true`, `false`
    Always(bool),
    /// A cell that is a bool.
    Bool { slot: usize },
    /// `cell == constant`; `negate` for `!=`.
    BoolEqual { slot: usize, value: bool, negate: bool },
    /// `cell == null`; `negate` for `!=`.
    Null { slot: usize, negate: bool },
    /// `cell op constant`
    Number { slot: usize, range: Range, negate: bool, other: Other },
    /// `cell in [constants]`
    NumberIn { slot: usize, set: NumberSet },
    /// A predicate on text, in a group of its slot.
    Text { group: usize, number: usize, negate: bool, other: Other },
    /// `has(path)`
    Has { slot: usize },
    /// `"name" in tags`
    Tag(usize),
    /// A predicate on the category, by number.
    Category(Vec<bool>),
    /// `cell op timestamp`
    Time { slot: usize, range: MicroRange, negate: bool, other: Other },
    /// `left - right op duration`, for moments.
    Difference { left: usize, right: usize, range: MicroRange, negate: bool },
    /// A part of a moment.
    Part { slot: usize, part: TimePart, zone: Option<Zone>, test: PartTest },
    /// `left op right`
    Columns { op: BinaryOp, left: usize, right: usize },
    /// `term op constant`; `negate` for `!=`.
    TermRange { term: Term, range: Range, negate: bool },
    /// `left op right`
    Terms { op: BinaryOp, left: Term, right: Term },
    /// Left to the general evaluator.
    Rows,
}

/// What a leaf found out.
pub(crate) struct Found {
    /// The verdicts; nothing is said about rows of `odd`.
    pub truth: Truth,
    /// The rows that only the general evaluator can tell about.
    pub odd: Bits,
    /// Whether all rows were looked at, not only those that were asked for.
    pub is_whole: bool,
}

impl Found {
    fn whole(truth: Truth) -> Found {
        Found { truth, odd: NONE, is_whole: true }
    }

    fn of_operands(operands: Operands, yes: Bits) -> Found {
        let Operands { missing, error, odd, .. } = operands;
        Found { truth: Truth { yes, missing, error }, odd, is_whole: true }
    }
}

/// What leaves work with.
pub(crate) struct Work<'a, 'b> {
    /// The block.
    pub block: &'a Block<'b>,
    /// What stands beside the block.
    pub scope: &'a Scope<'a>,
    /// The rows of the block.
    pub live: Bits,
    /// By slot.
    pub kinds: &'a mut [KindRows],
    /// The predicates on text.
    pub groups: &'a mut [CodeGroup],
    /// Room for arithmetic.
    pub vectors: &'a mut [Vector],
}

impl<'b> Work<'_, 'b> {
    fn column(&self, slot: usize) -> &'b Column {
        &self.block.columns[slot]
    }

    /// Returns the kinds of a slot, read if they were not.
    fn kinds(&mut self, slot: usize) -> &KindRows {
        self.kinds[slot].read(&self.block.columns[slot], &self.live);
        &self.kinds[slot]
    }

    /// Finds the verdicts of a leaf, at least on the rows of `todo`.
    pub(crate) fn find(&mut self, leaf: &Leaf, todo: &Bits) -> Found {
        let live = self.live;
        match leaf {
            Leaf::Always(value) => {
                Found::whole(Truth { yes: if *value { live } else { NONE }, ..Truth::FALSE })
            }
            Leaf::Bool { slot } => {
                let column = self.column(*slot);
                let bools = *self.kinds(*slot).of(CellKind::Bool);
                let yes = trues(column, &bools);
                Found::whole(self.finish(*slot, &bools, yes, Other::Error))
            }
            Leaf::BoolEqual { slot, value, negate } => {
                let column = self.column(*slot);
                let bools = *self.kinds(*slot).of(CellKind::Bool);
                let yes = trues(column, &bools);
                let yes = if value == negate { without(&bools, &yes) } else { yes };
                Found::whole(self.finish(*slot, &bools, yes, equality(*negate)))
            }
            Leaf::Null { slot, negate } => {
                let nulls = *self.kinds(*slot).of(CellKind::Null);
                let yes = if *negate { NONE } else { nulls };
                Found::whole(self.finish(*slot, &nulls, yes, equality(*negate)))
            }
            Leaf::Number { slot, range, negate, other } => {
                let column = self.column(*slot);
                let kinds = self.kinds(*slot);
                let (numbers, yes) = (kinds.numbers(), range.rows(column, kinds));
                let yes = if *negate { without(&numbers, &yes) } else { yes };
                Found::whole(self.finish(*slot, &numbers, yes, *other))
            }
            Leaf::NumberIn { slot, set } => {
                let column = self.column(*slot);
                let kinds = self.kinds(*slot);
                let (numbers, yes) = (kinds.numbers(), set.rows(column, kinds));
                Found::whole(self.finish(*slot, &numbers, yes, Other::False))
            }
            Leaf::Text { group, number, negate, other } => {
                self.text(*group, *number, *negate, *other, todo)
            }
            Leaf::Has { slot } => {
                let kinds = self.kinds(*slot);
                let (missing, error) =
                    (*kinds.of(CellKind::Missing), *kinds.of(CellKind::Mismatch));
                let yes = without(&without(&live, &missing), &error);
                Found::whole(Truth { yes, missing: NONE, error })
            }
            Leaf::Tag(tag) => {
                let mut yes = NONE;
                if let Some(mask) = self.scope.tags.get(*tag) {
                    yes.iter_mut().zip(mask.words()).for_each(|(word, tag)| *word = *tag);
                }
                yes.iter_mut().zip(live).for_each(|(word, live)| *word &= live);
                Found::whole(Truth { yes, ..Truth::FALSE })
            }
            Leaf::Category(verdicts) => {
                let mut yes = NONE;
                let rows = self.scope.categories.iter().take(self.block.len);
                for (row, category) in rows.enumerate() {
                    let verdict = verdicts.get(usize::from(*category)).is_some_and(|v| *v);
                    yes[row / 64] |= u64::from(verdict) << (row % 64);
                }
                Found::whole(Truth { yes, ..Truth::FALSE })
            }
            Leaf::Time { slot, range, negate, other } => {
                let column = self.column(*slot);
                let times = *self.kinds(*slot).of(CellKind::Time);
                let yes = moment::compare(column, &times, *range);
                let yes = if *negate { without(&times, &yes) } else { yes };
                Found::whole(self.finish(*slot, &times, yes, *other))
            }
            Leaf::Difference { left, right, range, negate } => {
                self.difference(*left, *right, *range, *negate)
            }
            Leaf::Part { slot, part, zone, test } => {
                let column = self.column(*slot);
                let times = *self.kinds(*slot).of(CellKind::Time);
                let asked = std::array::from_fn(|index| times[index] & todo[index]);
                let (decided, yes) = moment::parts(column, &asked, *part, zone.as_ref(), test);
                let truth = self.finish(*slot, &times, yes, Other::Error);
                Found { truth, odd: without(&asked, &decided), is_whole: false }
            }
            Leaf::Columns { op, left, right } => self.columns(*op, *left, *right, todo),
            Leaf::TermRange { term, range, negate } => {
                let operands = self.operands([term]);
                term.evaluate(self.block.columns, self.kinds, self.chunks(), self.vectors);
                let mut yes = NONE;
                for (index, values) in self.vectors[0].0.as_chunks::<64>().0.iter().enumerate() {
                    if operands.good[index] != 0 {
                        let word = word_of(values, |value| range.has_double(value));
                        yes[index] = (if *negate { !word } else { word }) & operands.good[index];
                    }
                }
                Found::of_operands(operands, yes)
            }
            Leaf::Terms { op, left, right } => self.terms(*op, left, right),
            Leaf::Rows => Found { truth: Truth::FALSE, odd: *todo, is_whole: false },
        }
    }

    fn chunks(&self) -> usize {
        self.block.len.div_ceil(64)
    }

    /// Returns the verdicts of a predicate of one column: `yes` of the rows with a value of the
    /// wanted kind, `other` where the value has another kind, failure where there is none.
    fn finish(&self, slot: usize, wanted: &Bits, yes: Bits, other: Other) -> Truth {
        let kinds = &self.kinds[slot];
        let (missing, mismatch) = (kinds.of(CellKind::Missing), kinds.of(CellKind::Mismatch));
        let mut truth = Truth { yes, missing: *missing, error: *mismatch };
        if other != Other::False {
            let live = &self.live;
            let rest: Bits =
                std::array::from_fn(|i| live[i] & !(wanted[i] | missing[i] | mismatch[i]));
            let to = if other == Other::True { &mut truth.yes } else { &mut truth.error };
            to.iter_mut().zip(rest).for_each(|(word, rest)| *word |= rest);
        }
        truth
    }

    fn text(
        &mut self,
        group: usize,
        number: usize,
        negate: bool,
        other: Other,
        todo: &Bits,
    ) -> Found {
        let slot = self.groups[group].slot();
        let texts = *self.kinds(slot).of(CellKind::Text);
        let test_is_size = matches!(self.groups[group].test(number), TextTest::Size(..));
        let dictionary = self.scope.dictionaries.get(slot).and_then(Option::as_ref).filter(|d| {
            d.len() <= TABLE_CODES || self.groups[group].test(number).cost() >= EXPENSIVE
        });
        let (mut yes, direct) = match dictionary {
            Some(dictionary) => {
                self.groups[group].read(self.block, dictionary);
                let (yes, unknown) = self.groups[group].rows(number);
                (yes, std::array::from_fn(|index| unknown[index] & texts[index] & todo[index]))
            }
            None => (NONE, std::array::from_fn(|index| texts[index] & todo[index])),
        };
        let is_whole = dictionary.is_some() && !any(&direct);
        if !is_whole {
            let test = self.groups[group].test(number);
            read_texts(test, self.block, &self.block.columns[slot], &direct, &mut yes);
        }
        for (word, texts) in yes.iter_mut().zip(&texts) {
            *word = (if negate { !*word } else { *word }) & texts;
        }
        let mut odd = NONE;
        if test_is_size {
            let kinds = &self.kinds[slot];
            let (lists, maps) = (kinds.of(CellKind::List), kinds.of(CellKind::Map));
            odd = std::array::from_fn(|index| lists[index] | maps[index]);
        }
        let mut truth = self.finish(slot, &texts, yes, other);
        truth.error = without(&truth.error, &odd);
        Found { truth, odd, is_whole }
    }

    fn difference(&mut self, left: usize, right: usize, range: MicroRange, negate: bool) -> Found {
        self.kinds(left);
        self.kinds(right);
        let mut operands = Operands::new(&self.live);
        for slot in [left, right] {
            // Where the left moment is far its sum with a duration may fail before the right one is
            // looked at: that row is odd, whatever the right one is.
            let times = self.kinds[slot].of(CellKind::Time);
            let near = moment::near_rows(&self.block.columns[slot], times);
            operands.add(&self.kinds[slot], &near);
        }
        let (left, right) = (self.column(left), self.column(right));
        let mut yes = moment::difference(left, right, &operands.good, range);
        if negate {
            yes = without(&operands.good, &yes);
        }
        Found::of_operands(operands, yes)
    }

    /// Compares two columns row by row kind: numbers as doubles, texts and moments.
    fn columns(&mut self, op: BinaryOp, left: usize, right: usize, todo: &Bits) -> Found {
        self.kinds(left);
        self.kinds(right);
        let (a, b) = (self.column(left), self.column(right));
        let (a_kinds, b_kinds) = (&self.kinds[left], &self.kinds[right]);
        let both = |left: &Bits, right: &Bits| -> Bits {
            std::array::from_fn(|index| left[index] & right[index])
        };
        let of = |kind| both(a_kinds.of(kind), b_kinds.of(kind));
        let numbers = both(&plain_numbers(a, a_kinds), &plain_numbers(b, b_kinds));
        let (texts, times) = (of(CellKind::Text), of(CellKind::Time));
        let mut operands = Operands::new(&self.live);
        let present = |kinds: &KindRows| {
            without(&without(&self.live, kinds.of(CellKind::Missing)), kinds.of(CellKind::Mismatch))
        };
        operands.add(a_kinds, &present(a_kinds));
        operands.add(b_kinds, &present(b_kinds));
        let mut yes = NONE;
        let mut set = |row: usize, verdict: bool| {
            yes[row / 64] |= u64::from(verdict) << (row % 64);
        };
        let asked = |rows: &Bits| both(rows, todo);
        for_each_row(&asked(&numbers), |row| {
            let order = number(a, row).partial_cmp(&number(b, row));
            set(row, order.map_or(op == BinaryOp::NotEqual, |order| ordered(order, op)));
        });
        for_each_row(&asked(&texts), |row| {
            let (a, b) = (self.block.text(a.bits[row]), self.block.text(b.bits[row]));
            set(
                row,
                match op {
                    BinaryOp::Equal => a == b,
                    BinaryOp::NotEqual => a != b,
                    _ => ordered(a.cmp(b), op),
                },
            );
        });
        for_each_row(&asked(&times), |row| {
            set(row, ordered((a.bits[row] as i64).cmp(&(b.bits[row] as i64)), op));
        });
        for (index, odd) in operands.odd.iter_mut().enumerate() {
            *odd |= operands.good[index] & !(numbers[index] | texts[index] | times[index]);
        }
        Found { is_whole: false, ..Found::of_operands(operands, yes) }
    }

    /// Returns what the columns of terms say about failure.
    fn operands<const N: usize>(&mut self, terms: [&Term; N]) -> Operands {
        let mut operands = Operands::new(&self.live);
        for term in terms {
            term.visit_slots(&mut |slot| {
                let column = self.column(slot);
                let wanted = plain_numbers(column, self.kinds(slot));
                operands.add(&self.kinds[slot], &wanted);
            });
        }
        operands
    }

    fn terms(&mut self, op: BinaryOp, left: &Term, right: &Term) -> Found {
        let operands = self.operands([left, right]);
        let chunks = self.chunks();
        left.evaluate(self.block.columns, self.kinds, chunks, self.vectors);
        right.evaluate(self.block.columns, self.kinds, chunks, &mut self.vectors[1..]);
        let (left, right) = (&self.vectors[0].0, &self.vectors[1].0);
        let pairs = left.as_chunks::<64>().0.iter().zip(right.as_chunks::<64>().0);
        let mut yes = NONE;
        for (index, (left, right)) in pairs.enumerate().take(chunks) {
            let word = match op {
                BinaryOp::Equal => compare(left, right, |a, b| a == b),
                BinaryOp::NotEqual => compare(left, right, |a, b| a != b),
                BinaryOp::Less => compare(left, right, |a, b| a < b),
                BinaryOp::LessEqual => compare(left, right, |a, b| a <= b),
                BinaryOp::Greater => compare(left, right, |a, b| a > b),
                _ => compare(left, right, |a, b| a >= b),
            };
            yes[index] = word & operands.good[index];
        }
        Found::of_operands(operands, yes)
    }
}

fn equality(negate: bool) -> Other {
    if negate { Other::True } else { Other::False }
}

fn trues(column: &Column, bools: &Bits) -> Bits {
    let mut yes = NONE;
    for (index, bits) in column.bits.as_chunks::<64>().0.iter().enumerate() {
        if bools[index] != 0 {
            yes[index] = word_of(bits, |bits| bits != 0) & bools[index];
        }
    }
    yes
}

/// Returns a number that a double holds.
#[inline(always)]
fn number(column: &Column, row: usize) -> f64 {
    match column.kinds[row] == CellKind::Int as u8 {
        true => column.bits[row] as i64 as f64,
        false => f64::from_bits(column.bits[row]),
    }
}

#[inline(always)]
fn compare(left: &[f64; 64], right: &[f64; 64], holds: impl Fn(f64, f64) -> bool) -> u64 {
    let mut bytes = [0; 64];
    for (byte, (left, right)) in bytes.iter_mut().zip(left.iter().zip(right)) {
        *byte = u8::from(holds(*left, *right));
    }
    super::bits::pack(&bytes)
}

/// Adds to `yes` the rows of `rows` whose text passes.
fn read_texts(test: &TextTest, block: &Block<'_>, column: &Column, rows: &Bits, yes: &mut Bits) {
    let mut set = |row: usize, verdict: bool| {
        yes[row / 64] |= u64::from(verdict) << (row % 64);
    };
    match test {
        TextTest::Equal(want) => {
            // The length decides for most rows: 64 of them at a time.
            let mut candidates = NONE;
            for (index, bits) in column.bits.as_chunks::<64>().0.iter().enumerate() {
                if rows[index] != 0 {
                    let len = want.len() as u64;
                    candidates[index] = word_of(bits, |bits| bits >> 32 == len) & rows[index];
                }
            }
            for_each_row(&candidates, |row| set(row, test.holds(block.text(column.bits[row]))));
        }
        // One loop for each predicate, so that the choice stands outside.
        TextTest::Prefix(prefix) => for_each_row(rows, |row| {
            set(row, starts_with(block.text(column.bits[row]), prefix));
        }),
        TextTest::Suffix(suffix) => for_each_row(rows, |row| {
            set(row, ends_with(block.text(column.bits[row]), suffix));
        }),
        _ => for_each_row(rows, |row| set(row, test.holds(block.text(column.bits[row])))),
    }
}
