//! One item, carried out: its command, then its readers, then the person who confirms it, then how it came out.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;

use super::super::checklist::Item;
use super::super::evidence::{Context, Output, PlaceKind, Reader};
use super::super::figure::Reading;
use super::super::result::{
    CommandResult, EvidenceResult, EvidenceSource, FigureResult, ItemResult, ManualResult, OutputResult,
};
use super::super::work::{CommandLine, ScenarioRun, Work};
use super::ground::{Ground, Onlooker, Past, Pasts};
use super::judge::{self, CommandEnd, Judged, Seen};
use super::launch::{Carried, not_run, run};
use super::process::{self, Ended, Exit, Halt};
use super::resume::RESULT;
use super::signoff::Signing;
use super::{inputs, secrets};
use crate::values::Secrets;
use crate::verdict::{Finding, Status};

/// More of the last words of a command does not stand in a reason.
const MOST_WORDS: usize = 200;

/// How an item came out, with all that is said of it.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) item: ItemResult,
    pub(super) finding: Finding,
    pub(super) past: Past,
}

/// Carries out `item`.
pub(super) fn carry_out(ground: &Ground, item: &Item, pasts: &Pasts, onlooker: &dyn Onlooker, halt: &Halt) -> Outcome {
    let began = Timestamp::now();
    let folder = ground.item_folder(&item.id);
    let sets = ground.sets(item, pasts);
    let inputs_of_now = || inputs::hash(ground.timeless(item), &sets, ground.around());
    let inputs_before = inputs_of_now();
    let mut missing = Vec::new();
    let mut carried = item.work.as_ref().map(|work| match fs::create_dir_all(&folder) {
        Ok(()) => run(ground, work, &folder, &sets, halt),
        Err(error) => not_run(work, format!("cannot create {}: {error}", folder.display())),
    });
    let own_set = carried.as_ref().and_then(|carried| set_by(item, carried, ground, &mut missing));
    if let Some(carried) = &mut carried {
        carried.last_words = last_words(&carried.ended, &ground.checklist.secrets);
    }
    let readings = read(ground, item, carried.as_ref(), pasts, halt);
    let signed = item.manual.as_ref().map(|_| onlooker.signing(item));
    let mut judged = judged(item, carried.as_ref(), &readings, &missing, signed.as_ref());
    let mut signed = signed;
    if let Some(Signing::Missing { .. }) = &signed
        && judge_unsigned(item, carried.as_ref(), &readings, &missing).status == Status::Pass
        && !halt.is_asked()
        && let Some(sign_off) = onlooker.ask(item)
    {
        signed = Some(Signing::Valid(sign_off));
        judged = self::judged(item, carried.as_ref(), &readings, &missing, signed.as_ref());
    }
    // What changed meanwhile was worked on in neither state.
    let is_same = inputs_before == inputs_of_now() && (item.inputs.is_some() || ground.is_tree_as_it_was());
    let result = ItemResult {
        status: judged.status,
        reasons: judged.reasons,
        checks: judged.checks,
        started_at: Some(began.to_string()),
        elapsed_s: super::resume::since(began, Timestamp::now()).as_secs_f64(),
        command: carried.as_ref().map(|carried| kept(ground, carried, &folder)),
        evidence: readings.iter().map(|(name, reading)| evidence(name, reading)).collect(),
        manual: manual(item, signed),
        inputs: inputs_before.filter(|_| is_same).unwrap_or_default(),
        evidence_hash: inputs::evidence(item).unwrap_or_else(|| "not known".to_owned()),
        ..blank(ground, item)
    };
    let past = Past {
        since: carried.as_ref().map(|carried| carried.since),
        // Who stands on a value alone is done again if it is another one; what made it may be anew all the same.
        is_anew: (carried.is_some() && own_set.is_none()) || item.needs.iter().any(|id| is_anew(pasts, id)),
        sets: own_set,
        decides: !item.warn,
    };
    finished(ground, item, result, past)
}

