//! A pipeline of GitLab: a stage for each gate, and one that takes their folders together to go or no-go.

use super::jobs::{Job, minutes, whole};
use super::quote::{gitlab, yaml};
use super::{EmitOptions, header};
use crate::release::Checklist;
use crate::values::Needed;

const IMAGE: &str = "rust:1-bookworm";

/// The same for every release: nothing of a file stands in it.
const INSTALL: &str = r#"  before_script:
    - |
      set -eu
      if command -v mnload > /dev/null; then
        mnload --version
      elif [ -n "$MNLOAD_VERSION" ]; then
        name="mnload-$MNLOAD_VERSION-$(uname -m)-unknown-linux-musl.tar.gz"
        from="$MNLOAD_RELEASES/v$MNLOAD_VERSION/downloads"
        (
          cd /tmp
          curl --fail --silent --show-error --location --retry 3 --remote-name "$from/$name"
          curl --fail --silent --show-error --location --retry 3 --remote-name "$from/$name.sha256"
          sha256sum --check "$name.sha256"
          tar --extract --gzip --file "$name" --directory /usr/local/bin mnload
        )
      else
        cargo install --locked --git "$MNLOAD_SOURCE" mnload
      fi
"#;

/// Sign-offs, as arguments.
const SIGNED: &str = r#"      set -f; set --; IFS=';'
      for line in $MNLOAD_SIGN; do set -- "$@" --sign "$line"; done
      unset IFS; set +f
"#;

/// The pipeline.
pub(super) fn text(checklist: &Checklist, jobs: &[Job<'_>], needed: &Needed, options: &EmitOptions) -> String {
    let mut out = header(checklist, options);
    let names: Vec<&str> = needed.variables.iter().chain(&needed.secrets).map(String::as_str).collect();
    if !names.is_empty() {
        out.push_str(&format!("# CI/CD variables that the release file reads: {}\n", names.join(", ")));
    }
    out.push_str("stages:\n");
    jobs.iter().for_each(|job| out.push_str(&format!("  - gate-{}\n", job.gate.id)));
    out.push_str("  - go-no-go\n\n.mnload-release:\n");
    out.push_str(&format!("  image: {}\n", yaml(options.runner.as_deref().unwrap_or(IMAGE))));
    out.push_str(&format!("  variables:\n    MNLOAD_FILE: {}\n", gitlab(&checklist.file)));
    out.push_str(concat!(
        "    # ITEM=NAME or ITEM=NAME: note, separated by semicolons.\n    MNLOAD_SIGN: \"\"\n",
        "    # The release of mnload to download and where it lies; without one, MNLOAD_SOURCE is built.\n",
        "    MNLOAD_VERSION: \"\"\n",
        "    MNLOAD_RELEASES: https://gitlab.example/GROUP/mnload/-/releases\n",
        "    MNLOAD_SOURCE: https://gitlab.example/GROUP/mnload.git\n",
        "    # All of it, for the tags of earlier releases.\n    GIT_DEPTH: \"0\"\n",
    ));
    out.push_str(INSTALL);
    for job in jobs {
        out.push('\n');
        out.push_str(&of_gate(checklist, job, options));
        if jobs.iter().any(|other| waits_for(other, &job.gate.id)) {
            out.push_str(&over(&job.gate.id));
        }
    }
    out.push('\n');
    out.push_str(&of_all(checklist, jobs, options));
    out
}

fn of_gate(checklist: &Checklist, job: &Job<'_>, options: &EmitOptions) -> String {
    let (id, folder) = (&job.gate.id, job.folder());
    let mut out = format!("# {}\n", super::quote::in_comment(&job.title()));
    out.push_str(&format!("gate-{id}:\n  extends: .mnload-release\n  stage: gate-{id}\n"));
    match &job.needs[..] {
        // Nothing of the gate before is needed, so its failure must not hide this one.
        [] => out.push_str("  when: always\n"),
        needs => {
            let passed = needs.iter().map(|id| format!("gate-{id}"));
            let over = job.after.iter().map(|id| format!("over-{id}"));
            out.push_str(&format!("  needs: [{}]\n", passed.chain(over).collect::<Vec<_>>().join(", ")));
        }
    }
    let call = format!("mnload release \"$MNLOAD_FILE\" --only {} --out {folder} --overwrite \"$@\"", job.only());
    out.push_str(&script(&call, job.minutes(), options.inconclusive_warns && !job.is_needed));
    out.push_str(&artifacts(&folder, &job.kept(checklist)));
    out
}

/// Whether `job` names the gates that it comes behind, and the gate `id` is one that must only be over.
fn waits_for(job: &Job<'_>, id: &str) -> bool {
    !job.needs.is_empty() && job.after.contains(&id)
}

/// A job that passes when the gate `id` is over, whatever became of that: of what a job needs, GitLab wants all to pass.
fn over(id: &str) -> String {
    format!(
        concat!(
            "\nover-{id}:\n  stage: gate-{id}\n  needs:\n    - job: gate-{id}\n      artifacts: false\n  when: always\n",
            "  variables:\n    GIT_STRATEGY: none\n  script:\n    - \"true\"\n"
        ),
        id = id
    )
}

fn of_all(checklist: &Checklist, jobs: &[Job<'_>], options: &EmitOptions) -> String {
    let mut out = "go-no-go:\n  extends: .mnload-release\n  stage: go-no-go\n  when: always\n".to_owned();
    let folders: Vec<String> = jobs.iter().map(Job::folder).collect();
    let mut call = format!("for folder in {}; do\n", folders.join(" "));
    call.push_str(
        "        if [ -e \"$folder/result.json\" ]; then set -- \"$@\" --resume \"$folder\"; fi\n      done\n",
    );
    call.push_str(&format!("      mnload release \"$MNLOAD_FILE\" --out {} --overwrite \"$@\"", whole()));
    out.push_str(&script(&call, minutes(checklist.items()), options.inconclusive_warns));
    out.push_str(&artifacts(whole(), &[whole().to_owned()]));
    out
}

fn script(call: &str, minutes: u64, warns: bool) -> String {
    let mut out = format!("  timeout: {minutes} minutes\n");
    if warns {
        out.push_str("  allow_failure:\n    exit_codes: [4]\n");
    }
    out.push_str(&format!("  script:\n    - |\n{SIGNED}      {call}\n"));
    out
}

fn artifacts(folder: &str, kept: &[String]) -> String {
    let mut out = "  artifacts:\n    when: always\n    paths:\n".to_owned();
    kept.iter().for_each(|path| out.push_str(&format!("      - {}\n", gitlab(path))));
    out.push_str(&format!("    reports:\n      junit: {folder}/junit.xml\n"));
    out
}
