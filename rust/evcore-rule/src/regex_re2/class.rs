//! The named classes that RE2 knows.

/// RE2's general categories. `C` is left out: RE2's has no unassigned code points.
pub(super) const CATEGORIES: [&str; 35] = [
    "Cc", "Cf", "Co", "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N", "Nd", "Nl",
    "No", "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Zl",
    "Zp", "Zs", "Cs",
];

/// The scripts of Unicode under the names that RE2 takes.
const SCRIPTS: &str = "Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum \
    Bassa_Vah Batak Bengali Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal \
    Carian Caucasian_Albanian Chakma Cham Cherokee Chorasmian Common Coptic Cuneiform Cypriot \
    Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs Elbasan \
    Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi Gurmukhi Han \
    Hangul Hanifi_Rohingya Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic Inherited \
    Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kawi Kayah_Li \
    Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi Lao Latin Lepcha Limbu Linear_A Linear_B \
    Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean Marchen Masaram_Gondi \
    Medefaidrin Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian \
    Mro Multani Myanmar Nabataean Nag_Mundari Nandinagari New_Tai_Lue Newa Nko Nushu \
    Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian Old_Permic \
    Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage Osmanya Pahawh_Hmong \
    Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra \
    Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese Syloti_Nagri \
    Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangsa Tangut Telugu Thaana Thai \
    Tibetan Tifinagh Tirhuta Toto Ugaritic Vai Vithkuqi Wancho Warang_Citi Yezidi Yi Zanabazar_Square";

/// Returns the class `\p{name}` in the `regex` crate's syntax, `None` if RE2 has no such class.
pub(super) fn property(name: &str, is_negated: bool) -> Option<String> {
    let letter = if is_negated { 'P' } else { 'p' };
    let caret = if is_negated { "^" } else { "" };
    Some(match name {
        "Any" if is_negated => r"[^\x00-\x{10FFFF}]".to_owned(),
        "Any" => r"[\x00-\x{10FFFF}]".to_owned(),
        "C" => format!(r"[{caret}\p{{Cc}}\p{{Cf}}\p{{Co}}]"),
        // Surrogates are never in a text.
        "Cs" if is_negated => r"[\x00-\x{10FFFF}]".to_owned(),
        "Cs" => r"[^\x00-\x{10FFFF}]".to_owned(),
        _ if CATEGORIES.contains(&name) => format!(r"\{letter}{{{name}}}"),
        _ if SCRIPTS.split_ascii_whitespace().any(|script| script == name) => {
            format!(r"\{letter}{{Script={name}}}")
        }
        _ => return None,
    })
}

/// Returns `\d`, `\w`, `\s` or a negation of one, for use inside or outside of a class.
pub(super) fn perl(letter: char) -> Option<&'static str> {
    Some(match letter {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        's' => r"[\t\n\x0C\r ]",
        'S' => r"[^\t\n\x0C\r ]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        _ => return None,
    })
}

/// Returns whether `[:name:]` is a class; a `^` may stand before the name.
pub(super) fn is_posix(name: &str) -> bool {
    const NAMES: [&str; 14] = [
        "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
        "space", "upper", "word", "xdigit",
    ];
    NAMES.contains(&name.strip_prefix('^').unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_that_regex_knows() {
        let names = CATEGORIES.into_iter().chain(SCRIPTS.split_ascii_whitespace());
        for name in names.chain(["Any", "C"]) {
            for is_negated in [false, true] {
                let class = property(name, is_negated).expect("a name of the tables");
                assert!(regex::bytes::Regex::new(&class).is_ok(), "{name}");
                assert!(regex::bytes::Regex::new(&format!("[a{class}]")).is_ok(), "{name}");
            }
        }
    }
}
