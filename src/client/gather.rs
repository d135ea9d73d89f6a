//! A body as it comes in pieces, of which as much is kept as is wanted.

use bytes::{Bytes, BytesMut};

/// What has come of a body so far.
#[derive(Debug)]
pub(super) struct Gathered {
    /// How many bytes are wanted at the most.
    keep: usize,
    first: Bytes,
    more: BytesMut,
    length: u64,
}

impl Gathered {
    /// Nothing yet, of a body of which at most `keep` bytes are wanted.
    pub(super) fn at_most(keep: usize) -> Self {
        Self { keep, first: Bytes::new(), more: BytesMut::new(), length: 0 }
    }

    /// Adds the next piece.
    pub(super) fn add(&mut self, data: &Bytes) {
        self.length += data.len() as u64;
        let room = self.keep.saturating_sub(self.first.len() + self.more.len());
        let data = data.slice(..data.len().min(room));
        // Most bodies come in one piece, which needs no copy.
        if self.first.is_empty() && self.more.is_empty() {
            self.first = data;
        } else if !data.is_empty() {
            self.more.extend_from_slice(&std::mem::take(&mut self.first));
            self.more.extend_from_slice(&data);
        }
    }

    /// What was kept, and how long the body was.
    pub(super) fn finish(self) -> (Bytes, u64) {
        (if self.more.is_empty() { self.first } else { self.more.freeze() }, self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_is_kept_as_is_wanted_and_all_is_counted() {
        let gathered = |keep| {
            let mut body = Gathered::at_most(keep);
            ["ab", "", "cde", "f"].into_iter().for_each(|piece| body.add(&Bytes::from_static(piece.as_bytes())));
            body.finish()
        };
        assert_eq!(gathered(0), (Bytes::new(), 6));
        assert_eq!(gathered(4), (Bytes::from_static(b"abcd"), 6));
        assert_eq!(gathered(usize::MAX), (Bytes::from_static(b"abcdef"), 6));
    }
}
