//! What Prometheus says of the targets that it scrapes.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::super::figure::{Figure, Reading};
use super::source::OTHER_CLOCKS;
use crate::units::{format_duration, parse_duration};

/// A scrape is late after so many intervals, and never before a minute: it may just have been started.
const INTERVALS: u32 = 3;
const NEVER_BEFORE: Duration = Duration::from_secs(60);

/// `/api/v1/targets`
#[derive(Debug, Default, Deserialize)]
pub(super) struct Targets {
    #[serde(rename = "activeTargets")]
    active: Vec<Target>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Target {
    labels: BTreeMap<String, String>,
    health: String,
    last_scrape: String,
    #[serde(default)]
    last_error: String,
    #[serde(default)]
    scrape_interval: String,
}

impl Targets {
    /// Counts the targets of `jobs`; each job needs one, and each target a scrape that is not too long ago.
    pub(super) fn judge(&self, jobs: &[String], now: Timestamp, max_age: Option<Duration>, reading: &mut Reading) {
        let (mut up, mut down) = (0, 0);
        // One that was just started has looked for none yet.
        if self.active.is_empty() {
            reading.missing.push("nothing is scraped at all, or not yet".to_owned());
            return;
        }
        for job in jobs {
            let own: Vec<&Target> = self.active.iter().filter(|target| target.label("job") == job).collect();
            if own.is_empty() {
                reading.broken.push(format!("no target of the job {job} is scraped"));
            }
            for target in own {
                let name = format!("{job} {}", target.label("instance"));
                match target.health.as_str() {
                    "up" => match target.lateness(now, max_age) {
                        None => up += 1,
                        Some(why) => reading.missing.push(format!("{name} {why}")),
                    },
                    "down" => {
                        down += 1;
                        reading.notes.push(format!("{name} is down: {}", target.last_error));
                    }
                    "unknown" => reading.missing.push(format!("{name} was not scraped yet")),
                    other => reading.missing.push(format!("{name} is `{other}`, which is not known here")),
                }
            }
        }
        reading.figure("targets_up", Figure::Count(up));
        reading.figure("targets_down", Figure::Count(down));
    }
}

impl Target {
    fn label(&self, name: &str) -> &str {
        self.labels.get(name).map(String::as_str).unwrap_or_default()
    }

    /// Why what is known of it is not from now; none if it is.
    fn lateness(&self, now: Timestamp, max_age: Option<Duration>) -> Option<String> {
        let Ok(last) = self.last_scrape.parse::<Timestamp>() else {
            return Some(format!("does not say when it was scraped: `{}` is no time", self.last_scrape));
        };
        let interval = parse_duration(&self.scrape_interval).unwrap_or(NEVER_BEFORE);
        let most = max_age.unwrap_or((interval * INTERVALS).max(NEVER_BEFORE));
        if now.duration_since(last).as_secs_f64() < -OTHER_CLOCKS.as_secs_f64() {
            return Some(format!("says that it was scraped at {last}, which is still to come: its clock is ahead"));
        }
        let age = Duration::try_from(now.duration_since(last)).unwrap_or_default();
        (age > most).then(|| format!("was scraped {} ago, last", format_duration(age)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn target(job: &str, health: &str, last: &str) -> serde_json::Value {
        json!({"labels": {"job": job, "instance": "h:1"}, "health": health, "lastScrape": last,
               "lastError": "connection refused", "scrapeInterval": "15s", "globalUrl": "http://h:1/metrics"})
    }

    fn judge(targets: &[serde_json::Value], max_age: Option<Duration>) -> Reading {
        let found: Targets = serde_json::from_value(json!({"activeTargets": targets, "droppedTargets": []})).unwrap();
        let mut reading = Reading::default();
        found.judge(&["api".to_owned()], "2026-11-22T01:00:00Z".parse().unwrap(), max_age, &mut reading);
        reading
    }

    #[test]
    fn targets_are_up_down_or_not_known() {
        let fresh = "2026-11-22T00:59:50.123456789+00:00";
        let up = judge(&[target("api", "up", fresh), target("other", "down", fresh)], None);
        assert_eq!(
            up.figures,
            [("targets_up".to_owned(), Figure::Count(1)), ("targets_down".to_owned(), Figure::Count(0))]
        );
        assert!(up.missing.is_empty() && up.broken.is_empty());
        let down = judge(&[target("api", "up", fresh), target("api", "down", fresh)], None);
        assert_eq!(down.figures[1].1, Figure::Count(1));
        assert_eq!(down.notes, ["api h:1 is down: connection refused"]);
        assert_eq!(judge(&[target("other", "up", fresh)], None).broken, ["no target of the job api is scraped"]);
        assert_eq!(judge(&[], None).missing, ["nothing is scraped at all, or not yet"]);
        for (health, last, wanted) in [
            ("unknown", "0001-01-01T00:00:00Z", "was not scraped yet"),
            ("up", "2026-11-22T00:50:00Z", "was scraped 10m ago, last"),
            ("up", "0001-01-01T00:00:00Z", "ago, last"),
            ("up", "2026-11-22T01:05:00Z", "still to come"),
            ("up", "never", "is no time"),
            ("sideways", fresh, "not known here"),
        ] {
            let missing = judge(&[target("api", health, last)], None).missing;
            assert!(missing[0].contains(wanted), "{missing:?}");
        }
        assert_eq!(judge(&[target("api", "up", fresh)], Some(Duration::from_secs(5))).missing.len(), 1);
    }
}
