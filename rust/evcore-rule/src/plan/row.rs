//! One row of a block, as the general evaluator reads it.

use evcore_event::{Block, Cell};

use super::Scope;
use crate::eval::Row;

/// A row of a block.
pub(crate) struct BlockRow<'a> {
    /// The block.
    pub block: &'a Block<'a>,
    /// What stands beside the block.
    pub scope: &'a Scope<'a>,
    /// Slots by path of the program.
    pub slots: &'a [usize],
    /// Every tag.
    pub tag_names: &'a [String],
    /// Every category.
    pub category_names: &'a [String],
    /// Which row.
    pub row: usize,
}

impl BlockRow<'_> {
    fn tag(&self, tag: usize) -> bool {
        // A tag that was not judged yet has no mask, or one of another length.
        self.scope.tags.get(tag).is_some_and(|mask| self.row < mask.len() && mask.get(self.row))
    }
}

impl Row for BlockRow<'_> {
    fn cell(&self, path: usize) -> Cell<'_> {
        self.block.cell(self.slots[path], self.row)
    }

    fn has_tag(&self, name: &str) -> bool {
        self.tag_names.iter().position(|tag| tag == name).is_some_and(|tag| self.tag(tag))
    }

    fn tags(&self) -> Vec<&str> {
        let tags = self.tag_names.iter().enumerate().filter(|(tag, _)| self.tag(*tag));
        tags.map(|(_, name)| name.as_str()).collect()
    }

    fn category(&self) -> &str {
        let number = self.scope.categories.get(self.row).copied().unwrap_or(0);
        let name = usize::from(number).checked_sub(1).and_then(|at| self.category_names.get(at));
        name.map_or("", String::as_str)
    }
}
