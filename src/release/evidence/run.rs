//! `read = { run = "reports/light" }`: what a run of mnload came to; an item's own `scenario` is read so by itself.
//!
//! The verdict is taken only with the findings that it follows from. Beside it stand the run's figures, and what passed in
//! the run that it is compared with and does not pass here.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::figure::{Figure, Reading, SourceRead, Unit};
use super::source::{Context, Place, PlaceKind};
use crate::scenario::{Short, Spanned};
use crate::units::format_count;
use crate::values::Resolver;
use crate::verdict::{Ending, Finding, Kind, Status, Verdict};

/// What it gives. The last two are there only if the run is compared with another.
pub(super) const FIGURES: [(&str, Unit); 9] = [
    ("requests", Unit::Count),
    ("failed", Unit::Count),
    ("error_rate", Unit::Share),
    ("p50", Unit::Seconds),
    ("p95", Unit::Seconds),
    ("p99", Unit::Seconds),
    ("rate", Unit::Number),
    ("newly_failed", Unit::Count),
    ("p95_ratio", Unit::Number),
];
/// The file of a run folder that other programs read.
const FILE: &str = "result.json";
/// The shape of it that is known.
const SCHEMA: &str = "mnload.result";
const MAJOR: &str = "1";
/// So many names are told of what does not pass any more.
const MOST_NAMES: usize = 10;

/// The folder of a run.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunFolderSection {
    /// Its path, relative to the release file.
    pub from: Option<Spanned<String>>,
    /// How old it may be.
    pub max_age: Option<Spanned<String>>,
}

/// The same, resolved.
#[derive(Debug, Clone)]
pub struct RunFolder {
    /// Where it is; asked now if it is the item's own, whose folder is known when it has run.
    pub(super) from: Place,
    /// Whether it is compared with another.
    pub(super) compared: bool,
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, section: &Spanned<Short<RunFolderSection>>) -> Option<RunFolder> {
    let written = match section.get_ref() {
        Short::Text(path) => {
            RunFolderSection { from: Some(Spanned::new(section.span(), path.clone())), ..RunFolderSection::default() }
        }
        Short::Table(table) => table.clone(),
    };
    let Some(from) = &written.from else {
        resolver.mistake(section.span(), "this names no run folder", "for example read = { run = \"reports/light\" }");
        return None;
    };
    let place = Place::resolve(resolver, from, written.max_age.as_ref())?;
    if !matches!(place.kind, PlaceKind::File(_)) {
        resolver.mistake(from.span(), "an output is no run folder", "name the folder that holds result.json");
        return None;
    }
    Some(RunFolder { from: place, compared: false })
}

/// What is read of `result.json`; all else in it is ignored, as any reader of it does.
#[derive(Deserialize)]
struct Told {
    schema: String,
    schema_version: String,
    started_at: String,
    verdict: Verdict,
    ending: Ending,
    reasons: Vec<String>,
    findings: Vec<Finding>,
    #[serde(default)]
    warnings: Vec<String>,
    accounting: Accounting,
    rates: Rates,
    times_us: Times,
    steps: BTreeMap<String, Step>,
    plan: Planned,
}

#[derive(Deserialize)]
struct Accounting {
    scheduled: u64,
    unstarted: u64,
}

#[derive(Deserialize)]
struct Rates {
    requests_per_s: f64,
}

#[derive(Deserialize)]
struct Times {
    response: Latency,
}

#[derive(Deserialize)]
struct Latency {
    count: u64,
    p50: u64,
    p95: u64,
    p99: u64,
}

#[derive(Deserialize)]
struct Step {
    requests: u64,
    failed: u64,
    #[serde(default)]
    tried_again: u64,
    #[serde(default)]
    redirects: u64,
    checks_failed: u64,
}

#[derive(Deserialize)]
struct Planned {
    load: Load,
}

#[derive(Deserialize)]
struct Load {
    model: String,
}

impl RunFolder {
    /// The run that the item at `span` makes itself; `compared` if it names another one.
    pub(in crate::release) fn own(span: Range<usize>, compared: bool) -> Self {
        Self { from: Place::live(span), compared }
    }

