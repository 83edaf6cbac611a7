//! The structural index: one pass over a chunk of lines finds every token, so that no later step
//! looks at a byte twice to learn what it is.
//!
//! A *token* is a brace, bracket, colon or comma outside strings, the opening quote of a string, the
//! first byte of a number or literal, or the line feed that ends a line. For each token the index
//! has its position and its *kind* (the byte itself, `0` for whatever can start a number). The kernel
//! also checks what needs every byte: control characters in strings and UTF-8.
//!
//! Kernels: AVX-512 and portable, chosen at run time; `EVCORE_SIMD` forces one. An AVX2 or NEON
//! kernel is one more file with the same function and one more variant of [`Kernel`].
//!
//! Source of the method: Langdale and Lemire, "Parsing Gigabytes of JSON per Second" (VLDB Journal
//! 2019); UTF-8: Keiser and Lemire, "Validating UTF-8 in less than one instruction per byte" (2021).

#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

use crate::Error;

/// Bytes that must be readable after the end of a chunk, so that kernels load whole blocks.
pub const PADDING: usize = 64;

/// Bytes that a kernel looks at at once.
const BLOCK: usize = 64;

/// A line of the chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Position of the line feed.
    pub end: u32,
    /// Number of the line feed's token.
    pub token: u32,
    /// Whether the line ended inside a string: its tokens mean nothing.
    pub is_open: bool,
}

/// Where the tokens of a chunk are. Reused from chunk to chunk.
#[derive(Debug, Default)]
pub struct Index {
    /// Position of each token in the chunk.
    pub tokens: Vec<u32>,
    /// Kind of each token; as long as `tokens`.
    pub kinds: Vec<u8>,
    /// The lines, in order.
    pub lines: Vec<Line>,
    /// Positions of the bytes that follow a backslash, in order.
    pub escapes: Vec<u32>,
    /// Positions near which a control character in a string or a fault in UTF-8 was found, in
    /// order. A line without one has neither; a line with one may be good after all.
    pub suspects: Vec<u32>,
    /// Blocks with escapes, or with control characters in strings.
    odd_blocks: Vec<OddBlock>,
    /// Blocks in which UTF-8 must be checked.
    high_blocks: Vec<u32>,
}

/// A block in which strings hold more than plain characters.
///
/// The hot loop appends such blocks without a branch, and they are read after it: a wrong guess
/// costs as much as half a block, and what a block holds is hard to guess.
#[derive(Debug, Clone, Copy, Default)]
struct OddBlock {
    base: u32,
    /// The bytes that follow a backslash.
    escaped: u64,
    /// Control characters in strings.
    control: u64,
}

/// How a kernel's pass over a range ended.
enum Pass {
    /// It reached the end.
    Done,
    /// A line ended inside a string; the pass must begin anew after it, at this position.
    RestartAt(usize),
}

/// An implementation of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// AVX-512 with BW, VBMI, VBMI2 and carry-less multiplication: Ice Lake, Zen 4 and later.
    Avx512,
    /// 64-bit words, any machine.
    Portable,
}

impl Kernel {
    /// Every kernel of this build.
    pub const ALL: [Kernel; 2] = [Kernel::Avx512, Kernel::Portable];

    /// Returns the kernel's name, as `EVCORE_SIMD` takes it.
    pub const fn name(self) -> &'static str {
        match self {
            Kernel::Avx512 => "avx512",
            Kernel::Portable => "portable",
        }
    }

    /// Returns whether this machine can run the kernel.
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512 => avx512::is_available(),
            #[cfg(not(target_arch = "x86_64"))]
            Kernel::Avx512 => false,
            Kernel::Portable => true,
        }
    }

    /// Returns the fastest kernel of this machine, or the one that `EVCORE_SIMD` names.
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] if the name is unknown or the machine cannot run it.
    pub fn choose() -> Result<Kernel, Error> {
        let available = || Kernel::ALL.into_iter().filter(|kernel| kernel.is_available());
        let Ok(name) = std::env::var("EVCORE_SIMD") else {
            return Ok(available().next().unwrap_or(Kernel::Portable));
        };
        available().find(|kernel| kernel.name() == name).ok_or_else(|| {
            let names: Vec<&str> = available().map(Kernel::name).collect();
            Error::Kernel { name, available: names.join(", ") }
        })
    }
}

