//! Pairs of made-up targets whose truth is known: how often a comparison is wrong, counted.
//!
//! Times are log-normal around a level that drifts from second to second and is now and then several seconds slow, as
//! those of real targets are: requests that come one after the other are alike.

use std::collections::BTreeMap;

use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Distribution as _, Normal, Poisson};
use rand_pcg::Pcg64Mcg;

use super::{Baseline, Counts, Options, Rules, Run, StepRun, compare};
use crate::verdict::Verdict;

/// A target.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    /// All times are so many times as long.
    pub(super) slower: f64,
    /// The share of requests that fail.
    pub(super) errors: f64,
    /// How far times are spread: the standard deviation of their logarithm.
    pub(super) spread: f64,
    /// How likely a second is the first of a slow stretch.
    pub(super) slow: f64,
}

/// As steady as a target on a machine of its own.
pub(super) const STEADY: Target = Target { slower: 1.0, errors: 0.002, spread: 0.6, slow: 0.0 };
/// As those on shared machines are.
pub(super) const UNSTEADY: Target = Target { slower: 1.0, errors: 0.002, spread: 0.7, slow: 1.0 / 60.0 };

/// The steps of a journey, and how long each takes in the middle, in microseconds.
const STEPS: [(&str, f64); 4] = [("home", 4e3), ("search", 9e3), ("open", 6e3), ("stream", 7e3)];

/// A run of `seconds` at `per_s` journeys of four requests.
pub(super) fn run(target: Target, seconds: usize, per_s: f64, seed: u64) -> Run {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let (normal, arrivals) = (Normal::new(0.0, 1.0).unwrap(), Poisson::new(per_s).unwrap());
    // As `metrics::Batches` joins seconds.
    let mut width = 1;
    while seconds.div_ceil(width) > 24 {
        width *= 2;
    }
    let stretches = seconds.div_ceil(width);
    let new_step = |(name, _): &(&str, f64)| StepRun {
        name: (*name).to_owned(),
        counts: vec![Counts::default(); stretches],
        ..StepRun::default()
    };
    let mut steps: Vec<StepRun> = STEPS.iter().map(new_step).collect();
    let mut times = vec![vec![BTreeMap::<u64, u64>::new(); stretches]; STEPS.len()];
    let mut errors = vec![0; stretches];
    let (mut level, mut slow_left) = (normal.sample(&mut random) * 0.04, 0);
    for second in 0..seconds {
        level = 0.8 * level + 0.6 * 0.04 * normal.sample(&mut random);
        slow_left = match slow_left {
            0 if random.random_bool(target.slow) => random.random_range(1..4),
            left => left - i32::from(left > 0),
        };
        let slowed = if slow_left > 0 { 0.7 } else { 0.0 };
        for _ in 0..arrivals.sample(&mut random) as u64 {
            for (step, (_, median)) in STEPS.iter().enumerate() {
                let log = level + slowed + target.spread * normal.sample(&mut random);
                let us = three_digits(median * target.slower * log.exp());
                *times[step][second / width].entry(us).or_default() += 1;
                let counts = &mut steps[step].counts[second / width];
                let failed = random.random_bool(target.errors);
                counts.outcomes += 1;
                counts.failed += u64::from(failed);
                counts.passed += u64::from(!failed);
                errors[second / width] += u64::from(failed);
            }
        }
    }
    for (step, times) in steps.iter_mut().zip(times) {
        step.times.insert("response".to_owned(), times.into_iter().map(|bins| bins.into_iter().collect()).collect());
        let failed = step.counts.iter().map(|counts| counts.failed).collect();
        step.errors.insert("http_500".to_owned(), failed);
    }
    let stretch_s = (0..stretches).map(|at| width.min(seconds - at * width) as f64);
    Run {
        origin: format!("run {seed}"),
        scenario: "light".to_owned(),
        window_s: seconds as f64,
        stretch_s: stretch_s.collect(),
        steps,
        ..Run::default()
    }
}

/// As the histogram keeps it.
fn three_digits(us: f64) -> u64 {
    let us = us.max(1.0) as u64;
    let width = 1u64 << us.ilog2().saturating_sub(10);
    us / width * width + width - 1
}

/// How many of `pairs` comparisons pass, fail and stay open.
fn verdicts(base: Target, new: Target, seconds: usize, per_s: f64, pairs: u64) -> [u64; 3] {
    let options = Options { replicates: 100, rules: Rules::Default { margin: 0.1 }, ..Options::default() };
    let mut counted = [0; 3];
    for pair in 0..pairs {
        let base = Baseline::Runs(vec![run(base, seconds, per_s, pair * 2 + 1)]);
        let comparison = compare(&base, &[run(new, seconds, per_s, pair * 2 + 2)], &options).unwrap();
        counted[Verdict::of(&comparison.findings) as usize] += 1;
    }
    counted
}

#[test]
fn the_same_target_seldom_fails_and_a_fifth_more_is_caught_or_the_run_was_too_short() {
    for target in [STEADY, UNSTEADY] {
        let slower = Target { slower: 1.2, ..target };
        let [pass, fail, open] = verdicts(target, target, 120, 10.0, 200);
        assert!(fail <= 10, "of the same target twice {pass} passed, {fail} failed and {open} stayed open");
        let [pass, fail, open] = verdicts(target, slower, 120, 10.0, 200);
        assert!(pass <= 10 && fail + open >= 190, "a fifth slower: {pass} passed, {fail} failed, {open} stayed open");
    }
}

#[test]
fn a_run_of_ten_minutes_catches_a_fifth_more_for_certain() {
    let [pass, fail, open] = verdicts(STEADY, Target { slower: 1.2, ..STEADY }, 600, 10.0, 20);
    assert!(fail >= 19, "{pass} passed, {fail} failed, {open} stayed open");
    let [pass, fail, open] = verdicts(STEADY, STEADY, 600, 10.0, 20);
    assert!(pass >= 19, "{pass} passed, {fail} failed, {open} stayed open");
}
