//! Declared types: `[types]` says what a path holds, whatever the wire wrote.
//!
//! mParticle sends every attribute as a text, so a revenue may be `"12.50"`. A declared path's cells
//! have the declared type; what cannot be read so is counted and missing.

use evcore_event::number::{Number, number_len, parse_number};
use evcore_event::time::parse_rfc3339;
use evcore_event::{Block, CellKind, Column, Mask, Span};

use crate::config::{Config, ValueType};
use crate::decode::walk::Cells;

use super::Slots;

/// The declared type of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declared {
    /// The slot.
    pub slot: usize,
    /// Its type.
    pub value_type: ValueType,
}

impl Declared {
    /// Returns the declared slots of a configuration.
    pub fn of(config: &Config, slots: &Slots) -> Vec<Declared> {
        let declared = config.types.iter().filter_map(|line| {
            let slot = slots.find(&line.path.value)?;
            Some(Declared { slot, value_type: line.value_type.value })
        });
        declared.collect()
    }

    /// Gives the first `len` rows the declared type and returns how many could not take it, those
    /// of `rejected` left out.
    pub fn run(self, cells: &mut Cells, input: &[u8], len: usize, rejected: &Mask) -> u64 {
        let Cells { columns, arena } = cells;
        let column = &mut columns[self.slot];
        let mut unread = 0;
        for row in 0..len {
            let kind = column.kind(row);
            if is_of_type(kind, self.value_type) {
                continue;
            }
            let bits = column.bits[row];
            let block = Block { len, columns: &[], input, arena };
            let text = (kind == CellKind::Text).then(|| block.text(bits));
            match convert(kind, bits, text, self.value_type) {
                Some((kind, bits)) => column.set(row, kind, bits),
                None if self.value_type == ValueType::Text => {
                    write_text(column, row, kind, bits, arena)
                }
                None => {
                    column.set(row, CellKind::Missing, 0);
                    unread += u64::from(!rejected.get(row));
                }
            }
        }
        unread
    }
}

/// Returns whether a cell needs no conversion. Null, and what is not there, stay as they are.
fn is_of_type(kind: CellKind, value_type: ValueType) -> bool {
    match kind {
        CellKind::Missing | CellKind::Null | CellKind::Mismatch => true,
        CellKind::Double => value_type == ValueType::Double,
        CellKind::Int => value_type == ValueType::Int,
        CellKind::Bool => value_type == ValueType::Bool,
        CellKind::Text => value_type == ValueType::Text,
        CellKind::Time => value_type == ValueType::Timestamp,
        CellKind::List | CellKind::Map => value_type == ValueType::Text,
        CellKind::Uint => false,
    }
}

fn convert(
    kind: CellKind,
    bits: u64,
    text: Option<&[u8]>,
    to: ValueType,
) -> Option<(CellKind, u64)> {
    let number = match (kind, text) {
        (CellKind::Int, _) => Some(Number::Int(bits as i64)),
        (CellKind::Uint, _) => Some(Number::Uint(bits)),
        (CellKind::Double, _) => Some(Number::Double(f64::from_bits(bits))),
        (_, Some(text)) => {
            let trimmed = text.trim_ascii();
            (number_len(trimmed) == Some(trimmed.len())).then(|| parse_number(trimmed))
        }
        _ => None,
    };
    match (to, number) {
        (ValueType::Double, Some(number)) => {
            let value = match number {
                Number::Int(value) => value as f64,
                Number::Uint(value) => value as f64,
                Number::Double(value) => value,
            };
            Some((CellKind::Double, value.to_bits()))
        }
        (ValueType::Int, Some(Number::Int(value))) => Some((CellKind::Int, value as u64)),
        (ValueType::Int, Some(Number::Double(value))) => {
            let is_whole = value.fract() == 0.0 && value.abs() <= 2f64.powi(53);
            is_whole.then_some((CellKind::Int, value as i64 as u64))
        }
        (ValueType::Bool, None) => match text?.trim_ascii() {
            b"true" => Some((CellKind::Bool, 1)),
            b"false" => Some((CellKind::Bool, 0)),
            _ => None,
        },
        (ValueType::Timestamp, _) => {
            let parsed = parse_rfc3339(text?.trim_ascii())?;
            Some((CellKind::Time, parsed.time_us as u64))
        }
        _ => None,
    }
}

/// Writes a number or bool as its text.
fn write_text(column: &mut Column, row: usize, kind: CellKind, bits: u64, arena: &mut Vec<u8>) {
    let text = match kind {
        CellKind::Int => (bits as i64).to_string(),
        CellKind::Uint => bits.to_string(),
        CellKind::Double => f64::from_bits(bits).to_string(),
        _ => (bits != 0).to_string(),
    };
    let offset = Span::ARENA + arena.len() as u32;
    arena.extend_from_slice(text.as_bytes());
    column.set(row, CellKind::Text, Span { offset, len: text.len() as u32 }.pack());
}
