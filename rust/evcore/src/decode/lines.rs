//! Cuts a document or a stream into chunks of whole lines, with the padding that kernels need.

use evcore_event::limits::CHUNK_BYTES;

use super::scan::PADDING;

/// A piece of a document.
#[derive(Debug, Clone, Copy)]
pub enum Piece<'a> {
    /// Whole lines: the bytes with their padding, and how many of them count.
    Chunk(&'a [u8], usize),
    /// A line that is longer than the limit, without its line feed.
    LongLine(&'a [u8]),
}

/// Gives the pieces of `document` to `take`, each with its offset.
///
/// Every chunk but the last few lines is a part of `document` itself: nothing is copied that does
/// not stand within [`PADDING`] bytes of its end. The last line may lack its line feed.
pub fn for_each_piece(
    document: &[u8],
    line_bytes_max: usize,
    scratch: &mut Vec<u8>,
    mut take: impl FnMut(Piece<'_>, usize),
) {
    let mut at = 0;
    let safe_end = document.len().saturating_sub(PADDING);
    while at < document.len() {
        let limit = (at + CHUNK_BYTES).min(safe_end).max(at);
        let mut is_one_line = false;
        let end = match memchr::memrchr(b'\n', &document[at..limit]) {
            Some(found) => at + found + 1,
            // The last lines, of which only the padding may hold line feeds.
            None if limit - at < CHUNK_BYTES => document.len(),
            None => {
                is_one_line = true;
                memchr::memchr(b'\n', &document[limit..])
                    .map_or(document.len(), |found| limit + found + 1)
            }
        };
        let has_line_feed = document[end - 1] == b'\n';
        if is_one_line && end - at - usize::from(has_line_feed) > line_bytes_max {
            take(Piece::LongLine(&document[at..end - usize::from(has_line_feed)]), at);
        } else if has_line_feed && end <= safe_end {
            take(Piece::Chunk(&document[at..end + PADDING], end - at), at);
        } else {
            scratch.clear();
            scratch.extend_from_slice(&document[at..end]);
            if !has_line_feed {
                scratch.push(b'\n');
            }
            let len = scratch.len();
            scratch.resize(len + PADDING, 0);
            take(Piece::Chunk(scratch, len), at);
        }
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_the_document_cut_at_line_feeds() {
        let long = "x".repeat(CHUNK_BYTES + 1);
        for document in
            ["", "a", "a\n", "\n\n", &long, &format!("{long}\n{long}\nb"), &"ab\n".repeat(200_000)]
        {
            let (mut whole, mut scratch) = (Vec::new(), Vec::new());
            for_each_piece(document.as_bytes(), usize::MAX, &mut scratch, |piece, at| {
                let Piece::Chunk(bytes, len) = piece else { panic!("no line is too long") };
                assert_eq!(at, whole.len());
                assert_eq!(bytes[len - 1], b'\n');
                assert!(bytes.len() >= len + PADDING);
                whole.extend_from_slice(&bytes[..len]);
            });
            let ended = document.is_empty() || document.ends_with('\n');
            assert_eq!(whole, format!("{document}{}", if ended { "" } else { "\n" }).as_bytes());
        }
    }
}
