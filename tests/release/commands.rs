//! Commands that hang, flood, die, ask, print secrets or are not there.

use std::time::{Duration, Instant};

use mnload::verdict::Status;

use super::words::Release;

#[test]
fn a_command_that_hangs_is_ended_with_its_children_even_if_they_ignore_it() {
    let release = Release::items(
        "[[gate.item]]\nid = 'hang'\nrun = { timeout = '500ms', command = '''\n\
         trap '' TERM\n(trap '' TERM; echo $BASHPID > child; sleep 60) &\necho before\nsleep 60''' }\n",
    );
    let start = Instant::now();
    let left = release.run(&[]).exits_with(99);
    assert!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
    left.came_out("hang", Status::Fail, "was not over after 500ms, and was ended");
    let command = left.item("hang").command.unwrap();
    assert!(command.timed_out && command.stdout.tail == "before", "{command:?}");
    let child = std::fs::read_to_string(release.path().join("child")).unwrap();
    let child = std::fs::read_to_string(format!("/proc/{}/cmdline", child.trim())).unwrap_or_default();
    assert!(child.is_empty(), "the child still runs: {child:?}");
}

#[test]
fn a_flood_is_bounded_and_is_no_evidence() {
    let release = Release::items(
        "[[gate.item]]\nid = 'flood'\nrun = 'head -c 100000000 /dev/zero | tr \"\\\\0\" x; echo; echo the end'\n\
         read = { text = { contains = ['the end'] } }\n\
         [[gate.item]]\nid = 'line'\nrun = 'head -c 3000000 /dev/zero | tr \"\\\\0\" x; printf \"\\\\xff\\\\xfe\"'\n",
    );
    let left = release.run(&[]).exits_with(4);
    left.came_out("flood", Status::NoData, "stdout is longer than what is kept of it");
    let flood = left.item("flood");
    let command = flood.command.unwrap();
    assert!(command.stdout.bytes >= 100_000_000 && command.stdout.cut, "{:?}", command.stdout.bytes);
    assert!(left.kept("items/flood/stdout.txt").len() < 4 << 20);
    let line = left.item("line");
    assert_eq!(line.status, Status::Pass, "{:?}", line.reasons);
    assert!(line.command.unwrap().stdout.tail.chars().count() <= 4_000);
}

#[test]
fn signals_missing_programs_and_failed_parts_of_a_pipe_say_what_they_are() {
    let release = Release::items(
        "[[gate.item]]\nid = 'killed'\nrun = 'kill -KILL $$'\n\
         [[gate.item]]\nid = 'pipe'\nrun = 'false | head -1'\n\
         [[gate.item]]\nid = 'first'\nrun = '''\nfalse\ntrue'''\n\
         [[gate.item]]\nid = 'absent'\nrun = 'no-such-program --x'\n\
         [[gate.item]]\nid = 'words'\nrun = { command = ['no-such-program'] }\n\
         [[gate.item]]\nid = 'data'\nrun = { command = ['./release.toml'] }\n\
         [[gate.item]]\nid = 'folder'\nrun = { command = 'true', dir = 'nowhere' }\n\
         [[gate.item]]\nid = 'two'\nrun = { command = 'exit 2', exit_codes = [0, 2] }\n\
         [[gate.item]]\nid = 'asks'\nrun = 'read answer'\n\
         [[gate.item]]\nid = 'terminal'\nrun = 'echo x > /dev/tty'\n",
    );
    let left = release.run(&["--parallel", "4"]).exits_with(4);
    left.came_out("killed", Status::Fail, "was killed by SIGKILL (9): out of memory?");
    left.came_out("pipe", Status::Fail, "`false | head -1` exited with 1");
    left.came_out("first", Status::Fail, "exited with 1");
    left.came_out("absent", Status::NoData, "no-such-program: command not found");
    left.came_out("words", Status::NoData, "no program `no-such-program` was found");
    left.came_out("data", Status::NoData, "`./release.toml` may not be executed");
    left.came_out("folder", Status::NoData, "the folder nowhere does not exist");
    left.came_out("two", Status::Pass, "");
    left.came_out("asks", Status::Fail, "exited with 1");
    left.came_out("terminal", Status::Fail, "exited with 1");
}

#[test]
fn what_stays_in_the_background_holds_no_item_up() {
    let release = Release::items("[[gate.item]]\nid = 'start'\nrun = 'sleep 40 & echo $! > server; echo started'\n");
    let start = Instant::now();
    let left = release.run(&[]).exits_with(0);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    let command = left.item("start").command.unwrap();
    assert_eq!(command.stdout.tail, "started");
    assert!(command.notes.join(" ").contains("still runs"), "{:?}", command.notes);
    let server = std::fs::read_to_string(release.path().join("server")).unwrap();
    let ended = std::process::Command::new("kill").arg(server.trim()).status().unwrap();
    assert!(ended.success(), "what is started on purpose stays");
}

