//! `read = { loki = { url = "…", query = '{service="backend"}' } }`: log lines that have arrived, and how new they are.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::super::figure::{Figure, Reading, SourceRead, Unit};
use super::ask::{Named, Service};
use super::source::Context;
use crate::scenario::{Spanned, Value};
use crate::units::format_duration;
use crate::values::Resolver;

/// What it gives; `age` is that of the newest line, and there only if there is one.
pub(super) const FIGURES: [(&str, Unit); 2] = [("lines", Unit::Count), ("age", Unit::Seconds)];
/// So far back is looked if the file does not say.
const WITHIN: Duration = Duration::from_secs(5 * 60);
/// So many lines are asked for if the file does not say.
const LIMIT: u64 = 100;
/// Lines take a moment to arrive; so often is asked again.
const PAUSE: Duration = Duration::from_secs(1);
/// So often is looked whether all is to end.
const TICK: Duration = Duration::from_millis(50);

/// A Loki, and what it is asked.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LokiSection {
    /// Where it is.
    pub url: Option<Spanned<String>>,
    /// A token for it, which is sent as a bearer and never shown.
    pub token: Option<Spanned<String>>,
    /// The tenant, sent as `X-Scope-OrgID`.
    pub tenant: Option<Spanned<String>>,
    /// How long one question may take; 10s by default.
    pub timeout: Option<Spanned<String>>,
    /// Which lines (LogQL): `{service="backend"} |= "${ run.id }"`.
    pub query: Option<Spanned<String>>,
    /// How far back lines are looked for; 5m by default.
    pub within: Option<Spanned<String>>,
    /// How long to ask again while there is no line; not at all by default.
    pub wait: Option<Spanned<String>>,
    /// How many lines are asked for, and counted at the most; 100 by default.
    pub limit: Option<Spanned<Value>>,
}

/// The same, resolved.
#[derive(Debug, Clone)]
pub struct Loki {
    pub(super) service: Service,
    query: String,
    within: Duration,
    wait: Duration,
    limit: u64,
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, section: &Spanned<LokiSection>) -> Option<Loki> {
    let written = section.get_ref();
    let named = Named {
        url: written.url.as_ref(),
        token: written.token.as_ref(),
        tenant: written.tenant.as_ref(),
        timeout: written.timeout.as_ref(),
        span: section.span(),
    };
    let service = Service::resolve(resolver, &named);
    let query = written.query.as_ref().map(|query| resolver.text(query)).unwrap_or_default();
    if query.trim().is_empty() {
        let hint = "for example query = '{service=\"backend\"} |= \"${ run.id }\"'";
        resolver.mistake(section.span(), "no line is looked for", hint);
    }
    let within = written.within.as_ref().and_then(|time| resolver.duration(time, true));
    let wait = written.wait.as_ref().and_then(|time| resolver.duration(time, true));
    let limit = written.limit.as_ref().and_then(|limit| resolver.count("limit", limit, 1));
    Some(Loki {
        service: service?,
        query,
        within: within.unwrap_or(WITHIN),
        wait: wait.unwrap_or_default(),
        limit: limit.unwrap_or(LIMIT),
    })
}

impl Loki {
    pub(super) fn read(&self, context: &Context<'_>) -> Reading {
        let began = Instant::now();
        loop {
            let waited = began.elapsed();
            // The context's time is that of the first question.
            let now = context.now.saturating_add(SignedDuration::try_from(waited).unwrap_or_default());
            let reading = self.ask(context, now.unwrap_or(context.now));
            let is_there = reading.figures.iter().any(|(name, figure)| name == "lines" && *figure != Figure::Count(0));
            if is_there || waited + PAUSE > self.wait {
                return reading;
            }
            if !slept(PAUSE, context.halt) {
                let mut reading = reading;
                reading.missing.push("the release was stopped while a line was waited for".to_owned());
                return reading;
            }
        }
    }

