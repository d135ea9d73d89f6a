//! A load at one rate while it goes on: whether enough was seen of it, and what came of it.
//!
//! Sees each second, and says when to stop: when it is known how the rate comes out, when its time is over, or when it is
//! so clearly too much that the target is spared the rest. What is judged is the part in which the load was steady.

use std::sync::Arc;
use std::time::Duration;

use super::keeping;
use super::margin::{gate_at, worst};
use super::point::{Ended, Evidence, GateAt, GeneratorAt, Growth, Outcome, Phase, Point, Recovery};
use super::reason::{FAILING, FAR, leaning_of, reason};
use super::steady::steady_from;
use crate::gate::{self, Clock, Metric, NamedGate};
use crate::metrics::{Accounting, Batches, Latency, Second, StepTally, Summary, Tally};

/// So many standard errors from the bound it is known how a rate comes out, though it was looked at again and again.
const DECIDED: f64 = 3.0;
/// A load that is not steady says less: its error is so many times as large.
const UNSTEADY: f64 = 2.0;
/// A rate that ended early, because it was too much, speaks against it by so many standard errors.
const TOO_MUCH: f64 = 3.0;
/// A target is spared when what it has to catch up on takes so many times as long as the slowest gate allows.
const BEHIND: f64 = 3.0;
/// The least that it may have to catch up on without being spared.
const LEAST_BEHIND: Duration = Duration::from_secs(1);
/// A target is spared when most fail of at least so many, in so many seconds.
const FAILING_OF: u64 = 20;
const FAILING_S: usize = 2;
/// So many refusals, and this share, are the target's asking for less.
const LEAST_REFUSED: u64 = 10;
const REFUSED_SHARE: f64 = 0.05;
/// When this share of what is due comes to its end, those under way grow no more.
const FULL: f64 = 0.85;
/// Arrivals at random are seldom more standard deviations above their mean.
const CHANCE: f64 = 3.0;
/// The gates are looked at whenever the load is this share longer: often enough, and cheap.
const LOOK_EVERY: f64 = 0.1;

/// What one journey is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Journey {
    /// Its pauses at their longest, together: so long it is under way however fast the target is.
    pub pauses_s: f64,
    /// The most requests that it has.
    pub requests: u64,
}

/// What is asked of a load.
#[derive(Debug, Clone, PartialEq)]
pub struct Spell {
    /// Journeys per second.
    pub rate_per_s: f64,
    /// What it is tried for.
    pub phase: Phase,
    /// It is no shorter, unless the target is spared.
    pub least: Duration,
    /// It is no longer.
    pub longest: Duration,
    /// It sends no more requests than this, as far as that is seen second by second.
    pub most_requests: Option<u64>,
    /// What is loaded.
    pub journey: Journey,
}

/// Where a load stands among the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Counted from 1.
    pub number: u64,
    /// When it began, in seconds from the start of the exploration.
    pub started_s: f64,
    /// How long it was, in seconds.
    pub lasted_s: f64,
    /// What was waited for before.
    pub recovery: Option<Recovery>,
}

/// A load so far, in the figures that a live view shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Glance {
    /// Seconds that are complete.
    pub seconds: u64,
    /// Response times so far.
    pub response_us: Latency,
    /// Requests that failed of all; none of nothing.
    pub error_rate: Option<f64>,
    /// How it would come out now; none if nothing is known yet.
    pub leaning: Option<Outcome>,
}

/// Watches a load.
#[derive(Debug)]
pub struct Watch<'g> {
    gates: &'g [NamedGate],
    series: usize,
    spell: Spell,
    precision: f64,
    /// A delay beyond this is clearly too much.
    most_behind_s: f64,
    /// So many journeys may be under way where all is well, beside those that wait for one answer.
    most_under_way: f64,
    /// When the first journeys must have come to their end, in seconds: before, those under way only grow more.
    full_s: f64,
    seconds: Vec<Arc<Tally>>,
    /// The mean response time of each second, in microseconds.
    means: Vec<f64>,
    /// Journeys that were due and did not come to an end, so far.
    behind: u64,
    /// After each second, how many journeys or requests wait.
    levels: Vec<f64>,
    /// Seconds in a row in which it was too far behind.
    too_far: usize,
    all: StepTally,
    next_look: usize,
    evidence: Option<Evidence>,
}

/// What the judged part of a load says.
struct Judged {
    from: usize,
    steady: bool,
    summary: Summary,
    growth: Growth,
    gates: Vec<GateAt>,
    evidence: Option<Evidence>,
}