impl Index {
    /// Indexes the first `len` bytes of `bytes`, which must end with a line feed and be followed by
    /// [`PADDING`] more bytes, whatever they hold.
    ///
    /// # Panics
    ///
    /// If the padding or the last line feed is missing, or the chunk is 2 GiB or more.
    pub fn build(&mut self, kernel: Kernel, bytes: &[u8], len: usize) {
        assert!(len < 1 << 31 && bytes.len() >= len + PADDING);
        assert!(len == 0 || bytes[len - 1] == b'\n');
        self.clear();
        // A token a byte, and a whole block past the end that kernels may scribble on.
        self.tokens.reserve(len + 2 * BLOCK);
        self.kinds.reserve(len + 2 * BLOCK);
        // A line a byte, and blocks.
        self.lines.reserve(len + BLOCK);
        self.odd_blocks.reserve(len / BLOCK + 2);
        self.high_blocks.reserve(len / BLOCK + 2);
        let mut from = 0;
        while from < len {
            let pass = match kernel {
                #[cfg(target_arch = "x86_64")]
                Kernel::Avx512 if avx512::is_available() => {
                    // SAFETY: the features were found on this machine; `bytes` has its padding and
                    // the vectors have room for a token a byte and a block more.
                    #[allow(unsafe_code)]
                    unsafe {
                        avx512::scan(bytes, from, len, self)
                    }
                }
                _ => portable::scan(bytes, from, len, self),
            };
            match pass {
                Pass::Done => break,
                Pass::RestartAt(at) => from = at,
            }
        }
    }

    fn clear(&mut self) {
        self.tokens.clear();
        self.kinds.clear();
        self.lines.clear();
        self.escapes.clear();
        self.suspects.clear();
    }

    /// Reads what a pass appended. `utf8_faults` gives the faulty bytes of a block.
    #[inline(always)]
    fn settle(&mut self, utf8_faults: impl Fn(usize) -> u64) {
        for odd in &self.odd_blocks {
            push_bits(&mut self.escapes, odd.escaped, odd.base as usize);
            push_bits(&mut self.suspects, odd.control, odd.base as usize);
        }
        for base in &self.high_blocks {
            push_bits(&mut self.suspects, utf8_faults(*base as usize), *base as usize);
        }
        self.odd_blocks.clear();
        self.high_blocks.clear();
        if self.suspects.len() > 1 {
            self.suspects.sort_unstable();
        }
    }
}

/// What is in a block of 64 bytes: one bit for each byte.
#[derive(Clone, Copy, Default)]
struct Masks {
    quote: u64,
    backslash: u64,
    operator: u64,
    space: u64,
    control: u64,
    line_feed: u64,
}

/// What a pass carries from one block to the next.
#[derive(Clone, Copy, Default)]
struct Carry {
    /// All ones inside a string.
    in_string: u64,
    /// 1 if the first byte of the next block is escaped.
    escaped: u64,
    /// 1 if the last byte was part of a number or literal.
    scalar: u64,
}

/// The tokens of a block.
#[derive(Clone, Copy)]
struct Tokens {
    tokens: u64,
    escaped: u64,
    in_string: u64,
}

impl Tokens {
    /// Returns the line that a line feed ends, the lowest of `line_feeds`; means nothing if there is
    /// none.
    #[inline(always)]
    fn first_line(&self, line_feeds: u64, base: usize, first_token: usize) -> Line {
        let lowest = line_feeds & line_feeds.wrapping_neg();
        let before = self.tokens & lowest.wrapping_sub(1);
        Line {
            end: base as u32 + line_feeds.trailing_zeros(),
            token: first_token as u32 + before.count_ones(),
            is_open: false,
        }
    }
}

impl Carry {
    /// Returns the tokens of the next block. `prefix_xor` sets each bit to the parity of the bits up
    /// to it.
    #[inline(always)]
    fn next(&mut self, masks: &Masks, prefix_xor: impl Fn(u64) -> u64) -> Tokens {
        let escaped = self.escaped_bytes(masks.backslash);
        let quote = masks.quote & !escaped;
        let in_string = prefix_xor(quote) ^ self.in_string;
        let outside = !in_string;
        let scalar = outside & !(masks.operator | masks.space | quote);
        let scalar_start = scalar & !(scalar << 1 | self.scalar);
        self.in_string = (in_string as i64 >> 63) as u64;
        self.scalar = scalar >> 63;
        let operators = (masks.operator | masks.line_feed) & outside;
        Tokens { tokens: operators | quote & in_string | scalar_start, escaped, in_string }
    }

    /// Returns the bytes that a backslash precedes which is not itself escaped.
    ///
    /// Subtraction carries through runs of backslashes, so that odd and even runs part (the method
    /// of simdjson, with the runs' parity taken from the even bits).
    #[inline(always)]
    fn escaped_bytes(&mut self, backslash: u64) -> u64 {
        const ODD_BITS: u64 = 0xAAAA_AAAA_AAAA_AAAA;
        let potential = backslash & !self.escaped;
        let maybe_escaped = potential << 1;
        let code = (maybe_escaped | ODD_BITS).wrapping_sub(potential) ^ ODD_BITS;
        let escaped = code ^ (backslash | self.escaped);
        self.escaped = (code & backslash) >> 63;
        escaped
    }
}

