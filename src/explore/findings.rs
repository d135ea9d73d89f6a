//! From what came out to the verdict, and to sentences that say why.
//!
//! Without a gate on it, a capacity passes if it is known as well as was asked for, or if all that was allowed held. With
//! gates on it their bounds decide, each by the whole interval. The generator's limit, a budget that was too small and
//! nothing that held decide nothing.

use std::time::Duration;

use super::keeping::KEEPS_UP;
use super::point::{Ended, Outcome, Point};
use super::result::{Asked, Capacity, LimitedBy, UsedUp};
use super::search::{Next, Spent, known, next};
use super::words::{about, between, both, rate};
use crate::gate::{Bound, NamedGate};
use crate::units::{format_count, format_duration, format_share};
use crate::verdict::{Ending, Finding, Interval, Kind, Status, Verdict};

/// The name of what an exploration is judged by if nobody asks for more.
const KNOWN: &str = "known";

/// What an exploration comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// pass, fail or inconclusive.
    pub verdict: Verdict,
    /// What the process exits with.
    pub exit_code: u8,
    /// What came out, in sentences, the most important first.
    pub reasons: Vec<String>,
    /// What the verdict follows from.
    pub findings: Vec<Finding>,
    /// What of all that was allowed is used up, so that nothing more could be tried.
    pub used_up: Option<UsedUp>,
}

/// How an exploration came to its end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct End<'e> {
    /// How.
    pub ending: Ending,
    /// What was used up by then.
    pub spent: Spent,
    /// Why it came before enough was known, as a clause; none if that follows from the rest.
    pub why: Option<&'e str>,
}

/// Judges what came out of an exploration that came to this `end`; `gates` are those on the capacity.
pub fn judge(asked: &Asked, capacity: &Capacity, points: &[Point], gates: &[NamedGate], end: &End<'_>) -> Judged {
    let story = Story { asked, capacity, points, end };
    let of_gates: Vec<Finding> = gates.iter().map(|named| story.of_gate(named)).collect();
    let decided = of_gates.iter().any(|finding| !finding.warn && finding.status != Status::Skipped);
    let mut reasons: Vec<String> = of_gates.iter().filter_map(sentence).collect();
    reasons.extend(story.told());
    let findings: Vec<Finding> = std::iter::once(story.of_capacity(decided)).chain(of_gates).collect();
    let verdict = Verdict::of(&findings);
    let requests = points.iter().map(|point| point.requests).sum();
    let exit_code = verdict.exit_code(end.ending, requests) as u8;
    Judged { verdict, exit_code, reasons, findings, used_up: story.used_up() }
}

/// A gate that does not pass; what is only a warning says so.
fn sentence(finding: &Finding) -> Option<String> {
    let words = match finding.status {
        Status::Pass | Status::Skipped => return None,
        Status::Fail => {
            let found = finding.interval.as_ref().and_then(|interval| between(interval.low, interval.high));
            let found = found.unwrap_or_else(|| "less".to_owned());
            format!("{}: wanted {}, it is {found}", finding.name, finding.wanted)
        }
        Status::Invalid | Status::NoData => {
            format!("{}: {}", finding.name, finding.reason.as_deref().unwrap_or("it cannot be judged"))
        }
    };
    Some(if finding.warn { format!("{words} (only a warning)") } else { words })
}

/// All that there is to say.
struct Story<'s> {
    asked: &'s Asked,
    capacity: &'s Capacity,
    points: &'s [Point],
    end: &'s End<'s>,
}

