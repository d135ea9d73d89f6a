//! The rollback drill: the version before is deployed and checked, and the new one comes back however that went.

use mnload::demo::{Demo, DemoOptions};
use mnload::verdict::Status;

use super::words::{Left, Release};

fn release(smoke: &str) -> Release {
    let release = Release::of(
        "name = 'drill'
[[gate]]
id = 'H'
[[gate.item]]
id = 'before'
scenario = { file = 'smoke.toml', set = { path = '/health' } }
[rollback]
gate = 'H'
needs = ['before']
previous = 'echo v1'
deploy = 'echo \"$MNLOAD_PREVIOUS\" > deployed'
smoke = 'smoke.toml'
restore = 'echo v2 > deployed'
",
    );
    let text = format!(
        "[target]\nbase_url = '${{ env.TARGET }}'\n[vars]\npath = '{smoke}'\n\
         [[step]]\nname = 'health'\nget = '${{ path }}'\nexpect = {{ status = 200 }}\n"
    );
    release.workspace.file("smoke.toml", &text);
    release
}

#[test]
fn the_new_version_is_put_back_after_a_drill_that_passed_and_after_one_that_failed() {
    let demo = Demo::start(DemoOptions::default()).unwrap();
    let target = demo.base_url();
    let good = release("/health").env("TARGET", &target);
    let left = good.run(&[]);
    let steps = ["previous", "deploy", "smoke", "restore", "restored"].map(|step| format!("rollback-{step}"));
    for step in &steps {
        left.came_out(step, Status::Pass, "");
    }
    let left = left.exits_with(0);
    assert!(left.result().go && left.folder.join("items/rollback-smoke/run/result.json").exists());
    let bad = release("/no-such-page").env("TARGET", &target);
    let left = bad.run(&[]).exits_with(99);
    left.came_out("rollback-smoke", Status::Fail, "");
    left.came_out("rollback-restore", Status::Pass, "");
    left.came_out("rollback-restored", Status::Fail, "");
    assert_eq!(std::fs::read_to_string(bad.path().join("deployed")).unwrap(), "v2\n");
}

#[test]
fn a_target_that_is_not_there_is_no_data() {
    let release = release("/health").env("TARGET", "http://127.0.0.1:1");
    let left = release.run(&[]).exits_with(4);
    left.came_out("before", Status::NoData, "left no result: it exited with 3");
    left.came_out("rollback-restore", Status::Skipped, "");
    assert!(!release.path().join("deployed").exists(), "nothing was deployed, and nothing is put back");
}

#[test]
fn a_drill_that_is_stopped_half_way_puts_the_new_version_back() {
    let demo = Demo::start(DemoOptions::default()).unwrap();
    let release = release("/health").env("TARGET", &demo.base_url());
    let text = std::fs::read_to_string(release.path().join("release.toml")).unwrap();
    let slow = text.replace("> deployed'\nsmoke", "> deployed; sleep 60'\nsmoke");
    release.workspace.file("release.toml", &slow);
    let running = release.start("run", &[]);
    release.wait_for("deployed");
    running.signal("INT");
    let left = Left { outcome: running.finish(), folder: release.path().join("run") }.exits_with(130);
    left.came_out("rollback-deploy", Status::NoData, "was ended, since the release was stopped");
    left.came_out("rollback-restore", Status::Pass, "");
    left.came_out("rollback-restored", Status::NoData, "the release was stopped before");
    assert_eq!(std::fs::read_to_string(release.path().join("deployed")).unwrap(), "v2\n");
}

#[test]
fn a_drill_that_was_killed_is_taken_up_only_once_the_new_version_is_back() {
    let release = Release::of(
        "name = 'killed'
[[gate]]
id = 'A'
[[gate.item]]
id = 'other'
run = 'true'
[rollback]
gate = 'A'
previous = 'echo v1'
deploy = 'touch deploying; sleep 5'
smoke = 'smoke.toml'
restore = 'true'
",
    );
    release
        .workspace
        .file("smoke.toml", "[target]\nbase_url = 'http://127.0.0.1:1'\n[[step]]\nname = 'a'\nget = '/'\n");
    let running = release.start("run", &[]);
    release.wait_for("deploying");
    running.signal("KILL");
    let left = Left { outcome: running.finish(), folder: release.path().join("run") };
    left.came_out("rollback-deploy", Status::NoData, "it was not over when this was written");
    assert!(left.item("rollback-deploy").started_at.is_some(), "it is known to have been begun");
    let refused = release.run_into("run2", &["--resume", "run"]).exits_with(2);
    refused.outcome.tells("mnload release release.toml --only rollback-restore");
    release.run_into("back", &["--only", "rollback-restore"]).exits_with(0);
    release.run_into("none", &["--dry-run", "--resume", "run", "--resume", "back"]).exits_with(0);
}
