//! The documents of releases say what is true: each TOML block in them is a release file, or a part of one, that resolves.

use crate::support::Workspace;
use crate::support::blocks::blocks_of;

#[test]
fn every_toml_block_can_be_dry_run() {
    let mut seen = 0;
    for block in ["docs/release.md", "docs/evidence.md", "docs/release-emit.md"].into_iter().flat_map(blocks_of) {
        let has = |start: &str| block.text.lines().any(|line| line.starts_with(start));
        let text = match (has("[[gate]]"), has("[[gate.item]]")) {
            (true, _) => block.text.clone(),
            (false, true) => format!("[[gate]]\nid = \"A\"\n{}", block.text),
            // The keys of one item.
            (false, false) => format!("[[gate]]\nid = \"A\"\n[[gate.item]]\nid = \"item\"\n{}", block.text),
        };
        let workspace = Workspace::with("");
        workspace.file("release.toml", &text);
        for scenario in ["smoke.toml", "light.toml"] {
            workspace.file(scenario, "[[step]]\nget = \"/health\"\n");
        }
        let workspace = workspace.env("TOKEN", "a-token").env("GRAFANA_TOKEN", "a-token");
        let outcome = workspace.mnload(&["release", "release.toml", "--dry-run"]);
        assert_eq!(outcome.code, Some(0), "{}:\n{text}\n{}", block.place, outcome.stderr);
        seen += 1;
    }
    assert!(seen >= 10, "only {seen} blocks were found");
}
