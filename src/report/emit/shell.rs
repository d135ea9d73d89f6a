//! A script for any POSIX shell: gate by gate, on to the end whatever fails, and then the verdict of the whole.

use super::jobs::Job;
use super::{EmitOptions, header};
use crate::release::Checklist;
use crate::values::Needed;

/// The same for every release: nothing of a file stands in it.
const GATE: &str = r#"failed=

# gate ID TITLE GATES-THAT-IT-NEEDS WHAT-IS-DONE ARGUMENT...
gate() {
  id=$1 title=$2 needs=$3 only=$4
  shift 4
  printf '\n== %s\n' "$title"
  for need in $needs; do
    case " $failed " in
      *" $need "*)
        printf 'not done: gate %s did not pass\n' "$need"
        failed="$failed $id"
        return 0
        ;;
    esac
  done
  code=0
  mnload release "$file" --only "$only" --out "$out-$id" --overwrite "$@" || code=$?
  case $code in
    0) ;;
    # The command line or the file is wrong, or somebody stopped it: no other gate would fare better.
    2 | 3 | 130 | 143) exit "$code" ;;
    *) failed="$failed $id" ;;
  esac
}

"#;

/// The script.
pub(super) fn text(checklist: &Checklist, jobs: &[Job<'_>], needed: &Needed, options: &EmitOptions) -> String {
    let mut out = format!("#!/bin/sh\n{}", header(checklist, options));
    out.push_str("# Arguments are handed on, as in --sign ITEM=NAME; $OUT is what run folders begin with.\n");
    out.push_str("set -eu\n\n");
    out.push_str(&format!("file={}\n", shell_words::quote(&plain(&checklist.file))));
    out.push_str("out=${OUT:-reports/release}\n");
    for name in needed.variables.iter().chain(&needed.secrets) {
        out.push_str(&format!(": \"${{{name}:?is not set, and the release file reads it}}\"\n"));
    }
    out.push_str(GATE);
    for job in jobs {
        let title = plain(&job.title());
        let needs = job.needs.join(" ");
        let (title, needs) = (shell_words::quote(&title), shell_words::quote(&needs));
        out.push_str(&format!("gate {} {title} {needs} {} \"$@\"\n", job.gate.id, job.only()));
    }
    out.push_str("\nprintf '\\n== The whole release\\n'\n");
    let ids: Vec<&str> = jobs.iter().map(|job| job.gate.id.as_str()).collect();
    out.push_str(&format!("for id in {}; do\n", ids.join(" ")));
    out.push_str("  if [ -e \"$out-$id/result.json\" ]; then set -- \"$@\" --resume \"$out-$id\"; fi\ndone\n");
    // An inconclusive gate is a warning to whoever asks for that, in the whole as in each.
    match options.inconclusive_warns {
        false => out.push_str("exec mnload release \"$file\" --out \"$out\" --overwrite \"$@\"\n"),
        true => out.push_str(concat!(
            "code=0\nmnload release \"$file\" --out \"$out\" --overwrite \"$@\" || code=$?\n",
            "if [ \"$code\" -eq 4 ]; then\n  echo 'of something nothing is known' >&2\n  code=0\nfi\nexit \"$code\"\n",
        )),
    }
    out
}

/// A text in one line that moves nothing on a terminal.
fn plain(text: &str) -> String {
    crate::report::clean(text)
}
