//! What Prometheus says of its rules: which are loaded, whether they can be evaluated, and which alerts fire.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::super::figure::{Figure, Reading};
use super::source::OTHER_CLOCKS;
use crate::units::format_duration;

/// A rule that was not evaluated for so many intervals, and for a minute, says nothing.
const INTERVALS: f64 = 3.0;
const NEVER_BEFORE_S: f64 = 60.0;

/// The alerts that must not fire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Quiet {
    /// Nobody asks.
    NotAsked,
    /// None may.
    All,
    /// None of these may.
    Named(Vec<String>),
}

/// `/api/v1/rules`
#[derive(Debug, Default, Deserialize)]
pub(super) struct RuleList {
    groups: Vec<Group>,
}

#[derive(Debug, Deserialize)]
struct Group {
    #[serde(default)]
    interval: f64,
    rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    health: String,
    #[serde(default)]
    last_error: String,
    #[serde(default)]
    last_evaluation: String,
    /// Of alerts alone: inactive, pending or firing.
    #[serde(default)]
    state: String,
}

impl RuleList {
    /// Counts the rules that are `wanted`, and the alerts that must be `quiet` and fire.
    pub(super) fn judge(&self, wanted: &[String], quiet: &Quiet, now: Timestamp, reading: &mut Reading) {
        if !wanted.is_empty() {
            let missing: Vec<&str> =
                wanted.iter().filter(|name| self.of_name(name).next().is_none()).map(String::as_str).collect();
            reading.figure("rules", Figure::Count((wanted.len() - missing.len()) as u64));
            reading.figure("rules_missing", Figure::Count(missing.len() as u64));
            reading.notes.extend(missing.iter().map(|name| format!("the rule {name} is not loaded")));
            for (group, rule) in wanted.iter().flat_map(|name| self.of_name(name)) {
                rule.note_health(group, now, reading);
            }
        }
        let alerts: Vec<(&Group, &Rule)> = match quiet {
            Quiet::NotAsked => return,
            Quiet::All => self.all().filter(|(_, rule)| rule.kind == "alerting").collect(),
            Quiet::Named(names) => {
                let is_alert = |name: &String| self.of_name(name).any(|(_, rule)| rule.kind == "alerting");
                // An alert that nobody has loaded is silent whatever happens.
                let silent = names.iter().filter(|name| !is_alert(name));
                reading
                    .missing
                    .extend(silent.map(|name| format!("there is no alert {name}: its silence says nothing")));
                let of_names = names.iter().flat_map(|name| self.of_name(name));
                of_names.filter(|(_, rule)| rule.kind == "alerting").collect()
            }
        };
        if alerts.is_empty() && *quiet == Quiet::All {
            reading.missing.push("no alert is loaded: their silence says nothing".to_owned());
        }
        let mut firing = 0;
        for (group, rule) in alerts {
            if !wanted.contains(&rule.name) {
                rule.note_health(group, now, reading);
            }
            match rule.state.as_str() {
                "firing" => {
                    firing += 1;
                    reading.notes.push(format!("{} is firing", rule.name));
                }
                "pending" => reading.notes.push(format!("{} is about to fire", rule.name)),
                "inactive" => {}
                other => reading.missing.push(format!("{} is `{other}`, which is not known here", rule.name)),
            }
        }
        reading.figure("firing", Figure::Count(firing));
    }

    fn all(&self) -> impl Iterator<Item = (&Group, &Rule)> {
        self.groups.iter().flat_map(|group| group.rules.iter().map(move |rule| (group, rule)))
    }

    fn of_name<'l>(&'l self, name: &'l str) -> impl Iterator<Item = (&'l Group, &'l Rule)> {
        self.all().filter(move |(_, rule)| rule.name == name)
    }
}

