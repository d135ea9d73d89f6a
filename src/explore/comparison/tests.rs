//! Made-up explorations compared, and a simulation of pairs whose truth is known.

use rand::SeedableRng as _;
use rand_distr::{Distribution as _, Normal};
use rand_pcg::Pcg64Mcg;

use super::*;
use crate::explore::fixture::{at_least, broken, capacity, exploration, held, known};
use crate::verdict::Verdict;

/// The two compared by `options`.
fn compared(base: Capacity, new: Capacity, options: &CompareOptions) -> CapacityComparison {
    let (base, new) = (exploration(base), exploration(new));
    let side = |origin, result| Side { origin, result };
    compare(side("base", &base), side("new", &new), options).unwrap()
}

fn verdict(base: Capacity, new: Capacity) -> Verdict {
    Verdict::of(&compared(base, new, &CompareOptions::within(0.1)).findings)
}

fn around(per_s: f64, precision: f64) -> Capacity {
    known(per_s / (1.0 + precision), per_s, per_s * (1.0 + precision), LimitedBy::Target)
}

#[test]
fn a_change_is_told_with_its_interval() {
    let fell = compared(around(297.0, 0.02), around(261.0, 0.025), &CompareOptions::within(0.1));
    assert_eq!(fell.change, "capacity fell 12% ± 2.8%: 297/s to 261/s");
    assert_eq!(Verdict::of(&fell.findings), Verdict::Inconclusive, "{fell:?}");
    let rose = compared(around(200.0, 0.02), around(300.0, 0.02), &CompareOptions::within(0.1));
    assert!(rose.change.starts_with("capacity rose 50% ± 4.3%"), "{}", rose.change);
    let same = compared(around(300.0, 0.05), around(297.0, 0.05), &CompareOptions::within(0.1));
    assert!(same.change.starts_with("no change of capacity is shown: -1% ± 7.1%"), "{}", same.change);
}

#[test]
fn the_interval_of_the_ratio_is_that_of_both_together() {
    let both = compared(around(300.0, 0.04), around(240.0, 0.04), &CompareOptions::within(0.1));
    let ratio = Ratio::of(&around(300.0, 0.04), &around(240.0, 0.04));
    let wanted = (1.04f64.ln() * 2f64.sqrt()).exp();
    assert!((ratio.high.unwrap() / 0.8 - wanted).abs() < 1e-9, "{ratio:?}");
    assert!((0.8 / ratio.low.unwrap() - wanted).abs() < 1e-9, "{ratio:?}");
    assert_eq!(Verdict::of(&both.findings), Verdict::Fail);
    // The wider end of one side goes with the far end of the other.
    let skewed =
        Ratio::of(&known(290.0, 300.0, 300.0, LimitedBy::Target), &known(240.0, 240.0, 240.0, LimitedBy::Target));
    assert_eq!((skewed.low, skewed.high.map(|high| (high * 290.0).round())), (Some(0.8), Some(240.0)));
}

#[test]
fn only_a_whole_interval_decides_and_a_bound_goes_as_far_as_it_goes() {
    use LimitedBy::{Budget, Generator, Range};
    use Verdict::{Fail, Inconclusive, Pass};
    let exact = |per_s| around(per_s, 0.01);
    let table = [
        (exact(300.0), exact(300.0), Pass),
        (exact(300.0), exact(330.0), Pass),
        (exact(300.0), exact(270.0), Inconclusive),
        (exact(300.0), exact(240.0), Fail),
        (around(300.0, 0.2), around(300.0, 0.2), Inconclusive),
        // NEW takes at least so much: as much as BASE does, more, or it is not known.
        (exact(300.0), at_least(2_000.0, Range), Pass),
        (exact(300.0), at_least(2_000.0, Generator), Pass),
        (exact(300.0), at_least(200.0, Budget), Inconclusive),
        // BASE takes at least so much.
        (at_least(2_000.0, Range), exact(300.0), Fail),
        (at_least(200.0, Generator), exact(300.0), Inconclusive),
        (at_least(2_000.0, Range), at_least(2_000.0, Range), Inconclusive),
        // In NEW nothing held.
        (exact(300.0), capacity(None, None, Some(10.0), Budget), Fail),
        (exact(300.0), capacity(None, None, Some(500.0), Budget), Inconclusive),
        (capacity(None, None, Some(10.0), Budget), exact(300.0), Pass),
        (exact(300.0), capacity(None, None, None, Generator), Inconclusive),
    ];
    for (base, new, wanted) in table {
        assert_eq!(verdict(base.clone(), new.clone()), wanted, "{base:?} {new:?}");
    }
}

