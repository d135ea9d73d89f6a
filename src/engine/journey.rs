//! One journey: goes through the steps of its flow, performs each call, counts it, and decides how to go on.
//!
//! The program is the compiled flow; what performs, times and counts calls knows nothing of that.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::SET_COOKIE;
use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};

use super::calls::CallLog;
use super::chance::choose_flow;
use super::evidence;
use super::hops::Hop;
use super::judging::judge;
use super::pacer::Awake;
use super::session::{Base, Session, wear};
use super::stop::Stop;
use crate::answer::DECODED_AT_MOST;
use crate::client::{Clock, Connector, Exchange, Pool, retry_after};
use crate::metrics::{Checks, JourneyEnding, Recorder, Role, Sample};
use crate::plan::{Again, Condition, Judged, OnFailure, Only, Plan, RenderError, Scope, Seat, Step, Stream};
use crate::verdict::Ending;

/// A target that answers so asks for less: too many requests, and nobody there to serve them.
const REFUSALS: [u16; 2] = [429, 503];

/// What all journeys of one worker share.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) plan: Arc<Plan>,
    /// What journeys start from.
    pub(super) base: Base,
    /// Idle connections that all users of the worker share.
    pub(super) pool: Rc<Pool>,
    pub(super) clock: Clock,
    pub(super) recorder: RefCell<Recorder>,
    pub(super) stop: Stop,
    /// What precise pacing waited without sleeping.
    pub(super) awake: Rc<Awake>,
    /// Where calls are kept one by one, in a once run.
    pub(super) calls: Option<CallLog>,
}

impl Stage {
    /// How many bytes of an answer to `step` are kept.
    fn kept_of(&self, step: &Step) -> usize {
        match (step.expect.needs_body(), &self.calls) {
            // One byte more tells a body that is too long from one that just fits.
            (true, _) => DECODED_AT_MOST + 1,
            (false, Some(_)) => evidence::KEPT,
            (false, None) => 0,
        }
    }

    pub(super) fn new(
        plan: &Arc<Plan>,
        base: Base,
        clock: Clock,
        recorder: RefCell<Recorder>,
        stop: Stop,
        connector: &Connector,
    ) -> Self {
        let connections = &plan.target.connections;
        let streams = usize::try_from(connections.streams()).unwrap_or(usize::MAX);
        let pool = Rc::new(Pool::shared(connector, wear(connections), streams));
        let calls = CallLog::of(plan, connector);
        Self { plan: Arc::clone(plan), base, pool, clock, recorder, stop, awake: Rc::default(), calls }
    }
}

/// A journey to be taken up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket {
    /// When it is due.
    pub(super) due_ns: u64,
    /// When it is taken up.
    pub(super) taken_ns: u64,
    /// Whether the schedule set that time, so that being late is the generator's fault.
    pub(super) scheduled: bool,
    /// Which of the plan's streams it belongs to, and the how-manieth of that it is.
    pub(super) stream: usize,
    pub(super) journey: u64,
    /// Whose journey it is.
    pub(super) seat: Seat,
}

/// How far a journey came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// To its end, every step passed.
    Passed,
    /// To its end or a failure.
    Failed,
    /// The run was stopped before its next request.
    CutOff,
}

/// Performs the journey of `ticket` as `session`; says how far it came.
pub(super) async fn perform(stage: &Rc<Stage>, session: &mut Session, ticket: Ticket) -> Course {
    let plan = &stage.plan;
    let stream = &plan.streams[ticket.stream];
    let ends_ns = stream.ends_after().map_or(u64::MAX, |end| end.as_nanos() as u64);
    let warm_up = stream.is_warm_up(ticket.due_ns);
    // Whoever has no schedule is due when it starts.
    if !ticket.scheduled {
        stage.recorder.borrow_mut().journey_due();
    }
    stage.recorder.borrow_mut().journey_started(ticket.taken_ns, ends_ns, warm_up);
    let rows: Option<Vec<_>> = plan.data.iter().map(|data| data.row(ticket.seat)).collect();
    let Some(rows) = rows else {
        return without_a_row(stage, stream, warm_up);
    };
    match ticket.seat.iteration > 0 && stream.keeps_state() {
        true => session.go_on(ticket.seat, rows),
        false => session.begin(&stage.base, ticket.seat, rows),
    }
    let flow = choose_flow(plan, stream, &session.scope, ticket.journey).map_or(0..0, |flow| flow.steps.clone());
    let steps = flow.map(|number| (number, &plan.steps[number]));
    let due = Due { at_ns: ticket.due_ns, scheduled: ticket.scheduled, warm_up };
    let course = go_through(stage, session, steps, due).await;
    match course {
        Course::Passed => stage.recorder.borrow_mut().journey_ended(JourneyEnding::Passed, warm_up),
        Course::Failed => stage.recorder.borrow_mut().journey_ended(JourneyEnding::Failed, warm_up),
        // Whoever carries it counts it as abandoned.
        Course::CutOff => {}
    }
    course
}

