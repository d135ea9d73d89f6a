//! Setup and teardown: steps that run once, outside the figures. What setup extracts every user has.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use tokio::time::Instant;

use super::EngineError;
use super::calls::CallLog;
use super::journey::{Course, Due, Stage, go_through};
use super::session::{Base, Session};
use super::stop::Stop;
use crate::client::{Clock, Connector, Jar};
use crate::metrics::{Call, Recorder, Series};
use crate::plan::{Per, Plan, Scope, Step};

/// A step that failed.
struct Failed {
    step: String,
    message: String,
    /// Its call, where calls are kept one by one.
    call: Option<Box<Call>>,
}

/// Runs the setup steps, which give what every journey starts from.
pub(super) async fn setup(
    plan: &Arc<Plan>,
    connector: &Connector,
    scope: &Scope,
    stop: &Stop,
) -> Result<Base, EngineError> {
    let mut base = Base { scope: scope.fork(), jar: Jar::default() };
    match run(plan, &plan.setup, connector, &mut base, stop).await {
        None => Ok(base),
        Some(Failed { step, message, call }) => Err(EngineError::Setup { step, message, call }),
    }
}

/// Runs the teardown steps; what fails in them changes no verdict, but is told: something may have been left behind.
pub(super) async fn teardown(plan: &Arc<Plan>, connector: &Connector, mut base: Base) -> Option<String> {
    let failed = run(plan, &plan.teardown, connector, &mut base, &Stop::default()).await;
    failed.map(|Failed { step, message, .. }| format!("the teardown step `{step}` failed: {message}"))
}

/// Goes through `steps` as one user, whose values and cookies go to `base`; gives the first step that failed, with what
/// was said.
async fn run(plan: &Arc<Plan>, steps: &[Step], connector: &Connector, base: &mut Base, stop: &Stop) -> Option<Failed> {
    if steps.is_empty() {
        return None;
    }
    let clock = Clock::starting_at(Instant::now());
    let recorder = RefCell::new(Recorder::new(0, Series::of_steps(steps.len(), &[]), 0..u64::MAX));
    let stage = Rc::new(Stage::new(plan, base.clone(), clock, recorder, stop.clone(), connector));
    let mut session = Session::new(&stage, connector, Per::User);
    let course = go_through(&stage, &mut session, (0..).zip(steps), Due::default()).await;
    *base = Base { scope: session.scope, jar: session.jar };
    if course == Course::Passed {
        return None;
    }
    let tally = stage.recorder.borrow_mut().snapshot(0, true).tally;
    let first = tally.errors.first_example();
    let mut calls = stage.calls.as_ref().map(CallLog::take).unwrap_or_default().list.into_iter();
    first.map(|example| Failed {
        step: steps[example.step].name.clone(),
        message: example.message.clone(),
        call: calls.find(|call| call.failure.is_some()).map(Box::new),
    })
}
