//! The example scenarios do what they say against the built-in target.

use std::path::{Path, PathBuf};

use crate::support::{Workspace, punctual};

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

fn example(name: &str) -> String {
    std::fs::read_to_string(scenarios().join(name)).unwrap()
}

#[test]
fn every_example_can_be_planned() {
    let mut count = 0;
    for entry in std::fs::read_dir(scenarios()).unwrap() {
        let path = entry.unwrap().path();
        Workspace::with("").mnload(&["plan", &path.display().to_string()]).exits_with(0).says("step 1");
        count += 1;
    }
    assert!(count >= 2);
}

#[test]
fn smoke_passes() {
    let result = Workspace::with(&example("smoke.toml")).run(&["--demo"]).exits_with(0).result();
    assert_eq!(result.steps.0.len(), 5);
}

#[test]
fn light_passes_in_a_short_form() {
    let text = example("light.toml").replace("\"1m\"", "\"4s\"").replace("\"10s\"\narrivals", "\"1s\"\narrivals");
    assert_ne!(text, example("light.toml"));
    let result = punctual(|| Workspace::with(&text).run(&["--demo"])).exits_with(0).result();
    assert!(result.times_us.response.count > 100);
    assert_eq!(result.errors, []);
}