#[test]
fn what_is_open_says_why() {
    let reason = |base, new| {
        let found = compared(base, new, &CompareOptions::within(0.1));
        found.findings[0].reason.clone().unwrap()
    };
    let open = reason(around(300.0, 0.05), around(280.0, 0.05));
    assert!(
        open.ends_with(
            "so 0.9x is neither kept nor broken for certain; explorations with a smaller --precision would tell"
        ),
        "{open}"
    );
    let limited = reason(at_least(2_000.0, LimitedBy::Range), at_least(1_000.0, LimitedBy::Generator));
    assert_eq!(
        limited,
        "how capacity changed is not known: BASE takes at least 2,000/s, NEW takes at least 1,000/s; in BASE all that was allowed held: raise --to; in NEW the generator was the limit"
    );
    // The made-up exploration has a rate that holds and one that breaks.
    let unsure = reason(around(300.0, 0.01), capacity(None, None, Some(320.0), LimitedBy::Budget));
    assert!(unsure.ends_with("; in NEW too little was seen to be sure of any rate that holds"), "{unsure}");
    let fell = reason(at_least(2_000.0, LimitedBy::Range), around(300.0, 0.01));
    assert!(
        fell.starts_with(
            "capacity fell by at least 85%: BASE takes at least 2,000/s, NEW takes 300/s (297/s to 303/s)"
        ),
        "{fell}"
    );
}

#[test]
fn gates_of_ones_own_replace_the_margin() {
    let gates: Vec<Gate> =
        ["capacity > 0.7x baseline", "capacity > 1.1x baseline, warn"].map(|gate| gate.parse().unwrap()).to_vec();
    let found = compared(around(300.0, 0.02), around(250.0, 0.02), &CompareOptions::judging(&gates));
    let statuses: Vec<_> = found.findings.iter().map(|finding| (finding.status, finding.warn)).collect();
    assert_eq!(statuses, [(Status::Pass, false), (Status::Fail, true)]);
    assert_eq!((Verdict::of(&found.findings), found.margin), (Verdict::Pass, None));
    let one = exploration(around(300.0, 0.02));
    let side = Side { origin: "a", result: &one };
    let other = CompareOptions::judging(&["p95 < 1.2x baseline".parse().unwrap()]);
    assert!(compare(side, side, &other).unwrap_err().hint.contains("capacity >= 0.9x baseline"));
}

#[test]
fn other_scenarios_and_other_gates_are_refused_unless_that_is_asked_for() {
    let base = exploration(around(300.0, 0.02));
    type Change = fn(&mut ExplorationResult);
    let changed: [(Change, &str); 3] = [
        (|result| result.name = "another".to_owned(), "different scenarios"),
        (|result| result.scenario_hash = "sha256:2".to_owned(), "not the same"),
        (|result| result.asked.gates[0].1 = "p95 < 600ms".to_owned(), "p95 < 300ms in BASE, p95 < 600ms in NEW"),
    ];
    for (change, said) in changed {
        let mut new = base.clone();
        change(&mut new);
        let (base, new) = (Side { origin: "a", result: &base }, Side { origin: "b", result: &new });
        let refusal = compare(base, new, &CompareOptions::within(0.1)).unwrap_err();
        assert!(refusal.message.contains(said), "{refusal}");
        let all_the_same = CompareOptions { different_scenarios: true, ..CompareOptions::within(0.1) };
        assert!(compare(base, new, &all_the_same).unwrap().warnings[0].contains(said), "{said}");
    }
}

