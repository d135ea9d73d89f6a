//! Plans for tests.

use super::{Machine, Overrides, Plan};
use crate::scenario::ScenarioFile;

/// The plan of a scenario whose target is given.
#[track_caller]
pub(crate) fn plan(text: &str) -> Plan {
    let text = format!("[target]\nbase_url = \"http://127.0.0.1:9\"\ntimeout = \"10s\"\n{text}");
    let file = ScenarioFile::parse("test.toml", &text, None).unwrap();
    Plan::resolve(&file, &Overrides::default(), &Machine { cores: 2, sockets: 19_936 }).unwrap()
}
