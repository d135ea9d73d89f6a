//! The documents say what is true: every TOML block in them is a scenario, or a part of one, that can be planned.
//!
//! A part is completed with what it leaves out. A block whose first line is a comment with a file name is also a file
//! beside the scenario, for the blocks that use it.
#![expect(clippy::unwrap_used, reason = "a test that fails by a panic says where")]

#[path = "support/mod.rs"]
mod support;

use support::Workspace;
use support::blocks::{Block, blocks_of};

const DOCUMENTS: [&str; 7] = [
    "docs/scenario.md",
    "docs/gates.md",
    "docs/compare.md",
    "docs/explore.md",
    "docs/plan.md",
    "docs/smoke.md",
    "README.md",
];
const LEAST_BLOCKS: usize = 15;
const TARGET: &str = "\n[target]\nbase_url = \"http://127.0.0.1:9\"\n";
const STEP: &str = "\n[[step]]\nname = \"added by the test\"\nget = \"/health\"\n";

#[test]
fn every_toml_block_can_be_planned() {
    let blocks: Vec<Block> = DOCUMENTS.into_iter().flat_map(blocks_of).collect();
    assert!(blocks.len() >= LEAST_BLOCKS, "only {} blocks were found", blocks.len());
    let authority = rcgen::generate_simple_self_signed(["staging.example".to_owned()]).unwrap().cert.pem();
    for block in &blocks {
        let workspace = Workspace::with(&block.completed())
            .env("BASE_URL", "http://127.0.0.1:9")
            .env("TOKEN", "a-token")
            .env("USER_PASSWORD", "a-password");
        workspace.file("staging-ca.pem", &authority);
        for (name, text) in blocks.iter().filter_map(|block| Some((block.file_name()?, &block.text))) {
            workspace.file(name, text);
        }
        assert_planned(&workspace, &block.place, &[]);
        for profile in block.profiles() {
            assert_planned(&workspace, &block.place, &["--profile", profile]);
        }
    }
}

#[track_caller]
fn assert_planned(workspace: &Workspace, place: &str, more: &[&str]) {
    let outcome = workspace.mnload(&[&["plan", "scenario.toml", "--no-probe"], more].concat());
    assert_eq!(outcome.code, Some(0), "{place} {more:?} cannot be planned:\n{}", outcome.stderr);
    assert!(outcome.stdout.contains("step 1"), "{place} {more:?} sends nothing:\n{}", outcome.stdout);
}

impl Block {
    /// The text with a target and a step, if it has none of its own.
    fn completed(&self) -> String {
        let has = |start: &str| self.text.lines().any(|line| line.starts_with(start));
        let uses_others = has("use = ");
        let mut text = self.text.clone();
        if !has("[target]") && !uses_others {
            text.push_str(TARGET);
        }
        if !has("[[step]]") && !has("[[flow]]") {
            text.push_str(STEP);
        }
        text
    }

    /// What the block is called in blocks that use it.
    fn file_name(&self) -> Option<&str> {
        self.text.lines().next()?.strip_prefix("# ").filter(|name| name.ends_with(".toml") && !name.contains(' '))
    }

    fn profiles(&self) -> impl Iterator<Item = &str> {
        self.text.lines().filter_map(|line| line.strip_prefix("[profile.")?.split([']', '.']).next())
    }
}
