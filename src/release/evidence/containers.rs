//! `read = { containers = { services = ["backend"] } }`: what `docker compose ps --all --format json` prints.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::super::figure::{Figure, Reading, Unit};
use super::rows::{Row, rows, text};
use super::source::{Context, Place};
use crate::scenario::Spanned;
use crate::values::Resolver;

/// What it gives: containers, but for `services`, and the time since the youngest was started.
pub(super) const FIGURES: [(&str, Unit); 9] = [
    ("services", Unit::Count),
    ("running", Unit::Count),
    ("healthy", Unit::Count),
    ("unhealthy", Unit::Count),
    ("starting", Unit::Count),
    ("restarting", Unit::Count),
    ("down", Unit::Count),
    ("without_health", Unit::Count),
    ("youngest", Unit::Seconds),
];

/// The containers that must be there.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContainersSection {
    /// `stdout` (default) or a file.
    pub from: Option<Spanned<String>>,
    /// How old the file may be.
    pub max_age: Option<Spanned<String>>,
    /// The services that must run.
    pub services: Option<Spanned<Vec<Spanned<String>>>>,
    /// Services that do their work and end, such as migrations: they must have ended well.
    pub oneshot: Option<Spanned<Vec<Spanned<String>>>>,
}

/// The same, resolved.
#[derive(Debug, Clone)]
pub struct Containers {
    pub(super) from: Place,
    services: Vec<String>,
    oneshot: Vec<String>,
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, section: &Spanned<ContainersSection>) -> Option<Containers> {
    let written = section.get_ref();
    let stdout = Spanned::new(section.span(), "stdout".to_owned());
    let from = Place::resolve(resolver, written.from.as_ref().unwrap_or(&stdout), written.max_age.as_ref());
    let mut names = |list: &Option<Spanned<Vec<Spanned<String>>>>| -> Vec<String> {
        list.iter().flat_map(|list| list.get_ref()).map(|name| resolver.text(name)).collect()
    };
    let (services, oneshot) = (names(&written.services), names(&written.oneshot));
    if services.is_empty() && oneshot.is_empty() {
        let hint =
            "name those that must run: services = [\"backend\", \"db\"]; one that is gone is not listed by itself";
        resolver.mistake(section.span(), "no service is named", hint);
    }
    if let Some(both) = services.iter().find(|name| oneshot.contains(name)) {
        let message = format!("`{both}` must run, or end: it cannot do both");
        resolver.mistake(section.span(), message, "name it in `services` or in `oneshot`");
    }
    Some(Containers { from: from?, services, oneshot })
}

/// How one container is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    Healthy,
    /// It runs, and nobody checks more.
    Runs,
    Unhealthy,
    Starting,
    Restarting,
    Down,
    /// It did its work.
    Done,
}

impl Containers {
    pub(super) fn read(&self, context: &Context<'_>) -> Reading {
        let evidence = match context.evidence(&self.from) {
            Ok(evidence) => evidence,
            Err(why) => return Reading::nothing(why),
        };
        let mut reading = match rows(&evidence.bytes, &evidence.source.name) {
            Ok(rows) if rows.is_empty() => Reading::nothing("there is no container at all"),
            Ok(rows) => self.judge(&rows),
            Err(why) => Reading::nothing(why),
        };
        reading.sources.push(evidence.source);
        reading
    }

