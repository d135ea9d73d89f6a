//! The gates of a plan as an exploration uses them: which must hold at a rate, which are asked of the capacity, and which
//! are left out, and why.

use super::Plan;
use super::gates::{DEFAULT_ERRORS, DEFAULT_LATENCY, default_gate, judges_all_errors, unused};
use super::meant::steps_named;
use crate::gate::{Bound, Clock, Gate, GateError, Metric, NamedGate, Options, Origin, Span, Statistic, bears_load};
use crate::metrics::Series;

/// The gates of a plan, as an exploration uses them.
#[derive(Debug, Clone, PartialEq)]
pub struct Explored {
    /// What must hold at a rate: never empty, and never without one that looks at errors.
    pub gates: Vec<NamedGate>,
    /// What the capacity must be.
    pub capacity: Vec<NamedGate>,
    /// The names of those that are left out, each with the reason.
    pub left_out: Vec<(String, String)>,
}

impl Plan {
    /// The plan with `gates` in place of its own, if there are any, and how an exploration uses what it has then.
    ///
    /// A capacity alone is asked beside the gates of the file: it is found by them.
    ///
    /// # Errors
    /// When a text is no gate, or names a step, a group or a tag that there is not.
    pub fn explored(self, gates: &[String]) -> Result<(Self, Explored), String> {
        let read = |text: &String| {
            text.parse().map_err(|error: GateError| format!("the gate `{text}`: {error}; {}", error.hint))
        };
        let plan = self.with_gates(&gates.iter().map(read).collect::<Result<Vec<Gate>, String>>()?)?;
        let explored = plan.use_of_gates();
        Ok((plan, explored))
    }

    /// None of them ends a load: the search does that.
    fn use_of_gates(&self) -> Explored {
        let is_capacity = |named: &&NamedGate| named.gate.metric == Metric::Capacity;
        let of_rates = self.gates.iter().filter(|named| !is_capacity(named));
        let (bearing, others): (Vec<&NamedGate>, Vec<&NamedGate>) = of_rates.partition(|named| bears_load(named));
        let lasting = |named: &NamedGate| {
            let options = Options { abort: None, ..named.gate.options };
            NamedGate { gate: Gate { options, ..named.gate.clone() }, ..named.clone() }
        };
        let mut gates: Vec<NamedGate> = bearing.into_iter().map(lasting).collect();
        // Requests that fail at once look fast: no rate may hold because of that.
        let missing: &[(&str, &str)] = match gates.iter().any(judges_all_errors) {
            true => &[],
            false if gates.is_empty() => &[DEFAULT_LATENCY, DEFAULT_ERRORS],
            false => &[DEFAULT_ERRORS],
        };
        for (name, text) in missing {
            let taken: Vec<NamedGate> = self.gates.iter().chain(&gates).cloned().collect();
            gates.extend(default_gate(&unused(name, &taken), text));
        }
        Explored {
            gates,
            capacity: self.gates.iter().filter(is_capacity).cloned().collect(),
            left_out: others.into_iter().map(|named| (named.name.clone(), why_left_out(named))).collect(),
        }
    }

    /// The same plan with these gates in place of its own.
    fn with_gates(self, gates: &[Gate]) -> Result<Self, String> {
        let only_capacities = gates.iter().all(|gate| gate.metric == Metric::Capacity);
        let stays = |named: &NamedGate| gates.is_empty() || only_capacities && named.gate.metric != Metric::Capacity;
        let mut named: Vec<NamedGate> = self.gates.iter().filter(|named| stays(named)).cloned().collect();
        // Those are numbers of series yet, which each of these steps has for itself.
        for step in named.iter_mut().filter_map(|named| named.series.as_mut()).flatten() {
            *step = self.series.step(*step).unwrap_or(*step);
        }
        for gate in gates {
            let series = steps_named(gate, &self.steps)?;
            let name = unused(&format!("{}{}", gate.metric, gate.of), &named);
            named.push(NamedGate { name, gate: gate.clone(), series, origin: Origin::File, skip: None });
        }
        let own: Vec<usize> = named.iter().filter_map(|named| named.series.as_deref()).flatten().copied().collect();
        let series = Series::of_steps(self.steps.len(), &own);
        for step in named.iter_mut().filter_map(|named| named.series.as_mut()).flatten() {
            *step = series.of(*step);
        }
        Ok(Self { gates: named, series, ..self })
    }
}

