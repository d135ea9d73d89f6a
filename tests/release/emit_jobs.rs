//! `mnload release emit`: what the jobs of a build server wait for, are given, keep and leave to the last.

use std::process::Command;

use serde_json::Value;

use super::emit::{emitted, workspace, yaml};

#[test]
fn what_comes_after_an_item_of_another_gate_waits_for_that_gate_to_be_over() {
    let gate = |id: &str, more: &str| {
        let id_of_item = id.to_lowercase();
        format!("[[gate]]\nid = \"{id}\"\n[[gate.item]]\nid = \"{id_of_item}\"\nrun = \"true\"\n{more}\n")
    };
    let release =
        gate("A", "") + &gate("B", "") + &gate("C", "needs = [\"A\"]\nafter = [\"b\"]") + &gate("D", "after = [\"a\"]");
    let workspace = workspace(&release);
    let workflow = yaml(&emitted(&workspace, "github", &[]));
    let job = |id: &str| (workflow["jobs"][id]["needs"].clone(), workflow["jobs"][id]["if"].clone());
    let wanted = |needs: &[&str], when: &str| (serde_json::json!(needs), serde_json::json!(when));
    assert_eq!(job("gate-C"), wanted(&["gate-A", "gate-B"], "${{ !cancelled() && needs.gate-A.result == 'success' }}"));
    assert_eq!(job("gate-D"), wanted(&["gate-A", "gate-C"], "${{ !cancelled() }}"));
    let pipeline = yaml(&emitted(&workspace, "gitlab", &[]));
    // All that a job of GitLab needs must pass, and this one passes whatever became of its gate.
    assert_eq!(pipeline["gate-C"]["needs"], serde_json::json!(["gate-A", "over-B"]));
    let over = &pipeline["over-B"];
    assert_eq!((&over["when"], &over["needs"][0]["job"]), (&"always".into(), &"gate-B".into()));
    assert!(pipeline["over-A"].is_null(), "the stages keep the others in order");
    assert_eq!((&pipeline["gate-D"]["needs"], &pipeline["gate-D"]["when"]), (&Value::Null, &"always".into()));
}

#[test]
fn secrets_are_given_whatever_they_are_called() {
    let release = "[[gate]]\nid = \"A\"\n[[gate.item]]\nid = \"a\"\n\
        run = { command = \"true\", env = { K = \"${ secret.CI_DEPLOY_KEY }\", T = \"${ secret.GITHUB_TOKEN }\", \
        J = \"${ env.CI_JOB_ID }\" } }\n";
    let workspace = workspace(release);
    let workflow = yaml(&emitted(&workspace, "github", &[]));
    let steps = workflow["jobs"]["gate-A"]["steps"].as_array().unwrap();
    let given = &steps.iter().find(|step| step["name"] == "Gate A").unwrap()["env"];
    let wanted = serde_json::json!({
        "CI_DEPLOY_KEY": "${{ secrets.CI_DEPLOY_KEY }}",
        "GITHUB_TOKEN": "${{ secrets.GITHUB_TOKEN }}",
    });
    assert_eq!(*given, wanted, "what the server sets by itself stays its own");
    let shell = emitted(&workspace, "shell", &[]);
    assert!(shell.contains("${CI_DEPLOY_KEY:?") && !shell.contains("CI_JOB_ID:?"), "{shell}");
}

#[test]
fn a_workflow_packs_the_files_that_a_pattern_means() {
    let release = "[[gate]]\nid = \"A\"\n[[gate.item]]\nid = \"a\"\nrun = \"true\"\n\
        read = { backup = \"backups/s-*.sql.gz\" }\nartifacts = [\"a b[1].txt\", \"$(touch pwned)\", \"gone*\"]\n";
    let workspace = workspace(release);
    for path in ["backups/s-1.sql.gz", "backups/s 2.sql.gz", "backups/s-3 x.sql.gz", "a b[1].txt"] {
        std::fs::create_dir_all(workspace.path().join("backups")).unwrap();
        workspace.file(path, "x");
    }
    let workflow = yaml(&emitted(&workspace, "github", &[]));
    let steps = workflow["jobs"]["gate-A"]["steps"].as_array().unwrap();
    let pack = steps.iter().find(|step| step["name"] == "Pack what it left").unwrap();
    let mut shell = Command::new("bash");
    shell.args(["-e", "-o", "pipefail", "-c", pack["run"].as_str().unwrap()]).current_dir(workspace.path());
    let keep = pack["env"]["MNLOAD_KEEP"].as_str().unwrap();
    let packed = shell.env("MNLOAD_KEEP", keep).env("RUNNER_TEMP", workspace.path()).output().unwrap();
    assert!(packed.status.success(), "{}", String::from_utf8_lossy(&packed.stderr));
    let listed = Command::new("tar").args(["-tzf", "mnload-gate-A.tar.gz"]).current_dir(workspace.path()).output();
    let listed = String::from_utf8(listed.unwrap().stdout).unwrap();
    assert_eq!(listed, "backups/s-1.sql.gz\nbackups/s-3 x.sql.gz\na b[1].txt\n");
    assert!(!workspace.path().join("pwned").exists());
}

#[test]
fn the_drill_is_done_once_and_by_the_last_job() {
    let release = |more: &str| {
        format!(
            "[[gate]]\nid = \"A\"\n[[gate.item]]\nid = \"a\"\nrun = \"true\"\n[[gate]]\nid = \"H\"\n\
             [[gate.item]]\nid = \"yes\"\nrun = \"true\"\n[[gate.item]]\nid = \"signed\"\nrun = \"true\"\n{more}\n\
             [rollback]\ngate = \"H\"\nneeds = [\"a\"]\nprevious = \"echo 1\"\ndeploy = \"true\"\n\
             smoke = {{ file = \"smoke.toml\", profile = \"staging\" }}\nrestore = \"true\"\n"
        )
    };
    let apart = workspace(&release(""));
    for form in ["github", "gitlab"] {
        let text = emitted(&apart, form, &[]);
        assert!(text.contains("--only yes,signed --out reports/release-H"), "{form}: {text}");
    }
    assert!(emitted(&apart, "shell", &[]).contains("gate H H '' yes,signed \"$@\"\n"));
    let jobs = yaml(&emitted(&apart, "github", &[]))["jobs"].clone();
    assert_eq!(jobs["gate-H"]["if"], "${{ !cancelled() }}", "what the drill needs is no matter of the others");
    // What waits for the drill cannot come before it.
    let awaited = workspace(&release("needs = [\"rollback-restored\"]"));
    assert!(emitted(&awaited, "github", &[]).contains("--only H --out"));
}
