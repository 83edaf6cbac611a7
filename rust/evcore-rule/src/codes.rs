//! The codes of a rule's diagnostics. A code is never used again for another meaning.

/// The rule has more than [`crate::limits::RULE_BYTES_MAX`] bytes, or is empty.
pub const RULE_LENGTH: &str = "E100";
/// A character that no token starts with.
pub const UNEXPECTED_CHARACTER: &str = "E101";
/// A string, bytes or quoted name without its end.
pub const UNTERMINATED: &str = "E102";
/// An escape sequence that does not exist or makes no character.
pub const BAD_ESCAPE: &str = "E103";
/// A number that does not end well or does not fit.
pub const BAD_NUMBER: &str = "E104";
/// A token that cannot stand there.
pub const UNEXPECTED_TOKEN: &str = "E105";
/// A reserved word used as a name.
pub const RESERVED_WORD: &str = "E106";
/// The rule nests deeper than [`crate::limits::DEPTH_MAX`].
pub const TOO_DEEP: &str = "E107";
/// The rule has more than [`crate::limits::NODES_MAX`] parts.
pub const TOO_LARGE: &str = "E108";
/// `has`, `all`, `exists`, … with arguments of the wrong shape.
pub const BAD_MACRO: &str = "E109";
/// A name that nothing has.
pub const UNKNOWN_NAME: &str = "E110";
/// `event` as a whole.
pub const BARE_EVENT: &str = "E111";
/// `has()` of a variable.
pub const HAS_OF_VARIABLE: &str = "E112";
/// A tag that no configuration entry gives.
pub const UNKNOWN_TAG: &str = "E113";
/// A tag that is given only later.
pub const LATER_TAG: &str = "E114";
/// `category` where there is none.
pub const NO_CATEGORY: &str = "E115";
/// A function that does not exist.
pub const UNKNOWN_FUNCTION: &str = "E116";
/// A function called with the wrong number of arguments, or in the wrong style.
pub const BAD_CALL: &str = "E117";
/// An operator or a function that does not take such types.
pub const NO_OVERLOAD: &str = "E118";
/// A rule that is never true or false.
pub const NOT_A_BOOL: &str = "E119";
/// A constant that is not a regular expression of RE2.
pub const BAD_PATTERN: &str = "E120";
/// A constant that is not a timestamp.
pub const BAD_TIMESTAMP: &str = "E121";
/// A constant that is not a duration.
pub const BAD_DURATION: &str = "E122";
/// A constant that is not a time zone.
pub const BAD_ZONE: &str = "E123";
/// A message such as `Type{field: value}`: there are no messages.
pub const NO_MESSAGES: &str = "E124";
/// Two values that are never equal, because their types differ.
pub const NEVER_EQUAL: &str = "E125";
/// A key that stands twice in a map.
pub const DUPLICATE_KEY: &str = "E126";

/// Every code, in order.
pub const ALL: [&str; 27] = [
    RULE_LENGTH,
    UNEXPECTED_CHARACTER,
    UNTERMINATED,
    BAD_ESCAPE,
    BAD_NUMBER,
    UNEXPECTED_TOKEN,
    RESERVED_WORD,
    TOO_DEEP,
    TOO_LARGE,
    BAD_MACRO,
    UNKNOWN_NAME,
    BARE_EVENT,
    HAS_OF_VARIABLE,
    UNKNOWN_TAG,
    LATER_TAG,
    NO_CATEGORY,
    UNKNOWN_FUNCTION,
    BAD_CALL,
    NO_OVERLOAD,
    NOT_A_BOOL,
    BAD_PATTERN,
    BAD_TIMESTAMP,
    BAD_DURATION,
    BAD_ZONE,
    NO_MESSAGES,
    NEVER_EQUAL,
    DUPLICATE_KEY,
];