impl Story<'_> {
    /// Whether it is known as well as was asked for.
    fn is_narrow(&self) -> bool {
        // What is asked for may be met to the last digit.
        self.capacity.precision.is_some_and(|precision| precision <= self.asked.precision * (1.0 + 1e-9))
    }

    /// That it is known well enough; `decided` says that gates decide instead.
    fn of_capacity(&self, decided: bool) -> Finding {
        let wanted =
            format!("known within ±{}, or all up to {}", format_share(self.asked.precision), rate(self.asked.to_per_s));
        let status = match self.capacity.limited_by {
            _ if decided => Status::Skipped,
            LimitedBy::Range => Status::Pass,
            LimitedBy::Target | LimitedBy::Refusal if self.is_narrow() => Status::Pass,
            LimitedBy::Target | LimitedBy::Refusal | LimitedBy::Generator | LimitedBy::Budget => Status::Invalid,
        };
        let reason = match status {
            Status::Skipped => Some("gates on the capacity decide".to_owned()),
            Status::Invalid => self.told().into_iter().next(),
            _ => None,
        };
        Finding { status, reason, ..self.with_figures(Finding::new(KNOWN, Kind::Validity, wanted)) }
    }

    /// One gate on the capacity.
    fn of_gate(&self, named: &NamedGate) -> Finding {
        let gate = &named.gate;
        let finding = Finding {
            warn: gate.options.warn,
            ..self.with_figures(Finding::new(named.name.as_str(), Kind::Gate, gate.to_string()))
        };
        if let Bound::Baseline(_) = gate.bound {
            let reason = Some("judged by mnload compare BASE NEW, of two explorations".to_owned());
            return Finding { status: Status::Skipped, reason, ..finding };
        }
        let Capacity { low_per_s, high_per_s, .. } = self.capacity;
        let status = match (low_per_s, high_per_s) {
            (Some(low), _) if gate.holds(*low) => Status::Pass,
            (_, Some(high)) if !gate.holds(*high) => Status::Fail,
            _ => Status::Invalid,
        };
        let reason = (status == Status::Invalid).then(|| {
            let bound = rate(gate.bound_value());
            format!("{bound} is neither reached nor missed for certain: {}", self.takes())
        });
        Finding { status, reason, ..finding }
    }

    /// `finding` with what was found.
    fn with_figures(&self, finding: Finding) -> Finding {
        let Capacity { per_s, low_per_s, high_per_s, confidence, .. } = *self.capacity;
        let tried = self.points.iter().filter(|point| point.outcome != Outcome::Interrupted).count() as u64;
        let text = between(low_per_s, high_per_s);
        let interval = text.clone().map(|text| Interval {
            confidence,
            low: low_per_s,
            high: high_per_s,
            text: both(low_per_s, high_per_s).unwrap_or(text),
            effective_samples: tried,
        });
        let observed = per_s.filter(|_| low_per_s.is_some()).map(rate).or(text);
        Finding { observed, samples: tried, interval, ..finding }
    }

    /// What it takes, as far as that is known.
    fn takes(&self) -> String {
        match (self.capacity.low_per_s, self.capacity.high_per_s) {
            (Some(low), None) => format!("it takes at least {}, and more is not known", rate(low)),
            (low, high) => match between(low, high) {
                Some(text) => format!("it takes {text}"),
                None => "nothing is known of what it takes".to_owned(),
            },
        }
    }

    /// What came out, the most important first.
    fn told(&self) -> Vec<String> {
        let Capacity { low_per_s, limited_by, .. } = *self.capacity;
        if self.points.is_empty() {
            return vec![format!("{}no rate was tried{}", self.stopped(), self.because())];
        }
        let first = match (limited_by, low_per_s) {
            (LimitedBy::Generator, _) => return self.told_of_generator(),
            (LimitedBy::Range, Some(low)) => {
                return vec![format!("it takes at least {}, the highest rate that was allowed: raise --to", rate(low))];
            }
            (_, None) => format!("{}{}", self.stopped(), self.nothing_sure()),
            (LimitedBy::Target | LimitedBy::Refusal, Some(_)) if self.is_narrow() => {
                format!("it takes {}: {}", about(self.capacity), self.beyond())
            }
            (LimitedBy::Target | LimitedBy::Refusal, Some(_)) => {
                format!("{}: {}", self.too_little(), self.beyond())
            }
            (LimitedBy::Budget, Some(_)) => self.too_little(),
        };
        std::iter::once(first).chain(self.of_refusals()).collect()
    }

    /// That it was stopped, and why, if it was.
    fn stopped(&self) -> String {
        let why = match self.end.ending {
            _ if self.end.why.is_some() => self.end.why.unwrap_or_default(),
            Ending::Completed => return String::new(),
            Ending::Aborted => "it was ended by a failure",
            Ending::Interrupted | Ending::Terminated => "it was stopped before its end",
            Ending::Killed => "it did not come to its end",
        };
        format!("{why}: ")
    }

    /// Why nothing more could be tried.
    fn used_up(&self) -> Option<UsedUp> {
        let any_number = Asked { max_requests: None, ..self.asked.clone() };
        let goes_on = |spent: Spent| next(&any_number, self.points, &spent) != Next::Stop;
        let is_stopped = self.end.why.is_some() || self.end.ending != Ending::Completed;
        // What would end with all of the budget left did not end because of it.
        if is_stopped || !goes_on(Spent::default()) {
            return None;
        }
        let Spent { elapsed_s, requests } = self.end.spent;
        let is_cut = self.points.last().is_some_and(|last| last.ended == Ended::Requests);
        let is_late = !goes_on(Spent { elapsed_s, requests: 0 });
        match self.asked.max_requests {
            // The rest would not have been enough for one more rate.
            Some(most) if is_cut || !is_late || requests as f64 >= 0.9 * most as f64 => Some(UsedUp::Requests),
            _ => is_late.then_some(UsedUp::Time),
        }
    }

    /// What was too small of what was allowed; none if nothing was used up.
    fn what_was_short(&self) -> Option<String> {
        Some(match (self.used_up()?, self.asked.max_requests.unwrap_or_default()) {
            (UsedUp::Time, _) => format!("the budget of {} was too small", self.budget()),
            (UsedUp::Requests, 1) => "the one request that is allowed was too little".to_owned(),
            (UsedUp::Requests, most) => format!("the {} requests that are allowed were too few", format_count(most)),
        })
    }

    /// The same at the end of a sentence.
    fn because(&self) -> String {
        self.what_was_short().map(|short| format!(": {short}")).unwrap_or_default()
    }

    fn budget(&self) -> String {
        format_duration(Duration::try_from_secs_f64(self.asked.budget_s).unwrap_or_default())
    }

    /// What is broken beyond the limit.
    fn beyond(&self) -> String {
        match (self.capacity.limited_by, self.capacity.gate.as_deref()) {
            (LimitedBy::Refusal, _) => {
                "beyond that the target refuses requests (status 429 or 503), so the limit may be a policy".to_owned()
            }
            (_, Some(KEEPS_UP)) => "beyond that journeys pile up, and the target does not keep up".to_owned(),
            (_, Some(gate)) => format!("beyond that `{gate}` is broken"),
            (_, None) => "beyond that a gate is broken".to_owned(),
        }
    }

    /// That it is not known as well as was asked for, and what is known all the same.
    fn too_little(&self) -> String {
        let precision = format_share(self.asked.precision);
        let why = match self.what_was_short() {
            Some(short) => format!("{short}: "),
            None => self.stopped(),
        };
        format!("{why}{} (wanted ±{precision})", self.takes())
    }

    /// That no rate holds for certain, and what is known all the same.
    fn nothing_sure(&self) -> String {
        let rates = |outcome| self.points.iter().filter(move |own| own.outcome == outcome).map(|own| own.rate_per_s);
        let by_rate = |one: &&Point, other: &&Point| one.rate_per_s.total_cmp(&other.rate_per_s);
        let lowest = self.points.iter().filter(|own| own.outcome == Outcome::Breaks).min_by(by_rate);
        let Some(held) = rates(Outcome::Holds).reduce(f64::max) else {
            return lowest.map_or_else(|| self.nothing_clear(), |lowest| self.nothing_held(lowest));
        };
        let seems = known(self.asked, self.points, &self.end.spent);
        let (holds, breaks) = (seems.holds_per_s.unwrap_or(held), lowest.map(|lowest| lowest.rate_per_s));
        let seems = match seems.breaks_per_s.or(breaks) {
            Some(breaks) if breaks > holds => format!("{} seems to hold and {} to break", rate(holds), rate(breaks)),
            Some(breaks) => format!("{} seems to hold although {} seems to break", rate(holds), rate(breaks)),
            None => format!("{} seems to hold", rate(holds)),
        };
        format!("{seems}, but too little was seen to be sure{}", self.because())
    }

    /// That no rate is known to hold, and none to break a gate.
    fn nothing_clear(&self) -> String {
        let mut rates: Vec<f64> = self.points.iter().filter(is_whole).map(|own| own.rate_per_s).collect();
        rates.sort_by(f64::total_cmp);
        rates.dedup();
        let what = match rates[..] {
            [] => "no rate was tried to its end".to_owned(),
            [only] => format!("whether {} holds is too close to tell", rate(only)),
            _ => "no rate is known to hold, nor to break a gate".to_owned(),
        };
        format!("{what}{}", self.because())
    }

    /// That every rate broke a gate, down to `lowest`.
    fn nothing_held(&self, lowest: &Point) -> String {
        let at = rate(lowest.rate_per_s);
        let broken = match lowest.evidence.as_ref().map(|evidence| evidence.gate.as_str()) {
            _ if lowest.ended == Ended::Refused => Some("the target refuses requests".to_owned()),
            Some(KEEPS_UP) => Some("journeys pile up".to_owned()),
            Some(gate) => Some(format!("`{gate}` is broken")),
            None => None,
        };
        let below = self.points.iter().filter(is_whole).map(|own| own.rate_per_s).reduce(f64::min);
        let broken_at = |before: &str, after: &str| {
            broken.as_ref().map(|broken| format!("{before}{broken}{after}")).unwrap_or_default()
        };
        if let Some(below) = below.filter(|below| *below < lowest.rate_per_s) {
            let (below, of, because) = (rate(below), broken_at(" (", ")"), self.because());
            return format!(
                "no rate is known to hold: {at} is too much{of}, and of {below} too little is known{because}"
            );
        }
        match self.what_was_short() {
            Some(short) => {
                format!("nothing held, not even {at}{}; {short} to try less: lower --from", broken_at(": ", ""))
            }
            None if self.stopped().is_empty() => {
                format!("even the lowest rate that is tried, {at}, is too much{}: lower --from", broken_at(" (", ")"))
            }
            None => format!("nothing held, not even {at}{}", broken_at(": ", "")),
        }
    }

    /// That the generator came to its end before the target did.
    fn told_of_generator(&self) -> Vec<String> {
        let short = self.points.iter().filter(|point| point.outcome == Outcome::Generator);
        let lowest = short.min_by(|one, other| one.rate_per_s.total_cmp(&other.rate_per_s));
        let from = lowest.map(|point| point.rate_per_s);
        let above = from.or(self.capacity.low_per_s).map_or(String::new(), |from| format!(" above {}", rate(from)));
        let known = match self.capacity.low_per_s {
            Some(low) => format!("what the target takes is at least {}, and more is not known", rate(low)),
            None => "nothing is known of what the target takes".to_owned(),
        };
        let own = lowest.filter(|point| !point.generator.short_of.is_empty());
        let own = own.map(|point| format!("at {}: {}", rate(point.rate_per_s), point.generator.short_of.join("; ")));
        std::iter::once(format!("{}the generator was the limit{above}: {known}", self.stopped())).chain(own).collect()
    }

    /// How many answers were refusals, if the limit is not theirs.
    fn of_refusals(&self) -> Option<String> {
        let refused: u64 = self.points.iter().map(|point| point.refused).sum();
        let longest = self.points.iter().filter_map(|point| point.retry_after_s).fold(0.0, f64::max);
        let wait = Duration::try_from_secs_f64(longest).unwrap_or_default();
        let wait = if wait.is_zero() {
            String::new()
        } else {
            format!(", and asked to come back after {} at the most", format_duration(wait))
        };
        (refused > 0).then(|| {
            let noun = if refused == 1 { "request" } else { "requests" };
            format!("the target refused {} {noun} with status 429 or 503{wait}", format_count(refused))
        })
    }
}

/// Whether its load was not cut off by a signal.
fn is_whole(point: &&Point) -> bool {
    point.outcome != Outcome::Interrupted
}

#[cfg(test)]
mod tests;