    pub(super) fn read(&self, context: &Context<'_>) -> Reading {
        let folder = match &self.from.kind {
            PlaceKind::File(path) => Some(path.clone()),
            _ => context.run_folder.map(PathBuf::from),
        };
        let Some(folder) = folder else { return Reading::nothing("there is no run folder: the scenario was not run") };
        let (told, source) = match told(context, folder, self.from.max_age) {
            Ok(found) => found,
            Err(why) => return Reading::nothing(why),
        };
        let mut reading = Reading { sources: vec![source], ..Reading::default() };
        if let Err(why) = told.is_from_now(context) {
            reading.missing.push(why);
        }
        told.judge(&mut reading);
        told.figures(&mut reading);
        if self.compared {
            compare(&told, context, &mut reading);
        }
        reading
    }
}

/// What the run in `folder` says of itself.
fn told(
    context: &Context<'_>,
    folder: PathBuf,
    max_age: Option<std::time::Duration>,
) -> Result<(Told, SourceRead), String> {
    let path = if folder.is_dir() { folder.join(FILE) } else { folder };
    let shown = path.display().to_string();
    let evidence = context.evidence(&Place { kind: PlaceKind::File(path), max_age, span: 0..0 })?;
    let is_ours = |json: &serde_json::Value| json.get("schema").and_then(serde_json::Value::as_str) == Some(SCHEMA);
    let json: serde_json::Value =
        serde_json::from_slice(&evidence.bytes).map_err(|error| format!("{shown} is no JSON: {error}"))?;
    if !is_ours(&json) {
        return Err(format!("{shown} is no result of `mnload run`: its schema is not {SCHEMA}"));
    }
    let told: Told = serde_json::from_value(json).map_err(|error| format!("{shown} has an unknown shape: {error}"))?;
    if told.schema != SCHEMA || told.schema_version.split('.').next() != Some(MAJOR) {
        return Err(format!("{shown} has version {} of its shape; {MAJOR}.x is known here", told.schema_version));
    }
    Ok((told, evidence.source))
}

impl Told {
    fn is_from_now(&self, context: &Context<'_>) -> Result<(), String> {
        let unreadable = |_| format!("the run does not say when it started: `{}` is no time", self.started_at);
        let started: Timestamp = self.started_at.parse().map_err(unreadable)?;
        context.made("the run", started)
    }

    /// Takes the verdict, if it follows from what the run found.
    fn judge(&self, reading: &mut Reading) {
        reading.notes.extend(self.warnings.iter().cloned());
        if self.accounting.scheduled == 0 || self.accounting.unstarted >= self.accounting.scheduled {
            reading.missing.push("the run started no journey".to_owned());
        }
        if self.steps.values().all(|step| step.requests == 0) {
            reading.missing.push("the run sent no request".to_owned());
        }
        let stopped = match self.ending {
            Ending::Completed | Ending::Aborted => None,
            Ending::Interrupted | Ending::Terminated => Some("the run was stopped from outside before its end"),
            Ending::Killed => Some("the run was killed before its end"),
        };
        reading.missing.extend(stopped.map(str::to_owned));
        let follows = Verdict::of(&self.findings);
        if follows != self.verdict {
            let said = format!("the run says {}, but {} follows from its findings", word(self.verdict), word(follows));
            reading.missing.push(said);
            return;
        }
        match self.verdict {
            Verdict::Pass => {}
            Verdict::Fail if self.reasons.is_empty() => reading.broken.push("the run failed".to_owned()),
            Verdict::Fail => reading.broken.extend(self.reasons.iter().cloned()),
            Verdict::Inconclusive if self.reasons.is_empty() => {
                reading.missing.push("the run is inconclusive".to_owned());
            }
            Verdict::Inconclusive => {
                reading.missing.extend(self.reasons.iter().map(|reason| format!("the run is inconclusive: {reason}")));
            }
        }
    }

