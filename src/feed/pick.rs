//! Which row is whose: sequential, random, shuffled or unique, and what happens when all have been used.

use serde_json::Value;

use super::shuffle::{below, hash, permuted};
use super::table::Table;

/// In which order rows are handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// In the order of the file.
    Sequential,
    /// Any row, each as likely, however often it was used.
    Random,
    /// Every row once in a random order, then again in another.
    Shuffled,
    /// In the order of the file, none twice.
    Unique,
}

/// What happens when every row has been used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exhausted {
    /// There are no more rows, so no more journeys that need one.
    StopJourneys,
    /// The rows start over.
    Repeat,
}

/// A table and how its rows are handed out.
#[derive(Debug, Clone, PartialEq)]
pub struct Feeder {
    table: Table,
    order: Order,
    exhausted: Exhausted,
}

impl Order {
    /// What happens when every row has been used, unless it is told.
    pub fn exhausted(self) -> Exhausted {
        match self {
            Self::Unique => Exhausted::StopJourneys,
            Self::Sequential | Self::Random | Self::Shuffled => Exhausted::Repeat,
        }
    }
}

impl Feeder {
    /// Hands out the rows of `table`; random rows never run out, whatever `exhausted` says.
    pub fn new(table: Table, order: Order, exhausted: Exhausted) -> Self {
        Self { table, order, exhausted }
    }

    /// The table.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// For how many `k`, from zero, there is a row; none if for all.
    pub fn limit(&self) -> Option<u64> {
        let ends = self.exhausted == Exhausted::StopJourneys && self.order != Order::Random;
        ends.then_some(self.count())
    }

    /// The row of journey (or user) number `k` of all workers, one value per column; none when the rows have run out.
    pub fn row(&self, k: u64, seed: u64) -> Option<&[Value]> {
        if self.limit().is_some_and(|limit| k >= limit) {
            return None;
        }
        let n = self.count();
        let (pass, place) = (k.checked_div(n)?, k.checked_rem(n)?);
        let row = match self.order {
            Order::Sequential | Order::Unique => place,
            Order::Random => below(n, hash(seed, k)),
            Order::Shuffled => permuted(place, n, hash(seed, pass)),
        };
        self.table.rows().get(usize::try_from(row).ok()?).map(Vec::as_slice)
    }

    fn count(&self) -> u64 {
        self.table.rows().len() as u64
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn feeder(rows: u64, order: Order) -> Feeder {
        let lines: String = (0..rows).map(|row| format!("{row},")).collect();
        let table = Table::from_json(format!("[{}]", lines.trim_end_matches(',')).as_bytes()).unwrap();
        Feeder::new(table, order, order.exhausted())
    }

    /// The numbers of the rows that `ks` get.
    fn rows(feeder: &Feeder, ks: impl Iterator<Item = u64>, seed: u64) -> Vec<u64> {
        ks.filter_map(|k| feeder.row(k, seed)?[0].as_u64()).collect()
    }

    #[test]
    fn sequential_rows_start_over_unless_told_to_stop() {
        let mut feeder = feeder(3, Order::Sequential);
        assert_eq!(rows(&feeder, 0..7, 1), [0, 1, 2, 0, 1, 2, 0]);
        assert_eq!(feeder.limit(), None);
        feeder.exhausted = Exhausted::StopJourneys;
        assert_eq!(rows(&feeder, 0..7, 1), [0, 1, 2]);
        assert_eq!(feeder.limit(), Some(3));
    }

    #[test]
    fn unique_rows_run_out_unless_told_to_repeat() {
        let mut feeder = feeder(3, Order::Unique);
        assert_eq!(rows(&feeder, 0..7, 1), [0, 1, 2]);
        assert!(feeder.row(3, 1).is_none() && feeder.row(u64::MAX, 1).is_none());
        feeder.exhausted = Exhausted::Repeat;
        assert_eq!(rows(&feeder, 2..5, 1), [2, 0, 1]);
    }

    #[test]
    fn random_rows_are_about_as_likely_and_never_run_out() {
        let mut feeder = feeder(10, Order::Random);
        feeder.exhausted = Exhausted::StopJourneys;
        let picked = rows(&feeder, 0..10_000, 42);
        assert_eq!((picked.len(), feeder.limit()), (10_000, None));
        for row in 0..10 {
            // 1,000 each is expected, with a standard deviation of 30.
            let count = picked.iter().filter(|picked| **picked == row).count();
            assert!((850..1_150).contains(&count), "row {row}: {count}");
        }
        assert_ne!(picked[..50], rows(&feeder, 0..50, 43));
    }

    proptest! {
        #[test]
        fn shuffled_rows_come_once_in_each_pass_and_in_another_order(n in 8..200_u64, seed in any::<u64>(), pass in 0..50_u64) {
            let feeder = feeder(n, Order::Shuffled);
            let first = rows(&feeder, pass * n..(pass + 1) * n, seed);
            let second = rows(&feeder, (pass + 1) * n..(pass + 2) * n, seed);
            let all: BTreeSet<u64> = first.iter().copied().collect();
            prop_assert_eq!(all.len() as u64, n);
            prop_assert_eq!(&all, &second.iter().copied().collect());
            // Two of 8! orders are the same once in 40,320 times: then a third must differ.
            prop_assert!(first != second || first != rows(&feeder, (pass + 2) * n..(pass + 3) * n, seed));
        }

        #[test]
        fn the_same_seed_gives_the_same_rows(n in 1..50_u64, seed in any::<u64>(), k in any::<u64>()) {
            for order in [Order::Sequential, Order::Random, Order::Shuffled, Order::Unique] {
                let (one, other) = (feeder(n, order), feeder(n, order));
                prop_assert_eq!(one.row(k, seed), other.row(k, seed));
            }
        }

        #[test]
        fn shards_share_unique_rows_without_talking(n in 1..100_u64, shards in 1..9_u64) {
            let feeder = feeder(n, Order::Unique);
            let dealt: Vec<u64> = (0..shards)
                .flat_map(|shard| rows(&feeder, (shard..2 * n).step_by(shards as usize), 5))
                .collect();
            let distinct: BTreeSet<u64> = dealt.iter().copied().collect();
            prop_assert_eq!((dealt.len() as u64, distinct.len() as u64), (n, n));
        }
    }
}
