//! What is not done again, and why other things are.

use mnload::verdict::Status;

use super::words::Release;

/// Items that write a line each time they run, into files that are in no commit.
const RELEASE: &str = "
name = 'resumed'
signoffs = 'signoffs.toml'
[[gate]]
id = 'A'
[[gate.item]]
id = 'build'
inputs = ['src']
run = 'mkdir -p left; echo x >> left/build; echo built > left/report'
read = { file = 'left/report' }
[[gate.item]]
id = 'test'
needs = ['build']
inputs = ['src']
run = 'echo x >> left/test; echo tested'
[[gate.item]]
id = 'lint'
run = 'mkdir -p left; echo x >> left/lint; test -e left/fixed'
[[gate.item]]
id = 'report'
needs = ['build']
read = { file = 'left/report' }
[[gate.item]]
id = 'notes'
holds_for = '0s'
inputs = ['src']
run = 'mkdir -p left; echo x >> left/notes'
";

fn release() -> Release {
    let release = Release::of(RELEASE);
    std::fs::create_dir(release.path().join("src")).unwrap();
    release.workspace.file("src/a", "1");
    release.committed()
}

fn ran(release: &Release) -> [usize; 4] {
    ["build", "test", "lint", "notes"].map(|name| release.lines(&format!("left/{name}")))
}

#[test]
fn what_passed_and_still_holds_is_not_done_again() {
    let release = release();
    let first = release.run(&[]).exits_with(99);
    assert_eq!(ran(&release), [1, 1, 1, 1]);
    release.workspace.file("left/fixed", "");
    let dry = release.run_into("none", &["--dry-run", "--resume", "run"]).exits_with(0).outcome.stdout;
    assert_eq!(dry.matches("still holds").count(), 2, "{dry}");
    assert!(dry.contains("done again: it did not pass before"), "{dry}");
    let second = release.run_into("run2", &["--resume", "run"]).exits_with(0);
    assert_eq!(ran(&release), [1, 1, 2, 2], "what failed, and what holds for no time");
    assert!(second.result().go);
    let (earlier, test) = (first.result().run_id, second.item("test"));
    assert_eq!(test.reused_from.as_ref(), Some(&earlier));
    assert_eq!(second.kept(test.command.unwrap().stdout.file.as_deref().unwrap()), "tested\n");
    second.came_out("report", Status::Pass, "");
    // A run that was resumed can be taken up as well, and says where the pass is from.
    let third = release.run_into("run3", &["--resume", "run2"]).exits_with(0);
    assert_eq!(third.item("test").reused_from, Some(earlier));
    assert_eq!(ran(&release), [1, 1, 2, 3]);
}

#[test]
fn whatever_an_item_depends_on_is_a_reason_to_repeat_it_and_what_needs_it() {
    let release = release();
    release.workspace.file(".gitignore", "left/\nrun*/\n");
    std::fs::create_dir(release.path().join("left")).unwrap();
    release.workspace.file("left/fixed", "");
    release.run(&[]).exits_with(0);
    release.workspace.file("left/report", "somebody changed it");
    release.run_into("run2", &["--resume", "run"]).exits_with(0);
    assert_eq!(ran(&release)[..3], [2, 2, 1], "its evidence is not what it left, and `test` needs it");
    std::fs::remove_file(release.path().join("left/report")).unwrap();
    release.run_into("run3", &["--resume", "run2"]).exits_with(0);
    assert_eq!(ran(&release)[..3], [3, 3, 1], "its evidence is gone");
    release.workspace.file("src/a", "2");
    release.run_into("run4", &["--resume", "run3"]).exits_with(0);
    assert_eq!(ran(&release)[..3], [4, 4, 2], "the source has changed, and with it the tree");
    let text = RELEASE.replace("echo tested", "echo tested well").replace("name =", "# a comment\nname =");
    release.workspace.file("release.toml", &text);
    release.run_into("run5", &["--resume", "run4"]).exits_with(0);
    assert_eq!(ran(&release)[..3], [4, 5, 3], "what is run has changed");
}

#[test]
fn runs_of_parts_are_laid_together_and_the_latest_is_found() {
    let release = release();
    std::fs::create_dir(release.path().join("left")).unwrap();
    release.workspace.file("left/fixed", "");
    release.run_into("run1", &["--only", "build"]).exits_with(0);
    release.run_into("run2", &["--only", "test,lint"]).exits_with(0);
    let whole = release.run_into("run3", &["--resume", "run1", "--resume", "run2"]).exits_with(0);
    assert_eq!(ran(&release), [1, 1, 1, 1]);
    assert!(whole.result().go);
    let none = release.run_into("run4", &["--resume"]).exits_with(2);
    none.outcome.tells("there is no earlier run of `resumed` in reports/");
    release.run_into("reports/one", &[]).exits_with(0);
    release.run_into("reports/two", &["--resume"]).exits_with(0);
    assert_eq!(ran(&release)[..3], [2, 2, 2]);
    release.run_into("run3", &["--resume", "run3", "--overwrite"]).exits_with(2).outcome.tells("is taken up");
    release.run_into("run5", &["--resume", "src"]).exits_with(2).outcome.tells("src holds no run");
}

#[test]
fn runs_of_parts_are_laid_together_and_nothing_is_run() {
    let release = release();
    release.workspace.file("src/b", "1");
    let release = release.committed();
    release.run(&["--only", "build,test,report"]).exits_with(0);
    release.workspace.file("left/fixed", "");
    release.run_into("run2", &["--only", "lint,notes"]).exits_with(0);
    let together = ["--collect", "--resume", "run", "--resume", "run2"];
    let all = release.run_into("all", &together).exits_with(0);
    assert_eq!(ran(&release), [1, 1, 1, 1], "nothing was run");
    assert!(all.result().go && all.item("lint").status == Status::Pass);
    assert!(release.path().join("all/items/test/stdout.txt").exists(), "what was kept is in the new folder, too");
    // One part alone says nothing of the others.
    let part = release.run_into("part", &["--collect", "--resume", "run"]).exits_with(4);
    assert_eq!(part.item("lint").status, Status::NoData);
    assert!(part.item("lint").reasons[0].contains("none of the runs"), "{:?}", part.item("lint").reasons);
    // Neither does a run of what was released before.
    release.workspace.file("src/a", "2");
    let stale = release.run_into("stale", &together).exits_with(4);
    assert!(stale.item("build").reasons[0].contains("another state of the repository"), "{:?}", stale.item("build"));
    assert_eq!(ran(&release), [1, 1, 1, 1]);
}
