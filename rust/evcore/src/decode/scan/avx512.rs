//! The index with AVX-512: 64 bytes a step.
//!
//! Byte shuffles classify all bytes at once, `vpcompressb` writes the kinds and positions of the
//! tokens side by side, a carry-less multiplication finds the strings.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::{BLOCK, Carry, Index, Line, Masks, OddBlock, Pass, Tokens, below_lowest, kind_of};

/// Bytes that are fetched ahead: an input in memory, unlike a read buffer, is not in the cache yet.
const AHEAD: usize = 1536;

/// By low nibble: the operator with that nibble and bit 5 set. `[` and `]` become braces by bit 5.
/// So do 0x0C and 0x1A become operators; they are no JSON outside strings either way.
const OPERATORS: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, b':', b'{', b',', b'}', 0, 0];

/// By low nibble: the white space with that nibble, or a byte with another.
const SPACES: [u8; 16] = [b' ', 0, 0, 0, 1, 0, 0, 0, 0, b'\t', b'\n', 0, 0, b'\r', 0, 0];

const KINDS: [u8; 128] = {
    let mut kinds = [0; 128];
    let mut byte = 0;
    while byte < 128 {
        kinds[byte] = kind_of(byte as u8);
        byte += 1;
    }
    kinds
};

const LANES: [u8; 64] = {
    let mut lanes = [0; 64];
    let mut lane = 0;
    while lane < 64 {
        lanes[lane] = lane as u8;
        lane += 1;
    }
    lanes
};

/// Returns whether this machine has what [`scan`] needs.
pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vbmi")
        && is_x86_feature_detected!("avx512vbmi2")
        && is_x86_feature_detected!("pclmulqdq")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("popcnt")
        && is_x86_feature_detected!("lzcnt")
}