impl<'g> Watch<'g> {
    /// Watches what `spell` asks for: the `gates` are of `series` series of steps, the capacity is wanted to within
    /// `precision`, and a request takes no longer than `timeout`.
    pub fn new(gates: &'g [NamedGate], series: usize, spell: Spell, precision: f64, timeout: Duration) -> Self {
        let slowest = gates.iter().filter_map(|named| match named.gate.metric {
            Metric::Time(clock, _) if clock != Clock::Lag => Some(named.gate.bound_value() / 1e6),
            _ => None,
        });
        let bound_s = slowest.reduce(f64::max);
        let timeout_s = timeout.as_secs_f64();
        // A journey that meets its gates may take so long.
        let each_s = bound_s.unwrap_or(timeout_s / 2.0).min(timeout_s);
        let full_s = spell.journey.pauses_s + spell.journey.requests as f64 * each_s;
        let more_s = bound_s.map_or(timeout_s / 2.0, |bound_s| (bound_s * BEHIND).max(LEAST_BEHIND.as_secs_f64()));
        let most_behind_s = more_s.min(timeout_s);
        let under_way = spell.rate_per_s * (full_s - each_s).max(0.0);
        let next_look = (spell.least.as_secs_f64().ceil() as usize).max(2);
        Self {
            gates,
            series,
            spell,
            precision,
            most_behind_s,
            most_under_way: under_way + CHANCE * under_way.sqrt(),
            full_s,
            seconds: Vec::new(),
            means: Vec::new(),
            behind: 0,
            levels: Vec::new(),
            too_far: 0,
            all: StepTally::default(),
            next_look,
            evidence: None,
        }
    }

    /// Takes a second; says why the load should end, if enough was seen.
    pub fn see(&mut self, second: &Second) -> Option<Ended> {
        let tally = &second.tally;
        let steps = tally.all_steps();
        // A second in which nothing came to an end is as slow as all that waits.
        let stalled = self.means.last().copied().unwrap_or(0.0) + 1e6;
        let is_stalled = steps.response.count() == 0 && self.behind > 0;
        self.means.push(if is_stalled { stalled } else { steps.response.latency().mean });
        self.all.merge(&steps);
        let ended = tally.journeys_passed + tally.journeys_failed;
        self.behind = (self.behind + tally.journeys_due).saturating_sub(ended);
        // Journeys that pause are under way in numbers that only chance decides: what waits for an answer tells more
        // (Little's law, second by second).
        let waiting = steps.response.count() as f64 * steps.response.latency().mean / 1e6;
        self.levels.push(if self.spell.journey.pauses_s > 0.0 { waiting } else { self.behind as f64 });
        self.seconds.push(Arc::clone(tally));
        if self.spell.most_requests.is_some_and(|most| self.all.requests >= most) {
            return Some(Ended::Requests);
        }
        if self.is_refused() {
            return Some(Ended::Refused);
        }
        if self.is_far_behind() || self.is_failing() {
            return Some(Ended::Spared);
        }
        let seen = self.seconds.len();
        let is_over = seen as f64 >= self.spell.longest.as_secs_f64();
        if seen < self.next_look && !is_over {
            return None;
        }
        self.next_look = seen + ((seen as f64 * LOOK_EVERY) as usize).max(1);
        let judged = self.judged(None);
        self.evidence.clone_from(&judged.evidence);
        let is_known = judged.evidence.as_ref().is_some_and(|own| self.is_known(own, judged.steady));
        match is_known {
            true => Some(Ended::Decided),
            false => is_over.then_some(Ended::Time),
        }
    }

    /// The figures for a live view.
    pub fn glance(&self) -> Glance {
        Glance {
            seconds: self.seconds.len() as u64,
            response_us: self.all.response.latency(),
            error_rate: share(self.all.failed, self.all.outcomes()),
            leaning: self.evidence.as_ref().map(leaning_of),
        }
    }