/// An item that is not done, and why; `decides` tells whether something else decides the verdict in its place.
pub(super) fn left_out(ground: &Ground, item: &Item, status: Status, reason: String, decides: bool) -> Outcome {
    let result = ItemResult { status, reasons: vec![reason], manual: manual(item, None), ..blank(ground, item) };
    finished(ground, item, result, Past { decides, ..Past::default() })
}

/// The result with no secret left in it, and its finding.
pub(super) fn finished(ground: &Ground, item: &Item, mut result: ItemResult, past: Past) -> Outcome {
    secrets::clean(&mut result, &ground.checklist.secrets);
    let code = result.command.as_ref().and_then(|command| command.exit_code);
    let mut finding = judge::finding(item, result.status, &result.reasons, &result.checks, code);
    secrets::clean_finding(&mut finding, &ground.checklist.secrets);
    Outcome { item: result, finding, past }
}

/// All that is known of an item before anything is done.
pub(super) fn blank(ground: &Ground, item: &Item) -> ItemResult {
    ItemResult {
        id: item.id.clone(),
        title: item.title.clone(),
        owners: item.owners.clone(),
        rationale: item.rationale.clone(),
        status: Status::NoData,
        reasons: Vec::new(),
        warn: item.warn,
        drill: item.drill,
        started_at: None,
        elapsed_s: 0.0,
        command: None,
        evidence: Vec::new(),
        checks: Vec::new(),
        manual: None,
        reused_from: None,
        inputs: String::new(),
        evidence_hash: String::new(),
        repeat: ground.repeat(item),
        artifacts: item.artifacts.clone(),
    }
}

pub(super) fn is_anew(pasts: &Pasts, id: &str) -> bool {
    pasts.get(id).is_some_and(|past| past.is_anew)
}

pub(super) fn manual(item: &Item, signed: Option<Signing>) -> Option<ManualResult> {
    let ask = item.manual.clone()?;
    let (signed, expired) = match signed {
        Some(Signing::Valid(sign_off)) => (Some(sign_off), None),
        Some(Signing::Missing { expired, .. }) => (None, expired),
        None => (None, None),
    };
    Some(ManualResult { ask, signed, expired })
}

/// The variable that the item sets, if it does.
fn set_by(item: &Item, carried: &Carried, ground: &Ground, missing: &mut Vec<String>) -> Option<(String, String)> {
    let Some(Work::Command(CommandLine { sets: Some(name), exit_codes, .. })) = &item.work else { return None };
    let Exit::Code(code) = carried.ended.exit else { return None };
    if !exit_codes.contains(&code) || carried.ended.cause.is_some() {
        return None;
    }
    let value = carried.ended.stdout.first_line();
    if carried.ended.left_stdout && !carried.ended.stdout.has_line() {
        missing.push(format!("{}, so the value of {name} may not be whole", still_writes("stdout")));
        return None;
    }
    if value.is_empty() {
        missing.push(format!("the first line that it printed is empty, and should be the value of {name}"));
        return None;
    }
    secrets::note(&ground.checklist.secrets, name, &value);
    Some((name.clone(), value))
}

