//! The journal: what is left of a run that was killed, reports made anew, and disks that fail.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use mnload::demo::{Demo, DemoOptions};
use mnload::report::{Kind, Manifest, RunResult};
use mnload::verdict::{Ending, Verdict};

use crate::support::{Outcome, Running, Workspace};

/// The reports that every run folder has.
static FILES: LazyLock<Vec<&str>> = LazyLock::new(|| Kind::OF_EVERY_RUN.iter().map(|kind| kind.file_name()).collect());

/// A load that is judged so mildly that no busy machine stands in its way.
fn load(demo: &Demo, load: &str) -> Workspace {
    with_pause(demo, load, "0ms")
}

/// One user for so many seconds, who takes his time.
fn slowly(demo: &Demo, seconds: u64) -> Workspace {
    with_pause(demo, &format!("model = \"closed\"\nusers = 1\nduration = \"{seconds}s\""), "20ms")
}

fn with_pause(demo: &Demo, load: &str, pause: &str) -> Workspace {
    Workspace::with(&format!(
        "name = \"kept\"\n[target]\nbase_url = \"{}\"\n[load]\n{load}\n[gates]\nslow = \"p95 < 60s\"\n[[step]]\nname = \"one, two\"\nget = \"/health\"\nthink = \"{pause}\"\n[[step]]\nname = \"api\"\nget = \"/api/health\"\n",
        demo.base_url()
    ))
}

fn demo() -> Demo {
    Demo::start(DemoOptions::without_latency()).unwrap()
}