    fn judge(&self, rows: &[Row]) -> Reading {
        let mut reading = Reading::default();
        let mut conditions = Vec::new();
        let mut remarks: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut youngest: Option<f64> = Some(f64::INFINITY);
        let mut seen = BTreeSet::new();
        for row in rows {
            let service = text(row, "Service").filter(|name| !name.is_empty()).or_else(|| text(row, "Name"));
            let Some(service) = service.filter(|name| !name.is_empty()) else {
                return Reading::nothing("a container has no name: print them with `docker compose ps --format json`");
            };
            seen.insert(service);
            let name = text(row, "Name").filter(|name| !name.is_empty()).unwrap_or(service);
            match self.condition(row, service) {
                Ok(condition) => {
                    let remark = remark(row, name, condition);
                    if let (Some(figure), Some(remark)) = (condition.figure(), &remark) {
                        remarks.entry(figure).or_default().push(remark.clone());
                    }
                    reading.notes.extend(remark);
                    if condition.is_up() {
                        let up_s = text(row, "Status").and_then(up_for_s);
                        youngest = youngest.zip(up_s).map(|(youngest, up_s)| youngest.min(up_s));
                    }
                    conditions.push(condition);
                }
                Err(why) => reading.missing.push(format!("{name}: {why}")),
            }
        }
        // A reason tells by itself which container it is about.
        remarks.into_iter().for_each(|(figure, remarks)| reading.which(figure, remarks.join("; ")));
        let absent = |names: &[String]| -> Vec<String> {
            names.iter().filter(|name| !seen.contains(name.as_str())).cloned().collect()
        };
        let gone = absent(&self.services).into_iter().map(|name| format!("{name} has no container"));
        reading.broken.extend(gone);
        let untold = absent(&self.oneshot).into_iter();
        reading.missing.extend(
            untold
                .map(|name| format!("{name} is not listed: `docker compose ps` shows what has ended only with --all")),
        );
        let count = |wanted: &[Condition]| {
            Figure::Count(conditions.iter().filter(|condition| wanted.contains(condition)).count() as u64)
        };
        reading.figure("services", Figure::Count(seen.len() as u64));
        let up = [Condition::Healthy, Condition::Runs, Condition::Unhealthy, Condition::Starting];
        reading.figure("running", count(&up));
        reading.figure("healthy", count(&[Condition::Healthy]));
        reading.figure("unhealthy", count(&[Condition::Unhealthy]));
        reading.figure("starting", count(&[Condition::Starting]));
        reading.figure("restarting", count(&[Condition::Restarting]));
        reading.figure("down", count(&[Condition::Down]));
        reading.figure("without_health", count(&[Condition::Runs]));
        if let Some(youngest) = youngest.filter(|youngest| youngest.is_finite()) {
            reading.figure("youngest", Figure::Seconds(youngest));
        }
        reading
    }

    fn condition(&self, row: &Row, service: &str) -> Result<Condition, String> {
        let word = |key: &str| text(row, key).map(str::to_ascii_lowercase);
        let state = word("State").unwrap_or_default();
        let health = word("Health").ok_or("its health is no text")?;
        let is_oneshot = self.oneshot.iter().any(|name| name == service);
        if text(row, "Status").is_some_and(|status| status.starts_with("Restarting")) {
            return Ok(Condition::Restarting);
        }
        match state.as_str() {
            "running" if is_oneshot => Ok(Condition::Starting),
            "running" => match health.as_str() {
                "healthy" => Ok(Condition::Healthy),
                "" | "none" => Ok(Condition::Runs),
                "unhealthy" => Ok(Condition::Unhealthy),
                "starting" => Ok(Condition::Starting),
                other => Err(format!("its health is `{other}`, which is not known here")),
            },
            "restarting" => Ok(Condition::Restarting),
            "exited" if is_oneshot => match row.get("ExitCode").and_then(Value::as_i64) {
                Some(0) => Ok(Condition::Done),
                Some(_) => Ok(Condition::Down),
                None => Err("it has ended, and its exit code is not told".to_owned()),
            },
            "exited" | "created" | "dead" | "paused" | "removing" => Ok(Condition::Down),
            "" => Err("its state is not told".to_owned()),
            other => Err(format!("its state is `{other}`, which is not known here")),
        }
    }
}

