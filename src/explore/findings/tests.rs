//! What explorations with every kind of end come to, and what is said of them.

use super::*;
use crate::explore::Evidence;
use crate::explore::fixture::{asked, at_least, broken, capacity, held, known, short_of_generator};
use crate::gate::Origin;

fn gate(text: &str) -> NamedGate {
    let gate = text.parse().unwrap();
    NamedGate { name: "enough".to_owned(), gate, series: None, origin: Origin::File, skip: None }
}

/// An end by itself, when all the time was used up.
const OVER: End<'static> =
    End { ending: Ending::Completed, spent: Spent { elapsed_s: 300.0, requests: 40_000 }, why: None };

fn ended(ending: Ending) -> End<'static> {
    End { ending, ..OVER }
}

fn judged(capacity: &Capacity, gates: &[&str]) -> Judged {
    let gates: Vec<NamedGate> = gates.iter().map(|text| gate(text)).collect();
    judge(&asked(), capacity, &[held(280.0), broken(320.0)], &gates, &OVER)
}

#[test]
fn every_end_with_every_gate_has_its_verdict() {
    use LimitedBy::{Budget, Generator, Range, Refusal, Target};
    use Verdict::{Fail, Inconclusive, Pass};
    let narrow = |limited_by| known(291.0, 297.0, 304.0, limited_by);
    let wide = |limited_by| known(240.0, 285.0, 330.0, limited_by);
    let nothing = capacity(None, None, Some(2.5), Budget);
    let unknown = capacity(None, None, None, Generator);
    // Without a gate, with one below, one within and one above what was found.
    let table = [
        (narrow(Target), [Pass, Pass, Inconclusive, Fail]),
        (narrow(Refusal), [Pass, Pass, Inconclusive, Fail]),
        (wide(Target), [Inconclusive, Pass, Inconclusive, Fail]),
        (wide(Refusal), [Inconclusive, Pass, Inconclusive, Fail]),
        (wide(Budget), [Inconclusive, Pass, Inconclusive, Fail]),
        (at_least(2_000.0, Range), [Pass, Pass, Pass, Pass]),
        (at_least(2_000.0, Generator), [Inconclusive, Pass, Pass, Pass]),
        (at_least(250.0, Budget), [Inconclusive, Pass, Inconclusive, Inconclusive]),
        (nothing, [Inconclusive, Fail, Fail, Fail]),
        (unknown, [Inconclusive, Inconclusive, Inconclusive, Inconclusive]),
    ];
    for (found, wanted) in table {
        let gates: [&[&str]; 4] = [&[], &["capacity >= 200/s"], &["capacity >= 300/s"], &["capacity > 340/s"]];
        for (gates, wanted) in gates.into_iter().zip(wanted) {
            let judged = judged(&found, gates);
            assert_eq!(judged.verdict, wanted, "{found:?} {gates:?}");
            let code = match wanted {
                Pass => 0,
                Fail => 99,
                Inconclusive => 4,
            };
            assert_eq!(judged.exit_code, code);
            assert!(!judged.reasons.is_empty(), "{found:?} {gates:?}");
        }
    }
}

#[test]
fn a_bound_at_an_end_of_the_interval_is_within_or_beyond_as_its_sign_says() {
    let found = known(290.0, 300.0, 310.0, LimitedBy::Target);
    for (text, wanted) in [
        ("capacity >= 290/s", Verdict::Pass),
        ("capacity > 290/s", Verdict::Inconclusive),
        ("capacity >= 310/s", Verdict::Inconclusive),
        ("capacity > 310/s", Verdict::Fail),
    ] {
        assert_eq!(judged(&found, &[text]).verdict, wanted, "{text}");
    }
}

#[test]
fn of_several_gates_what_is_open_outweighs_what_fails() {
    let found = known(290.0, 300.0, 310.0, LimitedBy::Target);
    assert_eq!(judged(&found, &["capacity >= 200/s", "capacity >= 400/s"]).verdict, Verdict::Fail);
    assert_eq!(judged(&found, &["capacity >= 300/s", "capacity >= 400/s"]).verdict, Verdict::Inconclusive);
}

#[test]
fn a_gate_that_only_warns_or_compares_leaves_the_decision_to_the_precision() {
    let found = known(290.0, 300.0, 310.0, LimitedBy::Target);
    let warned = judged(&found, &["capacity >= 400/s, warn"]);
    assert_eq!(warned.verdict, Verdict::Pass);
    assert!(warned.reasons[0].ends_with("(only a warning)"), "{:?}", warned.reasons);
    let compared = judged(&found, &["capacity >= 0.9x baseline"]);
    assert_eq!((compared.verdict, compared.findings[1].status), (Verdict::Pass, Status::Skipped));
    let decided = judged(&found, &["capacity >= 200/s"]);
    let figures = decided.findings.iter().map(|finding| finding.interval.as_ref().map(|found| found.text.as_str()));
    assert_eq!(figures.collect::<Vec<_>>(), [Some("290/s to 310/s"); 2]);
    assert_eq!(decided.findings[1].observed.as_deref(), Some("300/s"));
    assert_eq!((decided.findings[0].status, decided.findings[0].kind), (Status::Skipped, Kind::Validity));
}