    fn figures(&self, reading: &mut Reading) {
        let sum = |of: fn(&Step) -> u64| self.steps.values().map(of).fold(0, u64::saturating_add);
        let (requests, failed) = (sum(|step| step.requests), sum(|step| step.failed));
        reading.figure("requests", Figure::Count(requests));
        reading.figure("failed", Figure::Count(failed));
        // What was tried again or led on has not failed, and has not passed either.
        let outcomes = requests.saturating_sub(sum(|step| step.tried_again.saturating_add(step.redirects)));
        if outcomes > 0 {
            reading.figure("error_rate", Figure::Share(ratio(failed, outcomes)));
        }
        let times = &self.times_us.response;
        if times.count > 0 {
            for (name, time_us) in [("p50", times.p50), ("p95", times.p95), ("p99", times.p99)] {
                reading.figure(name, Figure::Seconds(ratio(time_us, 1_000_000)));
            }
        }
        reading.figure("rate", Figure::Number(self.rates.requests_per_s));
    }

    /// What passed by name: the gates, and in a single pass the steps, each with its checks.
    fn passed(&self) -> Vec<String> {
        let is_passed =
            |finding: &&Finding| finding.kind == Kind::Gate && finding.status == Status::Pass && !finding.warn;
        let gates = self.findings.iter().filter(is_passed);
        let gates = gates.map(|gate| format!("gate {}", gate.name));
        // In a load single requests may fail by chance: there the gates say how many.
        let is_once = self.plan.load.model == "once";
        let passes = move |step: &Step| step.requests > 0 && (!is_once || step.failed == 0 && step.checks_failed == 0);
        let steps = self.steps.iter().filter(move |(_, step)| passes(step)).map(|(name, _)| format!("step {name}"));
        gates.chain(steps).collect()
    }
}

