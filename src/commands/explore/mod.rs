//! `mnload explore`: try rates, write what is known after each, judge, report.

mod attend;
mod course;
mod folder;
mod load;
mod outcome;
mod point;
mod recover;
mod show;
mod wishes;

use std::cell::RefCell;

use anyhow::Context as _;

use super::CommandError;
use super::carry::{broken, left_at_once, reached};
use super::inputs::plan_of;
use super::machine::this_machine;
use super::signals::Signals;
use crate::cli::ExploreArgs;
use crate::demo::{Capacity, Demo, DemoOptions};
use crate::report::{ExplorationKind, ExplorationProgress};
use crate::units::format_duration;
use crate::verdict::{Ending, ExitCode};
use attend::Attendant;
use course::{Course, Halt};
use folder::Folder;
use outcome::Occasion;
use wishes::Wishes;

pub(super) fn run(args: &ExploreArgs) -> Result<ExitCode, CommandError> {
    let document = show::on_stdout(args)?;
    let demo = match args.demo {
        true => Some(Demo::start(demo_options(args)?).context("cannot start the built-in target")?),
        false => None,
    };
    let plan = plan_of(&args.scenario, demo.as_ref().map(Demo::base_url))?;
    let wishes = Wishes::of(args, plan)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start a runtime")?;
    runtime.block_on(explore_and_judge(args, document, &wishes))
}

fn demo_options(args: &ExploreArgs) -> Result<DemoOptions, CommandError> {
    let capacity = args.demo_capacity.map(Capacity::new).transpose();
    let capacity = capacity.map_err(|error| CommandError::Usage(format!("--demo-capacity: {error}")))?;
    Ok(DemoOptions { capacity, ..DemoOptions::default() })
}

async fn explore_and_judge(
    args: &ExploreArgs,
    document: Option<ExplorationKind>,
    wishes: &Wishes,
) -> Result<ExitCode, CommandError> {
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    show::waiting(wishes, args.quiet);
    let connector = tokio::select! {
        reached = reached(&wishes.plan) => reached?,
        ending = signals.next() => return Ok(left_at_once(ending)),
    };
    let occasion = Occasion::now(args, wishes);
    let folder = Folder::create(args.out.as_deref(), &wishes.plan.name, &occasion.started_at, args.overwrite)?;
    let view = RefCell::new(ExplorationProgress::new(args.quiet));
    show::start(wishes, &view, args.quiet);
    let mut course = Course::new(wishes, this_machine(), connector, Attendant::new(signals), &view);
    // Whoever kills it at any time finds what can be read; an earlier one stays until there is more to say than that.
    folder.begin(&occasion.result_of(&course, Ending::Killed, None))?;
    let mut over = course
        .carry_out(|course| {
            // It will be written again; only an exploration that is killed has nothing else.
            let _ = folder.write(&occasion.result_of(course, Ending::Killed, None));
        })
        .await;
    if !matches!(over, Err(Halt::Left(_)))
        && let Err(left) = course.tear_down().await
    {
        over = Err(left);
    }
    view.borrow_mut().finish();
    let mut why = None;
    let (ending, error) = match over {
        Ok(()) | Err(Halt::Spent) => (Ending::Completed, None),
        Err(Halt::Unwanted(wait)) => {
            let wait = format_duration(wait);
            why = Some(format!("the target asked to be left alone for {wait}, longer than what is left of the budget"));
            (Ending::Completed, None)
        }
        Err(Halt::Asked(ending) | Halt::Left(ending)) => (ending, None),
        Err(Halt::Aborted) => {
            course
                .warnings
                .push("a step failed whose failure ends the run (on_failure), so no more rates were tried".to_owned());
            why = Some("a step failed whose failure ends it".to_owned());
            (Ending::Aborted, None)
        }
        Err(Halt::Broken(error)) if course.points.is_empty() => {
            folder.discard();
            return Err(broken(&wishes.plan, error));
        }
        Err(Halt::Broken(error)) => {
            why = Some("it broke down".to_owned());
            (Ending::Aborted, Some(error))
        }
    };
    let mut result = occasion.result_of(&course, ending, why.as_deref());
    if let Some(error) = &error {
        result.exit_code = ExitCode::Internal as u8;
        result.warnings.push(format!("the exploration broke down: {error}"));
    }
    // The evidence first: a reader of standard output may have gone away.
    let written = folder.write(&result).and(folder.write_asked(&args.report, &result));
    show::end(&result, args, document, folder.path());
    written?;
    match error {
        Some(error) => Err(anyhow::Error::new(error).context("the exploration broke down").into()),
        None => Ok(outcome::exit_code(&result, args.exit_zero)),
    }
}
