//! One request, to ask a target about itself: for plans, which send no load.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use tokio::time::{Instant, timeout};

use super::{http_of, remote_of, trust_of};
use crate::client::{Answer, CallError, Channel, Clock, Connector, Pool, PrepareError, Request, Wear};
use crate::plan::{Plan, Probe};

/// Nobody waits longer than this for a plan.
const PATIENCE: Duration = Duration::from_secs(3);
/// What looking a name up may take beside.
const LOOK_UP: Duration = Duration::from_millis(500);

/// What one request brought.
#[derive(Debug)]
pub struct Probed {
    /// The answer, without its body.
    pub answer: Answer,
    /// From looking the target up to the last byte.
    pub took: Duration,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The target cannot be worked with.
    #[error(transparent)]
    Target(#[from] PrepareError),
    /// The request failed.
    #[error("{}", .0.message)]
    Call(CallError),
}

/// Sends `probe`, once, trusting whom `plan` trusts.
///
/// # Errors
/// When the target cannot be reached, or does not answer in time.
pub async fn probe(plan: &Plan, probe: &Probe) -> Result<Probed, ProbeError> {
    let start = Instant::now();
    let limit = probe.timeout.min(PATIENCE);
    let asked = async {
        let connector = Connector::prepare(vec![remote_of(&probe.endpoint)], &trust_of(plan), http_of(plan)).await?;
        let pool = Rc::new(Pool::new(&connector, Wear::default()));
        let mut channel = Channel::new(connector, Clock::starting_at(start), pool);
        let request = Request {
            place: 0,
            method: &Method::GET,
            path: &probe.path,
            headers: &probe.headers,
            body: &Bytes::new(),
            timeout: limit,
            keep_body: 0,
        };
        channel.call(&request).await.result.map_err(ProbeError::Call)
    };
    let answer = timeout(limit + LOOK_UP, asked).await.unwrap_or(Err(PrepareError::Silent(limit + LOOK_UP).into()))?;
    Ok(Probed { answer, took: start.elapsed() })
}
