//! Setup and teardown: steps that run once, outside the figures. What setup extracts every user has.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use tokio::time::Instant;

use super::EngineError;
use super::calls::CallLog;
use super::journey::{Stage, go_through};
use super::stop::Stop;
use crate::client::{Channel, Clock, Connector};
use crate::metrics::{Call, Recorder};
use crate::plan::{Plan, Scope, Step};

/// A step that failed.
struct Failed {
    step: String,
    message: String,
    /// Its call, where calls are kept one by one.
    call: Option<Box<Call>>,
}

/// Runs the setup steps, which fill `base`.
pub(super) async fn setup(
    plan: &Arc<Plan>,
    connector: &Connector,
    base: &Scope,
    stop: &Stop,
) -> Result<(), EngineError> {
    match run(plan, &plan.setup, connector, base, stop).await {
        None => Ok(()),
        Some(Failed { step, message, call }) => Err(EngineError::Setup { step, message, call }),
    }
}

/// Runs the teardown steps; what fails in them changes no verdict.
pub(super) async fn teardown(plan: &Arc<Plan>, connector: &Connector, base: &Scope) {
    run(plan, &plan.teardown, connector, base, &Stop::default()).await;
}

/// Goes through `steps` and gives the first one that failed, with what was said.
async fn run(plan: &Arc<Plan>, steps: &[Step], connector: &Connector, base: &Scope, stop: &Stop) -> Option<Failed> {
    if steps.is_empty() {
        return None;
    }
    let clock = Clock::starting_at(Instant::now());
    let recorder = RefCell::new(Recorder::new(0, steps.len(), u64::MAX));
    let stage = Rc::new(Stage {
        plan: Arc::clone(plan),
        base: base.clone(),
        clock,
        recorder,
        stop: stop.clone(),
        calls: CallLog::of(plan, connector),
    });
    let mut channel = Channel::new(connector.clone(), clock);
    let passed = go_through(&stage, &mut channel, base, (0..).zip(steps), 0, false).await;
    if passed {
        return None;
    }
    let tally = stage.recorder.borrow_mut().snapshot(0, true).tally;
    let first = tally.errors.values().flat_map(|error| &error.examples).min();
    let mut calls = stage.calls.as_ref().map(CallLog::take).unwrap_or_default().list.into_iter();
    first.map(|example| Failed {
        step: steps[example.step].name.clone(),
        message: example.message.clone(),
        call: calls.find(|call| call.failure.is_some()).map(Box::new),
    })
}
