//! From measured rules to rows and findings: FAIL only where the whole interval is beyond the bound, PASS only where all of
//! it is within.
//!
//! One of many rules is beyond its bound by chance more often than one alone, so a failure must hold at a level that
//! counts them (Holm, 1979). A pass needs every rule to pass, which is strict enough by itself (Berger, 1982).

use std::collections::BTreeMap;

use super::measure::{Measured, Sides};
use super::rules::{Role, Rule};
use super::{Appeared, Baseline, Row, Run, Unit, words};
use crate::gate::{Bound, Comparison as Sign, Metric, Of};
use crate::verdict::{Finding, Interval, Kind, Status};

/// On either side of an interval of 95 %.
pub(super) const TAIL: f64 = 0.025;

/// A row for every rule, and a finding for each that has something to say.
pub(super) fn rules(sides: &Sides<'_>, rules: &[Rule]) -> (Vec<Row>, Vec<Finding>) {
    let measured: Vec<Measured> = rules.iter().map(|rule| sides.measure(rule)).collect();
    let levels = levels(rules, &measured);
    let mut outcomes: Vec<_> =
        (0..rules.len()).map(|at| outcome(sides, &rules[at], &measured[at], levels[at])).collect();
    // One rule that is broken for certain is enough: what noise leaves open about others does not take that back.
    let is_broken = |at: usize| outcomes[at].0 == Status::Fail && !rules[at].gate.options.warn;
    if (0..rules.len()).any(is_broken) {
        outcomes.iter_mut().filter(|(status, _)| *status == Status::Invalid).for_each(|open| open.0 = Status::Skipped);
    }
    let mut rows = Vec::with_capacity(rules.len());
    let mut findings = Vec::new();
    for ((rule, measured), (status, reason)) in rules.iter().zip(&measured).zip(outcomes) {
        let row = row(rule, measured, status, reason);
        if rule.role != Role::Shown {
            findings.push(finding(sides, rule, measured, &row));
        }
        rows.push(row);
    }
    (rows, findings)
}

/// The share of chance that each rule may take for a failure.
fn levels(rules: &[Rule], measured: &[Measured]) -> Vec<f64> {
    let is_judged = |(rule, measured): (&Rule, &Measured)| rule.role != Role::Shown && measured.problem.is_none();
    let chance = |number: usize| measured[number].excess.as_ref().map_or(1.0, |excess| excess.chance_of_zero());
    let mut order: Vec<usize> =
        (0..rules.len()).filter(|number| is_judged((&rules[*number], &measured[*number]))).collect();
    order.sort_by(|one, other| chance(*one).total_cmp(&chance(*other)));
    let mut levels = vec![TAIL; rules.len()];
    let mut left = order.len();
    let mut level = TAIL / left.max(1) as f64;
    for number in order {
        levels[number] = level;
        // Once one is not shown to be beyond its bound, no other gets more.
        if chance(number) <= level {
            left -= 1;
            level = TAIL / left.max(1) as f64;
        }
    }
    levels
}

fn outcome(sides: &Sides<'_>, rule: &Rule, measured: &Measured, level: f64) -> (Status, Option<String>) {
    if rule.role == Role::Shown {
        return (Status::Skipped, measured.problem.clone());
    }
    let undecided = |status: Status| if rule.role == Role::Watched { Status::Skipped } else { status };
    if let Some(problem) = &measured.problem {
        return (undecided(Status::NoData), Some(problem.clone()));
    }
    let Some(excess) = &measured.excess else { return (undecided(Status::NoData), None) };
    // A run without a failure is not worse than any.
    let is_clean = matches!(rule.gate.metric, Metric::ErrorRate(_)) && measured.new == Some(0.0);
    if is_clean || excess.high(TAIL) <= 0.0 {
        return (Status::Pass, None);
    }
    if excess.low(level) > 0.0 {
        return (Status::Fail, None);
    }
    let reason = words::undecided(sides, rule, measured, level);
    let is_worse = excess.low(level) + measured.slack > 0.0;
    (if is_worse { Status::Invalid } else { undecided(Status::Invalid) }, Some(reason))
}

fn row(rule: &Rule, measured: &Measured, status: Status, reason: Option<String>) -> Row {
    let gate = &rule.gate;
    let unit = match gate.metric {
        Metric::Time(..) => Unit::Us,
        Metric::Rate | Metric::Capacity => Unit::PerS,
        _ => Unit::Share,
    };
    let ends = measured.change.as_ref().map(|change| [change.low(TAIL), change.high(TAIL)]);
    let ratio = measured.base.zip(measured.new).filter(|(base, _)| *base > 0.0).map(|(base, new)| new / base);
    Row {
        scope: match &gate.of {
            Of::All => "all steps".to_owned(),
            Of::Step(name) => name.clone(),
            Of::Group(group) => format!("[{group}]"),
            Of::Tag(name, value) => format!("{name}:{value}"),
        },
        figure: gate.metric.to_string(),
        unit,
        base: measured.base,
        new: measured.new,
        samples: measured.samples,
        ratio,
        interval: ends.filter(|_| measured.problem.is_none()).map(|ends| match unit {
            Unit::Share => ends,
            Unit::Us | Unit::PerS => ends.map(f64::exp),
        }),
        bound: (rule.role != Role::Shown).then(|| gate.bound_value()),
        role: rule.role,
        warn: gate.options.warn,
        status,
        reason,
    }
}