/// Indexes `bytes[from..to]`.
///
/// # Safety
///
/// The machine has the features of [`is_available`]; `bytes` has [`super::PADDING`] bytes after
/// `to`; `index.tokens`, `index.kinds` and `index.lines` have room for one a byte and a block more,
/// `index.odd_blocks` and `index.high_blocks`, which are empty, for one a block.
#[target_feature(
    enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,pclmulqdq,bmi1,bmi2,popcnt,lzcnt"
)]
pub(super) unsafe fn scan(bytes: &[u8], from: usize, to: usize, index: &mut Index) -> Pass {
    debug_assert!(bytes.len() >= to + BLOCK);
    // SAFETY: both halves lie in the table.
    let (kinds_low, kinds_high) = unsafe { (load(KINDS.as_ptr()), load(KINDS.as_ptr().add(64))) };
    // SAFETY: 64 bytes.
    let lanes = unsafe { load(LANES.as_ptr()) };
    let (operators, spaces) = (repeat(&OPERATORS), repeat(&SPACES));
    // The last block is copied and filled up with spaces, which are no tokens.
    let mut tail = [b' '; BLOCK];
    let tail_base = from + (to - from) / BLOCK * BLOCK;
    tail[..to - tail_base].copy_from_slice(&bytes[tail_base..to]);
    let mut carry = Carry::default();
    let mut out = Out {
        tokens: index.tokens.as_mut_ptr(),
        kinds: index.kinds.as_mut_ptr(),
        lines: index.lines.as_mut_ptr(),
        odd_blocks: index.odd_blocks.as_mut_ptr(),
        high_blocks: index.high_blocks.as_mut_ptr(),
        token_count: index.tokens.len(),
        line_count: index.lines.len(),
        odd_count: 0,
        high_count: 0,
    };
    let mut was_high = false;
    let mut open = None;
    for base in (from..to).step_by(BLOCK) {
        let start = if base == tail_base { tail.as_ptr() } else { bytes[base..].as_ptr() };
        // SAFETY: 64 bytes follow, of the tail or below `to`; a prefetch may go anywhere.
        let block = unsafe {
            _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(AHEAD).cast());
            load(start)
        };
        let braces = _mm512_or_si512(block, splat(0x20));
        let masks = Masks {
            quote: equals(block, b'"'),
            backslash: equals(block, b'\\'),
            operator: _mm512_cmpeq_epi8_mask(_mm512_shuffle_epi8(operators, block), braces),
            space: _mm512_cmpeq_epi8_mask(_mm512_shuffle_epi8(spaces, block), block),
            control: _mm512_cmplt_epu8_mask(block, splat(0x20)),
            line_feed: equals(block, b'\n'),
        };
        let found = carry.next(&masks, |bits| prefix_xor(bits));
        let kinds = _mm512_permutex2var_epi8(kinds_low, block, kinds_high);
        let high = _mm512_movepi8_mask(block);
        let is_high = high != 0;
        let open_feed = masks.line_feed & found.in_string;
        let control = masks.control & found.in_string & !masks.line_feed;
        // SAFETY: the caller reserved room for all that a block can have.
        unsafe {
            out.push_odd(OddBlock { base: base as u32, escaped: found.escaped, control });
            out.push_high(base as u32, is_high | was_high);
            let line_feeds = masks.line_feed & !found.in_string & below_lowest(open_feed);
            out.push_lines(&found, line_feeds, base);
            out.push_tokens(found.tokens, base, kinds, lanes);
        }
        // A character reaches into the next block only from the last three bytes of this one.
        was_high = high >> 61 != 0;
        if open_feed != 0 {
            open = Some(base as u32 + open_feed.trailing_zeros());
            break;
        }
    }
    // SAFETY: so many of each were written, within the capacities that the caller reserved.
    unsafe {
        index.tokens.set_len(out.token_count);
        index.kinds.set_len(out.token_count);
        index.lines.set_len(out.line_count);
        index.odd_blocks.set_len(out.odd_count);
        index.high_blocks.set_len(out.high_count);
    }
    index.settle(|base| {
        let valid = if to - base < BLOCK { (1 << (to - base)) - 1 } else { u64::MAX };
        // SAFETY: the features are there; the block was loaded before.
        unsafe { utf8_faults(bytes, from, base) & valid }
    });
    open.map_or(Pass::Done, |line_feed| index.end_open_line(line_feed))
}

/// Where a pass writes, and how much it has written.
struct Out {
    tokens: *mut u32,
    kinds: *mut u8,
    lines: *mut Line,
    odd_blocks: *mut OddBlock,
    high_blocks: *mut u32,
    token_count: usize,
    line_count: usize,
    odd_count: usize,
    high_count: usize,
}

impl Out {
    /// # Safety
    ///
    /// There is room for one more.
    #[inline(always)]
    unsafe fn push_odd(&mut self, block: OddBlock) {
        // SAFETY: the caller's promise; written always, counted if it says something.
        unsafe { self.odd_blocks.add(self.odd_count).write(block) };
        self.odd_count += usize::from(block.escaped | block.control != 0);
    }

    /// # Safety
    ///
    /// There is room for one more.
    #[inline(always)]
    unsafe fn push_high(&mut self, base: u32, is_high: bool) {
        // SAFETY: the caller's promise; written always, counted if it is so.
        unsafe { self.high_blocks.add(self.high_count).write(base) };
        self.high_count += usize::from(is_high);
    }

    /// # Safety
    ///
    /// There is room for 64 more.
    #[inline(always)]
    unsafe fn push_lines(&mut self, found: &Tokens, mut line_feeds: u64, base: usize) {
        // One line feed a block takes no branch; more are rare in events.
        loop {
            // SAFETY: the caller's promise; written always, counted if there is a line feed.
            unsafe {
                let line = found.first_line(line_feeds, base, self.token_count);
                self.lines.add(self.line_count).write(line);
            }
            self.line_count += usize::from(line_feeds != 0);
            line_feeds &= line_feeds.wrapping_sub(1);
            if line_feeds == 0 {
                return;
            }
        }
    }

