//! Intervals against what is known of them: binomial sums for small numbers, and simulated runs with fixed seeds.

use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Distribution as _, Exp, LogNormal, StandardNormal};
use rand_pcg::Pcg64;

use super::*;

/// P(X <= most) of a binomial distribution, summed up.
fn binomial_sum(samples: u64, share: f64, most: u64) -> f64 {
    let mut ln_of_one = samples as f64 * (1.0 - share).ln();
    let mut sum = 0.0;
    for hits in 0..=most.min(samples) {
        sum += ln_of_one.exp();
        ln_of_one += ((samples - hits) as f64 / (hits + 1) as f64).ln() + (share / (1.0 - share)).ln();
    }
    sum
}

#[test]
fn ranks_of_few_samples_are_the_exact_ones() {
    for samples in (1..120).chain([250, 500, 999]) {
        for quantile in [0.01, 0.25, 0.5, 0.9, 0.95, 0.99] {
            let seen = ranks(samples, quantile, Weight::independent(samples));
            // Fewer than `low` samples lie below the quantile in no more than one case of forty.
            let below = |rank: u64| binomial_sum(samples, quantile, rank);
            let low = (1..=samples).take_while(|rank| below(rank - 1) <= TAIL).last();
            let high = (1..=samples).find(|rank| below(rank - 1) >= 1.0 - TAIL);
            assert_eq!((seen.low, seen.high), (low, high), "{samples} samples, {quantile}");
        }
    }
    // As in Conover's table for the median of ten.
    let median = ranks(10, 0.5, Weight::independent(10));
    assert_eq!(median, Ranks { low: Some(2), high: Some(9) });
}

#[test]
fn many_samples_need_no_sums() {
    for (samples, quantile) in [(30_000, 0.95), (150_000, 0.99), (39_000, 0.95), (3_999, 0.5), (4_100, 0.5)] {
        let seen = ranks(samples, quantile, Weight::independent(samples));
        let (low, high) = (seen.low.unwrap(), seen.high.unwrap());
        let below = |rank: u64| binomial_sum(samples, quantile, rank);
        assert!((below(low - 1) - TAIL).abs() < 0.003, "{samples}: {}", below(low - 1));
        assert!((below(high - 1) - (1.0 - TAIL)).abs() < 0.003, "{samples}: {}", below(high - 1));
    }
    let endless = ranks(u64::MAX / 2, 0.999, Weight::independent(u64::MAX / 2));
    assert!(endless.low < endless.high);
}

#[test]
fn an_end_is_missing_until_there_are_samples_for_it() {
    for quantile in [0.5, 0.9, 0.95, 0.99, 0.999] {
        let fewest = fewest_with_ends(quantile);
        let high = |samples: u64| ranks(samples, quantile, Weight::independent(samples)).high;
        assert_eq!((high(fewest - 1), high(fewest)), (None, Some(fewest)), "{quantile}");
    }
    assert_eq!(fewest_with_ends(0.95), 72);
}

#[test]
fn students_t_and_the_normal_quantile_are_those_of_the_tables() {
    for (freedom, wanted) in [(1.0, 12.706), (2.0, 4.303), (4.0, 2.776), (12.0, 2.179), (23.0, 2.069), (999.0, 1.962)] {
        assert!((student(freedom) - wanted).abs() < 6e-4, "{freedom}: {}", student(freedom));
    }
    assert!((normal() - 1.959_964).abs() < 1e-6 && student(1e9) == normal());
}

#[test]
fn shares_have_wilsons_interval() {
    // E. B. Wilson's formula, worked out by hand: 10 of 100.
    let ends = share(0.1, Weight::independent(100)).unwrap();
    assert!((ends.low - 0.0552).abs() < 1e-4 && (ends.high - 0.1744).abs() < 1e-4, "{ends:?}");
    let none = share(0.0, Weight::independent(380)).unwrap();
    assert!(none.low == 0.0 && (none.high - 0.01).abs() < 2e-4, "{none:?}");
    let all = share(1.0, Weight::independent(380)).unwrap();
    assert!(all.high == 1.0 && (all.low - 0.99).abs() < 2e-4, "{all:?}");
    assert_eq!(share(0.0, Weight::independent(0)), None);
}