/// Why a gate says nothing of how much load a target bears.
fn why_left_out(named: &NamedGate) -> String {
    let gate = &named.gate;
    if let Some(reason) = &named.skip {
        return reason.clone();
    }
    let reason = match (gate.metric, gate.span) {
        _ if gate.options.warn => "it only warns",
        _ if matches!(gate.bound, Bound::Baseline(_)) => "it compares with an earlier run",
        (Metric::Failures, _) | (_, Span::InARow) => "failures in a row are not looked at while exploring",
        (_, Span::Over(_)) => "windows are not looked at while exploring",
        (Metric::Time(Clock::Lag, _), _) => "it is about the generator, not about the target",
        (Metric::Time(_, Statistic::Max), _) => "a maximum grows with the time that one looks, whatever the load",
        (Metric::Errors(_), _) => "a number of errors grows with the time that one looks: error_rate is a share",
        (Metric::Rate, _) => "the rate is what is varied",
        _ => "it gets no harder to keep as the load grows",
    };
    reason.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture::plan;

    const LOAD: &str = "[load]\nmodel = \"open\"\nrate = \"5/s\"\nduration = \"9s\"\n[[step]]\nname = \"a\"\nget = \"/a\"\n[[step]]\nname = \"b\"\nget = \"/b\"\ngroup = \"g\"\n";

    fn with(gates: &[&str]) -> Plan {
        let gates: String = (1..).zip(gates).map(|(number, gate)| format!("g{number} = \"{gate}\"\n")).collect();
        plan(&format!("{LOAD}[gates]\n{gates}"))
    }

    fn written(gates: &[NamedGate]) -> Vec<(&str, String)> {
        gates.iter().map(|named| (named.name.as_str(), named.gate.to_string())).collect()
    }

    #[test]
    fn gates_that_get_harder_with_the_load_count_and_end_nothing() {
        let explored = with(&["p95 < 600ms, abort after 30s", "error_rate < 1%", "capacity >= 200/s"]).use_of_gates();
        let wanted = [("g1", "p95 < 600ms".to_owned()), ("g2", "error_rate < 1%".to_owned())];
        assert_eq!(written(&explored.gates), wanted);
        assert_eq!(written(&explored.capacity), [("g3", "capacity >= 200/s".to_owned())]);
        assert_eq!(explored.left_out, []);
    }

    #[test]
    fn what_is_left_out_has_its_reason() {
        for (gate, said) in [
            ("p95 < 600ms over 5s", "windows"),
            ("failures of a < 3 in a row", "in a row"),
            ("p95 < 600ms, warn", "warns"),
            ("p95 < 1.2x baseline", "an earlier run"),
            ("lag.p99 < 10ms", "the generator"),
            ("max < 2s", "maximum"),
            ("errors(http_500) = 0", "error_rate is a share"),
            ("rate >= 3/s", "is varied"),
            ("p95 > 1ms", "no harder"),
            ("journeys <= 90%", "no harder"),
        ] {
            let explored = with(&["p90 < 1s", "checks >= 99%", gate]).use_of_gates();
            let [(name, reason)] = &explored.left_out[..] else { panic!("{gate}: {explored:?}") };
            assert!(name == "g3" && reason.contains(said), "{gate}: {reason}");
            assert_eq!(explored.gates.len(), 2, "{gate}");
        }
    }

    #[test]
    fn no_rate_holds_because_everything_fails_at_once() {
        let names =
            |gates: &[&str]| with(gates).use_of_gates().gates.into_iter().map(|named| named.name).collect::<Vec<_>>();
        assert_eq!(names(&["errors = 0"]), ["latency", "errors"], "what a run is judged by is left out here");
        assert_eq!(names(&["p95 < 1s", "errors = 0"]), ["g1", "errors"]);
        assert_eq!(names(&["journeys >= 99%"]), ["g1"]);
    }

    #[test]
    fn gates_of_the_command_line_take_the_place_of_those_of_the_file() {
        let gates: Vec<Gate> =
            ["p95 of b < 300ms", "p95 of group g < 1s", "p95 of b < 1s"].map(|gate| gate.parse().unwrap()).to_vec();
        let plan = with(&["p99 < 1s", "capacity >= 9/s"]).with_gates(&gates).unwrap();
        let names: Vec<&str> = plan.gates.iter().map(|named| named.name.as_str()).collect();
        assert_eq!(names, ["p95 of b", "p95 of group g", "p95 of b 2"]);
        assert!(plan.gates.iter().all(|named| named.series.as_deref() == Some(&[1])), "{:?}", plan.gates);
        assert!(plan.use_of_gates().capacity.is_empty());
    }

    #[test]
    fn a_capacity_alone_is_asked_beside_the_gates_of_the_file() {
        let capacity = ["capacity >= 200/s".parse().unwrap()];
        let plan = with(&["p99 of b < 1s", "capacity >= 9/s"]).with_gates(&capacity).unwrap();
        let wanted = [
            ("g1", "p99 of b < 1s".to_owned()),
            ("errors", "error_rate < 1%".to_owned()),
            ("capacity", "capacity >= 200/s".to_owned()),
        ];
        assert_eq!(written(&plan.gates), wanted);
        assert_eq!(plan.gates[0].series.as_deref(), Some(&[1][..]));
        let same = with(&["p99 of b < 1s"]);
        assert_eq!(same.clone().with_gates(&[]).unwrap().gates, same.gates);
    }

    #[test]
    fn a_step_that_there_is_not_is_told_with_those_that_there_are() {
        let said = |gate: &str| with(&[]).explored(&[gate.to_owned()]).unwrap_err();
        let error = said("p95 of nothing < 1s");
        assert!(
            error.starts_with("the gate `p95 of nothing < 1s`: there is no step `nothing`; the steps are: "),
            "{error}"
        );
        assert_eq!(
            said("p95 < 5"),
            "the gate `p95 < 5`: `5` is not a duration: it has no unit; write a number and a unit: 500ms, 10s, 1.5s, 2m, 1h"
        );
    }
}
