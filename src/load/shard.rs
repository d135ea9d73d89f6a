//! Which part of a run one worker (or, later, one machine) carries: arrival k belongs to shard k mod N.

/// One of `of` equal parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// This part, from zero.
    pub index: u64,
    /// How many parts there are, at least one.
    pub of: u64,
}

impl Shard {
    /// The whole run.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// All parts when there are `of`.
    pub fn all(of: u64) -> impl Iterator<Item = Self> {
        (0..of).map(move |index| Self { index, of })
    }

    /// Whether item `k` belongs to this part.
    pub fn owns(self, k: u64) -> bool {
        k % self.of == self.index
    }

    /// This part's share of `total` items that are dealt out in turn.
    pub fn share(self, total: u64) -> u64 {
        total / self.of + u64::from(self.index < total % self.of)
    }
}
