//! Whether the capacity of NEW is lower than that of BASE, given how well each is known.
//!
//! The ratio of two capacities and its interval follow from their own intervals alone, on a logarithmic scale, by the
//! method of variance estimates recovery (Zou and Donner, "Construction of confidence limits about effect measures",
//! 2008): no more is assumed than that each interval holds its capacity as often as it says. A side of which only a bound
//! is known counts as far as that goes.

use serde::{Deserialize, Serialize};

use super::point::{Outcome, Point};
use super::result::{Capacity, ExplorationResult, LimitedBy};
use super::words::{about, rate};
use crate::compare::{Refusal, Role, Rule, times};
use crate::gate::{Bound, Comparison as Sign, Gate, Metric, Of, Options as GateOptions, Span};
use crate::verdict::{Ending, Finding, Interval, Kind, Status};

/// Rates that are closer than this are one.
const SAME_RATE: f64 = 0.005;

/// How two explorations are compared.
#[derive(Debug, Clone, PartialEq)]
pub struct CompareOptions {
    /// What must hold; each bound is a multiple of BASE's capacity.
    pub rules: Vec<Rule>,
    /// The margin, if the rules are those of [`CompareOptions::within`].
    pub margin: Option<f64>,
    /// Whether explorations of different scenarios, or with different gates, are compared all the same.
    pub different_scenarios: bool,
}

/// One exploration with the place that it was read from.
#[derive(Debug, Clone, Copy)]
pub struct Side<'s> {
    /// The place.
    pub origin: &'s str,
    /// What was found.
    pub result: &'s ExplorationResult,
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CapacityComparison {
    /// What was compared with.
    pub base: ComparedExploration,
    /// What is judged.
    pub new: ComparedExploration,
    /// The gates that both capacities were found by, as written.
    pub gates: Vec<String>,
    /// The margin, as a share; absent where other rules are judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// NEW's capacity divided by BASE's; absent if one of them is not known.
    pub ratio: Option<f64>,
    /// No lower than this in 95 of 100 cases; absent if it may be anything.
    pub ratio_low: Option<f64>,
    /// No higher than this.
    pub ratio_high: Option<f64>,
    /// What happened to the capacity, in a sentence.
    pub change: String,
    /// Rates that both tried, from low to high.
    pub rates: Vec<ComparedRate>,
    /// What a reader must keep in mind.
    pub warnings: Vec<String>,
    /// What else there is to say.
    pub notes: Vec<String>,
    /// What the verdict follows from.
    pub findings: Vec<Finding>,
}

/// One exploration of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedExploration {
    /// Where it was read from.
    pub origin: String,
    /// The scenario.
    pub scenario: String,
    /// When it started.
    pub started_at: String,
    /// Where requests went.
    pub base_url: String,
    /// What it found.
    pub capacity: Capacity,
    /// The knee, in journeys per second; absent if it cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knee_per_s: Option<f64>,
}

/// One rate that both tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedRate {
    /// Journeys per second that were due.
    pub rate_per_s: f64,
    /// What came of it in BASE.
    pub base: RateOutcome,
    /// What came of it in NEW.
    pub new: RateOutcome,
}

/// What came of a rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RateOutcome {
    /// How it came out.
    pub outcome: Outcome,
    /// The median response time, in microseconds.
    pub p50_us: u64,
    /// The response time that 95 of 100 requests are not above.
    pub p95_us: u64,
    /// Steps that failed of all; absent if there are none.
    pub error_rate: Option<f64>,
}

impl CompareOptions {
    /// No capacity may be lower by more than `margin`, a share.
    pub fn within(margin: f64) -> Self {
        let factor = ((1.0 - margin) * 1e9).round() / 1e9;
        let gate = Gate {
            metric: Metric::Capacity,
            of: Of::All,
            comparison: Sign::AtLeast,
            bound: Bound::Baseline(factor),
            span: Span::Whole,
            options: GateOptions::default(),
        };
        let rules = vec![Rule { name: Rule::name_of(&gate), gate, role: Role::Deciding }];
        Self { rules, margin: Some(margin), different_scenarios: false }
    }

    /// These gates, and no other.
    pub fn judging(gates: &[Gate]) -> Self {
        let rules = gates.iter().map(|gate| Rule::own(Rule::name_of(gate), gate.clone())).collect();
        Self { rules, margin: None, different_scenarios: false }
    }
}

