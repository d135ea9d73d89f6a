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
    assert_eq!(release.lines("signoffs.toml"), 18, "both stay");
}

#[test]
fn only_those_who_may_sign_sign_and_only_what_is_to_be_signed() {
    let release = Release::of(RELEASE).committed();
    for (text, wanted) in [
        ("uat=Eve", "Eve may not sign for it: Ann, Bo may, for QA DRI"),
        ("uta=Ann", "did you mean `uat`?"),
        ("lint=Ann", "is no item that a person confirms"),
        ("uat=no", "`no` is nobody's name"),
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

#[test]
fn a_sign_off_for_another_question_holds_no_more() {
    let text = RELEASE.replace("name = 'signed'", "name = 'signed'\n[vars]\nwhere = 'staging'");
    let text = text.replace("signoffs = 'signoffs.toml'\n", "");
    let text =
        format!("signoffs = 'signoffs.toml'\n{}", text.replace("on staging", "on ${ where }, in run ${ run.id }"));
    let release = Release::of(&text).committed();
    release.run(&["--sign", "uat=Ann"]).exits_with(0);
    release.run_into("run2", &[]).exits_with(0);
    let other = release.run_into("run3", &["--set", "where=production"]).exits_with(4);
    other.came_out("uat", Status::NoData, "it was for another question");
    assert!(other.item("uat").manual.unwrap().expired.is_some());
}

#[test]
fn a_role_whose_people_name_nobody_lets_anybody_sign_and_the_release_tells() {
    let text = RELEASE.replace("people = ['Ann', 'Bo']", "people = [\"${ env.QA_DRI | default('') }\"]");
    let release = Release::of(&text).committed();
    let signed = release.run(&["--sign", "uat=Eve"]).exits_with(0);
    let warnings = signed.result().warnings.join("\n");
    assert!(warnings.contains("anybody could sign for uat: no people are named for QA DRI"), "{warnings}");
    assert!(
        signed.kept("ownership.md").contains("| anybody could sign: no people are named |"),
        "{}",
        signed.kept("ownership.md")
    );
}

#[test]
fn a_run_folder_that_holds_the_release_file_is_refused() {
    let release = Release::of(RELEASE).committed();
    release.run_into(".", &[]).exits_with(2).outcome.tells("holds the release file");
    assert!(!release.path().join("result.json").exists());
}
