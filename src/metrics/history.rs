//! A timeline that stays bounded however long the run: the newest seconds one by one, older ones in rows of 10 seconds,
//! a minute, ten minutes.
//!
//! A row is never made of other rows: each width has a stretch of its own into which every second is counted, so the
//! percentiles of a wide row are those of its requests. Wide rows are kept from the start, and come to be seen when the
//! finer ones of the same time are let go.

use std::collections::VecDeque;

use super::tally::{StepTally, Tally};
use super::timeline::{Stretch, Timeline, TimelineRow};

/// The widths of rows in seconds, each a multiple of the one before. Of the last there are 144 a day.
const WIDTHS: [u64; 4] = [1, 10, 60, 600];
/// So many stretches of each width but the last are kept: a quarter of an hour, one hour, and four hours.
const MOST: [usize; 3] = [900, 360, 240];
/// With many steps they are fewer, so that there are about so many rows of each width.
const MOST_ROWS: usize = 20_000;
/// But never fewer than make some stretches of the next width.
const FEWEST: usize = 60;

/// The run over time, as far as it has come.
#[derive(Debug)]
pub(super) struct History {
    levels: Vec<Level>,
}

/// The stretches of one width.
#[derive(Debug)]
struct Level {
    width: u64,
    /// How many are kept.
    most: usize,
    /// Those that are over, each as its rows.
    over: VecDeque<(u64, Vec<TimelineRow>)>,
    /// The one under way, and when it began.
    open: Option<(u64, Stretch)>,
    /// Before this time the next width takes over; a multiple of that.
    from: u64,
}

impl History {
    /// Nothing yet, of `series` series.
    pub(super) fn new(series: usize) -> Self {
        let most = |cap: usize| cap.min(MOST_ROWS / (series + 1)).max(FEWEST);
        let kept = MOST.into_iter().map(most).chain([usize::MAX]);
        let level = |(width, most)| Level { width, most, over: VecDeque::new(), open: None, from: 0 };
        Self { levels: WIDTHS.into_iter().zip(kept).map(level).collect() }
    }

    /// Adds what was counted in `second`, `all` being all requests of `tally` together; seconds come in order.
    pub(super) fn push(&mut self, second: u64, tally: &Tally, all: &StepTally) {
        for level in &mut self.levels {
            level.push(second, tally, all);
        }
        for (level, next) in (0..).zip(1..self.levels.len()) {
            let width = self.levels[next].width;
            self.levels[level].age(width);
        }
    }

    /// How many rows a run of so many seconds has at the most.
    pub(super) fn most_rows(series: usize, seconds: u64) -> u64 {
        let levels = Self::new(series).levels;
        let stretches = levels.iter().map(|level| (seconds / level.width + 1).min(level.most as u64));
        stretches.sum::<u64>().saturating_mul(series as u64 + 1)
    }

    /// All rows in order; each second is in one of them.
    pub(super) fn finish(self) -> Timeline {
        let ends: Vec<u64> = std::iter::once(u64::MAX).chain(self.levels.iter().map(|level| level.from)).collect();
        let mut rows = Vec::new();
        // What is still under way is in finer rows, too.
        for (level, end) in self.levels.into_iter().zip(ends).rev() {
            let seen = level.over.into_iter().filter(|(start, _)| (level.from..end).contains(start));
            rows.extend(seen.flat_map(|(_, rows)| rows));
        }
        Timeline { rows }
    }

    /// The memory that it has on the heap.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let of = |level: &Level| {
            let rows: usize = level.over.iter().map(|(_, rows)| rows.capacity() * size_of::<TimelineRow>()).sum();
            rows + level.over.capacity() * 32 + level.open.as_ref().map_or(0, |(_, open)| open.bytes())
        };
        self.levels.iter().map(of).sum()
    }
}

impl Level {
    fn push(&mut self, second: u64, tally: &Tally, all: &StepTally) {
        let start = second - second % self.width;
        if self.open.as_ref().is_some_and(|(open, _)| *open < start) {
            self.close();
        }
        let (_, stretch) = self.open.get_or_insert_with(|| (start, Stretch::default()));
        stretch.add(tally, all);
        if self.width == 1 {
            self.close();
        }
    }

    fn close(&mut self) {
        if let Some((start, stretch)) = self.open.take() {
            self.over.push_back((start, stretch.rows(start, self.width)));
        }
    }

    /// Lets go of the oldest, in steps of the next `width`, when there are too many.
    fn age(&mut self, width: u64) {
        if self.over.len() <= self.most {
            return;
        }
        let Some((oldest, _)) = self.over.front() else { return };
        self.from = (oldest / width + 1) * width;
        while self.over.front().is_some_and(|(start, _)| *start < self.from) {
            self.over.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time_of(second: u64, k: u64) -> u64 {
        100 + (second * 37 + k * 1_009) % 1_500
    }

    /// Drives so many seconds of `series` series, and says how much memory it took at the most.
    fn driven(seconds: u64, series: usize) -> (Timeline, usize) {
        let mut history = History::new(series);
        let mut most = 0;
        for second in 0..seconds {
            let mut tally = Tally::new(series);
            tally.journeys_started = 2;
            for counted in &mut tally.steps {
                counted.requests = 3;
                (0..3).for_each(|k| counted.response.record(time_of(second, k)));
            }
            history.push(second, &tally, &tally.all_steps());
            if second % 97 == 0 {
                most = most.max(history.bytes());
            }
        }
        (history.finish(), most)
    }

    #[test]
    fn hours_take_few_rows_and_every_second_is_in_one() {
        let six_hours = 6 * 3_600;
        let (timeline, bytes) = driven(six_hours, 1);
        let rows: Vec<_> = timeline.overall().collect();
        assert!(rows.len() < 1_600, "{} rows", rows.len());
        assert!(bytes < 3 << 20, "{bytes} bytes");
        let mut next = 0;
        for row in &rows {
            assert_eq!(row.second, next, "no gap and nothing twice");
            next += row.seconds;
            assert_eq!(
                (row.requests, row.started, row.response.count),
                (3 * row.seconds, 2 * row.seconds, 3 * row.seconds)
            );
        }
        assert_eq!(next, six_hours);
        assert_eq!((rows.first().map(|row| row.seconds), rows.last().map(|row| row.seconds)), (Some(600), Some(1)));
        assert!(timeline.rows.len() as u64 <= History::most_rows(1, six_hours));
        // The last minute is still there second by second.
        assert!(rows.iter().rev().take(60).all(|row| row.seconds == 1));
    }

    #[test]
    fn percentiles_of_a_wide_row_are_those_of_its_requests() {
        let (timeline, _) = driven(1_000, 1);
        let wide = timeline.overall().find(|row| row.seconds == 10).unwrap();
        let mut all = crate::metrics::Histogram::default();
        for second in wide.second..wide.second + 10 {
            (0..3).for_each(|k| all.record(time_of(second, k)));
        }
        assert_eq!(wide.response, all.latency());
    }

    #[test]
    fn many_steps_keep_fewer_seconds() {
        let (timeline, bytes) = driven(100, 500);
        assert!(timeline.rows.len() < 70 * 501, "{}", timeline.rows.len());
        assert!(bytes < 40 << 20, "{bytes} bytes");
        assert_eq!(timeline.overall().map(|row| row.seconds).sum::<u64>(), 100);
    }
}