fn read(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn result_in(folder: &Path) -> RunResult {
    serde_json::from_slice(&read(folder, "result.json")).unwrap()
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A run that was killed when so many requests had come.
fn killed(workspace: &Workspace, demo: &Demo, requests: u64) -> Outcome {
    let running: Running = workspace.start(&[]);
    until("requests came", || demo.requests_seen() >= requests);
    workspace.mnload(&["report", "run"]).exits_with(1).tells("still going on");
    workspace.mnload(&["run", "scenario.toml", "--out", "run", "--overwrite"]).exits_with(1).tells("a run is going on");
    running.signal("KILL");
    running.finish()
}

#[test]
fn a_run_that_was_killed_is_reported_from_its_journal() {
    let demo = demo();
    let workspace = load(&demo, "model = \"open\"\nrate = \"50/s\"\nduration = \"60s\"");
    let outcome = killed(&workspace, &demo, 400);
    let folder = &outcome.run_folder;
    assert!(FILES.iter().all(|name| read(folder, name).is_empty()), "no report says anything yet");
    workspace.mnload(&["report", "run"]).exits_with(4).says("INCONCLUSIVE").says("the run was killed after");
    let result = result_in(folder);
    assert_eq!((result.ending, result.verdict, result.exit_code), (Ending::Killed, Verdict::Inconclusive, 4));
    let (counted, seen) = (result.all_steps().requests, demo.requests_seen());
    // The second before the last may not have been handed in, and the last was under way; and one for a busy machine.
    assert!(counted <= seen && counted + 300 >= seen, "{counted} of {seen}");
    assert!(result.accounting.balances() && result.accounting.scheduled >= counted / 2, "{:?}", result.accounting);
    assert!(result.generator.unknown && result.generator.workers == 1);
    assert!(result.findings.iter().all(|finding| !finding.reason.iter().any(|reason| reason.contains("busy only 0"))));
    assert!(String::from_utf8(read(folder, "report.html")).unwrap().contains("killed"));
    let rows = csv::Reader::from_reader(&*read(folder, "timeline.csv")).into_records().count() as u64;
    assert_eq!(rows, 3 * result.elapsed_s as u64, "each second for all steps and for two");
    workspace.mnload(&["report", "--verify", "run"]).exits_with(0).says(&format!("all {} files", FILES.len() + 1));
    let before: Vec<_> = FILES.iter().map(|name| read(folder, name)).collect();
    workspace.mnload(&["report", "run"]).exits_with(4);
    let again: Vec<_> = FILES.iter().map(|name| read(folder, name)).collect();
    assert!(before == again, "once more says the same");
}

#[test]
fn a_torn_journal_gives_what_stands_before() {
    let demo = demo();
    let workspace = load(&demo, "model = \"open\"\nrate = \"50/s\"\nduration = \"60s\"");
    let folder = killed(&workspace, &demo, 350).run_folder.clone();
    let journal = read(&folder, "journal.hlog");
    std::fs::write(folder.join("journal.hlog"), &journal[..journal.len() - 40]).unwrap();
    workspace.mnload(&["report", "run"]).exits_with(4).says("ends in the middle of a second");
    let result = result_in(&folder);
    assert!(result.all_steps().requests > 0);
    // Once more: the result is there now, and the journal still belongs to it.
    workspace.mnload(&["report", "run", "--quiet"]).exits_with(4);
    let mut changed = journal.clone();
    let at = changed.len() - 2_000;
    changed[at..at + 8].copy_from_slice(b"\n\xFFnot it");
    std::fs::write(folder.join("journal.hlog"), &changed).unwrap();
    std::fs::write(folder.join("result.json"), "{\"half\":").unwrap();
    workspace.mnload(&["report", "run"]).exits_with(1).tells("--overwrite");
    std::fs::remove_file(folder.join("manifest.json")).unwrap();
    workspace.mnload(&["report", "run"]).exits_with(4).says("the journal is damaged");
    std::fs::write(folder.join("journal.hlog"), "").unwrap();
    std::fs::write(folder.join("result.json"), "").unwrap();
    workspace.mnload(&["report", "run"]).exits_with(1).tells("holds no run that can be reported");
}

#[test]
fn every_report_of_a_finished_run_is_made_anew_to_the_byte() {
    let demo = demo();
    for load_of in ["model = \"closed\"\nusers = 2\niterations = 400\nwarm_up = \"10ms\"", "model = \"once\""] {
        let workspace = load(&demo, load_of);
        let folder = workspace.run(&[]).run_folder.clone();
        let names = FILES.iter().copied().chain(["manifest.json"]);
        let before: Vec<_> = names.clone().map(|name| (name, read(&folder, name))).collect();
        names
            .clone()
            .filter(|name| *name != "result.json")
            .for_each(|name| std::fs::remove_file(folder.join(name)).unwrap());
        workspace.mnload(&["report", "run"]).exits_with(0).says("requests");
        for (name, content) in &before {
            assert!(read(&folder, name) == *content, "{name} differs for {load_of}");
        }
        // A report that is asked for by itself.
        let printed = workspace.mnload(&["report", "run", "--report", "timeline=-", "--report", "json=copy.json"]);
        assert_eq!(printed.exits_with(0).stdout.as_bytes(), read(&folder, "timeline.csv"));
        assert_eq!(read(workspace.path(), "copy.json"), read(&folder, "result.json"));
        // What says something else is not replaced unaskedly.
        std::fs::write(folder.join("report.html"), "mine").unwrap();
        workspace.mnload(&["report", "run"]).exits_with(1).tells("--overwrite replaces it");
        assert_eq!(read(&folder, "report.html"), b"mine");
        workspace.mnload(&["report", "run", "--overwrite"]).exits_with(0);
        assert!(before.iter().all(|(name, content)| read(&folder, name) == *content));
        // Without its seconds only what needs none can be made.
        std::fs::remove_file(folder.join("journal.hlog")).unwrap();
        std::fs::remove_file(folder.join("summary.csv")).unwrap();
        let outcome = workspace.mnload(&["report", "run"]).exits_with(1).tells("html cannot be made");
        assert!(outcome.stderr.contains("timeline cannot be made") && !outcome.stderr.contains("summary cannot"));
        assert!(before.iter().any(|(name, content)| *name == "summary.csv" && read(&folder, name) == *content));
    }
}

#[test]
fn the_manifest_tells_what_has_changed() {
    let demo = demo();
    let workspace = load(&demo, "model = \"closed\"\nusers = 1\niterations = 20");
    let folder = workspace.run(&[]).exits_with(0).run_folder.clone();
    let manifest = Manifest::read(&read(&folder, "manifest.json")).unwrap();
    let names: Vec<&str> = manifest.files.iter().map(|file| file.name.as_str()).collect();
    let mut wanted: Vec<&str> = FILES.iter().copied().chain(["journal.hlog"]).collect();
    wanted.sort_unstable();
    assert_eq!(names, wanted);
    assert!(manifest.scenario_hash.starts_with("sha256:") && manifest.machine.cores.is_some());
    let verify = || workspace.mnload(&["report", "run", "--verify"]);
    verify().exits_with(0).says("files are as the run of");
    let summary = read(&folder, "summary.csv");
    std::fs::write(
        folder.join("summary.csv"),
        summary.iter().map(|byte| byte ^ u8::from(*byte == b'1')).collect::<Vec<_>>(),
    )
    .unwrap();
    std::fs::write(folder.join("note.txt"), "x").unwrap();
    std::fs::remove_file(folder.join("report.html")).unwrap();
    let told =
        verify().exits_with(1).says("changed   summary.csv").says("missing   report.html").says("extra     note.txt");
    let told_of = format!("3 of {} files", FILES.len() + 2);
    assert!(told.stdout.contains(&told_of), "{}", told.stdout);
    // A folder that was tampered with is not vouched for anew by accident.
    workspace.mnload(&["report", "run"]).exits_with(1).tells("says something else");
    verify().exits_with(1);
    let hostile =
        String::from_utf8(read(&folder, "manifest.json")).unwrap().replace("\"summary.csv\"", "\"../scenario.toml\"");
    std::fs::write(folder.join("manifest.json"), hostile).unwrap();
    verify().exits_with(1).tells("outside the run folder");
    std::fs::remove_file(folder.join("manifest.json")).unwrap();
    verify().exits_with(1).tells("has no manifest.json");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_at_once_and_the_load_goes_on() {
    let demo = demo();
    let workspace = slowly(&demo, 3);
    std::fs::create_dir(workspace.path().join("run")).unwrap();
    std::os::unix::fs::symlink("/dev/full", workspace.path().join("run/journal.hlog")).unwrap();
    let outcome = workspace.run(&[]).exits_with(0).tells("journal.hlog cannot be written: No space left on device");
    assert_eq!(outcome.stderr.matches("journal.hlog cannot").count(), 1, "once:\n{}", outcome.stderr);
    let warnings = outcome.result().warnings;
    assert!(warnings.iter().any(|warning| warning.starts_with("journal.hlog lacks ")), "{warnings:?}");
    assert!(FILES.iter().all(|name| !read(&outcome.run_folder, name).is_empty()));
}

#[test]
fn a_folder_that_vanishes_is_said_at_once_and_is_made_again_at_the_end() {
    let demo = demo();
    let workspace = slowly(&demo, 4);
    let running = workspace.start(&[]);
    let folder = workspace.path().join("run");
    until("there is a journal", || std::fs::metadata(folder.join("journal.hlog")).is_ok_and(|it| it.len() > 2_000));
    std::fs::remove_dir_all(&folder).unwrap();
    let outcome = running.finish().exits_with(0).tells("journal.hlog cannot be written: the run folder");
    assert!(outcome.result().warnings.iter().any(|warning| warning.contains("is gone")));
    assert!(FILES.iter().all(|name| !read(&folder, name).is_empty()));
    workspace.mnload(&["report", "run", "--verify"]).exits_with(0).says(&format!("all {} files", FILES.len()));
}

#[test]
fn a_disk_that_fills_up_leaves_whole_seconds() {
    let demo = demo();
    let workspace = load(&demo, "model = \"open\"\nrate = \"50/s\"\nduration = \"5s\"");
    // Ignored, the signal leaves an error; blocks are of 1 KiB.
    let limited =
        format!("trap '' XFSZ; ulimit -f 4; exec {} run scenario.toml --out run", env!("CARGO_BIN_EXE_mnload"));
    let output = Command::new("bash").args(["-c", &limited]).current_dir(workspace.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("journal.hlog cannot be written: File too large"), "{said}");
    assert!(demo.requests_seen() >= 400, "the load went on: {}", demo.requests_seen());
    let journal = read(&workspace.path().join("run"), "journal.hlog");
    assert!(journal.len() <= 4 << 10 && journal.ends_with(b"}]\n"), "{} bytes", journal.len());
}

#[test]
fn the_command_and_the_commit_say_how_to_repeat_it() {
    let demo = demo();
    let workspace = load(&demo, "model = \"once\"").env("GIT_CONFIG_GLOBAL", "/dev/null");
    let scenario = std::fs::read_to_string(workspace.path().join("scenario.toml")).unwrap();
    workspace.file(
        "scenario.toml",
        &format!("[vars]\napi_token = \"x\"\nword = \"y\"\n{}", scenario.replace("name = \"kept\"\n", "")),
    );
    let set = ["--set", "api_token=hunter2hunter2", "--set", "word=two words; rm -rf", "--workers", "1"];
    let result = workspace.run(&set).exits_with(0).result();
    assert_eq!(
        result.command,
        "mnload run scenario.toml --set 'api_token=[redacted]' --set 'word=two words; rm -rf' --workers 1"
    );
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let done = Command::new("git").args(identity).args(arguments).current_dir(workspace.path()).output();
        done.is_ok_and(|output| output.status.success())
    };
    if !git(&["init", "-q"]) {
        return;
    }
    let commit = || workspace.run(&["--overwrite"]).exits_with(0).result().identity.unwrap().commit;
    assert_eq!(commit(), None, "there is no commit yet");
    assert!(git(&["add", "scenario.toml"]) && git(&["commit", "-q", "-m", "a"]));
    let known = commit().unwrap();
    assert!(known.id.len() >= 40 && !known.changed, "{known:?}");
    workspace.file(
        "scenario.toml",
        &(std::fs::read_to_string(workspace.path().join("scenario.toml")).unwrap() + "\n# more\n"),
    );
    assert!(commit().unwrap().changed);
}

/// What a reader of another project says of a journal; none if it is not installed.
fn told_by(program: &str, arguments: &[&str], journal: &Path) -> Option<serde_json::Value> {
    let output = Command::new(program).args(arguments).arg(journal).output().ok()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let absent = ["No module named", "Cannot find package"].iter().any(|words| said.contains(words));
    assert!(output.status.success() || absent, "{program}: {said}");
    output.status.success().then(|| serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
#[expect(clippy::print_stderr, reason = "whoever runs the tests should know what was left out")]
fn other_readers_of_such_logs_agree() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journal");
    let script = |name: &str| folder.join(name).display().to_string();
    let demo = demo();
    let workspace = load(&demo, "model = \"open\"\nrate = \"100/s\"\nduration = \"2s\"\nwarm_up = \"500ms\"");
    let outcome = workspace.run(&[]);
    let (result, journal) = (outcome.result(), outcome.run_folder.join("journal.hlog"));
    let python = std::env::var("MNLOAD_HDR_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let readers = [
        ("python", told_by(&python, &[&script("read.py")], &journal)),
        ("node", told_by("node", &[&script("read.mjs")], &journal)),
    ];
    for (name, told) in readers {
        let Some(told) = told else {
            assert!(std::env::var_os("MNLOAD_REQUIRE_HDR").is_none(), "{name} has no library of HdrHistogram");
            eprintln!("skipped: {name} has no library of HdrHistogram; see tests/journal");
            continue;
        };
        let (one, api) = (&result.steps.0[0].1, &result.steps.0[1].1);
        let times = [
            ("one%2C%20two.response", one.response_us),
            ("one%2C%20two.service", one.service_us),
            ("api.response", api.response_us),
            ("(warm-up).response", result.warm_up.as_ref().unwrap().requests.response_us),
            ("send_lag", result.times_us.send_lag),
            ("receive", result.times_us.receive),
        ];
        for (tag, wanted) in times {
            let seen = &told["tags"][tag];
            assert_eq!(seen["count"], wanted.count, "{name}: {tag}: {told}");
            for (figure, us) in [("p50", wanted.p50), ("p99", wanted.p99)] {
                // Ours is never above the highest time; theirs is the edge of a bucket.
                let seen = seen[figure].as_u64().unwrap();
                assert!((us..=us + us / 1_000 + 1).contains(&seen), "{name}: {figure} of {tag} is {seen}, not {us}");
            }
        }
        let started: jiff::Timestamp = result.started_at.parse().unwrap();
        let start = told["start"].as_f64().unwrap();
        assert!((start - started.as_second() as f64).abs() < 2.0, "{name}: {start}");
    }
}
