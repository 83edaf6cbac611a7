//! A result's columns: plain typed vectors that a binding can hand over as they are.

use evcore_event::{Cell, CellKind};

use super::owned_cell::OwnedCell;

/// One column of a result.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultColumn {
    /// The column's name.
    pub name: String,
    /// One value for each row; where a row has none, it is 0, empty or missing.
    pub values: Values,
    /// Whether each row has a value; `None` if all do.
    pub valid: Option<Vec<bool>>,
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// `true` and `false`.
    Bool(Vec<bool>),
    /// Integers.
    Int(Vec<i64>),
    /// Integers that are never negative.
    Uint(Vec<u64>),
    /// Doubles.
    Double(Vec<f64>),
    /// Moments in microseconds since 1970, UTC.
    Time(Vec<i64>),
    /// Texts.
    Text(Texts),
    /// Values of several kinds, lists or maps.
    Mixed(Vec<OwnedCell>),
}

/// Texts, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Texts {
    /// Where each text starts, and where the last ends: one more than there are texts.
    pub offsets: Vec<i64>,
    /// All texts as UTF-8.
    pub bytes: Vec<u8>,
}

impl Default for Texts {
    fn default() -> Self {
        Texts { offsets: vec![0], bytes: Vec::new() }
    }
}

impl Texts {
    /// Returns how many texts there are.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns one text.
    pub fn get(&self, row: usize) -> &[u8] {
        &self.bytes[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }

    /// Adds a text.
    pub fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.offsets.push(self.bytes.len() as i64);
    }
}

impl ResultColumn {
    /// Returns one value; [`Cell::Missing`] if the row has none.
    pub fn cell(&self, row: usize) -> Cell<'_> {
        if self.valid.as_ref().is_some_and(|valid| !valid[row]) {
            return Cell::Missing;
        }
        match &self.values {
            Values::Bool(values) => Cell::Bool(values[row]),
            Values::Int(values) => Cell::Int(values[row]),
            Values::Uint(values) => Cell::Uint(values[row]),
            Values::Double(values) => Cell::Double(values[row]),
            Values::Time(values) => Cell::Time(values[row]),
            Values::Text(texts) => Cell::Text(texts.get(row)),
            Values::Mixed(cells) => cells[row].cell(),
        }
    }

    /// Returns how many rows there are.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Bool(values) => values.len(),
            Values::Int(values) | Values::Time(values) => values.len(),
            Values::Uint(values) => values.len(),
            Values::Double(values) => values.len(),
            Values::Text(texts) => texts.len(),
            Values::Mixed(cells) => cells.len(),
        }
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns a column of the narrowest type that holds all cells exactly; `empty` is the type of a
    /// column without any value.
    pub(super) fn of_cells<'a>(
        name: &str,
        cells: impl Iterator<Item = Cell<'a>>,
        empty: CellKind,
    ) -> ResultColumn {
        // Looking a cell up costs more than all the passes below.
        let cells: Vec<Cell<'a>> = cells.collect();
        let each = || cells.iter().copied();
        let values = match common_kind(each(), empty) {
            Some(CellKind::Bool) => Values::Bool(each().map(|c| c == Cell::Bool(true)).collect()),
            Some(CellKind::Int) => Values::Int(each().map(integer).collect()),
            Some(CellKind::Time) => Values::Time(each().map(integer).collect()),
            Some(CellKind::Uint) => {
                let value = |cell: Cell<'_>| match cell {
                    Cell::Uint(value) => value,
                    cell => integer(cell) as u64,
                };
                Values::Uint(each().map(value).collect())
            }
            Some(CellKind::Double) => {
                Values::Double(each().map(|cell| cell.as_f64().unwrap_or(0.0)).collect())
            }
            Some(CellKind::Text) => {
                let mut texts = Texts::default();
                each().for_each(|cell| texts.push(cell.as_text().unwrap_or(b"")));
                Values::Text(texts)
            }
            _ => Values::Mixed(each().map(OwnedCell::from).collect()),
        };
        let is_value =
            |cell: &Cell<'_>| !matches!(cell, Cell::Missing | Cell::Null | Cell::Mismatch);
        let valid = (!cells.iter().all(is_value)).then(|| cells.iter().map(is_value).collect());
        ResultColumn { name: name.to_owned(), values, valid }
    }
}