/// Fails a journey whose data has run out: nothing can be sent in its name.
fn without_a_row(stage: &Rc<Stage>, stream: &Stream, warm_up: bool) -> Course {
    let message = "the rows of [data] have run out".to_owned();
    // Which flow it would have been is not known; the first of its load stands for it.
    let first = stream.flows.first().and_then(|flow| stage.plan.flows.get(*flow)).map_or(0, |flow| flow.steps.start);
    let mut recorder = stage.recorder.borrow_mut();
    stage.calls.iter().for_each(|calls| calls.not_sent(first, &message));
    recorder.not_sent(first, stage.clock.now_ns(), warm_up, message);
    recorder.journey_ended(JourneyEnding::Failed, warm_up);
    Course::Failed
}

/// When the first request of a journey is due, and what its figures count as.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Due {
    pub(super) at_ns: u64,
    /// Whether the schedule set that time.
    pub(super) scheduled: bool,
    /// Whether the journey belongs to the warm-up.
    pub(super) warm_up: bool,
}

/// Does `steps` one after the other, the first of them as it is `due`; says how far it came. Once the run is to stop,
/// nothing more is sent than the request that is under way.
pub(super) async fn go_through<'s>(
    stage: &Rc<Stage>,
    session: &mut Session,
    steps: impl Iterator<Item = (usize, &'s Step)>,
    due: Due,
) -> Course {
    let Due { at_ns: due_ns, scheduled, warm_up } = due;
    let mut under_way = UnderWay { stage, session, due_ns, scheduled, warm_up, failed: false };
    'journey: for (number, step) in steps {
        for _ in 0..step.repeat {
            if stage.stop.is_asked() {
                return Course::CutOff;
            }
            match under_way.step(number, step).await {
                Course::CutOff => return Course::CutOff,
                Course::Passed => {}
                Course::Failed if step.on_failure == OnFailure::Continue => {}
                Course::Failed => break 'journey,
            }
        }
    }
    if under_way.failed { Course::Failed } else { Course::Passed }
}

struct UnderWay<'j> {
    stage: &'j Rc<Stage>,
    session: &'j mut Session,
    /// When the next request is due.
    due_ns: u64,
    scheduled: bool,
    warm_up: bool,
    failed: bool,
}