    /// What came of the load, which `ended` so; `summary` is what the engine says of it.
    pub fn point(self, ended: Ended, summary: &Summary, place: Place) -> Point {
        let Judged { from, steady, summary: judged, growth, gates, evidence } = self.judged(Some(summary));
        let evidence = match ended {
            Ended::Spared | Ended::Refused => Some(too_much(evidence, ended)),
            _ => evidence,
        };
        // A target that had not come back from the rate before says nothing of this one by breaking.
        let is_ill = place.recovery.is_some_and(|recovery| !recovery.recovered);
        let evidence = evidence.filter(|own| !is_ill || own.margin > 0.0);
        let short_of: Vec<String> =
            gate::of_generator(self.gates, &judged).into_iter().filter_map(|finding| finding.reason).collect();
        let judged_s = judged.window.as_secs_f64();
        let per_s = |count: u64| if judged_s > 0.0 { count as f64 / judged_s } else { 0.0 };
        let steps = &judged.all_steps;
        let service_us = steps.service.latency();
        let leaning = evidence.as_ref().map(leaning_of);
        let outcome = match (ended, leaning) {
            (Ended::Interrupted, _) => Outcome::Interrupted,
            (_, None) => Outcome::Unclear,
            // A generator that was short of something makes times longer, never shorter.
            (_, Some(leaning)) if leaning != Outcome::Holds && !short_of.is_empty() => Outcome::Generator,
            (_, Some(leaning)) => leaning,
        };
        let requests_per_s = per_s(steps.requests);
        let mut point = Point {
            number: place.number,
            phase: self.spell.phase,
            rate_per_s: self.spell.rate_per_s,
            outcome,
            reason: String::new(),
            started_s: place.started_s,
            lasted_s: place.lasted_s,
            ended,
            steady_from_s: steady.then_some(from as f64),
            judged_s,
            achieved_per_s: per_s(judged.total.journeys_passed + judged.total.journeys_failed),
            requests_per_s,
            requests: summary.all_steps.requests,
            failed: summary.all_steps.failed,
            error_rate: share(steps.failed, steps.outcomes()),
            response_us: steps.response.latency(),
            in_flight: requests_per_s * service_us.mean / 1e6,
            service_us,
            growth,
            evidence,
            gates,
            generator: GeneratorAt {
                busy_share: summary.generator.busiest_worker().map(|(_, worker)| worker.never_idle()),
                send_lag_p99_us: judged.total.send_lag.quantile_us(0.99).unwrap_or(0),
                short_of,
            },
            refused: summary.total.refused,
            retry_after_s: Some(summary.total.retry_after_s as f64).filter(|seconds| *seconds > 0.0),
            recovery: place.recovery,
        };
        point.reason = reason(&point, self.most_behind_s);
        point
    }

    /// The part of the load that counts, as a run of its own; `summary` is of the whole load, when it is over.
    fn judged(&self, summary: Option<&Summary>) -> Judged {
        // What comes to its end after the load is no throughput under it.
        let whole = summary.map_or(usize::MAX, |summary| summary.window.as_secs() as usize).min(self.seconds.len());
        let full = self.full_from(whole);
        let steady = steady_from(&self.means[full..whole]).map(|from| from + full);
        let from = steady.unwrap_or(full.max(whole / 2)).min(whole);
        let part = &self.seconds[from..whole];
        let mut total = Tally::new(self.series);
        part.iter().for_each(|tally| total.merge(tally));
        let numbered = (from as u64..).zip(part.iter().map(|tally| &**tally));
        let accounting = Accounting {
            scheduled: total.journeys_due,
            passed: total.journeys_passed,
            failed: total.journeys_failed,
            ..Accounting::default()
        };
        let window = Duration::from_secs(part.len() as u64);
        let judged = Summary {
            accounting,
            window,
            elapsed: summary.map_or(window, |summary| summary.elapsed),
            all_steps: total.all_steps(),
            batches: Batches::of(self.series, numbered),
            generator: summary.map(|summary| summary.generator.clone()).unwrap_or_default(),
            total,
            ..Summary::default()
        };
        let growth = keeping::growth(&self.levels[from..whole]);
        let (gates, said): (Vec<_>, Vec<_>) = self.gates.iter().map(|named| gate_at(named, &judged)).unzip();
        let mut evidence = self.evidence_of(said, &growth);
        if steady.is_none() {
            evidence = evidence.map(|own| Evidence { error: own.error * UNSTEADY, ..own });
        }
        Judged { from, steady: steady.is_some(), summary: judged, growth, gates, evidence }
    }

