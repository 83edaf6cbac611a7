//! A cell that owns its bytes: it outlives the block it came from.

use evcore_event::{Cell, CellKind};

/// A cell that owns its bytes.
#[derive(Debug, Clone)]
pub struct OwnedCell {
    kind: CellKind,
    bits: u64,
    bytes: Vec<u8>,
}

impl Default for OwnedCell {
    fn default() -> Self {
        OwnedCell { kind: CellKind::Missing, bits: 0, bytes: Vec::new() }
    }
}

impl OwnedCell {
    /// Returns the cell.
    pub fn cell(&self) -> Cell<'_> {
        match self.kind {
            CellKind::Missing => Cell::Missing,
            CellKind::Null => Cell::Null,
            CellKind::Mismatch => Cell::Mismatch,
            CellKind::Bool => Cell::Bool(self.bits != 0),
            CellKind::Int => Cell::Int(self.bits as i64),
            CellKind::Uint => Cell::Uint(self.bits),
            CellKind::Double => Cell::Double(f64::from_bits(self.bits)),
            CellKind::Text => Cell::Text(&self.bytes),
            CellKind::List => Cell::List(&self.bytes),
            CellKind::Map => Cell::Map(&self.bytes),
            CellKind::Time => Cell::Time(self.bits as i64),
        }
    }

    /// Makes this a copy of a cell and keeps its memory.
    pub(super) fn set(&mut self, cell: Cell<'_>) {
        self.bytes.clear();
        (self.kind, self.bits) = match cell {
            Cell::Missing => (CellKind::Missing, 0),
            Cell::Null => (CellKind::Null, 0),
            Cell::Mismatch => (CellKind::Mismatch, 0),
            Cell::Bool(value) => (CellKind::Bool, u64::from(value)),
            Cell::Int(value) => (CellKind::Int, value as u64),
            Cell::Uint(value) => (CellKind::Uint, value),
            Cell::Double(value) => (CellKind::Double, value.to_bits()),
            Cell::Time(value) => (CellKind::Time, value as u64),
            Cell::Text(bytes) => self.own(CellKind::Text, bytes),
            Cell::List(bytes) => self.own(CellKind::List, bytes),
            Cell::Map(bytes) => self.own(CellKind::Map, bytes),
        };
    }

    fn own(&mut self, kind: CellKind, bytes: &[u8]) -> (CellKind, u64) {
        self.bytes.extend_from_slice(bytes);
        (kind, 0)
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.bytes.capacity()
    }
}

impl From<Cell<'_>> for OwnedCell {
    fn from(cell: Cell<'_>) -> Self {
        let mut owned = OwnedCell::default();
        owned.set(cell);
        owned
    }
}

impl PartialEq for OwnedCell {
    fn eq(&self, other: &Self) -> bool {
        self.cell() == other.cell()
    }
}
