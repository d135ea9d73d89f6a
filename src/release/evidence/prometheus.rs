//! `read = { prometheus = { url = "…", targets = ["backend"] } }`: what Prometheus scrapes, knows, and warns of.

use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::super::figure::{Figure, Reading, SourceRead, Unit};
use super::ask::{Named, Service};
use super::prometheus_rules::{Quiet, RuleList};
use super::prometheus_targets::Targets;
use super::source::{Context, OTHER_CLOCKS};
use crate::scenario::{Spanned, Value};
use crate::units::format_duration;
use crate::values::Resolver;

/// What it gives, as far as it is asked for.
pub(super) const FIGURES: [(&str, Unit); 6] = [
    ("targets_up", Unit::Count),
    ("targets_down", Unit::Count),
    ("value", Unit::Number),
    ("rules", Unit::Count),
    ("rules_missing", Unit::Count),
    ("firing", Unit::Count),
];
/// Clocks of servers may differ by so much, and an answer may take as long.
const SAMPLE_AGE: Duration = Duration::from_secs(5 * 60);
/// What lies before 2000 is no time: whoever gives that does not know the function `timestamp`.
const A_TIME_S: f64 = 946_684_800.0;

/// A Prometheus, and what it is asked.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrometheusSection {
    /// Where it is.
    pub url: Option<Spanned<String>>,
    /// A token for it, which is sent as a bearer and never shown.
    pub token: Option<Spanned<String>>,
    /// How long one question may take; 10s by default.
    pub timeout: Option<Spanned<String>>,
    /// The jobs that it must scrape.
    pub targets: Option<Spanned<Vec<Spanned<String>>>>,
    /// A query that gives one number: the figure `value`.
    pub query: Option<Spanned<String>>,
    /// How old the samples behind the query, and the last scrapes, may be.
    pub max_sample_age: Option<Spanned<String>>,
    /// The rules that must be loaded.
    pub rules: Option<Spanned<Vec<Spanned<String>>>>,
    /// The alerts that must not fire; or true for all.
    pub quiet: Option<Spanned<Value>>,
}

/// The same, resolved.
#[derive(Debug, Clone)]
pub struct Prometheus {
    pub(super) service: Service,
    targets: Vec<String>,
    query: Option<String>,
    max_sample_age: Option<Duration>,
    rules: Vec<String>,
    quiet: Quiet,
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, section: &Spanned<PrometheusSection>) -> Option<Prometheus> {
    let written = section.get_ref();
    let named = Named {
        url: written.url.as_ref(),
        token: written.token.as_ref(),
        tenant: None,
        timeout: written.timeout.as_ref(),
        span: section.span(),
    };
    let service = Service::resolve(resolver, &named);
    let mut names = |list: &Option<Spanned<Vec<Spanned<String>>>>| -> Vec<String> {
        list.iter().flat_map(|list| list.get_ref()).map(|name| resolver.text(name)).collect()
    };
    let (targets, rules) = (names(&written.targets), names(&written.rules));
    let query = written.query.as_ref().map(|query| resolver.text(query));
    let max_sample_age = written.max_sample_age.as_ref().and_then(|age| resolver.duration(age, true));
    let quiet = match written.quiet.as_ref().map(|quiet| (quiet.get_ref(), quiet.span())) {
        None | Some((Value::Boolean(false), _)) => Quiet::NotAsked,
        Some((Value::Boolean(true), _)) => Quiet::All,
        Some((Value::Array(list), span)) => {
            let named: Vec<String> = list.iter().map(|name| resolver.scalar("quiet", name)).collect();
            if named.is_empty() {
                resolver.mistake(span, "no alert is named", "name alerts, or write quiet = true for all");
            }
            Quiet::Named(named)
        }
        Some((other, span)) => {
            let message = format!("`quiet` is a list of alerts, or true, not {}", other.type_name());
            resolver.mistake(span, message, "for example quiet = [\"HighLatency\"]");
            Quiet::NotAsked
        }
    };
    if targets.is_empty() && rules.is_empty() && query.is_none() && quiet == Quiet::NotAsked {
        let hint = "add targets = [\"a job\"], query = \"…\", rules = [\"a rule\"] or quiet = true";
        resolver.mistake(section.span(), "Prometheus is asked nothing here", hint);
    }
    Some(Prometheus { service: service?, targets, query, max_sample_age, rules, quiet })
}

