//! JSON numbers: the grammar, and the value.

/// A JSON number's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// Written without fraction and exponent, in `i64`.
    Int(i64),
    /// Written without fraction and exponent, above `i64::MAX`.
    Uint(u64),
    /// Anything else, rounded to the nearest double; infinite if it is too large for one.
    Double(f64),
}

/// Powers of ten that a double holds exactly.
const EXACT_TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// Returns how many bytes at the start of `text` are a JSON number, `None` if none are.
#[inline]
pub fn number_len(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(text.first() == Some(&b'-'));
    match text.get(at)? {
        b'0' => at += 1,
        b'1'..=b'9' => at += digits(at),
        _ => return None,
    }
    if text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent == 0 {
            return None;
        }
        at += 1 + sign + exponent;
    }
    Some(at)
}

/// Returns the value of a JSON number: `text` is all of it, and its grammar was checked.
///
/// The result is the double nearest to the decimal value. Up to 19 digits with a power of ten that a
/// double holds exactly take one multiplication or division (Clinger, 1990); the rest goes to the
/// standard library, which is exact too.
#[inline]
pub fn parse_number(text: &[u8]) -> Number {
    let negative = text.first() == Some(&b'-');
    let body = &text[usize::from(negative)..];
    let (mut mantissa, mut digits, mut after_point, mut point) = (0_u64, 0, 0, false);
    for &byte in body {
        match byte {
            b'0'..=b'9' if digits < 19 => {
                mantissa = mantissa * 10 + u64::from(byte - b'0');
                digits += u32::from(mantissa != 0);
                after_point += usize::from(point);
            }
            b'.' => point = true,
            _ => return parse_slow(text),
        }
    }
    if !point {
        return whole(mantissa, negative).unwrap_or_else(|| parse_slow(text));
    }
    if mantissa < 1 << 53 && after_point < EXACT_TENS.len() {
        let value = mantissa as f64 / EXACT_TENS[after_point];
        return Number::Double(if negative { -value } else { value });
    }
    parse_slow(text)
}

fn whole(magnitude: u64, negative: bool) -> Option<Number> {
    if negative {
        // -0 is a double: an integer has no negative zero.
        return match magnitude {
            0 => Some(Number::Double(-0.0)),
            _ => 0_i64.checked_sub_unsigned(magnitude).map(Number::Int),
        };
    }
    Some(i64::try_from(magnitude).map_or(Number::Uint(magnitude), Number::Int))
}

#[cold]
fn parse_slow(text: &[u8]) -> Number {
    let text = str::from_utf8(text).unwrap_or("0");
    if !text.contains(['.', 'e', 'E']) {
        if let Ok(value) = text.parse() {
            return Number::Int(value);
        }
        if let Ok(value) = text.parse() {
            return Number::Uint(value);
        }
    }
    Number::Double(text.parse().unwrap_or(f64::NAN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_rfc_8259s() {
        for (text, len) in [
            ("0", Some(1)),
            ("-0", Some(2)),
            ("01", Some(1)),
            ("1.5e-3,", Some(6)),
            ("1.", None),
            (".5", None),
            ("-", None),
            ("1e", None),
            ("1e+", None),
            ("+1", None),
            ("12}", Some(2)),
            ("1E5", Some(3)),
            ("", None),
        ] {
            assert_eq!(number_len(text.as_bytes()), len, "{text}");
        }
    }

    #[test]
    fn values_are_exact() {
        for (text, value) in [
            ("0", Number::Int(0)),
            ("-1", Number::Int(-1)),
            ("9223372036854775807", Number::Int(i64::MAX)),
            ("-9223372036854775808", Number::Int(i64::MIN)),
            ("9223372036854775808", Number::Uint(1 << 63)),
            ("18446744073709551615", Number::Uint(u64::MAX)),
            ("18446744073709551616", Number::Double(18446744073709551616.0)),
            ("44.05", Number::Double(44.05)),
            ("-0.1", Number::Double(-0.1)),
            ("1e2", Number::Double(100.0)),
            ("-0", Number::Double(-0.0)),
            ("123456789012345678901234567890.5", Number::Double(123456789012345678901234567890.5)),
            ("1e999", Number::Double(f64::INFINITY)),
            ("0.00000000000000000000000000001", Number::Double(1e-29)),
        ] {
            assert_eq!(parse_number(text.as_bytes()), value, "{text}");
        }
    }
}
