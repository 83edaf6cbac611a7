//! What of a rule runs on whole columns and what row by row, for `evcore check --plan`.

use std::fmt;

use super::leaf::Leaf;

/// How an expression is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// `&& || ! ?:` on bitmaps.
    Logic,
    /// Text, once per value of the column's dictionary.
    Codes,
    /// Text, on each row's bytes, or by dictionary code where another stage has made the codes.
    Text,
    /// Numbers, exactly or as doubles.
    Numbers,
    /// Moments in microseconds.
    Times,
    /// Two columns, by the kinds of their cells.
    Columns,
    /// Presence, bools, tags, the category, constants.
    Flags,
    /// The general evaluator, row by row, and why.
    Rows(&'static str),
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            How::Logic => "vectorised: bitmaps",
            How::Codes => "vectorised: text, once per dictionary code",
            How::Text => "vectorised: text of each row",
            How::Numbers => "vectorised: numbers",
            How::Times => "vectorised: times",
            How::Columns => "vectorised: column with column",
            How::Flags => "vectorised: flags",
            How::Rows(why) => return write!(f, "row by row: {why}"),
        })
    }
}

/// One expression of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanPart {
    /// How deep it stands under the rule.
    pub depth: usize,
    /// Its text.
    pub text: String,
    /// How it is evaluated.
    pub how: How,
}

impl fmt::Display for PlanPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:indent$}{}  [{}]", "", self.text, self.how, indent = 2 * self.depth)
    }
}

/// Returns how a leaf is evaluated, given why it goes row by row if it does and whether its text
/// has codes.
pub(crate) fn how(leaf: &Leaf, why: &'static str, is_coded: bool) -> How {
    match leaf {
        Leaf::Text { .. } if is_coded => How::Codes,
        Leaf::Text { .. } => How::Text,
        Leaf::Number { .. } | Leaf::NumberIn { .. } => How::Numbers,
        Leaf::TermRange { .. } | Leaf::Terms { .. } => How::Numbers,
        Leaf::Time { .. } | Leaf::Difference { .. } | Leaf::Part { .. } => How::Times,
        Leaf::Columns { .. } => How::Columns,
        Leaf::Always(_) | Leaf::Bool { .. } | Leaf::BoolEqual { .. } | Leaf::Null { .. } => {
            How::Flags
        }
        Leaf::Has { .. } | Leaf::Tag(_) | Leaf::Category(_) => How::Flags,
        Leaf::Rows => How::Rows(why),
    }
}