fn finding(sides: &Sides<'_>, rule: &Rule, measured: &Measured, row: &Row) -> Finding {
    let stretches = |drawn: &super::resample::Resamples| drawn.all().len() as u64;
    let interval = row.interval.map(|[low, high]| Interval {
        confidence: 1.0 - 2.0 * TAIL,
        low: Some(low),
        high: Some(high),
        text: words::interval(row.unit, low, high),
        effective_samples: match sides.base {
            Baseline::Runs(_) => stretches(&sides.drawn_base).min(stretches(&sides.drawn_new)),
            Baseline::Summary(_) => stretches(&sides.drawn_new),
        },
    });
    Finding {
        status: row.status,
        observed: words::observed(row),
        samples: measured.samples[1],
        interval,
        warn: rule.gate.options.warn,
        reason: row.reason.clone(),
        ..Finding::new(rule.name.as_str(), Kind::Baseline, wanted(rule, sides.least_rise))
    }
}

/// The rule as it is written; of error rates with the rise that is no failure.
fn wanted(rule: &Rule, least_rise: f64) -> String {
    let gate = rule.gate.plain();
    let is_upper = matches!(gate.comparison, Sign::Below | Sign::AtMost);
    match (gate.metric, gate.bound) {
        (Metric::ErrorRate(_), Bound::Baseline(_)) if is_upper && least_rise > 0.0 => {
            format!("{gate}, or no more than {} above it", words::points(least_rise))
        }
        _ => gate.to_string(),
    }
}

/// Classes of errors that BASE does not have.
pub(super) fn errors_appeared(base: &Baseline, new: &[Run]) -> Vec<Appeared> {
    // A summary of another tool does not tell classes.
    let Baseline::Runs(base) = base else { return Vec::new() };
    let of = |runs: &[Run]| {
        let mut all: BTreeMap<String, u64> = BTreeMap::new();
        for (class, count) in runs.iter().flat_map(Run::errors).filter(|(_, count)| *count > 0) {
            *all.entry(class.to_owned()).or_default() += count;
        }
        all
    };
    let known = of(base);
    let appeared = of(new).into_iter().filter(|(class, _)| !known.contains_key(class));
    appeared.map(|(class, count)| Appeared { class, count }).collect()
}

/// Steps that BASE has and NEW has not, and the other way round.
pub(super) fn steps_gone_and_come(base: &Baseline, new: &[Run]) -> (Vec<String>, Vec<String>) {
    let Baseline::Runs(base) = base else { return (Vec::new(), Vec::new()) };
    let only_in = |one: &[Run], other: &[Run]| {
        let has = |run: &Run, name: &str| {
            // What is counted with others may be among them.
            run.others.is_some() || run.steps.iter().any(|step| step.name == name && step.outcomes() > 0)
        };
        let mut names: Vec<String> = Vec::new();
        for step in one.iter().flat_map(|run| &run.steps).filter(|step| step.outcomes() > 0) {
            if !names.contains(&step.name) && other.iter().any(|run| !has(run, &step.name)) {
                names.push(step.name.clone());
            }
        }
        names
    };
    (only_in(base, new), only_in(new, base))
}

/// A class of errors that is new is told; by how much errors may rise is for the error rate to say.
pub(super) fn about_errors(appeared: &[Appeared]) -> Option<Finding> {
    let told: Vec<String> = appeared.iter().map(|error| format!("{} {}", error.count, error.class)).collect();
    (!told.is_empty()).then(|| Finding {
        status: Status::Fail,
        observed: Some(told.join(", ")),
        samples: appeared.iter().map(|error| error.count).sum(),
        warn: true,
        reason: Some("BASE has no errors of this kind".to_owned()),
        ..Finding::new("new errors", Kind::Baseline, "no class of errors that BASE does not have")
    })
}

/// What a step that is gone would have shown is not known.
pub(super) fn about_steps(vanished: &[String]) -> Option<Finding> {
    let names: Vec<String> = vanished.iter().map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| Finding {
        status: Status::NoData,
        reason: Some(format!(
            "NEW has no requests of {}, which BASE has: whether that is worse cannot be said",
            names.join(", ")
        )),
        ..Finding::new("same steps", Kind::Baseline, "every step of BASE is in NEW")
    })
}

/// Runs that say nothing certain themselves.
pub(super) fn doubts(base: &Baseline, new: &[Run]) -> Vec<Finding> {
    let of = |side: &'static str, runs: &[Run]| {
        let doubtful = runs.iter().filter(|run| !run.doubts.is_empty());
        let finding = |run: &Run| Finding {
            status: Status::Invalid,
            samples: run.outcomes(),
            reason: Some(format!("{side} {} cannot be trusted: {}", run.origin, run.doubts.join("; "))),
            ..Finding::new("sound runs", Kind::Baseline, "runs that can be trusted")
        };
        doubtful.map(finding).collect::<Vec<_>>()
    };
    of("BASE", base.runs()).into_iter().chain(of("NEW", new)).collect()
}
