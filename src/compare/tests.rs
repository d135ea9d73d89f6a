//! Laws of comparisons, and what is said in cases that are made up.

use proptest::prelude::*;

use super::simulation::{STEADY, Target, run};
use super::*;
use crate::verdict::Verdict;

fn options() -> Options {
    Options { replicates: 100, ..Options::default() }
}

fn compared(base: Vec<Run>, new: Vec<Run>, options: &Options) -> Comparison {
    compare(&Baseline::Runs(base), &new, options).unwrap()
}

fn row<'c>(comparison: &'c Comparison, scope: &str, figure: &str) -> &'c Row {
    comparison.rows.iter().find(|row| row.scope == scope && row.figure == figure).unwrap()
}

/// All times `factor` times as long.
fn slower(mut run: Run, factor: u64) -> Run {
    for bins in run.steps.iter_mut().flat_map(|step| step.times.values_mut()).flatten() {
        bins.iter_mut().for_each(|(us, _)| *us *= factor);
    }
    run
}

fn own(gates: &[&str]) -> Options {
    let rule = |text: &&str| Rule::own(*text, text.parse().unwrap());
    Options { rules: Rules::Own(gates.iter().map(rule).collect()), ..options() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn ratios_turn_round_with_the_sides_and_follow_a_factor(one in 0u64..1_000, other in 1_000u64..2_000, factor in 1u64..5) {
        let (one, other) = (run(STEADY, 24, 10.0, one), run(STEADY, 24, 10.0, other));
        let forth = compared(vec![one.clone()], vec![other.clone()], &options());
        let back = compared(vec![other], vec![one.clone()], &options());
        for (there, here) in forth.rows.iter().zip(&back.rows) {
            if let (Some(there), Some(here)) = (there.ratio, here.ratio) {
                prop_assert!((there * here - 1.0).abs() < 1e-9);
            }
        }
        let scaled = compared(vec![one.clone()], vec![slower(one, factor)], &options());
        for row in scaled.rows.iter().filter(|row| row.unit == Unit::Us) {
            prop_assert!((row.ratio.unwrap() - factor as f64).abs() < 1e-9);
        }
    }

    #[test]
    fn a_run_beside_itself_never_fails_and_gives_the_same_every_time(seed in 0u64..1_000) {
        let run = run(Target { errors: 0.05, ..STEADY }, 24, 10.0, seed);
        let first = compared(vec![run.clone()], vec![run.clone()], &options());
        prop_assert!(Verdict::of(&first.findings) != Verdict::Fail);
        prop_assert_eq!(compared(vec![run.clone()], vec![run], &options()), first);
    }
}

#[test]
fn a_run_that_is_too_short_says_so() {
    let short = compared(vec![run(STEADY, 4, 100.0, 1)], vec![run(STEADY, 4, 100.0, 2)], &options());
    assert_eq!(Verdict::of(&short.findings), Verdict::Inconclusive);
    assert!(row(&short, "all steps", "p50").reason.as_ref().unwrap().contains("too short: 4 stretches"));
}

#[test]
fn a_percentile_with_hardly_anything_beyond_it_is_not_compared() {
    let few = compared(vec![run(STEADY, 24, 5.0, 1)], vec![run(STEADY, 24, 5.0, 2)], &options());
    let p99 = row(&few, "all steps", "p99");
    assert_eq!((p99.status, p99.interval), (Status::Skipped, None));
    assert!(p99.reason.as_ref().unwrap().starts_with("p99 is compared from 1000 samples"), "{p99:?}");
    assert_eq!(row(&few, "home", "p95").status, Status::Skipped, "120 requests have six beyond p95");
}

#[test]
fn errors_are_judged_by_how_far_they_rise_and_none_is_no_worse_than_any() {
    let with = |errors: f64, seed: u64| vec![run(Target { errors, ..STEADY }, 60, 10.0, seed)];
    let gate = own(&["error_rate < 2x baseline"]);
    let status = |base, new| compared(base, new, &gate).findings[0].status;
    assert_eq!(status(with(0.0, 1), with(0.0, 2)), Status::Pass, "nothing beside nothing");
    assert_eq!(status(with(0.05, 1), with(0.0, 2)), Status::Pass);
    assert_eq!(status(with(0.0, 1), with(0.001, 2)), Status::Pass, "a tenth of a point is below the least rise");
    assert_eq!(status(with(0.01, 1), with(0.06, 2)), Status::Fail);
    assert_eq!(status(with(0.03, 1), with(0.033, 2)), Status::Pass, "a tenth more is less than twice");
    let class = own(&["error_rate(5xx) < 2x baseline"]);
    assert_eq!(compared(with(0.01, 1), with(0.06, 2), &class).findings[0].status, Status::Fail);
    let another = own(&["error_rate(http_429) < 2x baseline"]);
    assert_eq!(compared(with(0.01, 1), with(0.06, 2), &another).findings[0].status, Status::Pass);
}

#[test]
fn new_kinds_of_errors_are_told_and_a_step_that_is_gone_leaves_the_verdict_open() {
    let base = run(STEADY, 60, 10.0, 1);
    let mut new = run(STEADY, 60, 10.0, 2);
    new.steps[0].errors.insert("timeout".to_owned(), vec![0, 3]);
    let comparison = compared(vec![base.clone()], vec![new.clone()], &own(&["p50 < 2x baseline"]));
    assert_eq!(comparison.errors_appeared, [Appeared { class: "timeout".to_owned(), count: 3 }]);
    assert_eq!(Verdict::of(&comparison.findings), Verdict::Pass, "it is a warning");
    new.steps.remove(1);
    let comparison = compared(vec![base.clone()], vec![new.clone()], &own(&["p50 < 2x baseline"]));
    assert_eq!(comparison.steps_vanished, ["search"]);
    assert_eq!(Verdict::of(&comparison.findings), Verdict::Inconclusive);
    assert_eq!(compared(vec![new], vec![base], &own(&["p50 < 2x baseline"])).steps_new, ["search"]);
}

#[test]
fn a_run_that_cannot_be_trusted_leaves_the_verdict_open() {
    let base = run(STEADY, 60, 10.0, 1);
    let new = Run { doubts: vec!["the generator was late".to_owned()], ..slower(run(STEADY, 60, 10.0, 2), 2) };
    let comparison = compared(vec![base], vec![new], &options());
    assert_eq!(Verdict::of(&comparison.findings), Verdict::Inconclusive);
    assert!(comparison.findings.iter().any(|finding| finding.status == Status::Fail));
}

#[test]
fn runs_that_differ_among_themselves_widen_the_interval() {
    let runs = |factors: [f64; 3], seed: u64| -> Vec<Run> {
        let one = |(at, slower): (u64, f64)| run(Target { slower, ..STEADY }, 60, 20.0, seed + at);
        (0..).zip(factors).map(one).collect()
    };
    let width = |comparison: &Comparison| {
        let [low, high] = row(comparison, "all steps", "p50").interval.unwrap();
        high / low
    };
    let alike = compared(runs([1.0; 3], 10), runs([1.0; 3], 20), &options());
    let unlike = compared(runs([1.0, 1.3, 0.8], 10), runs([1.1, 0.7, 1.2], 20), &options());
    assert!(width(&unlike) > 1.3 && width(&alike) < 1.15, "{} and {}", width(&unlike), width(&alike));
}