#[test]
fn another_machine_an_early_end_and_refusals_are_told() {
    let base = exploration(around(300.0, 0.02));
    let mut new = exploration(Capacity { limited_by: LimitedBy::Refusal, ..around(300.0, 0.02) });
    (new.machine.cores, new.ending) = (Some(64), Ending::Killed);
    "http://127.0.0.1:8".clone_into(&mut new.base_url);
    let found =
        compare(Side { origin: "a", result: &base }, Side { origin: "b", result: &new }, &CompareOptions::within(0.1));
    let found = found.unwrap();
    for (warning, said) in found.warnings.iter().zip(["different machines", "NEW was stopped", "a policy"]) {
        assert!(warning.contains(said), "{warning}");
    }
    assert_eq!((found.warnings.len(), found.notes.len()), (3, 2), "{found:?}");
}

#[test]
fn rates_that_both_tried_are_laid_side_by_side() {
    let (mut base, mut new) = (exploration(around(300.0, 0.02)), exploration(around(150.0, 0.02)));
    let longer = Point { judged_s: 30.0, outcome: Outcome::Unclear, ..held(160.2) };
    base.points = vec![broken(320.0), held(160.0), longer, held(90.0)];
    new.points = vec![held(20.0), broken(160.0), Point { outcome: Outcome::Interrupted, ..broken(320.0) }];
    let rates = common_rates(&base.points, &new.points);
    let [one] = &rates[..] else { panic!("{rates:?}") };
    assert_eq!((one.rate_per_s, one.base.outcome, one.new.outcome), (160.0, Outcome::Unclear, Outcome::Breaks));
    assert_eq!((one.base.p95_us, one.new.p95_us), (120_000, 900_000));
}

/// What an exploration finds of a true capacity if the logarithm of what it finds has this standard error.
fn found(truth: f64, error: f64, random: &mut Pcg64Mcg) -> Capacity {
    let per_s = truth * (Normal::new(0.0, error).unwrap().sample(random)).exp();
    around(per_s, (1.959_964 * error).exp() - 1.0)
}

/// Verdicts of 4,000 pairs in which NEW takes so many times what BASE takes: (PASS, FAIL) of 100, and how often the
/// interval of the ratio holds it.
fn counted(ratio: f64, errors: [f64; 2], margin: f64) -> [f64; 3] {
    let mut random = Pcg64Mcg::seed_from_u64(20_261_122);
    let (pairs, mut counts) = (4_000, [0u32; 3]);
    let options = CompareOptions::within(margin);
    for _ in 0..pairs {
        let base = found(300.0, errors[0], &mut random);
        let new = found(300.0 * ratio, errors[1], &mut random);
        let compared = compared(base, new, &options);
        match Verdict::of(&compared.findings) {
            Verdict::Pass => counts[0] += 1,
            Verdict::Fail => counts[1] += 1,
            Verdict::Inconclusive => {}
        }
        let holds = compared.ratio_low.unwrap() <= ratio && ratio <= compared.ratio_high.unwrap();
        counts[2] += u32::from(holds);
    }
    counts.map(|count| f64::from(count) * 100.0 / f64::from(pairs))
}

#[test]
fn simulated_pairs_are_judged_wrongly_no_more_often_than_promised() {
    // An interval of ± 4 % is 1.96 standard errors of 2 %.
    let (four, eight) = (1.04f64.ln() / 1.959_964, 1.08f64.ln() / 1.959_964);
    for errors in [[four, four], [four, eight], [eight, four]] {
        let [_, failed, holds] = counted(1.0, errors, 0.1);
        assert!(failed <= 3.0 && holds >= 94.0, "no change: {failed} failed, {holds} held");
        // The hardest cases: exactly at the bound, and no margin at all.
        let [passed, failed, holds] = counted(0.9, errors, 0.1);
        assert!(failed <= 3.0 && passed <= 3.0 && holds >= 94.0, "at the margin: {passed} {failed} {holds}");
        let [_, failed, _] = counted(1.0, errors, 0.0);
        assert!(failed <= 3.0, "without a margin: {failed}");
    }
    // The table of docs/compare.md: as much, exactly 10 % less, 20 % less.
    let table = [1.0, 0.9, 0.8].map(|ratio| counted(ratio, [four, four], 0.1).map(f64::round));
    assert_eq!(table, [[96.0, 0.0, 95.0], [3.0, 2.0, 95.0], [0.0, 99.0, 95.0]]);
}