/// What the readers find, as far as there can be evidence.
fn read(
    ground: &Ground,
    item: &Item,
    carried: Option<&Carried>,
    pasts: &Pasts,
    halt: &Halt,
) -> Vec<(&'static str, Reading)> {
    let by_itself =
        carried.is_none_or(|carried| matches!(carried.ended.exit, Exit::Code(_)) && carried.ended.cause.is_none());
    if !by_itself {
        return Vec::new();
    }
    let outputs: Option<(Output, Output)> =
        carried.map(|carried| (carried.ended.stdout.output(), carried.ended.stderr.output()));
    let baseline = match &item.work {
        Some(Work::Scenario(ScenarioRun { baseline: Some(id), .. })) => baseline(ground, id),
        _ => None,
    };
    let halted = || halt.is_asked();
    let context = Context {
        now: Timestamp::now(),
        since: since(ground, item, carried, pasts),
        stdout: outputs.as_ref().map(|(stdout, _)| stdout),
        stderr: outputs.as_ref().map(|(_, stderr)| stderr),
        run_folder: carried.and_then(|carried| carried.run_folder.as_deref()),
        baseline: baseline.as_deref(),
        secrets: &ground.checklist.secrets,
        left_out: &ground.left.by_releases,
        halt: &halted,
    };
    let held = |kind: &PlaceKind| {
        let ended = &carried?.ended;
        match kind {
            PlaceKind::Stdout => ended.left_stdout.then_some("stdout"),
            PlaceKind::Stderr => ended.left_stderr.then_some("stderr"),
            PlaceKind::File(_) | PlaceKind::Standing(_) | PlaceKind::Live => None,
        }
    };
    let reading = |reader: &Reader| match reader.places().iter().find_map(|place| held(&place.kind)) {
        Some(stream) => Reading::nothing(format!("{}, so its end is not known", still_writes(stream))),
        None => reader.read(&context),
    };
    item.readers.iter().map(|reader| (reader.name(), reading(reader))).collect()
}

fn still_writes(stream: &str) -> String {
    format!("something that the command started still holds {stream} open")
}

/// The folder of the run that the item `id` made, in this run or in the one that is taken up.
fn baseline(ground: &Ground, id: &str) -> Option<PathBuf> {
    let own = ground.item_folder(id).join("run");
    let earlier = || ground.earlier.of(id).map(|found| found.folder.join("items").join(id).join("run"));
    Some(own).filter(|folder| folder.exists()).or_else(earlier).filter(|folder| folder.exists())
}

/// When the command that makes the evidence started.
fn since(ground: &Ground, item: &Item, carried: Option<&Carried>, pasts: &Pasts) -> Option<SystemTime> {
    if let Some(carried) = carried {
        return Some(carried.since);
    }
    let made = made_by(item.needs.iter().filter_map(|id| pasts.get(id)?.since), ground.started);
    let ageless = |reader: &Reader| {
        reader.places().iter().any(|place| matches!(place.kind, PlaceKind::File(_)) && place.max_age.is_none())
    };
    // If what makes it was not asked for, it cannot have been made now.
    made.or_else(|| item.readers.iter().any(ageless).then_some(ground.started))
}

/// The first start of the commands that evidence may come from: what ran in this run has to have made it anew, whatever
/// was taken over from an earlier one beside that.
fn made_by(starts: impl Iterator<Item = SystemTime> + Clone, run_started: SystemTime) -> Option<SystemTime> {
    starts.clone().filter(|start| *start >= run_started).min().or_else(|| starts.min())
}

