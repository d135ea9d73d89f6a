//! Lanes: long-lived tasks that take up arrivals one after the other.
//!
//! An arrival goes to the lane that was idle last (its memory is the warmest), to a new lane while there may be more,
//! or waits; its wait counts, since it stays due when it was due.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{AbortHandle, spawn_local};

use super::journey::{Course, Stage, Ticket, perform};
use super::session::Session;
use crate::client::Connector;
use crate::metrics::{LATE, Punctuality};
use crate::plan::Per;

/// All lanes of one worker.
pub(super) struct Lanes {
    stage: Rc<Stage>,
    /// Which of the plan's streams they carry.
    stream: usize,
    connector: Connector,
    most: usize,
    /// Lanes that wait for something to do; the last one was busy last.
    idle: RefCell<Vec<Rc<Hatch>>>,
    /// Arrivals that wait for a lane.
    waiting: RefCell<VecDeque<Offer>>,
    lanes: Cell<usize>,
    busy: Cell<usize>,
    peak_busy: Cell<usize>,
    punctuality: Cell<Punctuality>,
    forgotten: Cell<u64>,
    /// Journeys that a stop ended between two requests.
    cut_off: Cell<u64>,
    /// To end the tasks when the drain is over: nothing is sent in the name of a journey that was given up.
    tasks: RefCell<Vec<AbortHandle>>,
    quiet: Notify,
}

/// An arrival: which one, and when it is due.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offer {
    pub(super) arrival: u64,
    pub(super) due_ns: u64,
}

/// Where an idle lane is handed its next arrival.
#[derive(Default)]
struct Hatch {
    offer: Cell<Option<Offer>>,
    waker: Cell<Option<Waker>>,
}

impl Lanes {
    pub(super) fn new(stage: Rc<Stage>, stream: usize, connector: Connector, most: usize) -> Rc<Self> {
        Rc::new(Self {
            stage,
            stream,
            connector,
            most,
            idle: RefCell::default(),
            waiting: RefCell::default(),
            lanes: Cell::new(0),
            busy: Cell::new(0),
            peak_busy: Cell::new(0),
            punctuality: Cell::default(),
            forgotten: Cell::new(0),
            cut_off: Cell::new(0),
            tasks: RefCell::default(),
            quiet: Notify::new(),
        })
    }

    /// Has the journey of `offer` taken up as soon as can be.
    pub(super) fn offer(self: &Rc<Self>, offer: Offer) {
        let idle = self.idle.borrow_mut().pop();
        if let Some(hatch) = idle {
            self.mark_busy();
            hatch.offer.set(Some(offer));
            if let Some(waker) = hatch.waker.take() {
                waker.wake();
            }
        } else if self.lanes.get() < self.most {
            self.mark_busy();
            self.lanes.set(self.lanes.get() + 1);
            let task = spawn_local(Rc::clone(self).lane(offer));
            self.tasks.borrow_mut().push(task.abort_handle());
        } else {
            self.count(|counted| counted.waited += 1);
            self.waiting.borrow_mut().push_back(offer);
        }
    }

    /// Takes up no more of the arrivals that wait.
    pub(super) fn forget_waiting(&self) {
        let waiting = self.waiting.borrow_mut().drain(..).count() as u64;
        self.forgotten.set(self.forgotten.get() + waiting);
    }

    /// Gives up the journeys under way; says how many there were, those included that a stop has ended already.
    pub(super) fn abandon(&self) -> u64 {
        self.tasks.borrow_mut().drain(..).for_each(|task| task.abort());
        self.busy.get() as u64 + self.cut_off.get()
    }

    /// Arrivals that were never taken up.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten.get()
    }

    /// Waits until nothing is under way and nothing waits.
    pub(super) async fn all_quiet(&self) {
        while self.busy.get() > 0 {
            self.quiet.notified().await;
        }
    }

    /// The most journeys that were under way at one time.
    pub(super) fn peak_busy(&self) -> u64 {
        self.peak_busy.get() as u64
    }

    /// How punctually arrivals were taken up.
    pub(super) fn punctuality(&self) -> Punctuality {
        self.punctuality.get()
    }

    fn count(&self, count: impl FnOnce(&mut Punctuality)) {
        let mut counted = self.punctuality.get();
        count(&mut counted);
        self.punctuality.set(counted);
    }

    /// Notes that the arrival that was due at `due_ns` is taken up now, and says when that is.
    fn taken_up(&self, due_ns: u64) -> u64 {
        let (now_ns, stream) = (self.stage.clock.now_ns(), &self.stage.plan.streams[self.stream]);
        if stream.is_warm_up(due_ns) {
            return now_ns;
        }
        let in_time = stream.ends_after().is_none_or(|end| u128::from(now_ns) < end.as_nanos());
        let late = Duration::from_nanos(now_ns.saturating_sub(due_ns)) > LATE;
        self.count(|counted| {
            counted.in_time += u64::from(in_time);
            counted.late += u64::from(late);
        });
        now_ns
    }

    fn mark_busy(&self) {
        self.busy.set(self.busy.get() + 1);
        self.peak_busy.set(self.peak_busy.get().max(self.busy.get()));
    }

    fn mark_idle(&self, hatch: &Rc<Hatch>) {
        self.busy.set(self.busy.get() - 1);
        self.idle.borrow_mut().push(Rc::clone(hatch));
        if self.busy.get() == 0 {
            self.quiet.notify_one();
        }
    }

    async fn lane(self: Rc<Self>, first: Offer) {
        let mut session = Session::new(&self.stage, &self.connector, Per::Pooled);
        let hatch = Rc::new(Hatch::default());
        let mut offer = first;
        loop {
            // In an open load everybody is somebody new.
            let Offer { arrival: journey, due_ns } = offer;
            let taken_ns = self.taken_up(due_ns);
            let seat = self.stage.plan.streams[self.stream].seat(journey, 0, journey);
            let ticket = Ticket { due_ns, taken_ns, scheduled: true, stream: self.stream, journey, seat };
            if perform(&self.stage, &mut session, ticket).await == Course::CutOff {
                self.cut_off.set(self.cut_off.get() + 1);
            }
            session.leave();
            // After a stop they are forgotten, and not taken up only to be cut off.
            let waiting = if self.stage.stop.is_asked() { None } else { self.waiting.borrow_mut().pop_front() };
            offer = match waiting {
                Some(offer) => offer,
                None => {
                    self.mark_idle(&hatch);
                    hatch.next().await
                }
            };
        }
    }
}

impl Hatch {
    /// The next arrival.
    async fn next(&self) -> Offer {
        poll_fn(|cx| {
            if let Some(offer) = self.offer.take() {
                return Poll::Ready(offer);
            }
            self.waker.set(Some(cx.waker().clone()));
            Poll::Pending
        })
        .await
    }
}