impl Rule {
    fn note_health(&self, group: &Group, now: Timestamp, reading: &mut Reading) {
        let name = &self.name;
        match self.health.as_str() {
            "ok" => {}
            "err" => {
                reading.broken.push(format!("the rule {name} cannot be evaluated: {}", self.last_error));
                return;
            }
            "unknown" => {
                reading.missing.push(format!("the rule {name} was not evaluated yet"));
                return;
            }
            other => {
                reading.missing.push(format!("the rule {name} is `{other}`, which is not known here"));
                return;
            }
        }
        // Old versions do not say when.
        if self.last_evaluation.is_empty() {
            return;
        }
        match self.last_evaluation.parse::<Timestamp>() {
            Ok(last) if now.duration_since(last).as_secs_f64() < -OTHER_CLOCKS.as_secs_f64() => {
                let what = format!("the rule {name} says that it was evaluated at {last}, which is still to come");
                reading.missing.push(what);
            }
            Ok(last) => {
                let age = Duration::try_from(now.duration_since(last)).unwrap_or_default();
                if age.as_secs_f64() > (group.interval * INTERVALS).max(NEVER_BEFORE_S) {
                    let age = format_duration(age);
                    reading.missing.push(format!("the rule {name} was evaluated {age} ago, last"));
                }
            }
            Err(_) => reading.missing.push(format!("the rule {name} does not say when it was evaluated")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rule(name: &str, kind: &str, health: &str, state: &str) -> Value {
        json!({"name": name, "type": kind, "health": health, "state": state, "query": "up == 0",
               "lastError": "bad", "lastEvaluation": "2026-11-22T00:59:55Z", "labels": {}, "alerts": []})
    }

    fn judge(rules: &[Value], wanted: &[&str], quiet: &Quiet) -> Reading {
        let list: RuleList =
            serde_json::from_value(json!({"groups": [{"name": "g", "file": "f", "interval": 15, "rules": rules}]}))
                .unwrap();
        let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        let mut reading = Reading::default();
        list.judge(&wanted, quiet, "2026-11-22T01:00:00Z".parse().unwrap(), &mut reading);
        reading
    }

    #[test]
    fn rules_must_be_loaded_and_alerts_that_must_be_quiet_must_exist() {
        let slow = rule("Slow", "alerting", "ok", "inactive");
        let loud = rule("Loud", "alerting", "ok", "firing");
        let loaded = judge(&[slow.clone(), loud.clone()], &["Slow", "Gone"], &Quiet::NotAsked);
        assert_eq!(
            loaded.figures,
            [("rules".to_owned(), Figure::Count(1)), ("rules_missing".to_owned(), Figure::Count(1))]
        );
        assert_eq!(loaded.notes, ["the rule Gone is not loaded"]);
        let named = |names: &[&str]| Quiet::Named(names.iter().map(|name| (*name).to_owned()).collect());
        let firing = |reading: &Reading| reading.figures.iter().find(|(name, _)| name == "firing").cloned().unwrap().1;
        let both = [slow.clone(), loud];
        assert_eq!(firing(&judge(&both, &[], &named(&["Slow"]))), Figure::Count(0));
        assert_eq!(firing(&judge(&both, &[], &Quiet::All)), Figure::Count(1));
        assert!(judge(&both, &[], &named(&["Gone"])).missing[0].contains("its silence says nothing"));
        assert!(judge(&[], &[], &Quiet::All).missing[0].contains("no alert is loaded"));
        // A recording rule of the name is no alert.
        let recording = rule("Gone", "recording", "ok", "");
        assert!(judge(&[recording], &[], &named(&["Gone"])).missing[0].contains("there is no alert"));
    }

    #[test]
    fn a_rule_that_is_not_evaluated_says_nothing() {
        assert!(judge(&[rule("R", "recording", "err", "")], &["R"], &Quiet::NotAsked).broken[0].contains("bad"));
        assert!(judge(&[rule("R", "alerting", "unknown", "inactive")], &[], &Quiet::All).missing[0].contains("yet"));
        let mut old = rule("R", "alerting", "ok", "inactive");
        old["lastEvaluation"] = json!("2026-11-22T00:30:00Z");
        assert!(judge(&[old.clone()], &[], &Quiet::All).missing[0].contains("30m ago"));
        old["lastEvaluation"] = json!("2026-11-22T01:30:00Z");
        assert!(judge(&[old], &[], &Quiet::All).missing[0].contains("still to come"));
        assert!(judge(&[rule("R", "alerting", "ok", "odd")], &[], &Quiet::All).missing[0].contains("`odd`"));
    }
}