impl Condition {
    /// The figure that counts those that are not as they should be.
    fn figure(self) -> Option<&'static str> {
        match self {
            Self::Unhealthy => Some("unhealthy"),
            Self::Starting => Some("starting"),
            Self::Restarting => Some("restarting"),
            Self::Down => Some("down"),
            Self::Healthy | Self::Runs | Self::Done => None,
        }
    }

    fn is_up(self) -> bool {
        matches!(self, Self::Healthy | Self::Runs | Self::Unhealthy | Self::Starting)
    }
}

/// What is worth knowing of a container that is not as it should be, or was not.
fn remark(row: &Row, name: &str, condition: Condition) -> Option<String> {
    let restarts = row.get("RestartCount").and_then(Value::as_u64).filter(|count| *count > 0);
    let status = text(row, "Status").filter(|status| !status.is_empty()).or_else(|| text(row, "State"));
    match condition {
        Condition::Healthy | Condition::Runs | Condition::Done => {
            restarts.map(|count| format!("{name} was restarted {count} times"))
        }
        Condition::Unhealthy | Condition::Starting | Condition::Restarting | Condition::Down => {
            Some(format!("{name}: {}", status.unwrap_or_default()))
        }
    }
}

/// How long a container has been up at the least, from `Up 3 minutes (healthy)`, as Docker words it.
fn up_for_s(status: &str) -> Option<f64> {
    let told = status.strip_prefix("Up ")?.split(" (").next()?.trim();
    match told {
        "Less than a second" => return Some(0.0),
        "About a minute" => return Some(60.0),
        "About an hour" => return Some(3_600.0),
        _ => {}
    }
    let (number, unit) = told.split_once(' ')?;
    let number: f64 = number.parse::<u32>().ok()?.into();
    // Docker rounds to the nearest hour before it counts days: half an hour may be missing.
    let half_an_hour_s = 1_800.0;
    match unit.trim_end_matches('s') {
        "second" => Some(number),
        "minute" => Some(number * 60.0),
        "hour" => Some(number * 3_600.0 - half_an_hour_s),
        "day" => Some(number * 86_400.0 - half_an_hour_s),
        "week" => Some(number * 7.0 * 86_400.0 - half_an_hour_s),
        "month" => Some(number * 30.0 * 86_400.0 - half_an_hour_s),
        "year" => Some(number * 365.0 * 86_400.0 - half_an_hour_s),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::super::accept::Acceptance;
    use super::super::source::{Output, PlaceKind};
    use super::*;
    use crate::values::Secrets;

    fn read(services: &[&str], oneshot: &[&str], printed: &str) -> Reading {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let from = Place { kind: PlaceKind::Stdout, max_age: None, span: 0..0 };
        let containers = Containers { from, services: owned(services), oneshot: owned(oneshot) };
        let (stdout, secrets) = (Output { bytes: printed.into(), cut: false }, Secrets::default());
        containers.read(&Context { stdout: Some(&stdout), ..Context::bare(Timestamp::UNIX_EPOCH, &secrets) })
    }

    fn row(service: &str, state: &str, health: &str, status: &str, exit: i64) -> String {
        let name = format!("medianest-{service}-1");
        serde_json::json!({
            "Service": service, "Name": name, "State": state, "Health": health, "Status": status, "ExitCode": exit
        })
        .to_string()
    }

    fn count(reading: &Reading, name: &str) -> Option<f64> {
        reading.figures.iter().find(|(figure, _)| figure == name).and_then(|(_, figure)| figure.number())
    }

    #[test]
    fn every_container_is_counted_by_how_it_is() {
        let rows = [
            row("backend", "running", "healthy", "Up 3 minutes (healthy)", 0),
            row("frontend", "running", "", "Up About an hour", 0),
            row("db", "running", "unhealthy", "Up 2 hours (unhealthy)", 0),
            row("redis", "restarting", "", "Restarting (1) 5 seconds ago", 1),
            row("worker", "exited", "", "Exited (137) 2 minutes ago", 137),
            row("migrate", "exited", "", "Exited (0) 4 minutes ago", 0),
            row("seed", "running", "starting", "Up Less than a second (health: starting)", 0),
        ];
        let reading = read(&["backend", "frontend", "db", "redis", "worker", "proxy"], &["migrate"], &rows.join("\n"));
        for (name, wanted) in [
            ("services", 7.0),
            ("running", 4.0),
            ("healthy", 1.0),
            ("without_health", 1.0),
            ("unhealthy", 1.0),
            ("starting", 1.0),
            ("restarting", 1.0),
            ("down", 1.0),
            ("youngest", 0.0),
        ] {
            assert_eq!(count(&reading, name), Some(wanted), "{name}");
        }
        assert_eq!(reading.broken, ["proxy has no container"]);
        assert!(reading.notes.contains(&"medianest-redis-1: Restarting (1) 5 seconds ago".to_owned()), "{reading:?}");
        let checked = Acceptance::parse("restarting == 0").unwrap().check(&[("containers", &reading)]);
        assert_eq!(checked.observed.as_deref(), Some("1 (medianest-redis-1: Restarting (1) 5 seconds ago)"));
    }

    #[test]
    fn a_one_shot_service_must_have_ended_well_and_be_listed() {
        let up = row("backend", "running", "healthy", "Up 3 minutes (healthy)", 0);
        let with = |migrate: &str| read(&["backend"], &["migrate"], &format!("{up}\n{migrate}"));
        assert_eq!(count(&with(&row("migrate", "exited", "", "Exited (0)", 0)), "down"), Some(0.0));
        assert_eq!(count(&with(&row("migrate", "exited", "", "Exited (1)", 1)), "down"), Some(1.0));
        assert_eq!(count(&with(&row("migrate", "running", "", "Up 2 seconds", 0)), "starting"), Some(1.0));
        assert!(with("").missing[0].contains("only with --all"));
        // A service that should run and has ended is down, whatever its exit code.
        assert_eq!(count(&read(&["backend"], &[], &row("backend", "exited", "", "Exited (0)", 0)), "down"), Some(1.0));
    }

    #[test]
    fn nothing_unknown_states_and_older_shapes() {
        assert_eq!(read(&["backend"], &[], "[]").missing, ["there is no container at all"]);
        assert_eq!(read(&["backend"], &[], "").missing, ["the command wrote nothing to stdout"]);
        assert!(read(&["backend"], &[], "NAME  IMAGE\n").missing[0].contains("--format json"));
        let unknown = read(&["backend"], &[], &row("backend", "hibernating", "", "", 0));
        assert!(unknown.missing[0].contains("hibernating"), "{unknown:?}");
        // Compose before 2.21 prints one list, and no status: how long it is up is not known.
        let older = r#"[{"Service":"backend","Name":"b-1","State":"running","Health":"healthy","ExitCode":0},
                        {"Service":"backend","Name":"b-2","State":"running","Health":"healthy","ExitCode":0}]"#;
        let reading = read(&["backend"], &[], older);
        assert_eq!((count(&reading, "services"), count(&reading, "healthy")), (Some(1.0), Some(2.0)));
        assert_eq!(count(&reading, "youngest"), None);
        assert_eq!((reading.missing.len(), reading.broken.len()), (0, 0));
    }

    #[test]
    fn docker_words_of_time_are_taken_for_the_least_that_they_may_mean() {
        for (status, wanted) in [
            ("Up 12 seconds (health: starting)", Some(12.0)),
            ("Up 1 second", Some(1.0)),
            ("Up About a minute", Some(60.0)),
            ("Up 3 minutes (healthy)", Some(180.0)),
            ("Up 2 hours", Some(5_400.0)),
            ("Up 2 days (Paused)", Some(171_000.0)),
            ("Exited (0) 2 days ago", None),
            ("Up for ever", None),
        ] {
            assert_eq!(up_for_s(status), wanted, "{status}");
        }
    }
}