/// Adds what passed in the run before and does not here, and how the times lie to each other.
fn compare(told: &Told, context: &Context<'_>, reading: &mut Reading) {
    let before = match context.baseline {
        // It is from before this item, whatever it is compared for.
        Some(folder) => self::told(&Context { since: None, ..*context }, folder.to_path_buf(), None),
        None => Err("it was not run".to_owned()),
    };
    let before = before.and_then(|(before, source)| match before.passed().is_empty() {
        true => Err("nothing passed in it".to_owned()),
        false => Ok((before, source)),
    });
    let (before, source) = match before {
        Ok(found) => found,
        Err(why) => {
            reading.missing.push(format!("there is no run to compare with: {why}"));
            return;
        }
    };
    let here = told.passed();
    let newly: Vec<String> = before.passed().into_iter().filter(|name| !here.contains(name)).collect();
    reading.figure("newly_failed", Figure::Count(newly.len() as u64));
    let named = newly.iter().take(MOST_NAMES).map(|name| format!("{name} passed in the run before, and does not here"));
    reading.notes.extend(named);
    if newly.len() > MOST_NAMES {
        let more = format_count((newly.len() - MOST_NAMES) as u64);
        reading.notes.push(format!("{more} more passed in the run before, and do not here"));
    }
    let (now, then) = (&told.times_us.response, &before.times_us.response);
    if now.count > 0 && then.count > 0 && then.p95 > 0 {
        reading.figure("p95_ratio", Figure::Number(ratio(now.p95, then.p95)));
    }
    reading.sources.push(source);
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Inconclusive => "inconclusive",
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts and microseconds of a run stay far below 2^53")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};

    use super::*;
    use crate::values::Secrets;

    fn result(step: (u64, u64), gate: &str, verdict: &str) -> Value {
        let steps = json!({"home": {"requests": step.0, "failed": step.1, "checks_passed": 1, "checks_failed": 0}});
        json!({
            "schema": "mnload.result", "schema_version": "1.9.0", "started_at": "2026-11-22T01:00:00Z",
            "verdict": verdict, "ending": "completed", "reasons": ["home: status 500"], "warnings": ["warm"],
            "findings": [{"name": "smoke", "kind": "gate", "status": gate, "wanted": "failed == 0", "samples": 1}],
            "accounting": {"scheduled": 1, "passed": 1, "failed": 0, "abandoned": 0, "unstarted": 0},
            "rates": {"requests_per_s": 2.5},
            "times_us": {"response": {"count": 1, "p50": 1_000, "p95": 500_000, "p99": 600_000}},
            "steps": steps, "plan": {"load": {"model": "once"}}
        })
    }

    fn read_with(result: &Value, before: Option<&Value>, compared: bool, since: Option<&str>) -> Reading {
        let folders = tempfile::tempdir().unwrap();
        let folder = |name: &str, result: &Value| {
            let folder = folders.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join(FILE), result.to_string()).unwrap();
            folder
        };
        let run = folder("run", result);
        let baseline = before.map(|before| folder("before", before));
        let secrets = Secrets::default();
        let since = since.map(|time| time.parse::<Timestamp>().unwrap().into());
        let bare = Context::bare(Timestamp::now(), &secrets);
        let baseline = baseline.as_deref();
        RunFolder::own(0..0, compared).read(&Context { run_folder: Some(Path::new(&run)), baseline, since, ..bare })
    }

    fn read(result: &Value) -> Reading {
        read_with(result, None, false, None)
    }

    #[test]
    fn a_run_is_taken_at_its_word_only_if_the_word_follows_from_what_it_found() {
        let passed = read(&result((3, 0), "pass", "pass"));
        assert_eq!((passed.missing.len(), passed.broken.len()), (0, 0), "{passed:?}");
        assert_eq!(passed.figures[2], ("error_rate".to_owned(), Figure::Share(0.0)));
        assert_eq!(passed.figures[4], ("p95".to_owned(), Figure::Seconds(0.5)));
        assert_eq!(passed.notes, ["warm"]);
        assert_eq!(read(&result((3, 1), "fail", "fail")).broken, ["home: status 500"]);
        let missing = |result: &Value| read(result).missing.join("; ");
        assert!(missing(&result((3, 0), "no_data", "inconclusive")).contains("inconclusive: home: status 500"));
        assert!(missing(&result((3, 1), "fail", "pass")).contains("says pass, but fail follows"));
        assert!(missing(&result((0, 0), "pass", "pass")).contains("sent no request"));
        for (key, value, wanted) in [
            ("accounting", json!({"scheduled": 0, "unstarted": 0}), "started no journey"),
            ("accounting", json!({"scheduled": 5, "unstarted": 5}), "started no journey"),
            ("ending", json!("killed"), "was killed"),
            ("ending", json!("interrupted"), "was stopped"),
            ("ending", json!("exploded"), "unknown shape"),
            ("schema", json!("mnload.release"), "no result of `mnload run`"),
            ("schema_version", json!("2.0.0"), "version 2.0.0"),
            ("findings", json!([]), "inconclusive follows"),
            ("started_at", json!("yesterday"), "is no time"),
        ] {
            let mut result = result((3, 0), "pass", "pass");
            result[key] = value;
            assert!(missing(&result).contains(wanted), "{key}: {}", missing(&result));
        }
    }

    #[test]
    fn a_run_from_before_the_item_is_no_evidence() {
        let now = Timestamp::now().to_string();
        let mut passed = result((3, 0), "pass", "pass");
        passed["started_at"] = json!(now);
        assert_eq!(read_with(&passed, None, false, Some(&now)).missing, Vec::<String>::new());
        passed["started_at"] = json!("2026-11-21T01:00:00Z");
        let old = read_with(&passed, None, false, Some(&now)).missing;
        assert!(old[0].contains("before the command"), "{old:?}");
    }

    #[test]
    fn what_passed_before_and_does_not_here_is_counted() {
        let passed = result((3, 0), "pass", "pass");
        let newly = |now: &Value, before: Option<&Value>| {
            let reading = read_with(now, before, true, None);
            let figure = reading.figures.iter().find(|(name, _)| name == "newly_failed").cloned();
            (figure.map(|(_, figure)| figure), reading.missing)
        };
        assert_eq!(newly(&passed, Some(&passed)), (Some(Figure::Count(0)), vec![]));
        assert_eq!(newly(&result((3, 1), "fail", "fail"), Some(&passed)).0, Some(Figure::Count(2)));
        let mut gone = passed.clone();
        gone["steps"] = json!({"other": {"requests": 1, "failed": 0, "checks_failed": 0}});
        assert_eq!(newly(&gone, Some(&passed)).0, Some(Figure::Count(1)), "a step that is gone does not pass");
        assert_eq!(newly(&passed, None), (None, vec!["there is no run to compare with: it was not run".to_owned()]));
        let nothing = result((3, 1), "fail", "fail");
        assert_eq!(newly(&passed, Some(&nothing)).1, ["there is no run to compare with: nothing passed in it"]);
    }
}
