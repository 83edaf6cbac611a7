//! The stages of evcore, in the order in which events flow through them.
//!
//! | stage | takes | gives |
//! |---|---|---|
//! | [`decode`] | bytes: lines of JSON | block columns and rejects |
//! | [`normalise`] | the wire's columns, a feed's map | canonical columns, one clock |
//! | tag, filter ([`evcore_rule::plan`]) | columns, rules | a mask per tag, a mask of kept events |
//! | [`aggregate`] | columns, masks | groups and their values |
//! | [`pipeline`] | a [`Config`] | all of it, for one thread or several |

pub mod error;
pub mod config;
pub mod decode;
pub mod normalise;
pub mod aggregate;
pub mod pipeline;

pub use config::Config;
pub use error::Error;
pub use pipeline::{Call, EventBatch, Pipeline, Sink, Stream};
