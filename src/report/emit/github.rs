//! A workflow of GitHub Actions: a job for each gate, and one that takes their folders together to go or no-go.

use super::jobs::{Job, minutes, whole};
use super::quote::{github, in_comment, title};
use super::{EmitOptions, header};
use crate::release::Checklist;
use crate::values::Needed;

const RUNNER: &str = "ubuntu-latest";

/// The same for every release: nothing of a file stands in it.
const INSTALL: &str = r#"      - name: Install mnload
        run: |
          set -euo pipefail
          if command -v mnload > /dev/null; then mnload --version; exit 0; fi
          : "${MNLOAD_REPOSITORY:?set the variable MNLOAD_REPOSITORY of this repository to OWNER/NAME of mnload}"
          bin="$RUNNER_TEMP/mnload-bin"
          mkdir -p "$bin"
          if [ -z "$MNLOAD_VERSION" ]; then
            cargo install --locked --root "$RUNNER_TEMP/mnload-root" --git "https://github.com/$MNLOAD_REPOSITORY" mnload
            cp "$RUNNER_TEMP/mnload-root/bin/mnload" "$bin/mnload"
          else
            name="mnload-$MNLOAD_VERSION-$(uname -m)-unknown-linux-musl.tar.gz"
            from="https://github.com/$MNLOAD_REPOSITORY/releases/download/v$MNLOAD_VERSION"
            cd "$bin"
            curl --fail --silent --show-error --location --retry 3 --remote-name "$from/$name"
            curl --fail --silent --show-error --location --retry 3 --remote-name "$from/$name.sha256"
            sha256sum --check "$name.sha256"
            tar --extract --gzip --file "$name" mnload
          fi
          echo "$bin" >> "$GITHUB_PATH"
"#;

/// Sign-offs of whoever started the workflow, as arguments.
const SIGNED: &str = r#"          args=()
          while IFS= read -r line; do
            line="${line#"${line%%[![:space:]]*}"}"
            if [ -n "$line" ]; then args+=(--sign "$line"); fi
          done <<< "${MNLOAD_SIGN//;/$'\n'}"
"#;

