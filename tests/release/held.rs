//! What a pass no longer stands for: its ground has changed, is older than it should be, or was never known.

use mnload::verdict::{Kind, Status, Verdict};

use super::words::{Left, Release};

fn of(items: &str) -> Release {
    let release = Release::items(items);
    std::fs::create_dir(release.path().join("src")).unwrap();
    release.workspace.file("src/a", "1");
    release.workspace.file("other", "1");
    std::fs::create_dir(release.path().join("left")).unwrap();
    release.workspace.file("left/in", "1");
    release.committed()
}

fn dry(release: &Release, resume: &str) -> String {
    release.run_into("none", &["--dry-run", "--resume", resume]).exits_with(0).outcome.stdout
}

#[test]
fn what_makes_a_value_hands_on_that_it_stands_on_something_new() {
    let release = of("[[gate.item]]\nid = 'build'\ninputs = ['src']\nrun = 'true'\n\
         [[gate.item]]\nid = 'version'\nneeds = ['build']\ninputs = ['src']\nrun = { command = 'echo v1', sets = 'TAG' }\n\
         [[gate.item]]\nid = 'deploy'\nneeds = ['version']\ninputs = ['other']\nrun = 'echo $TAG >> left/deploy'\n");
    release.run(&[]).exits_with(0);
    let said = dry(&release, "run");
    assert!(said.contains("depends on the value of TAG"), "{said}");
    release.run_into("run2", &["--resume", "run"]).exits_with(0);
    assert_eq!(release.lines("left/deploy"), 1, "nothing has changed, and the value is the same");
    release.workspace.file("src/a", "2");
    let said = dry(&release, "run2");
    assert!(said.contains("done again: `version`, which it needs, is done again"), "{said}");
    release.run_into("run3", &["--resume", "run2"]).exits_with(0);
    assert_eq!(release.lines("left/deploy"), 2, "what is deployed was built anew");
}

#[test]
fn a_pass_that_is_older_than_what_it_needs_is_not_taken() {
    let release = of("[[gate.item]]\nid = 'build'\ninputs = ['src']\nrun = 'echo x >> left/build'\n\
         [[gate.item]]\nid = 'test'\nneeds = ['build']\ninputs = ['src']\nrun = 'echo x >> left/test'\n");
    release.run_into("run1", &[]).exits_with(0);
    release.run_into("run2", &["--only", "build"]).exits_with(0);
    release.run_into("run3", &["--resume", "run1", "--resume", "run2"]).exits_with(0);
    assert_eq!((release.lines("left/build"), release.lines("left/test")), (2, 2));
}

#[test]
fn what_was_changed_while_it_was_worked_on_is_done_again() {
    let release = of("[[gate.item]]\nid = 'a'\ninputs = ['left/in']\nrun = 'echo x >> left/a; echo x >> left/in'\n");
    let left = release.run(&[]).exits_with(0);
    assert_eq!(left.item("a").inputs, "");
    release.run_into("run2", &["--resume", "run"]).exits_with(0);
    assert_eq!(release.lines("left/a"), 2);
}

#[test]
fn environment_files_and_commits_that_are_named_are_inputs() {
    let release = of("[[gate.item]]\nid = 'env'\ninputs = ['src']\nrun = 'echo $PLACE >> left/env'\n\
         [[gate.item]]\nid = 'commit'\ninputs = ['src']\nrun = 'echo ${ run.commit } >> left/commit'\n");
    release.workspace.file("left/x.env", "PLACE=one\n");
    let ran = || (release.lines("left/env"), release.lines("left/commit"));
    let given = |folder: &str, more: &[&str]| {
        let left = release.run_into(folder, &[&["--env-file", "left/x.env"], more].concat());
        assert!(left.exits_with(0).result().go);
    };
    given("run1", &[]);
    given("run2", &["--resume", "run1"]);
    assert_eq!(ran(), (1, 1));
    release.workspace.file("left/x.env", "PLACE=two\n");
    given("run3", &["--resume", "run2"]);
    assert_eq!(ran(), (2, 2), "every command gets it");
    release.commit();
    given("run4", &["--resume", "run3"]);
    assert_eq!(ran(), (2, 3));
    let all = of("[[gate.item]]\nid = 'all'\ninputs = ['.']\nrun = 'echo ${ run.id }'\n");
    all.run(&[]).exits_with(0);
    let again = all.run_into("run2", &["--resume", "run"]).exits_with(0);
    assert!(again.item("all").reused_from.is_some(), "the run folders in it are no input");
}

#[test]
fn a_commit_or_an_edit_in_mid_run_leaves_nothing_to_go_by() {
    let own = "git -c user.name=t -c user.email=t@t -c commit.gpgsign=false";
    for change in ["echo 2 > src/a".to_owned(), format!("{own} commit -q --allow-empty -m y")] {
        let release = of(&format!(
            "[[gate.item]]\nid = 'first'\nrun = 'true'\n[[gate.item]]\nid = 'own'\ninputs = ['other']\nrun = 'true'\n\
             [[gate.item]]\nid = 'change'\nneeds = ['first']\nrun = '{change}'\n"
        ));
        let left: Left = release.run(&[]).exits_with(4);
        let result = left.result();
        assert!(!result.go && result.verdict == Verdict::Inconclusive, "{change}: {:?}", result.reasons);
        let finding = result.findings.iter().find(|finding| finding.kind == Kind::Validity).unwrap();
        assert_eq!(finding.name, "the working tree stayed the same");
        left.came_out("change", Status::Pass, "");
        let [first, own] = ["first", "own"].map(|id| left.item(id).inputs);
        assert!(first.is_empty() && !own.is_empty(), "{change}: only what has inputs of its own has some to go by");
    }
    let untracked = of("[[gate.item]]\nid = 'a'\nrun = 'echo 2 > new'\n");
    assert!(untracked.run(&[]).exits_with(0).result().go);
}

#[test]
fn an_output_that_something_still_holds_is_not_taken_for_whole() {
    let release = Release::items(
        "[[gate.item]]\nid = 'drift'\nrun = '(sleep 1; echo drift) & echo ok'\nread = { text = { lacks = ['drift'] } }\n\
         [[gate.item]]\nid = 'other'\nrun = '(sleep 1; echo drift >&2) >&- & echo ok'\nread = { text = { contains = ['ok'] } }\n",
    );
    let left = release.run(&[]).exits_with(4);
    left.came_out("drift", Status::NoData, "something that the command started still holds stdout open");
    left.came_out("other", Status::Pass, "");
}