impl Index {
    /// Ends the open line at its line feed and gives that line feed a token.
    #[cold]
    fn end_open_line(&mut self, line_feed: u32) -> Pass {
        while self.tokens.last().is_some_and(|token| *token >= line_feed) {
            self.tokens.pop();
        }
        self.kinds.truncate(self.tokens.len());
        while self.escapes.last().is_some_and(|at| *at > line_feed) {
            self.escapes.pop();
        }
        self.suspects.retain(|at| *at <= line_feed);
        self.lines.push(Line { end: line_feed, token: self.tokens.len() as u32, is_open: true });
        self.tokens.push(line_feed);
        self.kinds.push(b'\n');
        Pass::RestartAt(line_feed as usize + 1)
    }
}

/// Returns the bits below the lowest of `bits`; all if there is none.
#[inline(always)]
const fn below_lowest(bits: u64) -> u64 {
    bits.wrapping_sub(1) & !bits
}

#[inline(always)]
fn push_bits(out: &mut Vec<u32>, mut bits: u64, base: usize) {
    while bits != 0 {
        out.push(base as u32 + bits.trailing_zeros());
        bits &= bits - 1;
    }
}

/// Returns the kind of a token that starts with `byte`.
const fn kind_of(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' | b'-' => b'0',
        _ => byte,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says the same as the kernels, a byte at a time.
    fn obvious(text: &[u8]) -> (Vec<u32>, Vec<u8>, Vec<Line>) {
        let (mut tokens, mut kinds, mut lines) = (Vec::new(), Vec::new(), Vec::new());
        let (mut in_string, mut escaped, mut scalar) = (false, false, false);
        for (at, &byte) in text.iter().enumerate() {
            let was_escaped = escaped;
            escaped = byte == b'\\' && !escaped;
            let mut token = false;
            if byte == b'\n' {
                lines.push(Line { end: at as u32, token: tokens.len() as u32, is_open: in_string });
                (token, escaped) = (true, escaped && !in_string);
                (in_string, scalar) = (false, false);
            } else if byte == b'"' && !was_escaped {
                in_string = !in_string;
                (token, scalar) = (in_string, false);
            } else if !in_string {
                let is_space = b" \t\r".contains(&byte);
                let is_scalar = !is_space && !b"{}[]:,".contains(&byte);
                token = !(is_space || is_scalar && scalar);
                scalar = is_scalar;
            }
            if token {
                tokens.push(at as u32);
                kinds.push(kind_of(byte));
            }
        }
        (tokens, kinds, lines)
    }

    fn check(text: &[u8]) {
        let mut padded = text.to_vec();
        padded.resize(text.len() + PADDING, b'"');
        for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()) {
            let mut index = Index::default();
            index.build(kernel, &padded, text.len());
            let (tokens, kinds, lines) = obvious(text);
            let shown = String::from_utf8_lossy(text);
            assert_eq!(index.lines, lines, "{} {shown}", kernel.name());
            assert_eq!(index.tokens, tokens, "{} {shown}", kernel.name());
            // The kind of a byte past ASCII outside strings is not promised.
            for (kind, expected) in index.kinds.iter().zip(&kinds) {
                assert!(kind == expected || *expected >= 0x80, "{} {shown}", kernel.name());
            }
            for line in str_faults(text) {
                let (start, end) = line;
                assert!(
                    index.suspects.iter().any(|at| (start..=end).contains(&(*at as usize))),
                    "{}: a fault of UTF-8 in {start}..{end} was not seen",
                    kernel.name()
                );
            }
        }
    }

    /// The lines that are not UTF-8.
    fn str_faults(text: &[u8]) -> Vec<(usize, usize)> {
        let mut start = 0;
        let mut out = Vec::new();
        for (at, byte) in text.iter().enumerate() {
            if *byte == b'\n' {
                if str::from_utf8(&text[start..at]).is_err() {
                    out.push((start, at));
                }
                start = at + 1;
            }
        }
        out
    }

    #[test]
    fn kernels_find_the_same_tokens_as_the_obvious_scan() {
        let mut seed = 0x2545_F491_4F6C_DD1D_u64;
        let mut random = move |n: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed >> 33) as usize % n
        };
        let pieces: [&[u8]; 28] = [
            b"\"",
            b"\\",
            b"\\\"",
            b"\\\\",
            b"{",
            b"}",
            b"[",
            b"]",
            b":",
            b",",
            b" ",
            b"\t",
            b"\r\n",
            b"\n",
            b"12.5",
            b"-3",
            b"true",
            b"null",
            b"key",
            "größe".as_bytes(),
            "靴😀".as_bytes(),
            b"\xff",
            b"\xe2\x82",
            b"\xed\xa0\x80",
            b"\x01",
            b"\"name\":\"v\",",
            b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            b"\xf4\x90\x80\x80",
        ];
        for _ in 0..20_000 {
            let mut text = Vec::new();
            for _ in 0..random(40) {
                text.extend_from_slice(pieces[random(pieces.len())]);
            }
            text.push(b'\n');
            check(&text);
        }
    }

    #[test]
    fn an_open_string_ends_with_its_line() {
        check(b"{\"a\":\"b}\n{\"a\":\"b\"}\n");
        check(b"\"\n\"\n\"\\\n\"a\"\n");
        check(b"\n\n\n");
    }
}
