//! A run in a few stretches of equal length, each with everything that was counted in it.
//!
//! Requests that come one after the other are alike, so a run of 10,000 says less than 10,000 that know nothing of each
//! other. How much less is seen in how its stretches differ: the method of batch means.

use super::tally::Tally;

/// There are so many stretches at the most; then every two become one.
const MOST: usize = 24;
/// With many series they are fewer, so that there are about so many tallies of series.
const MOST_TALLIES: usize = 2_400;
/// But never fewer.
const FEWEST: usize = 8;

/// One stretch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// When it begins, in seconds from the start of the load.
    pub second: u64,
    /// How long it is, in seconds; the last may be shorter.
    pub seconds: u64,
    /// What was counted in it.
    pub tally: Tally,
}

/// The stretches of a run, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batches {
    width: u64,
    most: usize,
    batches: Vec<Batch>,
}

impl Batches {
    /// Nothing yet, of `series` series of steps.
    pub(super) fn new(series: usize) -> Self {
        let most = (MOST_TALLIES / series.max(1)).clamp(FEWEST, MOST) / 2 * 2;
        Self { width: 1, most, batches: Vec::new() }
    }

    /// Those of `seconds` with their numbers, in order, of `series` series of steps.
    pub fn of<'s>(series: usize, seconds: impl IntoIterator<Item = (u64, &'s Tally)>) -> Self {
        let mut batches = Self::new(series);
        seconds.into_iter().for_each(|(second, tally)| batches.push(second, tally));
        batches
    }

    /// Adds what was counted in `second`; seconds come in order. They begin with the first in which anything is judged.
    pub(super) fn push(&mut self, second: u64, tally: &Tally) {
        let judges_nothing = tally.steps.iter().all(|step| step.requests == 0);
        if self.batches.is_empty() && judges_nothing {
            return;
        }
        let first = self.batches.first().map_or(second, |batch| batch.second);
        let mut place = ((second - first) / self.width) as usize;
        while place >= self.most {
            self.join_pairs();
            place = ((second - first) / self.width) as usize;
        }
        while self.batches.len() <= place {
            let start = first + self.batches.len() as u64 * self.width;
            self.batches.push(Batch { second: start, seconds: 0, tally: Tally::new(tally.steps.len()) });
        }
        let batch = &mut self.batches[place];
        batch.seconds = second - batch.second + 1;
        batch.tally.merge(tally);
    }

    /// All of them.
    pub fn all(&self) -> &[Batch] {
        &self.batches
    }

    fn join_pairs(&mut self) {
        self.width *= 2;
        let mut all = std::mem::take(&mut self.batches).into_iter();
        while let Some(mut batch) = all.next() {
            if let Some(next) = all.next() {
                batch.seconds = next.second - batch.second + next.seconds;
                batch.tally.merge(&next.tally);
            }
            self.batches.push(batch);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(second: u64) -> Tally {
        let mut tally = Tally::new(1);
        tally.steps[0].requests = 2;
        (0..2).for_each(|k| tally.steps[0].response.record(100 + second * 7 % 90 + k));
        tally
    }

    #[test]
    fn hours_are_a_few_stretches_of_equal_length_that_lose_nothing() {
        for seconds in [1, 23, 24, 25, 100, 7_201] {
            let mut batches = Batches::new(1);
            (0..seconds).for_each(|second| batches.push(second + 5, &counted(second)));
            let all = batches.all();
            assert!(all.len() <= MOST && (seconds < 24 || all.len() > MOST / 2), "{} of {seconds}", all.len());
            let mut next = 5;
            for batch in all {
                assert_eq!(batch.second, next);
                assert_eq!(batch.tally.steps[0].requests, 2 * batch.seconds);
                assert_eq!(batch.tally.steps[0].response.count(), 2 * batch.seconds);
                next += batch.seconds;
            }
            assert_eq!(next, 5 + seconds);
            assert!(all.windows(2).all(|pair| pair[0].seconds == all[0].seconds), "all but the last are as long");
        }
    }

    #[test]
    fn they_begin_where_something_is_judged() {
        let mut batches = Batches::new(1);
        (0..3).for_each(|second| batches.push(second, &Tally::new(1)));
        batches.push(3, &counted(3));
        batches.push(4, &Tally::new(1));
        assert_eq!(
            batches.all().iter().map(|batch| (batch.second, batch.seconds)).collect::<Vec<_>>(),
            [(3, 1), (4, 1)]
        );
    }

    #[test]
    fn many_series_have_fewer() {
        assert_eq!([1, 100, 150, 1_000].map(|series| Batches::new(series).most), [24, 24, 16, 8]);
    }
}
