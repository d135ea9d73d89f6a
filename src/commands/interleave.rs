//! BASE and NEW in turn, so that what disturbs the machine disturbs both: A B B A A B …

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use super::CommandError;
use super::carry::{Carried, carry_out, judged, left_at_once, reached};
use super::comparing::{options, shown, write};
use super::inputs::plan_of;
use super::onlookers::{Onlookers, occasion};
use super::outputs::{Outputs, unused_folder};
use super::signals::Signals;
use crate::cli::{CompareArgs, ScenarioArgs};
use crate::compare::{Baseline, Run, compare};
use crate::plan::Plan;
use crate::report::{self, ComparisonDocument, Progress, RunResult};
use crate::verdict::{Ending, ExitCode, Verdict};

pub(super) fn run(args: &CompareArgs, times: u64) -> Result<ExitCode, CommandError> {
    let (Some(scenario), Some(base_url), Some(new_url)) = (&args.scenario, &args.positional_base, &args.positional_new)
    else {
        let message = "--interleave needs a --scenario and two base URLs".to_owned();
        let hint = "mnload compare --interleave 4 --scenario light.toml http://old.example http://new.example";
        return Err(CommandError::Incomparable { message, hint: hint.to_owned() });
    };
    let scenario = ScenarioArgs {
        scenario: scenario.clone(),
        profile: args.profile.clone(),
        set: args.set.clone(),
        env_file: args.env_file.clone(),
        workers: args.workers,
    };
    let plan_for = |url: &str| plan_of(&scenario, Some(url.to_owned())).map(Arc::new);
    let plans = [plan_for(base_url)?, plan_for(new_url)?];
    if plans[0].is_once() {
        return Err(CommandError::Incomparable {
            message: "one pass through the steps has no figures to compare".to_owned(),
            hint: "choose a scenario or a profile with a load".to_owned(),
        });
    }
    let folder = args
        .out
        .clone()
        .unwrap_or_else(|| unused_folder(&format!("compare-{}", plans[0].name), &jiff::Timestamp::now()));
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start a runtime")?;
    let sides = match runtime.block_on(all_runs(&plans, &scenario.scenario, times, &folder))? {
        Ended::All(sides) => sides,
        Ended::Early(code) => {
            say(&format!(
                "stopped before the end, so nothing is compared; the runs so far are in {}",
                folder.display()
            ));
            return Ok(code);
        }
    };
    let [base, new] = sides;
    let document = ComparisonDocument::of(compare(&Baseline::Runs(base), &new, &options(args))?);
    let file = folder.join("comparison.json");
    let written = write(&document, &file);
    shown(args, &document, report::render_comparison)?;
    written?;
    say(&format!("  all runs   {}", folder.display()));
    Ok(document.verdict.exit_code(Ending::Completed, 1))
}

/// How the runs in turn came to their end.
enum Ended {
    /// With all runs of both sides.
    All([Vec<Run>; 2]),
    /// Somebody stopped them.
    Early(ExitCode),
}

async fn all_runs(plans: &[Arc<Plan>; 2], scenario: &Path, times: u64, folder: &Path) -> Result<Ended, CommandError> {
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    say(&format!("{}: {}", report::clean(&plans[0].name), report::statement(&plans[0])));
    let mut sides = [Vec::new(), Vec::new()];
    for (number, side) in (1..).zip(turns(times)) {
        let name = ["base", "new"][side];
        let path = folder.join(format!("{number:02}-{name}"));
        let result = match one_run(&plans[side], scenario, &path, &mut signals).await? {
            Ok(result) => result,
            Err(code) => return Ok(Ended::Early(code)),
        };
        say(&line(number, 2 * times, name, &result));
        match result.ending {
            Ending::Interrupted | Ending::Terminated => return Ok(Ended::Early(left_at_once(result.ending))),
            Ending::Completed | Ending::Aborted | Ending::Killed => {}
        }
        let run = result.compared(&path.display().to_string()).map_err(|error| CommandError::Incomparable {
            message: format!("{} cannot be compared: {error}", path.display()),
            hint: "see its report for what happened".to_owned(),
        })?;
        sides[side].push(run);
    }
    Ok(Ended::All(sides))
}

/// Which side each run is of: 0 1 1 0 0 1 1 0 …, so that neither is always the first.
fn turns(times: u64) -> impl Iterator<Item = usize> {
    (0..times).flat_map(|pair| if pair % 2 == 0 { [0, 1] } else { [1, 0] })
}

async fn one_run(
    plan: &Arc<Plan>,
    scenario: &Path,
    path: &Path,
    signals: &mut Signals,
) -> Result<Result<Box<RunResult>, ExitCode>, CommandError> {
    let connector = tokio::select! {
        reached = reached(plan) => reached?,
        ending = signals.next() => return Ok(Err(left_at_once(ending))),
    };
    let started_at = jiff::Timestamp::now();
    let outputs = Outputs::create(Some(path), &plan.name, &started_at, false)?;
    let mut progress = Progress::new(plan.duration(), false);
    // No command repeats one run of several in turn.
    let occasion = occasion(&started_at, String::new());
    let mut onlookers = Onlookers::start(plan, &outputs, &occasion, scenario)?;
    let finished = match carry_out(plan, connector, &outputs, signals, &mut progress, &mut onlookers).await? {
        Carried::Out(finished) => *finished,
        Carried::Left(code) => return Ok(Err(code)),
    };
    let report = judged(plan, finished, occasion, onlookers);
    outputs.write(&report)?;
    Ok(Ok(Box::new(report.result)))
}

/// One run in a line.
fn line(number: u64, of: u64, name: &str, result: &RunResult) -> String {
    use crate::units::{format_count, format_share, format_us};
    let verdict = match result.verdict {
        Verdict::Pass => "PASS",
        Verdict::Fail => "FAIL",
        Verdict::Inconclusive => "INCONCLUSIVE",
    };
    let all = result.all_steps();
    let errors = all.error_rate().map_or("no outcome".to_owned(), format_share);
    let response = &result.times_us.response;
    format!(
        "run {number:>2} of {of}  {name:<4}  {} requests  p50 {}  p95 {}  errors {errors}  gates {verdict}",
        format_count(all.requests),
        format_us(response.p50),
        format_us(response.p95),
    )
}

/// A line for people; a stderr that is gone must not end the runs.
fn say(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_side_is_always_the_first_and_both_run_as_often() {
        assert_eq!(turns(4).collect::<Vec<_>>(), [0, 1, 1, 0, 0, 1, 1, 0]);
        assert_eq!(turns(1).collect::<Vec<_>>(), [0, 1]);
    }
}
