//! Waits for a target that is starting: asks until it answers as wanted, or the time is over.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::EngineError;
use super::hops::Hop;
use super::http_of;
use super::judging::facts;
use crate::answer::Seen;
use crate::client::{Channel, Clock, Connector, Pool, PrepareError, Remote, Trust, Wear};
use crate::plan::{Plan, WaitFor};

/// Too short a time to ask once more.
const LAST_MOMENT: Duration = Duration::from_millis(10);

/// Asks as `wait` says until the target is ready. Nothing that it does before counts for anything.
pub(super) async fn until_ready(
    plan: &Plan,
    wait: &WaitFor,
    remote: &Remote,
    trust: &Trust,
) -> Result<(), EngineError> {
    let end = Instant::now() + wait.deadline;
    let mut seen = None;
    loop {
        match timeout_at(end, ask(plan, wait, remote, trust)).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(NotYet::Never(error))) => return Err(error.into()),
            Ok(Err(NotYet::Seen(said))) => seen = Some(said),
            // An answer that was cut off by the end says less than the one before.
            Err(_) => {}
        }
        let left = end.saturating_duration_since(Instant::now());
        if left < LAST_MOMENT {
            let seen = seen.as_deref().unwrap_or("no answer came");
            let seen = plan.secrets.redact(seen).into_owned();
            return Err(EngineError::NotReady { deadline: wait.deadline, seen });
        }
        // Towards the end more often, so that the whole time is waited for however long the pauses are.
        sleep(wait.every.min(left / 2)).await;
    }
}

/// Why the target is not ready.
enum NotYet {
    /// This is what it does so far.
    Seen(String),
    /// It never will be: the plan itself cannot be carried out.
    Never(PrepareError),
}

/// Asks once, over a connection of its own, for which the name is looked up anew.
async fn ask(plan: &Plan, wait: &WaitFor, remote: &Remote, trust: &Trust) -> Result<(), NotYet> {
    let connector =
        Connector::prepare(vec![remote.clone()], trust, http_of(plan)).await.map_err(|error| match error {
            PrepareError::Lookup { .. } => NotYet::Seen(error.to_string()),
            error => NotYet::Never(error),
        })?;
    let scope = plan.scope.fork();
    let rendered = wait.step.request.render(&scope).map_err(|error| NotYet::Seen(error.to_string()))?;
    let mut hop = Hop::first(&wait.step, rendered);
    // The connector knows this one place alone.
    hop.place = 0;
    let pool = Rc::new(Pool::new(&connector, Wear::default()));
    let mut channel = Channel::new(connector, Clock::starting_at(Instant::now()), pool);
    let answer = channel.call(&hop.request(&wait.step, 0)).await.result.map_err(|error| NotYet::Seen(error.message))?;
    let seen = Seen::new(facts(&answer));
    let judged = wait.step.expect.judge(&seen, &scope);
    if judged.failure.is_none() { Ok(()) } else { Err(NotYet::Seen(judged.told(&plan.secrets))) }
}
