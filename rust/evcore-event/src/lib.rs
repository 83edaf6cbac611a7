//! The nouns of evcore: what an event is, and how a block of events lies in memory.
//!
//! A *block* is up to [`limits::BLOCK_ROWS`] events as columns. Decode fills it, every later stage
//! reads it, and it is reused for the next block: nothing here allocates per event.

pub mod field;
pub mod path;
pub mod cell;
pub mod column;
pub mod mask;
pub mod intern;
pub mod event_kind;
pub mod number;
pub mod time;
pub mod limits;
pub mod diagnostic;

pub use cell::{Cell, CellKind};
pub use column::{Block, Column, Span};
pub use diagnostic::{Diagnostic, SourceText};
pub use event_kind::EventKind;
pub use field::{Field, FieldType};
pub use intern::Dictionary;
pub use mask::Mask;
pub use path::{Path, Step};