    /// Writes the kinds and positions of a block's tokens.
    ///
    /// # Safety
    ///
    /// There is room for 64 more of each.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
    unsafe fn push_tokens(&mut self, tokens: u64, base: usize, kinds: __m512i, lanes: __m512i) {
        let base = _mm512_set1_epi32(base as i32);
        let offsets = _mm512_maskz_compress_epi8(tokens, lanes);
        let found = tokens.count_ones() as usize;
        // SAFETY: the caller's promise; whole vectors are written, of which some count.
        unsafe {
            let kinds = _mm512_maskz_compress_epi8(tokens, kinds);
            _mm512_storeu_si512(self.kinds.add(self.token_count).cast(), kinds);
            let out = self.tokens.add(self.token_count);
            let widen = |part: __m128i| _mm512_add_epi32(_mm512_cvtepu8_epi32(part), base);
            // About 11 of 64 bytes are tokens in events: more than 32 is rare, more than 16 is not
            // rare enough to branch on.
            let second = _mm512_extracti32x4_epi32::<1>(offsets);
            _mm512_storeu_si512(out.cast(), widen(_mm512_castsi512_si128(offsets)));
            _mm512_storeu_si512(out.add(16).cast(), widen(second));
            if found > 32 {
                let third = _mm512_extracti32x4_epi32::<2>(offsets);
                let fourth = _mm512_extracti32x4_epi32::<3>(offsets);
                _mm512_storeu_si512(out.add(32).cast(), widen(third));
                _mm512_storeu_si512(out.add(48).cast(), widen(fourth));
            }
        }
        self.token_count += found;
    }
}

/// # Safety
///
/// `from` has 64 readable bytes.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn load(from: *const u8) -> __m512i {
    // SAFETY: the caller's promise; the load may be unaligned.
    unsafe { _mm512_loadu_si512(from.cast()) }
}

