//! Which items are carried out, when, and what is left out.

use mnload::verdict::{Status, Verdict};

use super::words::Release;

/// Each of two items waits until the other has started.
const TOGETHER: &str = "\
[[gate.item]]
id = 'one'
run = { command = 'touch one; until test -e two; do sleep 0.01; done', timeout = '2s' }
[[gate.item]]
id = 'two'
run = { command = 'touch two; until test -e one; do sleep 0.01; done', timeout = '2s' }
";

#[test]
fn independent_items_run_side_by_side_within_the_limit() {
    let together = TOGETHER.replace("2s", "60s");
    Release::items(&together).run(&[]).exits_with(0);
    let alone = Release::items(TOGETHER).run(&["--parallel", "1"]).exits_with(99);
    alone.came_out("one", Status::Fail, "was not over after 2s");
    alone.came_out("two", Status::Pass, "");
}

const CHAIN: &str = "
name = 'chain'
[[gate]]
id = 'A'
[[gate.item]]
id = 'lint'
run = 'test -e fixed'
[[gate.item]]
id = 'types'
run = 'true'
[[gate]]
id = 'B'
needs = ['A']
[[gate.item]]
id = 'deploy'
run = 'touch deployed'
[[gate]]
id = 'C'
[[gate.item]]
id = 'smoke'
needs = ['deploy']
run = 'true'
[[gate.item]]
id = 'clean'
after = ['types', 'lint']
run = 'true'
";

#[test]
fn a_failure_hides_nothing_and_what_needs_it_is_not_started() {
    let release = Release::of(CHAIN);
    let left = release.run(&[]).exits_with(99);
    left.came_out("lint", Status::Fail, "`test -e fixed` exited with 1");
    left.came_out("types", Status::Pass, "");
    left.came_out("deploy", Status::Skipped, "not started: `lint` did not pass");
    left.came_out("smoke", Status::Skipped, "not started: `deploy` did not pass");
    left.came_out("clean", Status::Pass, "");
    assert!(!release.path().join("deployed").exists());
    let result = left.result();
    assert_eq!((result.verdict, result.go, result.exit_code), (Verdict::Fail, false, 99));
    assert_eq!(result.reasons, ["A/lint: `test -e fixed` exited with 1"]);
    assert_eq!(result.gates[0].verdict, Some(Verdict::Fail));
    assert_eq!(left.item("lint").repeat, "mnload release release.toml --only lint");
    left.outcome.says("NO-GO");
}

#[test]
fn what_stands_on_a_warning_that_failed_is_no_pass() {
    let text = CHAIN.replace("run = 'test -e fixed'", "run = 'test -e fixed'\nwarn = true");
    // A gate that is needed stands for those of its items that decide something.
    let text = text.replace("needs = ['A']", "needs = ['lint']");
    let left = Release::of(&text).run(&[]).exits_with(4);
    left.came_out("deploy", Status::NoData, "which only warns and decides nothing");
    left.came_out("smoke", Status::Skipped, "not started: `deploy` did not pass");
}

#[test]
fn parts_can_be_asked_for_and_are_no_go() {
    let release = Release::of(CHAIN);
    let left = release.run(&["--only", "B,smoke"]).exits_with(0);
    left.came_out("lint", Status::Skipped, "it was not asked for");
    left.came_out("deploy", Status::Pass, "");
    let result = left.result();
    assert_eq!((result.verdict, result.go), (Verdict::Pass, false));
    assert_eq!(result.asked_for, "--only B --only smoke");
    assert_eq!(result.gates[0].verdict, None);
    assert!(result.reasons.join(" ").contains("not all gates were asked for"));
    release.run(&["--only", "lnt", "--overwrite"]).exits_with(2).outcome.tells("did you mean `lint`?");
    release.run(&["--from", "nowhere", "--overwrite"]).exits_with(2).outcome.tells("the gates are: A, B, C");
    release.run(&["--from", "C"]).exits_with(1).outcome.tells("already holds a run");
    let from = release.run(&["--from", "C", "--overwrite"]).exits_with(0);
    from.came_out("deploy", Status::Skipped, "it was not asked for");
    from.came_out("smoke", Status::Pass, "");
}

#[test]
fn evidence_whose_maker_was_not_asked_for_is_no_evidence() {
    let release = Release::items(
        "[[gate.item]]\nid = 'make'\nrun = 'echo new > report'\n\
         [[gate.item]]\nid = 'read'\nneeds = ['make']\nread = { file = 'report' }\n",
    );
    let file = release.workspace.file("report", "old");
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3_600);
    std::fs::File::options().write(true).open(&file).unwrap().set_modified(old).unwrap();
    let left = release.run(&["--only", "read"]).exits_with(4);
    left.came_out("read", Status::NoData, "older");
    release.run_into("run2", &[]).exits_with(0);
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let release = Release::of(CHAIN);
    let said = release.run(&["--dry-run"]).exits_with(0).outcome.stdout;
    let spaced: Vec<&str> = said.lines().filter(|line| line.trim_end() != *line).collect();
    assert!(spaced.is_empty(), "{spaced:?}");
    for part in ["test -e fixed", "deploy", "(step 2)", "(step 3)", "needs    lint, types"] {
        assert!(said.contains(part), "no `{part}` in {said}");
    }
    assert!(!release.path().join("deployed").exists() && !release.path().join("run").exists());
}

#[test]
fn a_file_with_mistakes_says_where_and_runs_nothing() {
    let release = Release::items("[[gate.item]]\nid = 'a'\nrun = 'touch was-run'\nneds = ['b']\n");
    release.run(&[]).exits_with(3).outcome.tells("did you mean `needs`?").tells("1 mistake in the release file");
    assert!(!release.path().join("was-run").exists() && !release.path().join("run").exists());
}
