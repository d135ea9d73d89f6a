//! One journey: asks its program for a call, performs it, counts it, and hands the result back.
//!
//! The program here is the compiled flow; whatever else may ask for calls one day is driven in the same way.

use std::cell::RefCell;
use std::rc::Rc;

use crate::client::{Answer, Channel, Clock, Exchange, Request};
use crate::failure::Failure;
use crate::metrics::{Checks, JourneyEnding, Recorder, Sample};
use crate::plan::{Plan, Step};

/// What all journeys of one worker share.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) plan: std::sync::Arc<Plan>,
    pub(super) clock: Clock,
    pub(super) recorder: RefCell<Recorder>,
}

/// A journey under way.
struct Program<'p> {
    steps: &'p [Step],
    next: usize,
    failed: bool,
}

impl<'p> Program<'p> {
    /// The next call, with the number of its step; none when the journey is over.
    fn ask(&mut self) -> Option<(usize, &'p Step)> {
        let number = self.next;
        let step = self.steps.get(number).filter(|_| !self.failed)?;
        self.next += 1;
        Some((number, step))
    }

    /// Goes on with what came of the call.
    fn resume(&mut self, failure: Option<Failure>) {
        self.failed |= failure.is_some();
    }
}

/// Performs the journey that is due at `due_ns`.
pub(super) async fn perform(stage: &Rc<Stage>, channel: &mut Channel, due_ns: u64) {
    stage.recorder.borrow_mut().journey_started(stage.clock.now_ns());
    let mut program = Program { steps: &stage.plan.steps, next: 0, failed: false };
    let mut due_ns = due_ns;
    let mut scheduled = true;
    while let Some((number, step)) = program.ask() {
        let exchange = channel.call(&request_of(step)).await;
        let failure = judge(step, &exchange);
        record(stage, number, step, due_ns, scheduled, &exchange, failure);
        program.resume(failure);
        // The next step is due when this one is done: what comes in between is not the target's.
        (due_ns, scheduled) = (exchange.done_ns, false);
        if let Ok(answer) = exchange.result {
            channel.recycle(answer.headers);
        }
    }
    let ending = if program.failed { JourneyEnding::Failed } else { JourneyEnding::Passed };
    stage.recorder.borrow_mut().journey_ended(ending);
}

fn request_of(step: &Step) -> Request<'_> {
    Request {
        place: step.endpoint,
        method: &step.method,
        path: &step.path,
        headers: &step.headers,
        body: &step.body,
        timeout: step.timeout,
        keep_body: false,
    }
}

/// Why the call failed, if it did.
fn judge(step: &Step, exchange: &Exchange) -> Option<Failure> {
    match &exchange.result {
        Err(error) => Some(error.failure),
        Ok(Answer { status, .. }) => (!step.expect.accepts(*status)).then_some(Failure::Http(*status)),
    }
}

fn record(
    stage: &Stage,
    number: usize,
    step: &Step,
    due_ns: u64,
    scheduled: bool,
    exchange: &Exchange,
    failure: Option<Failure>,
) {
    let sample = Sample {
        step: number,
        due_ns,
        sent_ns: exchange.sent_ns,
        first_byte_ns: exchange.first_byte_ns,
        done_ns: exchange.done_ns,
        failure,
        checks: Checks { passed: u64::from(failure.is_none()), failed: u64::from(failure.is_some()) },
        scheduled,
    };
    let mut recorder = stage.recorder.borrow_mut();
    recorder.connections_opened(exchange.opened);
    recorder.record(&sample, || match &exchange.result {
        Err(error) => error.message.clone(),
        Ok(answer) => format!("expected {}, got status {}", step.expect, answer.status),
    });
}