impl UnderWay<'_> {
    /// Does one step, as often as it may be tried; says whether the journey can go on as planned.
    async fn step(&mut self, number: usize, step: &Step) -> Course {
        match is_done(&step.only, &self.session.scope) {
            Ok(true) => {}
            Ok(false) => return Course::Passed,
            Err(error) => return self.not_sent(number, step, &error).await,
        }
        let mut tries = Tries::of(step, || self.stage.clock.now_ns());
        let passed = loop {
            let rendered = match step.request.render(&self.session.scope) {
                Ok(rendered) => rendered,
                Err(error) => return self.not_sent(number, step, &error).await,
            };
            let mut hop = Hop::first(step, rendered);
            let (exchange, judged) = self.call(number, step, &mut hop).await;
            let Some(judged) = judged else {
                self.record(number, step, &hop, &exchange, &Judged::default(), Role::Followed);
                return Course::CutOff;
            };
            let pause = judged.failure.and_then(|_| tries.pause_before_next(self.stage.clock.now_ns()));
            let role = if pause.is_some() { Role::TriedAgain } else { Role::Final };
            self.record(number, step, &hop, &exchange, &judged, role);
            if let Ok(answer) = exchange.result {
                self.session.channel.recycle(answer.headers);
            }
            match pause {
                Some(pause) => self.rest(pause).await,
                None => break judged.failure.is_none(),
            }
            if self.stage.stop.is_asked() {
                return Course::CutOff;
            }
        };
        if !passed {
            self.fail(step);
            // A connection that is refused at once must not keep the worker from everything else.
            tokio::task::yield_now().await;
        }
        if let Some(think) = &step.think {
            self.rest(think.pause(&self.session.scope)).await;
        }
        if passed { Course::Passed } else { Course::Failed }
    }

    /// Sends `hop` and follows the redirects that it may, which change it; the last exchange is still to be counted.
    /// There is no judgement if a stop came in between.
    async fn call<'s>(&mut self, number: usize, step: &'s Step, hop: &mut Hop<'s>) -> (Exchange, Option<Judged>) {
        let target = &self.stage.plan.target;
        let mut first_sent_ns = None;
        loop {
            if step.cookies {
                hop.add_cookies(&self.session.jar, target);
            }
            self.session.sent += 1;
            let exchange = self.session.channel.call(&hop.request(step, self.stage.kept_of(step))).await;
            let since_ns = *first_sent_ns.get_or_insert(exchange.sent_ns);
            let judged = |exchange: &Exchange, session: &Session| {
                judge(step, exchange, since_ns, &session.scope, self.stage.calls.is_some())
            };
            let Ok(answer) = &exchange.result else {
                let judged = judged(&exchange, self.session);
                return (exchange, Some(judged));
            };
            if step.cookies
                && answer.headers.contains_key(SET_COOKIE)
                && let Some(url) = hop.url(target)
            {
                self.session.jar.keep(&answer.headers, &url);
            }
            match hop.next(step, &self.stage.plan, answer) {
                Ok(Some(next)) if !self.stage.stop.is_asked() => {
                    self.record(number, step, hop, &exchange, &Judged::default(), Role::Followed);
                    *hop = next;
                }
                // Nothing more is sent: the journey is cut off before its last word.
                Ok(Some(_)) => return (exchange, None),
                Ok(None) => {
                    let judged = judged(&exchange, self.session);
                    return (exchange, Some(judged));
                }
                Err(message) => {
                    let judged = Judged::misled(&message, step.expect.count());
                    return (exchange, Some(judged));
                }
            }
        }
    }

    /// Waits as a user does: what comes next is due when the pause is over. A stop ends it early.
    async fn rest(&mut self, pause: Duration) {
        let until = Instant::now() + pause;
        tokio::select! {
            () = sleep_until(until) => {}
            () = self.stage.stop.asked() => {}
        }
        self.due_ns = self.stage.clock.now_ns();
    }

    fn fail(&mut self, step: &Step) {
        self.failed = true;
        if step.on_failure == OnFailure::AbortRun {
            self.stage.stop.ask(Ending::Aborted);
        }
    }

    /// Counts a request that could not even be made.
    async fn not_sent(&mut self, number: usize, step: &Step, error: &RenderError) -> Course {
        let message = self.stage.plan.secrets.redact(&error.to_string()).into_owned();
        self.stage.calls.iter().for_each(|calls| calls.not_sent(number, &message));
        self.stage.recorder.borrow_mut().not_sent(number, self.stage.clock.now_ns(), self.warm_up, message);
        self.fail(step);
        // A step that is repeated must not keep the worker from everything else.
        tokio::task::yield_now().await;
        Course::Failed
    }

    /// Counts one exchange; the next request is due when it is done: what comes in between is not the target's.
    fn record(&mut self, number: usize, step: &Step, hop: &Hop<'_>, exchange: &Exchange, judged: &Judged, role: Role) {
        // What is tried again or led on has not failed yet: only the last word counts.
        let (failure, checks) = match role {
            Role::Final => (judged.failure, judged.checks),
            Role::TriedAgain | Role::Followed => (None, Checks::default()),
        };
        let sample = Sample {
            step: number,
            due_ns: self.due_ns,
            sent_ns: exchange.sent_ns,
            first_byte_ns: exchange.first_byte_ns,
            connect_us: exchange.opening.and_then(|opening| opening.connect_us()),
            tls_us: exchange.opening.and_then(|opening| opening.tls_us()),
            done_ns: exchange.done_ns,
            failure,
            checks,
            scheduled: self.scheduled,
            role,
            warm_up: self.warm_up,
        };
        let mut recorder = self.stage.recorder.borrow_mut();
        recorder.connections(exchange.opened, exchange.reused, exchange.http2);
        if let Ok(answer) = &exchange.result
            && REFUSALS.contains(&answer.status)
        {
            recorder.refused(retry_after(&answer.headers, Timestamp::now()));
        }
        recorder.record(&sample, || judged.told(&self.stage.plan.secrets));
        (self.due_ns, self.scheduled) = (exchange.done_ns, false);
        if let Some(calls) = &self.stage.calls {
            calls.note(&self.stage.plan, number, &hop.request(step, 0), exchange, judged, role);
        }
    }
}

/// How often a step may still be tried.
enum Tries {
    Left(u64, Duration),
    Until(u64, Duration),
}

impl Tries {
    fn of(step: &Step, now_ns: impl FnOnce() -> u64) -> Self {
        match step.again {
            Again::Never => Self::Left(0, Duration::ZERO),
            Again::Retry(times, pause) => Self::Left(times, pause),
            Again::Poll(every, deadline) => Self::Until(now_ns().saturating_add(deadline.as_nanos() as u64), every),
        }
    }

    /// How long to wait before the next try; none if there is none.
    fn pause_before_next(&mut self, now_ns: u64) -> Option<Duration> {
        match self {
            Self::Left(0, _) => None,
            Self::Left(left, pause) => {
                *left -= 1;
                Some(*pause)
            }
            Self::Until(end_ns, every) => (now_ns + every.as_nanos() as u64 <= *end_ns).then_some(*every),
        }
    }
}

/// Whether the step is done in this journey.
fn is_done(only: &Only, scope: &Scope) -> Result<bool, RenderError> {
    let holds = |condition: &Option<Condition>, without: bool| match condition {
        Some(condition) => condition.holds(scope),
        None => Ok(without),
    };
    let chosen = only.probability.is_none_or(|share| scope.draw() < share);
    Ok(chosen && holds(&only.when, true)? && !holds(&only.unless, false)?)
}