#[test]
fn stretches_that_are_all_alike_or_too_few_change_nothing() {
    let alike = vec![Part { samples: 100, hits: 95 }; 24];
    assert_eq!(Weight::of(2_400, &alike).effective_samples(), 2_400.0);
    let lopsided = |stretches: usize| {
        let parts: Vec<Part> = (0..stretches).map(|k| Part { samples: 100, hits: 10 * (k as u64 % 2) }).collect();
        Weight::of(100 * stretches as u64, &parts)
    };
    assert_eq!(lopsided(LEAST_STRETCHES - 1), Weight::independent(400));
    assert!(lopsided(LEAST_STRETCHES).effective_samples() < 250.0);
    let none_failed = vec![Part { samples: 100, hits: 0 }; 24];
    assert_eq!(Weight::of(2_400, &none_failed), Weight::independent(2_400));
    let mostly_empty = vec![Part::default(); 24];
    assert_eq!(Weight::of(0, &mostly_empty), Weight::independent(0));
}

#[test]
fn what_comes_in_blocks_counts_once_a_block() {
    // Ten requests at a time are slow together.
    let mut rng = Pcg64::seed_from_u64(7);
    let parts: Vec<Part> = (0..20)
        .map(|_| Part { samples: 500, hits: (0..50).map(|_| if rng.random_bool(0.1) { 10 } else { 0 }).sum() })
        .collect();
    let effective = Weight::of(10_000, &parts).effective_samples();
    assert!((500.0..2_000.0).contains(&effective), "{effective} for 1,000 blocks");
}

/// A stream of times, one after the other.
type Stream = fn(&mut Pcg64, usize) -> Vec<f64>;

fn lognormal(rng: &mut Pcg64, samples: usize) -> Vec<f64> {
    let times = LogNormal::new(4.0, 0.5).unwrap();
    (0..samples).map(|_| times.sample(rng)).collect()
}

/// One in thirty waits for something else.
fn bimodal(rng: &mut Pcg64, samples: usize) -> Vec<f64> {
    let (fast, slow) = (LogNormal::new(2.0, 0.2).unwrap(), LogNormal::new(5.0, 0.3).unwrap());
    (0..samples).map(|_| if rng.random_bool(1.0 / 30.0) { slow.sample(rng) } else { fast.sample(rng) }).collect()
}

/// Each time is much like the one before: the logarithms have a correlation of 0.95.
fn sluggish(rng: &mut Pcg64, samples: usize) -> Vec<f64> {
    let correlation: f64 = 0.95;
    let mut state: f64 = StandardNormal.sample(rng);
    let mut next = || {
        let news: f64 = StandardNormal.sample(rng);
        state = correlation * state + (1.0 - correlation * correlation).sqrt() * news;
        (4.0 + 0.5 * state).exp()
    };
    (0..samples).map(|_| next()).collect()
}

/// A server at 50 requests a second that stands still for a second every nine, at no certain moment.
fn freezing(rng: &mut Pcg64, samples: usize) -> Vec<f64> {
    let (service, pause) = (LogNormal::new(2.3, 0.4).unwrap(), Exp::new(1.0 / 8.0).unwrap());
    let mut freeze: f64 = pause.sample(rng);
    let mut next = |at: f64| {
        while at > freeze + 1.0 {
            freeze += 1.0 + pause.sample(rng);
        }
        (freeze + 1.0 - at).clamp(0.0, 1.0) * f64::from(at >= freeze) * 1e3 + service.sample(rng)
    };
    (0..samples).map(|k| next(k as f64 / 50.0)).collect()
}

fn sorted(mut times: Vec<f64>) -> Vec<f64> {
    times.sort_unstable_by(f64::total_cmp);
    times
}