/// Compares `new` with `base`.
///
/// # Errors
/// When they are of different scenarios or have different gates, and `options` do not allow that, or when a rule is about
/// something else than the capacity.
pub fn compare(base: Side<'_>, new: Side<'_>, options: &CompareOptions) -> Result<CapacityComparison, Refusal> {
    if let Some(rule) = options.rules.iter().find(|rule| rule.gate.metric != Metric::Capacity) {
        return Err(Refusal {
            message: format!("`{}` is nothing that an exploration finds", rule.gate.metric),
            hint: "two explorations are compared by their capacity: --gate 'capacity >= 0.9x baseline'".to_owned(),
        });
    }
    if let Some(refusal) = refused(base, new).filter(|_| !options.different_scenarios) {
        return Err(refusal);
    }
    let ratio = Ratio::of(&base.result.capacity, &new.result.capacity);
    let findings = options.rules.iter().map(|rule| judged(rule, &ratio, base, new)).collect();
    Ok(CapacityComparison {
        base: ComparedExploration::of(base),
        new: ComparedExploration::of(new),
        gates: gates_of(new.result),
        margin: options.margin,
        ratio: ratio.point,
        ratio_low: ratio.low,
        ratio_high: ratio.high,
        change: ratio.told(base, new),
        rates: common_rates(&base.result.points, &new.result.points),
        warnings: warnings(base, new),
        notes: notes(base, new),
        findings,
    })
}

/// NEW's capacity divided by BASE's, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ratio {
    point: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

impl Ratio {
    fn of(base: &Capacity, new: &Capacity) -> Self {
        let whole = |side: &Capacity| {
            let ends = (side.low_per_s?, side.per_s?, side.high_per_s?);
            (0.0 < ends.0 && ends.0 <= ends.1 && ends.1 <= ends.2).then_some(ends)
        };
        if let (Some((base_low, base, base_high)), Some((new_low, new, new_high))) = (whole(base), whole(new)) {
            let down = (new / new_low).ln().hypot((base_high / base).ln());
            let up = (new_high / new).ln().hypot((base / base_low).ln());
            let ratio = new / base;
            return Self { point: Some(ratio), low: Some(ratio * (-down).exp()), high: Some(ratio * up.exp()) };
        }
        // What is known of one end alone is as good as its bound.
        let over = |above: Option<f64>, below: Option<f64>| Some(above? / below.filter(|below| *below > 0.0)?);
        Self { point: None, low: over(new.low_per_s, base.high_per_s), high: over(new.high_per_s, base.low_per_s) }
    }

    /// `0.85x to 0.91x`
    fn text(&self) -> Option<String> {
        Some(match (self.low, self.high) {
            (Some(low), Some(high)) => format!("{} to {}", times(low), times(high)),
            (Some(low), None) => format!("at least {}", times(low)),
            (None, Some(high)) => format!("at most {}", times(high)),
            (None, None) => return None,
        })
    }

    /// `capacity fell 12% ± 3%: 297/s to 261/s`
    fn told(&self, base: Side<'_>, new: Side<'_>) -> String {
        let (of_base, of_new) = (&base.result.capacity, &new.result.capacity);
        if let (Some(ratio), Some(low), Some(high)) = (self.point, self.low, self.high) {
            let percent = (ratio - 1.0) * 100.0;
            let spread = share((high - ratio).max(ratio - low) * 100.0);
            let both = match (of_base.per_s, of_new.per_s) {
                (Some(base), Some(new)) => format!(": {} to {}", rate(base), rate(new)),
                _ => String::new(),
            };
            return match (low, high) {
                (_, high) if high < 1.0 => format!("capacity fell {} ± {spread}{both}", share(-percent)),
                (low, _) if low > 1.0 => format!("capacity rose {} ± {spread}{both}", share(percent)),
                _ => {
                    let sign = if percent < 0.0 { "-" } else { "+" };
                    format!("no change of capacity is shown: {sign}{} ± {spread}{both}", share(percent.abs()))
                }
            };
        }
        let sides = format!("BASE takes {}, NEW takes {}", about(of_base), about(of_new));
        match self {
            Self { high: Some(high), .. } if *high < 1.0 => {
                format!("capacity fell by at least {}: {sides}", share((1.0 - high) * 100.0))
            }
            Self { low: Some(low), .. } if *low > 1.0 => {
                format!("capacity rose by at least {}: {sides}", share((low - 1.0) * 100.0))
            }
            _ => format!("how capacity changed is not known: {sides}"),
        }
    }
}

