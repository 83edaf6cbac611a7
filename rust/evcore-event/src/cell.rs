//! One value of one event, as decode found it.

/// What a cell holds. The number is stored in [`crate::Column::kinds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CellKind {
    /// No such key, or a canonical scalar that is null.
    Missing = 0,
    /// `null` inside a map.
    Null = 1,
    /// The path runs through something that is not an object (a rule's error, not a missing key).
    Mismatch = 2,
    /// `true` or `false`.
    Bool = 3,
    /// An integral number in `i64`.
    Int = 4,
    /// An integral number above `i64::MAX`.
    Uint = 5,
    /// Any other number.
    Double = 6,
    /// A string.
    Text = 7,
    /// An array, kept as its JSON text.
    List = 8,
    /// An object, kept as its JSON text.
    Map = 9,
    /// A moment in microseconds since 1970, UTC.
    Time = 10,
}

impl CellKind {
    /// Returns the kind of that number, [`CellKind::Missing`] if there is none.
    pub const fn from_u8(number: u8) -> CellKind {
        match number {
            1 => CellKind::Null,
            2 => CellKind::Mismatch,
            3 => CellKind::Bool,
            4 => CellKind::Int,
            5 => CellKind::Uint,
            6 => CellKind::Double,
            7 => CellKind::Text,
            8 => CellKind::List,
            9 => CellKind::Map,
            10 => CellKind::Time,
            _ => CellKind::Missing,
        }
    }

    /// Returns whether the cell holds a value, `null` included.
    pub const fn is_present(self) -> bool {
        !matches!(self, CellKind::Missing | CellKind::Mismatch)
    }
}

/// One value of one event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// See [`CellKind::Missing`].
    Missing,
    /// See [`CellKind::Null`].
    Null,
    /// See [`CellKind::Mismatch`].
    Mismatch,
    /// See [`CellKind::Bool`].
    Bool(bool),
    /// See [`CellKind::Int`].
    Int(i64),
    /// See [`CellKind::Uint`].
    Uint(u64),
    /// See [`CellKind::Double`].
    Double(f64),
    /// Unescaped text; decode has validated it as UTF-8.
    Text(&'a [u8]),
    /// The JSON text of an array; valid JSON.
    List(&'a [u8]),
    /// The JSON text of an object; valid JSON.
    Map(&'a [u8]),
    /// Microseconds since 1970, UTC.
    Time(i64),
}

impl<'a> Cell<'a> {
    /// Returns the number that the cell holds, exact up to 2^53.
    pub fn as_f64(self) -> Option<f64> {
        match self {
            Cell::Int(value) => Some(value as f64),
            Cell::Uint(value) => Some(value as f64),
            Cell::Double(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the text that the cell holds.
    pub fn as_text(self) -> Option<&'a [u8]> {
        match self {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns whether the cell holds a value, `null` included.
    pub fn is_present(self) -> bool {
        !matches!(self, Cell::Missing | Cell::Mismatch)
    }
}