/// What all answers of Prometheus look like.
#[derive(Deserialize)]
struct Envelope {
    status: String,
    data: Option<Json>,
    #[serde(default)]
    error: String,
    #[serde(default)]
    warnings: Vec<String>,
}

/// What a query gave.
#[derive(Deserialize)]
struct Queried {
    #[serde(rename = "resultType")]
    kind: String,
    result: Json,
}

/// A time in seconds, and a value as text.
type Sample = (f64, String);

#[derive(Deserialize)]
struct Series {
    value: Sample,
}

impl Prometheus {
    pub(super) fn defaults(&self) -> &'static [&'static str] {
        match (!self.targets.is_empty(), !self.rules.is_empty(), self.quiet != Quiet::NotAsked) {
            (false, false, false) => &[],
            (true, false, false) => &["targets_down == 0"],
            (false, true, false) => &["rules_missing == 0"],
            (false, false, true) => &["firing == 0"],
            (true, true, false) => &["targets_down == 0", "rules_missing == 0"],
            (true, false, true) => &["targets_down == 0", "firing == 0"],
            (false, true, true) => &["rules_missing == 0", "firing == 0"],
            (true, true, true) => &["targets_down == 0", "rules_missing == 0", "firing == 0"],
        }
    }

    /// Whether it gives a value that something must be wanted of.
    pub(super) fn has_query(&self) -> bool {
        self.query.is_some()
    }

    pub(super) fn read(&self, context: &Context<'_>) -> Reading {
        let source =
            SourceRead { name: self.service.shown(), made_at: Some(context.now.to_string()), ..SourceRead::default() };
        let mut reading = Reading { sources: vec![source], ..Reading::default() };
        if !self.targets.is_empty() {
            match self.ask::<Targets>(context, "/api/v1/targets", &[("state", "active")], &mut reading) {
                Ok(found) => found.judge(&self.targets, context.now, self.max_sample_age, &mut reading),
                Err(why) => reading.missing.push(why),
            }
        }
        if let Some(query) = &self.query {
            match self.value(context, query, &mut reading) {
                Ok(value) => reading.figure("value", Figure::Number(value)),
                Err(why) => reading.missing.push(why),
            }
        }
        if !self.rules.is_empty() || self.quiet != Quiet::NotAsked {
            match self.ask::<RuleList>(context, "/api/v1/rules", &[], &mut reading) {
                Ok(list) => list.judge(&self.rules, &self.quiet, context.now, &mut reading),
                Err(why) => reading.missing.push(why),
            }
        }
        let clean = |list: &mut Vec<String>| {
            list.iter_mut().for_each(|text| *text = context.secrets.redact(text).into_owned());
        };
        [&mut reading.missing, &mut reading.broken, &mut reading.notes].into_iter().for_each(clean);
        reading
    }

    /// Asks for `path`; what it warns of makes an answer one that is not known to be whole.
    fn ask<T: DeserializeOwned>(
        &self,
        context: &Context<'_>,
        path: &str,
        query: &[(&str, &str)],
        reading: &mut Reading,
    ) -> Result<T, String> {
        let shown = self.service.shown();
        let (status, json) = self.service.json(context, path, query)?;
        let unknown = |_| format!("{shown} answers {path} with {status} and an unknown shape: is it a Prometheus?");
        let envelope: Envelope = serde_json::from_value(json).map_err(unknown)?;
        if envelope.status != "success" || status != 200 {
            return Err(format!("{shown} answers {path} with {status}: {}", envelope.error));
        }
        let warned = envelope.warnings.iter().map(|warning| format!("{shown} warns of its answer: {warning}"));
        reading.missing.extend(warned);
        serde_json::from_value(envelope.data.unwrap_or_default()).map_err(unknown)
    }

    fn value(&self, context: &Context<'_>, query: &str, reading: &mut Reading) -> Result<f64, String> {
        let queried: Queried = self.ask(context, "/api/v1/query", &[("query", query)], reading)?;
        let (at_s, value) = single(queried).map_err(|why| format!("the query {why}"))?;
        let most = self.max_sample_age.unwrap_or(SAMPLE_AGE);
        let mut sampled_at_s = at_s;
        if self.max_sample_age.is_some() {
            // Of a plain series this is the time of its last sample; of what is calculated, the time of the query.
            let text = format!("timestamp({query})");
            let told: Result<Queried, String> =
                self.ask(context, "/api/v1/query", &[("query", &text)], &mut Reading::default());
            let told = told.ok().and_then(|queried| single(queried).ok()).map(|(_, sampled)| sampled);
            sampled_at_s = told.filter(|sampled| *sampled > A_TIME_S).map_or(at_s, |sampled| sampled.min(at_s));
        }
        let age_s = context.now.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64() - sampled_at_s;
        if age_s > most.as_secs_f64() || -age_s > most.min(OTHER_CLOCKS).as_secs_f64() {
            let off = format_duration(Duration::try_from_secs_f64(age_s.abs()).unwrap_or_default());
            return Err(match age_s > 0.0 {
                true => format!("what the query gives is {off} old; at most {} is accepted", format_duration(most)),
                false => {
                    format!("what the query gives is {off} ahead of this machine's clock, so its age says nothing")
                }
            });
        }
        Ok(value)
    }
}