fn integer(cell: Cell<'_>) -> i64 {
    match cell {
        Cell::Int(value) | Cell::Time(value) => value,
        _ => 0,
    }
}

/// Returns the one kind that holds every value exactly, `None` if there is none.
fn common_kind<'a>(cells: impl Iterator<Item = Cell<'a>>, empty: CellKind) -> Option<CellKind> {
    let mut seen = [false; 11];
    let (mut any_negative, mut all_fit_double) = (false, true);
    for cell in cells {
        let kind = match cell {
            Cell::Missing | Cell::Null | Cell::Mismatch => continue,
            Cell::Bool(_) => CellKind::Bool,
            Cell::Int(value) => {
                any_negative |= value < 0;
                all_fit_double &= value as f64 as i128 == i128::from(value);
                CellKind::Int
            }
            Cell::Uint(value) => {
                all_fit_double &= value as f64 as i128 == i128::from(value);
                CellKind::Uint
            }
            Cell::Double(_) => CellKind::Double,
            Cell::Text(_) => CellKind::Text,
            Cell::Time(_) => CellKind::Time,
            Cell::List(_) | Cell::Map(_) => return None,
        };
        seen[kind as usize] = true;
    }
    let mut kinds = (0..11).filter(|kind| seen[usize::from(*kind)]).map(CellKind::from_u8);
    let all: Vec<CellKind> = kinds.by_ref().collect();
    match all[..] {
        [] => Some(empty),
        [kind] => Some(kind),
        [CellKind::Int, CellKind::Uint] if !any_negative => Some(CellKind::Uint),
        [CellKind::Int | CellKind::Uint, .., CellKind::Double] if all_fit_double => {
            Some(CellKind::Double)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_the_type_that_holds_all_values_exactly() {
        let large = (1 << 53) + 1;
        let table: &[(&[Cell<'_>], Values)] = &[
            (&[], Values::Text(Texts::default())),
            (&[Cell::Bool(true), Cell::Missing], Values::Bool(vec![true, false])),
            (&[Cell::Int(-1), Cell::Null], Values::Int(vec![-1, 0])),
            (&[Cell::Int(1), Cell::Uint(1 << 63)], Values::Uint(vec![1, 1 << 63])),
            (&[Cell::Int(1), Cell::Double(0.5)], Values::Double(vec![1.0, 0.5])),
            (
                &[Cell::Int(large), Cell::Double(0.5)],
                Values::Mixed(vec![Cell::Int(large).into(), Cell::Double(0.5).into()]),
            ),
            (
                &[Cell::Int(-1), Cell::Uint(1 << 63)],
                Values::Mixed(vec![Cell::Int(-1).into(), Cell::Uint(1 << 63).into()]),
            ),
            (
                &[Cell::Int(1), Cell::Text(b"1")],
                Values::Mixed(vec![Cell::Int(1).into(), Cell::Text(b"1").into()]),
            ),
            (&[Cell::Time(5)], Values::Time(vec![5])),
            (&[Cell::List(b"[]")], Values::Mixed(vec![Cell::List(b"[]").into()])),
        ];
        for (cells, values) in table {
            let column = ResultColumn::of_cells("x", cells.iter().copied(), CellKind::Text);
            assert_eq!(column.values, *values, "{cells:?}");
            assert_eq!(column.len(), cells.len());
            for (row, cell) in cells.iter().enumerate() {
                match (column.cell(row), *cell) {
                    (Cell::Missing, Cell::Missing | Cell::Null) => {}
                    (found, cell) => assert!(
                        found == cell || found.as_f64() == cell.as_f64() && cell.as_f64().is_some()
                    ),
                }
            }
        }
        let texts = [Cell::Text(b"ab"), Cell::Missing, Cell::Text("ä".as_bytes())];
        let column = ResultColumn::of_cells("x", texts.into_iter(), CellKind::Text);
        assert_eq!(column.cell(2), Cell::Text("ä".as_bytes()));
        assert_eq!(column.cell(1), Cell::Missing);
    }
}
