//! The example scenarios do what they say against the built-in target; what they say of one that misbehaves is in `twins`.

use std::path::{Path, PathBuf};

use mnload::demo::{Demo, DemoOptions};

use crate::support::{Workspace, punctual};

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

fn example(name: &str) -> Workspace {
    Workspace::with(&std::fs::read_to_string(scenarios().join(name)).unwrap())
}

#[test]
fn every_example_can_be_planned() {
    let mut count = 0;
    for entry in std::fs::read_dir(scenarios()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let file = path.display().to_string();
        // A release is no scenario, and has a dry run in place of a plan.
        let is_release = std::fs::read_to_string(&path).unwrap().starts_with("#:schema ./release.schema.json");
        let (arguments, said): (&[&str], &str) = match is_release {
            true => (&["release", &file, "--dry-run"], "rollback-restore"),
            false => (&["plan", &file, "--no-probe"], "step 1"),
        };
        Workspace::with("").mnload(arguments).exits_with(0).says(said);
        count += 1;
    }
    assert!(count >= 5);
}

#[test]
fn smoke_passes_and_is_short_enough_to_read() {
    let result = example("smoke.toml").run(&["--demo"]).exits_with(0).result();
    assert_eq!((result.steps.0.len(), result.errors.len()), (9, 0));
    assert!(std::fs::read_to_string(scenarios().join("smoke.toml")).unwrap().lines().count() <= 60);
}

#[test]
fn light_passes_in_its_short_form_and_once() {
    let result = punctual(|| example("light.toml").run(&["--demo", "--profile", "short"])).exits_with(0).result();
    assert!(result.times_us.response.count > 100);
    assert_eq!(result.errors, []);
    assert_eq!(result.steps.0.iter().filter(|(_, step)| step.requests > 0).count(), 4, "both flows ran");
    let once = example("light.toml").run(&["--demo", "--profile", "smoke"]).exits_with(0).says("skipped");
    assert_eq!(once.result().name, "light, once");
}

#[test]
fn light_stops_before_the_load_when_nobody_can_sign_in() {
    let demo = Demo::start(DemoOptions::without_latency()).unwrap();
    let outcome =
        example("light.toml").env("BASE_URL", &demo.base_url()).env("USER_PASSWORD", "wrong-password").run(&[]);
    outcome.exits_with(3).tells("the setup step `sign in` failed").tells("expected status 200, got status 401");
    assert_eq!(demo.requests_seen(), 1);
}

#[test]
fn e2e_passes_once_and_many_times() {
    let result = example("e2e.toml").run(&["--demo"]).exits_with(0).result();
    let gate = &result.findings[0];
    assert_eq!((gate.wanted.as_str(), gate.samples, gate.observed.as_deref()), ("journeys >= 95%", 1, Some("100%")));
    assert_eq!(result.findings.len(), 1, "it judges errors: no gate is added");
    let result = example("e2e.toml").run(&["--demo", "--profile", "many"]).exits_with(0).result();
    assert_eq!((result.accounting.passed, result.findings[0].samples), (40, 40));
    example("e2e.toml").run(&["--demo", "--set", "film=1700000000"]).exits_with(0);
}

#[test]
fn capacity_climbs_and_passes_in_its_short_form() {
    let result = punctual(|| example("capacity.toml").run(&["--demo", "--profile", "short"])).exits_with(0).result();
    assert_eq!(result.errors, []);
    for profile in ["light", "medium", "heavy"] {
        example("capacity.toml").mnload(&["plan", "scenario.toml", "--no-probe", "--profile", profile]).exits_with(0);
    }
}
