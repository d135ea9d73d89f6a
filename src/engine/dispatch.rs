//! The open model on one worker: hands each arrival of its shard to the lanes when it is due.

use std::io;
use std::rc::Rc;

use super::journey::Stage;
use super::lanes::Lanes;
use super::pacer::Pacer;
use super::stop::Stop;
use super::worker::{Assignment, WorkerReport};
use crate::load::{Arrival, Open, Shard};
use crate::metrics::Accounting;

/// Runs this worker's shard of `load` to its end and reports where its journeys went.
pub(super) async fn run(load: &Open, stage: &Rc<Stage>, assignment: &Assignment) -> io::Result<WorkerReport> {
    let limits = &stage.plan.limits;
    let most = assignment.shard.share(limits.max_in_flight).max(1) as usize;
    let lanes = Lanes::new(Rc::clone(stage), assignment.connector.clone(), most);
    let mut offered = Offered::default();
    offer_all(load, assignment.shard, stage, &lanes, &assignment.stop, &mut offered).await?;
    let mut unstarted = offered.never_due;
    if assignment.stop.is_asked() {
        unstarted += lanes.forget_waiting();
    }
    let drained = tokio::time::timeout(limits.drain, drain(&lanes, &assignment.stop)).await;
    if let Ok(forgotten) = drained {
        unstarted += forgotten;
    }
    let accounting = Accounting {
        scheduled: offered.due + offered.never_due,
        abandoned: lanes.busy(),
        unstarted: unstarted + lanes.forget_waiting(),
        ..Accounting::default()
    };
    Ok(WorkerReport {
        accounting,
        due_in_window: offered.due,
        peak_in_flight: lanes.peak_busy(),
        waited_for_slot: lanes.waited(),
        ..WorkerReport::default()
    })
}

/// Arrivals by whether their time came.
#[derive(Default)]
struct Offered {
    due: u64,
    never_due: u64,
}

/// Offers every arrival when it is due, until the end of the schedule or a stop.
async fn offer_all(
    load: &Open,
    shard: Shard,
    stage: &Stage,
    lanes: &Rc<Lanes>,
    stop: &Stop,
    offered: &mut Offered,
) -> io::Result<()> {
    let mut pacer = Pacer::new()?;
    let mut schedule = load.schedule(shard);
    let mut asked = std::pin::pin!(stop.asked());
    while let Some(Arrival { due, .. }) = schedule.next() {
        let due_ns = due.as_nanos() as u64;
        tokio::select! {
            biased;
            () = &mut asked => {
                offered.never_due += 1 + schedule.count() as u64;
                return Ok(());
            }
            waited = pacer.until(stage.clock.instant(due_ns)) => waited?,
        }
        offered.due += 1;
        lanes.offer(due_ns);
    }
    Ok(())
}

/// Waits until every journey is over; a stop in the meantime forgets the arrivals that wait, and says how many.
async fn drain(lanes: &Lanes, stop: &Stop) -> u64 {
    if !stop.is_asked() {
        tokio::select! {
            () = lanes.all_quiet() => return 0,
            () = stop.asked() => {}
        }
    }
    let forgotten = lanes.forget_waiting();
    lanes.all_quiet().await;
    forgotten
}
