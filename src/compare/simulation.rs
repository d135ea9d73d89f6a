//! Pairs of made-up targets whose truth is known: how often a comparison is wrong, counted.
//!
//! Times are log-normal around a level that drifts from second to second and is now and then several seconds slow, as
//! those of real targets are: requests that come one after the other are alike.

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
    let mut times = vec![vec![Vec::<u64>::new(); stretches]; STEPS.len()];
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
                times[step][second / width].push(us);
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
        step.times.insert("response".to_owned(), times.into_iter().map(counted).collect());
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

/// Each time, and how often it came.
fn counted(mut times: Vec<u64>) -> Vec<(u64, u64)> {
    times.sort_unstable();
    times.chunk_by(|one, other| one == other).map(|same| (same[0], same.len() as u64)).collect()
}

/// As the histogram keeps it.
fn three_digits(us: f64) -> u64 {
    let us = us.max(1.0) as u64;
    let width = 1u64 << us.ilog2().saturating_sub(10);
    us / width * width + width - 1
}

/// How many comparisons pass, fail and stay open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Verdicts {
    pass: u64,
    fail: u64,
    open: u64,
}

/// Those of `pairs` of runs of one target, and of the same ones with NEW a fifth slower.
fn verdicts(target: Target, seconds: usize, per_s: f64, pairs: u64) -> [Verdicts; 2] {
    let options = Options { replicates: 60, rules: Rules::Default { margin: 0.1 }, ..Options::default() };
    let mut counted = [Verdicts::default(); 2];
    for pair in 0..pairs {
        let base = Baseline::Runs(vec![run(target, seconds, per_s, pair * 2 + 1)]);
        let mut new = run(target, seconds, per_s, pair * 2 + 2);
        for (counted, slower) in counted.iter_mut().zip([1.0, 1.2]) {
            for (us, _) in new.steps.iter_mut().flat_map(|step| step.times.values_mut()).flatten().flatten() {
                *us = three_digits(*us as f64 * slower);
            }
            let comparison = compare(&base, std::slice::from_ref(&new), &options).unwrap();
            match Verdict::of(&comparison.findings) {
                Verdict::Pass => counted.pass += 1,
                Verdict::Fail => counted.fail += 1,
                Verdict::Inconclusive => counted.open += 1,
            }
        }
    }
    counted
}

#[test]
fn the_same_target_seldom_fails_and_a_fifth_more_is_caught_or_the_run_was_too_short() {
    for (target, pairs) in [(UNSTEADY, 200), (STEADY, 40)] {
        let [same, slower] = verdicts(target, 120, 10.0, pairs);
        assert!(same.fail * 20 <= pairs, "the same target twice: {same:?}");
        assert!(slower.pass * 20 <= pairs, "a fifth slower: {slower:?}");
        assert_eq!(slower.pass + slower.fail + slower.open, pairs);
    }
}

#[test]
fn a_run_of_ten_minutes_catches_a_fifth_more_and_lets_the_same_pass() {
    let [same, slower] = verdicts(STEADY, 600, 10.0, 8);
    assert!(slower.fail == 8 && same.pass == 8, "the same: {same:?}, a fifth slower: {slower:?}");
}