#[test]
fn nothing_that_was_tried_is_told_as_such_and_a_signal_is_told_by_the_exit_code() {
    let none = capacity(None, None, None, LimitedBy::Budget);
    let judged = judge(&asked(), &none, &[], &[], &End { spent: Spent::default(), ..OVER });
    assert_eq!((judged.verdict, judged.exit_code), (Verdict::Inconclusive, 5));
    assert_eq!(judged.reasons, ["no rate was tried"]);
    let wide = known(240.0, 285.0, 330.0, LimitedBy::Target);
    let stopped = judge(&asked(), &wide, &[held(240.0)], &[], &ended(Ending::Interrupted));
    assert_eq!(stopped.exit_code, 130);
    assert_eq!(
        stopped.reasons,
        [
            "it was stopped before its end: it takes between 240/s and 330/s (wanted ±5%): beyond that `latency` is broken"
        ]
    );
}

#[test]
fn each_end_is_told_in_a_sentence() {
    let first = |found: &Capacity, points: &[Point]| judge(&asked(), found, points, &[], &OVER).reasons;
    let both = [held(280.0), broken(320.0)];
    let narrow = known(291.0, 297.0, 304.0, LimitedBy::Target);
    assert_eq!(first(&narrow, &both), ["it takes 297/s (291/s to 304/s): beyond that `latency` is broken"]);
    let piling_up = Capacity { gate: Some(KEEPS_UP.to_owned()), ..narrow.clone() };
    assert!(first(&piling_up, &both)[0].ends_with("beyond that journeys pile up, and the target does not keep up"));
    let refused = Point { refused: 1_240, retry_after_s: Some(2.0), ..broken(320.0) };
    assert_eq!(
        first(&Capacity { limited_by: LimitedBy::Refusal, gate: None, ..narrow }, &[held(280.0), refused]),
        [
            "it takes 297/s (291/s to 304/s): beyond that the target refuses requests (status 429 or 503), so the limit may be a policy",
            "the target refused 1,240 requests with status 429 or 503, and asked to come back after 2s at the most",
        ]
    );
    assert_eq!(
        first(&at_least(20_500.0, LimitedBy::Generator), &[held(20_500.0), short_of_generator(21_000.0)]),
        [
            "the generator was the limit above 21,000/s: what the target takes is at least 20,500/s, and more is not known",
            "at 21,000/s: its one worker was busy all the time",
        ]
    );
    assert_eq!(
        first(&at_least(2_000.0, LimitedBy::Range), &both),
        ["it takes at least 2,000/s, the highest rate that was allowed: raise --to"]
    );
    assert_eq!(
        first(&capacity(None, None, Some(2.5), LimitedBy::Budget), &[broken(10.0), broken(2.5)]),
        ["nothing held, not even 2.5/s: `latency` is broken; the budget of 5m was too small to try less: lower --from"]
    );
    assert_eq!(
        first(&known(240.0, 285.0, 330.0, LimitedBy::Budget), &both),
        ["the budget of 5m was too small: it takes between 240/s and 330/s (wanted ±5%)"]
    );
    assert_eq!(
        first(&at_least(240.0, LimitedBy::Budget), &both),
        ["the budget of 5m was too small: it takes at least 240/s, and more is not known (wanted ±5%)"]
    );
    let few = Asked { max_requests: Some(20_000), ..asked() };
    let found = at_least(240.0, LimitedBy::Budget);
    let told = judge(&few, &found, &[Point { requests: 19_000, ..held(240.0) }], &[], &OVER).reasons;
    assert!(told[0].starts_with("the 20,000 requests that are allowed were too few: "), "{told:?}");
}

#[test]
fn what_a_gate_wants_is_told_first() {
    let told = judged(&known(291.0, 297.0, 304.0, LimitedBy::Target), &["capacity >= 320/s"]).reasons;
    assert_eq!(told[0], "enough: wanted capacity >= 320/s, it is between 291/s and 304/s");
    assert!(told[1].starts_with("it takes 297/s"), "{told:?}");
    let open = judged(&at_least(250.0, LimitedBy::Budget), &["capacity >= 300/s"]).reasons;
    assert_eq!(
        open[0],
        "enough: 300/s is neither reached nor missed for certain: it takes at least 250/s, and more is not known"
    );
}

