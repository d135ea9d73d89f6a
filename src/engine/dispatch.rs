//! The open model on one worker: hands each arrival of its shard to the lanes when it is due.

use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

use super::journey::Stage;
use super::lanes::{Lanes, Offer};
use super::pacer::Pacer;
use super::worker::{Assignment, WorkerReport};
use crate::load::{Arrival, Open, Schedule, Shard};
use crate::metrics::{Accounting, Punctuality};
use crate::plan::Stream;

/// Runs this worker's shard of `load`, that of stream number `stream`, to its end and reports where its journeys went.
pub(super) async fn run(
    load: &Open,
    stream: usize,
    stage: &Rc<Stage>,
    assignment: &Assignment,
) -> io::Result<WorkerReport> {
    let planned = &stage.plan.streams[stream];
    let Stream { max_in_flight, drain: patience, .. } = planned;
    // A load of few journeys at one time is carried by as few workers.
    let of = assignment.shard.of.min(*max_in_flight).max(1);
    let shard = Shard { index: assignment.shard.index, of };
    if shard.index >= of {
        return Ok(WorkerReport::default());
    }
    let most = shard.share(*max_in_flight).max(1) as usize;
    let lanes = Lanes::new(Rc::clone(stage), stream, assignment.connector.clone(), most);
    let mut pacer = Pacer::new(load.pacing, load.profile.peak_per_s() / shard.of as f64, Rc::clone(&stage.awake))?;
    let (offered, left) = offer_all(load, planned, shard, stage, &lanes, &mut pacer).await?;
    // What is cut off at the limit is counted from what the lanes say afterwards.
    let _ = tokio::time::timeout(*patience, drain(&lanes, stage)).await;
    lanes.forget_waiting();
    let abandoned = lanes.abandon();
    // Random arrivals are drawn to be counted, which must not keep answers waiting.
    let never_due = left.map_or(0, |schedule| 1 + schedule.remaining());
    let accounting = Accounting {
        scheduled: offered.due + never_due,
        abandoned,
        unstarted: never_due + lanes.forgotten(),
        ..Accounting::default()
    };
    let punctuality = Punctuality { due: offered.judged, ..lanes.punctuality() };
    Ok(WorkerReport {
        accounting,
        due_in_window: offered.judged,
        peak_in_flight: lanes.peak_busy(),
        streams: BTreeMap::from([(stream, punctuality)]),
        ..WorkerReport::default()
    })
}

/// Arrivals whose time came.
#[derive(Default)]
struct Offered {
    due: u64,
    /// Of those, the ones after the warm-up.
    judged: u64,
}

/// Offers every arrival when it is due, the schedule starting when the stream does, until its end or a stop. Gives what
/// was left of it by then, behind the arrival that was waited for.
async fn offer_all<'l>(
    load: &'l Open,
    planned: &Stream,
    shard: Shard,
    stage: &Stage,
    lanes: &Rc<Lanes>,
    pacer: &mut Pacer,
) -> io::Result<(Offered, Option<Schedule<'l>>)> {
    let mut offered = Offered::default();
    let mut schedule = load.schedule(shard);
    let mut asked = std::pin::pin!(stage.stop.asked());
    while let Some(Arrival { index, due }) = schedule.next() {
        let due_ns = (planned.start_after + due).as_nanos() as u64;
        tokio::select! {
            biased;
            () = &mut asked => {
                stage.recorder.borrow_mut().close_window(stage.clock.now_ns());
                return Ok((offered, Some(schedule)));
            }
            waited = pacer.until(stage.clock.instant(due_ns)) => waited?,
        }
        offered.due += 1;
        stage.recorder.borrow_mut().journey_due();
        offered.judged += u64::from(!planned.is_warm_up(due_ns));
        lanes.offer(Offer { arrival: index, due_ns });
    }
    Ok((offered, None))
}

/// Waits until every journey is over; a stop forgets the arrivals that wait.
async fn drain(lanes: &Lanes, stage: &Stage) {
    tokio::select! {
        () = lanes.all_quiet() => return,
        () = stage.stop.asked() => {}
    }
    lanes.forget_waiting();
    lanes.all_quiet().await;
}
