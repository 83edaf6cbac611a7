//! The index by 64-bit words, on any machine. Also the twin that the other kernels are held to.

use super::{BLOCK, Carry, Index, Masks, OddBlock, Pass, below_lowest, kind_of};

const QUOTE: u8 = 1;
const BACKSLASH: u8 = 2;
const OPERATOR: u8 = 4;
const SPACE: u8 = 8;
const CONTROL: u8 = 16;
const LINE_FEED: u8 = 32;

/// The classes of each byte; 128 for bytes past ASCII.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'"' => QUOTE,
            b'\\' => BACKSLASH,
            b'{' | b'}' | b'[' | b']' | b':' | b',' => OPERATOR,
            b' ' => SPACE,
            b'\n' => SPACE | CONTROL | LINE_FEED,
            b'\t' | b'\r' => SPACE | CONTROL,
            0..=31 => CONTROL,
            128..=255 => 128,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

/// Indexes `bytes[from..to]`.
pub(super) fn scan(bytes: &[u8], from: usize, to: usize, index: &mut Index) -> Pass {
    let mut carry = Carry::default();
    let mut open = None;
    let mut was_high = false;
    for base in (from..to).step_by(BLOCK) {
        let block: &[u8; BLOCK] = bytes[base..base + BLOCK].try_into().unwrap();
        let valid = if to - base < BLOCK { (1 << (to - base)) - 1 } else { u64::MAX };
        let (masks, is_high) = classify(block, valid);
        let mut found = carry.next(&masks, prefix_xor);
        found.tokens &= valid;
        found.escaped &= valid;
        let open_feed = masks.line_feed & found.in_string;
        let control = masks.control & found.in_string & !masks.line_feed;
        if found.escaped | control != 0 {
            index.odd_blocks.push(OddBlock { base: base as u32, escaped: found.escaped, control });
        }
        if is_high || was_high {
            index.high_blocks.push(base as u32);
        }
        was_high = is_high;
        let mut line_feeds = masks.line_feed & !found.in_string & below_lowest(open_feed);
        while line_feeds != 0 {
            index.lines.push(found.first_line(line_feeds, base, index.tokens.len()));
            line_feeds &= line_feeds - 1;
        }
        let mut rest = found.tokens;
        while rest != 0 {
            let bit = rest.trailing_zeros() as usize;
            index.tokens.push((base + bit) as u32);
            index.kinds.push(kind_of(block[bit]));
            rest &= rest - 1;
        }
        if open_feed != 0 {
            open = Some(base as u32 + open_feed.trailing_zeros());
            break;
        }
    }
    index.settle(|base| utf8_faults(bytes, from, base, to));
    open.map_or(Pass::Done, |line_feed| index.end_open_line(line_feed))
}

/// Returns a bit for the first fault of UTF-8 in each line that reaches into the block at `base`.
#[inline(never)]
fn utf8_faults(bytes: &[u8], from: usize, base: usize, to: usize) -> u64 {
    // The block and the characters that stick out of it: a line feed ends every sequence.
    let mut start = base;
    while start > from && start > base - 3.min(base) && bytes[start - 1] >= 0x80 {
        start -= 1;
    }
    let end = (base + BLOCK + 3).min(to);
    let mut faults = 0;
    let mut at = start;
    while at < end {
        match str::from_utf8(&bytes[at..end]) {
            Ok(_) => break,
            Err(fault) => {
                let place = at + fault.valid_up_to();
                // A sequence that the end cuts off is judged in the next block, unless input ends.
                if fault.error_len().is_none() && end < to {
                    break;
                }
                faults |= 1 << place.saturating_sub(base).min(BLOCK - 1);
                at = place + fault.error_len().unwrap_or(1);
            }
        }
    }
    faults
}

/// Returns the masks of a block and whether it has bytes past ASCII.
#[inline(always)]
fn classify(block: &[u8; BLOCK], valid: u64) -> (Masks, bool) {
    let mut masks = Masks::default();
    let mut any = 0;
    for (lane, bytes) in block.chunks_exact(8).enumerate() {
        let mut classes = [0; 8];
        for (class, byte) in classes.iter_mut().zip(bytes) {
            *class = CLASSES[*byte as usize];
        }
        let word = u64::from_le_bytes(classes);
        any |= word;
        let shift = lane * 8;
        masks.quote |= plane(word) << shift;
        masks.backslash |= plane(word >> 1) << shift;
        masks.operator |= plane(word >> 2) << shift;
        masks.space |= plane(word >> 3) << shift;
        masks.control |= plane(word >> 4) << shift;
        masks.line_feed |= plane(word >> 5) << shift;
    }
    masks.quote &= valid;
    masks.backslash &= valid;
    masks.operator &= valid;
    masks.control &= valid;
    masks.line_feed &= valid;
    (masks, any & 0x8080_8080_8080_8080 != 0)
}

/// Returns the lowest bit of each byte as 8 bits: one multiplication moves them side by side.
#[inline(always)]
fn plane(word: u64) -> u64 {
    (word & 0x0101_0101_0101_0101).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Returns, for each bit, the parity of the bits up to it.
#[inline(always)]
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}