/// What is said first of an exploration that has these points and knows no rate for certain.
fn first_of(points: &[Point], end: &End<'_>) -> String {
    let high = points.iter().filter(|own| own.outcome == Outcome::Breaks).map(|own| own.rate_per_s).reduce(f64::min);
    let found = capacity(None, None, high, LimitedBy::Budget);
    judge(&asked(), &found, points, &[], end).reasons.swap_remove(0)
}

fn unclear(rate_per_s: f64) -> Point {
    let evidence = Evidence { gate: "latency".to_owned(), margin: 0.01, error: 0.1 };
    Point { outcome: Outcome::Unclear, evidence: Some(evidence), ..held(rate_per_s) }
}

#[test]
fn nothing_held_is_said_only_if_no_rate_held() {
    let budget = "too little was seen to be sure: the budget of 5m was too small";
    assert_eq!(
        first_of(&[held(20.0), broken(28.3)], &OVER),
        format!("20/s seems to hold and 28.3/s to break, but {budget}")
    );
    assert_eq!(first_of(&[held(20.0)], &OVER), format!("20/s seems to hold, but {budget}"));
    let nothing = |at: &str| {
        format!(
            "nothing held, not even {at}/s: `latency` is broken; the budget of 5m was too small to try less: lower --from"
        )
    };
    assert_eq!(first_of(&[broken(10.0)], &OVER), nothing("10"));
    assert_eq!(first_of(&[broken(10.0), unclear(20.0)], &OVER), nothing("10"));
    assert_eq!(
        first_of(&[unclear(10.0), broken(20.0)], &OVER),
        "no rate is known to hold: 20/s is too much (`latency` is broken), and of 10/s too little is known: the budget of 5m was too small"
    );
    let silent = |rate_per_s: f64| Point { evidence: None, ..unclear(rate_per_s) };
    assert_eq!(
        first_of(&[silent(10.0)], &OVER),
        "whether 10/s holds is too close to tell: the budget of 5m was too small"
    );
    assert_eq!(
        first_of(&[unclear(10.0), unclear(20.0)], &OVER),
        "no rate is known to hold, nor to break a gate: the budget of 5m was too small"
    );
    // A dozen looks in vain are enough, however much of the budget is left.
    assert_eq!(first_of(&vec![silent(10.0); 12], &OVER), "whether 10/s holds is too close to tell");
}

#[test]
fn no_budget_is_blamed_that_was_not_used_up() {
    let early = End { spent: Spent { elapsed_s: 60.0, requests: 900 }, ..OVER };
    let bottom = [10.0, 5.0, 2.5, 1.25, 0.625, 0.3125, 0.16, 0.16].map(broken);
    assert_eq!(
        first_of(&bottom, &early),
        "even the lowest rate that is tried, 0.16/s, is too much (`latency` is broken): lower --from"
    );
    let wide = known(240.0, 285.0, 330.0, LimitedBy::Budget);
    let points = [held(240.0), broken(330.0)];
    let said = |end: &End<'_>| judge(&asked(), &wide, &points, &[], end).reasons.swap_remove(0);
    let takes = "it takes between 240/s and 330/s (wanted ±5%)";
    assert_eq!(said(&OVER), format!("the budget of 5m was too small: {takes}"));
    assert_eq!(said(&End { ending: Ending::Aborted, ..early }), format!("it was ended by a failure: {takes}"));
    let asks = "the target asked to be left alone for 14m 55s, longer than what is left of the budget";
    assert_eq!(said(&End { why: Some(asks), ..early }), format!("{asks}: {takes}"));
    let refused = End { why: Some(asks), ..early };
    assert_eq!(
        first_of(&[broken(10.0)], &refused),
        format!("{asks}: nothing held, not even 10/s: `latency` is broken")
    );
    let few = Asked { max_requests: Some(1_000), ..asked() };
    let told = judge(&few, &wide, &points, &[], &early).reasons;
    assert_eq!(told[0], format!("the 1,000 requests that are allowed were too few: {takes}"));
    let used_up = |asked: &Asked, end: &End<'_>| judge(asked, &wide, &points, &[], end).used_up;
    assert_eq!([used_up(&asked(), &OVER), used_up(&few, &early)], [Some(UsedUp::Time), Some(UsedUp::Requests)]);
    assert_eq!([used_up(&asked(), &early), used_up(&asked(), &refused)], [None, None]);
    let none = capacity(None, None, None, LimitedBy::Budget);
    let told = judge(&few, &none, &[], &[], &early).reasons;
    assert_eq!(told, ["no rate was tried: the 1,000 requests that are allowed were too few"]);
}