/// `12%`, `3.4%`
fn share(percent: f64) -> String {
    match percent.abs() >= 10.0 {
        true => format!("{percent:.0}%"),
        false => format!("{}%", format!("{percent:.1}").trim_end_matches(".0")),
    }
}

fn judged(rule: &Rule, ratio: &Ratio, base: Side<'_>, new: Side<'_>) -> Finding {
    let gate = &rule.gate;
    let status = match (ratio.low, ratio.high) {
        (Some(low), _) if gate.holds(low) => Status::Pass,
        (_, Some(high)) if !gate.holds(high) => Status::Fail,
        _ => Status::Invalid,
    };
    let text = ratio.text();
    let confidence = base.result.capacity.confidence.min(new.result.capacity.confidence);
    let samples = (base.result.points.len() + new.result.points.len()) as u64;
    Finding {
        status,
        warn: gate.options.warn,
        observed: ratio.point.map(times).or_else(|| text.clone()),
        samples,
        interval: text.map(|text| Interval {
            confidence,
            low: ratio.low,
            high: ratio.high,
            text,
            effective_samples: samples,
        }),
        reason: match status {
            Status::Invalid => Some(undecided(gate, ratio, base, new)),
            _ => Some(ratio.told(base, new)),
        },
        ..Finding::new(rule.name.as_str(), Kind::Baseline, gate.to_string())
    }
}

/// What keeps a rule open, and what would decide it.
fn undecided(gate: &Gate, ratio: &Ratio, base: Side<'_>, new: Side<'_>) -> String {
    let told = ratio.told(base, new);
    if ratio.point.is_some() {
        let bound = format!("{}x", gate.bound_value());
        return format!(
            "{told}, so {bound} is neither kept nor broken for certain; explorations with a smaller --precision would tell"
        );
    }
    let open = [("BASE", base), ("NEW", new)];
    let why: Vec<String> = open
        .into_iter()
        .filter_map(|(name, side)| {
            let capacity = &side.result.capacity;
            let why = match capacity.limited_by {
                _ if capacity.low_per_s.is_some() && capacity.high_per_s.is_some() => return None,
                LimitedBy::Generator => "the generator was the limit",
                LimitedBy::Range => "all that was allowed held: raise --to",
                _ if side.result.points.is_empty() => "no rate was tried",
                _ if capacity.low_per_s.is_none() && nothing_held(&side.result.points) => "nothing held: lower --from",
                _ if capacity.low_per_s.is_none() => "too little was seen to be sure of any rate that holds",
                LimitedBy::Budget | LimitedBy::Target | LimitedBy::Refusal => "it ended before the limit was found",
            };
            Some(format!("in {name} {why}"))
        })
        .collect();
    format!("{told}; {}", why.join("; "))
}

/// Whether a rate broke a gate, and none held.
fn nothing_held(points: &[Point]) -> bool {
    let any = |outcome| points.iter().any(|point| point.outcome == outcome);
    any(Outcome::Breaks) && !any(Outcome::Holds)
}

impl ComparedExploration {
    fn of(side: Side<'_>) -> Self {
        let result = side.result;
        Self {
            origin: side.origin.to_owned(),
            scenario: result.name.clone(),
            started_at: result.started_at.clone(),
            base_url: result.base_url.clone(),
            capacity: result.capacity.clone(),
            knee_per_s: result.knee.map(|knee| knee.per_s),
        }
    }
}

/// The gates of an exploration as written, in order, whatever they are called.
fn gates_of(result: &ExplorationResult) -> Vec<String> {
    let mut gates: Vec<String> = result.asked.gates.iter().map(|(_, wanted)| wanted.clone()).collect();
    gates.sort_unstable();
    gates.dedup();
    gates
}

