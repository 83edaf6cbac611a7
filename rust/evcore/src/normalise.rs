//! From the wire's fields to the canonical event's: one model for every feed.
//!
//! Decode writes most canonical columns itself, because a feed's map says which path of the wire they
//! are. What is left is done here, a column at a time: fields that may stand in several places,
//! names that depend on the kind, times, declared types.

pub mod feed;
pub mod resolve;
pub mod overlay;
pub mod clock;
pub mod declared;

pub use clock::{Arrival, Clock};
pub use feed::{FeedPlan, plan_feed};
pub use resolve::Resolve;

use evcore_event::{Field, Path};

/// The canonical columns that a configuration reads: which slot is which path. All feeds of a
/// pipeline share them.
#[derive(Debug, Clone)]
pub struct Slots {
    paths: Vec<Path>,
}

impl Slots {
    /// The slot of event time.
    pub const TIME: usize = 0;
    /// The slot of the device's time of sending.
    pub const SENT: usize = 1;
    /// The slot of the time of receipt.
    pub const RECEIVED: usize = 2;

    /// Returns slots with the three times, which every event needs.
    pub fn new() -> Slots {
        let times = [Field::Time, Field::Sent, Field::Received];
        Slots { paths: times.into_iter().map(Path::field).collect() }
    }

    /// Returns the slot of a path, a new one if it has none.
    pub fn slot_of(&mut self, path: &Path) -> usize {
        self.find(path).unwrap_or_else(|| {
            self.paths.push(path.clone());
            self.paths.len() - 1
        })
    }

    /// Returns the slot of a path, if it has one.
    pub fn find(&self, path: &Path) -> Option<usize> {
        self.paths.iter().position(|known| known == path)
    }

    /// Returns the path of each slot.
    pub fn paths(&self) -> &[Path] {
        &self.paths
    }
}

impl Default for Slots {
    fn default() -> Self {
        Slots::new()
    }
}