    /// From which second on journeys come to their end as they begin, of the first `whole`: at the latest when every one
    /// that meets its gates has.
    fn full_from(&self, whole: usize) -> usize {
        let pauses = self.spell.journey.pauses_s.ceil() as usize;
        let latest = (self.full_s.ceil() as usize).max(pauses);
        let counts = |tally: &Arc<Tally>| (tally.journeys_due, tally.journeys_passed + tally.journeys_failed);
        let is_full = |second: &usize| {
            let two = &self.seconds[second.saturating_sub(1)..=*second];
            let (due, ended) = two.iter().map(counts).fold((0, 0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
            ended as f64 >= due as f64 * FULL
        };
        (pauses..whole).find(is_full).unwrap_or(whole).min(latest).min(whole)
    }

    /// What the gates say together; nothing before each of them has something to say.
    fn evidence_of(&self, gates: Vec<Option<Evidence>>, growth: &Growth) -> Option<Evidence> {
        let keeps_up = keeping::evidence(growth, self.spell.rate_per_s, self.precision);
        if keeps_up.margin < 0.0 {
            // What is falling behind needs no gate to say so.
            return worst(gates.into_iter().flatten().chain([keeps_up]));
        }
        let gates: Option<Vec<Evidence>> = gates.into_iter().collect();
        worst(gates?.into_iter().chain([keeps_up]))
    }

    /// Whether there is no need to look on. Near the bound there is: what comes in spells is seen only in time.
    fn is_known(&self, evidence: &Evidence, steady: bool) -> bool {
        let climbs = matches!(self.spell.phase, Phase::Climb | Phase::Descend);
        // On the way up it need not be proved that a rate holds.
        if climbs && steady && leaning_of(evidence) == Outcome::Holds {
            return true;
        }
        // What breaks need not be steady.
        evidence.z().abs() >= DECIDED && evidence.margin.abs() >= FAR && (steady || evidence.margin < 0.0)
    }

    fn is_far_behind(&mut self) -> bool {
        let last: Vec<&Arc<Tally>> = self.seconds.iter().rev().take(3).collect();
        let ended: u64 = last.iter().map(|tally| tally.journeys_passed + tally.journeys_failed).sum();
        let per_s = ended as f64 / last.len().max(1) as f64;
        // One that answers nothing falls behind by all that is due.
        let per_s = if ended == 0 { self.spell.rate_per_s } else { per_s };
        let is_full = self.seconds.len() as f64 > self.spell.journey.pauses_s + 1.0;
        let is_too_far = is_full && self.behind as f64 - self.most_under_way > self.most_behind_s * per_s.max(1.0);
        self.too_far = if is_too_far { self.too_far + 1 } else { 0 };
        self.too_far > 1
    }

    fn is_failing(&self) -> bool {
        let last = self.seconds.iter().rev().take(FAILING_S);
        let steps = last.map(|tally| tally.all_steps());
        let (failed, all) = steps.fold((0, 0), |(failed, all), own| (failed + own.failed, all + own.outcomes()));
        all >= FAILING_OF && failed as f64 >= all as f64 * FAILING
    }

    fn is_refused(&self) -> bool {
        let refused: u64 = self.seconds.iter().map(|tally| tally.refused).sum();
        refused >= LEAST_REFUSED && refused as f64 >= self.all.outcomes() as f64 * REFUSED_SHARE
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Evidence of a load that was ended because it was too much, whatever its few figures say.
fn too_much(evidence: Option<Evidence>, ended: Ended) -> Evidence {
    let gate = match (evidence, ended) {
        (Some(own), _) if own.z() <= -TOO_MUCH => return own,
        (Some(own), _) if own.z() < 0.0 => own.gate,
        (_, Ended::Refused) => keeping::REFUSED.to_owned(),
        _ => keeping::KEEPS_UP.to_owned(),
    };
    Evidence { gate, margin: -1.0, error: 1.0 / TOO_MUCH }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second of ten journeys a second, so many of which the target refuses; what is refused passes as expected.
    fn second(number: u64, refused: usize) -> Second {
        let mut tally = Tally::new(1);
        (tally.journeys_due, tally.journeys_passed, tally.steps[0].requests) = (10, 10, 10);
        (0..10).for_each(|_| tally.steps[0].response.record(900));
        (0..refused).for_each(|_| tally.note_refusal((number == 1).then_some(Duration::from_secs(7))));
        Second { number, tally: Arc::new(tally), ..Second::default() }
    }

    #[test]
    fn a_target_that_refuses_is_left_alone_for_as_long_as_it_asks_for() {
        let ten_s = Duration::from_secs(10);
        let (least, longest) = (ten_s, ten_s * 6);
        let spell = Spell {
            rate_per_s: 10.0,
            phase: Phase::Climb,
            least,
            longest,
            most_requests: None,
            journey: Journey { pauses_s: 0.0, requests: 1 },
        };
        let mut watch = Watch::new(&[], 1, spell, 0.05, ten_s);
        let seconds = [second(0, 0), second(1, 6), second(2, 6)];
        let seen = seconds.each_ref().map(|second| watch.see(second));
        assert_eq!(seen, [None, None, Some(Ended::Refused)], "a few refusals are not its asking for less");
        let mut summary = Summary { total: Tally::new(1), ..Summary::default() };
        seconds.iter().for_each(|second| summary.total.merge(&second.tally));
        let place = Place { number: 1, started_s: 0.0, lasted_s: 3.0, recovery: None };
        let point = watch.point(Ended::Refused, &summary, place);
        assert_eq!((point.refused, point.retry_after_s), (12, Some(7.0)));
    }
}