/// Returns a table of 16 bytes for each quarter.
#[inline]
#[target_feature(enable = "avx512f")]
fn repeat(table: &[u8; 16]) -> __m512i {
    // SAFETY: 16 bytes.
    _mm512_broadcast_i32x4(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
}

#[inline]
#[target_feature(enable = "avx512f")]
fn splat(byte: u8) -> __m512i {
    _mm512_set1_epi8(byte as i8)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn equals(block: __m512i, byte: u8) -> u64 {
    _mm512_cmpeq_epi8_mask(block, splat(byte))
}

/// Returns, for each bit, the parity of the bits up to it: a carry-less product with all ones.
#[inline]
#[target_feature(enable = "pclmulqdq")]
fn prefix_xor(bits: u64) -> u64 {
    let product = _mm_clmulepi64_si128(_mm_set_epi64x(0, bits as i64), _mm_set1_epi8(-1), 0);
    _mm_cvtsi128_si64(product) as u64
}

/// Returns the bytes of a block at which UTF-8 is broken, after Keiser and Lemire.
///
/// Each byte is looked at with its predecessors: three table lookups name the faults that the pair
/// could be part of, their intersection is what it is; a fourth check counts continuations.
///
/// # Safety
///
/// `bytes` has 64 readable bytes from `base`, and `start <= base`.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,bmi2")]
unsafe fn utf8_faults(bytes: &[u8], start: usize, base: usize) -> u64 {
    const TOO_SHORT: u8 = 1;
    const TOO_LONG: u8 = 2;
    const OVERLONG_3: u8 = 4;
    const TOO_LARGE: u8 = 8;
    const SURROGATE: u8 = 16;
    const OVERLONG_2: u8 = 32;
    const TOO_LARGE_1000: u8 = 64;
    const OVERLONG_4: u8 = 64;
    const TWO_CONTS: u8 = 128;
    const CARRY: u8 = TOO_SHORT | TOO_LONG | TWO_CONTS;
    const FIRST_HIGH: [u8; 16] = [
        TOO_LONG,
        TOO_LONG,
        TOO_LONG,
        TOO_LONG,
        TOO_LONG,
        TOO_LONG,
        TOO_LONG,
        TOO_LONG,
        TWO_CONTS,
        TWO_CONTS,
        TWO_CONTS,
        TWO_CONTS,
        TOO_SHORT | OVERLONG_2,
        TOO_SHORT,
        TOO_SHORT | OVERLONG_3 | SURROGATE,
        TOO_SHORT | TOO_LARGE | TOO_LARGE_1000 | OVERLONG_4,
    ];
    const FIRST_LOW: [u8; 16] = [
        CARRY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4,
        CARRY | OVERLONG_2,
        CARRY,
        CARRY,
        CARRY | TOO_LARGE,
        CARRY | TOO_LARGE | TOO_LARGE_1000,
        CARRY | TOO_LARGE | TOO_LARGE_1000,
        CARRY | TOO_LARGE | TOO_LARGE_1000,
        CARRY | TOO_LARGE | TOO_LARGE_1000,
        CARRY | TOO_LARGE | TOO_LARGE_1000,
        CARRY | TOO_LARGE | TOO_LARGE_1000,
        CARRY | TOO_LARGE | TOO_LARGE_1000,
        CARRY | TOO_LARGE | TOO_LARGE_1000,
        CARRY | TOO_LARGE | TOO_LARGE_1000 | SURROGATE,
        CARRY | TOO_LARGE | TOO_LARGE_1000,
        CARRY | TOO_LARGE | TOO_LARGE_1000,
    ];
    const SECOND_HIGH: [u8; 16] = [
        TOO_SHORT,
        TOO_SHORT,
        TOO_SHORT,
        TOO_SHORT,
        TOO_SHORT,
        TOO_SHORT,
        TOO_SHORT,
        TOO_SHORT,
        TOO_LONG | OVERLONG_2 | TWO_CONTS | OVERLONG_3 | TOO_LARGE_1000 | OVERLONG_4,
        TOO_LONG | OVERLONG_2 | TWO_CONTS | OVERLONG_3 | TOO_LARGE,
        TOO_LONG | OVERLONG_2 | TWO_CONTS | SURROGATE | TOO_LARGE,
        TOO_LONG | OVERLONG_2 | TWO_CONTS | SURROGATE | TOO_LARGE,
        TOO_SHORT,
        TOO_SHORT,
        TOO_SHORT,
        TOO_SHORT,
    ];
    // SAFETY: the caller's promise.
    let block = unsafe { load(bytes.as_ptr().add(base)) };
    // SAFETY: masked lanes are not read, so nothing before `start` is.
    let before = |distance: usize| unsafe {
        let known = u64::MAX << distance.saturating_sub(base - start);
        _mm512_maskz_loadu_epi8(known, bytes.as_ptr().add(base).wrapping_sub(distance).cast())
    };
    let lookup = |table: &[u8; 16], nibbles| _mm512_shuffle_epi8(repeat(table), nibbles);
    let low_nibble = |bytes: __m512i| _mm512_and_si512(bytes, splat(15));
    let high_nibble = |bytes: __m512i| low_nibble(_mm512_srli_epi16::<4>(bytes));
    let (one, two, three) = (before(1), before(2), before(3));
    let special = _mm512_ternarylogic_epi32::<0x80>(
        lookup(&FIRST_HIGH, high_nibble(one)),
        lookup(&FIRST_LOW, low_nibble(one)),
        lookup(&SECOND_HIGH, high_nibble(block)),
    );
    let third = _mm512_subs_epu8(two, splat(0xE0 - 0x80));
    let fourth = _mm512_subs_epu8(three, splat(0xF0 - 0x80));
    let must_continue = _mm512_and_si512(_mm512_or_si512(third, fourth), splat(0x80));
    let faults = _mm512_xor_si512(must_continue, special);
    _mm512_test_epi8_mask(faults, faults)
}
