//! The last so many seconds as one, moved on second by second, by adding alone.
//!
//! Taking away what has left a window is exact for counts and not for a maximum. So the oldest seconds are kept as sums
//! of each of them with all that follow in their block, the others as sums of whole blocks: a second that leaves is a sum
//! that is dropped. With blocks as long as the root of the window, few sums are kept and few are added (the two stacks of
//! a queue with sums; Tangwongsan, Hirzel and Schneider, "Low-Latency Sliding-Window Aggregation in Worst-Case Constant
//! Time", DEBS 2017, describe the family).

use std::collections::VecDeque;

use super::counted::Counted;

/// The newest seconds, up to as many as a window has.
#[derive(Debug)]
pub(super) struct Sliding {
    seconds: usize,
    block: usize,
    /// Of the oldest block, the sum of each second with those after it; the last is that of the oldest second.
    oldest: Vec<Counted>,
    blocks: VecDeque<Block>,
    newest: Block,
}

#[derive(Debug, Default)]
struct Block {
    seconds: Vec<Counted>,
    sum: Counted,
}

impl Sliding {
    /// Nothing yet, of a window of `seconds`.
    pub(super) fn new(seconds: usize) -> Self {
        let block = (seconds as f64).sqrt().ceil().max(1.0) as usize;
        Self { seconds, block, oldest: Vec::new(), blocks: VecDeque::new(), newest: Block::default() }
    }

    /// Adds the next second; the one that is too old by it leaves.
    pub(super) fn push(&mut self, second: Counted) {
        self.newest.sum.merge(&second);
        self.newest.seconds.push(second);
        if self.newest.seconds.len() == self.block {
            self.blocks.push_back(std::mem::take(&mut self.newest));
        }
        if self.len() > self.seconds {
            self.drop_oldest();
        }
    }

    /// How many seconds there are.
    pub(super) fn len(&self) -> usize {
        self.oldest.len() + self.blocks.len() * self.block + self.newest.seconds.len()
    }

    /// Whether there are as many as the window has.
    pub(super) fn is_full(&self) -> bool {
        self.len() == self.seconds
    }

    /// All of them as one.
    pub(super) fn sum(&self) -> Counted {
        let mut sum = self.oldest.last().cloned().unwrap_or_default();
        self.blocks.iter().for_each(|block| sum.merge(&block.sum));
        sum.merge(&self.newest.sum);
        sum
    }

    fn drop_oldest(&mut self) {
        if self.oldest.is_empty() {
            let block = self.blocks.pop_front().unwrap_or_default();
            let mut sum = Counted::default();
            for second in block.seconds.iter().rev() {
                sum.merge(second);
                self.oldest.push(sum.clone());
            }
        }
        self.oldest.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_of_seconds_takes_little_more_than_its_samples() {
        let mut sliding = Sliding::new(3_600);
        let mut most = 0;
        for second in 0..8_000u64 {
            let mut counted = Counted::default();
            counted.requests.requests = 100;
            (0..100).for_each(|k| counted.requests.response.record(1_000 + (second * 31 + k * 977) % 60_000));
            sliding.push(counted);
            assert_eq!(sliding.len() as u64, (second + 1).min(3_600));
            if second % 500 == 499 {
                let of = |block: &Block| block.seconds.iter().chain([&block.sum]).map(bytes).sum::<usize>();
                let blocks = sliding.blocks.iter().chain([&sliding.newest]).map(of).sum::<usize>();
                most = most.max(blocks + sliding.oldest.iter().map(bytes).sum::<usize>());
                assert_eq!(sliding.sum().requests.response.count(), 100 * (second + 1).min(3_600));
            }
        }
        // The samples alone are 1.4 MB.
        assert!(most < 8 << 20, "{most} bytes");
    }

    fn bytes(counted: &Counted) -> usize {
        counted.requests.response.bytes()
    }
}
