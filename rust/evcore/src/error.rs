//! Every way in which a stage can fail as a whole. What is wrong with one event is a reject, and
//! rejects are data: see [`crate::decode::Reject`].

use crate::aggregate::AggregateError;
use crate::config::ConfigError;

/// Not `#[non_exhaustive]`: a new variant must break the binding's mapping.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration is wrong: every problem, with its place.
    #[error("{0}")]
    Config(Box<ConfigError>),
    /// An aggregate of the configuration is impossible.
    #[error(transparent)]
    Aggregate(#[from] AggregateError),
    /// `EVCORE_SIMD` names a kernel that is unknown or that this machine cannot run.
    #[error("EVCORE_SIMD={name}: not available on this machine, which has: {available}")]
    Kernel {
        /// What the variable says.
        name: String,
        /// The kernels that would work.
        available: String,
    },
    /// A call names a feed that the configuration does not have.
    #[error("unknown feed `{name}`: the configuration has {known}")]
    Feed {
        /// What the call says.
        name: String,
        /// The feeds that would work.
        known: String,
    },
    /// Two pipelines cannot be merged.
    #[error("cannot merge: {0}")]
    Merge(String),
    /// Reading the source failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}