/// Why these cannot be compared; nothing if they can.
fn refused(base: Side<'_>, new: Side<'_>) -> Option<Refusal> {
    let refusal = |message: String, hint: &str| Some(Refusal { message, hint: hint.to_owned() });
    let (one, other) = (base.result, new.result);
    if one.name != other.name {
        let message = format!(
            "these are explorations of different scenarios: `{}` ({}) and `{}` ({})",
            one.name, base.origin, other.name, new.origin
        );
        return refusal(message, "compare explorations of one scenario, or say --different-scenarios");
    }
    if one.scenario_hash != other.scenario_hash {
        let message = format!(
            "the scenario `{}` is not the same in {} and {}: its steps, its load or its variables have changed",
            one.name, base.origin, new.origin
        );
        return refusal(message, "explore the base again with the scenario as it is now, or say --different-scenarios");
    }
    (gates_of(one) != gates_of(other)).then(|| Refusal {
        message: different_gates(one, other),
        hint: "explore the base again with the gates as they are now, or say --different-scenarios".to_owned(),
    })
}

fn different_gates(base: &ExplorationResult, new: &ExplorationResult) -> String {
    let listed = |result: &ExplorationResult| gates_of(result).join(", ");
    format!("the capacities were found by different gates: {} in BASE, {} in NEW", listed(base), listed(new))
}

/// What differs although it can be compared.
fn warnings(base: Side<'_>, new: Side<'_>) -> Vec<String> {
    let (one, other) = (base.result, new.result);
    let mut warnings = Vec::new();
    if one.name != other.name {
        warnings.push(format!("these are explorations of different scenarios: `{}` and `{}`", one.name, other.name));
    } else if one.scenario_hash != other.scenario_hash {
        warnings.push("the scenario is not the same in both: steps, load or variables have changed".to_owned());
    }
    if gates_of(one) != gates_of(other) {
        warnings.push(different_gates(one, other));
    }
    let (machine, another) = (one.machine.told(), other.machine.told());
    if machine != another {
        let both = format!("{machine} and {another}");
        warnings.push(format!("the explorations are from different machines: {both}; a difference may be theirs"));
    }
    if one.mnload_version != other.mnload_version {
        let both = format!("{} and {}", one.mnload_version, other.mnload_version);
        warnings.push(format!("the explorations are of different versions of mnload: {both}"));
    }
    for (name, side) in [("BASE", one), ("NEW", other)] {
        if side.ending != Ending::Completed {
            warnings.push(format!("{name} was stopped before its end: what it found until then is compared"));
        }
        if side.capacity.limited_by == LimitedBy::Refusal {
            warnings.push(format!("the limit of {name} is that the target refuses requests: it may be a policy"));
        }
    }
    warnings
}

/// What is only said: a candidate usually has another address.
fn notes(base: Side<'_>, new: Side<'_>) -> Vec<String> {
    let (one, other) = (base.result, new.result);
    let elsewhere = one.base_url != other.base_url;
    let elsewhere = elsewhere.then(|| format!("BASE is {}, NEW is {}", one.base_url, other.base_url));
    let alone = "one exploration on each side: how much explorations differ from each other is not seen".to_owned();
    elsewhere.into_iter().chain([alone]).collect()
}

/// Rates that both sides tried, each as it came out when it was looked at for longest.
fn common_rates(base: &[Point], new: &[Point]) -> Vec<ComparedRate> {
    let best = |points: &[Point], rate_per_s: f64| {
        let near = |point: &&Point| {
            (point.rate_per_s / rate_per_s - 1.0).abs() <= SAME_RATE && point.outcome != Outcome::Interrupted
        };
        let longest = points.iter().filter(near).max_by(|one, other| one.judged_s.total_cmp(&other.judged_s));
        longest.map(RateOutcome::of)
    };
    let mut rates: Vec<f64> = base.iter().map(|point| point.rate_per_s).filter(|rate| *rate > 0.0).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup_by(|next, before| (*next / *before - 1.0).abs() <= SAME_RATE);
    let compared = rates.into_iter().filter_map(|rate_per_s| {
        Some(ComparedRate { rate_per_s, base: best(base, rate_per_s)?, new: best(new, rate_per_s)? })
    });
    compared.collect()
}

impl RateOutcome {
    fn of(point: &Point) -> Self {
        Self {
            outcome: point.outcome,
            p50_us: point.response_us.p50,
            p95_us: point.response_us.p95,
            error_rate: point.error_rate,
        }
    }
}

#[cfg(test)]
mod tests;