fn at(sorted: &[f64], quantile: f64) -> f64 {
    sorted[((sorted.len() as f64 * quantile).ceil() as usize).clamp(1, sorted.len()) - 1]
}

fn stretches(times: &[f64]) -> impl Iterator<Item = &[f64]> {
    times.chunks(times.len().div_ceil(20))
}

/// The shares of 400 runs of `samples` whose intervals hold the true quantile: with the design effect, and without.
fn covered(stream: Stream, samples: usize, quantile: f64) -> (f64, f64) {
    let truth = at(&sorted(stream(&mut Pcg64::seed_from_u64(1), 200_000)), quantile);
    let (mut weighed, mut taken_as_independent) = (0, 0);
    for seed in 0..400 {
        let times = stream(&mut Pcg64::seed_from_u64(100 + seed), samples);
        let ordered = sorted(times.clone());
        let observed = at(&ordered, quantile);
        let part = |times: &[f64]| Part {
            samples: times.len() as u64,
            hits: times.iter().filter(|time| **time <= observed).count() as u64,
        };
        let parts: Vec<Part> = stretches(&times).map(part).collect();
        let holds = |weight: Weight| {
            let Ranks { low, high } = ranks(samples as u64, quantile, weight);
            let time = |rank: u64| ordered[rank as usize - 1];
            low.is_none_or(|rank| time(rank) <= truth) && high.is_none_or(|rank| truth <= time(rank))
        };
        weighed += u32::from(holds(Weight::of(samples as u64, &parts)));
        taken_as_independent += u32::from(holds(Weight::independent(samples as u64)));
    }
    (f64::from(weighed) / 400.0, f64::from(taken_as_independent) / 400.0)
}

#[test]
fn intervals_of_independent_samples_hold_the_truth_as_often_as_they_say() {
    for stream in [lognormal, bimodal] {
        for (samples, quantile) in [(200, 0.5), (200, 0.95), (500, 0.99), (2_000, 0.95), (5_000, 0.99)] {
            let (weighed, _) = covered(stream, samples, quantile);
            assert!(weighed >= 0.93, "{weighed} for {quantile} of {samples}");
        }
    }
}

#[test]
fn intervals_of_samples_that_know_of_each_other_hold_the_truth_and_naive_ones_do_not() {
    for (stream, samples) in [(sluggish as Stream, 3_000), (freezing, 5_000)] {
        for quantile in [0.5, 0.95] {
            let (weighed, naive) = covered(stream, samples, quantile);
            assert!(weighed >= 0.90, "{weighed} for {quantile}");
            assert!(naive <= 0.70, "{naive} for {quantile} without a design effect");
        }
    }
}

#[test]
fn intervals_of_means_hold_the_truth() {
    for (stream, least, naive_most) in [(lognormal as Stream, 0.93, 1.0), (sluggish, 0.90, 0.5), (freezing, 0.90, 0.7)]
    {
        let mean_of = |times: &[f64]| times.iter().sum::<f64>() / times.len() as f64;
        let truth = mean_of(&stream(&mut Pcg64::seed_from_u64(1), 400_000));
        let (mut weighed, mut naive) = (0, 0);
        for seed in 0..400 {
            let times = stream(&mut Pcg64::seed_from_u64(100 + seed), 3_000);
            let observed = mean_of(&times);
            let variance = times.iter().map(|time| (time - observed).powi(2)).sum::<f64>() / 3_000.0;
            let sum = |times: &[f64]| Sum { samples: times.len() as u64, sum: times.iter().sum() };
            let sums: Vec<Sum> = stretches(&times).map(sum).collect();
            let holds = |sums: &[Sum]| {
                mean(observed, variance, 3_000, sums).is_some_and(|(ends, _)| ends.low <= truth && truth <= ends.high)
            };
            weighed += u32::from(holds(&sums));
            naive += u32::from(holds(&[]));
        }
        let (weighed, naive) = (f64::from(weighed) / 400.0, f64::from(naive) / 400.0);
        assert!(weighed >= least && naive <= naive_most, "{weighed}, and {naive} without stretches");
    }
}