    fn ask(&self, context: &Context<'_>, now: Timestamp) -> Reading {
        let source = SourceRead { name: self.service.shown(), made_at: Some(now.to_string()), ..SourceRead::default() };
        let mut reading = Reading { sources: vec![source], ..Reading::default() };
        let end = now.as_nanosecond();
        let within = i128::try_from(self.within.as_nanos()).unwrap_or(i128::MAX);
        let (start, end) = (end.saturating_sub(within).to_string(), end.to_string());
        let limit = self.limit.to_string();
        let asked = [
            ("query", self.query.as_str()),
            ("start", &start),
            ("end", &end),
            ("limit", &limit),
            ("direction", "backward"),
        ];
        let times = self.service.json(context, "/loki/api/v1/query_range", &asked).and_then(|(status, json)| {
            times_of(&json).map_err(|why| {
                let why = format!("{} answers its query with {status} {why}", self.service.shown());
                context.secrets.redact(&why).into_owned()
            })
        });
        match times {
            Ok(times) => {
                reading.figure("lines", Figure::Count(times.len() as u64));
                if times.len() as u64 >= self.limit {
                    reading.notes.push(format!("{} lines or more: no more were asked for", times.len()));
                }
                if let Some(newest) = times.iter().max() {
                    #[expect(clippy::cast_precision_loss, reason = "an age needs no nanosecond")]
                    let age_s = (now.as_nanosecond() - newest).max(0) as f64 / 1e9;
                    reading.figure("age", Figure::Seconds(age_s));
                } else {
                    let within = format_duration(self.within);
                    reading.notes.push(format!("no line of the last {within} is like {}", self.query));
                }
            }
            Err(why) => reading.missing.push(why),
        }
        reading
    }
}

/// Sleeps for `time`; false if all is to end before that.
fn slept(time: Duration, halt: &dyn Fn() -> bool) -> bool {
    let until = Instant::now() + time;
    while Instant::now() < until {
        if halt() {
            return false;
        }
        std::thread::sleep(TICK);
    }
    !halt()
}

/// When each line was written, in nanoseconds since 1970.
fn times_of(json: &Json) -> Result<Vec<i128>, String> {
    if json["status"].as_str() != Some("success") {
        let said = json["error"].as_str().or_else(|| json["message"].as_str()).unwrap_or("and an unknown shape");
        return Err(said.to_owned());
    }
    match json["data"]["resultType"].as_str() {
        Some("streams") => {}
        Some(other) => return Err(format!("and {other}: ask for lines, not for a number")),
        None => return Err("and an unknown shape".to_owned()),
    }
    let unknown = || "and an unknown shape".to_owned();
    let mut times = Vec::new();
    for stream in json["data"]["result"].as_array().ok_or_else(unknown)? {
        for line in stream["values"].as_array().ok_or_else(unknown)? {
            times.push(line[0].as_str().and_then(|time| time.parse().ok()).ok_or_else(unknown)?);
        }
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_are_counted_over_all_streams_and_numbers_are_no_lines() {
        let streams = json!({"status": "success", "data": {"resultType": "streams", "result": [
            {"stream": {"service": "backend"}, "values": [["1700000000000000002", "b"], ["1700000000000000001", "a"]]},
            {"stream": {"service": "frontend"}, "values": [["1700000000000000003", "c"]]}
        ], "stats": {}}});
        assert_eq!(times_of(&streams).unwrap().iter().max(), Some(&1_700_000_000_000_000_003));
        let none = json!({"status": "success", "data": {"resultType": "streams", "result": []}});
        assert_eq!(times_of(&none), Ok(vec![]));
        for wrong in [
            json!({"status": "success", "data": {"resultType": "matrix", "result": []}}),
            json!({"status": "success"}),
            json!({"status": "error", "error": "parse error"}),
            json!({"status": "success", "data": {"resultType": "streams", "result": [{"values": [["x", "a"]]}]}}),
            json!([]),
        ] {
            assert!(times_of(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn waiting_ends_when_all_is_to_end() {
        let asked = std::cell::Cell::new(0);
        let halt = || {
            asked.set(asked.get() + 1);
            asked.get() > 2
        };
        assert!(!slept(Duration::from_secs(3_600), &halt));
        assert_eq!(asked.get(), 3);
        assert!(slept(Duration::from_millis(1), &|| false));
    }
}