#[test]
fn a_secret_of_a_variable_stands_in_nothing_that_is_kept() {
    let text = "name = 'test'\n[vars]\napi_token = 'canary-of-the-file'\ndeploy_pat = 'canary-of-the-line'\n\
         [roles.ops]\ntitle = 'ops ${ api_token }'\nduty = 'knows ${ deploy_pat }'\n[[gate]]\nid = 'A'\nowners = ['ops']\n\
         [[gate.item]]\nid = 'deploy'\ntitle = 'deploy ${ api_token }'\nartifacts = ['x-${ deploy_pat }']\n\
         run = 'echo --tok ${ api_token } ${ deploy_pat } >&2; exit 3'\n\
         [[gate.item]]\nid = 'seen'\nmanual = '${ api_token } and ${ deploy_pat } work'\n";
    let release = Release::of(text).committed();
    let sign = "seen=Ann: with canary-of-the-file";
    let left = release.run(&["--set", "deploy_pat=canary-of-the-set", "--sign", sign]).exits_with(99);
    let all = left.everything();
    assert!(all.contains("--tok [redacted] [redacted]"), "{all}");
    assert!(!all.contains("canary-of"), "{all}");
}

#[test]
fn secrets_reach_the_command_and_nothing_that_is_kept() {
    let text = "[[gate.item]]\nid = 'tells'\n\
         run = { env = { GIVEN = '${ secret.CANARY_ONE }' }, command = '''\n\
         test \"$GIVEN\" = canary-number-one\n\
         printf '%.7s' \"$GIVEN\"; sleep 0.2; echo \"$GIVEN\" | cut -c8-\n\
         echo \"$DEPLOY_TOKEN\" >&2\n\
         echo ${ secret.CANARY_ONE }''' }\n\
         read = { text = { contains = ['not there: ${ secret.CANARY_ONE }'] } }\n";
    let release = Release::items(text).env("CANARY_ONE", "canary-number-one").env("DEPLOY_TOKEN", "canary/number two");
    let left = release.run(&["--format", "json"]).exits_with(99);
    left.came_out("tells", Status::Fail, "stdout does not hold `not there: [redacted]`");
    assert_eq!(left.kept("items/tells/stdout.txt"), "[redacted]\n[redacted]\n");
    let all = left.everything();
    for canary in ["canary-number", "number-one", "number two"] {
        assert!(!all.contains(canary), "{canary} in {all}");
    }
}

#[test]
fn commands_know_of_the_run_and_of_what_earlier_ones_set() {
    let release = Release::items(
        "[[gate.item]]\nid = 'tag'\nrun = { command = 'echo v1; echo more', sets = 'TAG' }\n\
         [[gate.item]]\nid = 'uses'\nneeds = ['tag']\nrun = 'echo \"$TAG $COMMON $MNLOAD_RUN_ID $MNLOAD_RELEASE_DIR\"'\n\
         [[gate.item]]\nid = 'other'\nrun = 'echo \"[$TAG]\"'\n\
         [[gate.item]]\nid = 'empty'\nrun = { command = 'true', sets = 'NOTHING' }\n\
         [env]\nCOMMON = 'for all'\n",
    );
    let left = release.run(&[]).exits_with(4);
    let result = left.result();
    let folder = left.folder.canonicalize().unwrap();
    let said = left.item("uses").command.unwrap().stdout.tail;
    assert_eq!(said, format!("v1 for all {} {}", result.run_id, folder.display()));
    assert_eq!(left.item("other").command.unwrap().stdout.tail, "[]", "it does not stand on what sets it");
    left.came_out("empty", Status::NoData, "should be the value of NOTHING");
}

#[test]
fn ctrl_c_ends_what_runs_and_leaves_a_report_of_what_was_done() {
    let release = Release::items(
        "[[gate.item]]\nid = 'quick'\nrun = 'true'\n\
         [[gate.item]]\nid = 'long'\nneeds = ['quick']\nrun = 'echo $$ > pid; sleep 100'\n\
         [[gate.item]]\nid = 'later'\nneeds = ['long']\nrun = 'touch was-run'\n",
    );
    let running = release.start("run", &[]);
    release.wait_for("pid");
    running.signal("INT");
    let left = super::words::Left { outcome: running.finish(), folder: release.path().join("run") }.exits_with(130);
    left.came_out("quick", Status::Pass, "");
    left.came_out("long", Status::NoData, "was ended, since the release was stopped");
    left.came_out("later", Status::NoData, "the release was stopped before");
    assert!(!left.result().go && !release.path().join("was-run").exists());
    let pid = std::fs::read_to_string(release.path().join("pid")).unwrap();
    assert!(!std::path::Path::new(&format!("/proc/{}/cwd", pid.trim())).exists());
}
