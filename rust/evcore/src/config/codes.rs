//! The codes of configuration errors. A code is never used again for another meaning; `E1xx` are
//! the rule language's.

/// The text is not TOML.
pub const TOML_SYNTAX: &str = "E201";
/// The text is not JSON.
pub const JSON_SYNTAX: &str = "E202";
/// A key or table stands twice.
pub const DUPLICATE_KEY: &str = "E203";
/// The text is larger than [`super::CONFIG_BYTES_MAX`].
pub const TOO_LARGE: &str = "E204";
/// There is no such key.
pub const UNKNOWN_KEY: &str = "E205";
/// The section, feed or measure is planned, but not in this version.
pub const LATER: &str = "E206";
/// The value is of another type.
pub const WRONG_TYPE: &str = "E207";
/// A key that must be there is not.
pub const MISSING_KEY: &str = "E208";
/// The file is of a version that this evcore does not read.
pub const VERSION: &str = "E209";
/// The word is not one of those that can stand there.
pub const UNKNOWN_WORD: &str = "E210";
/// There is no such time zone.
pub const UNKNOWN_ZONE: &str = "E211";
/// There is no such feed.
pub const UNKNOWN_FEED: &str = "E212";
/// The text is not a duration, or one out of range.
pub const BAD_DURATION: &str = "E213";
/// The text is not a path.
pub const BAD_PATH: &str = "E214";
/// The number is out of range.
pub const OUT_OF_RANGE: &str = "E215";
/// Two of a kind have one name.
pub const DUPLICATE_NAME: &str = "E216";
/// The name has characters that names cannot have.
pub const BAD_NAME: &str = "E217";
/// The name belongs to the engine.
pub const RESERVED_NAME: &str = "E218";
/// More of a kind than there can be.
pub const TOO_MANY: &str = "E219";
/// An aggregate needs exactly one measure.
pub const MEASURE: &str = "E220";
/// A filter needs exactly one of `drop`, `keep` and `sample_users_percent`.
pub const FILTER_ACTION: &str = "E221";
/// A path stands twice where it can stand once.
pub const DUPLICATE_PATH: &str = "E222";
/// What the path leads to can never be used so.
pub const UNFIT_PATH: &str = "E223";
/// A rule has no text.
pub const EMPTY_RULE: &str = "E224";
/// More problems than are shown.
pub const MORE_PROBLEMS: &str = "E225";

/// Every code, in order.
pub const ALL: [&str; 25] = [
    TOML_SYNTAX,
    JSON_SYNTAX,
    DUPLICATE_KEY,
    TOO_LARGE,
    UNKNOWN_KEY,
    LATER,
    WRONG_TYPE,
    MISSING_KEY,
    VERSION,
    UNKNOWN_WORD,
    UNKNOWN_ZONE,
    UNKNOWN_FEED,
    BAD_DURATION,
    BAD_PATH,
    OUT_OF_RANGE,
    DUPLICATE_NAME,
    BAD_NAME,
    RESERVED_NAME,
    TOO_MANY,
    MEASURE,
    FILTER_ACTION,
    DUPLICATE_PATH,
    UNFIT_PATH,
    EMPTY_RULE,
    MORE_PROBLEMS,
];
