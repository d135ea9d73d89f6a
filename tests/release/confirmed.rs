//! Items that people confirm: who, for which state, and when it ends.

use mnload::verdict::Status;

use super::words::Release;

const RELEASE: &str = "
name = 'signed'
signoffs = 'signoffs.toml'
[roles.qa]
title = 'QA DRI'
people = ['Ann', 'Bo']
[[gate]]
id = 'H'
owners = ['qa']
[[gate.item]]
id = 'uat'
manual = 'the pages look right on staging'
[[gate.item]]
id = 'lint'
run = 'true'
";

#[test]
fn a_sign_off_holds_for_its_commit_and_expires_with_it() {
    let release = Release::of(RELEASE).committed();
    let unsigned = release.run(&[]).exits_with(4);
    unsigned.came_out("uat", Status::NoData, "nobody has confirmed it for this commit");
    let signed = release.run_into("run2", &["--sign", "uat=Ann: all pages"]).exits_with(0);
    assert!(signed.result().go, "{:?}", signed.result().reasons);
    let sign_off = signed.item("uat").manual.unwrap().signed.unwrap();
    assert_eq!((sign_off.by.as_str(), sign_off.note.as_str()), ("Ann", "all pages"));
    assert_eq!(sign_off.commit, signed.result().commit.unwrap().id);
    release.run_into("run3", &[]).exits_with(0).came_out("uat", Status::Pass, "");
    // The file of sign-offs may be kept in the repository.
    release.commit();
    release.run_into("run4", &[]).exits_with(0);
    release.workspace.file("code", "new");
    let changed = release.run_into("run5", &[]).exits_with(4);
    changed.came_out("uat", Status::NoData, "its sign-off has expired: Ann confirmed it on ");
    assert_eq!(changed.item("uat").manual.unwrap().expired.unwrap().by, "Ann");
    release.commit();
    release.run_into("run6", &[]).exits_with(4).came_out("uat", Status::NoData, "and this is ");
    release.run_into("run7", &["--sign", "uat=Bo"]).exits_with(0);
    assert_eq!(release.lines("signoffs.toml"), 16, "both stay");
}

#[test]
fn only_those_who_may_sign_sign_and_only_what_is_to_be_signed() {
    let release = Release::of(RELEASE).committed();
    for (text, wanted) in [
        ("uat=Eve", "Eve may not sign for it: Ann, Bo may, for QA DRI"),
        ("uta=Ann", "did you mean `uat`?"),
        ("lint=Ann", "is no item that a person confirms"),
    ] {
        release.run(&["--sign", text]).exits_with(2).outcome.tells(wanted);
    }
    assert!(!release.path().join("run").exists(), "nothing was begun");
    // Somebody writes into the file what the command line refuses.
    release.run(&["--sign", "uat=Ann"]).exits_with(0);
    let text = std::fs::read_to_string(release.path().join("signoffs.toml")).unwrap();
    release.workspace.file("signoffs.toml", &text.replace("\"Ann\"", "\"Eve\""));
    release.run_into("run2", &[]).exits_with(4).came_out("uat", Status::NoData, "Eve may not sign for it");
    release.workspace.file("signoffs.toml", "[[signoff]]\nitem = 'uat'\n");
    release.run_into("run3", &[]).exits_with(3);
}

#[test]
fn without_a_repository_nothing_can_be_signed() {
    let left = Release::of(RELEASE).run(&["--sign", "uat=Ann"]).exits_with(4);
    left.came_out("uat", Status::NoData, "there is no commit to sign for");
}