const UNPACK: &str = r#"      - name: Unpack it
        run: |
          for archive in "$RUNNER_TEMP"/mnload-kept/*.tar.gz; do
            if [ -e "$archive" ]; then tar --extract --gzip --file "$archive"; fi
          done
"#;

/// The workflow.
pub(super) fn text(checklist: &Checklist, jobs: &[Job<'_>], needed: &Needed, options: &EmitOptions) -> String {
    let mut out = header(checklist, options);
    out.push_str(
        "# Variables of the repository: MNLOAD_REPOSITORY (OWNER/NAME), MNLOAD_VERSION (empty builds it from source)\n",
    );
    for (what, names) in [("variables", &needed.variables), ("secrets", &needed.secrets)] {
        if !names.is_empty() {
            out.push_str(&format!("# and, since the release file reads them, the {what} {}\n", names.join(", ")));
        }
    }
    out.push_str(&format!("name: {}\n", title(&format!("Release: {}", checklist.name))));
    out.push_str(concat!(
        "\non:\n  workflow_dispatch:\n    inputs:\n      sign:\n",
        "        description: \"Sign-offs, separated by semicolons: ITEM=NAME or ITEM=NAME: note\"\n",
        "        type: string\n        required: false\n        default: \"\"\n",
        "\npermissions:\n  contents: read\n",
        "\nconcurrency:\n  group: mnload-release-${{ github.ref }}\n  cancel-in-progress: false\n",
        "\ndefaults:\n  run:\n    shell: bash\n",
    ));
    out.push_str(&format!("\nenv:\n  MNLOAD_FILE: {}\n", github(&checklist.file)));
    out.push_str("  MNLOAD_REPOSITORY: ${{ vars.MNLOAD_REPOSITORY }}\n  MNLOAD_VERSION: ${{ vars.MNLOAD_VERSION }}\n");
    out.push_str("  MNLOAD_SIGN: ${{ inputs.sign }}\n\njobs:\n");
    for job in jobs {
        out.push_str(&of_gate(checklist, job, needed, options));
        out.push('\n');
    }
    out.push_str(&of_all(checklist, jobs, needed, options));
    out
}

fn of_gate(checklist: &Checklist, job: &Job<'_>, needed: &Needed, options: &EmitOptions) -> String {
    let id = &job.gate.id;
    let mut out = format!("  gate-{id}:\n    name: {}\n", title(&job.title()));
    let before: Vec<&str> = job.needs.iter().chain(&job.after).copied().collect();
    if !before.is_empty() {
        // Left to itself, GitHub leaves a job out for whatever failed anywhere before it, and one failure would hide others.
        let passed = job.needs.iter().map(|need| format!(" && needs.gate-{need}.result == 'success'"));
        let passed: String = passed.collect();
        out.push_str(&format!("    needs: {}\n", list(before.into_iter())));
        out.push_str(&format!("    if: ${{{{ !cancelled(){passed} }}}}\n"));
    }
    out.push_str(&start(options, job.minutes()));
    if !job.needs.is_empty() {
        for need in &job.needs {
            out.push_str(&format!("      - name: Take over what gate {need} left\n"));
            out.push_str("        uses: actions/download-artifact@v4\n        with:\n");
            out.push_str(&format!(
                "          name: mnload-gate-{need}\n          path: ${{{{ runner.temp }}}}/mnload-kept\n"
            ));
        }
        out.push_str(UNPACK);
    }
    out.push_str(&format!(
        "      - name: Gate {id}\n{}        run: |\n          set -uo pipefail\n{SIGNED}",
        given(needed)
    ));
    let folder = job.folder();
    let call = format!("mnload release \"$MNLOAD_FILE\" --only {} --out {folder} --overwrite", job.only());
    out.push_str(&called(&call, options.inconclusive_warns && !job.is_needed));
    out.push_str("      - name: Pack what it left\n        if: ${{ always() }}\n        env:\n");
    out.push_str(&format!("          MNLOAD_KEEP: {}\n        run: |\n", github(&job.kept(checklist).join("\n"))));
    out.push_str(concat!(
        "          keep=()\n",
        // Not quoted, a path is a pattern, and without separators nothing else: no word of it is split or carried out.
        "          IFS=\n",
        "          while read -r path; do\n",
        "            if [ -e \"$path\" ]; then keep+=(\"$path\"); continue; fi\n",
        "            for found in $path; do\n",
        "              if [ -e \"$found\" ]; then keep+=(\"$found\"); fi\n",
        "            done\n",
        "          done <<< \"$MNLOAD_KEEP\"\n",
        "          if [ \"${#keep[@]}\" -gt 0 ]; then\n",
    ));
    out.push_str(&format!(
        "            tar --create --gzip --file \"$RUNNER_TEMP/mnload-gate-{id}.tar.gz\" -- \"${{keep[@]}}\"\n          fi\n"
    ));
    out.push_str(
        "      - name: Keep it\n        if: ${{ always() }}\n        uses: actions/upload-artifact@v4\n        with:\n",
    );
    out.push_str(&format!("          name: mnload-gate-{id}\n"));
    out.push_str(&format!("          path: ${{{{ runner.temp }}}}/mnload-gate-{id}.tar.gz\n"));
    out.push_str("          if-no-files-found: warn\n");
    out
}

fn of_all(checklist: &Checklist, jobs: &[Job<'_>], needed: &Needed, options: &EmitOptions) -> String {
    let mut out = "  go-no-go:\n    name: Go or no-go\n".to_owned();
    out.push_str(&format!("    needs: {}\n", list(jobs.iter().map(|job| job.gate.id.as_str()))));
    out.push_str("    if: ${{ !cancelled() }}\n");
    out.push_str(&start(options, minutes(checklist.items())));
    out.push_str(concat!(
        "      - name: Take over what the gates left\n        uses: actions/download-artifact@v4\n        with:\n",
        "          pattern: mnload-gate-*\n          path: ${{ runner.temp }}/mnload-kept\n          merge-multiple: true\n",
    ));
    out.push_str(UNPACK);
    out.push_str(&format!(
        "      - name: Go or no-go\n{}        run: |\n          set -uo pipefail\n{SIGNED}",
        given(needed)
    ));
    let folders: Vec<String> = jobs.iter().map(Job::folder).collect();
    out.push_str(&format!("          for folder in {}; do\n", folders.join(" ")));
    out.push_str(
        "            if [ -e \"$folder/result.json\" ]; then args+=(--resume \"$folder\"); fi\n          done\n",
    );
    out.push_str(&called(
        &format!("mnload release \"$MNLOAD_FILE\" --out {} --overwrite", whole()),
        options.inconclusive_warns,
    ));
    out.push_str(concat!(
        "      - name: Keep the release\n        if: ${{ always() }}\n        uses: actions/upload-artifact@v4\n        with:\n",
        "          name: mnload-release\n",
    ));
    out.push_str(&format!("          path: {}\n          if-no-files-found: warn\n", whole()));
    out
}

/// What every job begins with.
fn start(options: &EmitOptions, minutes: u64) -> String {
    let runner = options.runner.as_deref().unwrap_or(RUNNER);
    let mut out = format!("    runs-on: {}\n    timeout-minutes: {minutes}\n", github(runner));
    out.push_str("    steps:\n      - name: Check out with tags\n        uses: actions/checkout@v4\n");
    out.push_str("        with:\n          fetch-depth: 0\n          persist-credentials: false\n");
    out.push_str(INSTALL);
    out
}

/// What the release file reads, for the one step that needs it.
fn given(needed: &Needed) -> String {
    if needed.secrets.is_empty() && needed.variables.is_empty() {
        return String::new();
    }
    let variables = needed.variables.iter().map(|name| format!("          {name}: ${{{{ vars.{name} }}}}\n"));
    let secrets = needed.secrets.iter().map(|name| format!("          {name}: ${{{{ secrets.{name} }}}}\n"));
    format!("        env:\n{}", variables.chain(secrets).collect::<String>())
}

/// A call of mnload whose exit code decides, so that the steps behind it run all the same.
fn called(call: &str, warns: bool) -> String {
    let mut out = format!("          code=0\n          {call} ${{args[@]+\"${{args[@]}}\"}} || code=$?\n");
    if warns {
        out.push_str("          if [ \"$code\" -eq 4 ]; then\n");
        out.push_str(
            "            echo \"::warning title=mnload::of something nothing is known\"; exit 0\n          fi\n",
        );
    }
    out.push_str("          exit \"$code\"\n");
    out
}

fn list<'i>(ids: impl Iterator<Item = &'i str>) -> String {
    format!("[{}]", ids.map(|id| format!("gate-{}", in_comment(id))).collect::<Vec<_>>().join(", "))
}