fn judge_unsigned(
    item: &Item,
    carried: Option<&Carried>,
    readings: &[(&'static str, Reading)],
    missing: &[String],
) -> Judged {
    judged(item, carried, readings, missing, None)
}

fn judged(
    item: &Item,
    carried: Option<&Carried>,
    readings: &[(&'static str, Reading)],
    missing: &[String],
    signed: Option<&Signing>,
) -> Judged {
    let left_result = |carried: &Carried| {
        carried.run_folder.as_ref().is_some_and(|folder| {
            // An empty one is left by a run that did not come to its end.
            fs::metadata(folder.join(RESULT)).is_ok_and(|file| file.len() > 0)
        })
    };
    let ended = carried.map(|carried| CommandEnd {
        exit: &carried.ended.exit,
        cause: carried.ended.cause,
        last_words: &carried.last_words,
        left_result: left_result(carried),
    });
    let unsigned = signed.and_then(|signed| match signed {
        Signing::Valid(_) => None,
        Signing::Missing { why, .. } => Some(why.as_str()),
    });
    judge::judge(item, &Seen { ended, readings, missing, unsigned })
}

/// The last line that it complained with: cut after secrets were taken out, so that no part of one is left at a cut.
fn last_words(ended: &Ended, secrets: &Secrets) -> String {
    let text = ended.stderr.copy(secrets).text;
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().take(MOST_WORDS).collect()
}

/// What stands in the result of a command; the copies of its outputs are written.
fn kept(ground: &Ground, carried: &Carried, folder: &Path) -> CommandResult {
    let ended = &carried.ended;
    let keep = |capture: &super::capture::Capture, name: &str| -> OutputResult {
        let copy = capture.copy(&ground.checklist.secrets);
        // A full disk costs the copy, and no verdict.
        let written = !copy.text.is_empty() && fs::write(folder.join(name), &copy.text).is_ok();
        let below = folder.strip_prefix(&ground.folder).unwrap_or(folder).join(name);
        capture.result(&copy, written.then(|| below.display().to_string()))
    };
    let mut notes = carried.notes.clone();
    if ended.left_stdout || ended.left_stderr {
        notes.push("something that it started still runs, and held its output open".to_owned());
    }
    CommandResult {
        text: carried.text.clone(),
        dir: carried.dir.display().to_string(),
        exit_code: match ended.exit {
            Exit::Code(code) => Some(code),
            Exit::Signal(_) | Exit::NotStarted(_) => None,
        },
        signal: match ended.exit {
            Exit::Signal(signal) => Some(signal),
            Exit::Code(_) | Exit::NotStarted(_) => None,
        },
        timed_out: ended.cause == Some(process::Cause::TimedOut),
        elapsed_s: ended.elapsed.as_secs_f64(),
        stdout: keep(&ended.stdout, "stdout.txt"),
        stderr: keep(&ended.stderr, "stderr.txt"),
        notes,
    }
}

fn evidence(reader: &str, reading: &Reading) -> EvidenceResult {
    let figure = |(name, figure): &(String, super::super::figure::Figure)| FigureResult {
        name: name.clone(),
        text: figure.shown(),
        value: figure.number(),
    };
    let source = |source: &super::super::figure::SourceRead| EvidenceSource {
        name: source.name.clone(),
        sha256: source.sha256.clone(),
        made_at: source.made_at.clone(),
    };
    EvidenceResult {
        reader: reader.to_owned(),
        sources: reading.sources.iter().map(source).collect(),
        figures: reading.figures.iter().map(figure).collect(),
        missing: reading.missing.clone(),
        broken: reading.broken.clone(),
        notes: reading.notes.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn last_words_hold_no_part_of_a_secret_that_lies_across_a_cut() {
        let secrets = Secrets::default();
        secrets.note("TOKEN", "canary-of-many-letters-0123456789");
        for before in [MOST_WORDS - 12, 4 * MOST_WORDS] {
            let mut ended = process::not_started(String::new());
            let after = "y".repeat(4 * MOST_WORDS - 20);
            let text = format!("first\n{}canary-of-many-letters-0123456789{after}\n\n", "x".repeat(before));
            ended.stderr.take(text.as_bytes());
            let words = last_words(&ended, &secrets);
            assert!(words.starts_with("xx") && words.chars().count() == MOST_WORDS, "{words}");
            assert!(!words.contains("canary") && !words.contains("56789"), "{words}");
        }
    }

    #[test]
    fn evidence_must_be_as_new_as_what_ran_in_this_run() {
        let at = |s: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(s);
        let made = |starts: &[u64]| made_by(starts.iter().map(|s| at(*s)), at(100));
        assert_eq!(made(&[10, 120, 110]), Some(at(110)), "what was taken over makes nothing anew");
        assert_eq!(made(&[100, 10]), Some(at(100)));
        assert_eq!(made(&[20, 10]), Some(at(10)), "all was taken over, and so is what it left");
        assert_eq!(made(&[]), None);
    }
}
