//! Items for tests of what carries them out.

use std::time::Duration;

use super::super::checklist::{Checklist, Item, ReleaseFile, RunFacts};
use super::super::work::{CommandLine, Program, Work};
use crate::scenario::parse_other;
use crate::values::Environment;

/// An item that runs `true`.
pub(super) fn item(id: &str) -> Item {
    Item {
        id: id.to_owned(),
        title: format!("the title of {id}"),
        owners: Vec::new(),
        rationale: String::new(),
        work: Some(Work::Command(command("true"))),
        readers: Vec::new(),
        accept: Vec::new(),
        needs: Vec::new(),
        after: Vec::new(),
        inputs: None,
        holds_for: None,
        manual: None,
        warn: false,
        drill: false,
        artifacts: Vec::new(),
        span: 0..0,
    }
}

/// The item `a` with these keys, of a release file.
pub(super) fn written(keys: &str) -> Item {
    checklist(&format!("[[gate]]\nid = 'A'\n[[gate.item]]\nid = 'a'\n{keys}")).gates[0].items[0].clone()
}

/// A release file, resolved.
pub(super) fn checklist(text: &str) -> Checklist {
    let (source, document, _) = parse_other("release.toml", text).unwrap();
    Checklist::resolve(&ReleaseFile { source, document }, &Environment::default(), &[], &RunFacts::default()).unwrap()
}

/// A shell text that may take ten seconds.
pub(super) fn command(text: &str) -> CommandLine {
    CommandLine {
        program: Program::Shell(text.to_owned()),
        dir: ".".into(),
        env: Vec::new(),
        timeout: Duration::from_secs(10),
        exit_codes: vec![0],
        sets: None,
    }
}
