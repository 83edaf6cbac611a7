//! The index with AVX-512: 64 bytes a step.
//!
//! `vpermi2b` looks all bytes up in a table of 128 classes at once, `vpcompressb` writes the kinds
//! and positions of the tokens side by side, a carry-less multiplication finds the strings.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::{BLOCK, Carry, Index, Masks, Pass, kind_of};

/// Bytes that are fetched ahead: an input in memory, unlike a read buffer, is not in the cache yet.
const AHEAD: usize = 1536;

const OPERATOR: u8 = 1;
const SPACE: u8 = 2;

const CLASSES: [u8; 128] = {
    let mut classes = [0; 128];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = match byte as u8 {
            b'{' | b'}' | b'[' | b']' | b':' | b',' => OPERATOR,
            b' ' | b'\n' | b'\t' | b'\r' => SPACE,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

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
/// `to`; `index.tokens` and `index.kinds` have room for a token a byte and a block more, and
/// `index.notes`, which is empty, for a note a block.
#[target_feature(
    enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,pclmulqdq,bmi1,bmi2,popcnt,lzcnt"
)]
pub(super) unsafe fn scan(bytes: &[u8], from: usize, to: usize, index: &mut Index) -> Pass {
    debug_assert!(bytes.len() >= to + BLOCK);
    let table = |table: &[u8; 128]| {
        // SAFETY: both halves lie in the table.
        unsafe { (load(table.as_ptr()), load(table.as_ptr().add(64))) }
    };
    let (classes_low, classes_high) = table(&CLASSES);
    let (kinds_low, kinds_high) = table(&KINDS);
    // SAFETY: 64 bytes.
    let lanes = unsafe { load(LANES.as_ptr()) };
    let mut carry = Carry::default();
    let mut count = index.tokens.len();
    let mut note_count = 0;
    let mut was_high = false;
    let mut open = None;
    let tokens_out = index.tokens.as_mut_ptr();
    let kinds_out = index.kinds.as_mut_ptr();
    let notes_out = index.notes.as_mut_ptr();
    for base in (from..to).step_by(BLOCK) {
        // SAFETY: a block from below `to` ends inside the padding; a prefetch may go anywhere.
        let block = unsafe {
            _mm_prefetch::<_MM_HINT_T0>(bytes.as_ptr().wrapping_add(base + AHEAD).cast());
            load(bytes.as_ptr().add(base))
        };
        let valid = if to - base < BLOCK { (1 << (to - base)) - 1 } else { u64::MAX };
        let classes = _mm512_permutex2var_epi8(classes_low, block, classes_high);
        // The table has 128 entries: a byte past ASCII must not look like its low half.
        let high = _mm512_movepi8_mask(block);
        let masks = Masks {
            quote: equals(block, b'"') & valid,
            backslash: equals(block, b'\\') & valid,
            operator: _mm512_test_epi8_mask(classes, splat(OPERATOR)) & !high & valid,
            space: _mm512_test_epi8_mask(classes, splat(SPACE)) & !high,
            control: _mm512_cmplt_epu8_mask(block, splat(32)) & valid,
            line_feed: equals(block, b'\n') & valid,
        };
        let mut found = carry.next(&masks, |bits| prefix_xor(bits));
        found.tokens &= valid;
        found.escaped &= valid;
        let is_high = high & valid != 0;
        if let Some(note) = found.note(base, count, &masks, is_high | was_high) {
            // SAFETY: the caller reserved a note a block.
            unsafe { notes_out.add(note_count).write(note) };
            note_count += 1;
        }
        was_high = is_high;
        let kinds = _mm512_permutex2var_epi8(kinds_low, block, kinds_high);
        // SAFETY: the caller reserved a token a byte and a block more.
        unsafe {
            write_tokens(
                tokens_out.add(count),
                kinds_out.add(count),
                found.tokens,
                base,
                kinds,
                lanes,
            );
        }
        count += found.tokens.count_ones() as usize;
        let opened = masks.line_feed & found.in_string;
        if opened != 0 {
            open = Some(base as u32 + opened.trailing_zeros());
            break;
        }
    }
    // SAFETY: so many of each were written, within the capacities that the caller reserved.
    unsafe {
        index.tokens.set_len(count);
        index.kinds.set_len(count);
        index.notes.set_len(note_count);
    }
    index.settle(|base| {
        let valid = if to - base < BLOCK { (1 << (to - base)) - 1 } else { u64::MAX };
        // SAFETY: the features are there; the block was loaded before.
        unsafe { utf8_faults(bytes, from, base) & valid }
    });
    open.map_or(Pass::Done, |line_feed| index.end_open_line(line_feed))
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

/// Writes the kinds and positions of a block's tokens.
///
/// # Safety
///
/// Both places have room for 64 more.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
unsafe fn write_tokens(
    tokens_out: *mut u32,
    kinds_out: *mut u8,
    tokens: u64,
    base: usize,
    kinds: __m512i,
    lanes: __m512i,
) {
    let base = _mm512_set1_epi32(base as i32);
    let offsets = _mm512_maskz_compress_epi8(tokens, lanes);
    // SAFETY: there is room for 64 of each; whole vectors are written, of which some count.
    unsafe {
        let kinds = _mm512_maskz_compress_epi8(tokens, kinds);
        _mm512_storeu_si512(kinds_out.cast(), kinds);
        let widen = |part: __m128i| _mm512_add_epi32(_mm512_cvtepu8_epi32(part), base);
        _mm512_storeu_si512(tokens_out.cast(), widen(_mm512_castsi512_si128(offsets)));
        // About 11 of 64 bytes are tokens in events: more than 16 is rare, more than 32 rarer.
        let found = tokens.count_ones();
        if found > 16 {
            let second = _mm512_extracti32x4_epi32::<1>(offsets);
            _mm512_storeu_si512(tokens_out.add(16).cast(), widen(second));
        }
        if found > 32 {
            let third = _mm512_extracti32x4_epi32::<2>(offsets);
            let fourth = _mm512_extracti32x4_epi32::<3>(offsets);
            _mm512_storeu_si512(tokens_out.add(32).cast(), widen(third));
            _mm512_storeu_si512(tokens_out.add(48).cast(), widen(fourth));
        }
    }
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
    let lookup = |table: &[u8; 16], nibbles: __m512i| {
        // SAFETY: 16 bytes.
        let table = unsafe { _mm_loadu_si128(table.as_ptr().cast()) };
        _mm512_shuffle_epi8(_mm512_broadcast_i32x4(table), nibbles)
    };
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