/// The one number that a query gave, and its time in seconds.
fn single(queried: Queried) -> Result<(f64, f64), String> {
    let (at_s, value) = match queried.kind.as_str() {
        "scalar" => serde_json::from_value::<Sample>(queried.result).map_err(|_| "gives no number".to_owned())?,
        "vector" => {
            let series: Vec<Series> =
                serde_json::from_value(queried.result).map_err(|_| "gives no numbers".to_owned())?;
            let count = series.len();
            match series.into_iter().next() {
                None => {
                    return Err("gives nothing: no series is like that, or none was seen in the last minutes".into());
                }
                Some(_) if count > 1 => {
                    return Err(format!("gives {count} series, and may give one: add sum(…) or max(…)"));
                }
                Some(one) => one.value,
            }
        }
        other => return Err(format!("gives a {other}, and must give one number")),
    };
    match value.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((at_s, number)),
        _ => Err(format!("gives {value}, which is no number to compare with")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(kind: &str, result: Json) -> Result<(f64, f64), String> {
        single(Queried { kind: kind.to_owned(), result })
    }

    #[test]
    fn a_query_gives_one_number_or_none() {
        assert_eq!(of("scalar", json!([5.5, "0.25"])), Ok((5.5, 0.25)));
        assert_eq!(of("vector", json!([{"metric": {}, "value": [5, "3"]}])), Ok((5.0, 3.0)));
        let two = json!([{"metric": {}, "value": [5, "3"]}, {"metric": {"a": "b"}, "value": [5, "4"]}]);
        for (kind, result, wanted) in [
            ("vector", json!([]), "gives nothing"),
            ("vector", two, "gives 2 series"),
            ("vector", json!([{"metric": {}, "value": [5, "NaN"]}]), "gives NaN"),
            ("scalar", json!([5, "+Inf"]), "gives +Inf"),
            ("matrix", json!([]), "gives a matrix"),
            ("vector", json!([{"metric": {}, "histogram": [5, {}]}]), "no numbers"),
        ] {
            let why = of(kind, result).unwrap_err();
            assert!(why.contains(wanted), "{why}");
        }
    }
}
